// SPDX-License-Identifier: BSD-2-Clause
/* Cases 47 to 49: when a queue is ready, and what wakes its waiter. */
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "support/conformance.h"
#include "support/frame.h"
#include "support/netns.h"
#include "support/traffic.h"
#include "support/waiter.h"

static void send_one(struct rig *r)
{
	uint8_t frame[100];

	frame_plain(frame, sizeof(frame), 47);
	while (!traffic_quiet_send(&r->peer, frame, sizeof(frame)))
		;
}

static void release(struct rig *r)
{
	(void)r;
	traffic_release();
}

/* ---- 47 ------------------------------------------------------------------------------------------- */

// 47: pending means a later event wakes the waiter: a frame, on the descriptor and in the wait
CASE(47, pending_then_a_frame_wakes)
{
	struct later later;
	struct rig r;
	uint32_t id;

	rig_open(&r, 1);
	frontend_xdp_start(&r.x, 1, 64);
	for (int i = 0; i < 20; i++) {
		waiter_expect_pending(r.x.queues[0]);
		later_start(&later, &r, i % 3 * 20, send_one);
		if (i % 2)
			waiter_sleep(r.x.queues[0]);
		else
			cr_assert_eq(net_queue_wait(r.x.queues[0], &r.x.f.pool, WAITER_PATIENCE_NS),
				     1);
		cr_assert_eq(frontend_rx(&r.x.f, r.x.queues[0], &id, 1), 1);
		/* Posting after the queue said pending must not need another look. */
		frontend_post(&r.x.f, r.x.queues[0], id, 1);
		pthread_join(later.thread, NULL);
	}
	rig_close(&r);
}

// 47: the link going down, and its coming back
CASE(47, pending_then_a_link_event_wakes)
{
	const uint32_t queues = fixture_queues(2);
	struct net_action action;
	struct rig r;

	rig_open(&r, queues);
	frontend_xdp_start(&r.x, queues, 64);
	for (int i = 0; i < 4; i++) {
		for (uint32_t q = 0; q < queues; q++)
			waiter_expect_pending(r.x.queues[q]);
		netns_run("ip link set %s %s", fixture_link(), i % 2 ? "up" : "down");
		for (uint32_t q = 0; q < queues; q++)
			waiter_sleep(r.x.queues[q]);
		while (net_endpoint_poll_action(r.x.ep, &action) == 0)
			frontend_sleep_ms(1);
		cr_assert(action.kind == NET_ACTION_LINK && action.link_up == (i % 2 == 1));
	}
	rig_close(&r);
}

// 47: room for a refused packet, which nothing but completions makes
CASE(47, pending_after_a_refused_packet_then_room_wakes)
{
	uint32_t completed = 0, accepted;
	struct frontend_list list;
	struct later later;
	struct rig r;

	NEEDS_VETH("a receiver that holds what is sent");
	rig_prepare(&r, 1);
	r.x.config.tx_ring_frames = r.x.config.completion_ring_frames = 8;
	frontend_xdp_open(&r.x);
	frontend_xdp_start(&r.x, 1, 16);
	traffic_hold("v1");
	frontend_list_open(&list, 20);
	for (uint32_t i = 0; i < 20; i++)
		traffic_put(&r.x, &list, i, 1400);
	accepted = frontend_tx(&r.x.f, r.x.queues[0], &list, 0, &completed);
	cr_assert(accepted > 0 && accepted < 20, "%u of 20 accepted", accepted);
	waiter_expect_pending(r.x.queues[0]);
	later_start(&later, &r, 50, release);
	waiter_sleep(r.x.queues[0]);
	cr_assert_gt(frontend_tx(&r.x.f, r.x.queues[0], &list, accepted, &completed), 0);
	pthread_join(later.thread, NULL);
	frontend_list_close(&list);
	rig_close(&r);
}

/* ---- 48 ------------------------------------------------------------------------------------------- */

enum { STRESS_FRAMES = 3000 };

struct stress {
	struct rig r;
	uint32_t taken; /* atomic */
};

/* Send the next frame at a random moment after the last one was taken: often just when the receiver
 * decides to sleep. */
static void *stress_thread(void *arg)
{
	struct frame_random random = frame_random(48);
	struct stress *s = arg;

	for (uint32_t i = 0; i < STRESS_FRAMES; i++) {
		uint32_t spin = frame_random_below(&random, 20000);

		while (__atomic_load_n(&s->taken, __ATOMIC_ACQUIRE) != i)
			sched_yield();
		for (volatile uint32_t n = 0; n < spin; n++)
			;
		send_one(&s->r);
	}
	return NULL;
}

// 48: no wake-up lost between drain and re-arm: a waiter without deadline gets every frame
CASE(48, stress_frames_at_random_moments_wake_each_time)
{
	struct stress s = {.taken = 0};
	uint32_t ids[8], slept = 0, n;
	struct net_queue *q;
	pthread_t thread;

	rig_open(&s.r, 1);
	frontend_xdp_start(&s.r.x, 1, 64);
	q = s.r.x.queues[0];
	cr_assert(pthread_create(&thread, NULL, stress_thread, &s) == 0);
	while (s.taken < STRESS_FRAMES) {
		n = frontend_rx(&s.r.x.f, q, ids, 8);
		cr_assert_leq(n, 1);
		if (n) {
			__atomic_store_n(&s.taken, s.taken + 1, __ATOMIC_RELEASE);
			frontend_post_ids(&s.r.x.f, q, ids, n);
		} else if (!net_queue_poll_ready(q, NULL)) {
			slept += waiter_sleep(q);
		}
	}
	pthread_join(thread, NULL);
	cr_assert_gt(slept, STRESS_FRAMES / 20, "it slept only %u times: no test of waking", slept);
	rig_close(&s.r);
}

/* ---- 49 ------------------------------------------------------------------------------------------- */

// 49: a locally completed packet makes ready
CASE(49, dropped_packet_makes_ready_at_once)
{
	uint32_t completed = 0, id = 0;
	struct frontend_list list;
	struct rig r;

	rig_open(&r, 1);
	frontend_xdp_start(&r.x, 1, 16);
	waiter_expect_pending(r.x.queues[0]);
	frontend_list_open(&list, 1);
	frontend_list_frame(&list, 4711, FRONTEND_BASE, 10); /* a runt */
	cr_assert_eq(frontend_tx(&r.x.f, r.x.queues[0], &list, 0, &completed), 1);
	if (!completed) {
		cr_assert(net_queue_poll_ready(r.x.queues[0], &r.x.f.pool));
		cr_assert_eq(net_queue_tx_poll(r.x.queues[0], &r.x.f.pool, &id, 1), 1);
		cr_assert_eq(id, 4711);
	}
	waiter_expect_pending(r.x.queues[0]);
	frontend_list_close(&list);
	rig_close(&r);
}

// 49: the last completion, with no further traffic and long after the send, is seen
CASE(49, last_completion_after_a_long_time_wakes)
{
	uint32_t completed = 0, ids[8];
	struct frontend_list list;
	struct later later;
	struct rig r;

	NEEDS_VETH("a receiver that holds what is sent");
	rig_open(&r, 1);
	frontend_xdp_start(&r.x, 1, 16);
	traffic_hold("v1");
	frontend_list_open(&list, 3);
	for (uint32_t i = 0; i < 3; i++)
		traffic_put(&r.x, &list, i, 1400);
	cr_assert_eq(frontend_tx(&r.x.f, r.x.queues[0], &list, 0, &completed), 3);
	frontend_sleep_ms(300);
	cr_assert_eq(net_queue_tx_poll(r.x.queues[0], &r.x.f.pool, ids, 8), 0, "nothing is held");
	waiter_expect_pending(r.x.queues[0]);
	later_start(&later, &r, 500, release);
	waiter_sleep(r.x.queues[0]);
	pthread_join(later.thread, NULL);
	/* The three were held by one queue discipline and are freed together. */
	for (uint32_t got = 0; got < 3;
	     got += (uint32_t)net_queue_tx_poll(r.x.queues[0], &r.x.f.pool, ids, 8))
		cr_assert_eq(net_queue_wait(r.x.queues[0], &r.x.f.pool, WAITER_PATIENCE_NS), 1);
	frontend_list_close(&list);
	rig_close(&r);
}
