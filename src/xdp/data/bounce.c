// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "xdp/data/bounce.h"

int bounce_open(struct bounce *b, uint64_t offset, uint32_t slots, uint32_t slot_bytes)
{
	memset(b, 0, sizeof(*b));
	b->offset = offset;
	b->slots = slots;
	b->slot_shift = (uint32_t)__builtin_ctz(slot_bytes);
	b->free = calloc(slots + 1, sizeof(*b->free));
	b->taken = calloc(slots + 1, sizeof(*b->taken));
	if (!b->free || !b->taken) {
		bounce_close(b);
		return -ENOMEM;
	}
	while (b->free_count < slots) {
		b->free[b->free_count] = slots - 1 - b->free_count;
		b->free_count++;
	}
	return 0;
}

void bounce_close(struct bounce *b)
{
	free(b->free);
	free(b->taken);
	memset(b, 0, sizeof(*b));
}
