/* SPDX-License-Identifier: BSD-2-Clause */
/* Receive buffers of several pieces, and frames over several buffers. */
#ifndef SUPPORT_PIECES_H
#define SUPPORT_PIECES_H

#include "support/frontend.h"

enum { PIECES_MOST = 19 };

/* A buffer's pieces behind its first one; must live as long as the buffer is posted. */
struct pieces {
	struct net_rx_piece piece[PIECES_MOST - 1];
};

/* Id in count pieces of these lengths, the first behind a header. They lie at falling addresses and odd
 * places, apart from each other, in the slot that begins at addr. Return: where the slot ends. */
uint64_t pieces_lay_out(struct frontend *f, struct pieces *p, uint32_t id, uint64_t addr,
			const uint32_t *lengths, uint32_t count, uint32_t header_bytes);
/* Room for a frame in all pieces of an id. */
uint32_t pieces_capacity(const struct frontend *f, uint32_t id);

/* The frame that begins in ids[0] must be these bytes, over all pieces of as many ids as its metadata say,
 * each filled before the next; and its bytes may be in the memory from now on. Return: how many ids. */
uint32_t pieces_expect(struct frontend *f, const uint32_t *ids, const uint8_t *frame, uint32_t len);

/* A received frame's bytes in one row; out has room for FRAME_MAX_BYTES. Return: how many. */
uint32_t pieces_gather(struct frontend *f, const uint32_t *ids, uint8_t *out);

/* The first len bytes of a frame, or of a part of one, in all pieces of one id. */
void pieces_read(struct frontend *f, uint32_t id, uint32_t len, uint8_t *out);
/* They are as they should be; offset_bytes: how far behind where the buffer said they begin. */
void pieces_allow(struct frontend *f, uint32_t id, uint32_t offset_bytes, uint32_t len);

#endif
