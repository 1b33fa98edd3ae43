// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>

#include "xdp/data/rx_table.h"

#define IDS 1000u

/* Any offset that is not its id, one per id. */
static uint64_t offset_of(uint32_t id)
{
	return 4096 + (uint64_t)id * 2311;
}

static void put(struct rx_table *t, uint32_t id)
{
	t->state[id] = offset_of(id) | rx_tag(RX_KERNEL, 1500);
	rx_table_put(t, id);
}

static void open_full(struct rx_table *t)
{
	cr_assert_eq(rx_table_open(t, IDS), 0);
	for (uint32_t id = 0; id < IDS; id++)
		put(t, id);
}

Test(rx_table, take_in_order_makes_no_strays)
{
	struct rx_table t;

	open_full(&t);
	for (uint32_t id = 0; id < IDS; id++)
		cr_assert_eq(rx_table_take(&t, offset_of(id)), id);
	cr_assert_eq(t.strays, 0);
	cr_assert_eq(rx_table_take(&t, offset_of(0)), RX_NONE);
	rx_table_close(&t);
}

Test(rx_table, take_in_any_order_finds_each_once)
{
	struct rx_table t;

	open_full(&t);
	for (uint32_t i = 0; i < IDS; i++) {
		uint32_t id = (i * 617 + 999) % IDS; /* 617 and 1000 have no common divisor */

		cr_assert_eq(rx_table_take(&t, offset_of(id)), id);
		cr_assert_eq(rx_table_take(&t, offset_of(id)), RX_NONE);
	}
	cr_assert_eq(t.strays, 0);
	cr_assert_eq(rx_table_count(&t), 0);
	rx_table_close(&t);
}

Test(rx_table, take_unknown_offset_keeps_the_others)
{
	struct rx_table t;

	open_full(&t);
	cr_assert_eq(rx_table_take(&t, 1), RX_NONE);
	cr_assert_eq(t.strays, IDS);
	cr_assert_eq(rx_table_count(&t), IDS);
	for (uint32_t id = IDS; id--;)
		cr_assert_eq(rx_table_take(&t, offset_of(id)), id);
	rx_table_close(&t);
}

Test(rx_table, put_while_strays_are_out_finds_both)
{
	struct rx_table t;

	open_full(&t);
	cr_assert_eq(rx_table_take(&t, offset_of(IDS - 1)), IDS - 1);
	put(&t, IDS - 1);
	cr_assert_eq(rx_table_take(&t, offset_of(IDS - 1)), IDS - 1);
	for (uint32_t id = 0; id < IDS - 1; id++)
		cr_assert_eq(rx_table_take(&t, offset_of(id)), id);
	cr_assert_eq(t.strays, 0);
	rx_table_close(&t);
}

Test(rx_table, tag_of_large_capacity_keeps_owner_and_limit)
{
	struct rx_table t;

	cr_assert_eq(rx_table_open(&t, 1), 0);
	t.state[0] = offset_of(0) | rx_tag(RX_WAITING, UINT32_MAX);
	cr_assert_eq(rx_offset(&t, 0), offset_of(0));
	cr_assert_eq(rx_capacity(&t, 0), RX_CAPACITY_MAX);
	cr_assert_eq(t.state[0] >> 62, RX_WAITING);
	rx_table_close(&t);
}

/* Offsets that all collide under the golden ratio, and buffers behind each other. */
Test(rx_table, chosen_offsets_form_no_long_chains)
{
	enum { MANY = 65536, BUCKETS = MANY / 16, LONGEST = 64 };
	static uint64_t offset[2][MANY];
	uint64_t next = 4096;

	for (uint32_t id = 0; id < MANY; id++) {
		while (((uint32_t)((next * 0x9e3779b97f4a7c15u) >> 32) & (BUCKETS - 1)) != 5)
			next++;
		offset[0][id] = next++;
		offset[1][id] = 4096 + 2048ull * id;
	}
	for (uint32_t round = 0; round < 16; round++) {
		uint32_t longest = 0;
		struct rx_table t;

		cr_assert_eq(rx_table_open(&t, MANY), 0);
		cr_assert_eq(t.bucket_mask, BUCKETS - 1);
		for (uint32_t id = 0; id < MANY; id++) {
			t.state[id] = offset[round % 2][id] | rx_tag(RX_KERNEL, 0);
			rx_table_put(&t, id);
		}
		cr_assert_eq(rx_table_take(&t, 1), RX_NONE);
		for (uint32_t i = 0; i < BUCKETS; i++) {
			uint32_t length = 0;

			for (uint32_t at = t.bucket[i]; at != RX_NONE; at = t.next[at])
				length++;
			longest = length > longest ? length : longest;
		}
		cr_assert_leq(longest, LONGEST, "a chain of %u", longest);
		rx_table_close(&t);
	}
}
