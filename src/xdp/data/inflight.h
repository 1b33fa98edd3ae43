/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which address that the kernel holds belongs to which packet. (Received buffers have ids of their own,
 * and a table by id: see rx_table.h.)
 *
 * The kernel mostly gives addresses back in the order it got them, so the entries stand in a queue in
 * that order and the answer is nearly always its head: one load, one compare, no hash, and memory
 * that is read and written in sequence. When it is not the head, the entries in front of the match
 * become *strays*: they move to a hash table once and are found there later. An address becomes a stray
 * at most once, and finding it costs a short chain on average, in any order of completion and whatever
 * addresses a guest sends from: it does not know where they hash to (hash.h). Of 65,536 strays a chain
 * holds one or two on average, and about ten at most.
 *
 * The same key may be in flight twice (a guest may send one buffer twice, or from two addresses that
 * differ in bit 0). An address does not say which of the two it was, so either entry may answer first:
 * the bytes that they name are that guest's own, and overlap.
 */
#ifndef NET_XDP_INFLIGHT_H
#define NET_XDP_INFLIGHT_H

#include <stdint.h>

#include "base/hash.h"

#define INFLIGHT_NONE	   UINT32_MAX /* the end of a chain */
#define INFLIGHT_NO_RECORD UINT32_MAX /* the entry has the id itself */

struct inflight_entry {
	uint64_t key;
	uint32_t id;	 /* of the packet, if it has no record */
	uint32_t record; /* in struct tx_records, or INFLIGHT_NO_RECORD */
};

struct inflight {
	struct inflight_entry *queue; /* oldest at head */
	uint32_t head, tail;
	uint32_t mask;
	uint32_t strays;

	struct inflight_entry *stray; /* as many as the queue */
	uint32_t *stray_next;	      /* in a bucket, or in the free list */
	uint32_t *bucket;
	struct hash *hash;
	uint32_t stray_free;
};

/* entries: how many at most; rounded up to a power of two inside. Return: 0 or -ENOMEM. */
int inflight_open(struct inflight *t, uint32_t entries);
void inflight_close(struct inflight *t);

/* Each entry that is in flight, in no order. */
void inflight_each(const struct inflight *t,
		   void (*each)(void *context, const struct inflight_entry *entry), void *context);

/* Not for callers: the head was not the answer. */
const struct inflight_entry *inflight_take_slow(struct inflight *t, uint64_t key);

/* How many are in flight. */
static inline uint32_t inflight_count(const struct inflight *t)
{
	return t->tail - t->head + t->strays;
}

/* How many more fit. */
static inline uint32_t inflight_room(const struct inflight *t)
{
	return t->mask + 1 - inflight_count(t);
}

static inline struct inflight_entry *inflight_at(const struct inflight *t, uint32_t index)
{
	return &t->queue[index & t->mask];
}

/* An address goes in flight. There must be room. */
static inline void inflight_put(struct inflight *t, uint64_t key, uint32_t id, uint32_t record)
{
	t->queue[t->tail++ & t->mask] =
		(struct inflight_entry){.key = key, .id = id, .record = record};
}

/* The entry of key leaves flight. Return: a copy to read until the next put or take, NULL when nobody
 * owns the key. */
static inline const struct inflight_entry *inflight_take(struct inflight *t, uint64_t key)
{
	const struct inflight_entry *e = &t->queue[t->head & t->mask];

	if (__builtin_expect(t->head != t->tail && e->key == key, 1)) {
		t->head++;
		return e;
	}
	return inflight_take_slow(t, key);
}

#endif
