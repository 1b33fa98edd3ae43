/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The receive ids: who has each one's buffer, where that lies, and which id the chunk at an address
 * belongs to. Twelve bytes for each id:
 *
 *     state[id]    8 bytes   owner, capacity, UMEM offset
 *     next[id]     4 bytes   link in a list: the fifo, one of the parked lists, or a bucket of strays
 *
 * The capacity is kept only while a buffer waits for a copy: a chunk that is posted ends with its
 * buffer or before, and the kernel writes nothing behind the chunk's end.
 *
 * The kernel mostly gives chunks back in the order in which they were posted. So the ids that it has
 * stand in the *fifo* in that order, and nearly always the first id of the fifo is the one: one load,
 * one compare. When it is not, the ids in front of the match become *strays*: they leave the fifo for
 * the buckets of a hash over their offsets. A bucket has 16 ids on average when all are strays, and
 * about 50 at most, whatever addresses a guest gives its buffers (hash.h). An id is in one list at a
 * time, so one link is enough.
 *
 * Transmit has the same need with keys that repeat and come from a guest: see inflight.h.
 */
#ifndef NET_XDP_RX_TABLE_H
#define NET_XDP_RX_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"

#define RX_NONE UINT32_MAX

/* Who has the buffer of a receive id. State 0 is the frontend's. */
enum rx_owner {
	RX_FRONTEND = 0,
	RX_KERNEL,  /* the chunk was posted; the offset is the chunk's */
	RX_PENDING, /* parked until the fill ring has room; the offset is the chunk's */
	/* parked until a frame is copied to the buffer; the offset is where the frame will start */
	RX_WAITING,
};

/* mask of the offset in a state and in an unaligned descriptor's addr */
#define RX_OFFSET	((1ull << 48) - 1)
#define RX_CAPACITY_MAX 0x3fffu /* enough: no frame is larger than 9216 bytes */

/* Ids in the order in which they came, chained through next[]. Only count says where the list ends:
 * the last id's link is never followed, nor are first and last of an empty list. */
struct rx_list {
	uint32_t first, last;
	uint32_t count;
};

struct rx_table {
	uint64_t *state;
	uint32_t *next;
	struct rx_list fifo; /* ids that the kernel has, oldest first; strays are not in it */
	uint32_t strays;
	uint32_t *bucket;
	struct hash *hash;
	uint32_t bucket_mask;
	uint32_t id_limit;
};

/* Return: 0 or -ENOMEM, and then there is nothing to close. */
int rx_table_open(struct rx_table *t, uint32_t id_limit);
void rx_table_close(struct rx_table *t);

/* The bits of a state above the offset: owner, and the capacity of a buffer that waits. */
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

/* Return: where the link to the next id of a list is to be written. */
static inline uint32_t *rx_list_end(struct rx_table *t, struct rx_list *list)
{
	return __builtin_expect(list->count != 0, 1) ? &t->next[list->last] : &list->first;
}

static inline void rx_list_put(struct rx_table *t, struct rx_list *list, uint32_t id)
{
	*rx_list_end(t, list) = id;
	list->last = id;
	list->count++;
}

/* Take the first id out of a list that is not empty. */
static inline uint32_t rx_list_take(struct rx_table *t, struct rx_list *list)
{
	uint32_t id = list->first;

	list->first = t->next[id];
	list->count--;
	return id;
}

/* Return: how many ids the kernel has. */
static inline uint32_t rx_table_count(const struct rx_table *t)
{
	return t->fifo.count + t->strays;
}

/* The kernel gets the chunk of id; its state says so already. */
static inline void rx_table_put(struct rx_table *t, uint32_t id)
{
	rx_list_put(t, &t->fifo, id);
}

/* Part of rx_table_take(): the first id of the fifo was not the one. */
uint32_t rx_table_take_slow(struct rx_table *t, uint64_t offset);

/* The kernel gave the chunk at offset back. Return: its id, which leaves the table's lists and keeps
 * its state; RX_NONE if the kernel has no such chunk. */
static inline uint32_t rx_table_take(struct rx_table *t, uint64_t offset)
{
	if (__builtin_expect(t->fifo.count && rx_offset(t, t->fifo.first) == offset, 1))
		return rx_list_take(t, &t->fifo);
	return rx_table_take_slow(t, offset);
}

#endif
