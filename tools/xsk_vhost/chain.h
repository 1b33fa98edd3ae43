/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pieces of a chain as one string of bytes in the guest's memory. A piece is what the guest said: where it lies
 * is looked up here, each time.
 */
#ifndef XSK_VHOST_CHAIN_H
#define XSK_VHOST_CHAIN_H

#include "xsk_vhost/memory.h"
#include "xsk_vhost/ring.h"

/* A byte of the string: its piece, and where in that. */
struct chain_place {
	uint32_t piece;
	uint32_t offset_bytes;
};

/* The place behind the first bytes bytes; piece = count: there are not so many, or no more. */
static inline struct chain_place chain_skip(const struct ring_piece *pieces, uint32_t count,
					    uint32_t bytes)
{
	struct chain_place at = {0, bytes};

	while (at.piece < count && at.offset_bytes >= pieces[at.piece].len_bytes)
		at.offset_bytes -= pieces[at.piece++].len_bytes;
	return at;
}

/* Copy bytes of the string, from byte at on. Return: false: the string is shorter, or lies outside of the memory; some
 * may have been copied then. */
bool chain_read(const struct guest_memory *m, const struct ring_piece *pieces, uint32_t count,
		uint32_t at, void *out, uint32_t bytes);
bool chain_write(const struct guest_memory *m, const struct ring_piece *pieces, uint32_t count,
		 uint32_t at, const void *in, uint32_t bytes);
/* Move bytes of the string forward, from byte from to byte to < from. Return: as above. */
bool chain_move(const struct guest_memory *m, const struct ring_piece *pieces, uint32_t count,
		uint32_t from, uint32_t to, uint32_t bytes);

/*
 * The same string in pieces that lie in one region each, as the backend wants them.
 * Return: how many; 0: they are more than max, or a byte lies outside of the memory.
 */
uint32_t chain_split(const struct guest_memory *m, const struct ring_piece *pieces, uint32_t count,
		     struct ring_piece *out, uint32_t max);

#endif
