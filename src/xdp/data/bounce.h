/* SPDX-License-Identifier: BSD-2-Clause */
/* A part of the private area: equal slots of a power of two bytes, taken and given back. */
#ifndef NET_XDP_BOUNCE_H
#define NET_XDP_BOUNCE_H

#include <stdbool.h>
#include <stdint.h>

struct bounce {
	uint64_t offset; /* of slot 0 in the UMEM */
	uint32_t slots;
	uint32_t slot_shift;
	uint32_t free_count;
	uint32_t *free; /* stack of slot numbers: the last one back is the warmest */
	uint8_t *taken; /* per slot: guards against giving one back that is not out */
};

#define BOUNCE_NONE UINT64_MAX

/* Return: 0 or -ENOMEM. slot_bytes is a power of two; slots may be 0. */
int bounce_open(struct bounce *b, uint64_t offset, uint32_t slots, uint32_t slot_bytes);
void bounce_close(struct bounce *b);

/* The slot that holds a UMEM offset; not below slots when it is in another part. */
static inline uint64_t bounce_slot(const struct bounce *b, uint64_t offset)
{
	return (offset - b->offset) >> b->slot_shift;
}

/* Is a UMEM offset in this part? */
static inline bool bounce_owns(const struct bounce *b, uint64_t offset)
{
	return bounce_slot(b, offset) < b->slots;
}

/* Take a slot. Return: its UMEM offset, BOUNCE_NONE when all are out. */
static inline uint64_t bounce_take(struct bounce *b)
{
	uint32_t slot;

	if (b->free_count == 0)
		return BOUNCE_NONE;
	slot = b->free[--b->free_count];
	b->taken[slot] = 1;
	return b->offset + ((uint64_t)slot << b->slot_shift);
}

/* Give back a slot that is out. */
static inline void bounce_give_slot(struct bounce *b, uint64_t slot)
{
	b->taken[slot] = 0;
	b->free[b->free_count++] = (uint32_t)slot;
}

/* Give back the slot that holds a UMEM offset. Return: false when it was not out. */
static inline bool bounce_give(struct bounce *b, uint64_t offset)
{
	uint64_t slot = bounce_slot(b, offset);

	if (slot >= b->slots || !b->taken[slot])
		return false;
	bounce_give_slot(b, slot);
	return true;
}

#endif
