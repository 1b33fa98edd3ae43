/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets with requests over a loopback, and the wire packets that arrive. */
#ifndef SUPPORT_SEGMENT_LOOP_H
#define SUPPORT_SEGMENT_LOOP_H

#include "support/frontend.h"
#include "support/segment_case.h"

enum {
	SEGMENT_LOOP_QUEUES = 4,
	SEGMENT_LOOP_IDS = 1024,
	SEGMENT_LOOP_CUTS = 64, /* most segments of segment_loop_put() */
};

struct segment_loop {
	struct frontend f;
	struct net_endpoint *ep;
	struct net_queue *queues[SEGMENT_LOOP_QUEUES];
	struct frontend_list list;
	struct net_rx_piece *pieces;	/* of all ids */
	uint32_t ids[SEGMENT_LOOP_IDS]; /* that came and were not posted again */
	uint32_t id_count, at;
};

/* Buffers of ids that the frontend has not posted yet. */
struct segment_loop_buffers {
	uint32_t capacity_bytes;
	const struct net_rx_piece
		*pieces; /* NULL, or in each buffer at these offsets behind its first piece */
	uint32_t piece_count;
	bool rx_merge;
};

void segment_loop_open(struct segment_loop *x, const struct segment_loop_buffers *buffers,
		       const struct net_rss_config *rss);
void segment_loop_close(struct segment_loop *x);

/* Make a list of one packet. cuts are offsets in it, rising, at which another segment begins, elsewhere in
 * memory; two that are the same make an empty one. */
struct net_tx_metadata *segment_loop_put(struct segment_loop *x, const uint8_t *bytes,
					 const struct net_tx_metadata *meta, const uint32_t *cuts,
					 uint32_t cut_count);
/* Cut at random, and not at all. */
struct net_tx_metadata *segment_loop_put_random(struct segment_loop *x, struct frame_random *r,
						const uint8_t *bytes,
						const struct net_tx_metadata *meta);
/* Send the list through a queue: one completion, in the call; a store to the memory it lies in ends the
 * test. */
void segment_loop_send(struct segment_loop *x, uint32_t queue);

/* The next frame that arrived on a queue, as it was on the wire. Return: its length, 0: there is none. */
uint32_t segment_loop_take(struct segment_loop *x, uint32_t queue, uint8_t *out);
/* All that arrived are the oracle's wire packets; their buffers are posted again. Return: how many. */
uint32_t segment_loop_expect(struct segment_loop *x, uint32_t queue,
			     const struct segment_spec *spec, const char *what);
/* Post the ids again whose frames were taken. */
void segment_loop_repost(struct segment_loop *x, uint32_t queue);

struct net_queue_stats segment_loop_stats(const struct segment_loop *x, uint32_t queue);

#endif
