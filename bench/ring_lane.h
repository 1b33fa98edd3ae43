/* SPDX-License-Identifier: BSD-2-Clause */
/* A queue of ring-bench: the frontend above it, and a stand-in for the kernel below. */
#ifndef BENCH_RING_LANE_H
#define BENCH_RING_LANE_H

#include <stdbool.h>
#include <stdint.h>
#include <xdp/xsk.h>

#include "xdp/endpoint.h"

#define GUEST_BASE   0x100000000ull
#define STRIDE	     2048
#define BATCH_MAX    256
#define SEGMENTS_MAX 16
#define QUEUES_MAX   4
#define FRAME_BYTES  60
#define FRAME_MAX    1518
#define HEADER_BYTES 12

struct options {
	bool tx, floor, aligned, bounced, zero_copy, cut;
	bool sum, software; /* packets that ask for a checksum, and that is made by the library */
	uint32_t batch, buffers, segments, queues;
	uint32_t frame_bytes; /* received; those that are sent have FRAME_BYTES */
	enum net_xdp_rx_checksum checksum;
	uint64_t frames;
};

struct shared_ring {
	uint32_t producer __attribute__((aligned(64)));
	uint32_t consumer __attribute__((aligned(64)));
	uint32_t flags;
	void *entry;
	uint32_t mask;
};

/* One queue with its frontend. The buffers of all queues lie in one memory, behind each other. */
struct lane {
	struct net_buffer_access pool;
	const struct options *o;
	struct net_xdp_endpoint *endpoint;
	struct net_xdp_queue queue;
	struct shared_ring fill, completion, rx, tx;
	struct xsk_ring_prod floor_fill, floor_tx;
	struct xsk_ring_cons floor_rx, floor_completion;
	struct net_rx_buffer *buffers;	  /* by id */
	struct net_rx_metadata *metadata; /* by id */
	uint64_t first_addr;		  /* of its buffers */
	struct net_tx_segment segments[BATCH_MAX * SEGMENTS_MAX];
	struct net_tx_metadata packets[BATCH_MAX];
	uint32_t ids[BATCH_MAX];
	uint8_t frame[FRAME_MAX]; /* what arrives, where somebody reads it */
	uint32_t next_buffer;
	uint64_t sum; /* of what the floor reads, so that it has to read it */
};

/* One memory for the buffers of all queues. Return: 0 or -errno with err filled. */
int lane_open_endpoint(struct net_xdp_endpoint *ep, const struct options *o, struct net_error *err);
/* A queue without buffers, for a frontend that has its own. Return: 0, or -1 with err filled. */
int lane_open_empty(struct lane *b, uint32_t index, struct net_xdp_endpoint *ep,
		    const struct options *o, struct net_error *err);
/* A queue whose buffers are all with the kernel. Return: 0, or -1 with err filled. */
int lane_open(struct lane *b, uint32_t index, struct net_xdp_endpoint *ep, const struct options *o,
	      struct net_error *err);
/* What the receive tables take of the heap, by receive id. */
double lane_bookkeeping(const struct lane *b);

/* A list of packets of the MTU that ask for a checksum. */
void lane_fill_sums(struct lane *b);
/* Guest address of a buffer. */
uint64_t lane_addr(const struct lane *b, uint32_t id);
/* Frames arrive in the next count chunks. */
void lane_receive(struct lane *b, uint32_t count);
/* Everything in the TX ring is sent and completed. */
void lane_transmit(struct lane *b);

#endif
