// SPDX-License-Identifier: BSD-2-Clause
/* What only a driver that puts frames into our memory by itself can show: it takes its own time, sleeps
 * and says so, and leaves on the wire what it has no buffer for. */
#include <time.h>

#include "support/conformance.h"
#include "support/rx_rig.h"
#include "support/tx_rig.h"
#include "support/wrapped.h"
#include "xdp/queue.h"

static int64_t cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Frames first .. first + count must be the next ones. ids: what they were in. */
static void receive(struct rx_rig *r, uint32_t *ids, uint32_t first, uint32_t count)
{
	rx_rig_receive(r, 0, ids, count);
	for (uint32_t i = 0; i < count; i++)
		rx_rig_expect(r, ids[i], rx_rig_len(first + i, 14, 1514), first + i);
}

static void send_some(struct rx_rig *r, uint32_t first, uint32_t count)
{
	for (uint32_t n = first; n < first + count; n++)
		rx_rig_send(r, rx_rig_len(n, 14, 1514), n);
}

/* ---- 17 ------------------------------------------------------------------------------------------- */

// 17: no buffers: no busy loop, and RX resumes after the next rx_avail, even without poll_ready: here
// with what has waited on the wire, of which nothing is lost
CASE(17, fill_ring_empty_and_refilled_again_and_again_loses_nothing)
{
	enum { BUFFERS = 10, SENT = 150 };
	uint32_t ids[BUFFERS];
	uint64_t kicks;
	struct rx_rig r;
	int64_t cpu;

	NEEDS_ZERO_COPY("a wire that keeps frames until there are buffers");
	rx_rig_prepare(&r, 1, 1500);
	rx_rig_start(&r, 1, BUFFERS);
	send_some(&r, 0, SENT);
	for (uint32_t n = 0; n < SENT; n += BUFFERS) {
		receive(&r, ids, n, BUFFERS);
		if (n % 50 == 0) {
			kicks = rx_rig_counter(&r, NET_XDP_KICKS);
			cpu = cpu_ms();
			cr_assert_eq(net_queue_wait(r.x.queues[0], &r.x.f.pool, 100000000), 0,
				     "no buffer");
			cr_assert_lt(cpu_ms() - cpu, 30, "%lld ms of CPU for 100 ms of sleep",
				     (long long)(cpu_ms() - cpu));
			cr_assert_leq(rx_rig_counter(&r, NET_XDP_KICKS), kicks + 2);
		}
		frontend_post_ids(&r.x.f, r.x.queues[0], ids, BUFFERS);
	}
	rx_rig_balance(&r, SENT);
	rx_rig_close(&r);
}

/* ---- 24 ------------------------------------------------------------------------------------------- */

// 24: one segment, one completion; a driver completes in the order of sending
CASE(24, completions_come_in_the_order_of_sending)
{
	enum { PACKETS = 3000 };
	uint32_t ids[PACKETS];
	struct tx_rig r;

	NEEDS_ZERO_COPY("a driver that completes in order");
	tx_rig_open(&r, 256);
	tx_rig_add_mixed(&r, PACKETS); /* direct ones and joined ones */
	cr_assert_eq(frontend_tx_all(&r.x.f, r.q, &r.list, ids, TX_RIG_WAIT_MS), PACKETS);
	for (uint32_t i = 0; i < PACKETS; i++)
		cr_assert(ids[i] == i, "completion %u is of packet %u", i, ids[i]);
	cr_assert_gt(tx_rig_counter(&r, NET_XDP_TX_DIRECT), PACKETS / 2);
	cr_assert_gt(tx_rig_counter(&r, NET_XDP_TX_BOUNCED), PACKETS / 10);
	tx_rig_expect_wire(&r);
	tx_rig_close(&r);
}

/* ---- 52 ------------------------------------------------------------------------------------------- */

static bool asks(struct rx_rig *r)
{
	return ring_needs_wakeup(&queue_of(wrapped_inner(r->x.queues[0]))->xsk.fill);
}

/* With buffers to spare the driver is awake by itself: no call is made for them. */
static void expect_no_kicks(struct rx_rig *r, uint32_t first)
{
	enum { PORTION = 50, PORTIONS = 40 };
	uint64_t kicks = rx_rig_counter(r, NET_XDP_KICKS);
	uint32_t ids[PORTION];

	for (uint32_t i = 0; i < PORTIONS; i++) {
		send_some(r, first + i * PORTION, PORTION);
		receive(r, ids, first + i * PORTION, PORTION);
		frontend_post_ids(&r->x.f, r->x.queues[0], ids, PORTION);
	}
	cr_assert_not(asks(r), "it has buffers and asks to be woken");
	cr_assert_eq(rx_rig_counter(r, NET_XDP_KICKS), kicks, "kicked, though it is awake");
}

// 52: need_wakeup honoured, as a driver has it: no call without the flag, and one when buffers come
// after it has run out of them, if that made it ask (virtio_net of Linux 6.18 looks again by itself)
CASE(52, fill_ring_of_a_driver_that_runs_out_is_kicked_when_it_asks)
{
	enum { BUFFERS = 1500 }; /* far more than the NIC's own ring takes */
	uint32_t ids[BUFFERS];
	uint64_t kicks;
	struct rx_rig r;
	bool asked;

	NEEDS_ZERO_COPY("a driver that sleeps");
	rx_rig_prepare(&r, 1, 1500);
	rx_rig_start(&r, 1, BUFFERS);
	expect_no_kicks(&r, 0);
	for (uint32_t n = 0; n < BUFFERS; n += 100) {
		send_some(&r, 5000 + n, 100);
		receive(&r, ids + n, 5000 + n, 100);
	}
	send_some(&r, 7000, 1);
	rx_rig_expect_no_buffer(&r, 1);
	asked = asks(&r);
	kicks = rx_rig_counter(&r, NET_XDP_KICKS);
	frontend_post_ids(&r.x.f, r.x.queues[0], ids, BUFFERS);
	receive(&r, ids, 7000, 1);
	r.waiting = 0;
	cr_assert_eq(rx_rig_counter(&r, NET_XDP_KICKS) > kicks, asked, "asked %d, kicks %llu",
		     asked, (unsigned long long)(rx_rig_counter(&r, NET_XDP_KICKS) - kicks));
	frontend_post_ids(&r.x.f, r.x.queues[0], ids, 1);
	expect_no_kicks(&r, 8000);
	rx_rig_balance(&r, 2000 + BUFFERS + 1 + 2000);
	rx_rig_close(&r);
}

// 52: a packet for a driver that has gone to sleep takes a kick; under load many share one
CASE(52, tx_ring_of_a_driver_is_kicked_when_idle_and_rarely_under_load)
{
	enum { LONE = 50, LOAD = 2000 };
	uint64_t kicks;
	struct tx_rig r;
	uint32_t id;

	NEEDS_ZERO_COPY("a driver that sleeps");
	tx_rig_open(&r, 2048);
	for (uint32_t i = 0; i < LONE; i++) {
		uint32_t completed = 0;

		frontend_list_clear(&r.list);
		tx_rig_add(&r, i, 100, 1);
		kicks = tx_rig_counter(&r, NET_XDP_KICKS);
		cr_assert_eq(frontend_tx(&r.x.f, r.q, &r.list, 0, &completed), 1);
		cr_assert_eq(tx_rig_collect(&r, &id, 1), 1);
		cr_assert_gt(tx_rig_counter(&r, NET_XDP_KICKS), kicks, "it was left asleep");
		tx_rig_expect_packets(&r, 0, 1);
	}
	frontend_list_clear(&r.list);
	for (uint32_t i = 0; i < LOAD; i++)
		tx_rig_add(&r, i, 100, 1);
	kicks = tx_rig_counter(&r, NET_XDP_KICKS);
	tx_rig_send_all(&r);
	kicks = tx_rig_counter(&r, NET_XDP_KICKS) - kicks;
	cr_assert(kicks < LOAD / 4, "%llu kicks for %d packets", (unsigned long long)kicks, LOAD);
	tx_rig_expect_wire(&r);
	tx_rig_close(&r);
}
