// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "xdp/data/rx_table.h"

/* Ids per bucket when all ids are strays. The buckets come on top of the 12 bytes per id. */
#define BUCKET_IDS 16

static uint32_t *bucket_of(const struct rx_table *t, uint64_t offset)
{
	return &t->bucket[hash_of(t->hash, offset) & t->bucket_mask];
}

int rx_table_open(struct rx_table *t, uint32_t id_limit)
{
	uint32_t buckets = 1;

	while (buckets < id_limit / BUCKET_IDS)
		buckets *= 2;
	memset(t, 0, sizeof(*t));
	t->id_limit = id_limit;
	t->bucket_mask = buckets - 1;
	t->state = calloc(id_limit, sizeof(*t->state));
	t->next = calloc(id_limit, sizeof(*t->next));
	t->bucket = malloc(buckets * sizeof(*t->bucket));
	t->hash = hash_open();
	if (!t->state || !t->next || !t->bucket || !t->hash) {
		rx_table_close(t);
		return -ENOMEM;
	}
	memset(t->bucket, 0xff, buckets * sizeof(*t->bucket)); /* RX_NONE */
	return 0;
}

void rx_table_close(struct rx_table *t)
{
	free(t->state);
	free(t->next);
	free(t->bucket);
	free(t->hash);
	memset(t, 0, sizeof(*t));
}

static uint32_t take_stray(struct rx_table *t, uint64_t offset)
{
	uint32_t *link = bucket_of(t, offset);

	for (; *link != RX_NONE; link = &t->next[*link]) {
		uint32_t id = *link;

		if (rx_offset(t, id) != offset)
			continue;
		*link = t->next[id];
		t->strays--;
		return id;
	}
	return RX_NONE;
}

static void make_stray(struct rx_table *t, uint32_t id)
{
	uint32_t *first = bucket_of(t, rx_offset(t, id));

	t->next[id] = *first;
	*first = id;
	t->strays++;
}

uint32_t rx_table_take_slow(struct rx_table *t, uint64_t offset)
{
	uint32_t id = t->strays ? take_stray(t, offset) : RX_NONE;

	while (id == RX_NONE && t->fifo.count) {
		id = rx_list_take(t, &t->fifo);
		if (rx_offset(t, id) != offset) {
			make_stray(t, id);
			id = RX_NONE;
		}
	}
	return id;
}
