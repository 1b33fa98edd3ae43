// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include "wrap/spool.h"

enum { LENGTH_AT = 4 /* offset of the length in a block */ };

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

	/* The recorder's thread writes the tail, so its cache line is another's: load it only when
	 * the tail seen last leaves no room. The acquire pairs with spool_release(): the recorder
	 * read those bytes before we write there again. */
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

/* The release pairs with the acquire in spool_peek(): the recorder sees the block's bytes if it sees
 * the new head. */
void spool_commit(struct spool *s)
{
	s->missed_since = 0;
	__atomic_store_n(&s->head, s->at, __ATOMIC_RELEASE);
}

/* Only the queue's thread writes the counters, so no atomic addition is needed. */
void spool_miss(struct spool *s)
{
	s->missed_since++;
	__atomic_store_n(&s->missed, s->missed + 1, __ATOMIC_RELAXED);
}

/* ---- The recorder's thread ----------------------------------------------------------------- */

/* Return: length of the block at a position. Blocks are multiples of 4 bytes, so their length field
 * never wraps around the ring's end. */
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
