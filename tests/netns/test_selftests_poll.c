// SPDX-License-Identifier: BSD-2-Clause
/* The kernel's tests of poll and of statistics (the table is in test_selftests.c). */
#include <criterion/criterion.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "support/netns.h"
#include "support/pair.h"
#include "xdp/queue.h"

/* Return: is the queue's descriptor readable before the time is over? */
static bool readable(struct net_queue *q, int timeout_ms)
{
	struct pollfd fd = {.fd = net_queue_ready_fd(q), .events = POLLIN};

	return poll(&fd, 1, timeout_ms) == 1;
}

/* What link events did to the queue's descriptor is looked at and done with. */
static void settle(struct net_queue *q)
{
	while (net_queue_wait(q, NULL, 100000000) == 1)
		;
}

/* ---- Poll ------------------------------------------------------------------------------------- */

IN_BOTH_MODES(selftests, poll_rx)
{
	struct net_queue *q;
	struct pair p;

	pair_prepare(&p, attach, 1500);
	pair_open(&p, 256);
	q = p.rx.queues[0];
	settle(q);
	for (uint32_t i = 0; i < 1024; i++) {
		cr_assert_not(net_queue_poll_ready(q, NULL), "ready without frame %u", i);
		cr_assert_not(readable(q, 0), "readable without frame %u", i);
		pair_add(&p, 0, 64);
		pair_send(&p);
		cr_assert(readable(q, PAIR_DEADLINE_MS), "frame %u wakes nobody", i);
		cr_assert(net_queue_poll_ready(q, NULL));
		pair_receive(&p, 1, 64);
		pair_repost(&p, 1);
	}
	pair_close(&p);
}

/* Nothing but the descriptor tells that sending is done: the kernel has no wake-up for it. */
IN_BOTH_MODES(selftests, poll_tx)
{
	struct net_queue *q;
	uint32_t ids[PAIR_BATCH];
	bool sync;
	struct pair p;

	pair_prepare(&p, attach, 1500);
	pair_open(&p, 256);
	q = p.tx.queues[0];
	for (uint32_t round = 0; round < 64; round++) {
		uint32_t done = 0;

		for (uint32_t i = 0; i < PAIR_BATCH; i++)
			pair_add(&p, i, 64);
		cr_assert_eq(
			net_queue_tx_avail(q, &p.tx.f.pool, p.list.segments, p.list.count, &sync),
			(int)p.list.count);
		while (done < PAIR_BATCH) {
			int n;

			if (!net_queue_poll_ready(q, NULL))
				cr_assert(readable(q, PAIR_DEADLINE_MS));
			n = net_queue_tx_poll(q, &p.tx.f.pool, ids, PAIR_BATCH);
			cr_assert_geq(n, 0);
			done += (uint32_t)n;
		}
		cr_assert_eq(done, PAIR_BATCH);
		frontend_list_clear(&p.list);
		pair_receive(&p, PAIR_BATCH, 64);
		pair_repost(&p, PAIR_BATCH);
	}
	pair_close(&p);
}

/* No traffic: a wait ends with its deadline, and a frame ends the next one. */
IN_BOTH_MODES(selftests, poll_rxq_full)
{
	struct net_queue *q;
	struct pair p;

	pair_prepare(&p, attach, 1500);
	pair_open(&p, 256);
	q = p.rx.queues[0];
	settle(q);
	cr_assert_not(readable(q, 200));
	cr_assert_eq(net_queue_wait(q, NULL, 200000000), 0);
	pair_stream(&p, 1, 64);
	pair_close(&p);
}

/* The TX ring does not drain, because the interface is down: nothing fits, nothing comes back, waits
 * end with their deadline. Then it is up and every packet goes. */
IN_BOTH_MODES(selftests, poll_txq_full)
{
	struct net_queue *q;
	uint32_t accepted;
	bool sync;
	struct pair p;

	pair_prepare(&p, attach, 1500);
	p.tx.config.tx_ring_frames = p.tx.config.completion_ring_frames = 32;
	pair_open(&p, 256);
	q = p.tx.queues[0];
	netns_down("v0");
	for (uint32_t i = 0; i < 40; i++)
		pair_add(&p, i, 64);
	accepted = net_queue_tx_avail(q, &p.tx.f.pool, p.list.segments, p.list.count, &sync);
	cr_assert_eq(accepted, 32);
	settle(q);
	cr_assert_eq(net_queue_wait(q, NULL, 300000000), 0);
	cr_assert_eq(net_queue_tx_poll(q, &p.tx.f.pool, p.ids, 32), 0);
	cr_assert_gt(frontend_xdp_counter(&p.tx, 0, NET_XDP_KICK_DOWN), 0);
	netns_up("v0");
	for (uint32_t done = 0; done < 32;) {
		int n = net_queue_tx_poll(q, &p.tx.f.pool, p.ids, 32);

		cr_assert_geq(n, 0);
		done += (uint32_t)n;
		cr_assert(done == 32 || net_queue_wait(q, NULL, PAIR_DEADLINE_MS * 1000000ll) == 1);
	}
	memmove(p.list.segments, p.list.segments + 32, 8 * sizeof(*p.list.segments));
	p.list.count = p.list.packet_count = 8;
	pair_send(&p);
	pair_receive(&p, 40, 64);
	pair_close(&p);
}

/* The kernel sends at most its budget per system call. One more is sent by the same data call. */
IN_BOTH_MODES(selftests, tx_queue_consumer)
{
	const int budget = 32, option = 9; /* XDP_MAX_TX_SKB_BUDGET; 32 is the kernel's default */
	uint64_t kicks;
	struct pair p;
	bool sync;

	pair_prepare(&p, attach, 1500);
	pair_open(&p, 64);
	cr_assert_eq(frontend_xdp_report(&p.tx, 0).tx_budget_frames, p.tx.config.tx_ring_frames);
	cr_assert_eq(setsockopt(queue_of(p.tx.queues[0])->xsk.fd, SOL_XDP, option, &budget,
				sizeof(budget)),
		     0);
	for (uint32_t i = 0; i < 33; i++)
		pair_add(&p, i, 64);
	kicks = frontend_xdp_counter(&p.tx, 0, NET_XDP_KICKS);
	cr_assert_eq(net_queue_tx_avail(p.tx.queues[0], &p.tx.f.pool, p.list.segments, 33, &sync),
		     33);
	cr_assert_eq(frontend_xdp_counter(&p.tx, 0, NET_XDP_KICKS) - kicks, 2);
	cr_assert_eq(frontend_xdp_counter(&p.tx, 0, NET_XDP_KICK_AGAIN), 1);
	pair_receive(&p, 33, 64);
	pair_close(&p);
}

/* ---- Statistics ------------------------------------------------------------------------------- */

/* As many frames of each length, in turns. The odd ones are expected not to arrive. */
static void every_second(struct pair *p, uint32_t len, uint32_t lost_len)
{
	uint8_t frame[FRAME_MAX_BYTES];

	for (uint32_t i = 0; i < PAIR_BATCH; i++) {
		uint64_t at = pair_place(p, i);

		pair_frame(frame, i & 1 ? lost_len : len, p->sent);
		memcpy(frontend_at(&p->tx.f, at, 2048), frame, 2048);
		frontend_list_frame(&p->list, i, at, i & 1 ? lost_len : len);
		p->sent += !(i & 1);
	}
	pair_send(p);
	pair_receive(p, PAIR_BATCH / 2, len);
	pair_repost(p, PAIR_BATCH / 2);
}

/* Room for 192 bytes, frames of 256. They are dropped by our program's length filter, before the
 * kernel has to: its own counter stays 0. */
IN_BOTH_MODES(selftests, stat_rx_dropped)
{
	struct net_xdp_program_stats stats;
	struct pair p;

	pair_prepare(&p, attach, 1500);
	p.rx.config.max_frame_bytes = 192;
	pair_open(&p, 256);
	for (int i = 0; i < 32; i++)
		every_second(&p, 192, 256);
	cr_assert_eq(net_xdp_program_stats(p.rx.ep, &stats), 0);
	cr_assert_eq(stats.dropped_too_long, 32 * PAIR_BATCH / 2);
	cr_assert_eq(stats.redirected, 32 * PAIR_BATCH / 2);
	cr_assert_eq(frontend_xdp_counter(&p.rx, 0, NET_XDP_RX_KERNEL_DROPPED), 0);
	pair_close(&p);
}

/* The filter's limit is exact. */
IN_BOTH_MODES(selftests, xdp_drop_half)
{
	struct net_xdp_program_stats stats;
	struct pair p;

	pair_prepare(&p, attach, 1500);
	p.rx.config.max_frame_bytes = 1000;
	pair_open(&p, 256);
	for (int i = 0; i < 32; i++)
		every_second(&p, 1000, 1001);
	cr_assert_eq(net_xdp_program_stats(p.rx.ep, &stats), 0);
	cr_assert_eq(stats.dropped_too_long, 32 * PAIR_BATCH / 2);
	pair_close(&p);
}

/* Half of the frames are too long to send: the library drops them, the kernel never sees one. */
IN_BOTH_MODES(selftests, stat_tx_invalid)
{
	struct pair p;

	pair_prepare(&p, attach, 1500);
	pair_open(&p, 256);
	for (int i = 0; i < 32; i++)
		every_second(&p, 64, 2049);
	cr_assert_eq(frontend_xdp_counter(&p.tx, 0, NET_XDP_TX_DROP_SIZE), 32 * PAIR_BATCH / 2);
	cr_assert_eq(frontend_xdp_counter(&p.tx, 0, NET_XDP_TX_KERNEL_INVALID), 0);
	cr_assert_eq(frontend_xdp_counter(&p.tx, 0, NET_XDP_TX_PACKETS), 32 * PAIR_BATCH / 2);
	pair_close(&p);
}

/* The ring holds half of what is sent and nobody reads it. */
IN_BOTH_MODES(selftests, stat_rx_full)
{
	struct pair p;

	pair_prepare(&p, attach, 1500);
	p.rx.config.rx_ring_frames = 64;
	pair_open(&p, 256);
	for (int half = 0; half < 2; half++) {
		for (uint32_t i = 0; i < 64; i++)
			pair_add(&p, i, 64);
		pair_send(&p);
	}
	cr_assert_eq(frontend_xdp_counter(&p.rx, 0, NET_XDP_RX_KERNEL_RING_FULL), 64);
	pair_receive(&p, 64, 64);
	pair_repost(&p, 64);
	p.received += 64;
	cr_assert_eq(frontend_xdp_counter(&p.rx, 0, NET_XDP_RX_KERNEL_DROPPED), 0);
	/* and no buffer was lost with them */
	for (int i = 0; i < 8; i++)
		pair_stream(&p, 64, 64);
	cr_assert_eq(frontend_xdp_counter(&p.rx, 0, NET_XDP_RX_KERNEL_RING_FULL), 64);
	pair_close(&p);
}

/* Half of the buffers that would be needed. */
IN_BOTH_MODES(selftests, stat_fill_empty)
{
	struct pair p;

	pair_prepare(&p, attach, 1500);
	pair_open(&p, 32);
	for (uint32_t i = 0; i < 64; i++)
		pair_add(&p, i, 64);
	pair_send(&p);
	pair_receive(&p, 32, 64);
	cr_assert_eq(frontend_xdp_counter(&p.rx, 0, NET_XDP_RX_KERNEL_DROPPED), 32);
	cr_assert_geq(frontend_xdp_counter(&p.rx, 0, NET_XDP_RX_KERNEL_FILL_EMPTY), 1);
	cr_assert_eq(frontend_rx(&p.rx.f, p.rx.queues[0], p.ids + 32, 1), 0);
	pair_repost(&p, 32);
	p.received += 32;
	for (uint32_t i = 0; i < 32; i++)
		pair_add(&p, i, 64);
	pair_send(&p);
	pair_receive(&p, 32, 64);
	cr_assert_eq(frontend_xdp_counter(&p.rx, 0, NET_XDP_RX_KERNEL_DROPPED), 32);
	pair_close(&p);
}
