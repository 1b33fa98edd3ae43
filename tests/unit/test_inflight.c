// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <stdlib.h>

#include "xdp/inflight.h"

static void put(struct inflight *t, uint32_t slot, uint64_t key)
{
	t->slot[slot].key = key;
	inflight_put(t, slot);
}

Test(inflight, take_in_order_makes_no_strays)
{
	struct inflight t;

	cr_assert_eq(inflight_open(&t, 100), 0);
	for (uint32_t round = 0; round < 1000; round++) {
		for (uint32_t i = 0; i < 100; i++)
			put(&t, i, i * 7 + round);
		for (uint32_t i = 0; i < 100; i++)
			cr_assert_eq(inflight_take(&t, i * 7 + round), i);
		cr_assert_eq(t.strays, 0);
		cr_assert_eq(inflight_count(&t), 0);
	}
	inflight_close(&t);
}

Test(inflight, take_in_reverse_finds_each_once)
{
	struct inflight t;

	cr_assert_eq(inflight_open(&t, 64), 0);
	for (uint32_t i = 0; i < 64; i++)
		put(&t, i, 1000 + i);
	for (uint32_t i = 64; i--;)
		cr_assert_eq(inflight_take(&t, 1000 + i), i);
	cr_assert_eq(inflight_count(&t), 0);
	cr_assert_eq(inflight_take(&t, 1000), INFLIGHT_NONE);
	inflight_close(&t);
}

Test(inflight, take_unknown_key_keeps_the_others)
{
	struct inflight t;

	cr_assert_eq(inflight_open(&t, 8), 0);
	for (uint32_t i = 0; i < 8; i++)
		put(&t, i, i);
	cr_assert_eq(inflight_take(&t, 99), INFLIGHT_NONE);
	cr_assert_eq(inflight_count(&t), 8);
	for (uint32_t i = 0; i < 8; i++)
		cr_assert_eq(inflight_take(&t, i), i);
	inflight_close(&t);
}

Test(inflight, take_same_key_twice_gives_both_slots)
{
	struct inflight t;
	uint32_t a, b;

	cr_assert_eq(inflight_open(&t, 4), 0);
	put(&t, 0, 5);
	put(&t, 1, 6);
	put(&t, 2, 5);
	cr_assert_eq(inflight_take(&t, 6), 1);
	a = inflight_take(&t, 5);
	b = inflight_take(&t, 5);
	cr_assert((a == 0 && b == 2) || (a == 2 && b == 0), "%u %u", a, b);
	cr_assert_eq(inflight_take(&t, 5), INFLIGHT_NONE);
	inflight_close(&t);
}

/* Against an array that is searched from end to end: any order, indices over their wrap. */
Test(inflight, random_orders_agree_with_a_plain_search)
{
	enum { SLOTS = 256 };
	struct inflight t;
	bool out[SLOTS] = {false};
	uint32_t held = 0;

	srand(1);
	cr_assert_eq(inflight_open(&t, SLOTS), 0);
	t.head = t.tail = UINT32_MAX - 1000;
	for (uint32_t step = 0; step < 200000; step++) {
		uint32_t slot = (uint32_t)rand() % SLOTS;

		if (!out[slot]) {
			put(&t, slot, (uint64_t)(rand() % 64) << 32 | slot);
			out[slot] = true;
			held++;
		} else {
			uint64_t key = t.slot[slot].key;

			cr_assert_eq(inflight_take(&t, key), slot);
			out[slot] = false;
			held--;
		}
		cr_assert_eq(inflight_count(&t), held);
	}
	inflight_close(&t);
}
