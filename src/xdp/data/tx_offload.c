// SPDX-License-Identifier: BSD-2-Clause
/*
 * Transmit: a packet that must be changed, because it asks for checksums, a tag or segmentation.
 *
 *     accepted packet    [headers][payload .....................................................]
 *     wire packet i      [request][headers, ours] ──► descriptors to its part of the payload
 *                        `- private slot, 256 B -'    in the frontend's memory, which is not read
 *
 * Headers are copied once, judged in the copy (base/segmenter.h) and written anew for each wire packet. The
 * request, struct xsk_tx_request, has kernel or NIC add up the checksum; where neither does, the payload is
 * read in place for it. Where headers and payload cannot be apart (one descriptor per packet, too many
 * segments), or a copy costs less, the payload is copied behind the headers: counted as bounced, with its
 * reason. A packet goes as a whole or not at all: a draft (tx_record.h) has all of it until it is committed.
 */
#include <string.h>

#include "base/headers.h"
#include "xdp/data/hot.h"
#include "xdp/data/tx.h"
#include "xdp/data/tx_whole.h"
#include "xdp/data/tx_wire.h"

#define SEGMENTATION (NET_TX_TCP_SEGMENTATION | NET_TX_UDP_SEGMENTATION)

/* ---- Headers ---------------------------------------------------------------------------------------- */

/* Copy the first len bytes of a packet. A sealed endpoint has no access to them; the frontend may have
 * some. Returns TX_SEND, or why the packet is dropped. */
static enum tx_verdict copy_headers(struct net_xdp_queue *q, struct net_buffer_access *pool,
				    struct tx_walk *w, uint32_t len, uint8_t *out)
{
	uint64_t addr, offset;
	const void *bytes;

	if (!q->memory->sealed)
		return tx_copy(q, w, len, out) ? TX_SEND : TX_BAD_ADDRESS;
	if (!pool->ops->memory)
		return TX_SEALED;
	while (len) {
		const uint32_t n = tx_walk(w, len, &addr);

		if (!memory_offset(q->memory, &q->tx_region, addr, n, &offset))
			return TX_BAD_ADDRESS;
		bytes = pool->ops->memory(pool, addr, n);
		if (!bytes)
			return TX_SEALED;
		memcpy(out, bytes, n);
		out += n;
		len -= n;
	}
	return TX_SEND;
}

/* Copy the headers to where they stay for the call, and judge them. Returns TX_SEND and j->s filled, or
 * why the packet is dropped. */
static enum tx_verdict judge(struct tx_job *j, struct net_buffer_access *pool, uint8_t *headers)
{
	const struct net_tx_metadata *meta = j->meta;
	const uint32_t wanted = segmenter_header_bytes(meta);
	const uint32_t present =
		wanted <= meta->len_bytes && wanted <= SEGMENTER_HEADERS_MAX ? wanted : 0;
	enum tx_verdict verdict;

	if (meta->len_bytes < HEADERS_ETHERNET_BYTES)
		return TX_BAD_SIZE;
	verdict = copy_headers(j->q, pool, &j->payload, present, headers);
	if (verdict != TX_SEND)
		return verdict;
	switch (segmenter_judge(&j->s, headers, present, meta, j->q->max_frame_bytes)) {
	case SEGMENTER_OK:
		return TX_SEND;
	case SEGMENTER_FRAME_LONG:
	case SEGMENTER_TOTAL_LONG:
		return TX_BAD_SIZE;
	default:
		return TX_BAD_OFFLOAD;
	}
}

/* ---- The packet -------------------------------------------------------------------------------------- */

/* Kernel and NIC sum all that follows the headers, padding too. */
static bool can_ask(const struct tx_job *j)
{
	const struct segmenter_piece first = segmenter_piece(&j->s, 0);

	return (j->q->tx_sum == TX_SUM_KERNEL || j->q->tx_sum == TX_SUM_DRIVER) &&
	       first.summed_bytes == first.payload_bytes;
}

/* What is found out once for all wire packets. */
static void prepare(struct tx_job *j)
{
	memset(j->bounced, 0, sizeof(j->bounced));
	j->joins = j->q->tx_max_descriptors < 2;
	j->joins_why = TX_WHY_REQUEST;
	j->asks = j->s.has_checksum && can_ask(j);
	j->makes = j->s.has_checksum && !j->asks;
	/* Both offsets lie inside of the headers: segmenter_judge() has seen to that. Without a request there
	 * are no flags: zero-copy drivers look at them whether the descriptor has XDP_TX_METADATA or not
	 * (xsk_buff_get_metadata()), and the slot has what it had last. */
	j->front.request = (struct xsk_tx_request){
		.flags = j->asks ? XDP_TXMD_FLAGS_CHECKSUM : 0,
		.csum_start = j->s.checksum_start_bytes,
		.csum_offset = j->s.checksum_field_bytes,
	};
}

/* Write a packet that becomes one wire packet as a copy in one descriptor, without the steps that
 * several need. Returns false when that is not what has to be done, or something is missing. */
static bool write_only(struct tx_job *j)
{
	struct net_xdp_queue *q = j->q;
	const uint32_t header = j->s.wire_header_bytes,
		       payload = j->s.len_bytes - j->s.header_bytes;
	struct bounce *slots =
		header + payload > SEGMENTER_HEADERS_MAX ? &q->tx_private : &q->tx_headers;
	struct tx_walk walk = j->payload;
	struct tx_front *front;
	uint64_t slot;
	bool page;

	if (j->s.has_segmentation || q->memory->sealed || !slots->free_count || !tx_room(q, 1) ||
	    !(tx_wire_is_short(j, payload) || (j->joins && payload)) ||
	    !tx_record_open(&j->draft, &q->tx_records, &q->xsk.tx, &q->tx_inflight, j->meta->id, 1))
		return false;
	tx_record_take_slots(&j->draft, slots, 1, &slot);
	front = (void *)(q->memory->base + slot);
	slot += XSK_TX_REQUEST_BYTES;
	if (tx_piece(q, &tx_private_area, slot, header + payload, &page) < header + payload ||
	    !tx_copy(q, &walk, payload, front->headers + header)) {
		tx_record_abort(&j->draft);
		return false;
	}
	front->request = j->front.request;
	segmenter_write(&j->s, 0, front->headers);
	if (j->makes)
		tx_wire_sum(j, 0, front->headers);
	tx_record_put(&j->draft,
		      (struct xdp_desc){slot, header + payload, j->asks ? XDP_TX_METADATA : 0});
	tx_record_next_packet(&j->draft);
	j->bounced[j->joins ? j->joins_why : TX_WHY_SHORT] = 1;
	return true;
}

/* Write all wire packets into a draft, which is aborted unless TX_SEND is returned. */
static enum tx_verdict write_pieces(struct tx_job *j)
{
	struct net_xdp_queue *q = j->q;
	const uint32_t pieces = j->s.pieces;
	const uint32_t least =
		j->joins || j->s.piece_bytes <= q->tx_copy_bytes ? pieces : 2 * pieces - 1;
	uint32_t room = tx_room(q, 3 * pieces);
	enum tx_verdict verdict;

	if (q->tx_headers.free_count < pieces || (j->joins && q->tx_private.free_count < pieces))
		tx_reap(q);
	j->need = (struct tx_need){.descriptors = least, .headers = pieces};
	if (room < least || q->tx_headers.free_count < pieces)
		return TX_LATER;
	if (!tx_payload_enter(q, &j->walk, j->payload.segment, j->payload.at))
		return TX_BAD_ADDRESS;
	if (!tx_record_open(&j->draft, &q->tx_records, &q->xsk.tx, &q->tx_inflight, j->meta->id,
			    room))
		return TX_LATER;
	verdict = tx_wire_write(j);
	if (verdict != TX_SEND) {
		memset(j->bounced, 0, sizeof(j->bounced));
		tx_record_abort(&j->draft);
	}
	return verdict;
}

/* Why would this packet be copied if it could not be split? */
static enum net_xdp_counter asked_for(const struct net_tx_metadata *meta)
{
	if (meta->flags & SEGMENTATION)
		return NET_XDP_TX_BOUNCE_SEGMENTATION;
	if (meta->flags & ~(NET_TX_VLAN | NET_TX_IPV4 | NET_TX_IPV6))
		return NET_XDP_TX_BOUNCE_CHECKSUM;
	return NET_XDP_TX_BOUNCE_VLAN;
}

static void count_sent(const struct tx_job *j)
{
	struct net_xdp_queue *q = j->q;
	const uint32_t pieces = j->s.pieces;
	uint32_t bounced = 0;

	for (int why = 0; why < TX_WHYS; why++)
		bounced += j->bounced[why];
	count_up(q, NET_XDP_TX_BYTES,
		 j->s.len_bytes - j->s.header_bytes + (uint64_t)pieces * j->s.wire_header_bytes);
	count_up(q, NET_XDP_TX_ACCEPTED, 1);
	count_up(q, NET_XDP_TX_SPLIT, pieces - bounced);
	if (j->s.has_checksum)
		count_up(q, j->asks ? NET_XDP_TX_SUM_ASKED : NET_XDP_TX_SUM_MADE, pieces);
	if (j->s.has_tag)
		count_up(q, NET_XDP_TX_VLAN, pieces);
	if (j->s.has_segmentation) {
		count_up(q, NET_XDP_TX_SEGMENTED, 1);
		count_up(q, NET_XDP_TX_SEGMENTS, pieces);
	}
	if (!bounced)
		return;
	count_up(q, NET_XDP_TX_BOUNCED, bounced);
	count_up(q, asked_for(j->meta), j->bounced[TX_WHY_REQUEST]);
	count_up(q, NET_XDP_TX_BOUNCE_SEGMENTS, j->bounced[TX_WHY_SEGMENTS]);
	count_up(q, NET_XDP_TX_BOUNCE_PAGE, j->bounced[TX_WHY_PAGE]);
	count_up(q, NET_XDP_TX_BOUNCE_SHORT, j->bounced[TX_WHY_SHORT]);
}

/* Has the kernel nothing of this queue, so that waiting frees nothing? It may have completed a
 * descriptor and not yet shown that it took it. */
static bool is_idle(struct net_xdp_queue *q)
{
	tx_reap(q);
	return inflight_count(&q->tx_inflight) == 0 && ring_drained(&q->xsk.tx);
}

/* Write a packet for which there may be no room. One that an empty ring does not hold is joined: a
 * descriptor for each wire packet. If that does not help it is dropped, it would wait for ever. */
static enum tx_verdict write_packet(struct tx_job *j)
{
	struct net_xdp_queue *q = j->q;
	enum tx_verdict verdict;

	if (j->s.pieces > q->xsk.tx.entries)
		return TX_BAD_SIZE;
	prepare(j);
	if (write_only(j))
		return TX_SEND;
	if (j->s.has_segmentation)
		j->own = segmenter_write_common(&j->s, j->front.headers);
	else
		segmenter_write(&j->s, 0, j->front.headers);
	verdict = write_pieces(j);
	if (likely(verdict != TX_LATER) || !is_idle(q))
		return verdict;
	verdict = write_pieces(j); /* there is more room since is_idle() looked */
	if (verdict != TX_LATER)
		return verdict;
	if (!j->joins) {
		j->joins = true;
		j->joins_why = TX_WHY_SEGMENTS;
		verdict = write_pieces(j);
	}
	return verdict == TX_LATER ? TX_BAD_SIZE : verdict;
}

ALONE bool tx_send_changed(struct net_xdp_queue *q, struct net_buffer_access *pool,
			   const struct net_tx_packet *packet)
{
	uint8_t headers[SEGMENTER_HEADERS_MAX];
	enum tx_whole_result whole = TX_WHOLE_CUT;
	enum tx_verdict verdict;
	struct tx_job j;

	j.q = q;
	j.meta = packet->meta;
	j.payload = (struct tx_walk){packet->segments, 0};
	verdict = q->tx_headers.slots ? judge(&j, pool, headers) : TX_SEALED;
	if (verdict == TX_SEND && q->whole.flags & j.meta->flags)
		whole = tx_whole_send(q, j.meta, &j.s, &j.payload);
	if (whole != TX_WHOLE_CUT)
		return whole == TX_WHOLE_SENT || tx_again(q);
	if (verdict == TX_SEND)
		verdict = write_packet(&j);
	if (unlikely(verdict == TX_LATER))
		return tx_later(q, j.need);
	if (unlikely(q->whole.refused))
		tx_whole_count_refused(q, verdict == TX_SEND);
	if (unlikely(verdict != TX_SEND))
		return tx_drop(q, j.meta, verdict);
	tx_record_commit(&j.draft);
	count_sent(&j);
	return true;
}
