// SPDX-License-Identifier: BSD-2-Clause
/* Receive ids that are refused, and why; pools of programs that are older than these operations. */
#include <criterion/criterion.h>

#include "support/pool_rig.h"

Test(refusal, each_id_comes_back_with_its_reason)
{
	const uint32_t length = 2048;
	uint32_t ids[] = {0, POOL_IDS, 1, 0, 2, 3};
	struct pool_rig r;

	pool_rig_open(&r, 1518, false);
	for (uint32_t i = 0; i < 4; i++)
		pool_rig_lay_out(&r, i, &length, 1);
	r.buffer[1].first.addr = FRONTEND_BASE + POOL_BYTES;
	r.buffer[2].first.capacity_bytes = 0;
	cr_assert_eq(net_queue_rx_avail(r.q, &r.pool, ids, 6), 4);
	cr_assert_eq(r.buffer[0].refused, NET_RX_REFUSED_DUPLICATE);
	cr_assert_eq(r.buffer[1].refused, NET_RX_REFUSED_ADDRESS);
	cr_assert_eq(r.buffer[2].refused, NET_RX_REFUSED_ID);
	cr_assert_eq(r.buffer[3].refused, 0);
	pool_rig_close(&r);
}

/* A program that was built with a header that ended after the first operations, or that says no size. */
Test(refusal, pool_of_an_older_program_is_not_asked_for_what_it_does_not_have)
{
	static const size_t sizes[] = {0, offsetof(struct net_buffer_access_ops, rx_pieces)};
	struct net_buffer_access_ops older = pool_rig_ops;
	const uint32_t length = 200;
	struct pool_rig r;

	for (size_t i = 0; i < 2; i++) {
		uint32_t ids[] = {0, POOL_IDS};

		older.size_bytes = sizes[i];
		pool_rig_open(&r, 1518, false);
		r.pool.ops = &older;
		pool_rig_lay_out(&r, 0, &length, 1);
		cr_assert_eq(net_queue_rx_avail(r.q, &r.pool, ids, 2), 1);
		pool_rig_receive(&r, 200, 1);
		cr_assert_eq(net_queue_rx_poll(r.q, &r.pool, ids, 1), 1);
		cr_assert_eq(r.asked, 0);
		pool_rig_close(&r);
	}
}
