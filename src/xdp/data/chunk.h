/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which aligned chunks the kernel holds: a bit for each. It keeps one head per chunk and must never be
 * given one twice, by whatever ids. Unaligned ones may overlap, and have none.
 */
#ifndef NET_XDP_CHUNK_H
#define NET_XDP_CHUNK_H

#include <stdbool.h>
#include <stdint.h>

#define CHUNK_LEAST_BYTES 2048u /* a chunk's bit is that of its first so many bytes */

/* Words for so many bytes of UMEM. */
static inline uint64_t chunk_words(uint64_t umem_bytes)
{
	return umem_bytes / (64 * CHUNK_LEAST_BYTES) + 1;
}

static inline uint64_t chunk_bit(uint64_t base)
{
	return 1ull << (base / CHUNK_LEAST_BYTES % 64);
}

/* The kernel gets the chunk at a UMEM offset. Return: false when it has it already. */
static inline bool chunk_lend(uint64_t *lent, uint64_t base)
{
	uint64_t *word = &lent[base / (64 * CHUNK_LEAST_BYTES)], bit = chunk_bit(base);

	if (*word & bit)
		return false;
	*word |= bit;
	return true;
}

/* The chunk is back. */
static inline void chunk_return(uint64_t *lent, uint64_t base)
{
	lent[base / (64 * CHUNK_LEAST_BYTES)] &= ~chunk_bit(base);
}

#endif
