// SPDX-License-Identifier: BSD-2-Clause
/* What one life of a kept socket leaves in its fill ring does nothing in the next: each id, byte and frame of
 * many lives is accounted for. */
#include <errno.h>

#include <criterion/criterion.h>

#include "support/keep_rig.h"
#include "support/traffic.h"

TestSuite(keep_lives, .timeout = 60);

enum { IDS = 256, FRAME = 60 };

/* Post some ids, send some frames, and account for each id, byte and frame. */
static void one_life(struct rig *r, struct frame_random *random, bool rings_hold_all)
{
	struct frontend *f = &r->x.f;
	uint32_t first = frame_random_below(random, IDS), posted = 0, seen = 0, polled = 0;
	uint32_t sent = frame_random_below(random, 150), ids[IDS], n;
	uint32_t initial = frame_random_below(random, 2) ? frame_random_below(random, 100) : 0;
	uint32_t later = frame_random_below(random, 100), collect;
	struct net_queue_config config = {.pool = &f->pool, .initial_rx = ids};
	bool is_posted[IDS] = {0};
	uint8_t frame[FRAME];

	frontend_poison(f, frame_random_next(random));
	for (uint32_t i = 0; i < initial + later; i++, posted++) {
		ids[i] = (first + i) % IDS;
		is_posted[ids[i]] = true;
	}
	config.initial_rx_count = initial;
	cr_assert_eq(net_endpoint_get_queues(r->x.ep, &config, 1, NULL, r->x.queues, &r->x.err), 0,
		     "%s", r->x.err.message);
	r->x.queue_count = 1;
	frontend_post_ids(f, r->x.queues[0], ids + initial, later);
	for (uint32_t i = 0; i < sent; i++) {
		frame_plain(frame, sizeof(frame), i);
		peer_send(&r->peer, frame, sizeof(frame));
	}
	collect = frame_random_below(random, 4) ? (sent < posted ? sent : posted) : 0;
	while (seen < collect) {
		n = frontend_rx_wait(f, r->x.queues[0], ids, collect - seen,
				     rings_hold_all ? 2000 : 20);
		cr_assert(n || !rings_hold_all, "%u of %u frames came, %u buffers posted", seen,
			  sent, posted);
		if (n == 0)
			break;
		for (uint32_t i = 0; i < n; i++, polled++) {
			cr_assert(is_posted[ids[i]], "id %u was not posted", ids[i]);
			frame_plain(frame, sizeof(frame), polled);
			if (rings_hold_all)
				frontend_expect_frame(f, ids[i], frame, sizeof(frame));
			is_posted[ids[i]] = false;
			f->ids[ids[i]].delivered = false;
			frontend_allow(f, f->ids[ids[i]].buffer.addr,
				       f->ids[ids[i]].buffer.capacity_bytes +
					       f->ids[ids[i]].buffer.header_bytes);
		}
		seen += n;
	}
	cr_assert_eq(frontend_xdp_counter(&r->x, 0, NET_XDP_RX_UNKNOWN), 0);
	frontend_xdp_stop(&r->x);
	/* What came and was not polled lies in buffers that were posted. */
	for (uint32_t id = 0; id < IDS; id++)
		if (is_posted[id])
			frontend_allow(f, f->ids[id].buffer.addr - 256,
				       f->ids[id].buffer.capacity_bytes + 256);
	cr_assert_eq(frontend_first_change(f), 0, "0x%lx", frontend_first_change(f));
}

/* Frames one by one, ids back and forth, and at the end a frame for each id that is posted: all come back,
 * and nothing else is written to. */
static void one_busy_life(struct rig *r, struct frame_random *random, uint32_t ring)
{
	struct frontend *f = &r->x.f;
	uint32_t idle[IDS], idle_count = IDS, posted = 0, sent = 0, n, id, most = 0;
	uint32_t steps = frame_random_below(random, 40), patience;
	struct net_queue_config config = {.pool = &f->pool};
	uint8_t frame[FRAME];

	for (uint32_t i = 0; i < IDS; i++)
		idle[i] = i;
	if (frame_random_below(random, 2))
		config.initial_rx_count = frame_random_below(random, (ring < IDS ? ring : IDS) / 2);
	config.initial_rx = idle + IDS - config.initial_rx_count;
	idle_count -= posted = config.initial_rx_count;
	frontend_poison(f, frame_random_next(random));
	cr_assert_eq(net_endpoint_get_queues(r->x.ep, &config, 1, NULL, r->x.queues, &r->x.err), 0,
		     "%s", r->x.err.message);
	r->x.queue_count = 1;
	for (uint32_t step = 0; step < steps || posted; step++) {
		if (step < steps) {
			n = frame_random_below(random, 40);
			n = n < idle_count ? n : idle_count;
			idle_count -= n;
			frontend_post_ids(f, r->x.queues[0], idle + idle_count, n);
			posted += n;
			most = posted > most ? posted : most;
		}
		if (!posted)
			continue;
		frame_plain(frame, sizeof(frame), ++sent);
		peer_send(&r->peer, frame, sizeof(frame));
		for (patience = 0; frontend_rx(f, r->x.queues[0], &id, 1) == 0; patience++) {
			cr_assert_lt(patience, 2000, "%u posted, %u at most, frame %u", posted,
				     most, sent);
			frontend_sleep_ms(1);
		}
		frontend_expect_frame(f, id, frame, sizeof(frame));
		frontend_allow(f, frontend_frame_addr(f, id), sizeof(frame));
		f->ids[id].delivered = false;
		idle[idle_count++] = id;
		posted--;
	}
	cr_assert_eq(frontend_first_change(f), 0, "0x%lx", frontend_first_change(f));
	frontend_xdp_stop(&r->x);
}

static void many_lives(bool unaligned, uint32_t ring, uint64_t seed, uint32_t most)
{
	struct frame_random random = frame_random(seed);
	uint32_t kept = 0, lives = 150;
	struct rig r;

	keep_prepare(&r, 1);
	r.x.config.unaligned = unaligned;
	r.x.config.fill_ring_frames = r.x.config.rx_ring_frames = ring;
	frontend_xdp_open(&r.x);
	rig_up();
	keep_registrations();
	for (uint32_t i = 0; i < lives; i++)
		if (frame_random_below(&random, 2))
			one_life(&r, &random, ring > IDS);
		else
			one_busy_life(&r, &random, ring);
	kept = lives - keep_registrations();
	cr_assert(kept >= most, "kept %u times of %u", kept, lives);
	rig_close(&r);
}

Test(keep_lives, no_frame_goes_to_a_buffer_of_the_queue_before_and_no_id_is_lost)
{
	many_lives(true, 2048, 1, 100);
}

Test(keep_lives, the_same_of_aligned_chunks)
{
	many_lives(false, 2048, 2, 100);
}

/* It is often more than half of this ring that is left over, and the RX ring overflows. */
Test(keep_lives, the_same_where_rings_are_small)
{
	many_lives(true, 128, 3, 20);
}

/* A life that posts nothing, between two that do, and one that posts as many as were left over: the kernel has
 * read on where it was shown entries, and neither life may go back behind that. */
Test(keep_lives, life_without_buffers_changes_nothing)
{
	const uint32_t posted[] = {64, 0, 64, 0, 0, 30, 100, 0, 64};
	uint8_t frame[FRAME];
	uint32_t id, sent = 0;
	struct rig r;

	keep_prepare(&r, 1);
	r.x.config.fill_ring_frames = 256;
	frontend_xdp_open(&r.x);
	rig_up();
	for (uint32_t life = 0; life < 9; life++) {
		frontend_poison(&r.x.f, life);
		frontend_xdp_start(&r.x, 1, 0);
		if (posted[life])
			frontend_post(&r.x.f, r.x.queues[0], 0, posted[life]);
		cr_assert_eq(frontend_xdp_report(&r.x, 0).takes_frames, posted[life] != 0);
		for (uint32_t i = 0; i < 300 && posted[life]; i++) { /* around the ring */
			frame_plain(frame, sizeof(frame), ++sent);
			peer_send(&r.peer, frame, sizeof(frame));
			cr_assert_eq(frontend_rx_wait(&r.x.f, r.x.queues[0], &id, 1, 2000), 1,
				     "life %u, frame %u", life, i);
			frontend_expect_frame(&r.x.f, id, frame, sizeof(frame));
			frontend_allow(&r.x.f, frontend_frame_addr(&r.x.f, id), sizeof(frame));
			r.x.f.ids[id].delivered = false;
			if (i < 300 - posted[life]) /* at the end each comes back */
				frontend_post_ids(&r.x.f, r.x.queues[0], &id, 1);
		}
		cr_assert_eq(frontend_xdp_counter(&r.x, 0, NET_XDP_RX_UNKNOWN), 0);
		frontend_xdp_stop(&r.x);
		cr_assert_eq(frontend_first_change(&r.x.f), 0, "life %u: 0x%lx", life,
			     frontend_first_change(&r.x.f));
	}
	cr_assert_leq(keep_registrations(), 2);
	rig_close(&r);
}

/* The dead entries count: more than the rest of the ring is parked, and nothing is overwritten. */
Test(keep_lives, buffers_beyond_the_room_that_is_left_wait)
{
	uint8_t frame[FRAME];
	uint32_t id;
	struct rig r;

	keep_prepare(&r, 1);
	r.x.config.fill_ring_frames = 256;
	frontend_xdp_open(&r.x);
	rig_up();
	frontend_xdp_start(&r.x, 1, 128);
	frontend_xdp_stop(&r.x);
	keep_registrations();
	frontend_poison(&r.x.f, 1);
	frontend_xdp_start(&r.x, 1, 1);
	cr_assert_eq(keep_registrations(), 0);
	frontend_post(&r.x.f, r.x.queues[0], 1, 250);
	for (uint32_t i = 0; i < 251; i++) {
		frame_plain(frame, sizeof(frame), i);
		peer_send(&r.peer, frame, sizeof(frame));
		cr_assert_eq(frontend_rx_wait(&r.x.f, r.x.queues[0], &id, 1, 2000), 1, "frame %u",
			     i);
		frontend_expect_frame(&r.x.f, id, frame, sizeof(frame));
		frontend_allow(&r.x.f, frontend_frame_addr(&r.x.f, id), sizeof(frame));
	}
	cr_assert_eq(frontend_xdp_counter(&r.x, 0, NET_XDP_RX_UNKNOWN), 0);
	cr_assert_eq(frontend_first_change(&r.x.f), 0);
	rig_close(&r);
}
