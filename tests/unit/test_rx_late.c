// SPDX-License-Identifier: BSD-2-Clause
/* Receive when the kernel publishes its indices late. */
#include <criterion/criterion.h>
#include <string.h>

#include "support/rx_fake.h"

/* All of a ring's buffers are with the kernel. Frames come into some of them; their descriptors are seen,
 * but not yet that the fill entries were read. The buffers go back, and more are offered. */
static void post_more(uint32_t ring, uint32_t frames, uint32_t more)
{
	struct net_xdp_config c = rx_fake_small_rings();
	static bool seen[RX_FAKE_IDS];
	static uint32_t ids[RX_FAKE_IDS];
	uint32_t held, n = 0;
	uint64_t fill;
	struct rx_fake r;

	c.fill_ring_frames = c.rx_ring_frames = ring;
	rx_fake_open(&r, c);
	r.q->ops = &queue_ops; /* the stores are made here */
	r.k.any_order = false;
	rx_fake_layout_direct(&r, RX_FAKE_IDS);
	for (uint32_t id = 0; fake_filled(&r.k) == id && id < ring; id++)
		frontend_post(&r.f, r.q, id, 1);
	held = fake_filled(&r.k);
	for (uint32_t i = 0; i < frames; i++)
		cr_assert(fake_receive(&r.k, "fourteen bytes", 14));
	cr_assert(fake_publish(&r.k), "the RX ring's");
	for (uint32_t got; (got = frontend_rx(&r.f, r.q, ids + n, RX_FAKE_IDS - n)) != 0; n += got)
		;
	cr_assert_eq(n, frames);
	frontend_post_ids(&r.f, r.q, ids, n);
	frontend_post(&r.f, r.q, ring, more);
	cr_assert_leq(fake_filled(&r.k), ring, "%u entries in a ring of %u", fake_filled(&r.k),
		      ring);
	cr_assert_geq(fake_filled(&r.k), held, "what came back is not posted again");
	memset(seen, 0, sizeof(seen));
	while (fake_take_fill(&r.k, &fill)) {
		uint32_t id = (uint32_t)(fill / 1601); /* as they are laid out */

		cr_assert_not(seen[id], "the kernel was given a chunk twice");
		seen[id] = true;
	}
	rx_fake_close(&r);
}

Test(rx, posting_before_the_fill_index_is_seen_overruns_nothing)
{
	static const uint32_t rings[] = {1, 2, 16, 64, 128, 256, 2048};

	for (uint32_t i = 0; i < sizeof(rings) / sizeof(*rings); i++) {
		post_more(rings[i], 1, 1);
		post_more(rings[i], (rings[i] + 1) / 2, rings[i]);
		post_more(rings[i], rings[i] - rings[i] / 8, 1000);
	}
}

/* What is left in a kept socket's fill ring takes room until the kernel has read it (xdp/keep.h). */
Test(rx, dead_entries_of_a_kept_fill_ring_take_room_until_they_are_read)
{
	struct net_xdp_queue *q;
	struct rx_fake r;
	uint64_t fill;

	rx_fake_open(&r, rx_fake_small_rings());
	q = &r.k.queue;
	r.q->ops = &queue_ops;
	r.k.any_order = false;
	rx_fake_layout_direct(&r, 1000);
	for (int i = 0; i < 40; i++)
		*ring_address(&q->xsk.fill, q->xsk.fill.mine++) = UINT64_MAX;
	ring_publish(&q->xsk.fill);
	q->fill_dead = 40;
	q->fill_end = q->xsk.fill.mine;
	for (uint32_t id = 0; id < 100; id++) {
		frontend_post(&r.f, r.q, id, 1);
		cr_assert_leq(fake_filled(&r.k), 64, "the fill ring was overrun by id %u", id);
	}
	cr_assert_eq(fake_filled(&r.k), 64);
	for (int i = 0; i < 40; i++)
		cr_assert(fake_take_fill(&r.k, &fill) && fill == UINT64_MAX);
	fake_settle(&r.k);
	frontend_post(&r.f, r.q, 100, 1);
	cr_assert_eq(fake_filled(&r.k), 64, "there is room again");
	rx_fake_close(&r);
}

/* A sleeper is woken by frames only: with nothing in the fill ring there are none. */
Test(rx, empty_fill_ring_is_filled_whatever_its_index_says)
{
	uint32_t ids[64];
	struct rx_fake r;

	rx_fake_open(&r, rx_fake_small_rings());
	r.q->ops = &queue_ops;
	r.k.any_order = false;
	rx_fake_layout_direct(&r, 1000);
	frontend_post(&r.f, r.q, 0, 1000);
	for (uint32_t i = 0; i < 64; i++)
		cr_assert(fake_receive(&r.k, "fourteen bytes", 14));
	cr_assert(fake_publish(&r.k));
	cr_assert_eq(frontend_rx(&r.f, r.q, ids, 64), 64);
	cr_assert_eq(fake_filled(&r.k), 64);
	rx_fake_close(&r);
}
