/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is known of each receive id, in 16 bytes: who has its buffer, where that lies, and which of the
 * addresses that the kernel holds is whose.
 *
 *     record[id]   8 bytes   owner, capacity, UMEM offset
 *     next[id]     4 bytes   link in a list of parked ids, or of strays
 *     order        4 bytes   a ring of the ids that the kernel has, oldest at head
 *
 * The kernel mostly gives addresses back in the order it got them, so the answer is nearly always at the
 * head of the ring: one load, one compare. When it is not, the ids in front of the match become
 * *strays*: they are chained into buckets by their offset once and are found there later. Work per
 * address is O(1) amortised in any order. An id is in one place at a time, so one link is enough.
 * tx_avail.c has the same need with keys that repeat and come from a guest: see inflight.h.
 */
#ifndef NET_XDP_RX_TABLE_H
#define NET_XDP_RX_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#define RX_NONE UINT32_MAX

/* Who has a receive buffer. A record of 0 is the frontend's. */
enum rx_owner {
	RX_FRONTEND = 0,
	RX_KERNEL,  /* its chunk was posted; the offset is the chunk's */
	RX_PENDING, /* parked until the fill ring has room; the offset is the chunk's */
	RX_WAITING, /* parked until a bounced frame is copied to it; the offset is its frame's */
};

#define RX_OFFSET	((1ull << 48) - 1) /* of a record, and of an unaligned address */
#define RX_CAPACITY_MAX 0x3fffu		   /* all that matters: no frame is larger than 9216 */

struct rx_table {
	uint64_t *record;
	uint32_t *next;
	uint32_t *order;
	uint32_t head, tail;
	uint32_t mask;
	uint32_t strays;
	uint32_t *bucket;
	uint32_t bucket_mask;
	uint32_t id_limit;
};

/* entries: how many ids the kernel may have at most; rounded up to a power of two.
 * Return: 0 or -ENOMEM, and then there is nothing to close. */
int rx_table_open(struct rx_table *t, uint32_t id_limit, uint32_t entries);
void rx_table_close(struct rx_table *t);

/* Owner and capacity, as they stand in a record above the offset. */
static inline uint64_t rx_tag(enum rx_owner owner, uint32_t capacity)
{
	if (capacity > RX_CAPACITY_MAX)
		capacity = RX_CAPACITY_MAX;
	return (uint64_t)owner << 62 | (uint64_t)capacity << 48;
}

static inline uint64_t rx_offset(const struct rx_table *t, uint32_t id)
{
	return t->record[id] & RX_OFFSET;
}

static inline uint32_t rx_capacity(const struct rx_table *t, uint32_t id)
{
	return (uint32_t)(t->record[id] >> 48) & RX_CAPACITY_MAX;
}

/* How many more ids the ring takes. Strays keep their places: the kernel still has them. */
static inline uint32_t rx_table_room(const struct rx_table *t)
{
	return t->mask + 1 - (t->tail - t->head + t->strays);
}

/* The kernel gets id, whose record says so. There must be room. */
static inline void rx_table_put(struct rx_table *t, uint32_t id)
{
	t->order[t->tail++ & t->mask] = id;
}

/* Not for callers: the head was not the answer. */
uint32_t rx_table_take_slow(struct rx_table *t, uint64_t offset);

/* The kernel gave the chunk at offset back. Return: its id, RX_NONE when the kernel was given no such
 * chunk. The record stays as it is. */
static inline uint32_t rx_table_take(struct rx_table *t, uint64_t offset)
{
	uint32_t id = t->order[t->head & t->mask];

	if (__builtin_expect(t->head != t->tail && rx_offset(t, id) == offset, 1)) {
		t->head++;
		return id;
	}
	return rx_table_take_slow(t, offset);
}

#endif
