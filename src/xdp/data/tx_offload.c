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

#include "base/checksum.h"
#include "base/headers.h"
#include "base/segmenter.h"
#include "xdp/config.h"
#include "xdp/data/hot.h"
#include "xdp/data/tx.h"
#include "xdp/data/tx_packet.h"
#include "xdp/data/tx_whole.h"

_Static_assert(XSK_TX_REQUEST_BYTES + SEGMENTER_HEADERS_MAX == CONFIG_HEADER_BYTES,
	       "a slot holds a request and headers");
_Static_assert(sizeof(struct xsk_tx_request) == XSK_TX_REQUEST_BYTES, "as the kernel has it");

#define SEGMENTATION (NET_TX_TCP_SEGMENTATION | NET_TX_UDP_SEGMENTATION)

/* Why a wire packet is copied. */
enum why { WHY_REQUEST, WHY_SEGMENTS, WHY_PAGE, WHY_SHORT, WHYS };

/* A packet on its way into a record. */
struct job {
	struct net_xdp_queue *q;
	const struct net_tx_metadata *meta;
	struct segmenter s;
	struct tx_walk payload; /* the first byte behind the headers */
	struct tx_walk walk;	/* the first that was not written yet */
	struct tx_draft draft;
	bool joins; /* headers and payload go into one buffer, whatever it costs */
	enum why joins_why;
	struct tx_need need; /* with TX_LATER: what has to be free */
	/* of all wire packets, to be counted when they go */
	uint64_t bytes;
	uint32_t split, asked, made, bounced[WHYS];
};

/* ---- Headers ---------------------------------------------------------------------------------------- */

/* Copy the first len bytes of a packet. A sealed endpoint has no access to them; the frontend may have some.
 * Returns TX_SEND, or why the packet is dropped. */
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

/* Copy the headers to where they stay for the call, and judge them. Returns TX_SEND and j->s filled, or why the
 * packet is dropped. */
static enum tx_verdict judge(struct job *j, struct net_buffer_access *pool, uint8_t *headers)
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

/* ---- The checksum ------------------------------------------------------------------------------------ */

/* Complete the checksum of wire packet p in its headers, which were just written. walk: where its payload
 * begins. */
static enum tx_verdict make_sum(struct job *j, const struct segmenter_piece *p, struct tx_walk walk,
				uint8_t *headers)
{
	struct net_xdp_queue *q = j->q;
	uint64_t sum = 0, addr, offset;

	if (q->memory->sealed)
		return TX_SEALED;
	for (uint32_t at = 0, n; at < p->summed_bytes; at += n) {
		n = tx_walk(&walk, p->summed_bytes - at, &addr);
		if (!memory_offset(q->memory, &q->tx_region, addr, n, &offset))
			return TX_BAD_ADDRESS;
		sum = checksum_add(sum, q->memory->base + offset, n, at);
	}
	segmenter_complete(&j->s, headers, sum);
	j->made++;
	return TX_SEND;
}

/* Will kernel or NIC add up the checksum of wire packet p? They sum all that follows, padding too. */
static inline bool asks(const struct job *j, const struct segmenter_piece *p)
{
	return j->s.has_checksum && p->summed_bytes == p->payload_bytes &&
	       (j->q->tx_sum == TX_SUM_KERNEL || j->q->tx_sum == TX_SUM_DRIVER);
}

/* Write the request in front of headers, whose descriptor was written last. Both offsets lie inside of it:
 * segmenter_judge() has seen to that. */
static inline void ask(struct job *j, uint8_t *headers)
{
	*(struct xsk_tx_request *)(void *)(headers - XSK_TX_REQUEST_BYTES) =
		(struct xsk_tx_request){
			.flags = XDP_TXMD_FLAGS_CHECKSUM,
			.csum_start = j->s.checksum_start_bytes,
			.csum_offset = j->s.checksum_field_bytes,
		};
	tx_record_ask(&j->draft);
	j->asked++;
}

/* ---- One wire packet ----------------------------------------------------------------------------------- */

static enum tx_verdict lacks_descriptors(struct job *j)
{
	j->need.descriptors = j->draft.room + 1;
	return TX_LATER;
}

/* Write a buffer of headers and payload, len bytes at a UMEM offset of the private area. */
static enum tx_verdict write_buffer(struct job *j, uint64_t offset, uint32_t len, bool wants_ask)
{
	struct net_xdp_queue *q = j->q;
	bool page;

	for (uint32_t at = 0, n; at < len; at += n) {
		n = tx_piece(q, &tx_private_area, offset + at, len - at, &page);
		if (j->draft.descriptors - j->draft.ended == q->tx_max_descriptors)
			return TX_BAD_SIZE;
		if (!tx_record_add_descriptor(&j->draft, offset + at, n))
			return lacks_descriptors(j);
		if (at == 0 && wants_ask)
			ask(j, q->memory->base + offset);
	}
	j->bytes += len;
	return TX_SEND;
}

/* Copy the payload of wire packet p behind its headers at a UMEM offset: right there if they are followed by
 * room, else in a frame's slot, where the headers are copied too. */
static enum tx_verdict join(struct job *j, const struct segmenter_piece *p, uint64_t offset,
			    enum why why)
{
	struct net_xdp_queue *q = j->q;
	const uint32_t header = j->s.wire_header_bytes, len = header + p->payload_bytes;
	uint8_t *headers;
	uint64_t slot;

	if (q->memory->sealed)
		return TX_SEALED;
	if (len > SEGMENTER_HEADERS_MAX) {
		j->need.frames++;
		slot = bounce_take(&q->tx_private);
		if (slot == BOUNCE_NONE)
			return TX_LATER;
		tx_record_add_slot(&j->draft, slot);
		memcpy(q->memory->base + slot + XSK_TX_REQUEST_BYTES, q->memory->base + offset,
		       header);
		offset = slot + XSK_TX_REQUEST_BYTES;
	}
	headers = q->memory->base + offset;
	if (!tx_copy(q, &j->walk, p->payload_bytes, headers + header))
		return TX_BAD_ADDRESS;
	if (j->s.has_checksum && !asks(j, p)) {
		/* of what was copied: the frontend's may have changed since */
		segmenter_complete(&j->s, headers,
				   checksum_add(0, headers + header, p->summed_bytes, 0));
		j->made++;
	}
	j->bounced[why]++;
	return write_buffer(j, offset, len, asks(j, p));
}

/* Write descriptors to the next len bytes of the payload. Returns TX_BAD_SIZE when they are more than a wire
 * packet may have; *page: because pages are apart for DMA. */
static inline enum tx_verdict write_payload(struct job *j, uint32_t len, bool *page)
{
	struct net_xdp_queue *q = j->q;
	uint32_t left = q->tx_max_descriptors - 1;
	uint64_t addr, offset;

	while (len) {
		uint32_t part = tx_walk(&j->walk, len, &addr);

		if (!memory_offset(q->memory, &q->tx_region, addr, part, &offset))
			return TX_BAD_ADDRESS;
		len -= part;
		while (part) {
			const uint32_t n =
				tx_piece(q, &q->memory->region[q->tx_region], offset, part, page);

			if (unlikely(left-- == 0))
				return TX_BAD_SIZE;
			if (unlikely(!tx_record_add_descriptor(&j->draft, offset, n)))
				return lacks_descriptors(j);
			offset += n;
			part -= n;
		}
	}
	return TX_SEND;
}

/* Write wire packet p with its headers at a UMEM offset and its payload where it lies. */
static inline enum tx_verdict split(struct job *j, const struct segmenter_piece *p, uint64_t offset)
{
	const struct tx_walk before = j->walk;
	enum tx_verdict verdict;
	bool page = false;

	if (unlikely(!tx_record_add_descriptor(&j->draft, offset, j->s.wire_header_bytes)))
		return lacks_descriptors(j);
	if (asks(j, p))
		ask(j, j->q->memory->base + offset);
	verdict = write_payload(j, p->payload_bytes, &page);
	if (unlikely(verdict == TX_BAD_SIZE)) {
		j->asked -= asks(j, p);
		tx_record_rewind(&j->draft);
		j->walk = before;
		return join(j, p, offset, page ? WHY_PAGE : WHY_SEGMENTS);
	}
	if (likely(verdict == TX_SEND) && j->s.has_checksum && !asks(j, p))
		verdict = make_sum(j, p, before, j->q->memory->base + offset);
	j->bytes += j->s.wire_header_bytes + p->payload_bytes;
	j->split++;
	return verdict;
}

/* Is a copy of the payload cheaper, and possible now? Without a slot for it there is no reason to wait. */
static inline bool is_short(const struct job *j, const struct segmenter_piece *p)
{
	const struct net_xdp_queue *q = j->q;

	return p->payload_bytes - 1 < q->tx_copy_bytes &&
	       (q->tx_private.free_count ||
		j->s.wire_header_bytes + p->payload_bytes <= SEGMENTER_HEADERS_MAX);
}

static enum tx_verdict write_piece(struct job *j, uint32_t i)
{
	struct net_xdp_queue *q = j->q;
	const struct segmenter_piece p = segmenter_piece(&j->s, i);
	const uint64_t slot = bounce_take(&q->tx_headers), offset = slot + XSK_TX_REQUEST_BYTES;
	enum tx_verdict verdict;

	if (unlikely(slot == BOUNCE_NONE))
		return TX_LATER;
	tx_record_add_slot(&j->draft, slot);
	segmenter_write(&j->s, i, q->memory->base + offset);
	if (unlikely(j->joins) && p.payload_bytes)
		verdict = join(j, &p, offset, j->joins_why);
	else if (is_short(j, &p))
		verdict = join(j, &p, offset, WHY_SHORT);
	else
		verdict = split(j, &p, offset);
	tx_record_end_packet(&j->draft);
	return verdict;
}

/* ---- The packet -------------------------------------------------------------------------------------- */

/* Write all wire packets into a draft, which is aborted unless TX_SEND is returned. */
static enum tx_verdict write_pieces(struct job *j)
{
	struct net_xdp_queue *q = j->q;
	const uint32_t pieces = j->s.pieces;
	const uint32_t least =
		j->joins || j->s.piece_bytes <= q->tx_copy_bytes ? pieces : 2 * pieces - 1;
	enum tx_verdict verdict = TX_SEND;
	uint32_t room = tx_room(q, 3 * pieces);

	if (q->tx_headers.free_count < pieces || (j->joins && q->tx_private.free_count < pieces))
		tx_reap(q);
	j->need = (struct tx_need){.descriptors = least, .headers = pieces};
	if (room < least || q->tx_headers.free_count < pieces)
		return TX_LATER;
	j->walk = j->payload;
	j->bytes = 0;
	j->split = j->asked = j->made = 0;
	memset(j->bounced, 0, sizeof(j->bounced));
	if (!tx_record_open(&j->draft, &q->tx_records, &q->xsk.tx, &q->tx_inflight, j->meta->id,
			    room))
		return TX_LATER;
	for (uint32_t i = 0; i < pieces && verdict == TX_SEND; i++)
		verdict = write_piece(j, i);
	if (verdict != TX_SEND)
		tx_record_abort(&j->draft);
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

static void count_sent(const struct job *j)
{
	struct net_xdp_queue *q = j->q;
	uint32_t bounced = 0;

	for (int why = 0; why < WHYS; why++)
		bounced += j->bounced[why];
	count_up(q, NET_XDP_TX_BYTES, j->bytes);
	count_up(q, NET_XDP_TX_ACCEPTED, 1);
	count_up(q, NET_XDP_TX_SPLIT, j->split);
	count_up(q, NET_XDP_TX_SUM_ASKED, j->asked);
	count_up(q, NET_XDP_TX_SUM_MADE, j->made);
	if (j->s.has_tag)
		count_up(q, NET_XDP_TX_VLAN, j->s.pieces);
	if (j->s.has_segmentation) {
		count_up(q, NET_XDP_TX_SEGMENTED, 1);
		count_up(q, NET_XDP_TX_SEGMENTS, j->s.pieces);
	}
	if (!bounced)
		return;
	count_up(q, NET_XDP_TX_BOUNCED, bounced);
	count_up(q, asked_for(j->meta), j->bounced[WHY_REQUEST]);
	count_up(q, NET_XDP_TX_BOUNCE_SEGMENTS, j->bounced[WHY_SEGMENTS]);
	count_up(q, NET_XDP_TX_BOUNCE_PAGE, j->bounced[WHY_PAGE]);
	count_up(q, NET_XDP_TX_BOUNCE_SHORT, j->bounced[WHY_SHORT]);
}

/* Has the kernel nothing of this queue, so that waiting frees nothing? It may have completed a descriptor and
 * not yet shown that it took it. */
static bool is_idle(struct net_xdp_queue *q)
{
	tx_reap(q);
	return inflight_count(&q->tx_inflight) == 0 && ring_drained(&q->xsk.tx);
}

/* Write a packet for which there may be no room. One that an empty ring does not hold is joined: a descriptor
 * for each wire packet. If that does not help it is dropped, it would wait for ever. */
static enum tx_verdict write_packet(struct job *j)
{
	struct net_xdp_queue *q = j->q;
	enum tx_verdict verdict;

	if (j->s.pieces > q->xsk.tx.entries)
		return TX_BAD_SIZE;
	j->joins = q->tx_max_descriptors < 2;
	j->joins_why = WHY_REQUEST;
	verdict = write_pieces(j);
	if (likely(verdict != TX_LATER) || !is_idle(q))
		return verdict;
	verdict = write_pieces(j); /* there is more room since is_idle() looked */
	if (verdict != TX_LATER)
		return verdict;
	if (!j->joins) {
		j->joins = true;
		j->joins_why = WHY_SEGMENTS;
		verdict = write_pieces(j);
	}
	return verdict == TX_LATER ? TX_BAD_SIZE : verdict;
}

ALONE bool tx_send_changed(struct net_xdp_queue *q, struct net_buffer_access *pool,
			   const struct net_tx_packet *packet)
{
	uint8_t headers[SEGMENTER_HEADERS_MAX];
	enum tx_verdict verdict;
	struct job j;

	j.q = q;
	j.meta = packet->meta;
	j.payload = (struct tx_walk){packet->segments, 0};
	verdict = q->tx_headers.slots ? judge(&j, pool, headers) : TX_SEALED;
	if (verdict == TX_SEND && q->whole.flags & j.meta->flags &&
	    tx_whole_send(q, j.meta, &j.s, &j.payload))
		return true;
	if (verdict == TX_SEND)
		verdict = write_packet(&j);
	if (unlikely(verdict == TX_LATER))
		return tx_later(q, j.need);
	if (unlikely(verdict != TX_SEND))
		return tx_drop(q, j.meta, verdict);
	tx_record_commit(&j.draft);
	count_sent(&j);
	return true;
}
