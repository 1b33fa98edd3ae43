/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Buckets for addresses that a guest chooses. Tabulation hashing: a random word for each value of each
 * byte of the key, and their exclusive or. For any set of keys that was chosen without knowledge of the
 * words the chains are as short as for random numbers, also for arithmetic progressions, which one
 * multiplication spreads badly for some multipliers (Patrascu and Thorup, "The Power of Simple
 * Tabulation Hashing", 2012). Six loads for a key; only strays need it.
 */
#ifndef NET_XDP_HASH_H
#define NET_XDP_HASH_H

#include <stdint.h>

#define HASH_KEY_BYTES 6 /* a UMEM offset is below 2^48 */

struct hash {
	uint32_t word[HASH_KEY_BYTES][256];
};

/* Words of its own, that nobody outside this process knows. Return: NULL without memory; free() it. */
struct hash *hash_open(void);

static inline uint32_t hash_of(const struct hash *h, uint64_t key)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < HASH_KEY_BYTES; i++)
		value ^= h->word[i][(key >> 8 * i) & 0xff];
	return value;
}

#endif
