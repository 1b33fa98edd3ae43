/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Transmit: which packet an address belongs to that the kernel holds. (Received buffers have ids of
 * their own and a table by id, rx_table.h.)
 *
 * The kernel mostly completes addresses in the order it got them. So the entries stand in a queue in
 * that order, and the entry of a completed address is nearly always the one at its head: one load,
 * one compare, no hash, and memory that is read and written in sequence. When it is not, the entries
 * in front of it become *strays*: they move to a hash table, and are found there later. An address
 * becomes a stray at most once. Finding a stray costs a short chain, whatever the order of
 * completions and the addresses that a guest sends from, because the guest does not know where they
 * hash to (hash.h): of 65,536 strays a chain holds one or two on average and about ten at most.
 *
 * A key may be in flight twice: a guest may send one buffer twice, or from two addresses that differ
 * in bit 0. An address does not say which of the two completed, so inflight_take() may return either.
 * That is safe, because the bytes are that guest's own, and the two overlap.
 */
#ifndef NET_XDP_INFLIGHT_H
#define NET_XDP_INFLIGHT_H

#include <stdint.h>

#include "base/hash.h"

#define INFLIGHT_NONE	   UINT32_MAX /* the end of a chain */
#define INFLIGHT_NO_RECORD UINT32_MAX /* the entry holds the id */

struct inflight_entry {
	uint64_t key;
	uint32_t id;	 /* of the packet, if it has no record */
	uint32_t record; /* in struct tx_records, or INFLIGHT_NO_RECORD */
};

struct inflight {
	struct inflight_entry *queue; /* the oldest at head */
	uint32_t head, tail;
	uint32_t mask;
	uint32_t strays;

	struct inflight_entry *stray; /* as many as the queue */
	uint32_t *stray_next;	      /* in a bucket, or in the free list */
	uint32_t *bucket;
	struct hash *hash;
	uint32_t stray_free;
};

/* There is room for as many entries, rounded up to a power of two. Returns 0 or -ENOMEM. */
int inflight_open(struct inflight *t, uint32_t entries);
void inflight_close(struct inflight *t);

/* Call each() with every entry in flight, in no order. */
void inflight_each(const struct inflight *t,
		   void (*each)(void *context, const struct inflight_entry *entry), void *context);

/* The entry of a key that is not at the head. For inflight_take(). */
const struct inflight_entry *inflight_take_slow(struct inflight *t, uint64_t key);

/* Entries in flight. */
static inline uint32_t inflight_count(const struct inflight *t)
{
	return t->tail - t->head + t->strays;
}

/* Entries that fit beside those in flight. */
static inline uint32_t inflight_room(const struct inflight *t)
{
	return t->mask + 1 - inflight_count(t);
}

static inline struct inflight_entry *inflight_at(const struct inflight *t, uint32_t index)
{
	return &t->queue[index & t->mask];
}

/* Put an address in flight. The caller has seen that there is room. */
static inline void inflight_put(struct inflight *t, uint64_t key, uint32_t id, uint32_t record)
{
	t->queue[t->tail++ & t->mask] =
		(struct inflight_entry){.key = key, .id = id, .record = record};
}

/* Take the entry of a key out of flight. Returns the entry, to be read before the next put or take,
 * or NULL when the key is not in flight. */
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
