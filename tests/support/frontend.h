/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A frontend for tests: memory, receive buffers by id, and a pool that checks its backend.
 *
 * The memory is a memfd per region, mapped here by the test itself: what the backend does is seen
 * through a second mapping. Guest addresses start at FRONTEND_BASE, so that an address taken for an
 * offset, or the other way round, is outside at once.
 *
 *     struct frontend f;
 *     frontend_open(&f, 16 << 20, 4096);                    one region, ids 0..4095
 *     frontend_layout(&f, 0, 1024, FRONTEND_BASE + 4096, 2048, 12, 2036);
 *     frontend_post(&f, q, 0, 1024);                        rx_avail of ids 0..1023
 *     n = frontend_rx_wait(&f, q, ids, 10, 1000);           poll until 10 have come, or 1 s
 *     frontend_expect_frame(&f, ids[0], bytes, len);
 *
 * The pool ends the test when an id comes back that was not posted, or that has no metadata, or
 * whose length is 0 or beyond its capacity.
 */
#ifndef SUPPORT_FRONTEND_H
#define SUPPORT_FRONTEND_H

#include <stdbool.h>
#include <stdint.h>

#include "net_backend.h"

#define FRONTEND_BASE	 0x100000000ull
#define FRONTEND_REGIONS 8

struct frontend_region {
	uint64_t guest_addr;
	uint64_t size_bytes;
	int fd;
	uint8_t *bytes;	   /* our own mapping */
	uint8_t *snapshot; /* NULL until frontend_snapshot() */
};

/* One receive id. */
struct frontend_id {
	struct net_rx_buffer buffer;
	struct net_rx_metadata metadata;   /* of the last frame */
	bool posted;			   /* the backend asked about it and has not returned it */
	bool delivered;			   /* its metadata has come, the id not yet */
	enum net_rx_refusal refused;	   /* why it was refused last, 0: it was not */
	const struct net_rx_piece *pieces; /* behind the first one; the test's */
	uint32_t piece_count;
};

struct frontend {
	struct net_buffer_access pool; /* first: a pool is its frontend */
	struct frontend_region regions[FRONTEND_REGIONS];
	uint32_t region_count;
	struct frontend_id *ids;
	uint32_t id_count;
	uint64_t rx_buffers_calls, rx_metadata_calls, memory_calls, rx_pieces_calls,
		rx_refused_calls;
};

/* ---- Memory --------------------------------------------------------------------------------------- */

/* size_bytes 0: no region yet. */
void frontend_open(struct frontend *f, uint64_t size_bytes, uint32_t id_count);
void frontend_close(struct frontend *f);

/* fd -1: make a memfd. Return: the region's index. */
uint32_t frontend_add_region(struct frontend *f, uint64_t guest_addr, uint64_t size_bytes, int fd);

/* Our view of len bytes at a guest address; they must be inside one region. */
uint8_t *frontend_at(struct frontend *f, uint64_t addr, uint64_t len);

/* Fill all memory with bytes that depend on address and seed, and remember them. */
void frontend_poison(struct frontend *f, uint64_t seed);
/* Remember all memory as it is now. */
void frontend_snapshot(struct frontend *f);
/* What is now in this range is as it should be. */
void frontend_allow(struct frontend *f, uint64_t addr, uint64_t len);
/* Return: guest address of the first byte that is not as remembered, 0 when all are. */
uint64_t frontend_first_change(struct frontend *f);

/* ---- Receive -------------------------------------------------------------------------------------- */

/* Ids first .. first + count get buffers one behind the other, each stride_bytes further on. */
void frontend_layout(struct frontend *f, uint32_t first, uint32_t count, uint64_t addr,
		     uint32_t stride_bytes, uint32_t header_bytes, uint32_t capacity_bytes);
void frontend_set_buffer(struct frontend *f, uint32_t id, uint64_t addr, uint32_t header_bytes,
			 uint32_t capacity_bytes);

/* rx_avail of consecutive ids, none of which may be refused. */
void frontend_post(struct frontend *f, struct net_queue *q, uint32_t first, uint32_t count);
void frontend_post_ids(struct frontend *f, struct net_queue *q, const uint32_t *ids,
		       uint32_t count);

/* One rx_poll, checked. */
uint32_t frontend_rx(struct frontend *f, struct net_queue *q, uint32_t *ids, uint32_t count);
/* Poll and sleep until count ids have come or the time is over. Return: how many came. */
uint32_t frontend_rx_wait(struct frontend *f, struct net_queue *q, uint32_t *ids, uint32_t count,
			  int timeout_ms);

/* The received frame: its bytes and the metadata that came with it. */
const uint8_t *frontend_frame(struct frontend *f, uint32_t id);
const struct net_rx_metadata *frontend_metadata(struct frontend *f, uint32_t id);
uint64_t frontend_frame_addr(struct frontend *f, uint32_t id); /* its guest address */
/* Bytes, length and place must be exact. */
void frontend_expect_frame(struct frontend *f, uint32_t id, const uint8_t *frame, uint32_t len);

/* ---- Transmit ------------------------------------------------------------------------------------- */

/* A segment list and the metadata of its packets. */
struct frontend_list {
	struct net_tx_segment *segments;
	struct net_tx_metadata *packets;
	uint32_t count; /* segments */
	uint32_t packet_count;
	uint32_t capacity;
};

void frontend_list_open(struct frontend_list *list, uint32_t max_segments);
void frontend_list_close(struct frontend_list *list);
void frontend_list_clear(struct frontend_list *list);

/* Begin a packet; its segments follow. Return: its metadata, to set flags or to break it. */
struct net_tx_metadata *frontend_list_packet(struct frontend_list *list, uint32_t id);
/* Add a segment to the packet begun last; keeps its count and length right. */
void frontend_list_segment(struct frontend_list *list, uint64_t addr, uint32_t len);
/* A packet of one segment. */
struct net_tx_metadata *frontend_list_frame(struct frontend_list *list, uint32_t id, uint64_t addr,
					    uint32_t len);

/* One tx_avail from segment first on, checked: a prefix that ends on a packet boundary.
 * Return: segments accepted. *completed grows by the packets that were done with at once. */
uint32_t frontend_tx(struct frontend *f, struct net_queue *q, const struct frontend_list *list,
		     uint32_t first, uint32_t *completed);

/*
 * Offer the list until all of it is accepted and collect completions until every packet has one, or
 * the time is over. ids may be NULL, else it gets what tx_poll returned and has room for all.
 * Return: completions, the synchronous ones included: packet_count when all is well.
 */
uint32_t frontend_tx_all(struct frontend *f, struct net_queue *q, const struct frontend_list *list,
			 uint32_t *ids, int timeout_ms);

/* Milliseconds on CLOCK_MONOTONIC, and a sleep. */
int64_t frontend_now_ms(void);
void frontend_sleep_ms(int ms);

#endif
