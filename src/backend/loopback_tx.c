// SPDX-License-Identifier: BSD-2-Clause
/*
 * Loopback, transmit. The segmenter makes wire packets of each packet: its headers are copied once, judged
 * and changed in the copy; its payload is summed, if a checksum is asked for, and copied from where the
 * frontend has it straight to the receiver's buffer. A packet without requests is one wire packet.
 */
#include <string.h>
#include <unistd.h>

#include "backend/count.h"
#include "backend/loopback.h"
#include "backend/tx_flags.h"
#include "base/checksum.h"
#include "base/headers.h"
#include "base/segmenter.h"

enum {
	/* The RSS hash looks at no header behind so many bytes of a frame. */
	RSS_HEADERS_BYTES = 256,
};

/* Only the receiver's buffers limit a frame; with a tag its length must fit in 32 bits. */
#define FRAME_MAX_BYTES (UINT32_MAX - HEADERS_VLAN_BYTES)

/* ---- A packet where the frontend has it ------------------------------------------------------- */

/* Segments are looked for from the one that was read last: else a packet of many segments that is cut
 * into many pieces would cost segments times pieces. */
struct source {
	const struct net_tx_packet *packet;
	struct net_buffer_access *pool;
	uint32_t segment;
	uint32_t segment_at; /* offset of the segment's first byte in the packet */
};

static bool source_is_valid(const struct source *src)
{
	const struct net_tx_segment *s = src->packet->segments;

	for (uint32_t i = 0; i < src->packet->segment_count; i++) {
		if (s[i].len_bytes && !src->pool->ops->memory(src->pool, s[i].addr, s[i].len_bytes))
			return false;
	}
	return true;
}

/* Find the packet's byte at an offset, which must be within it. *len: how many bytes are wanted from there,
 * and then how many of them lie together. */
static const uint8_t *source_at(struct source *src, uint32_t at, uint32_t *len)
{
	const struct net_tx_segment *s = src->packet->segments;
	uint32_t behind;

	while (at < src->segment_at)
		src->segment_at -= s[--src->segment].len_bytes;
	while (at - src->segment_at >= s[src->segment].len_bytes)
		src->segment_at += s[src->segment++].len_bytes;
	behind = at - src->segment_at;
	if (*len > s[src->segment].len_bytes - behind)
		*len = s[src->segment].len_bytes - behind;
	return src->pool->ops->memory(src->pool, s[src->segment].addr + behind, *len);
}

/* memmove(): see wire_read(). */
static void source_copy(struct source *src, uint32_t at, uint8_t *to, uint32_t len)
{
	for (uint32_t done = 0, n; done < len; done += n) {
		const uint8_t *from;

		n = len - done;
		from = source_at(src, at + done, &n);
		memmove(to + done, from, n);
	}
}

static uint64_t source_sum(struct source *src, uint32_t at, uint32_t len)
{
	uint64_t sum = 0;

	for (uint32_t done = 0, n; done < len; done += n) {
		const uint8_t *from;

		n = len - done;
		from = source_at(src, at + done, &n);
		sum = checksum_add(sum, from, n, done);
	}
	return sum;
}

/* ---- A wire packet ---------------------------------------------------------------------------- */

struct wire {
	struct loopback_frame frame; /* first: a frame is its wire packet */
	struct source *source;
	struct segmenter_piece payload;
	uint32_t header_bytes;
	uint8_t headers[SEGMENTER_HEADERS_MAX];
};

/* The payload first: headers that were written could lie over it, as a sender may name a buffer that is
 * posted for receive. */
static uint32_t wire_read(const struct loopback_frame *frame, uint32_t at, uint8_t *to,
			  uint32_t limit)
{
	const struct wire *wire = (const struct wire *)frame;
	const uint32_t left = frame->len_bytes - at, n = limit < left ? limit : left;
	uint32_t headers = at < wire->header_bytes ? wire->header_bytes - at : 0;

	if (headers > n)
		headers = n;
	source_copy(wire->source, wire->payload.payload_at + at + headers - wire->header_bytes,
		    to + headers, n - headers);
	if (headers)
		memcpy(to, wire->headers + at, headers);
	return n;
}

static void wire_make(struct wire *wire, const struct segmenter *s, uint32_t i)
{
	wire->payload = segmenter_piece(s, i);
	wire->header_bytes = s->wire_header_bytes;
	wire->frame.len_bytes = wire->header_bytes + wire->payload.payload_bytes;
	segmenter_write(s, i, wire->headers);
	if (s->has_checksum)
		segmenter_complete(s, wire->headers,
				   source_sum(wire->source, wire->payload.payload_at,
					      wire->payload.summed_bytes));
}

/* ---- Sending ---------------------------------------------------------------------------------- */

/* All wire packets of a packet have the same addresses and ports: the first one says where they go. */
static struct loopback_queue *destination_of(struct loopback_queue *from, const struct wire *first)
{
	const struct loopback_frame *frame = &first->frame;
	struct loopback *ep = from->endpoint;
	uint8_t head[RSS_HEADERS_BYTES];
	uint32_t hash, present;

	if (!ep->table_entries)
		return from;
	present = frame->read(frame, 0, head, sizeof(head));
	hash = rss_hash(ep->key, head, present, frame->len_bytes);
	return ep->queues[ep->table[hash % ep->table_entries]];
}

static void wake(struct loopback_queue *q)
{
	uint64_t one = 1;

	if (!q->armed)
		return;
	q->armed = false;
	/* write() cannot fail: the counter is 0 or 1 and the descriptor is ours. */
	if (write(q->ready_fd, &one, sizeof(one)) < 0)
		q->armed = true;
}

/* Copy the packet's headers and judge them. Return: false if the packet must be dropped. */
static bool judge(struct source *src, uint8_t *headers, struct segmenter *s)
{
	struct net_tx_metadata meta;
	uint32_t present;

	if (src->packet->fault != NET_TX_OK || src->packet->meta->flags & ~TX_FLAGS_ALL ||
	    !source_is_valid(src))
		return false;
	meta = *src->packet->meta;
	meta.flags &= (uint16_t)~NET_TX_VLAN; /* the receiver gets the tag beside the frame */
	present = segmenter_header_bytes(&meta);
	if (present > meta.len_bytes)
		present = meta.len_bytes;
	if (present > SEGMENTER_HEADERS_MAX)
		present = SEGMENTER_HEADERS_MAX;
	source_copy(src, 0, headers, present);
	return segmenter_judge(s, headers, present, &meta, FRAME_MAX_BYTES) == SEGMENTER_OK;
}

/* Return: how many wire packets were sent, those included for which the receiver has no buffer; 0: the
 * packet was dropped. */
static uint32_t send_packet(struct loopback_queue *q, struct source *src)
{
	struct wire wire = {.frame = {.meta = src->packet->meta, .read = wire_read}, .source = src};
	uint8_t headers[SEGMENTER_HEADERS_MAX];
	struct loopback_queue *to;
	struct segmenter s;
	bool arrived;

	if (!judge(src, headers, &s))
		return 0;
	wire_make(&wire, &s, 0);
	to = destination_of(q, &wire);
	if (!to)
		return 0; /* the queue was destroyed */
	arrived = loopback_deliver(to, &wire.frame);
	for (uint32_t i = 1; i < s.pieces; i++) {
		wire_make(&wire, &s, i);
		arrived |= loopback_deliver(to, &wire.frame);
	}
	if (arrived)
		wake(to);
	return s.pieces;
}

int loopback_tx_avail(struct net_queue *base, struct net_buffer_access *pool,
		      const struct net_tx_segment *segments, uint32_t count, bool *sync)
{
	struct loopback_queue *q = loopback_queue_of(base);
	struct net_tx_iterator it = {.at = segments, .end = segments + count};
	struct net_tx_packet packet;

	while (net_tx_next(&it, &packet)) {
		struct source src = {.packet = &packet, .pool = pool};
		uint32_t sent = send_packet(q, &src);

		if (!sent) {
			count_add(&q->stats.tx_errors, 1);
			continue;
		}
		count_add(&q->stats.tx_packets, sent);
		if (packet.meta->flags & NET_TX_VLAN)
			count_add(&q->stats.tx_vlan_packets, sent);
	}
	*sync = true;
	return (int)count;
}
