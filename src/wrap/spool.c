// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include "wrap/spool.h"

enum { LENGTH_AT = 4 /* in a block */ };

struct spool *spool_open(uint32_t min_bytes)
{
	struct spool *s = aligned_alloc(SPOOL_LINE_BYTES, sizeof(*s));
	uint64_t size = 4096;

	if (!s)
		return NULL;
	while (size < min_bytes)
		size *= 2;
	*s = (struct spool){.bytes = malloc(size), .mask = size - 1};
	if (!s->bytes) {
		free(s);
		return NULL;
	}
	return s;
}

void spool_free(struct spool *s)
{
	free(s->bytes);
	free(s);
}

/* ---- The queue's thread -------------------------------------------------------------------- */

bool spool_begin(struct spool *s, uint32_t bytes)
{
	const uint64_t room_until = s->head + bytes - (s->mask + 1);

	/* The tail is another thread's line: it is read only when the last look says no. Acquire
	 * pairs with spool_release(): what was read there is written here only after that. */
	if ((int64_t)(room_until - s->tail_seen) > 0)
		s->tail_seen = __atomic_load_n(&s->tail, __ATOMIC_ACQUIRE);
	s->at = s->head;
	return (int64_t)(room_until - s->tail_seen) <= 0;
}

void spool_put(struct spool *s, const void *from, uint32_t bytes)
{
	const uint64_t at = s->at & s->mask, to_end = s->mask + 1 - at;
	const uint64_t first = bytes < to_end ? bytes : to_end;

	memcpy(s->bytes + at, from, first);
	memcpy(s->bytes, (const uint8_t *)from + first, bytes - first);
	s->at += bytes;
}

/* Release pairs with the acquire in spool_peek(): the block's bytes are there before its end is. */
void spool_commit(struct spool *s)
{
	s->missed_since = 0;
	__atomic_store_n(&s->head, s->at, __ATOMIC_RELEASE);
}

/* One writer, so no atomic addition. */
void spool_miss(struct spool *s)
{
	s->missed_since++;
	__atomic_store_n(&s->missed, s->missed + 1, __ATOMIC_RELAXED);
}

/* ---- The recorder's thread ----------------------------------------------------------------- */

/* Blocks are multiples of 4, so a length never wraps. */
static uint32_t block_bytes(const struct spool *s, uint64_t at)
{
	uint32_t bytes;

	memcpy(&bytes, s->bytes + ((at + LENGTH_AT) & s->mask), sizeof(bytes));
	return bytes;
}

uint64_t spool_count(const struct spool *s, uint64_t bytes, uint64_t *whole_bytes)
{
	uint64_t blocks = 0, done = 0, n;

	while (done < bytes && (n = block_bytes(s, s->tail + done)) <= bytes - done) {
		done += n;
		blocks++;
	}
	*whole_bytes = done;
	return blocks;
}

uint64_t spool_peek(const struct spool *s, uint64_t max_bytes, struct spool_part parts[2])
{
	uint64_t waiting = __atomic_load_n(&s->head, __ATOMIC_ACQUIRE) - s->tail, bytes;
	const uint64_t at = s->tail & s->mask, to_end = s->mask + 1 - at;

	spool_count(s, waiting < max_bytes ? waiting : max_bytes, &bytes);
	if (!bytes && waiting)
		bytes = block_bytes(s, s->tail);
	parts[0] = (struct spool_part){s->bytes + at, bytes < to_end ? bytes : to_end};
	parts[1] = (struct spool_part){s->bytes, bytes - parts[0].len_bytes};
	return bytes;
}

void spool_release(struct spool *s, uint64_t bytes)
{
	__atomic_store_n(&s->tail, s->tail + bytes, __ATOMIC_RELEASE);
}
