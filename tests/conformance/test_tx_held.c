// SPDX-License-Identifier: BSD-2-Clause
/*
 * A receiver that holds what it gets: completions come late, in another order, or not for a long time.
 *
 *     v0 (ours) -- v1 -- bridge -- w0: frames to 02:..:02, held in a queue that sends 8 bytes a second
 *                              \-- x0: frames to 02:..:03, gone at once
 *
 * A frame that is held is the very buffer that our socket gave away, so its completion waits with it.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "support/conformance.h"
#include "support/netns.h"
#include "support/tx_rig.h"

enum {
	RING = 64,
	FILLER_BYTES = 1500,
	FRAME_BYTES = 1000, /* more than the filler leaves of the burst: the first one is held */
};

static void hold(void)
{
	netns_run("tc qdisc replace dev w0 root handle 1: tbf rate 64bit burst 2000 limit 100mb");
}

/* Drop what is held: the kernel is done with it. */
static void release(void)
{
	netns_run("tc qdisc del dev w0 root");
}

static void *release_later(void *unused)
{
	frontend_sleep_ms(200);
	release();
	return unused;
}

/* The first bytes pass the slow queue, so they are spent on a frame that does not matter. */
static void spend_burst(struct tx_rig *r)
{
	tx_rig_add(r, 0, FILLER_BYTES, 1);
	tx_rig_send_all(r);
	tx_rig_expect_packets(r, 0, 1);
	frontend_list_clear(&r->list);
}

static void held_open(struct tx_rig *r, uint32_t private_frames)
{
	tx_rig_prepare(r, 1, 1500);
	netns_veth("w0", "w1", 1, 1500);
	netns_veth("x0", "x1", 1, 1500);
	netns_run("ip link add br0 type bridge && ip link set br0 up");
	netns_run("for p in v1 w0 x0; do ip link set $p master br0; done");
	netns_run("bridge fdb add 02:00:00:00:00:02 dev w0 master static");
	netns_run("bridge fdb add 02:00:00:00:00:03 dev x0 master static");
	hold();
	r->x.config.tx_ring_frames = r->x.config.completion_ring_frames = RING;
	r->x.config.private_tx_frames = private_frames;
	tx_rig_start(r, 1);
	spend_burst(r);
	(void)net_queue_poll_ready(r->q, &r->x.f.pool); /* events of the set-up */
}

/* A packet that will be held, or not, in so many segments. */
static struct net_tx_metadata *add(struct tx_rig *r, uint32_t id, bool held, uint32_t segments)
{
	uint8_t bytes[FRAME_BYTES];

	frame_plain(bytes, sizeof(bytes), id);
	bytes[5] = held ? 2 : 3;
	return tx_rig_scatter(r, id, bytes, sizeof(bytes), segments);
}

static uint32_t offer(struct tx_rig *r, uint32_t first)
{
	uint32_t completed = 0;

	return frontend_tx(&r->x.f, r->q, &r->list, first, &completed);
}

static void expect_ready(struct tx_rig *r)
{
	cr_assert(net_queue_wait(r->q, &r->x.f.pool, TX_RIG_WAIT_MS * 1000000ll) == 1,
		  "nobody woke us");
}

static void expect_asleep(struct tx_rig *r)
{
	cr_assert_eq(net_queue_wait(r->q, &r->x.f.pool, 50000000), 0,
		     "ready, but everything is held");
}

/* Each of the ids first, first + step, ... comes once. */
static void expect_ids(struct tx_rig *r, uint32_t count, uint32_t first, uint32_t step)
{
	uint32_t ids[RING], n = tx_rig_collect(r, ids, count);
	uint8_t seen[4 * RING] = {0};

	cr_assert(n == count, "%u completions of %u", n, count);
	for (uint32_t i = 0; i < n; i++)
		cr_assert(ids[i] >= first && (ids[i] - first) % step == 0 && !seen[ids[i]]++,
			  "id %u", ids[i]);
	tx_rig_expect_collected(r);
}

CASE(24, completions_in_another_order_find_their_ids)
{
	struct tx_rig r;

	NEEDS_VETH("a receiver that holds what is sent");
	held_open(&r, 512);
	for (uint32_t i = 0; i < 40; i++)
		add(&r, i, i % 2 == 0, 1);
	cr_assert_eq(offer(&r, 0), r.list.count);
	expect_ids(&r, 20, 1, 2);
	expect_asleep(&r);
	release();
	expect_ready(&r);
	expect_ids(&r, 20, 0, 2);
	tx_rig_expect_wire(&r);
	tx_rig_close(&r);
}

CASE(45, packets_of_many_descriptors_complete_once_in_any_order)
{
	struct tx_rig r;

	NEEDS_VETH("a receiver that holds what is sent");
	held_open(&r, 512);
	for (uint32_t i = 0; i < 12; i++)
		add(&r, i, i % 3 == 0, i % 4 == 3 ? 30 : 1 + i);
	cr_assert_eq(offer(&r, 0), r.list.count);
	cr_assert_eq(tx_rig_collect(&r, (uint32_t[8]){0}, 8), 8);
	tx_rig_expect_collected(&r);
	expect_asleep(&r);
	release();
	expect_ids(&r, 4, 0, 3);
	tx_rig_expect_wire(&r);
	tx_rig_close(&r);
}

// 44: same buffer in flight twice: both complete
CASE(44, same_buffer_in_flight_many_times_completes_each)
{
	uint8_t bytes[FRAME_BYTES], seen[30] = {0};
	uint32_t ids[30];
	uint64_t addr;
	struct tx_rig r;

	NEEDS_VETH("a receiver that holds what is sent");
	held_open(&r, 512);
	/* A byte further on there is another frame, to 00:00:00:00:02:02, which is not held. The
	 * kernel's answer does not show bit 0, so the two look the same in flight. */
	netns_run("bridge fdb add 00:00:00:00:02:02 dev x0 master static");
	frame_plain(bytes, FRAME_BYTES, 1);
	r.cursor += r.cursor % 2;
	addr = r.cursor;
	memcpy(frontend_at(&r.x.f, addr, FRAME_BYTES), bytes, FRAME_BYTES);
	frontend_allow(&r.x.f, addr, FRAME_BYTES);
	for (uint32_t i = 0; i < 30; i++)
		frontend_list_frame(&r.list, i, addr + (i % 3 == 2), FRAME_BYTES - 1);
	cr_assert_eq(offer(&r, 0), 30);
	cr_assert_eq(tx_rig_collect(&r, ids, 10), 10);
	tx_rig_expect_collected(&r);
	release();
	cr_assert_eq(tx_rig_collect(&r, ids + 10, 20), 20);
	tx_rig_expect_collected(&r);
	for (uint32_t i = 0; i < 30; i++)
		cr_assert(ids[i] < 30 && seen[ids[i]]++ == 0, "id %u", ids[i]);
	tx_rig_expect_wire(&r);
	tx_rig_close(&r);
}

CASE(28, receiver_that_is_stuck_costs_no_packet_and_doubles_none)
{
	struct tx_rig r;

	NEEDS_VETH("a receiver that holds what is sent");
	held_open(&r, 512);
	for (uint32_t i = 0; i < 2 * RING; i++)
		add(&r, i, true, 1);
	cr_assert_eq(offer(&r, 0), RING, "as many as the completion ring holds");
	for (int i = 0; i < 20; i++) {
		cr_assert_eq(offer(&r, RING), 0, "the kernel still holds all descriptors");
		tx_rig_expect_collected(&r);
	}
	expect_asleep(&r);
	release();
	expect_ready(&r);
	expect_ids(&r, RING, 0, 1);
	cr_assert_eq(offer(&r, RING), RING);
	expect_ids(&r, RING, RING, 1);
	tx_rig_expect_wire(&r);
	tx_rig_expect_counter(&r, NET_XDP_TX_LOST, 0);
	tx_rig_close(&r);
}

/* Nothing but the waiter's own timer can notice that the frames are free again. They are freed one
 * by one while we look, so the rest may be accepted in several parts. */
static void refused_until_released(struct tx_rig *r, uint32_t accepted)
{
	int64_t deadline = frontend_now_ms() + TX_RIG_WAIT_MS;
	pthread_t thread;

	expect_asleep(r);
	cr_assert_eq(pthread_create(&thread, NULL, release_later, NULL), 0);
	while (accepted < r->list.count) {
		expect_ready(r);
		accepted += offer(r, accepted);
		cr_assert(frontend_now_ms() < deadline, "ready, but the refused packet never fits");
	}
	cr_assert_eq(pthread_join(thread, NULL), 0);
}

CASE(29, refused_packet_is_woken_for_without_tx_poll_and_without_rx)
{
	struct tx_rig r;

	NEEDS_VETH("a receiver that holds what is sent");
	held_open(&r, 512);
	for (uint32_t i = 0; i < RING + 10; i++)
		add(&r, i, true, 1);
	cr_assert_eq(offer(&r, 0), RING);
	refused_until_released(&r, RING);
	cr_assert_eq(tx_rig_collect(&r, (uint32_t[RING + 10]){0}, RING + 10), RING + 10);
	tx_rig_expect_wire(&r);
	tx_rig_close(&r);
}

CASE(29, packet_refused_for_want_of_a_private_frame_is_woken_for)
{
	struct tx_rig r;

	NEEDS_VETH("a receiver that holds what is sent");
	held_open(&r, 8);
	for (uint32_t i = 0; i < 12; i++)
		add(&r, i, true, 20);
	cr_assert_eq(offer(&r, 0), 8 * 20);
	refused_until_released(&r, 8 * 20);
	cr_assert_eq(tx_rig_collect(&r, (uint32_t[12]){0}, 12), 12);
	tx_rig_expect_wire(&r);
	tx_rig_close(&r);
}

CASE(30, refused_packet_is_woken_for_after_all_completions_were_collected)
{
	uint32_t accepted;
	struct tx_rig r;

	NEEDS_VETH("a receiver that holds what is sent");
	held_open(&r, 512);
	/* 60 descriptors stay in flight and 4 come back: too few for a packet of 6. */
	for (uint32_t i = 0; i < 10; i++)
		add(&r, i, true, 6);
	for (uint32_t i = 10; i < 14; i++)
		add(&r, i, false, 1);
	add(&r, 14, true, 6);
	accepted = offer(&r, 0);
	cr_assert_eq(accepted, 64);
	cr_assert_eq(tx_rig_collect(&r, (uint32_t[4]){0}, 4), 4);
	tx_rig_expect_collected(&r);
	cr_assert_eq(offer(&r, accepted), 0);
	refused_until_released(&r, accepted);
	cr_assert_eq(tx_rig_collect(&r, (uint32_t[11]){0}, 11), 11);
	tx_rig_expect_wire(&r);
	tx_rig_close(&r);
}

// 07: destroy with TX in flight: no use after free
CASE(07, destroy_says_so_when_a_receiver_still_holds_frames_and_the_queue_comes_back)
{
	struct tx_rig r;
	int rc;

	NEEDS_VETH("a receiver that holds what is sent");
	held_open(&r, 512);
	for (uint32_t i = 0; i < 20; i++)
		add(&r, i, true, 1);
	cr_assert_eq(offer(&r, 0), 20);
	rc = net_queue_destroy(r.q, &r.x.err);
	r.x.queues[0] = NULL;
	cr_assert(rc == -ETIMEDOUT, "%d: the kernel has not let go of the queue", rc);
	cr_assert_str_eq(r.x.err.step, "destroy");
	tx_rig_expect_wire(&r);
	release();
	frontend_xdp_stop(&r.x);
	frontend_xdp_start(&r.x, 1, 0);
	r.q = r.x.queues[0];
	tx_rig_send_all(&r);
	tx_rig_expect_wire(&r);
	tx_rig_close(&r);
}
