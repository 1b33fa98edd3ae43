// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "xdp/data/hot.h"
#include "xdp/data/tx_record.h"

int tx_records_open(struct tx_records *t, uint32_t records, struct bounce *headers,
		    struct bounce *frames)
{
	memset(t, 0, sizeof(*t));
	t->headers = headers;
	t->frames = frames;
	t->size = records;
	t->record = calloc(records, sizeof(*t->record));
	t->free = calloc(records, sizeof(*t->free));
	t->next_slot = calloc(headers->slots + frames->slots + 1, sizeof(*t->next_slot));
	if (!t->record || !t->free || !t->next_slot) {
		tx_records_close(t);
		return -ENOMEM;
	}
	while (t->free_count < records) {
		t->free[t->free_count] = records - 1 - t->free_count;
		t->free_count++;
	}
	return 0;
}

void tx_records_close(struct tx_records *t)
{
	free(t->record);
	free(t->free);
	free(t->next_slot);
	memset(t, 0, sizeof(*t));
}

void tx_records_each(const struct tx_records *t, void (*each)(void *context, uint32_t id),
		     void *context)
{
	for (uint32_t i = 0; i < t->size; i++)
		if (t->record[i].descriptors)
			each(context, t->record[i].id);
}

INLINE void fly(struct inflight_entry *flight, const struct xdp_desc *desc, const uint32_t count,
		uint32_t id, uint32_t record)
{
	UNROLL
	for (uint32_t i = 0; i < count; i++)
		flight[i] = (struct inflight_entry){desc[i].addr >> 1, id, record};
}

void tx_record_fly(struct ring *tx, struct inflight *inflight, uint32_t count, uint32_t id,
		   uint32_t record)
{
	while (count) {
		const struct xdp_desc *desc = ring_descriptor(tx, tx->mine);
		struct inflight_entry *flight = inflight_at(inflight, inflight->tail);
		const uint32_t run = ring_run(inflight->tail, inflight->mask,
					      ring_run(tx->mine, tx->mask, count));
		uint32_t n = 0;

		for (; run - n >= GROUP; n += GROUP)
			fly(flight + n, desc + n, GROUP, id, record);
		for (; n < run; n++)
			fly(flight + n, desc + n, 1, id, record);
		tx->mine += run;
		inflight->tail += run;
		count -= run;
	}
}
