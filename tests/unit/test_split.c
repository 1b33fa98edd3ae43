// SPDX-License-Identifier: BSD-2-Clause
/* Frames in several pieces that nobody asked for, over buffers of both kinds: never two frames. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "support/fake_kernel.h"
#include "host/xdp_uapi.h"

enum { START = (int)0xfffffff0, IDS = 16, BYTES = 1 << 20 };

struct rig {
	struct frontend f;
	struct fake_kernel k;
	struct net_queue *q;
	uint64_t direct, private; /* a fill entry of each kind */
};

/* Id 0 is direct, id 1 too small for that. */
static void rig_open(struct rig *r)
{
	struct net_xdp_config c = net_xdp_config_default();
	uint64_t fill[2];

	c.rx_id_limit = IDS;
	frontend_open(&r->f, BYTES, IDS);
	fake_open(&r->k, c, &r->f, (uint32_t)START);
	r->q = &r->k.queue.base;
	frontend_set_buffer(&r->f, 0, FRONTEND_BASE + 4096, 12, 1518);
	frontend_set_buffer(&r->f, 1, FRONTEND_BASE + 8192, 12, 1500);
	frontend_post(&r->f, r->q, 0, 2);
	cr_assert(fake_take_fill(&r->k, &fill[0]) && fake_take_fill(&r->k, &fill[1]));
	r->direct = fill[0] < fill[1] ? fill[0] : fill[1];
	r->private = fill[0] < fill[1] ? fill[1] : fill[0];
}

static void rig_close(struct rig *r)
{
	fake_close(&r->k);
	frontend_close(&r->f);
}

/* Both buffers are with the kernel again and take whole frames. */
static void still_works(struct rig *r)
{
	uint32_t ids[4];

	cr_assert_eq(r->k.queue.counter[NET_XDP_RX_DROP_SPLIT], 1);
	cr_assert_eq(fake_filled(&r->k), 2);
	cr_assert(fake_receive(&r->k, "a whole frame, one", 18));
	cr_assert(fake_receive(&r->k, "a whole frame, two", 18));
	cr_assert_eq(frontend_rx(&r->f, r->q, ids, 4), 2);
	cr_assert_eq(frontend_metadata(&r->f, ids[0])->len_bytes, 18);
	cr_assert_eq(frontend_metadata(&r->f, ids[1])->len_bytes, 18);
	cr_assert_eq(r->k.queue.counter[NET_XDP_RX_DROP_SPLIT], 1);
}

Test(split, direct_piece_then_private_one_is_dropped_whole)
{
	struct rig r;
	uint32_t ids[4];

	rig_open(&r);
	cr_assert(fake_receive_into(&r.k, r.direct, "first piece of it", 17, XDP_PKT_CONTD, 0));
	cr_assert(fake_receive_into(&r.k, r.private, "second piece", 12, 0, 0));
	cr_assert_eq(frontend_rx(&r.f, r.q, ids, 4), 0);
	still_works(&r);
	rig_close(&r);
}

Test(split, private_piece_then_direct_one_is_dropped_whole)
{
	struct rig r;
	uint32_t ids[4];

	rig_open(&r);
	cr_assert(fake_receive_into(&r.k, r.private, "first piece of it", 17, XDP_PKT_CONTD, 0));
	cr_assert(fake_receive_into(&r.k, r.direct, "second piece", 12, 0, 0));
	cr_assert_eq(frontend_rx(&r.f, r.q, ids, 4), 0);
	still_works(&r);
	rig_close(&r);
}

/* A call may end between the pieces. */
Test(split, pieces_seen_by_two_calls_are_dropped_whole)
{
	struct rig r;
	uint32_t ids[4];

	rig_open(&r);
	cr_assert(fake_receive_into(&r.k, r.private, "first piece of it", 17, XDP_PKT_CONTD, 0));
	cr_assert_eq(frontend_rx(&r.f, r.q, ids, 4), 0);
	cr_assert(fake_receive_into(&r.k, r.direct, "second piece", 12, 0, 0));
	cr_assert_eq(frontend_rx(&r.f, r.q, ids, 4), 0);
	still_works(&r);
	rig_close(&r);
}

/* ---- Without the flag: drivers that cut what their NIC's idea of a chunk does not hold ----------- */

enum { PIECE = 1024, CUT_IDS = 64 };

/* A queue in zero copy on this driver, all its buffers direct, one on each page. */
static void cut_open(struct rig *r, const char *driver)
{
	struct net_xdp_config c = net_xdp_config_default();
	struct net_xdp_endpoint *ep = &r->k.endpoint;
	struct net_xdp_queue *q = &r->k.queue;

	c.rx_id_limit = CUT_IDS;
	frontend_open(&r->f, BYTES, CUT_IDS);
	fake_open(&r->k, c, &r->f, (uint32_t)START);
	r->q = &q->base;
	snprintf(ep->attached.device.driver, sizeof(ep->attached.device.driver), "%s", driver);
	ep->attached.program.native = true;
	queue_set_facts(q, ep);
	queue_set_zero_copy(q, true);
	for (uint32_t id = 0; id < CUT_IDS; id++)
		frontend_set_buffer(&r->f, id, FRONTEND_BASE + 4096 * id + q->frame_offset - 12, 12,
				    1792);
	frontend_post(&r->f, r->q, 0, CUT_IDS);
	cr_assert_eq(fake_filled(&r->k), CUT_IDS);
}

/* A frame of so many bytes as the NIC delivers it. */
static void receive_cut(struct rig *r, uint32_t len)
{
	static uint8_t bytes[PIECE];

	for (; len > PIECE; len -= PIECE)
		cr_assert(fake_receive(&r->k, bytes, PIECE));
	cr_assert(fake_receive(&r->k, bytes, len));
}

/* Return: how many frames come. They are posted again. */
static uint32_t deliver(struct rig *r)
{
	uint32_t ids[CUT_IDS], count = frontend_rx(&r->f, r->q, ids, CUT_IDS);

	for (uint32_t i = 0; i < count; i++)
		frontend_post(&r->f, r->q, ids[i], 1);
	return count;
}

static uint64_t drops(struct rig *r)
{
	return r->k.queue.counter[NET_XDP_RX_DROP_SPLIT];
}

Test(split, frame_cut_without_a_word_is_dropped_whole)
{
	struct rig r;

	cut_open(&r, "igb");
	receive_cut(&r, 1500);
	cr_assert_eq(deliver(&r), 0);
	cr_assert_eq(drops(&r), 1);
	receive_cut(&r, 3 * PIECE + 1);
	cr_assert_eq(deliver(&r), 0);
	cr_assert_eq(drops(&r), 2);
	cr_assert_eq(fake_filled(&r.k), CUT_IDS, "all buffers are with the kernel again");
	rig_close(&r);
}

/* Over many calls, short and long frames in any order: just the long ones are dropped. */
Test(split, frames_cut_among_whole_ones_leave_these_alone)
{
	uint32_t shorts = 0, longs = 0, delivered = 0;
	struct rig r;

	cut_open(&r, "igc");
	for (uint32_t i = 0; i < 1000; i++) {
		for (uint32_t frame = 0; frame < i % 17; frame++) {
			uint32_t len = 60 + (i * 31 + frame * 113) % 1455;

			if (len == PIECE)
				continue;
			receive_cut(&r, len);
			longs += len > PIECE;
			shorts += len < PIECE;
		}
		delivered += deliver(&r);
	}
	cr_assert_eq(delivered, shorts);
	cr_assert_eq(drops(&r), longs);
	cr_assert_gt(longs, 1000);
	cr_assert_eq(fake_filled(&r.k), CUT_IDS);
	rig_close(&r);
}

/* The NIC's time stamp, 16 bytes in front of the frame, is part of the first piece. */
Test(split, first_piece_behind_a_time_stamp_is_known)
{
	static uint8_t bytes[PIECE];
	struct rig r;
	uint64_t fill;

	cut_open(&r, "igb");
	cr_assert(fake_take_fill(&r.k, &fill));
	cr_assert(fake_receive_into(&r.k, fill, bytes, PIECE - 16, 0, 16));
	cr_assert(fake_receive(&r.k, bytes, 492));
	cr_assert_eq(deliver(&r), 0);
	cr_assert_eq(drops(&r), 1);
	rig_close(&r);
}

/* It cannot be told from a first piece, so it takes the next frame with it; net_xdp.h says so. */
Test(split, whole_frame_of_just_a_piece_is_taken_for_one)
{
	struct rig r;

	cut_open(&r, "igb");
	receive_cut(&r, PIECE);
	receive_cut(&r, 60);
	receive_cut(&r, PIECE - 1);
	cr_assert_eq(deliver(&r), 1);
	cr_assert_eq(drops(&r), 1);
	rig_close(&r);
}

Test(split, copy_mode_and_other_drivers_cut_nothing)
{
	struct rig r;

	cut_open(&r, "igb");
	queue_set_zero_copy(&r.k.queue, false);
	receive_cut(&r, PIECE);
	receive_cut(&r, 60);
	cr_assert_eq(deliver(&r), 2);
	rig_close(&r);
	cut_open(&r, "ixgbe");
	receive_cut(&r, PIECE);
	receive_cut(&r, 60);
	cr_assert_eq(deliver(&r), 2);
	cr_assert_eq(drops(&r), 0);
	rig_close(&r);
}
