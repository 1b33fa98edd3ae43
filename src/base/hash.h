/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hash for addresses that a guest chooses: tabulation hashing, the exclusive or of one random word
 * for each byte of the key, chosen by the byte's value. For any set of keys that was chosen without
 * knowledge of the words chains are as short as for random numbers. Arithmetic progressions are no
 * exception, while some multipliers of a multiplicative hash spread them badly (Patrascu and Thorup,
 * "The Power of Simple Tabulation Hashing", 2012). Six loads for a key; only strays are looked up.
 */
#ifndef NET_XDP_HASH_H
#define NET_XDP_HASH_H

#include <stdint.h>

#define HASH_KEY_BYTES 6 /* a UMEM offset is below 2^48 */

struct hash {
	uint32_t word[HASH_KEY_BYTES][256];
};

/* Make a hash with random words of its own. Return: NULL if there is no memory; free() it. */
struct hash *hash_open(void);

static inline uint32_t hash_of(const struct hash *h, uint64_t key)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < HASH_KEY_BYTES; i++)
		value ^= h->word[i][(key >> 8 * i) & 0xff];
	return value;
}

#endif
