/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which slot owns which address that the kernel holds, for both directions.
 *
 * The kernel mostly gives addresses back in the order it got them, so the slots stand in a queue in
 * that order and the answer is nearly always its head: one load, one compare, no hash. When it is
 * not, the slots in front of the match become *strays*: they move to a hash table once and are found
 * there later. Work per address is O(1) amortised in any order, whatever a guest or driver does.
 *
 * The same key may be in flight twice (a guest may send one buffer twice); which of the two slots
 * answers first does not matter, both name the same bytes.
 */
#ifndef NET_XDP_INFLIGHT_H
#define NET_XDP_INFLIGHT_H

#include <stdint.h>

#define INFLIGHT_NONE UINT32_MAX

struct inflight_slot {
	uint64_t key;
	uint32_t value; /* the owner's */
	uint32_t next;	/* the owner's while not in flight; ours as a stray */
};

struct inflight {
	struct inflight_slot *slot; /* indexed by the owner: receive id, or TX slot */
	uint32_t *order;	    /* slots in flight, oldest first */
	uint32_t head, tail;
	uint32_t mask;
	uint32_t strays;
	uint32_t *bucket; /* of strays, by key */
};

/* slots: how many; rounded up to a power of two inside. Return: 0 or -ENOMEM. */
int inflight_open(struct inflight *t, uint32_t slots);
void inflight_close(struct inflight *t);

/* Not for callers: the head was not the answer. */
uint32_t inflight_take_slow(struct inflight *t, uint64_t key);

/* slot[index].key goes in flight. A slot is in flight at most once. */
static inline void inflight_put(struct inflight *t, uint32_t index)
{
	t->order[t->tail++ & t->mask] = index;
}

/* The slot that owns key leaves flight. Return: its index, INFLIGHT_NONE when nobody owns it. */
static inline uint32_t inflight_take(struct inflight *t, uint64_t key)
{
	if (__builtin_expect(t->head != t->tail, 1)) {
		uint32_t index = t->order[t->head & t->mask];

		if (__builtin_expect(t->slot[index].key == key, 1)) {
			t->head++;
			return index;
		}
	}
	return inflight_take_slow(t, key);
}

/* How many are in flight. */
static inline uint32_t inflight_count(const struct inflight *t)
{
	return t->tail - t->head + t->strays;
}

#endif
