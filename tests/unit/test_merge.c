// SPDX-License-Identifier: BSD-2-Clause
/* Frames over several receive buffers. */
#include <criterion/criterion.h>

#include "program/vlan_hint.h"
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
	r.k.queue.socket_watched = true; /* there is none, and it says nothing */
	cr_assert_eq(net_queue_rx_poll(r.q, &r.pool, ids, 5), 1);
	pool_rig_expect(&r, ids, 1, 128, 1);
	cr_assert(net_queue_poll_ready(r.q, &r.pool), "its descriptors are taken, it is not");
	pool_rig_receive(&r, 100, 3);
	cr_assert_eq(net_queue_rx_poll(r.q, &r.pool, ids, 13), 13);
	pool_rig_expect(&r, ids, 12, 1500, 2);
	pool_rig_expect(&r, ids + 12, 1, 100, 3);
	cr_assert_not(net_queue_poll_ready(r.q, &r.pool));
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

/* ---- A frontend that says something else when the frame is here than when it posted ---------------------- */

/* Buffers 0 and 1 hold the frame together, and 1 alone would. */
static void post_two(struct pool_rig *r)
{
	const uint32_t first = 100, second = 1000;

	pool_rig_lay_out(r, 0, &first, 1);
	pool_rig_lay_out(r, 1, &second, 1);
	pool_rig_post(r, 0, 2);
}

Test(merge, buffer_that_is_another_than_was_posted_costs_the_frame)
{
	uint32_t ids[POOL_IDS];
	struct pool_rig r;

	pool_rig_open(&r, 1518, true);
	post_two(&r);
	r.buffer[0].first.addr += 64;
	pool_rig_receive(&r, 500, 1);
	cr_assert_eq(net_queue_rx_poll(r.q, &r.pool, ids, POOL_IDS), 0);
	cr_assert_eq(pool_rig_counter(&r, NET_XDP_RX_DROP_CAPACITY), 1);
	r.buffer[0].first.addr -= 64;
	pool_rig_receive(&r, 500, 2);
	cr_assert_eq(net_queue_rx_poll(r.q, &r.pool, ids, POOL_IDS), 2);
	pool_rig_expect(&r, ids, 2, 500, 2);
	pool_rig_close(&r);
}

/* The counters of what was told are of the frames that were returned. */
Test(merge, frame_that_is_lost_to_another_buffer_counts_as_lost_alone)
{
	const struct vlan_hint hint = {.state = VLAN_HINT_PRESENT, .tci = 100};
	const struct frame_spec spec = {
		.ip_version = 4, .protocol = 17, .payload_bytes = 200, .padding_bytes = 200};
	uint32_t ids[POOL_IDS];
	struct pool_rig r;
	const struct bounce *area = &r.k.queue.rx_private;
	struct frame f;

	frame_build(&f, &spec);
	pool_rig_open(&r, 1518, true);
	r.k.queue.rx_vlan = r.k.queue.inspect = true;
	r.k.queue.rx_checksum = NET_XDP_RX_CHECKSUM_REPORT;
	post_two(&r);
	for (uint32_t told = 0; told < 2; told++) {
		r.buffer[0].first.addr += told ? -64 : 64;
		cr_assert(fake_receive(&r.k, f.bytes, f.len));
		for (uint64_t i = 0; i < 4; i++) /* whichever chunk it came in */
			memcpy(fake_view(&r.k, area->offset + (i << area->slot_shift) +
						       r.k.queue.frame_offset - sizeof(hint)),
			       &hint, sizeof(hint));
		fake_settle(&r.k);
		cr_assert_eq(net_queue_rx_poll(r.q, &r.pool, ids, POOL_IDS), told ? 2 : 0);
		cr_assert_eq(pool_rig_counter(&r, NET_XDP_RX_VLAN), told);
		cr_assert_eq(pool_rig_counter(&r, NET_XDP_RX_LONGER), told);
	}
	pool_rig_close(&r);
}
