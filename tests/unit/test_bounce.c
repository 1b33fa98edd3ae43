// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>

#include "xdp/data/bounce.h"

Test(bounce, take_all_then_none_gives_distinct_slots)
{
	struct bounce b;
	uint64_t slot[16];

	cr_assert_eq(bounce_open(&b, 8192, 16, 2048), 0);
	for (int i = 0; i < 16; i++) {
		slot[i] = bounce_take(&b);
		cr_assert(bounce_owns(&b, slot[i]));
		cr_assert_eq(slot[i] % 2048, 0);
		for (int j = 0; j < i; j++)
			cr_assert_neq(slot[i], slot[j]);
	}
	cr_assert_eq(bounce_take(&b), BOUNCE_NONE);
	cr_assert(bounce_give(&b, slot[3] + 2047));
	cr_assert_eq(bounce_take(&b), slot[3]);
	bounce_close(&b);
}

Test(bounce, give_twice_or_foreign_is_refused)
{
	struct bounce b;
	uint64_t slot;

	cr_assert_eq(bounce_open(&b, 4096, 2, 4096), 0);
	slot = bounce_take(&b);
	cr_assert(bounce_give(&b, slot));
	cr_assert_not(bounce_give(&b, slot));
	cr_assert_not(bounce_give(&b, 0));
	cr_assert_not(bounce_give(&b, 4096 + 2 * 4096));
	cr_assert_eq(b.free_count, 2);
	bounce_close(&b);
}

Test(bounce, open_without_slots_owns_nothing)
{
	struct bounce b;

	cr_assert_eq(bounce_open(&b, 4096, 0, 4096), 0);
	cr_assert_not(bounce_owns(&b, 4096));
	cr_assert_eq(bounce_take(&b), BOUNCE_NONE);
	bounce_close(&b);
}
