/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is known of each receive id, in 12 bytes: who has its buffer, where that lies, and which of the
 * addresses that the kernel holds is whose. The capacity matters only while a buffer waits for a copy:
 * a chunk that is posted ends with its buffer or before, and nothing is written behind its end.
 *
 *     state[id]   8 bytes   owner, capacity, UMEM offset
 *     next[id]     4 bytes   link in a list: the kernel's, one of parked ids, or a bucket of strays
 *
 * The kernel mostly gives addresses back in the order it got them, so its ids stand in a list in that
 * order, the *fifo*, and the answer is nearly always its first: one load, one compare. When it is not,
 * the ids in front of the match become *strays*: they are chained into buckets by their offset once and
 * are found there later: in a chain of 16 on average when all are strays, and of about 50 at most,
 * whatever addresses a guest gives its buffers (hash.h). An id is in one list at a time, so one link is
 * enough.
 * tx_avail.c has the same need with keys that repeat and come from a guest: see inflight.h.
 */
#ifndef NET_XDP_RX_TABLE_H
#define NET_XDP_RX_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"

#define RX_NONE UINT32_MAX

/* Who has a receive buffer. A state of 0 is the frontend's. */
enum rx_owner {
	RX_FRONTEND = 0,
	RX_KERNEL,  /* its chunk was posted; the offset is the chunk's */
	RX_PENDING, /* parked until the fill ring has room; the offset is the chunk's */
	RX_WAITING, /* parked until a bounced frame is copied to it; the offset is its frame's */
};

#define RX_OFFSET	((1ull << 48) - 1) /* of a state, and of an unaligned address */
#define RX_CAPACITY_MAX 0x3fffu		   /* all that matters: no frame is larger than 9216 */

/* Ids in order of arrival, chained through next. Only count ends it: the last one's link, and first and
 * last when it is empty, are never followed. */
struct rx_list {
	uint32_t first, last;
	uint32_t count;
};

struct rx_table {
	uint64_t *state;
	uint32_t *next;
	struct rx_list fifo; /* what the kernel has, oldest first, strays apart */
	uint32_t strays;
	uint32_t *bucket;
	struct hash *hash;
	uint32_t bucket_mask;
	uint32_t id_limit;
};

/* Return: 0 or -ENOMEM, and then there is nothing to close. */
int rx_table_open(struct rx_table *t, uint32_t id_limit);
void rx_table_close(struct rx_table *t);

/* Owner, and capacity of a buffer that waits, as they stand in a state above the offset. */
static inline uint64_t rx_tag(enum rx_owner owner, uint32_t capacity)
{
	if (capacity > RX_CAPACITY_MAX)
		capacity = RX_CAPACITY_MAX;
	return (uint64_t)owner << 62 | (uint64_t)capacity << 48;
}

static inline uint64_t rx_offset(const struct rx_table *t, uint32_t id)
{
	return t->state[id] & RX_OFFSET;
}

static inline uint32_t rx_capacity(const struct rx_table *t, uint32_t id)
{
	return (uint32_t)(t->state[id] >> 48) & RX_CAPACITY_MAX;
}

/* The link that the next id of a list is written to. */
static inline uint32_t *rx_list_end(struct rx_table *t, struct rx_list *list)
{
	return list->count ? &t->next[list->last] : &list->first;
}

static inline void rx_list_put(struct rx_table *t, struct rx_list *list, uint32_t id)
{
	*rx_list_end(t, list) = id;
	list->last = id;
	list->count++;
}

/* The first id leaves its list, which is not empty. */
static inline uint32_t rx_list_take(struct rx_table *t, struct rx_list *list)
{
	uint32_t id = list->first;

	list->first = t->next[id];
	list->count--;
	return id;
}

/* How many ids the kernel has. */
static inline uint32_t rx_table_count(const struct rx_table *t)
{
	return t->fifo.count + t->strays;
}

/* The kernel gets id, whose state says so. */
static inline void rx_table_put(struct rx_table *t, uint32_t id)
{
	rx_list_put(t, &t->fifo, id);
}

/* Not for callers: the first of the fifo was not the answer. */
uint32_t rx_table_take_slow(struct rx_table *t, uint64_t offset);

/* The kernel gave the chunk at offset back. Return: its id, RX_NONE when the kernel was given no such
 * chunk. The state stays as it is. */
static inline uint32_t rx_table_take(struct rx_table *t, uint64_t offset)
{
	if (__builtin_expect(t->fifo.count && rx_offset(t, t->fifo.first) == offset, 1))
		return rx_list_take(t, &t->fifo);
	return rx_table_take_slow(t, offset);
}

#endif
