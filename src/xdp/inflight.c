// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "xdp/inflight.h"

/* Fibonacci hashing: the high bits of a product with 2^64 / golden ratio. */
static uint32_t bucket_of(const struct inflight *t, uint64_t key)
{
	return (uint32_t)((key * 0x9e3779b97f4a7c15u) >> 32) & t->mask;
}

int inflight_open(struct inflight *t, uint32_t slots)
{
	uint32_t size = 1;

	while (size < slots)
		size *= 2;
	memset(t, 0, sizeof(*t));
	t->mask = size - 1;
	t->slot = calloc(size, sizeof(*t->slot));
	t->order = calloc(size, sizeof(*t->order));
	t->bucket = malloc(size * sizeof(*t->bucket));
	if (!t->slot || !t->order || !t->bucket) {
		inflight_close(t);
		return -ENOMEM;
	}
	memset(t->bucket, 0xff, size * sizeof(*t->bucket));
	return 0;
}

void inflight_close(struct inflight *t)
{
	free(t->slot);
	free(t->order);
	free(t->bucket);
	memset(t, 0, sizeof(*t));
}

static uint32_t take_stray(struct inflight *t, uint64_t key)
{
	uint32_t *link = &t->bucket[bucket_of(t, key)];

	while (*link != INFLIGHT_NONE) {
		uint32_t index = *link;

		if (t->slot[index].key == key) {
			*link = t->slot[index].next;
			t->strays--;
			return index;
		}
		link = &t->slot[index].next;
	}
	return INFLIGHT_NONE;
}

static void make_stray(struct inflight *t, uint32_t index)
{
	uint32_t *first = &t->bucket[bucket_of(t, t->slot[index].key)];

	t->slot[index].next = *first;
	*first = index;
	t->strays++;
}

uint32_t inflight_take_slow(struct inflight *t, uint64_t key)
{
	uint32_t index = t->strays ? take_stray(t, key) : INFLIGHT_NONE;

	if (index != INFLIGHT_NONE)
		return index;
	while (t->head != t->tail) {
		index = t->order[t->head++ & t->mask];
		if (t->slot[index].key == key)
			return index;
		make_stray(t, index);
	}
	return INFLIGHT_NONE;
}
