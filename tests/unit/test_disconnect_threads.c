// SPDX-License-Identifier: BSD-2-Clause
/* The disconnectable wrapper, swapped by another thread, and many times. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>

#include <criterion/criterion.h>

#include "support/cable.h"
#include "support/conformance.h"
#include "support/fields.h"
#include "support/netns.h"
#include "support/swapper.h"

/* ---- Another thread ------------------------------------------------------------------------ */

struct other {
	pthread_t thread;
	struct cable *r;
	struct net_endpoint *inner;
	int rc;
};

static void *pull(void *arg)
{
	struct other *o = arg;

	frontend_sleep_ms(50);
	o->rc = net_disconnectable_disconnect(o->r->ep, 5000, &o->inner, NULL);
	return NULL;
}

Test(disconnect_threads, sleeper_is_woken_and_disconnect_waits_for_its_queues)
{
	struct other o = {.rc = 1};
	struct pollfd pfd;
	struct cable r;

	cable_open(&r);
	o.r = &r;
	cable_connect_to(&r, cable_loopback(CABLE_QUEUES));
	cable_get_queues(&r);
	frontend_post(&r.f, r.queues[0], 0, 64);
	cr_assert(pthread_create(&o.thread, NULL, pull, &o) == 0);
	cr_assert(net_queue_wait(r.queues[0], &r.f.pool, 10000000000) == 1, "nobody woke it");
	pfd = (struct pollfd){.fd = net_endpoint_action_fd(r.ep), .events = POLLIN};
	cr_assert(poll(&pfd, 1, 5000) == 1, "no action woke it");
	frontend_sleep_ms(20);
	cr_assert(o.rc == 1, "it did not wait");
	cable_expect_actions(&r, "dr");
	cable_end_queues(&r);
	pthread_join(o.thread, NULL);
	cr_assert(o.rc == 0);
	net_endpoint_destroy(o.inner, NULL);
	cable_close(&r);
}

Test(disconnect_threads, hundred_restarts_leak_no_descriptor)
{
	struct net_endpoint *inner;
	unsigned int fds;
	struct cable r;

	cable_open(&r);
	cable_connect_to(&r, cable_loopback(CABLE_QUEUES));
	cable_get_queues(&r);
	fds = netns_open_fds();
	for (int i = 0; i < 100; i++) {
		cr_assert(cable_disconnect(&r, &inner) == -ETIMEDOUT);
		cable_end_queues(&r);
		cr_assert(cable_disconnect(&r, &inner) == 0);
		cable_get_queues(&r);
		cable_connect_to(&r, inner);
		cable_end_queues(&r);
		cable_get_queues(&r);
		cable_expect_actions(&r, "du");
	}
	cr_assert(netns_open_fds() == fds);
	cable_close(&r);
}

/* ---- 100 swaps under load ------------------------------------------------------------------ */

struct account {
	uint64_t offered, delivered;
	struct net_queue_stats past; /* of queues that have ended */
};

static void restart(struct cable *r, struct account *a)
{
	struct net_queue_stats s;

	net_queue_stats(r->queues[0], &s);
	a->past.rx_errors += s.rx_errors;
	a->past.tx_errors += s.tx_errors;
	cable_end_queues(r);
	cable_get_queues(r);
	frontend_post(&r->f, r->queues[0], 0, 256);
}

/* Send a burst, take what there is. Return: does a queue want to be made again? */
static bool drive(struct cable *r, struct account *a)
{
	bool sync = false;
	int n;

	cable_put(r, 16);
	n = net_queue_tx_avail(r->queues[0], &r->f.pool, r->list.segments, 16, &sync);
	if (n == NET_TRY_RESTART)
		return true;
	cr_assert(n == 16 && sync);
	a->offered += 16;
	n = net_queue_rx_poll(r->queues[0], &r->f.pool, r->ids, 24);
	if (n == NET_TRY_RESTART)
		return true;
	cr_assert(n >= 0, "%d", n);
	a->delivered += (uint32_t)n;
	for (int i = 0; i < n; i++)
		r->f.ids[r->ids[i]].delivered = false;
	frontend_post_ids(&r->f, r->queues[0], r->ids, (uint32_t)n);
	return false;
}

// 74: 100 swaps under load, every frame delivered or in a named counter, link events once each
CASE(74, disconnectable_hundred_swaps_under_load_lose_nothing_uncounted)
{
	struct account a = {0};
	struct swapper s;
	uint64_t lost, dropped;
	struct cable r;

	cable_open(&r);
	cable_connect_to(&r, cable_loopback(CABLE_QUEUES));
	cable_get_queues(&r);
	frontend_post(&r.f, r.queues[0], 0, 256);
	swapper_start(&s, r.ep, cable_loopback(CABLE_QUEUES), 100);
	while (!swapper_is_done(&s)) {
		bool again = drive(&r, &a);

		if (swapper_actions(&s) || again)
			restart(&r, &a);
	}
	swapper_end(&s);
	restart(&r, &a);
	lost = fields_number(r.ep, NULL, "disconnectable.rx_discarded");
	dropped = fields_number(r.ep, NULL, "disconnectable.tx_dropped");
	cr_assert(a.past.rx_errors == 0 && a.past.tx_errors == dropped);
	cr_assert(a.offered == a.delivered + lost + dropped,
		  "%llu offered, %llu delivered, %llu discarded, %llu dropped",
		  (unsigned long long)a.offered, (unsigned long long)a.delivered,
		  (unsigned long long)lost, (unsigned long long)dropped);
	cr_assert(a.delivered > 1000 && dropped > 0);
	cable_put(&r, 1);
	cable_expect_traffic(&r);
	net_endpoint_destroy(s.other, NULL);
	cable_close(&r);
}
