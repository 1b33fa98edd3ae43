// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <time.h>

#include "base/hash.h"

/* A random seed. getrandom() may be refused (a system call filter) or have no entropy yet (early
 * boot). Then the 16 random bytes that the kernel gives each process at its start are used. */
static uint64_t seed(uintptr_t own)
{
	const void *given = (const void *)getauxval(AT_RANDOM);
	struct timespec now = {0};
	uint64_t value = 0;

	if (getrandom(&value, sizeof(value), GRND_NONBLOCK) == sizeof(value))
		return value;
	if (given)
		memcpy(&value, given, sizeof(value));
	clock_gettime(CLOCK_MONOTONIC, &now);
	return value ^ (uint64_t)now.tv_nsec << 20 ^ own;
}

/* The next number of splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

struct hash *hash_open(void)
{
	struct hash *h = malloc(sizeof(*h));
	uint64_t state;

	if (!h)
		return NULL;
	state = seed((uintptr_t)h);
	for (unsigned i = 0; i < HASH_KEY_BYTES; i++)
		for (unsigned j = 0; j < 256; j++)
			h->word[i][j] = (uint32_t)(next(&state) >> 32);
	return h;
}
