/* SPDX-License-Identifier: BSD-2-Clause */
/* Which aligned chunks the kernel has: one bit each. In aligned mode the kernel has one descriptor
 * (xdp_buff_xsk) per chunk, so one chunk may not be in its hands twice, under whatever ids.
 * Unaligned chunks may overlap and need no bits. */
#ifndef NET_XDP_CHUNK_H
#define NET_XDP_CHUNK_H

#include <stdbool.h>
#include <stdint.h>

#define CHUNK_LEAST_BYTES                                                                          \
	2048u /* the smallest chunk: a chunk's bit is that of its first 2048 bytes */

/* Words of the bitmap for a UMEM of so many bytes. */
static inline uint64_t chunk_words(uint64_t umem_bytes)
{
	return umem_bytes / (64 * CHUNK_LEAST_BYTES) + 1;
}

static inline uint64_t chunk_bit(uint64_t base)
{
	return 1ull << (base / CHUNK_LEAST_BYTES % 64);
}

/* The kernel gets the chunk at a UMEM offset. Return: false if it has the chunk already. */
static inline bool chunk_lend(uint64_t *lent, uint64_t base)
{
	uint64_t *word = &lent[base / (64 * CHUNK_LEAST_BYTES)], bit = chunk_bit(base);

	if (*word & bit)
		return false;
	*word |= bit;
	return true;
}

/* The kernel gave the chunk back. */
static inline void chunk_return(uint64_t *lent, uint64_t base)
{
	lent[base / (64 * CHUNK_LEAST_BYTES)] &= ~chunk_bit(base);
}

#endif
