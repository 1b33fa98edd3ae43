/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ring of bytes between a queue's thread, which appends blocks, and the recorder's, which writes
 * them.
 *
 *     spool_begin(s, n) -> spool_put() ... -> spool_commit(s)        the queue: never waits
 *     spool_peek(s, ...) -> write -> spool_release(s, n)             the recorder
 *
 * A block begins as each of pcapng does: four bytes of type, four of length, which is a multiple of
 * 4. Only whole blocks are seen by the recorder.
 */
#ifndef NET_SPOOL_H
#define NET_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

enum { SPOOL_LINE_BYTES = 64 };

struct spool {
	struct spool *next; /* the recorder's list */
	uint8_t *bytes;
	uint64_t mask; /* size - 1, the size is a power of two */
	bool closed;   /* atomic: the queue has ended */

	/* The queue's: positions only grow. */
	_Alignas(SPOOL_LINE_BYTES) uint64_t head; /* atomic: end of the last whole block */
	uint64_t at;				  /* where spool_put() writes */
	uint64_t tail_seen;
	uint64_t missed;       /* atomic: frames that are not in here */
	uint64_t missed_since; /* of these: since the last block */

	/* The recorder's. */
	_Alignas(SPOOL_LINE_BYTES) uint64_t tail; /* atomic: everything before has been written */
};

/* Return: NULL without memory. min_bytes is rounded up to a power of two. */
struct spool *spool_open(uint32_t min_bytes);
void spool_free(struct spool *s);

/* ---- The queue's thread -------------------------------------------------------------------- */

/* Is there room for a block of so many bytes? If so it begins; without a commit it never was. */
bool spool_begin(struct spool *s, uint32_t bytes);
void spool_put(struct spool *s, const void *from, uint32_t bytes);
void spool_commit(struct spool *s);
void spool_miss(struct spool *s);

/* ---- The recorder's thread ----------------------------------------------------------------- */

/* Some contiguous bytes. */
struct spool_part {
	const uint8_t *bytes;
	uint64_t len_bytes;
};

/* The whole blocks that wait, up to max_bytes of them but at least one: at most two parts.
 * Return: how many bytes that is. */
uint64_t spool_peek(const struct spool *s, uint64_t max_bytes, struct spool_part parts[2]);
/* How many blocks lie whole in the next so many bytes, and up to where? */
uint64_t spool_count(const struct spool *s, uint64_t bytes, uint64_t *whole_bytes);
void spool_release(struct spool *s, uint64_t bytes);

static inline uint64_t spool_missed(const struct spool *s)
{
	return __atomic_load_n(&s->missed, __ATOMIC_RELAXED);
}

#endif
