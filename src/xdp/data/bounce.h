/* SPDX-License-Identifier: BSD-2-Clause */
/* Slots of one part of the private area, for packets that are bounced (copied). They are equal, of a
 * power of two bytes. */
#ifndef NET_XDP_BOUNCE_H
#define NET_XDP_BOUNCE_H

#include <stdbool.h>
#include <stdint.h>

struct bounce {
	uint64_t offset; /* where slot 0 is in the UMEM */
	uint32_t slots;
	uint32_t slot_shift;
	uint32_t free_count;
	uint32_t *free; /* a stack of slot numbers: the one given back last is warm in the cache */
	uint8_t *taken; /* by slot number, so that bounce_give() finds a slot that is not out */
};

#define BOUNCE_NONE UINT64_MAX

/* slot_bytes is a power of two; slots may be 0. Returns 0 or -ENOMEM. */
int bounce_open(struct bounce *b, uint64_t offset, uint32_t slots, uint32_t slot_bytes);
void bounce_close(struct bounce *b);

/* Returns the number of the slot that a UMEM offset is in: slots or more when it is in none. */
static inline uint64_t bounce_slot(const struct bounce *b, uint64_t offset)
{
	return (offset - b->offset) >> b->slot_shift;
}

/* Returns true if a UMEM offset is in a slot. */
static inline bool bounce_owns(const struct bounce *b, uint64_t offset)
{
	return bounce_slot(b, offset) < b->slots;
}

/* Take a slot. Returns its UMEM offset, BOUNCE_NONE when all are out. */
static inline uint64_t bounce_take(struct bounce *b)
{
	uint32_t slot;

	if (b->free_count == 0)
		return BOUNCE_NONE;
	slot = b->free[--b->free_count];
	b->taken[slot] = 1;
	return b->offset + ((uint64_t)slot << b->slot_shift);
}

/* Give back a slot by its number. It has to be out. */
static inline void bounce_give_slot(struct bounce *b, uint64_t slot)
{
	b->taken[slot] = 0;
	b->free[b->free_count++] = (uint32_t)slot;
}

/* Give back the slot that a UMEM offset is in. Returns false when there is none, or when it was not
 * out. */
static inline bool bounce_give(struct bounce *b, uint64_t offset)
{
	uint64_t slot = bounce_slot(b, offset);

	if (slot >= b->slots || !b->taken[slot])
		return false;
	bounce_give_slot(b, slot);
	return true;
}

#endif
