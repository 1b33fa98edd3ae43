// SPDX-License-Identifier: BSD-2-Clause
/* The disconnectable wrapper over loopbacks: what the frontend is told of a swap, and what
 * becomes of its ids, its frames and its packets. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "net_wrap.h"
#include "support/conformance.h"
#include "support/fields.h"
#include "support/frame.h"
#include "support/frontend.h"
#include "support/netns.h"
#include "support/swapper.h"
#include "support/wrapped.h"

#define MEMORY	(1u << 20)
#define IDS	512u
#define BUFFER	1024u
#define TX_BASE (FRONTEND_BASE + 768 * 1024)

enum { QUEUES = 2 };

struct rig {
	struct frontend f;
	struct net_endpoint *ep;
	struct net_queue *queues[QUEUES];
	struct frontend_list list;
	uint32_t ids[IDS];
};

static struct net_endpoint *loopback(uint32_t queues)
{
	struct net_endpoint *ep;

	cr_assert(net_loopback_open(queues, &ep, NULL) == 0);
	return ep;
}

static void get_queues(struct rig *r)
{
	struct net_queue_config configs[QUEUES] = {0};
	struct net_error err = {0};

	cr_assert(net_endpoint_get_queues(r->ep, configs, QUEUES, NULL, r->queues, &err) == 0, "%s",
		  err.message);
}

static void end_queues(struct rig *r)
{
	for (int i = 0; i < QUEUES; i++) {
		if (r->queues[i])
			cr_assert(net_queue_destroy(r->queues[i], NULL) == 0);
		r->queues[i] = NULL;
	}
	for (uint32_t i = 0; i < IDS; i++)
		r->f.ids[i].posted = r->f.ids[i].delivered = false;
}

static void connect_to(struct rig *r, struct net_endpoint *inner)
{
	struct net_error err = {0};

	cr_assert(net_disconnectable_connect(r->ep, inner, &err) == 0, "%s", err.message);
}

/* Disconnect without waiting. Return: its result. */
static int disconnect(struct rig *r, struct net_endpoint **inner)
{
	return net_disconnectable_disconnect(r->ep, 0, inner, NULL);
}

static void rig_open(struct rig *r)
{
	struct net_endpoint *model = loopback(QUEUES);
	struct net_endpoint_facts facts;
	struct net_error err = {0};

	memset(r, 0, sizeof(*r));
	frontend_open(&r->f, MEMORY, IDS);
	frontend_layout(&r->f, 0, IDS, FRONTEND_BASE, BUFFER, 12, 1000);
	frontend_list_open(&r->list, IDS);
	net_endpoint_facts(model, &facts);
	cr_assert(net_disconnectable_open(&facts, &r->ep, &err) == 0, "%s", err.message);
	net_endpoint_destroy(model, NULL);
}

static void rig_close(struct rig *r)
{
	end_queues(r);
	cr_assert(net_endpoint_destroy(r->ep, NULL) == 0);
	frontend_list_close(&r->list);
	frontend_close(&r->f);
}

static void put(struct rig *r, uint32_t count)
{
	frontend_list_clear(&r->list);
	for (uint32_t i = 0; i < count; i++) {
		frame_plain(frontend_at(&r->f, TX_BASE + i * 1024, 60), 60, i);
		frontend_list_frame(&r->list, i, TX_BASE + i * 1024, 60);
	}
}

/* One frame through queue 0 and back. */
static void expect_traffic(struct rig *r)
{
	put(r, 1);
	cr_assert(frontend_tx_all(&r->f, r->queues[0], &r->list, NULL, 1000) == 1);
	cr_assert(frontend_rx(&r->f, r->queues[0], r->ids, IDS) == 1);
}

static bool is_readable(int fd)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};

	return poll(&pfd, 1, 0) == 1;
}

static void expect_actions(struct rig *r, const char *want)
{
	struct net_action action;
	char got[16] = "";
	int rc;

	for (uint32_t n = 0; (rc = net_endpoint_poll_action(r->ep, &action)) == 1 && n < 15; n++)
		got[n] = action.kind == NET_ACTION_RESTART_REQUIRED ? 'r'
			 : action.link_up			    ? 'u'
								    : 'd';
	cr_assert(rc == 0);
	cr_assert_str_eq(got, want, "the actions were '%s', not '%s'", got, want);
	cr_assert(!is_readable(net_endpoint_action_fd(r->ep)));
}

/* ---- What is told -------------------------------------------------------------------------- */

Test(disconnect, connected_from_the_start_tells_nothing_and_passes_frames)
{
	struct rig r;

	rig_open(&r);
	connect_to(&r, loopback(QUEUES));
	get_queues(&r);
	frontend_post(&r.f, r.queues[0], 0, 64);
	expect_actions(&r, "");
	expect_traffic(&r);
	rig_close(&r);
}

Test(disconnect, swap_tells_down_restart_up_once_each_and_each_queue_once)
{
	struct net_endpoint *inner;
	uint32_t id;
	struct rig r;

	rig_open(&r);
	connect_to(&r, loopback(QUEUES));
	get_queues(&r);
	cr_assert(disconnect(&r, &inner) == -ETIMEDOUT);
	cr_assert(is_readable(net_endpoint_action_fd(r.ep)));
	for (int i = 0; i < QUEUES; i++) {
		cr_assert(is_readable(net_queue_ready_fd(r.queues[i])));
		cr_assert(net_queue_poll_ready(r.queues[i], &r.f.pool));
		cr_assert_str_eq(net_queue_error(r.queues[i]), "");
		cr_assert(net_queue_rx_poll(r.queues[i], &r.f.pool, &id, 1) == NET_TRY_RESTART);
		cr_assert(strstr(net_queue_error(r.queues[i]), "make them again") != NULL);
		cr_assert(net_queue_rx_poll(r.queues[i], &r.f.pool, &id, 1) == 0, "told twice");
		cr_assert(net_queue_tx_poll(r.queues[i], &r.f.pool, &id, 1) == 0, "told twice");
		cr_assert(!net_queue_poll_ready(r.queues[i], &r.f.pool));
		cr_assert(!is_readable(net_queue_ready_fd(r.queues[i])));
	}
	expect_actions(&r, "dr");
	end_queues(&r);
	cr_assert(disconnect(&r, &inner) == 0);
	connect_to(&r, inner);
	get_queues(&r);
	expect_actions(&r, "u");
	frontend_post(&r.f, r.queues[0], 0, 64);
	expect_traffic(&r);
	rig_close(&r);
}

Test(disconnect, each_of_the_three_data_calls_can_be_the_one_that_tells)
{
	struct net_endpoint *inner;
	struct rig r;
	uint32_t id;
	bool sync;

	for (int call = 0; call < 3; call++) {
		rig_open(&r);
		connect_to(&r, loopback(QUEUES));
		get_queues(&r);
		cr_assert(disconnect(&r, &inner) == -ETIMEDOUT);
		put(&r, 1);
		cr_assert((call == 0   ? net_queue_rx_poll(r.queues[0], &r.f.pool, &id, 1)
			   : call == 1 ? net_queue_tx_poll(r.queues[0], &r.f.pool, &id, 1)
				       : net_queue_tx_avail(r.queues[0], &r.f.pool, r.list.segments,
							    1, &sync)) == NET_TRY_RESTART);
		cr_assert(*net_queue_error(r.queues[0]) != '\0');
		end_queues(&r);
		cr_assert(disconnect(&r, &inner) == 0);
		net_endpoint_destroy(inner, NULL);
		rig_close(&r);
	}
}

Test(disconnect, swap_before_the_frontend_looks_is_one_down_one_restart_one_up)
{
	struct net_endpoint *inner;
	struct rig r;

	rig_open(&r);
	connect_to(&r, loopback(QUEUES));
	expect_actions(&r, "");
	for (int i = 0; i < 3; i++) {
		cr_assert(disconnect(&r, &inner) == 0, "no queue, no wait");
		connect_to(&r, inner);
	}
	expect_actions(&r, "du");
	get_queues(&r);
	cr_assert(disconnect(&r, &inner) == -ETIMEDOUT);
	end_queues(&r);
	cr_assert(disconnect(&r, &inner) == 0);
	connect_to(&r, inner);
	get_queues(&r); /* the restart is done before it is asked for */
	expect_actions(&r, "du");
	rig_close(&r);
}

Test(disconnect, opened_without_a_cable_tells_down_and_up_when_it_comes)
{
	struct rig r;

	rig_open(&r);
	expect_actions(&r, "d");
	get_queues(&r);
	expect_actions(&r, "");
	connect_to(&r, loopback(QUEUES));
	expect_actions(&r, "ru");
	rig_close(&r);
}

/* ---- Without a cable ----------------------------------------------------------------------- */

static void note(void *context, bool is_rx, uint32_t id)
{
	uint8_t *seen = context;

	cr_assert(is_rx && id < IDS);
	seen[id]++;
}

Test(disconnect, unplugged_ids_stay_posted_and_bad_ones_are_refused_by_name)
{
	const uint32_t ids[] = {7, 8, 7, 1000, 1u << 24, UINT32_MAX, 9};
	uint8_t seen[IDS] = {0};
	struct net_queue_stats stats;
	struct rig r;

	rig_open(&r);
	get_queues(&r);
	cr_assert(net_queue_rx_avail(r.queues[0], &r.f.pool, ids, 0) == 0);
	cr_assert(net_queue_rx_avail(r.queues[0], &r.f.pool, ids, 7) == 4);
	cr_assert(r.f.rx_refused_calls == 4 && r.f.ids[7].refused == NET_RX_REFUSED_DUPLICATE);
	cr_assert(frontend_rx(&r.f, r.queues[0], r.ids, IDS) == 0);
	cr_assert(!net_queue_poll_ready(r.queues[0], &r.f.pool));
	cr_assert(net_queue_wait(r.queues[0], &r.f.pool, 10000000) == 0);
	net_queue_outstanding(r.queues[0], note, seen);
	for (uint32_t i = 0; i < IDS; i++)
		cr_assert(seen[i] == (i == 7 || i == 8 || i == 9), "id %u", i);
	net_queue_stats(r.queues[0], &stats);
	cr_assert(stats.rx_errors == 4 && stats.rx_packets == 0);
	rig_close(&r);
}

Test(disconnect, unplugged_initial_ids_are_posted)
{
	const uint32_t ids[] = {3, 5};
	struct net_queue_config configs[QUEUES] = {0};
	uint8_t seen[IDS] = {0};
	struct rig r;

	rig_open(&r);
	configs[1] = (struct net_queue_config){&r.f.pool, ids, 2, false, {0}};
	cr_assert(net_endpoint_get_queues(r.ep, configs, QUEUES, NULL, r.queues, NULL) == 0);
	net_queue_outstanding(r.queues[1], note, seen);
	cr_assert(seen[3] == 1 && seen[5] == 1 && seen[4] == 0);
	rig_close(&r);
}

Test(disconnect, unplugged_packets_are_dropped_counted_and_done_with)
{
	struct net_queue_stats stats;
	bool sync = false;
	struct rig r;

	rig_open(&r);
	get_queues(&r);
	put(&r, 10);
	r.list.packets[4].len_bytes = 3; /* malformed costs no more */
	cr_assert(net_queue_tx_avail(r.queues[0], &r.f.pool, r.list.segments, 10, &sync) == 10);
	cr_assert(sync && net_queue_tx_poll(r.queues[0], &r.f.pool, r.ids, IDS) == 0);
	net_queue_stats(r.queues[0], &stats);
	cr_assert(stats.tx_errors == 10 && stats.tx_packets == 0);
	rig_close(&r);
}

/* ---- Frames and packets at the moment of a swap -------------------------------------------- */

Test(disconnect, frames_that_arrived_before_the_swap_are_delivered_or_counted)
{
	struct net_endpoint *inner;
	struct rig r;
	int n;

	rig_open(&r);
	connect_to(&r, loopback(QUEUES));
	get_queues(&r);
	frontend_post(&r.f, r.queues[0], 0, 64);
	put(&r, 40);
	cr_assert(frontend_tx_all(&r.f, r.queues[0], &r.list, NULL, 1000) == 40);
	cr_assert(disconnect(&r, &inner) == -ETIMEDOUT);
	cr_assert(frontend_rx(&r.f, r.queues[0], r.ids, 25) == 25);
	end_queues(&r);
	cr_assert(fields_number(r.ep, NULL, "disconnectable.rx_discarded") == 15);
	get_queues(&r);
	put(&r, 3);
	cr_assert(frontend_tx_all(&r.f, r.queues[0], &r.list, NULL, 1000) == 3);
	cr_assert(disconnect(&r, &inner) == 0);
	connect_to(&r, inner);
	n = net_queue_rx_poll(r.queues[0], &r.f.pool, r.ids, IDS);
	cr_assert(n == NET_TRY_RESTART, "an unplugged queue is stale as well: %d", n);
	end_queues(&r);
	cr_assert(fields_number(r.ep, NULL, "disconnectable.tx_dropped") == 3);
	rig_close(&r);
}

/* A wire that never stops does not keep a queue that has to go. */
Test(disconnect, stale_queue_under_a_flood_tells_after_a_bounded_number_of_frames)
{
	struct net_endpoint *inner;
	struct net_queue *wire;
	uint32_t delivered = 0;
	bool sync;
	struct rig r;
	int n;

	rig_open(&r);
	connect_to(&r, loopback(QUEUES));
	get_queues(&r);
	frontend_post(&r.f, r.queues[0], 0, 256);
	cr_assert(disconnect(&r, &inner) == -ETIMEDOUT);
	wire = wrapped_inner(r.queues[0]);
	put(&r, 64);
	do {
		net_queue_tx_avail(wire, &r.f.pool, r.list.segments, 64, &sync);
		n = net_queue_rx_poll(r.queues[0], &r.f.pool, r.ids, 64);
		for (int i = 0; i < n; i++)
			r.f.ids[r.ids[i]].delivered = false;
		if (n > 0)
			frontend_post_ids(&r.f, r.queues[0], r.ids, (uint32_t)n);
		delivered += n > 0 ? (uint32_t)n : 0;
	} while (n > 0 && delivered < 100000);
	cr_assert(n == NET_TRY_RESTART && delivered == 4096, "%u", delivered);
	rig_close(&r);
}

/* ---- Rules --------------------------------------------------------------------------------- */

static int refused(struct rig *r, struct net_endpoint *inner, const char *word)
{
	struct net_error err = {0};
	int rc = net_disconnectable_connect(r->ep, inner, &err);

	cr_assert(strstr(err.message, word) != NULL, "%s", err.message);
	cr_assert(net_endpoint_destroy(inner, NULL) == 0, "it stays the caller's");
	return rc;
}

Test(disconnect, endpoint_that_cannot_keep_the_promises_is_refused_and_stays_the_callers)
{
	struct net_endpoint_facts facts;
	struct net_endpoint *null;
	struct rig r;

	rig_open(&r);
	cr_assert(refused(&r, loopback(1), "2 were promised") == -EINVAL);
	cr_assert(net_null_open(&null, NULL) == 0);
	cr_assert(refused(&r, null, "table") == -EINVAL, "no steering");
	connect_to(&r, loopback(QUEUES));
	cr_assert(refused(&r, loopback(QUEUES), "disconnect it first") == -EBUSY);
	net_endpoint_facts(r.ep, &facts);
	cr_assert(facts.max_queues == QUEUES && strcmp(facts.type, "loopback") == 0);
	rig_close(&r);

	rig_open(&r);
	net_endpoint_destroy(r.ep, NULL);
	facts.tx_flags |= NET_TX_TCP_CHECKSUM;
	cr_assert(net_disconnectable_open(&facts, &r.ep, NULL) == 0);
	cr_assert(refused(&r, loopback(QUEUES), "flags 0x2") == -EINVAL);
	rig_close(&r);
}

Test(disconnect, facts_stay_the_same_whatever_is_connected)
{
	struct net_endpoint_facts before, after;
	struct rig r;

	rig_open(&r);
	memset(&before, 0, sizeof(before));
	memset(&after, 0, sizeof(after));
	net_endpoint_facts(r.ep, &before);
	connect_to(&r, loopback(64));
	net_endpoint_facts(r.ep, &after);
	cr_assert(memcmp(&before, &after, sizeof(before)) == 0);
	rig_close(&r);
}

Test(disconnect, lifecycle_rules_are_those_of_the_contract_with_and_without_a_cable)
{
	struct net_queue_config configs[QUEUES + 1] = {0};
	struct net_queue *queues[QUEUES + 1];
	struct net_endpoint *inner;
	struct net_error err = {0};
	struct rig r;

	for (int plugged = 0; plugged < 2; plugged++) {
		rig_open(&r);
		if (plugged)
			connect_to(&r, loopback(QUEUES));
		else
			cr_assert(disconnect(&r, &inner) == -ENOENT);
		cr_assert(net_endpoint_stop(r.ep) == 0 && net_endpoint_stop(r.ep) == 0);
		cr_assert(net_endpoint_get_queue(r.ep, 0, configs, queues, &err) == -EINVAL);
		cr_assert(net_endpoint_get_queues(r.ep, configs, 0, NULL, queues, &err) == -EINVAL);
		cr_assert(net_endpoint_get_queues(r.ep, configs, QUEUES + 1, NULL, queues, &err) ==
			  -EINVAL);
		get_queues(&r);
		cr_assert(net_endpoint_stop(r.ep) == -EBUSY);
		cr_assert(net_endpoint_destroy(r.ep, &err) == -EBUSY);
		cr_assert(net_endpoint_get_queues(r.ep, configs, 1, NULL, queues, &err) == -EBUSY);
		cr_assert(net_endpoint_get_queue(r.ep, 1, configs, queues, &err) == -EBUSY);
		cr_assert(net_queue_destroy(r.queues[1], NULL) == 0);
		cr_assert(net_endpoint_get_queue(r.ep, 1, configs, &r.queues[1], &err) == 0);
		frontend_post(&r.f, r.queues[1], 0, 1);
		rig_close(&r);
	}
}

Test(disconnect, single_queue_of_another_generation_is_refused)
{
	struct net_queue_config config = {0};
	struct net_endpoint *inner;
	struct net_error err = {0};
	struct rig r;

	rig_open(&r);
	connect_to(&r, loopback(QUEUES));
	get_queues(&r);
	cr_assert(disconnect(&r, &inner) == -ETIMEDOUT);
	cr_assert(net_queue_destroy(r.queues[1], NULL) == 0);
	r.queues[1] = NULL;
	cr_assert(net_endpoint_get_queue(r.ep, 1, &config, &r.queues[1], &err) == -EBUSY);
	cr_assert(strstr(err.message, "get_queues") != NULL, "%s", err.message);
	rig_close(&r);
}

/* ---- Another thread ------------------------------------------------------------------------ */

struct other {
	pthread_t thread;
	struct rig *r;
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

Test(disconnect, sleeper_is_woken_and_disconnect_waits_for_its_queues)
{
	struct other o = {.rc = 1};
	struct pollfd pfd;
	struct rig r;

	rig_open(&r);
	o.r = &r;
	connect_to(&r, loopback(QUEUES));
	get_queues(&r);
	frontend_post(&r.f, r.queues[0], 0, 64);
	cr_assert(pthread_create(&o.thread, NULL, pull, &o) == 0);
	cr_assert(net_queue_wait(r.queues[0], &r.f.pool, 10000000000) == 1, "nobody woke it");
	pfd = (struct pollfd){.fd = net_endpoint_action_fd(r.ep), .events = POLLIN};
	cr_assert(poll(&pfd, 1, 5000) == 1, "no action woke it");
	frontend_sleep_ms(20);
	cr_assert(o.rc == 1, "it did not wait");
	expect_actions(&r, "dr");
	end_queues(&r);
	pthread_join(o.thread, NULL);
	cr_assert(o.rc == 0);
	net_endpoint_destroy(o.inner, NULL);
	rig_close(&r);
}

Test(disconnect, hundred_restarts_leak_no_descriptor)
{
	struct net_endpoint *inner;
	unsigned int fds;
	struct rig r;

	rig_open(&r);
	connect_to(&r, loopback(QUEUES));
	get_queues(&r);
	fds = netns_open_fds();
	for (int i = 0; i < 100; i++) {
		cr_assert(disconnect(&r, &inner) == -ETIMEDOUT);
		end_queues(&r);
		cr_assert(disconnect(&r, &inner) == 0);
		get_queues(&r);
		connect_to(&r, inner);
		end_queues(&r);
		get_queues(&r);
		expect_actions(&r, "du");
	}
	cr_assert(netns_open_fds() == fds);
	rig_close(&r);
}

/* ---- 100 swaps under load ------------------------------------------------------------------ */

struct account {
	uint64_t offered, delivered;
	struct net_queue_stats past; /* of queues that have ended */
};

static void restart(struct rig *r, struct account *a)
{
	struct net_queue_stats s;

	net_queue_stats(r->queues[0], &s);
	a->past.rx_errors += s.rx_errors;
	a->past.tx_errors += s.tx_errors;
	end_queues(r);
	get_queues(r);
	frontend_post(&r->f, r->queues[0], 0, 256);
}

/* Send a burst, take what there is. Return: does a queue want to be made again? */
static bool drive(struct rig *r, struct account *a)
{
	bool sync = false;
	int n;

	put(r, 16);
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
	struct rig r;

	rig_open(&r);
	connect_to(&r, loopback(QUEUES));
	get_queues(&r);
	frontend_post(&r.f, r.queues[0], 0, 256);
	swapper_start(&s, r.ep, loopback(QUEUES), 100);
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
	put(&r, 1);
	expect_traffic(&r);
	net_endpoint_destroy(s.other, NULL);
	rig_close(&r);
}
