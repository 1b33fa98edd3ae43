/* SPDX-License-Identifier: BSD-2-Clause */
/* A queue over the fake kernel with a pool that may answer anything: buffers of several pieces, and the
 * reasons of refusals are kept. Each data call is made once, so that a slice means something. */
#ifndef SUPPORT_POOL_RIG_H
#define SUPPORT_POOL_RIG_H

#include "support/fake_kernel.h"

enum { POOL_IDS = 64, POOL_PIECES = 19, POOL_BYTES = 1 << 20, POOL_HEADER = 12 };

struct pool_buffer {
	struct net_rx_buffer first;
	struct net_rx_piece piece[POOL_PIECES];
	uint32_t pieces; /* behind the first */
	struct net_rx_metadata metadata;
	enum net_rx_refusal refused;
};

struct pool_rig {
	struct net_buffer_access pool; /* first: the pool is the rig */
	struct frontend f;
	struct fake_kernel k;
	struct net_queue *q;
	struct pool_buffer buffer[POOL_IDS];
	uint32_t asked; /* times that pieces were asked for */
};

extern const struct net_buffer_access_ops pool_rig_ops;

void pool_rig_open(struct pool_rig *r, uint32_t max_frame_bytes, bool merge);
void pool_rig_close(struct pool_rig *r);
uint64_t pool_rig_counter(const struct pool_rig *r, enum net_xdp_counter c);

/* Buffer id in pieces of these lengths, the first behind a gap, each in a row of its own. */
void pool_rig_lay_out(struct pool_rig *r, uint32_t id, const uint32_t *lengths, uint32_t count);
void pool_rig_post(struct pool_rig *r, uint32_t first, uint32_t count);
/* The kernel receives a frame of seeded bytes. */
void pool_rig_receive(struct pool_rig *r, uint32_t len, uint64_t seed);
/* Buffers ids[0..count) hold the frame, each filled before the next. */
void pool_rig_expect(struct pool_rig *r, const uint32_t *ids, uint32_t count, uint32_t len,
		     uint64_t seed);

#endif
