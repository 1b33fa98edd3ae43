// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "xdp/data/inflight.h"

static uint32_t *bucket_of(const struct inflight *t, uint64_t key)
{
	return &t->bucket[hash_of(t->hash, key) & t->mask];
}

int inflight_open(struct inflight *t, uint32_t entries)
{
	uint32_t size = 1;

	while (size < entries)
		size *= 2;
	memset(t, 0, sizeof(*t));
	t->mask = size - 1;
	t->queue = calloc(size, sizeof(*t->queue));
	t->stray = calloc(size, sizeof(*t->stray));
	t->stray_next = calloc(size, sizeof(*t->stray_next));
	t->bucket = malloc(size * sizeof(*t->bucket));
	t->hash = hash_open();
	if (!t->queue || !t->stray || !t->stray_next || !t->bucket || !t->hash) {
		inflight_close(t);
		return -ENOMEM;
	}
	memset(t->bucket, 0xff, size * sizeof(*t->bucket));
	for (uint32_t i = 0; i < size; i++)
		t->stray_next[i] = i + 1; /* the last one's is never followed */
	return 0;
}

void inflight_close(struct inflight *t)
{
	free(t->queue);
	free(t->stray);
	free(t->stray_next);
	free(t->bucket);
	free(t->hash);
	memset(t, 0, sizeof(*t));
}

static const struct inflight_entry *take_stray(struct inflight *t, uint64_t key)
{
	uint32_t *link = bucket_of(t, key);

	while (*link != INFLIGHT_NONE) {
		uint32_t index = *link;

		if (t->stray[index].key == key) {
			*link = t->stray_next[index];
			t->stray_next[index] = t->stray_free;
			t->stray_free = index;
			t->strays--;
			return &t->stray[index];
		}
		link = &t->stray_next[index];
	}
	return NULL;
}

static void make_stray(struct inflight *t, const struct inflight_entry *e)
{
	uint32_t *first = bucket_of(t, e->key), index = t->stray_free;

	t->stray_free = t->stray_next[index];
	t->stray[index] = *e;
	t->stray_next[index] = *first;
	*first = index;
	t->strays++;
}

const struct inflight_entry *inflight_take_slow(struct inflight *t, uint64_t key)
{
	const struct inflight_entry *e = t->strays ? take_stray(t, key) : NULL;

	while (!e && t->head != t->tail) {
		e = &t->queue[t->head++ & t->mask];
		if (e->key != key) {
			make_stray(t, e);
			e = NULL;
		}
	}
	return e;
}

void inflight_each(const struct inflight *t,
		   void (*each)(void *context, const struct inflight_entry *entry), void *context)
{
	for (uint32_t i = t->head; i != t->tail; i++)
		each(context, inflight_at(t, i));
	for (uint32_t b = 0; t->strays && b <= t->mask; b++)
		for (uint32_t i = t->bucket[b]; i != INFLIGHT_NONE; i = t->stray_next[i])
			each(context, &t->stray[i]);
}
