// SPDX-License-Identifier: BSD-2-Clause
/*
 * Receive by copy. A frame that was received in private chunks goes to the buffer that has waited
 * longest, over all pieces of that buffer; with rx_merge it may go on in the next waiting buffers. A
 * frame in several chunks is gathered until its last part is here, then copied or dropped as a whole.
 */
#include <string.h>

#include "base/grow.h"
#include "xdp/data/rx_burst.h"
#include "program/vlan_hint.h"

/* Most pieces of a buffer behind its first one. A big packet of a guest (virtio-net without
 * mergeable buffers) has at most 18. */
#define PIECES_MAX 32u
/* Of copy_by_row(): the largest max_frame_bytes that config.c accepts. */
#define ROW_BYTES 9216u

/* ---- Where a buffer's bytes lie --------------------------------------------------------------- */

struct span {
	uint8_t *at;
	uint32_t len;
};

uint64_t rx_whole_capacity(struct net_xdp_queue *q, struct net_buffer_access *pool, uint32_t id,
			   const struct net_rx_buffer *buffer)
{
	struct net_rx_piece piece[PIECES_MAX];
	uint64_t capacity = buffer->capacity_bytes, offset;
	uint32_t n;

	n = pool->ops->rx_pieces(pool, id, piece, PIECES_MAX);
	for (uint32_t i = 0; i < n && i < PIECES_MAX; i++) {
		if (!memory_offset(q->memory, &q->rx_region, piece[i].addr, piece[i].len_bytes,
				   &offset))
			return 0;
		capacity += piece[i].len_bytes;
	}
	return capacity;
}

/* Where the pieces of a waiting buffer lie, as the pool describes them now. Return: how many; 0 if
 * they are not what was posted, or not in the memory. */
static uint32_t spans_of(struct net_xdp_queue *q, struct net_buffer_access *pool, uint32_t id,
			 struct span *out)
{
	struct net_rx_piece piece[PIECES_MAX];
	struct net_rx_buffer first;
	uint64_t offset;
	uint32_t n;

	out[0] = (struct span){q->memory->base + rx_offset(&q->rx_ids, id),
			       rx_capacity(&q->rx_ids, id)};
	if (!GROW_HAS(pool->ops, rx_pieces))
		return 1;
	pool->ops->rx_buffers(pool, &id, 1, &first);
	if (!memory_offset(q->memory, &q->rx_region, first.addr,
			   (uint64_t)first.header_bytes + first.capacity_bytes, &offset) ||
	    offset + first.header_bytes != rx_offset(&q->rx_ids, id))
		return 0;
	out[0].len = first.capacity_bytes;
	n = pool->ops->rx_pieces(pool, id, piece, PIECES_MAX);
	n = n < PIECES_MAX ? n : PIECES_MAX;
	for (uint32_t i = 0; i < n; i++) {
		if (!memory_offset(q->memory, &q->rx_region, piece[i].addr, piece[i].len_bytes,
				   &offset))
			return 0;
		out[i + 1] = (struct span){q->memory->base + offset, piece[i].len_bytes};
	}
	return n + 1;
}

/* ---- Copy ------------------------------------------------------------------------------------- */

/* A frame to copy: its parts, and how far the copy has come. */
struct source {
	uint8_t *base;	     /* what data[] counts from */
	const uint8_t *hint; /* the XDP program's VLAN hint, in front of the frame */
	const uint64_t *data;
	const uint32_t *len;
	uint32_t parts, bytes;
	uint32_t part, at; /* where the next byte to copy is */
};

/* Copy the next limit bytes, or as many as are left. Return: how many. */
static uint32_t copy_some(struct source *s, uint8_t *to, uint32_t limit)
{
	uint32_t done = 0, n;

	while (done < limit && s->part < s->parts) {
		n = s->len[s->part] - s->at;
		n = n < limit - done ? n : limit - done;
		memcpy(to + done, s->base + s->data[s->part] + s->at, n);
		done += n;
		s->at += n;
		if (s->at == s->len[s->part]) {
			s->part++;
			s->at = 0;
		}
	}
	return done;
}

/* Copy the next bytes into all pieces of one buffer. *first: its first piece. Return: how many bytes
 * were copied; 0 if the pool describes another buffer than was posted. */
static uint32_t fill_buffer(struct net_xdp_queue *q, struct burst *b, struct source *s, uint32_t id,
			    struct span *first)
{
	struct span span[PIECES_MAX + 1];
	uint32_t n = spans_of(q, b->pool, id, span), left = rx_capacity(&q->rx_ids, id), done = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t room = span[i].len < left ? span[i].len : left;

		done += copy_some(s, span[i].at, room);
		left -= room;
	}
	*first = span[0];
	return done;
}

/* Return: how many of the buffers that have waited longest hold the frame together; 0 if they do
 * not, or if one buffer does not and rx_merge is off. */
static uint32_t buffers_for(const struct net_xdp_queue *q, uint32_t bytes)
{
	uint32_t room = 0, id = q->waiting.first;

	for (uint32_t n = 1; n <= q->waiting.count && n <= BATCH; n++) {
		room += rx_capacity(&q->rx_ids, id);
		if (room >= bytes)
			return n;
		if (!q->rx_merge)
			return 0;
		id = q->rx_ids.next[id];
	}
	return 0;
}

/* Copy to the first so many waiting buffers, and put their ids into the burst. Return: the counter
 * to count the frame in: NET_XDP_RX_BOUNCED, or why it was dropped. */
static enum net_xdp_counter copy_over(struct net_xdp_queue *q, struct burst *b, struct source *s,
				      uint32_t buffers)
{
	struct net_rx_metadata looked = {.len_bytes = s->bytes};
	uint32_t first = b->count, id = q->waiting.first, took[BATCH], total = 0;
	const bool after = s->parts > 1 && rx_needs_all(q);
	struct span piece = {0};
	bool longer = false;

	/* Where rx_find_out() needs all of a frame, that must be contiguous, and its checksum may be
	 * completed. A frame of one part is contiguous before the copy. A frame of several parts is looked
	 * at afterwards, in the buffer; where the copy is not contiguous either, copy_by_row() was called
	 * instead and s has one part. */
	if (q->inspect && !after)
		longer = rx_find_out(q, &looked, s->base + s->data[0], s->len[0], s->hint);
	for (uint32_t i = 0; i < buffers; i++, id = q->rx_ids.next[id]) {
		took[i] = fill_buffer(q, b, s, id, &piece);
		if (!took[i]) /* another buffer, though the others may hold the frame without it */
			return NET_XDP_RX_DROP_CAPACITY;
		total += took[i];
	}
	if (total != s->bytes)
		return NET_XDP_RX_DROP_CAPACITY;
	if (q->inspect && after)
		longer = rx_find_out(q, &looked, piece.at,
				     buffers == 1 && s->bytes <= piece.len ? s->bytes : 0, s->hint);
	if (q->inspect)
		rx_count_told(q, &looked, longer);
	for (uint32_t i = 0; i < buffers; i++) {
		id = rx_list_take(&q->rx_ids, &q->waiting);
		q->rx_ids.state[id] = RX_FRONTEND;
		burst_add(b, id, 0, took[i]);
	}
	looked.more_ids = (uint8_t)(buffers - 1);
	b->metadata[first] = looked;
	b->more += buffers - 1;
	return NET_XDP_RX_BOUNCED;
}

/* Return: true if the first waiting buffer's first piece holds the whole frame, so that the copy is
 * contiguous. */
static bool is_one_row(struct net_xdp_queue *q, struct burst *b, uint32_t bytes, uint32_t buffers)
{
	struct span span[PIECES_MAX + 1];

	return buffers == 1 && spans_of(q, b->pool, q->waiting.first, span) && bytes <= span[0].len;
}

/* Neither the frame's parts nor the copy are contiguous, but rx_look_at() needs all of it: join the
 * parts on the stack first. */
ALONE static enum net_xdp_counter copy_by_row(struct net_xdp_queue *q, struct burst *b,
					      struct source *s, uint32_t buffers)
{
	uint8_t row[ROW_BYTES];
	const uint64_t data = 0;
	const uint32_t len = s->bytes;
	struct source in_row = {
		.base = row, .hint = s->hint, .data = &data, .len = &len, .parts = 1, .bytes = len};

	if (len > sizeof(row))
		return copy_over(q, b, s, buffers);
	copy_some(s, row, len);
	return copy_over(q, b, &in_row, buffers);
}

bool rx_copy_any(struct net_xdp_queue *q, struct burst *b, const uint64_t *data,
		 const uint32_t *len, uint32_t parts, uint32_t bytes)
{
	struct source s = {
		.base = q->memory->base,
		.hint = q->memory->base + data[0] - sizeof(struct vlan_hint),
		.data = data,
		.len = len,
		.parts = parts,
		.bytes = bytes,
	};
	uint32_t most = b->left < BATCH ? b->left : BATCH, buffers;

	if (bytes == 0) {
		count_up(q, NET_XDP_RX_DROP_EMPTY, 1);
		return true;
	}
	if (q->waiting.count == 0) {
		count_up(q, NET_XDP_RX_DROP_BUFFER, 1);
		return true;
	}
	buffers = buffers_for(q, bytes);
	if (buffers == 0) {
		count_up(q, NET_XDP_RX_DROP_CAPACITY, 1);
		return true;
	}
	if (buffers > most - b->count)
		return false;
	if (unlikely(q->inspect && parts > 1 && rx_needs_all(q) &&
		     !is_one_row(q, b, bytes, buffers)))
		count_up(q, copy_by_row(q, b, &s, buffers), 1);
	else
		count_up(q, copy_over(q, b, &s, buffers), 1);
	return true;
}

/* ---- Chunks ----------------------------------------------------------------------------------- */

/* Take the chunks of the gathered frame back, and forget the frame. */
static void gather_end(struct net_xdp_queue *q)
{
	struct gather *g = &q->gather;

	for (uint32_t i = 0; i < g->parts; i++)
		if (bounce_give(&q->rx_private, g->data[i]))
			q->rx_private_out--;
	*g = (struct gather){0};
}

/* The last part has come: copy the frame, drop it, or leave it for the next call. */
static void gather_finish(struct net_xdp_queue *q, struct burst *b)
{
	struct gather *g = &q->gather;

	if (g->broken)
		count_up(q, NET_XDP_RX_DROP_SPLIT, 1);
	else if (!rx_copy(q, b, g->data, g->len, g->parts, g->bytes)) {
		g->left = true;
		return;
	}
	gather_end(q);
}

void rx_deliver_left(struct net_xdp_queue *q, struct burst *b)
{
	q->gather.left = false;
	gather_finish(q, b);
	if (!q->gather.left)
		return;
	count_up(q, NET_XDP_RX_DROP_CAPACITY, 1);
	gather_end(q);
}

void rx_gather(struct net_xdp_queue *q, struct burst *b, uint64_t data, uint32_t len,
	       bool continued)
{
	struct gather *g = &q->gather;

	if (g->parts == GATHER_PARTS) {
		g->broken = true;
		bounce_give(&q->rx_private, data);
		q->rx_private_out--;
	} else {
		g->data[g->parts] = data;
		g->len[g->parts++] = len;
		g->bytes += len;
	}
	if (!continued)
		gather_finish(q, b);
}
