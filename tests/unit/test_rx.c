// SPDX-License-Identifier: BSD-2-Clause
/* Receive against the fake kernel: every index starts shortly before 2^32. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "support/fake_kernel.h"

enum { START = (int)0xfffffff0, IDS = 4096, BYTES = 16 << 20 };

struct rig {
	struct frontend f;
	struct fake_kernel k;
	struct net_queue *q;
};

static struct net_xdp_config small_rings(void)
{
	struct net_xdp_config c = net_xdp_config_default();

	c.rx_ring_frames = c.tx_ring_frames = 64;
	c.fill_ring_frames = c.completion_ring_frames = 64;
	c.private_rx_chunks = 32;
	c.private_tx_frames = 16;
	c.rx_id_limit = IDS;
	return c;
}

static void rig_open(struct rig *r, struct net_xdp_config config)
{
	frontend_open(&r->f, BYTES, IDS);
	fake_open(&r->k, config, &r->f, (uint32_t)START);
	r->q = &r->k.queue.base;
}

static void rig_close(struct rig *r)
{
	fake_close(&r->k);
	frontend_close(&r->f);
}

static uint64_t counter(struct rig *r, enum net_xdp_counter c)
{
	return r->k.queue.counter[c];
}

/* Odd addresses, 12 bytes of gap, just the capacity of a direct buffer. */
static void layout_direct(struct rig *r, uint32_t count)
{
	frontend_layout(&r->f, 0, count, FRONTEND_BASE + 1001, 1601, 12, 1518);
}

static void make_frame(uint8_t *frame, uint32_t len, uint32_t seed)
{
	for (uint32_t i = 0; i < len; i++)
		frame[i] = (uint8_t)(seed * 31 + i * 7 + (i >> 8));
}

/* One frame through, checked. Return: its id. */
static uint32_t pass(struct rig *r, uint32_t len, uint32_t seed)
{
	uint8_t frame[9216];
	uint32_t id;

	make_frame(frame, len, seed);
	cr_assert(fake_receive(&r->k, frame, len));
	cr_assert_eq(frontend_rx(&r->f, r->q, &id, 1), 1);
	frontend_expect_frame(&r->f, id, frame, len);
	return id;
}

Test(rx, many_rounds_over_the_index_wrap_return_exact_frames)
{
	struct rig r;

	rig_open(&r, small_rings());
	layout_direct(&r, 200);
	frontend_post(&r.f, r.q, 0, 200);
	for (uint32_t i = 0; i < 5000; i++)
		frontend_post(&r.f, r.q, pass(&r, 14 + i % 1505, i), 1);
	cr_assert_eq(counter(&r, NET_XDP_RX_DIRECT), 5000);
	cr_assert_eq(counter(&r, NET_XDP_RX_BOUNCED), 0);
	rig_close(&r);
}

Test(rx, more_ids_than_ring_wait_and_are_all_used)
{
	struct rig r;
	bool seen[1000] = {false};

	rig_open(&r, small_rings());
	layout_direct(&r, 1000);
	frontend_post(&r.f, r.q, 0, 1000);
	cr_assert_eq(fake_filled(&r.k), 64);
	for (uint32_t i = 0; i < 1000; i++) {
		uint32_t id = pass(&r, 100, i);

		cr_assert_not(seen[id]);
		seen[id] = true;
	}
	cr_assert_eq(fake_filled(&r.k), 0);
	rig_close(&r);
}

Test(rx, bad_ids_are_refused_one_by_one)
{
	const uint32_t ids[] = {0, 1, 0, 2, IDS + 5, 3, 4, 5};
	struct rig r;

	rig_open(&r, small_rings());
	layout_direct(&r, 6);
	frontend_set_buffer(&r.f, 2, FRONTEND_BASE - 1, 12, 1518);
	frontend_set_buffer(&r.f, 3, FRONTEND_BASE + BYTES - 100, 12, 1518);
	frontend_set_buffer(&r.f, 4, UINT64_MAX - 100, 12, UINT32_MAX);
	/* 0 twice, 2, 3, 4 outside, IDS + 5 beyond the limit; 1 and 5 are fine */
	cr_assert_eq(net_queue_rx_avail(r.q, &r.f.pool, ids, 8), 5);
	cr_assert_eq(counter(&r, NET_XDP_RX_REFUSED_DUPLICATE), 1);
	cr_assert_eq(counter(&r, NET_XDP_RX_REFUSED_ADDRESS), 3);
	cr_assert_eq(counter(&r, NET_XDP_RX_REFUSED_ID), 1);
	cr_assert_eq(fake_filled(&r.k), 3);
	rig_close(&r);
}

Test(rx, small_buffers_bounce_and_are_counted)
{
	struct rig r;

	rig_open(&r, small_rings());
	frontend_layout(&r.f, 0, 100, FRONTEND_BASE + 77, 1601, 12, 1500);
	frontend_post(&r.f, r.q, 0, 100);
	cr_assert_eq(fake_filled(&r.k), 32, "one private chunk per waiting buffer, 32 there are");
	cr_assert_eq(counter(&r, NET_XDP_RX_BOUNCE_CAPACITY), 100);
	for (uint32_t i = 0; i < 1000; i++)
		frontend_post(&r.f, r.q, pass(&r, 60 + i % 1440, i), 1);
	cr_assert_eq(counter(&r, NET_XDP_RX_BOUNCED), 1000);
	cr_assert_eq(counter(&r, NET_XDP_RX_DIRECT), 0);
	rig_close(&r);
}

Test(rx, frame_over_capacity_is_dropped_and_its_buffer_used_again)
{
	uint8_t frame[1518];
	struct rig r;
	uint32_t id;

	rig_open(&r, small_rings());
	frontend_layout(&r.f, 0, 1, FRONTEND_BASE + 77, 1601, 12, 1000);
	frontend_post(&r.f, r.q, 0, 1);
	make_frame(frame, 1001, 1);
	cr_assert(fake_receive(&r.k, frame, 1001));
	cr_assert_eq(frontend_rx(&r.f, r.q, &id, 1), 0);
	cr_assert_eq(counter(&r, NET_XDP_RX_DROP_CAPACITY), 1);
	pass(&r, 1000, 2);
	rig_close(&r);
}

/* The kernel writes no such frame; what it says is checked all the same, in both of the ways that a
 * descriptor is read. */
Test(rx, direct_frame_of_just_its_capacity_is_taken_and_one_byte_more_dropped)
{
	static uint8_t frame[2048];

	for (uint32_t inspect = 0; inspect < 2; inspect++) {
		struct rig r;
		uint32_t id;

		rig_open(&r, small_rings());
		r.k.queue.inspect = inspect; /* every frame takes the general path */
		layout_direct(&r, 4);
		frontend_post(&r.f, r.q, 0, 4);
		cr_assert(fake_receive(&r.k, frame, 1518 + 1));
		cr_assert_eq(frontend_rx(&r.f, r.q, &id, 1), 0);
		cr_assert_eq(counter(&r, NET_XDP_RX_DROP_CAPACITY), 1);
		pass(&r, 1518, 1);
		cr_assert_eq(counter(&r, NET_XDP_RX_DROP_CAPACITY), 1);
		rig_close(&r);
	}
}

Test(rx, frame_placed_further_back_reports_its_offset)
{
	uint8_t frame[1500];
	struct rig r;
	uint64_t fill;
	uint32_t id;

	rig_open(&r, small_rings());
	frontend_layout(&r.f, 0, 1, FRONTEND_BASE + 5001, 0, 12, 1534);
	frontend_post(&r.f, r.q, 0, 1);
	make_frame(frame, 1500, 1);
	cr_assert(fake_take_fill(&r.k, &fill));
	cr_assert(fake_receive_into(&r.k, fill, frame, 1500, 0, 16));
	cr_assert_eq(net_queue_rx_poll(r.q, &r.f.pool, &id, 1), 1);
	cr_assert_eq(frontend_metadata(&r.f, id)->offset_bytes, 16);
	cr_assert_eq(memcmp(frontend_at(&r.f, FRONTEND_BASE + 5001 + 12 + 16, 1500), frame, 1500),
		     0);
	/* and so far back that it would leave the buffer: dropped */
	r.f.ids[0].posted = false;
	frontend_post(&r.f, r.q, 0, 1);
	cr_assert(fake_take_fill(&r.k, &fill));
	cr_assert(fake_receive_into(&r.k, fill, frame, 1500, 0, 35));
	cr_assert_eq(net_queue_rx_poll(r.q, &r.f.pool, &id, 1), 0);
	cr_assert_eq(counter(&r, NET_XDP_RX_DROP_CAPACITY), 1);
	cr_assert_eq(fake_filled(&r.k), 1, "the buffer is with the kernel again");
	rig_close(&r);
}

/* What igb does with 2 KiB chunks: one frame, two descriptors that nobody asked for. */
Test(rx, frame_split_unasked_is_dropped_whole)
{
	uint8_t frame[1500];
	struct rig r;
	uint64_t fill[2];
	uint32_t ids[4];

	rig_open(&r, small_rings());
	layout_direct(&r, 4);
	frontend_post(&r.f, r.q, 0, 4);
	make_frame(frame, 1500, 1);
	cr_assert(fake_take_fill(&r.k, &fill[0]) && fake_take_fill(&r.k, &fill[1]));
	cr_assert(fake_receive_into(&r.k, fill[0], frame, 1024, XDP_PKT_CONTD, 0));
	cr_assert(fake_receive_into(&r.k, fill[1], frame, 476, 0, 0));
	cr_assert_eq(net_queue_rx_poll(r.q, &r.f.pool, ids, 4), 0);
	cr_assert_eq(counter(&r, NET_XDP_RX_DROP_SPLIT), 1);
	for (uint32_t i = 0; i < 4; i++)
		pass(&r, 200, i);
	rig_close(&r);
}

Test(rx, descriptor_of_unknown_chunk_is_counted_and_passed_over)
{
	struct rig r;
	uint32_t id;

	rig_open(&r, small_rings());
	layout_direct(&r, 2);
	frontend_post(&r.f, r.q, 0, 2);
	cr_assert(fake_receive_into(&r.k, 8192, "fourteen bytes", 14, 0, 0));
	cr_assert_eq(net_queue_rx_poll(r.q, &r.f.pool, &id, 1), 0);
	cr_assert_eq(counter(&r, NET_XDP_RX_UNKNOWN), 1);
	pass(&r, 60, 1);
	pass(&r, 60, 2);
	rig_close(&r);
}

Test(rx, chunks_in_any_order_give_the_right_ids)
{
	struct rig r;
	uint64_t held[64];
	uint32_t count = 0, id;
	uint8_t frame[64];

	srand(7);
	rig_open(&r, small_rings());
	layout_direct(&r, 64);
	frontend_post(&r.f, r.q, 0, 64);
	for (uint32_t i = 0; i < 20000; i++) {
		uint32_t pick;

		while (count < 64 && fake_take_fill(&r.k, &held[count]))
			count++;
		pick = (uint32_t)rand() % count;
		make_frame(frame, 64, i);
		cr_assert(fake_receive_into(&r.k, held[pick], frame, 64, 0, 0));
		held[pick] = held[--count];
		cr_assert_eq(frontend_rx(&r.f, r.q, &id, 1), 1);
		frontend_expect_frame(&r.f, id, frame, 64);
		frontend_post(&r.f, r.q, id, 1);
	}
	rig_close(&r);
}

/* Edge buffers: the guard page makes the first byte eligible, the private area the last. */
Test(rx, first_and_last_bytes_of_the_region_are_direct)
{
	struct rig r;

	rig_open(&r, small_rings());
	frontend_set_buffer(&r.f, 0, FRONTEND_BASE, 0, 1518);
	frontend_set_buffer(&r.f, 1, FRONTEND_BASE + BYTES - 1518, 0, 1518);
	frontend_post(&r.f, r.q, 0, 2);
	pass(&r, 1518, 1);
	pass(&r, 1518, 2);
	cr_assert_eq(counter(&r, NET_XDP_RX_DIRECT), 2);
	rig_close(&r);
}

Test(rx, aligned_buffers_are_direct_only_in_place_and_once)
{
	struct net_xdp_config c = small_rings();
	struct rig r;
	uint32_t id = 2;

	c.unaligned = false;
	rig_open(&r, c);
	frontend_set_buffer(&r.f, 0, FRONTEND_BASE + 4096, 256, 1792);
	frontend_set_buffer(&r.f, 1, FRONTEND_BASE + 8192 + 1, 256, 1792);
	frontend_set_buffer(&r.f, 2, FRONTEND_BASE + 4096, 256, 1792); /* the chunk of id 0 */
	frontend_post(&r.f, r.q, 0, 2);
	cr_assert_eq(net_queue_rx_avail(r.q, &r.f.pool, &id, 1), 1);
	cr_assert_eq(counter(&r, NET_XDP_RX_REFUSED_DUPLICATE), 1);
	cr_assert_eq(counter(&r, NET_XDP_RX_BOUNCE_PLACE), 1);
	pass(&r, 1700, 1);
	pass(&r, 1700, 2);
	cr_assert_eq(counter(&r, NET_XDP_RX_DIRECT), 1);
	cr_assert_eq(counter(&r, NET_XDP_RX_BOUNCED), 1);
	rig_close(&r);
}

/* Two ids for each chunk: neither is taken while the other's frame may still come. */
Test(rx, aligned_chunk_is_with_the_kernel_for_one_id_at_a_time)
{
	struct net_xdp_config c = small_rings();
	struct rig r;
	uint32_t ids[2][32];

	c.unaligned = false;
	rig_open(&r, c);
	frontend_layout(&r.f, 0, 32, FRONTEND_BASE + 4096, 2048, 256, 1792);
	frontend_layout(&r.f, 32, 32, FRONTEND_BASE + 4096, 2048, 256, 1792);
	for (uint32_t i = 0; i < 32; i++)
		ids[0][i] = i, ids[1][i] = 32 + i;
	for (uint32_t round = 0; round < 200; round++) {
		const uint32_t *these = ids[round % 2], *others = ids[1 - round % 2];

		frontend_post_ids(&r.f, r.q, these, 32);
		cr_assert_eq(net_queue_rx_avail(r.q, &r.f.pool, others, 32), 32);
		for (uint32_t i = 0; i < 32; i++)
			cr_assert_eq(pass(&r, 1 + (round + i) * 7 % 1518, i), these[i]);
	}
	cr_assert_eq(counter(&r, NET_XDP_RX_REFUSED_DUPLICATE), 200 * 32);
	cr_assert_eq(counter(&r, NET_XDP_RX_DIRECT), 200 * 32);
	rig_close(&r);
}

Test(rx, sealed_refuses_what_would_bounce)
{
	struct net_xdp_config c = small_rings();
	struct rig r;
	uint32_t id = 1;

	c.sealed = true;
	rig_open(&r, c);
	frontend_set_buffer(&r.f, 0, FRONTEND_BASE + 4001, 12, 1518);
	frontend_set_buffer(&r.f, 1, FRONTEND_BASE + 8001, 12, 1517);
	frontend_post(&r.f, r.q, 0, 1);
	cr_assert_eq(net_queue_rx_avail(r.q, &r.f.pool, &id, 1), 1);
	cr_assert_eq(counter(&r, NET_XDP_RX_REFUSED_SEALED), 1);
	pass(&r, 1518, 1);
	rig_close(&r);
}

/* ---- Indices that are published late ------------------------------------------------------------ */

/* All of a ring's buffers are with the kernel. Frames come into some of them; their descriptors are seen,
 * but not yet that the fill entries were read. The buffers go back, and more are offered. */
static void post_more(uint32_t ring, uint32_t frames, uint32_t more)
{
	struct net_xdp_config c = small_rings();
	static bool seen[IDS];
	static uint32_t ids[IDS];
	uint32_t held, n = 0;
	uint64_t fill;
	struct rig r;

	c.fill_ring_frames = c.rx_ring_frames = ring;
	rig_open(&r, c);
	r.q->ops = &queue_ops; /* the stores are made here */
	r.k.any_order = false;
	layout_direct(&r, IDS);
	for (uint32_t id = 0; fake_filled(&r.k) == id && id < ring; id++)
		frontend_post(&r.f, r.q, id, 1);
	held = fake_filled(&r.k);
	for (uint32_t i = 0; i < frames; i++)
		cr_assert(fake_receive(&r.k, "fourteen bytes", 14));
	cr_assert(fake_publish(&r.k), "the RX ring's");
	for (uint32_t got; (got = frontend_rx(&r.f, r.q, ids + n, IDS - n)) != 0; n += got)
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
	rig_close(&r);
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

/* A sleeper is woken by frames only: with nothing in the fill ring there are none. */
Test(rx, empty_fill_ring_is_filled_whatever_its_index_says)
{
	uint32_t ids[64];
	struct rig r;

	rig_open(&r, small_rings());
	r.q->ops = &queue_ops;
	r.k.any_order = false;
	layout_direct(&r, 1000);
	frontend_post(&r.f, r.q, 0, 1000);
	for (uint32_t i = 0; i < 64; i++)
		cr_assert(fake_receive(&r.k, "fourteen bytes", 14));
	cr_assert(fake_publish(&r.k));
	cr_assert_eq(frontend_rx(&r.f, r.q, ids, 64), 64);
	cr_assert_eq(fake_filled(&r.k), 64);
	rig_close(&r);
}

/* ---- Jumbo ------------------------------------------------------------------------------------ */

static struct net_xdp_config jumbo(void)
{
	struct net_xdp_config c = small_rings();

	c.max_frame_bytes = 9018;
	return c;
}

/* The kernel splits by chunk: all pieces but the last are full. */
static void receive_pieces(struct rig *r, const uint8_t *frame, uint32_t len)
{
	const uint32_t most = 2048 - 256;
	uint64_t fill;

	for (uint32_t at = 0; at < len; at += most) {
		uint32_t n = len - at < most ? len - at : most;

		cr_assert(fake_take_fill(&r->k, &fill));
		cr_assert(fake_receive_into(&r->k, fill, frame + at, n,
					    at + n < len ? XDP_PKT_CONTD : 0, 0));
	}
}

Test(rx, jumbo_is_gathered_into_one_buffer)
{
	uint8_t frame[9018];
	struct rig r;
	uint32_t id;

	rig_open(&r, jumbo());
	frontend_layout(&r.f, 0, 16, FRONTEND_BASE + 3, 9100, 12, 9018);
	frontend_post(&r.f, r.q, 0, 16);
	for (uint32_t i = 0; i < 500; i++) {
		uint32_t len = 14 + i * 977 % 9005;

		make_frame(frame, len, i);
		receive_pieces(&r, frame, len);
		/* one at a time: a call may end in the middle of a frame */
		for (uint32_t calls = 0; frontend_rx(&r.f, r.q, &id, 1) == 0; calls++)
			cr_assert_lt(calls, 6);
		frontend_expect_frame(&r.f, id, frame, len);
		frontend_post(&r.f, r.q, id, 1);
	}
	cr_assert_eq(counter(&r, NET_XDP_RX_FRAMES), 500);
	rig_close(&r);
}

/* Zero copy leaves less of each chunk to the NIC: one buffer alone has chunks enough for its frame. */
Test(rx, jumbo_in_zero_copy_has_the_chunks_that_one_frame_takes)
{
	struct net_xdp_config c = jumbo();
	struct rig r;

	c.max_frame_bytes = 9216;
	rig_open(&r, c);
	queue_set_zero_copy(&r.k.queue, true);
	frontend_layout(&r.f, 0, 1, FRONTEND_BASE + 3, 9300, 12, 9216);
	frontend_post(&r.f, r.q, 0, 1);
	cr_assert_eq(fake_filled(&r.k), 7, "9216 bytes in chunks with room for 1408");
	rig_close(&r);
}

Test(rx, jumbo_too_large_for_its_buffer_is_dropped_whole)
{
	uint8_t frame[9018];
	struct rig r;
	uint32_t ids[8];

	rig_open(&r, jumbo());
	frontend_layout(&r.f, 0, 2, FRONTEND_BASE + 3, 9100, 12, 4000);
	frontend_post(&r.f, r.q, 0, 2);
	make_frame(frame, 9018, 1);
	receive_pieces(&r, frame, 9018);
	cr_assert_eq(frontend_rx(&r.f, r.q, ids, 8), 0);
	cr_assert_eq(counter(&r, NET_XDP_RX_DROP_CAPACITY), 1);
	make_frame(frame, 4000, 2);
	receive_pieces(&r, frame, 4000);
	cr_assert_eq(frontend_rx(&r.f, r.q, ids, 8), 1);
	frontend_expect_frame(&r.f, ids[0], frame, 4000);
	rig_close(&r);
}

Test(rx, jumbo_of_too_many_pieces_is_dropped_whole_and_chunks_come_back)
{
	struct rig r;
	uint32_t ids[8];
	uint64_t fill;

	rig_open(&r, jumbo());
	frontend_layout(&r.f, 0, 16, FRONTEND_BASE + 3, 9100, 12, 9018);
	frontend_post(&r.f, r.q, 0, 16);
	for (int i = 0; i < 12; i++) {
		cr_assert(fake_take_fill(&r.k, &fill));
		cr_assert(fake_receive_into(&r.k, fill, "piece", 5, i < 11 ? XDP_PKT_CONTD : 0, 0));
	}
	cr_assert_eq(frontend_rx(&r.f, r.q, ids, 8), 0);
	cr_assert_eq(counter(&r, NET_XDP_RX_DROP_SPLIT), 1);
	cr_assert_eq(fake_filled(&r.k), 32, "all private chunks are with the kernel again");
	pass(&r, 1000, 3);
	rig_close(&r);
}

/* ---- A model: every id has one owner, whatever the calls ----------------------------------------- */

enum owner { FRONTEND, BACKEND };

Test(rx, random_calls_keep_one_owner_per_id)
{
	struct rig r;
	enum owner owner[256] = {FRONTEND};
	uint32_t frames = 0, returned = 0, posted = 0;
	uint8_t frame[1518];

	srand(3);
	rig_open(&r, small_rings());
	/* a third too small (bounced), a third odd, a third at the edge of the limit */
	for (uint32_t i = 0; i < 256; i++)
		frontend_set_buffer(&r.f, i, FRONTEND_BASE + i * 2053, i % 20,
				    i % 3 ? 1518 + i % 5 : 700);
	for (uint32_t step = 0; step < 50000; step++) {
		uint32_t ids[48], n = 0;

		switch (rand() % 3) {
		case 0:
			for (uint32_t i = 0; i < 48; i++) {
				uint32_t id = (uint32_t)rand() % 256;

				if (owner[id] == FRONTEND) {
					owner[id] = BACKEND;
					ids[n++] = id;
				}
			}
			frontend_post_ids(&r.f, r.q, ids, n);
			posted += n;
			break;
		case 1:
			make_frame(frame, 600, step);
			frames += fake_receive(&r.k, frame, 600);
			break;
		default:
			n = frontend_rx(&r.f, r.q, ids, (uint32_t)rand() % 48);
			for (uint32_t i = 0; i < n; i++) {
				cr_assert_eq(owner[ids[i]], BACKEND);
				owner[ids[i]] = FRONTEND;
				cr_assert_eq(frontend_metadata(&r.f, ids[i])->len_bytes, 600);
			}
			returned += n;
			break;
		}
	}
	for (uint32_t n = 1, ids[64]; n; returned += n)
		n = frontend_rx(&r.f, r.q, ids, 64);
	cr_assert_eq(returned, frames, "%u frames, %u ids", frames, returned);
	cr_assert_gt(frames, 5000);
	cr_assert_gt(posted, frames);
	cr_assert_gt(counter(&r, NET_XDP_RX_BOUNCED), 500);
	cr_assert_gt(counter(&r, NET_XDP_RX_DIRECT), 500);
	rig_close(&r);
}
