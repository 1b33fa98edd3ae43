// SPDX-License-Identifier: BSD-2-Clause
/*
 * Transmit: a packet of any kind.
 *
 * A packet is sent *direct* when the kernel can read its segments where they are. It is *bounced* when
 * it must be joined (more pieces than the kernel takes): copied into one private slot and sent from
 * there. One that must be changed is tx_offload.c's. The frontend's memory is only read.
 */
#include <string.h>

#include "base/headers.h"
#include "xdp/data/hot.h"
#include "xdp/data/tx.h"
#include "xdp/data/tx_packet.h"

/* Requests that change a packet. */
#define TX_CHANGES                                                                                 \
	(NET_TX_IP_CHECKSUM | NET_TX_TCP_CHECKSUM | NET_TX_UDP_CHECKSUM |                          \
	 NET_TX_TCP_SEGMENTATION | NET_TX_UDP_SEGMENTATION | NET_TX_VLAN |                         \
	 NET_TX_PARTIAL_CHECKSUM)
#define TX_KNOWN (TX_CHANGES | NET_TX_IPV4 | NET_TX_IPV6)

/* What becomes one descriptor. */
struct piece {
	uint64_t offset; /* in the UMEM */
	uint32_t len;
};

/* The descriptors of a packet, before any is written. */
struct plan {
	uint32_t pieces; /* how many; piece[] has the first tx_max_descriptors of them */
	bool page;	 /* a piece was cut because the next page is not contiguous for DMA */
	struct piece piece[XDP_COPY_TX_DESCRIPTORS];
};

/* Empty a plan. piece[] stays unset, since plan_range() writes an entry before it is read. */
static inline void plan_begin(struct plan *plan)
{
	plan->pieces = 0;
	plan->page = false;
}

/* Add len bytes at a UMEM offset of a region to a plan, cut into pieces of tx_piece(). */
static inline void plan_range(const struct net_xdp_queue *q, struct plan *plan,
			      const struct memory_region *region, uint64_t offset, uint32_t len)
{
	while (len) {
		const uint32_t n = tx_piece(q, region, offset, len, &plan->page);

		if (plan->pieces < q->tx_max_descriptors)
			plan->piece[plan->pieces] = (struct piece){offset, n};
		plan->pieces++;
		offset += n;
		len -= n;
	}
}

/* Plan a packet from the frontend's memory. Returns false when a byte of it is outside. */
static bool plan_packet(struct net_xdp_queue *q, const struct net_tx_packet *packet,
			struct plan *plan)
{
	const struct net_tx_segment *s = packet->segments, *end = s + packet->segment_count;
	uint64_t offset;

	for (; s != end; s++) {
		if (s->len_bytes == 0)
			continue;
		if (!memory_offset(q->memory, &q->tx_region, s->addr, s->len_bytes, &offset))
			return false;
		plan_range(q, plan, &q->memory->region[q->tx_region], offset, s->len_bytes);
	}
	return true;
}

/* Write a planned packet of len bytes, for which tx_room() has found room. slot: its private one or
 * BOUNCE_NONE. A record is free, as there is one for each descriptor in flight. */
INLINE void write_packet(struct net_xdp_queue *q, const struct plan *plan, uint32_t id,
			 uint32_t len, uint64_t slot)
{
	struct tx_draft draft;

	if (!tx_record_open(&draft, &q->tx_records, &q->xsk.tx, &q->tx_inflight, id, plan->pieces))
		return;
	if (slot != BOUNCE_NONE)
		tx_record_add_slot(&draft, slot);
	for (uint32_t i = 0; i < plan->pieces; i++)
		tx_record_add_descriptor(&draft, plan->piece[i].offset, plan->piece[i].len);
	tx_record_commit(&draft);
	count_up(q, NET_XDP_TX_BYTES, len);
	count_up(q, NET_XDP_TX_ACCEPTED, 1);
}

/* Send a packet through the private area, or drop it. reason counts why it is copied. In front of it is a
 * request that asks for nothing: up to Linux 6.18 at least, zero-copy drivers look there whether the descriptor
 * has XDP_TX_METADATA or not (xp_raw_get_ctx()), and there may be anything of an earlier frame's. Returns as
 * tx_send_any(). */
static bool send_bounced(struct net_xdp_queue *q, const struct net_tx_packet *packet,
			 enum net_xdp_counter reason)
{
	const uint32_t request_bytes = q->memory->tx_request_bytes;
	const struct net_tx_metadata *meta = packet->meta;
	struct tx_walk walk = {packet->segments, 0};
	enum tx_verdict verdict = TX_SEND;
	struct plan plan;
	uint64_t slot, at;

	if (q->tx_private.free_count == 0) {
		if (q->tx_private.slots == 0)
			return tx_drop(q, meta, TX_SEALED);
		tx_reap(q);
	}
	slot = bounce_take(&q->tx_private);
	if (slot == BOUNCE_NONE)
		return tx_later(q, (struct tx_need){.descriptors = 1, .frames = 1});
	at = slot + request_bytes;
	plan_begin(&plan);
	plan_range(q, &plan, &tx_private_area, at, meta->len_bytes);
	if (plan.pieces > q->tx_max_descriptors)
		verdict = TX_BAD_SIZE;
	else if (tx_room(q, plan.pieces) < plan.pieces)
		verdict = TX_LATER;
	else if (!tx_copy(q, &walk, meta->len_bytes, q->memory->base + at))
		verdict = TX_BAD_ADDRESS;
	if (verdict != TX_SEND) {
		bounce_give(&q->tx_private, slot);
		return verdict == TX_LATER
			       ? tx_later(q,
					  (struct tx_need){.descriptors = plan.pieces, .frames = 1})
			       : tx_drop(q, meta, verdict);
	}
	memset(q->memory->base + slot, 0, request_bytes);
	write_packet(q, &plan, meta->id, meta->len_bytes, slot);
	count_up(q, NET_XDP_TX_BOUNCED, 1);
	count_up(q, reason, 1);
	return true;
}

/* Send a packet from the frontend's memory, if the kernel takes so many pieces. Returns as
 * tx_send_any(). */
static bool send_direct(struct net_xdp_queue *q, const struct net_tx_packet *packet)
{
	const struct net_tx_metadata *meta = packet->meta;
	struct plan plan;

	plan_begin(&plan);
	if (!plan_packet(q, packet, &plan))
		return tx_drop(q, meta, TX_BAD_ADDRESS);
	if (plan.pieces > q->tx_max_descriptors)
		return send_bounced(
			q, packet, plan.page ? NET_XDP_TX_BOUNCE_PAGE : NET_XDP_TX_BOUNCE_SEGMENTS);
	if (tx_room(q, plan.pieces) < plan.pieces)
		return tx_later(q, (struct tx_need){.descriptors = plan.pieces});
	write_packet(q, &plan, meta->id, meta->len_bytes, BOUNCE_NONE);
	count_up(q, NET_XDP_TX_DIRECT, 1);
	return true;
}

bool tx_send_any(struct net_xdp_queue *q, struct net_buffer_access *pool,
		 const struct net_tx_packet *packet)
{
	const struct net_tx_metadata *meta = packet->meta;

	if (packet->fault != NET_TX_OK)
		return tx_drop(q, meta, TX_BAD_LIST);
	if (meta->flags & ~TX_KNOWN)
		return tx_drop(q, meta, TX_BAD_OFFLOAD);
	if (meta->flags & TX_CHANGES)
		return tx_send_changed(q, pool, packet);
	if (meta->len_bytes < HEADERS_ETHERNET_BYTES || meta->len_bytes > q->max_frame_bytes)
		return tx_drop(q, meta, TX_BAD_SIZE);
	return send_direct(q, packet);
}
