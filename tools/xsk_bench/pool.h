/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frontend's side of the memory: one shared memory file for the whole run, a pool of buffers in
 * it for each queue. The backend maps the file a second time; ours stays readable when its mapping
 * is sealed.
 *
 * A slot of the pool, by id:
 *
 *     | lead | header 12 | frame: capacity                | ... next slot
 *     0                  ^ net_xdp_frame_offset()          stride
 *
 * so in aligned mode the frame is where an aligned chunk puts it, and in unaligned mode the chunk
 * around it lies inside one page: in zero-copy mode no buffer has to be bounced for its place.
 */
#ifndef BENCH_POOL_H
#define BENCH_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net_xdp.h"
#include "options.h"

#define POOL_HEADER_BYTES 12 /* as long as the virtio-net header */

struct bench_memory {
	int fd; /* -1: not open */
	uint8_t *bytes;
	uint64_t size_bytes;
	uint64_t guest_addr; /* of the first byte, as a guest would name it */
	bool huge;	     /* 2 MiB pages */
};

/* Make size_bytes of shared memory, rounded up to pages. Return: 0, -errno with err filled. */
int bench_memory_open(struct bench_memory *m, uint64_t size_bytes, enum bench_pages pages,
		      struct net_error *err);
void bench_memory_close(struct bench_memory *m);

/* Shape of the slots: the same for every pool of a run. */
struct pool_shape {
	uint32_t stride_bytes;
	uint32_t frame_offset_bytes;
	uint32_t capacity_bytes;
	uint32_t rx_count; /* ids 0 .. rx_count-1 receive */
	uint32_t tx_count; /* ids rx_count .. rx_count+tx_count-1 send */
};

/* packet_bytes: the longest that is sent. */
struct pool_shape pool_shape_of(const struct net_xdp_config *config, uint32_t rx_count,
				uint32_t tx_count, uint32_t packet_bytes);
uint64_t pool_bytes(const struct pool_shape *shape);

/* What rx_metadata said of a frame. */
struct pool_frame {
	uint32_t offset_bytes;
	uint32_t len_bytes;
	bool has_vlan; /* a tag that is not in its bytes */
	uint16_t vlan_tci;
};

struct pool {
	struct net_buffer_access access; /* first: the backend knows only this */
	const struct bench_memory *memory;
	struct pool_shape shape;
	uint64_t offset; /* of slot 0 in the memory */
	struct pool_frame *received;
	uint32_t *ids; /* free send buffers, a stack; before the start: the ids to post */
	uint32_t free_count;
};

/* The pool takes pool_bytes() at offset. Return: 0 or -ENOMEM with err filled. */
int pool_open(struct pool *p, const struct bench_memory *memory, uint64_t offset,
	      const struct pool_shape *shape, struct net_error *err);
void pool_close(struct pool *p);

/* Frame of a slot: its guest address, and its bytes. */
static inline uint64_t pool_addr(const struct pool *p, uint32_t id)
{
	return p->memory->guest_addr + p->offset + (uint64_t)id * p->shape.stride_bytes +
	       p->shape.frame_offset_bytes;
}

static inline uint8_t *pool_at(const struct pool *p, uint32_t id)
{
	return p->memory->bytes + p->offset + (uint64_t)id * p->shape.stride_bytes +
	       p->shape.frame_offset_bytes;
}

#endif
