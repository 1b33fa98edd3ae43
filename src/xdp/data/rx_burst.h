/* SPDX-License-Identifier: BSD-2-Clause */
/* A burst: what one round of rx_poll() has received. rx_poll.c adds frames that are direct,
 * rx_copy.c those that are copied. */
#ifndef NET_XDP_RX_BURST_H
#define NET_XDP_RX_BURST_H

#include <string.h>

#include "base/grow.h"
#include "xdp/data/hot.h"
#include "xdp/queue.h"
#include "program/vlan_hint.h"
#include "xdp/data/rx.h"

/* ids and metadata that rx_poll() is about to return. */
struct burst {
	struct net_buffer_access *pool;
	uint32_t *ids;
	uint32_t count; /* ids written */
	/* most ids that the caller of rx_poll() still takes; a burst takes at most BATCH */
	uint32_t left;
	uint32_t more; /* of these: further ids of a frame that has several */
	uint64_t bytes;
	struct net_rx_metadata metadata[BATCH];
};

static inline void burst_add(struct burst *b, uint32_t id, uint32_t offset, uint32_t len)
{
	b->metadata[b->count] =
		(struct net_rx_metadata){.offset_bytes = (uint16_t)offset, .len_bytes = len};
	b->bytes += len;
	b->ids[b->count++] = id;
}

/* rx_look.c: fill in metadata from the program's VLAN hint and the frame's checksums, as the
 * configuration asks. frame: the frame's first present bytes in our mapping. Where they are not all of it
 * and rx_needs_all(), no checksum is checked. Return: true if the frame is longer than its headers say. */
bool rx_find_out(const struct net_xdp_queue *q, struct net_rx_metadata *metadata, uint8_t *frame,
		 uint32_t present, const uint8_t *hint);
/* Count what was found out of a frame that is delivered; one that is dropped counts as that alone. */
void rx_count_told(struct net_xdp_queue *q, const struct net_rx_metadata *metadata, bool longer);
/* Both, for a frame that is sure to be delivered. */
void rx_look_at(struct net_xdp_queue *q, struct net_rx_metadata *metadata, uint8_t *frame,
		uint32_t present, const uint8_t *hint);
/* The same for the last n frames, which lie whole where their descriptors say: these were taken from the RX ring,
 * and are not the kernel's again yet. */
void rx_look_at_last(struct net_xdp_queue *q, struct net_rx_metadata *metadata, uint32_t n);
/* The next n frames of the RX ring will be looked at; the kernel has written them, on another processor as a rule. */
void rx_prefetch(const struct net_xdp_queue *q, uint32_t n);

/* Return: true if rx_look_at() reads all bytes of a frame, else its headers at most: these lie in the first
 * part of a frame that comes in several, since the kernel and drivers fill a chunk before they go on. */
static inline bool rx_needs_all(const struct net_xdp_queue *q)
{
	return q->rx_checksum == NET_XDP_RX_CHECKSUM_REPORT ||
	       q->rx_checksum == NET_XDP_RX_CHECKSUM_COMPLETE;
}

/* rx_copy.c: copy a frame in any way that works, or drop it. Return: false if the burst has no room
 * for all of its ids: the frame has to wait for the next call. */
bool rx_copy_any(struct net_xdp_queue *q, struct burst *b, const uint64_t *data,
		 const uint32_t *len, uint32_t parts, uint32_t bytes);
/* Add one part to the frame that is being gathered; with the last part copy the frame. */
void rx_gather(struct net_xdp_queue *q, struct burst *b, uint64_t data, uint32_t len,
	       bool continued);
/* Copy the frame that the call before left because it had no room for its ids. It is dropped if this
 * call has too little room as well. */
void rx_deliver_left(struct net_xdp_queue *q, struct burst *b);
/* Capacity of all pieces of a buffer; the pool has rx_pieces(). Return: 0 if a piece is outside the
 * memory. */
uint64_t rx_whole_capacity(struct net_xdp_queue *q, struct net_buffer_access *pool, uint32_t id,
			   const struct net_rx_buffer *buffer);

/* Copy a frame to the buffer that has waited longest; that buffer has one piece and holds the frame. */
static inline void rx_copy_to_one(struct net_xdp_queue *q, struct burst *b, const uint64_t *data,
				  const uint32_t *len, uint32_t parts, uint32_t bytes)
{
	const uint32_t id = rx_list_take(&q->rx_ids, &q->waiting);
	uint8_t *to = q->memory->base + rx_offset(&q->rx_ids, id);

	q->rx_ids.state[id] = RX_FRONTEND;
	for (uint32_t i = 0, at = 0; i < parts; at += len[i++])
		memcpy(to + at, q->memory->base + data[i], len[i]);
	burst_add(b, id, 0, bytes);
	count_up(q, NET_XDP_RX_BOUNCED, 1);
	if (q->inspect)
		rx_look_at(q, &b->metadata[b->count - 1], to, bytes,
			   q->memory->base + data[0] - sizeof(struct vlan_hint));
}

/* Copy or drop a whole frame: inline for the common case, else by rx_copy_any(). Return: as
 * rx_copy_any(). */
INLINE bool rx_copy(struct net_xdp_queue *q, struct burst *b, const uint64_t *data,
		    const uint32_t *len, uint32_t parts, uint32_t bytes)
{
	if (unlikely(bytes == 0 || q->waiting.count == 0 ||
		     bytes > rx_capacity(&q->rx_ids, q->waiting.first) ||
		     GROW_HAS(b->pool->ops, rx_pieces)))
		return rx_copy_any(q, b, data, len, parts, bytes);
	rx_copy_to_one(q, b, data, len, parts, bytes);
	return true;
}

/* Deliver what was received in the private chunk at base: mostly a whole frame, else one part of a
 * frame. */
static inline void rx_private_part(struct net_xdp_queue *q, struct burst *b, uint64_t base,
				   uint64_t data, uint32_t len, bool continued)
{
	const uint64_t slot = bounce_slot(&q->rx_private, base);

	if (!bounce_owns(&q->rx_private, data + len - (len != 0)) || !q->rx_private.taken[slot]) {
		count_up(q, NET_XDP_RX_UNKNOWN, 1);
		return;
	}
	if (likely(!continued && q->gather.parts == 0) && rx_copy(q, b, &data, &len, 1, len)) {
		bounce_give_slot(&q->rx_private, slot);
		q->rx_private_out--;
		return;
	}
	rx_gather(q, b, data, len, continued);
}

#endif
