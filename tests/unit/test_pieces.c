// SPDX-License-Identifier: BSD-2-Clause
/* Receive buffers of several pieces. */
#include <criterion/criterion.h>

#include "support/pool_rig.h"

Test(pieces, frame_of_any_length_is_exact_over_1_to_19_pieces)
{
	struct pool_rig r;
	uint32_t lengths[POOL_PIECES], id;

	pool_rig_open(&r, 1518, false);
	for (uint32_t pieces = 1; pieces <= POOL_PIECES; pieces++) {
		uint32_t capacity = 0;

		for (uint32_t i = 0; i < pieces; i++)
			capacity += lengths[i] = 1 + (i * 37 + pieces * 13) % 200;
		for (uint32_t len = 60; len <= 1518; len += 81) {
			pool_rig_lay_out(&r, 0, lengths, pieces);
			frontend_poison(&r.f, len);
			pool_rig_post(&r, 0, 1);
			pool_rig_receive(&r, len, len);
			if (len > capacity) {
				cr_assert_eq(net_queue_rx_poll(r.q, &r.pool, &id, 1), 0);
				pool_rig_receive(&r, capacity, 7); /* the buffer is still there */
				cr_assert_eq(net_queue_rx_poll(r.q, &r.pool, &id, 1), 1);
				pool_rig_expect(&r, &id, 1, capacity, 7);
				continue;
			}
			cr_assert_eq(net_queue_rx_poll(r.q, &r.pool, &id, 1), 1);
			pool_rig_expect(&r, &id, 1, len, len);
		}
	}
	pool_rig_close(&r);
}

Test(pieces, first_piece_that_holds_the_frame_is_direct_and_nobody_asks_for_the_rest)
{
	const uint32_t lengths[] = {2048, 2048};
	struct pool_rig r;
	uint32_t id;

	pool_rig_open(&r, 1518, false);
	pool_rig_lay_out(&r, 1, lengths, 2);
	pool_rig_post(&r, 1, 1);
	pool_rig_receive(&r, 1514, 1);
	cr_assert_eq(net_queue_rx_poll(r.q, &r.pool, &id, 1), 1);
	cr_assert_eq(pool_rig_counter(&r, NET_XDP_RX_DIRECT), 1);
	cr_assert_eq(r.asked, 0);
	pool_rig_expect(&r, &id, 1, 1514, 1);
	pool_rig_close(&r);
}

Test(pieces, piece_outside_the_memory_is_refused_by_address)
{
	const uint32_t lengths[] = {100, 100, 100};
	uint32_t id = 2;
	struct pool_rig r;

	pool_rig_open(&r, 1518, false);
	pool_rig_lay_out(&r, 2, lengths, 3);
	r.buffer[2].piece[1].addr = FRONTEND_BASE + POOL_BYTES - 99;
	cr_assert_eq(net_queue_rx_avail(r.q, &r.pool, &id, 1), 1);
	cr_assert_eq(r.buffer[2].refused, NET_RX_REFUSED_ADDRESS);
	pool_rig_close(&r);
}

/* A frontend that says something else when the frame is here than when it posted. */
Test(pieces, pieces_that_change_while_posted_cost_the_frame_and_no_byte_elsewhere)
{
	const uint32_t lengths[] = {100, 1500};
	struct pool_rig r;
	uint32_t id;

	pool_rig_open(&r, 1518, false);
	for (uint32_t how = 0; how < 4; how++) {
		pool_rig_lay_out(&r, 0, lengths, 2);
		if (how == 0)
			pool_rig_post(&r, 0, 1);
		frontend_poison(&r.f, how);
		frontend_snapshot(&r.f);
		switch (how) {
		case 0:
			r.buffer[0].piece[0].addr = FRONTEND_BASE + POOL_BYTES - 10;
			break;
		case 1:
			r.buffer[0].first.addr += 64;
			break;
		case 2:
			r.buffer[0].first.capacity_bytes = POOL_BYTES;
			break;
		default:
			r.buffer[0].pieces = 0;
			frontend_allow(&r.f, r.buffer[0].first.addr + POOL_HEADER, 100);
			break;
		}
		pool_rig_receive(&r, 1400, how);
		cr_assert_eq(net_queue_rx_poll(r.q, &r.pool, &id, 1), 0, "way %u", how);
		frontend_allow(&r.f, r.buffer[0].first.addr + POOL_HEADER, 100);
		cr_assert_eq(pool_rig_counter(&r, NET_XDP_RX_DROP_CAPACITY), how + 1);
	}
	pool_rig_lay_out(&r, 0, lengths, 2);
	pool_rig_receive(&r, 1400, 9);
	cr_assert_eq(net_queue_rx_poll(r.q, &r.pool, &id, 1), 1);
	pool_rig_expect(&r, &id, 1, 1400, 9);
	pool_rig_close(&r);
}

enum { SAID = 1000, PIECE_BYTES = 30 };

/* A frontend that takes max for a hint: so many are written, and more are said. */
static uint32_t more_than_asked(struct net_buffer_access *pool, uint32_t id,
				struct net_rx_piece *out, uint32_t max)
{
	const struct net_rx_buffer *first = &((struct pool_rig *)pool)->buffer[id].first;

	for (uint32_t i = 0; i < max; i++)
		out[i] = (struct net_rx_piece){.addr = first->addr + 1000 + i * (PIECE_BYTES + 1),
					       .len_bytes = PIECE_BYTES};
	return SAID;
}

Test(pieces, more_pieces_than_were_asked_for_are_neither_read_nor_filled)
{
	struct net_buffer_access_ops ops = pool_rig_ops;
	const uint32_t lengths[] = {100}, frame = 100 + 20 * PIECE_BYTES;
	struct pool_rig r;
	uint32_t id;

	pool_rig_open(&r, 1518, false);
	ops.rx_pieces = more_than_asked;
	r.pool.ops = &ops;
	pool_rig_lay_out(&r, 0, lengths, 1);
	pool_rig_post(&r, 0, 1);
	pool_rig_receive(&r, frame, 1);
	cr_assert_eq(net_queue_rx_poll(r.q, &r.pool, &id, 1), 1);
	cr_assert_eq(r.buffer[0].metadata.len_bytes, frame);
	pool_rig_post(&r, 0, 1);
	pool_rig_receive(&r, 1500, 2);
	cr_assert_eq(net_queue_rx_poll(r.q, &r.pool, &id, 1), 0);
	cr_assert_eq(pool_rig_counter(&r, NET_XDP_RX_DROP_CAPACITY), 1);
	pool_rig_close(&r);
}
