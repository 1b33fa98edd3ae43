// SPDX-License-Identifier: BSD-2-Clause
/* Receive against the fake kernel: which buffers are direct, what is bounced, refused and dropped. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "support/rx_fake.h"

Test(rx, many_rounds_over_the_index_wrap_return_exact_frames)
{
	struct rx_fake r;

	rx_fake_open(&r, rx_fake_small_rings());
	rx_fake_layout_direct(&r, 200);
	frontend_post(&r.f, r.q, 0, 200);
	for (uint32_t i = 0; i < 5000; i++)
		frontend_post(&r.f, r.q, rx_fake_pass(&r, 14 + i % 1505, i), 1);
	cr_assert_eq(rx_fake_counter(&r, NET_XDP_RX_DIRECT), 5000);
	cr_assert_eq(rx_fake_counter(&r, NET_XDP_RX_BOUNCED), 0);
	rx_fake_close(&r);
}

Test(rx, more_ids_than_ring_wait_and_are_all_used)
{
	struct rx_fake r;
	bool seen[1000] = {false};

	rx_fake_open(&r, rx_fake_small_rings());
	rx_fake_layout_direct(&r, 1000);
	frontend_post(&r.f, r.q, 0, 1000);
	cr_assert_eq(fake_filled(&r.k), 64);
	for (uint32_t i = 0; i < 1000; i++) {
		uint32_t id = rx_fake_pass(&r, 100, i);

		cr_assert_not(seen[id]);
		seen[id] = true;
	}
	cr_assert_eq(fake_filled(&r.k), 0);
	rx_fake_close(&r);
}

Test(rx, bad_ids_are_refused_one_by_one)
{
	const uint32_t ids[] = {0, 1, 0, 2, RX_FAKE_IDS + 5, 3, 4, 5};
	struct rx_fake r;

	rx_fake_open(&r, rx_fake_small_rings());
	rx_fake_layout_direct(&r, 6);
	frontend_set_buffer(&r.f, 2, FRONTEND_BASE - 1, 12, 1518);
	frontend_set_buffer(&r.f, 3, FRONTEND_BASE + RX_FAKE_BYTES - 100, 12, 1518);
	frontend_set_buffer(&r.f, 4, UINT64_MAX - 100, 12, UINT32_MAX);
	/* 0 twice, 2, 3, 4 outside, RX_FAKE_IDS + 5 beyond the limit; 1 and 5 are fine */
	cr_assert_eq(net_queue_rx_avail(r.q, &r.f.pool, ids, 8), 5);
	cr_assert_eq(rx_fake_counter(&r, NET_XDP_RX_REFUSED_DUPLICATE), 1);
	cr_assert_eq(rx_fake_counter(&r, NET_XDP_RX_REFUSED_ADDRESS), 3);
	cr_assert_eq(rx_fake_counter(&r, NET_XDP_RX_REFUSED_ID), 1);
	cr_assert_eq(fake_filled(&r.k), 3);
	rx_fake_close(&r);
}

Test(rx, small_buffers_bounce_and_are_counted)
{
	struct rx_fake r;

	rx_fake_open(&r, rx_fake_small_rings());
	frontend_layout(&r.f, 0, 100, FRONTEND_BASE + 77, 1601, 12, 1500);
	frontend_post(&r.f, r.q, 0, 100);
	cr_assert_eq(fake_filled(&r.k), 32, "one private chunk per waiting buffer, 32 there are");
	cr_assert_eq(rx_fake_counter(&r, NET_XDP_RX_BOUNCE_CAPACITY), 100);
	for (uint32_t i = 0; i < 1000; i++)
		frontend_post(&r.f, r.q, rx_fake_pass(&r, 60 + i % 1440, i), 1);
	cr_assert_eq(rx_fake_counter(&r, NET_XDP_RX_BOUNCED), 1000);
	cr_assert_eq(rx_fake_counter(&r, NET_XDP_RX_DIRECT), 0);
	rx_fake_close(&r);
}

Test(rx, frame_over_capacity_is_dropped_and_its_buffer_used_again)
{
	uint8_t frame[1518];
	struct rx_fake r;
	uint32_t id;

	rx_fake_open(&r, rx_fake_small_rings());
	frontend_layout(&r.f, 0, 1, FRONTEND_BASE + 77, 1601, 12, 1000);
	frontend_post(&r.f, r.q, 0, 1);
	rx_fake_frame(frame, 1001, 1);
	cr_assert(fake_receive(&r.k, frame, 1001));
	cr_assert_eq(frontend_rx(&r.f, r.q, &id, 1), 0);
	cr_assert_eq(rx_fake_counter(&r, NET_XDP_RX_DROP_CAPACITY), 1);
	rx_fake_pass(&r, 1000, 2);
	rx_fake_close(&r);
}

/* The kernel writes no such frame; what it says is checked all the same, in both of the ways that a
 * descriptor is read. */
Test(rx, direct_frame_of_just_its_capacity_is_taken_and_one_byte_more_dropped)
{
	static uint8_t frame[2048];

	for (uint32_t inspect = 0; inspect < 2; inspect++) {
		struct rx_fake r;
		uint32_t id;

		rx_fake_open(&r, rx_fake_small_rings());
		r.k.queue.inspect = inspect; /* every frame takes the general path */
		rx_fake_layout_direct(&r, 4);
		frontend_post(&r.f, r.q, 0, 4);
		cr_assert(fake_receive(&r.k, frame, 1518 + 1));
		cr_assert_eq(frontend_rx(&r.f, r.q, &id, 1), 0);
		cr_assert_eq(rx_fake_counter(&r, NET_XDP_RX_DROP_CAPACITY), 1);
		rx_fake_pass(&r, 1518, 1);
		cr_assert_eq(rx_fake_counter(&r, NET_XDP_RX_DROP_CAPACITY), 1);
		rx_fake_close(&r);
	}
}

Test(rx, frame_placed_further_back_reports_its_offset)
{
	uint8_t frame[1500];
	struct rx_fake r;
	uint64_t fill;
	uint32_t id;

	rx_fake_open(&r, rx_fake_small_rings());
	frontend_layout(&r.f, 0, 1, FRONTEND_BASE + 5001, 0, 12, 1534);
	frontend_post(&r.f, r.q, 0, 1);
	rx_fake_frame(frame, 1500, 1);
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
	cr_assert_eq(rx_fake_counter(&r, NET_XDP_RX_DROP_CAPACITY), 1);
	cr_assert_eq(fake_filled(&r.k), 1, "the buffer is with the kernel again");
	rx_fake_close(&r);
}

/* What igb does with 2 KiB chunks: one frame, two descriptors that nobody asked for. */
Test(rx, frame_split_unasked_is_dropped_whole)
{
	uint8_t frame[1500];
	struct rx_fake r;
	uint64_t fill[2];
	uint32_t ids[4];

	rx_fake_open(&r, rx_fake_small_rings());
	rx_fake_layout_direct(&r, 4);
	frontend_post(&r.f, r.q, 0, 4);
	rx_fake_frame(frame, 1500, 1);
	cr_assert(fake_take_fill(&r.k, &fill[0]) && fake_take_fill(&r.k, &fill[1]));
	cr_assert(fake_receive_into(&r.k, fill[0], frame, 1024, XDP_PKT_CONTD, 0));
	cr_assert(fake_receive_into(&r.k, fill[1], frame, 476, 0, 0));
	cr_assert_eq(net_queue_rx_poll(r.q, &r.f.pool, ids, 4), 0);
	cr_assert_eq(rx_fake_counter(&r, NET_XDP_RX_DROP_SPLIT), 1);
	for (uint32_t i = 0; i < 4; i++)
		rx_fake_pass(&r, 200, i);
	rx_fake_close(&r);
}

Test(rx, descriptor_of_unknown_chunk_is_counted_and_passed_over)
{
	struct rx_fake r;
	uint32_t id;

	rx_fake_open(&r, rx_fake_small_rings());
	rx_fake_layout_direct(&r, 2);
	frontend_post(&r.f, r.q, 0, 2);
	cr_assert(fake_receive_into(&r.k, 8192, "fourteen bytes", 14, 0, 0));
	cr_assert_eq(net_queue_rx_poll(r.q, &r.f.pool, &id, 1), 0);
	cr_assert_eq(rx_fake_counter(&r, NET_XDP_RX_UNKNOWN), 1);
	rx_fake_pass(&r, 60, 1);
	rx_fake_pass(&r, 60, 2);
	rx_fake_close(&r);
}

Test(rx, chunks_in_any_order_give_the_right_ids)
{
	struct rx_fake r;
	uint64_t held[64];
	uint32_t count = 0, id;
	uint8_t frame[64];

	srand(7);
	rx_fake_open(&r, rx_fake_small_rings());
	rx_fake_layout_direct(&r, 64);
	frontend_post(&r.f, r.q, 0, 64);
	for (uint32_t i = 0; i < 20000; i++) {
		uint32_t pick;

		while (count < 64 && fake_take_fill(&r.k, &held[count]))
			count++;
		pick = (uint32_t)rand() % count;
		rx_fake_frame(frame, 64, i);
		cr_assert(fake_receive_into(&r.k, held[pick], frame, 64, 0, 0));
		held[pick] = held[--count];
		cr_assert_eq(frontend_rx(&r.f, r.q, &id, 1), 1);
		frontend_expect_frame(&r.f, id, frame, 64);
		frontend_post(&r.f, r.q, id, 1);
	}
	rx_fake_close(&r);
}

/* Edge buffers: the guard page makes the first byte eligible, the private area the last. */
Test(rx, first_and_last_bytes_of_the_region_are_direct)
{
	struct rx_fake r;

	rx_fake_open(&r, rx_fake_small_rings());
	frontend_set_buffer(&r.f, 0, FRONTEND_BASE, 0, 1518);
	frontend_set_buffer(&r.f, 1, FRONTEND_BASE + RX_FAKE_BYTES - 1518, 0, 1518);
	frontend_post(&r.f, r.q, 0, 2);
	rx_fake_pass(&r, 1518, 1);
	rx_fake_pass(&r, 1518, 2);
	cr_assert_eq(rx_fake_counter(&r, NET_XDP_RX_DIRECT), 2);
	rx_fake_close(&r);
}

Test(rx, aligned_buffers_are_direct_only_in_place_and_once)
{
	struct net_xdp_config c = rx_fake_small_rings();
	struct rx_fake r;
	uint32_t id = 2;

	c.unaligned = false;
	rx_fake_open(&r, c);
	frontend_set_buffer(&r.f, 0, FRONTEND_BASE + 4096, 256, 1792);
	frontend_set_buffer(&r.f, 1, FRONTEND_BASE + 8192 + 1, 256, 1792);
	frontend_set_buffer(&r.f, 2, FRONTEND_BASE + 4096, 256, 1792); /* the chunk of id 0 */
	frontend_post(&r.f, r.q, 0, 2);
	cr_assert_eq(net_queue_rx_avail(r.q, &r.f.pool, &id, 1), 1);
	cr_assert_eq(rx_fake_counter(&r, NET_XDP_RX_REFUSED_DUPLICATE), 1);
	cr_assert_eq(rx_fake_counter(&r, NET_XDP_RX_BOUNCE_PLACE), 1);
	rx_fake_pass(&r, 1700, 1);
	rx_fake_pass(&r, 1700, 2);
	cr_assert_eq(rx_fake_counter(&r, NET_XDP_RX_DIRECT), 1);
	cr_assert_eq(rx_fake_counter(&r, NET_XDP_RX_BOUNCED), 1);
	rx_fake_close(&r);
}

/* Two ids for each chunk: neither is taken while the other's frame may still come. */
Test(rx, aligned_chunk_is_with_the_kernel_for_one_id_at_a_time)
{
	struct net_xdp_config c = rx_fake_small_rings();
	struct rx_fake r;
	uint32_t ids[2][32];

	c.unaligned = false;
	rx_fake_open(&r, c);
	frontend_layout(&r.f, 0, 32, FRONTEND_BASE + 4096, 2048, 256, 1792);
	frontend_layout(&r.f, 32, 32, FRONTEND_BASE + 4096, 2048, 256, 1792);
	for (uint32_t i = 0; i < 32; i++)
		ids[0][i] = i, ids[1][i] = 32 + i;
	for (uint32_t round = 0; round < 200; round++) {
		const uint32_t *these = ids[round % 2], *others = ids[1 - round % 2];

		frontend_post_ids(&r.f, r.q, these, 32);
		cr_assert_eq(net_queue_rx_avail(r.q, &r.f.pool, others, 32), 32);
		for (uint32_t i = 0; i < 32; i++)
			cr_assert_eq(rx_fake_pass(&r, 1 + (round + i) * 7 % 1518, i), these[i]);
	}
	cr_assert_eq(rx_fake_counter(&r, NET_XDP_RX_REFUSED_DUPLICATE), 200 * 32);
	cr_assert_eq(rx_fake_counter(&r, NET_XDP_RX_DIRECT), 200 * 32);
	rx_fake_close(&r);
}

Test(rx, sealed_refuses_what_would_bounce)
{
	struct net_xdp_config c = rx_fake_small_rings();
	struct rx_fake r;
	uint32_t id = 1;

	c.sealed = true;
	rx_fake_open(&r, c);
	frontend_set_buffer(&r.f, 0, FRONTEND_BASE + 4001, 12, 1518);
	frontend_set_buffer(&r.f, 1, FRONTEND_BASE + 8001, 12, 1517);
	frontend_post(&r.f, r.q, 0, 1);
	cr_assert_eq(net_queue_rx_avail(r.q, &r.f.pool, &id, 1), 1);
	cr_assert_eq(rx_fake_counter(&r, NET_XDP_RX_REFUSED_COPY), 1);
	rx_fake_pass(&r, 1518, 1);
	rx_fake_close(&r);
}

/* ---- A model: every id has one owner, whatever the calls ----------------------------------------- */

enum owner { FRONTEND, BACKEND };

Test(rx, random_calls_keep_one_owner_per_id)
{
	struct rx_fake r;
	enum owner owner[256] = {FRONTEND};
	uint32_t frames = 0, returned = 0, posted = 0;
	uint8_t frame[1518];

	srand(3);
	rx_fake_open(&r, rx_fake_small_rings());
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
			rx_fake_frame(frame, 600, step);
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
	cr_assert_gt(rx_fake_counter(&r, NET_XDP_RX_BOUNCED), 500);
	cr_assert_gt(rx_fake_counter(&r, NET_XDP_RX_DIRECT), 500);
	rx_fake_close(&r);
}
