// SPDX-License-Identifier: BSD-2-Clause
/* Frames in several pieces that nobody asked for, over buffers of both kinds: never two frames. */
#include <criterion/criterion.h>
#include <string.h>

#include "support/fake_kernel.h"
#include "xdp/uapi.h"

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
