/* SPDX-License-Identifier: BSD-2-Clause */
/* One burst of received frames, on its way from descriptors (rx_poll.c) to ids, by copy (rx_copy.c) or not. */
#ifndef NET_XDP_RX_BURST_H
#define NET_XDP_RX_BURST_H

#include <string.h>

#include "base/grow.h"
#include "xdp/data/hot.h"
#include "xdp/queue.h"
#include "program/vlan_hint.h"
#include "xdp/data/rx.h"

/* Results before they are delivered. */
struct burst {
	struct net_buffer_access *pool;
	uint32_t *ids;
	uint32_t count; /* ids written */
	uint32_t left;	/* ids that the call has room for: at most so many, and BATCH */
	uint32_t more;	/* ids behind the first one of their frame */
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

/* rx_poll.c: what the configuration wants to know of a frame, which is in our view at these addresses. frame NULL:
 * it is not in one row there, and its checksums are not looked at. */
void rx_look_at(struct net_xdp_queue *q, struct net_rx_metadata *metadata, uint8_t *frame,
		const uint8_t *hint);

/* rx_copy.c: a frame that does not simply fit. Return: false when it has to wait for a call with room for its
 * ids. */
bool rx_copy_any(struct net_xdp_queue *q, struct burst *b, const uint64_t *data,
		 const uint32_t *len, uint32_t parts, uint32_t bytes);
/* A part of a frame that has several, or that has to wait. */
void rx_gather(struct net_xdp_queue *q, struct burst *b, uint64_t data, uint32_t len,
	       bool continued);
/* A frame was left because its ids did not fit the call before: now it is delivered, or dropped where this
 * call has too few as well. */
void rx_deliver_left(struct net_xdp_queue *q, struct burst *b);
/* What all pieces of a buffer hold; the pool has rx_pieces(). Return: 0 when one of them is outside the memory. */
uint64_t rx_whole_capacity(struct net_xdp_queue *q, struct net_buffer_access *pool, uint32_t id,
			   const struct net_rx_buffer *buffer);

/* Copy to the buffer that has waited longest, which is of one piece and holds the frame: the usual copy. */
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
		rx_look_at(q, &b->metadata[b->count - 1], to,
			   q->memory->base + data[0] - sizeof(struct vlan_hint));
}

/* A whole frame of so many bytes. Return: as rx_copy_any(). */
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

/* A part in the private chunk at base: usually a whole frame. */
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
