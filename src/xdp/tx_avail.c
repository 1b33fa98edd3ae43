// SPDX-License-Identifier: BSD-2-Clause
/*
 * Transmit, the way down: packets become descriptors.
 *
 * A packet whose segments the kernel can read where they are is *direct*. One that must be changed
 * (checksum, tag) or joined (too many pieces) is copied into one private slot first, and is the same
 * from there on. The frontend's memory is only ever read.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "xdp/checksum.h"
#include "xdp/hot.h"
#include "xdp/queue.h"

#define TX_CHECKSUMS	 (NET_TX_IP_CHECKSUM | NET_TX_TCP_CHECKSUM | NET_TX_UDP_CHECKSUM)
#define TX_WRITES	 (TX_CHECKSUMS | NET_TX_VLAN)
#define TX_KNOWN	 (TX_WRITES | NET_TX_IPV4 | NET_TX_IPV6)
#define ETH_HEADER_BYTES 14
#define VLAN_TAG_BYTES	 4

/* A call that hands over at least so many frames is one of a stream; its kick may wait for the next
 * calls, until so many are in the ring. Fewer frames are somebody's answer: they go at once. */
#define STREAM_FRAMES 64
#define KICK_FRAMES   256

struct tx_piece {
	uint64_t offset;
	uint32_t len;
};

/* A packet's place in the ring, before any of it is written. */
struct tx_plan {
	struct tx_piece piece[XDP_COPY_TX_DESCRIPTORS];
	uint32_t pieces;
	bool too_many;
	bool page; /* cut where pages are apart for DMA */
};

/* ---- One packet ------------------------------------------------------------------------------- */

/* Descriptors that may be written now: room in the TX ring, and in flight no more than the completion
 * ring holds, so that it can never be full. Looks at the kernel's side only when want is not there. */
static uint32_t room(struct net_xdp_queue *q, uint32_t want)
{
	uint32_t ring, flight;

	if (unlikely(inflight_room(&q->tx_inflight) < want))
		tx_reap(q);
	flight = inflight_room(&q->tx_inflight);
	ring = ring_room(&q->tx, want);
	return ring < flight ? ring : flight;
}

static void write_descriptor(struct net_xdp_queue *q, const struct tx_piece *piece,
			     uint32_t options)
{
	*ring_descriptor(&q->tx, q->tx.mine++) = (struct xdp_desc){
		.addr = piece->offset,
		.len = piece->len,
		.options = options,
	};
	q->counter[NET_XDP_TX_BYTES] += piece->len;
}

/* Write a packet's descriptors; room was seen. bounced: its private slot or BOUNCE_NONE. A record is
 * free: there are as many as descriptors in flight. */
static void write_packet(struct net_xdp_queue *q, uint32_t id, const struct tx_piece *piece,
			 uint32_t pieces, uint64_t bounced)
{
	uint32_t record = INFLIGHT_NONE;

	if (pieces > 1 || bounced != BOUNCE_NONE) {
		record = q->tx_packet_free[--q->tx_packet_free_count];
		q->tx_packet[record] = (struct tx_packet){id, pieces, bounced};
	}
	for (uint32_t i = 0; i < pieces; i++) {
		write_descriptor(q, &piece[i], i + 1 < pieces ? XDP_PKT_CONTD : 0);
		inflight_put(&q->tx_inflight, piece[i].offset >> 1, id, record);
	}
}

/* A packet that will not be sent: accepted, counted, completed. */
static bool drop(struct net_xdp_queue *q, const struct net_tx_metadata *meta,
		 enum net_xdp_counter why)
{
	if (meta) {
		if (tx_done_count(q) > q->done_mask)
			return false; /* the frontend has to collect ids first */
		tx_done_push(q, meta->id);
		q->counter[NET_XDP_TX_ACCEPTED]++;
	}
	q->counter[why]++;
	return true;
}

/* Left to the frontend until n descriptors (and a private slot) are free. */
static bool refuse(struct net_xdp_queue *q, uint32_t n, bool private)
{
	q->counter[NET_XDP_TX_REFUSED]++;
	q->tx_blocked = n;
	q->tx_blocked_private = private;
	return false;
}

/* How much of len bytes at offset one descriptor may cover. */
static uint32_t cut(const struct net_xdp_queue *q, uint64_t offset, uint32_t len, bool *page)
{
	uint32_t most = q->chunk_bytes;

	if (!q->unaligned)
		most -= (uint32_t)(offset % q->chunk_bytes);
	if (most > len)
		most = len;
	if (q->zero_copy) {
		uint32_t contiguous = (uint32_t)memory_contiguous(q->memory, offset, most);

		*page |= contiguous < most;
		most = contiguous;
	}
	return most;
}

static void plan_range(const struct net_xdp_queue *q, struct tx_plan *plan, uint64_t offset,
		       uint32_t len)
{
	while (len && !plan->too_many) {
		uint32_t n = cut(q, offset, len, &plan->page);

		plan->too_many = plan->pieces == q->tx_max_descriptors;
		if (!plan->too_many)
			plan->piece[plan->pieces++] = (struct tx_piece){offset, n};
		offset += n;
		len -= n;
	}
}

/* Where a packet's bytes lie. Return: false when any of them is outside the memory. */
static bool plan_packet(struct net_xdp_queue *q, const struct net_tx_packet *packet,
			struct tx_plan *plan)
{
	*plan = (struct tx_plan){.pieces = 0};
	for (uint32_t i = 0; i < packet->segment_count; i++) {
		const struct net_tx_segment *s = &packet->segments[i];
		uint64_t offset;

		if (s->len_bytes == 0)
			continue;
		if (!memory_offset(q->memory, &q->tx_region, s->addr, s->len_bytes, &offset))
			return false;
		plan_range(q, plan, offset, s->len_bytes);
	}
	return true;
}

/* Copy a packet together and change what it asks for. Return: false when its headers do not fit. */
static bool linearise(struct net_xdp_queue *q, const struct net_tx_packet *packet, uint8_t *to)
{
	const struct net_tx_metadata *meta = packet->meta;
	uint8_t *at = to;

	for (uint32_t i = 0; i < packet->segment_count; i++) {
		const struct net_tx_segment *s = &packet->segments[i];
		uint64_t offset;

		if (s->len_bytes == 0 ||
		    !memory_offset(q->memory, &q->tx_region, s->addr, s->len_bytes, &offset))
			continue; /* plan_packet() has seen every address */
		memcpy(at, q->memory->base + offset, s->len_bytes);
		at += s->len_bytes;
	}
	if ((meta->flags & TX_CHECKSUMS) && !checksum_fill(to, meta->len_bytes, meta))
		return false;
	if (meta->flags & NET_TX_VLAN)
		vlan_insert(to, meta->len_bytes, meta->vlan);
	return true;
}

/* Why the packet cannot be direct. */
static enum net_xdp_counter bounce_reason(const struct net_tx_packet *packet,
					  const struct tx_plan *plan)
{
	if (packet->meta->flags & TX_CHECKSUMS)
		return NET_XDP_TX_BOUNCE_CHECKSUM;
	if (packet->meta->flags & NET_TX_VLAN)
		return NET_XDP_TX_BOUNCE_VLAN;
	return plan->page ? NET_XDP_TX_BOUNCE_PAGE : NET_XDP_TX_BOUNCE_SEGMENTS;
}

/* Through the private area. Return: false when it has to wait for room. */
static bool send_bounced(struct net_xdp_queue *q, const struct net_tx_packet *packet,
			 enum net_xdp_counter reason)
{
	const struct net_tx_metadata *meta = packet->meta;
	uint32_t len = meta->len_bytes + (meta->flags & NET_TX_VLAN ? VLAN_TAG_BYTES : 0);
	struct tx_plan plan = {.pieces = 0};
	uint64_t slot;

	if (q->sealed || q->tx_private.slots == 0)
		return drop(q, meta, NET_XDP_TX_DROP_SEALED);
	if (q->tx_private.free_count == 0)
		tx_reap(q);
	slot = bounce_take(&q->tx_private);
	if (slot == BOUNCE_NONE)
		return refuse(q, 1, true);
	plan_range(q, &plan, slot, len);
	if (plan.too_many || room(q, plan.pieces) < plan.pieces ||
	    !linearise(q, packet, q->memory->base + slot)) {
		bounce_give(&q->tx_private, slot);
		if (!plan.too_many && room(q, plan.pieces) < plan.pieces)
			return refuse(q, plan.pieces, true);
		return drop(q, meta,
			    plan.too_many ? NET_XDP_TX_DROP_SIZE : NET_XDP_TX_DROP_OFFLOAD);
	}
	write_packet(q, meta->id, plan.piece, plan.pieces, slot);
	q->counter[NET_XDP_TX_ACCEPTED]++;
	q->counter[NET_XDP_TX_BOUNCED]++;
	q->counter[NET_XDP_TX_VLAN] += (meta->flags & NET_TX_VLAN) != 0;
	q->counter[reason]++;
	return true;
}

/* Any packet. Return: false when it has to wait. */
static bool send_packet(struct net_xdp_queue *q, const struct net_tx_packet *packet)
{
	const struct net_tx_metadata *meta = packet->meta;
	struct tx_plan plan;

	if (packet->fault != NET_TX_OK)
		return drop(q, meta, NET_XDP_TX_DROP_MALFORMED);
	if (meta->len_bytes < ETH_HEADER_BYTES || meta->len_bytes > q->max_frame_bytes)
		return drop(q, meta, NET_XDP_TX_DROP_SIZE);
	if (meta->flags & ~TX_KNOWN)
		return drop(q, meta, NET_XDP_TX_DROP_OFFLOAD);
	if (!plan_packet(q, packet, &plan))
		return drop(q, meta, NET_XDP_TX_DROP_ADDRESS);
	if (plan.too_many || (meta->flags & TX_WRITES))
		return send_bounced(q, packet, bounce_reason(packet, &plan));
	if (room(q, plan.pieces) < plan.pieces)
		return refuse(q, plan.pieces, false);
	write_packet(q, meta->id, plan.piece, plan.pieces, BOUNCE_NONE);
	q->counter[NET_XDP_TX_ACCEPTED]++;
	q->counter[NET_XDP_TX_DIRECT]++;
	return true;
}

/*
 * The usual packets: one segment in the region used last, nothing to change, one descriptor. What
 * does not change over the list is kept in locals. paged, a constant: does the page rule apply?
 * Return: how many were sent before one that needs send_packet().
 */
INLINE uint32_t send_run(struct net_xdp_queue *q, const struct net_tx_segment *s, uint32_t count,
			 const bool paged)
{
	const struct memory_region *r = &q->memory->region[q->tx_region];
	const uint64_t guest = r->guest_addr, region_bytes = r->bytes, offset = r->offset;
	const uint32_t most = q->max_frame_bytes - ETH_HEADER_BYTES;
	const struct page_rule pages = queue_page_rule(q, r);
	struct inflight *t = &q->tx_inflight;
	struct inflight_entry *flight = &t->queue[t->tail & t->mask];
	struct xdp_desc *tx = ring_descriptor(&q->tx, q->tx.mine);
	uint64_t bytes = 0;
	uint32_t i;

	count = ring_run(q->tx.mine, q->tx.mask, ring_run(t->tail, t->mask, count));
	for (i = 0; i < count; i++) {
		const struct net_tx_metadata *meta = s[i].head;
		const uint64_t at = s[i].addr - guest;
		const uint32_t len = s[i].len_bytes;

		if (unlikely(!meta || meta->segment_count != 1 || meta->len_bytes != len ||
			     (meta->flags & ~(NET_TX_IPV4 | NET_TX_IPV6)) ||
			     len - ETH_HEADER_BYTES > most || at >= region_bytes ||
			     len > region_bytes - at))
			break;
		if (paged && unlikely(page_crossed(pages, at + offset, len)))
			break;
		tx[i] = (struct xdp_desc){.addr = at + offset, .len = len};
		flight[i].key = (at + offset) >> 1;
		flight[i].id = meta->id;
		flight[i].extra = INFLIGHT_NONE;
		bytes += len;
	}
	q->tx.mine += i;
	t->tail += i;
	q->counter[NET_XDP_TX_BYTES] += bytes;
	q->counter[NET_XDP_TX_ACCEPTED] += i;
	q->counter[NET_XDP_TX_DIRECT] += i;
	return i;
}

ALONE static uint32_t send_usual_anywhere(struct net_xdp_queue *q, const struct net_tx_segment *s,
					  uint32_t count)
{
	return send_run(q, s, count, false);
}

ALONE static uint32_t send_usual_paged(struct net_xdp_queue *q, const struct net_tx_segment *s,
				       uint32_t count)
{
	return send_run(q, s, count, true);
}

static uint32_t send_usual(struct net_xdp_queue *q, const struct net_tx_segment *s, uint32_t count)
{
	return q->paged ? send_usual_paged(q, s, count) : send_usual_anywhere(q, s, count);
}

/* May send_usual() be used: does a descriptor take any frame that crosses no page? */
static bool has_usual(const struct net_xdp_queue *q)
{
	return q->max_frame_bytes <= q->chunk_bytes;
}

/* May the kick for these frames wait for the next call? Only in copy mode, where every kick is a
 * system call whose cost is shared by what is in the ring. */
static bool may_wait(const struct net_xdp_queue *q, uint32_t frames)
{
	return frames >= STREAM_FRAMES && q->tx.mine - q->tx.theirs < KICK_FRAMES &&
	       !q->zero_copy && !q->busy_poll;
}

/* ---- The calls -------------------------------------------------------------------------------- */

uint32_t tx_avail(struct net_queue *queue, struct net_buffer_access *pool,
		  const struct net_tx_segment *segments, uint32_t count, bool *sync)
{
	struct net_xdp_queue *q = queue_of(queue);
	struct net_tx_iterator it = {segments, segments + count};
	uint32_t before = q->tx.mine;
	bool usual = has_usual(q), more = true;
	struct net_tx_packet packet;

	(void)pool;
	*sync = false;
	if (count) /* nothing offered is nothing refused, nor taken back */
		q->tx_blocked = 0;
	while (it.at != it.end && more) {
		if (usual) {
			uint32_t left = (uint32_t)(it.end - it.at), most = room(q, left);

			it.at += send_usual(q, it.at, most < left ? most : left);
		}
		packet.segments = it.at;
		if (net_tx_next(&it, &packet)) {
			more = send_packet(q, &packet);
			it.at = more ? it.at : packet.segments;
		}
	}
	if (*q->tx.own != q->tx.mine) {
		ring_publish(&q->tx);
		q->tx_patience = 0;
	}
	q->tx_later = more && may_wait(q, q->tx.mine - before);
	if (!q->tx_later)
		tx_push(q);
	return (uint32_t)(it.at - segments);
}

bool tx_has_room(struct net_xdp_queue *q)
{
	return inflight_room(&q->tx_inflight) >= q->tx_blocked &&
	       ring_room(&q->tx, q->tx_blocked) >= q->tx_blocked &&
	       (!q->tx_blocked_private || q->tx_private.free_count);
}

/* ---- Set-up ----------------------------------------------------------------------------------- */

int tx_open(struct net_xdp_queue *q)
{
	uint32_t flight = q->completion.entries;

	q->tx_packet = calloc(flight, sizeof(*q->tx_packet));
	q->tx_packet_free = calloc(flight, sizeof(*q->tx_packet_free));
	q->done_mask = 2 * flight - 1;
	q->done = calloc(2 * flight, sizeof(*q->done));
	if (!q->tx_packet || !q->tx_packet_free || !q->done)
		return -ENOMEM;
	while (q->tx_packet_free_count < flight) {
		q->tx_packet_free[q->tx_packet_free_count] = flight - 1 - q->tx_packet_free_count;
		q->tx_packet_free_count++;
	}
	return inflight_open(&q->tx_inflight, flight);
}

void tx_close(struct net_xdp_queue *q)
{
	free(q->tx_packet);
	free(q->tx_packet_free);
	free(q->done);
	q->tx_packet = NULL;
	q->tx_packet_free = q->done = NULL;
	inflight_close(&q->tx_inflight);
}
