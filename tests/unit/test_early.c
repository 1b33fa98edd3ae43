// SPDX-License-Identifier: BSD-2-Clause
/* Cases over a backend of the tests, with and without wrappers. 63: it may write frames in poll_ready, and so gets the pool
 * there: from net_queue_wait, and through the wrappers, which have to see such frames. */
#include <pthread.h>

#include "support/conformance.h"
#include "support/fields.h"
#include "support/frame.h"
#include "support/pcapng_reader.h"
#include "support/stub_rig.h"

enum { IDS = 16, SEED = 3 };

/* Three frames, each a little later. */
static void *send_three(void *arg)
{
	for (uint64_t i = 0; i < 3; i++) {
		frontend_sleep_ms(20);
		stub_rig_arrive(arg, SEED + i);
	}
	return NULL;
}

// 63: a backend that writes frames in poll_ready gets the pool
CASE(63, sleeper_is_woken_by_a_frame_that_poll_ready_writes)
{
	pthread_t thread;
	struct stub_rig r;

	for (enum stub_way way = STUB_BARE; way < STUB_WAYS; way++) {
		stub_rig_open(&r, way);
		frontend_post(&r.f, r.q, 0, IDS);
		cr_assert_eq(net_queue_wait(r.q, &r.f.pool, 0), 0);
		cr_assert_eq(pthread_create(&thread, NULL, send_three, &r), 0);
		cr_assert_eq(net_queue_wait(r.q, &r.f.pool, 10000000000), 1, "nobody woke it");
		cr_assert(r.f.ids[0].delivered, "way %d: not written before rx_poll", way);
		stub_rig_expect(&r, 3, SEED);
		pthread_join(thread, NULL);
		stub_rig_close(&r);
	}
}

CASE(63, look_without_sleep_gets_the_pool)
{
	struct stub_rig r;

	for (enum stub_way way = STUB_BARE; way < STUB_WAYS; way++) {
		stub_rig_open(&r, way);
		frontend_post(&r.f, r.q, 0, 2);
		for (uint64_t i = 0; i < 3; i++)
			stub_rig_arrive(&r, SEED + i);
		cr_assert_eq(net_queue_wait(r.q, &r.f.pool, 0), 1);
		cr_assert(r.f.ids[0].delivered && r.f.ids[1].delivered && !r.f.ids[2].delivered);
		stub_rig_expect(&r, 2, SEED);
		frontend_post(&r.f, r.q, 2, 1);
		stub_rig_expect(&r, 1, SEED + 2); /* it had to wait for a buffer */
		stub_rig_close(&r);
	}
}

/* ---- Capture ---------------------------------------------------------------------------------- */

static void expect_in_file(struct stub_rig *r, uint32_t count, uint64_t seed)
{
	uint8_t want[1024];
	char why[FRAME_WHY_BYTES];
	struct read_file f;

	read_file(&f, r->path);
	cr_assert_eq(f.packet_count, count);
	for (uint32_t i = 0; i < count; i++) {
		const struct read_packet *p = &f.packets[i];

		frame_plain(want, stub_rig_len(seed + i), seed + i);
		cr_assert(p->inbound);
		cr_assert(
			frame_equal(p->bytes, p->captured_bytes, want, stub_rig_len(seed + i), why),
			"packet %u: %s", i, why);
	}
	read_free(&f);
}

CASE(63, capture_has_frames_that_poll_ready_wrote_in_its_file)
{
	struct net_capture_stats stats;
	struct stub_rig r;

	for (enum stub_way way = STUB_BARE; way < STUB_WAYS; way++) {
		if (!STUB_IS_CAPTURED(way))
			continue;
		stub_rig_open(&r, way);
		frontend_post(&r.f, r.q, 0, IDS);
		for (uint64_t i = 0; i < 5; i++)
			stub_rig_arrive(&r, SEED + i);
		cr_assert_eq(net_queue_wait(r.q, &r.f.pool, 0), 1);
		cr_assert_eq(net_capture_stop(r.ep), 0);
		cr_assert_eq(net_capture_get_stats(r.ep, &stats), 0);
		cr_assert(stats.frames == 5 && stats.missed == 0, "before they were collected");
		expect_in_file(&r, 5, SEED);
		stub_rig_arrive(&r, SEED + 5); /* off again */
		stub_rig_expect(&r, 6, SEED);
		stub_rig_close(&r);
	}
}

/* A pool that cannot show its memory. */
CASE(63, capture_counts_frames_of_poll_ready_that_it_cannot_read)
{
	struct net_buffer_access_ops blind;
	struct net_capture_stats stats;
	struct stub_rig r;

	stub_rig_open(&r, STUB_BOTH);
	frontend_post(&r.f, r.q, 0, IDS);
	blind = *r.f.pool.ops;
	blind.memory = NULL;
	r.f.pool.ops = &blind;
	for (uint64_t i = 0; i < 5; i++)
		stub_rig_arrive(&r, SEED + i);
	stub_rig_expect(&r, 5, SEED);
	cr_assert_eq(net_capture_stop(r.ep), 0);
	cr_assert_eq(net_capture_get_stats(r.ep, &stats), 0);
	cr_assert_eq(stats.frames, 0);
	cr_assert_eq(stats.missed, 5);
	stub_rig_close(&r);
}

/* ---- Disconnectable --------------------------------------------------------------------------- */

/* Metadata came, the ids did not: nobody has seen those frames. */
CASE(63, frames_that_poll_ready_wrote_and_nobody_collected_are_counted_by_the_swap)
{
	struct stub_rig r;

	stub_rig_open(&r, STUB_DISCONNECTABLE);
	frontend_post(&r.f, r.q, 0, IDS);
	for (uint64_t i = 0; i < 5; i++)
		stub_rig_arrive(&r, SEED + i);
	cr_assert_eq(net_queue_wait(r.q, &r.f.pool, 0), 1);
	cr_assert_eq(frontend_rx(&r.f, r.q, r.ids, 2), 2);
	stub_rig_end_queue(&r);
	cr_assert_eq(fields_number(r.ep, NULL, "disconnectable.rx_discarded"), 3);
	stub_rig_get_queue(&r);
	stub_rig_close(&r);
}

// 60: the number is handed on as it is
CASE(60, target_reaches_the_backend_through_the_wrappers)
{
	struct stub_rig r;

	for (enum stub_way way = STUB_BARE; way < STUB_WAYS; way++) {
		stub_rig_open(&r, way);
		cr_assert_eq(stub_target(r.stub), -1);
		for (uint32_t cpu = 3; cpu < 5; cpu++) {
			net_queue_update_target_vp(r.q, cpu);
			cr_assert_eq(stub_target(r.stub), (int)cpu, "way %d", way);
		}
		stub_rig_close(&r);
	}
}
