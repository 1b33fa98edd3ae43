// SPDX-License-Identifier: BSD-2-Clause
/* Case 74 on real packets: a disconnectable around an AF_XDP endpoint, swapped under load. */
#include <poll.h>

#include "support/conformance.h"
#include "support/fields.h"
#include "support/frame.h"
#include "support/swapper.h"
#include "support/wrap_rig.h"
#include "support/wrapped.h"

enum { BATCH = 64, BUFFERS = 256 };

struct account {
	uint64_t to_us;	    /* frames that the peer sent */
	uint64_t delivered; /* of them to the frontend */
	uint64_t rx_lost;   /* counted by queues that have ended */
	uint64_t accepted;  /* packets of ours */
	uint64_t tx_lost;   /* of them dropped, as counted by queues that have ended */
	uint64_t arrived;   /* of them at the peer */
	uint32_t waiting;   /* of the peer's, sent to this queue and not delivered yet */
};

/* Every frame of the peer's has been through the XDP program, and a moment later is in a ring,
 * or the host's. A NIC without buffers keeps frames in front of the program: drive() leaves it some. */
static void settle(struct net_endpoint *xdp, const struct account *a)
{
	int64_t deadline = frontend_now_ms() + TRAFFIC_DEADLINE_MS;
	struct net_xdp_program_stats p;

	do {
		cr_assert_eq(net_xdp_program_stats(xdp, &p), 0);
		cr_assert(frontend_now_ms() < deadline, "%llu and %llu of %llu frames came",
			  (unsigned long long)p.redirected, (unsigned long long)p.passed,
			  (unsigned long long)a->to_us);
	} while (p.redirected + p.passed < a->to_us);
	frontend_sleep_ms(
		2); /* the kernel puts them into the ring when it has seen all of a batch */
}

static void restart(struct rig *r, struct net_endpoint *xdp, struct account *a)
{
	struct net_queue *inner = wrapped_inner(r->x.queues[0]);
	struct net_queue_stats s;
	struct net_xdp_stats x;

	settle(xdp, a);
	net_queue_stats(r->x.queues[0], &s);
	a->rx_lost += s.rx_errors;
	a->tx_lost += s.tx_errors;
	if (inner && net_xdp_queue_stats(inner, &x) == 0)
		a->rx_lost +=
			x.value[NET_XDP_RX_KERNEL_DROPPED] + x.value[NET_XDP_RX_KERNEL_RING_FULL];
	frontend_xdp_stop(&r->x);
	frontend_xdp_start(&r->x, 1, BUFFERS);
	a->waiting = 0;
}

static void drain_peer(struct rig *r, struct account *a)
{
	a->arrived += peer_drain(&r->peer);
}

/* Some frames each way. Return: does the queue want to be made again? */
static bool drive(struct rig *r, struct account *a, struct frontend_list *list)
{
	struct net_queue *q = r->x.queues[0];
	uint32_t ids[BATCH];
	uint8_t frame[60];
	bool sync = false;
	int n;

	frame_plain(frame, sizeof(frame), a->to_us);
	for (int i = 0; i < 8 && a->waiting < BUFFERS / 2; i++, a->to_us++, a->waiting++)
		peer_send(&r->peer, frame, sizeof(frame));
	frontend_list_clear(list);
	for (uint32_t i = 0; i < 8; i++)
		traffic_put(&r->x, list, i, 60);
	n = net_queue_tx_avail(q, &r->x.f.pool, list->segments, list->count, &sync);
	if (n == NET_TRY_RESTART)
		return true;
	cr_assert(n >= 0, "%d", n);
	a->accepted += (uint32_t)n;
	n = net_queue_tx_poll(q, &r->x.f.pool, ids, BATCH);
	if (n == NET_TRY_RESTART)
		return true;
	n = net_queue_rx_poll(q, &r->x.f.pool, ids,
			      6); /* slower than they come: some always wait */
	if (n == NET_TRY_RESTART)
		return true;
	for (int i = 0; i < n; i++)
		r->x.f.ids[ids[i]].delivered = false;
	a->delivered += (uint32_t)n;
	a->waiting -= (uint32_t)n;
	frontend_post_ids(&r->x.f, q, ids, (uint32_t)n);
	drain_peer(r, a);
	return false;
}

// 74: 100 swaps under load, every frame delivered or in a named counter, link events once each
CASE(74, disconnectable_hundred_swaps_under_load_lose_nothing_uncounted)
{
	struct net_xdp_program_stats program;
	struct frontend_list list;
	struct net_endpoint *xdp;
	const int64_t deadline = frontend_now_ms() + 20000;
	struct account a = {0};
	struct swapper s;
	uint64_t discarded, unfinished;
	struct rig r;

	wrap_rig_disconnectable(&r, 1);
	xdp = wrapped_inner_endpoint(r.x.ep);
	frontend_list_open(&list, 8);
	frontend_xdp_start(&r.x, 1, BUFFERS);
	swapper_start(&s, r.x.ep, NULL, 100);
	/* 100 swaps, and more frames where there was little time for them. */
	while (!swapper_is_done(&s) ||
	       ((a.delivered <= 100 || a.arrived <= 100) && frontend_now_ms() < deadline)) {
		bool again = drive(&r, &a, &list);

		if (swapper_actions(&s) || again)
			restart(&r, xdp, &a);
	}
	swapper_end(&s);
	restart(&r, xdp, &a);
	while (poll(&(struct pollfd){.fd = r.peer.fd, .events = POLLIN}, 1, 200) == 1)
		drain_peer(&r, &a);
	discarded = fields_number(r.x.ep, NULL, "disconnectable.rx_discarded");
	cr_assert_eq(net_xdp_program_stats(xdp, &program), 0);
	cr_assert_eq(a.to_us, a.delivered + discarded + a.rx_lost + program.passed,
		     "%llu sent: %llu delivered, %llu discarded, %llu lost, %llu to the host",
		     (unsigned long long)a.to_us, (unsigned long long)a.delivered,
		     (unsigned long long)discarded, (unsigned long long)a.rx_lost,
		     (unsigned long long)program.passed);
	/* A driver in zero copy may have had some when their queue ended: sent or not, they are counted. */
	unfinished = fields_number(r.x.ep, NULL, "disconnectable.tx_unfinished");
	cr_assert(a.arrived + a.tx_lost <= a.accepted &&
			  a.accepted <= a.arrived + a.tx_lost + unfinished,
		  "%llu accepted: %llu arrived, %llu lost, %llu unfinished",
		  (unsigned long long)a.accepted, (unsigned long long)a.arrived,
		  (unsigned long long)a.tx_lost, (unsigned long long)unfinished);
	cr_assert(a.delivered > 100 && a.arrived > 100 && discarded > 0);
	traffic_both_ways(&r.x, &r.peer);
	frontend_list_close(&list);
	rig_close(&r);
}
