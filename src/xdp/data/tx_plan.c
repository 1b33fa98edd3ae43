// SPDX-License-Identifier: BSD-2-Clause
/*
 * Transmit: a packet of any kind.
 *
 * A packet is sent *direct* when the kernel can read its segments where they are. It is *bounced*
 * when it must be changed (checksum, tag) or joined (more pieces than the kernel takes): copied into
 * one private slot and sent from there. The frontend's memory is only read.
 */
#include <string.h>

#include "base/checksum.h"
#include "base/headers.h"
#include "xdp/data/hot.h"
#include "xdp/queue.h"
#include "xdp/data/tx.h"

#define TX_CHECKSUMS (NET_TX_IP_CHECKSUM | NET_TX_TCP_CHECKSUM | NET_TX_UDP_CHECKSUM)
#define TX_WRITES    (TX_CHECKSUMS | NET_TX_VLAN)
#define TX_KNOWN     (TX_WRITES | NET_TX_IPV4 | NET_TX_IPV6)

/* What becomes of a packet. */
enum tx_verdict {
	TX_SEND,
	TX_LATER, /* there is no room now: the packet stays with the frontend */
	/* The packet is dropped: accepted, counted and completed. */
	TX_BAD_LIST,
	TX_BAD_SIZE,
	TX_BAD_ADDRESS,
	TX_BAD_OFFLOAD,
	TX_SEALED,
};

static const enum net_xdp_counter drop_counter[] = {
	[TX_BAD_LIST] = NET_XDP_TX_DROP_MALFORMED,  [TX_BAD_SIZE] = NET_XDP_TX_DROP_SIZE,
	[TX_BAD_ADDRESS] = NET_XDP_TX_DROP_ADDRESS, [TX_BAD_OFFLOAD] = NET_XDP_TX_DROP_OFFLOAD,
	[TX_SEALED] = NET_XDP_TX_DROP_SEALED,
};

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

/* The private area is no region of the frontend's, but queue_page_rule() asks for one: it has small
 * pages. */
static const struct memory_region private_area = {.page_bytes = MEMORY_PAGE_BYTES};

/* Drop a packet: accept, count and complete it. meta is NULL when the list has none for it: then
 * nobody waits for an id. Returns false when the id has no room in q->done until the frontend
 * collects some. */
static bool drop(struct net_xdp_queue *q, const struct net_tx_metadata *meta, enum tx_verdict why)
{
	if (meta) {
		if (tx_done_count(q) > q->done_mask)
			return false;
		tx_done_push(q, meta->id);
		count_up(q, NET_XDP_TX_ACCEPTED, 1);
	}
	count_up(q, drop_counter[why], 1);
	return true;
}

/* Leave a packet to the frontend until so many descriptors and private slots are free.
 * Returns false, as tx_send_any() does. */
static bool later(struct net_xdp_queue *q, uint32_t descriptors, uint32_t slots)
{
	count_up(q, NET_XDP_TX_NO_ROOM, 1);
	q->tx_blocked = descriptors;
	q->tx_blocked_slots = slots;
	return false;
}

/* Empty a plan. piece[] stays unset, since plan_range() writes an entry before it is read. */
static inline void plan_begin(struct plan *plan)
{
	plan->pieces = 0;
	plan->page = false;
}

/* Add len bytes at a UMEM offset of a region to a plan, cut into pieces of at most a chunk that cross
 * no page boundary. */
static inline void plan_range(const struct net_xdp_queue *q, struct plan *plan,
			      const struct memory_region *region, uint64_t offset, uint32_t len)
{
	const struct page_rule pages = queue_page_rule(q, region);

	while (len) {
		uint32_t n = len < q->chunk_bytes ? len : q->chunk_bytes;

		if (q->paged && page_crossed(pages, offset, n)) {
			n = (uint32_t)page_left(pages, offset);
			plan->page = q->unaligned;
		}
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

/* Copy a packet into a slot and change there what its flags ask for. Returns TX_SEND, or why it is
 * dropped. */
static enum tx_verdict linearise(struct net_xdp_queue *q, const struct net_tx_packet *packet,
				 uint8_t *slot)
{
	const struct net_tx_segment *s = packet->segments, *end = s + packet->segment_count;
	const struct net_tx_metadata *meta = packet->meta;
	uint8_t *frame = slot + (meta->flags & NET_TX_VLAN ? HEADERS_VLAN_BYTES : 0), *at = frame;
	uint64_t offset;

	for (; s != end; s++) {
		if (s->len_bytes == 0)
			continue;
		if (!memory_offset(q->memory, &q->tx_region, s->addr, s->len_bytes, &offset))
			return TX_BAD_ADDRESS;
		memcpy(at, q->memory->base + offset, s->len_bytes);
		at += s->len_bytes;
	}
	if ((meta->flags & TX_CHECKSUMS) && !checksum_fill(frame, meta->len_bytes, meta))
		return TX_BAD_OFFLOAD;
	if (meta->flags & NET_TX_VLAN) {
		vlan_insert(slot, meta->vlan_tci);
		count_up(q, NET_XDP_TX_VLAN, 1);
	}
	return TX_SEND;
}

/* Send a packet through the private area, or drop it. reason counts why it is copied. Returns as
 * tx_send_any(). */
static bool send_bounced(struct net_xdp_queue *q, const struct net_tx_packet *packet,
			 enum net_xdp_counter reason)
{
	const struct net_tx_metadata *meta = packet->meta;
	uint32_t len = meta->len_bytes + (meta->flags & NET_TX_VLAN ? HEADERS_VLAN_BYTES : 0);
	enum tx_verdict verdict;
	struct plan plan;
	uint64_t slot;

	if (q->tx_private.free_count == 0) {
		if (q->tx_private.slots == 0)
			return drop(q, meta, TX_SEALED);
		tx_reap(q);
	}
	slot = bounce_take(&q->tx_private);
	if (slot == BOUNCE_NONE)
		return later(q, 1, 1);
	plan_begin(&plan);
	plan_range(q, &plan, &private_area, slot, len);
	if (plan.pieces > q->tx_max_descriptors)
		verdict = TX_BAD_SIZE;
	else if (tx_room(q, plan.pieces) < plan.pieces)
		verdict = TX_LATER;
	else
		verdict = linearise(q, packet, q->memory->base + slot);
	if (verdict != TX_SEND) {
		bounce_give(&q->tx_private, slot);
		return verdict == TX_LATER ? later(q, plan.pieces, 1) : drop(q, meta, verdict);
	}
	write_packet(q, &plan, meta->id, len, slot);
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
		return drop(q, meta, TX_BAD_ADDRESS);
	if (plan.pieces > q->tx_max_descriptors)
		return send_bounced(
			q, packet, plan.page ? NET_XDP_TX_BOUNCE_PAGE : NET_XDP_TX_BOUNCE_SEGMENTS);
	if (tx_room(q, plan.pieces) < plan.pieces)
		return later(q, plan.pieces, 0);
	write_packet(q, &plan, meta->id, meta->len_bytes, BOUNCE_NONE);
	count_up(q, NET_XDP_TX_DIRECT, 1);
	return true;
}

bool tx_send_any(struct net_xdp_queue *q, const struct net_tx_packet *packet)
{
	const struct net_tx_metadata *meta = packet->meta;

	if (packet->fault != NET_TX_OK)
		return drop(q, meta, TX_BAD_LIST);
	if (meta->len_bytes < HEADERS_ETHERNET_BYTES || meta->len_bytes > q->max_frame_bytes)
		return drop(q, meta, TX_BAD_SIZE);
	if (meta->flags & ~TX_KNOWN)
		return drop(q, meta, TX_BAD_OFFLOAD);
	if (meta->flags & TX_CHECKSUMS)
		return send_bounced(q, packet, NET_XDP_TX_BOUNCE_CHECKSUM);
	if (meta->flags & NET_TX_VLAN)
		return send_bounced(q, packet, NET_XDP_TX_BOUNCE_VLAN);
	return send_direct(q, packet);
}
