// SPDX-License-Identifier: BSD-2-Clause
/* Frames over several receive buffers. */
#include <criterion/criterion.h>

#include "support/pool_rig.h"

static void post_small(struct pool_rig *r, uint32_t first, uint32_t count)
{
	const uint32_t length = 128;

	for (uint32_t i = 0; i < count; i++)
		pool_rig_lay_out(r, first + i, &length, 1);
	pool_rig_post(r, first, count);
}

Test(merge, frame_goes_on_in_further_buffers_in_order)
{
	uint32_t ids[POOL_IDS];
	struct pool_rig r;

	pool_rig_open(&r, 1518, true);
	post_small(&r, 0, 32);
	pool_rig_receive(&r, 1500, 1); /* 12 buffers */
	pool_rig_receive(&r, 128, 2);  /* 1 */
	pool_rig_receive(&r, 129, 3);  /* 2 */
	cr_assert_eq(net_queue_rx_poll(r.q, &r.pool, ids, POOL_IDS), 15);
	for (uint32_t i = 0; i < 15; i++)
		cr_assert_eq(ids[i], i);
	pool_rig_expect(&r, ids, 12, 1500, 1);
	pool_rig_expect(&r, ids + 12, 1, 128, 2);
	pool_rig_expect(&r, ids + 13, 2, 129, 3);
	cr_assert_eq(pool_rig_counter(&r, NET_XDP_RX_FRAMES), 3);
	cr_assert_eq(pool_rig_counter(&r, NET_XDP_RX_BYTES), 1500 + 128 + 129);
	cr_assert_eq(pool_rig_counter(&r, NET_XDP_RX_BOUNCED), 3);
	pool_rig_close(&r);
}

Test(merge, frame_whose_ids_do_not_fit_the_call_comes_whole_with_the_next)
{
	uint32_t ids[POOL_IDS];
	struct pool_rig r;

	pool_rig_open(&r, 1518, true);
	post_small(&r, 0, 32);
	pool_rig_receive(&r, 128, 1);
	pool_rig_receive(&r, 1500, 2);
	cr_assert_eq(net_queue_rx_poll(r.q, &r.pool, ids, 5), 1);
	pool_rig_expect(&r, ids, 1, 128, 1);
	pool_rig_receive(&r, 100, 3);
	cr_assert_eq(net_queue_rx_poll(r.q, &r.pool, ids, 13), 13);
	pool_rig_expect(&r, ids, 12, 1500, 2);
	pool_rig_expect(&r, ids + 12, 1, 100, 3);
	pool_rig_close(&r);
}

Test(merge, frame_that_no_slice_of_the_frontend_holds_is_dropped_and_the_others_flow)
{
	uint32_t ids[POOL_IDS], n = 0;
	struct pool_rig r;

	pool_rig_open(&r, 1518, true);
	post_small(&r, 0, 32);
	pool_rig_receive(&r, 1500, 1);
	pool_rig_receive(&r, 100, 2);
	for (uint32_t calls = 0; calls < 4 && !n; calls++)
		n = (uint32_t)net_queue_rx_poll(r.q, &r.pool, ids, 4);
	cr_assert_eq(n, 1);
	pool_rig_expect(&r, ids, 1, 100, 2);
	cr_assert_eq(pool_rig_counter(&r, NET_XDP_RX_DROP_CAPACITY), 1);
	pool_rig_close(&r);
}

Test(merge, full_ring_of_large_and_small_frames_never_overruns_a_slice)
{
	uint32_t ids[POOL_IDS], sum = 0, frames = 0;
	struct pool_rig r;

	for (uint32_t slice = 12; slice <= POOL_IDS; slice += 13) {
		pool_rig_open(&r, 1518, true);
		post_small(&r, 0, POOL_IDS);
		for (uint32_t i = 0; i < 8; i++)
			pool_rig_receive(&r, i % 2 ? 1500 : 60, i);
		for (uint32_t calls = 0; calls < 20; calls++) {
			uint32_t n = (uint32_t)net_queue_rx_poll(r.q, &r.pool, ids, slice);

			cr_assert_leq(n, slice);
			for (uint32_t i = 0; i < n; i += 1 + r.buffer[ids[i]].metadata.more_ids)
				frames++;
			sum += n;
		}
		cr_assert_eq(sum, 4 * 12 + 4, "slice %u", slice);
		cr_assert_eq(frames, 8);
		sum = frames = 0;
		pool_rig_close(&r);
	}
}

Test(merge, frame_over_the_capacity_is_dropped_when_not_allowed)
{
	uint32_t ids[POOL_IDS];
	struct pool_rig r;

	pool_rig_open(&r, 1518, false);
	post_small(&r, 0, 32);
	pool_rig_receive(&r, 129, 1);
	pool_rig_receive(&r, 128, 2);
	cr_assert_eq(net_queue_rx_poll(r.q, &r.pool, ids, POOL_IDS), 1);
	pool_rig_expect(&r, ids, 1, 128, 2);
	cr_assert_eq(pool_rig_counter(&r, NET_XDP_RX_DROP_CAPACITY), 1);
	pool_rig_close(&r);
}
