/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ring of bytes between a queue's thread, which appends blocks, and the recorder's thread, which
 * writes them.
 *
 *     spool_begin(s, n) -> spool_put() ... -> spool_commit(s)        the queue: never waits
 *     spool_peek(s, ...) -> write -> spool_release(s, n)             the recorder
 *
 * A block begins like one of pcapng: four bytes of type, four of length, which is a multiple of 4. The
 * recorder sees whole blocks only.
 */
#ifndef NET_SPOOL_H
#define NET_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

enum { SPOOL_LINE_BYTES = 64 };

struct spool {
	struct spool *next; /* the recorder's list */
	uint8_t *bytes;
	uint64_t mask; /* size - 1; the size is a power of two */
	bool closed;   /* atomic: the queue has ended */

	/* Written by the queue's thread. Positions only grow. */
	_Alignas(SPOOL_LINE_BYTES) uint64_t head; /* atomic: end of the last whole block */
	uint64_t at;				  /* where spool_put() writes */
	uint64_t tail_seen;
	uint64_t missed;       /* atomic: frames that found no room here */
	uint64_t missed_since; /* of these: frames since the last block */

	/* Written by the recorder's thread. */
	_Alignas(SPOOL_LINE_BYTES) uint64_t tail; /* atomic: everything before has been written */
};

/* Make a spool of at least min_bytes, rounded up to a power of two. Return: NULL if there is no
 * memory. */
struct spool *spool_open(uint32_t min_bytes);
void spool_free(struct spool *s);

/* ---- The queue's thread -------------------------------------------------------------------- */

/* Begin a block of so many bytes; without spool_commit() it is forgotten. Return: false if there is
 * no room. */
bool spool_begin(struct spool *s, uint32_t bytes);
void spool_put(struct spool *s, const void *from, uint32_t bytes);
void spool_commit(struct spool *s);
void spool_miss(struct spool *s);

/* ---- The recorder's thread ----------------------------------------------------------------- */

/* Contiguous bytes of the ring. */
struct spool_part {
	const uint8_t *bytes;
	uint64_t len_bytes;
};

/* Find the whole blocks that wait, up to max_bytes of them but at least one, in at most two parts.
 * Return: how many bytes they have. */
uint64_t spool_peek(const struct spool *s, uint64_t max_bytes, struct spool_part parts[2]);
/* Return: how many blocks lie whole in the next so many bytes. *whole_bytes: how many bytes those
 * have. */
uint64_t spool_count(const struct spool *s, uint64_t bytes, uint64_t *whole_bytes);
void spool_release(struct spool *s, uint64_t bytes);

static inline uint64_t spool_missed(const struct spool *s)
{
	return __atomic_load_n(&s->missed, __ATOMIC_RELAXED);
}

#endif
