// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "xdp/data/inflight.h"

/* The id of what is taken, INFLIGHT_NONE for nothing. */
static uint32_t take(struct inflight *t, uint64_t key)
{
	const struct inflight_entry *e = inflight_take(t, key);

	cr_assert(!e || e->key == key);
	return e ? e->id : INFLIGHT_NONE;
}

Test(inflight, take_in_order_makes_no_strays)
{
	struct inflight t;

	cr_assert_eq(inflight_open(&t, 100), 0);
	for (uint32_t round = 0; round < 1000; round++) {
		for (uint32_t i = 0; i < 100; i++)
			inflight_put(&t, i * 7 + round, i, 0);
		for (uint32_t i = 0; i < 100; i++)
			cr_assert_eq(take(&t, i * 7 + round), i);
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
		inflight_put(&t, 1000 + i, i, 0);
	for (uint32_t i = 64; i--;)
		cr_assert_eq(take(&t, 1000 + i), i);
	cr_assert_eq(inflight_count(&t), 0);
	cr_assert_eq(take(&t, 1000), INFLIGHT_NONE);
	inflight_close(&t);
}

Test(inflight, take_unknown_key_keeps_the_others)
{
	struct inflight t;

	cr_assert_eq(inflight_open(&t, 8), 0);
	for (uint32_t i = 0; i < 8; i++)
		inflight_put(&t, i, i, 0);
	cr_assert_eq(take(&t, 99), INFLIGHT_NONE);
	cr_assert_eq(inflight_count(&t), 8);
	for (uint32_t i = 0; i < 8; i++)
		cr_assert_eq(take(&t, i), i);
	inflight_close(&t);
}

Test(inflight, take_same_key_twice_gives_both_slots)
{
	struct inflight t;
	uint32_t a, b;

	cr_assert_eq(inflight_open(&t, 4), 0);
	inflight_put(&t, 5, 0, 0);
	inflight_put(&t, 6, 1, 0);
	inflight_put(&t, 5, 2, 0);
	cr_assert_eq(take(&t, 6), 1);
	a = take(&t, 5);
	b = take(&t, 5);
	cr_assert((a == 0 && b == 2) || (a == 2 && b == 0), "%u %u", a, b);
	cr_assert_eq(take(&t, 5), INFLIGHT_NONE);
	inflight_close(&t);
}

/* Against an array that is searched from end to end: any order, indices over their wrap. */
Test(inflight, random_orders_agree_with_a_plain_search)
{
	enum { SLOTS = 256 };
	struct inflight t;
	uint64_t key[SLOTS] = {0}; /* 0: not in flight */
	uint32_t held = 0;

	srand(1);
	cr_assert_eq(inflight_open(&t, SLOTS), 0);
	t.head = t.tail = UINT32_MAX - 1000;
	for (uint32_t step = 0; step < 200000; step++) {
		uint32_t slot = (uint32_t)rand() % SLOTS;

		if (!key[slot]) {
			key[slot] = (uint64_t)(rand() % 64) << 32 | slot | 1u << 31;
			inflight_put(&t, key[slot], slot, 0);
			held++;
		} else {
			cr_assert_eq(take(&t, key[slot]), slot);
			key[slot] = 0;
			held--;
		}
		cr_assert_eq(inflight_count(&t), held);
	}
	inflight_close(&t);
}

/* ---- What an adversary can choose: addresses, and nearly the order of completion ------------------ */

enum { MANY = 65536 };

/* Every key is a stray. Return: the longest chain; *probes: entries looked at to take each once. */
static uint32_t longest_chain(const struct inflight *t, uint64_t *probes)
{
	uint32_t longest = 0;

	*probes = 0;
	for (uint32_t i = 0; i <= t->mask; i++) {
		uint32_t length = 0;

		for (uint32_t at = t->bucket[i]; at != INFLIGHT_NONE; at = t->stray_next[at])
			*probes += ++length;
		longest = length > longest ? length : longest;
	}
	return longest;
}

/* MANY keys of one kind: those that all collide under the golden ratio, which an open table is known by,
 * arithmetic progressions, and cubes (all sums of 16 powers of two). */
static void choose(uint64_t *key, uint32_t kind)
{
	static const uint64_t stride[] = {1,	64,   1024, 2048,  4096,
					  1601, 4095, 4097, 65535, 0x61c88646};
	uint64_t next = 4096;

	for (uint32_t i = 0; i < MANY; i++) {
		if (kind == 0) {
			while (((uint32_t)((next * 0x9e3779b97f4a7c15u) >> 32) & (MANY - 1)) != 5)
				next++;
			key[i] = next++;
		} else if (kind <= sizeof(stride) / sizeof(*stride)) {
			key[i] = 4096 + i * stride[kind - 1];
		} else {
			key[i] = (i & 0xffull) | (i & 0xff00ull) << (kind - 10);
		}
	}
}

Test(inflight, chosen_keys_form_no_long_chains)
{
	enum { KINDS = 30, TABLES = 8, LONGEST = 24 };
	static uint64_t key[MANY];
	uint64_t probes;
	uint32_t longest;

	for (uint32_t kind = 0; kind < KINDS; kind++) {
		choose(key, kind);
		for (uint32_t table = 0; table < TABLES; table++) {
			struct inflight t;

			cr_assert_eq(inflight_open(&t, MANY), 0);
			for (uint32_t i = 0; i < MANY; i++)
				inflight_put(&t, key[i], i, 0);
			cr_assert_eq(take(&t, 1ull << 46), INFLIGHT_NONE);
			cr_assert_eq(t.strays, MANY);
			longest = longest_chain(&t, &probes);
			cr_assert_leq(longest, LONGEST, "keys of kind %u: a chain of %u", kind,
				      longest);
			cr_assert_leq(probes, 2 * MANY, "keys of kind %u: %lu probes", kind,
				      probes);
			inflight_close(&t);
		}
	}
}

/* Two queues of one guest: what it learns of one says nothing of the other. */
Test(inflight, each_table_has_a_secret_of_its_own)
{
	struct inflight a, b;

	cr_assert_eq(inflight_open(&a, 2), 0);
	cr_assert_eq(inflight_open(&b, 2), 0);
	cr_assert_neq(memcmp(a.hash, b.hash, sizeof(*a.hash)), 0);
	inflight_close(&a);
	inflight_close(&b);
}
