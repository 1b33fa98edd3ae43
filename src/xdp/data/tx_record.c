// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
