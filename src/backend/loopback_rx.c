// SPDX-License-Identifier: BSD-2-Clause
/*
 * Loopback, receive. A receive id goes through two lists of its queue, chained through the table of
 * ids:
 *
 *     rx_avail --> posted --(a frame was copied in)--> filled --> rx_poll
 *
 * The pool is asked only during a call that passes it. So a buffer's pieces are looked up when it is
 * posted, and metadata waits in the table: a frame may arrive on a queue that nobody is calling.
 */
#include "backend/count.h"
#include "backend/loopback.h"
#include "base/grow.h"

/* ---- Lists of ids ----------------------------------------------------------------------------- */

static void list_push(struct loopback_queue *q, struct list *list, uint32_t id)
{
	q->slots[id].next = LOOPBACK_NONE;
	if (list->first == LOOPBACK_NONE)
		list->first = id;
	else
		q->slots[list->last].next = id;
	list->last = id;
}

static uint32_t list_pop(struct loopback_queue *q, struct list *list)
{
	uint32_t id = list->first;

	if (id != LOOPBACK_NONE)
		list->first = q->slots[id].next;
	return id;
}

/* ---- Pieces ----------------------------------------------------------------------------------- */

void loopback_rx_open(struct loopback_queue *q)
{
	for (uint32_t i = 0; i < LOOPBACK_PIECES; i++)
		q->pieces[i].next = i + 1; /* the last one's next is LOOPBACK_NONE */
	q->posted.first = q->filled.first = LOOPBACK_NONE;
}

static void free_pieces(struct loopback_queue *q, struct slot *slot)
{
	uint32_t next;

	for (uint32_t i = slot->first.next; i != LOOPBACK_NONE; i = next) {
		next = q->pieces[i].next;
		q->pieces[i].next = q->piece_free;
		q->piece_free = i;
	}
	slot->first = (struct piece){.next = LOOPBACK_NONE};
}

/* Look up the pieces of a buffer behind its first one. Return: 0 or why the id is refused. */
static enum net_rx_refusal add_pieces(struct loopback_queue *q, struct net_buffer_access *pool,
				      uint32_t id)
{
	struct net_rx_piece found[LOOPBACK_BATCH];
	struct slot *slot = &q->slots[id];
	uint32_t *link = &slot->first.next;
	uint32_t n = GROW_HAS(pool->ops, rx_pieces)
			     ? pool->ops->rx_pieces(pool, id, found, LOOPBACK_BATCH)
			     : 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t piece = q->piece_free, len = found[i].len_bytes;
		uint8_t *at;

		if (len == 0)
			continue;
		if (piece == LOOPBACK_NONE)
			return NET_RX_REFUSED_COPY;
		at = pool->ops->memory(pool, found[i].addr, len);
		if (!at)
			return NET_RX_REFUSED_ADDRESS;
		q->piece_free = q->pieces[piece].next;
		q->pieces[piece] = (struct piece){at, len, LOOPBACK_NONE};
		*link = piece;
		link = &q->pieces[piece].next;
		slot->capacity_bytes += len;
	}
	return 0;
}

/* ---- Post and collect ------------------------------------------------------------------------- */

/* Post one id. Return: 0 or why the id is refused. */
static enum net_rx_refusal post(struct loopback_queue *q, struct net_buffer_access *pool,
				uint32_t id, const struct net_rx_buffer *buffer)
{
	enum net_rx_refusal why;
	struct slot *slot;
	uint64_t addr;

	if (id >= LOOPBACK_IDS || !buffer->capacity_bytes)
		return NET_RX_REFUSED_ID;
	slot = &q->slots[id];
	if (slot->first.at)
		return NET_RX_REFUSED_DUPLICATE;
	if (__builtin_add_overflow(buffer->addr, buffer->header_bytes, &addr))
		return NET_RX_REFUSED_ADDRESS;
	slot->first = (struct piece){
		.at = pool->ops->memory(pool, addr, buffer->capacity_bytes),
		.len_bytes = buffer->capacity_bytes,
		.next = LOOPBACK_NONE,
	};
	slot->capacity_bytes = buffer->capacity_bytes;
	if (!slot->first.at)
		return NET_RX_REFUSED_ADDRESS;
	why = add_pieces(q, pool, id);
	if (why) {
		free_pieces(q, slot);
		return why;
	}
	list_push(q, &q->posted, id);
	return 0;
}

uint32_t loopback_rx_avail(struct net_queue *base, struct net_buffer_access *pool,
			   const uint32_t *ids, uint32_t count)
{
	struct loopback_queue *q = loopback_queue_of(base);
	struct net_rx_buffer buffers[LOOPBACK_BATCH];
	uint32_t refused = 0, n;

	for (uint32_t done = 0; done < count; done += n) {
		n = count - done < LOOPBACK_BATCH ? count - done : LOOPBACK_BATCH;
		pool->ops->rx_buffers(pool, ids + done, n, buffers);
		for (uint32_t i = 0; i < n; i++) {
			enum net_rx_refusal why = post(q, pool, ids[done + i], &buffers[i]);

			if (why && GROW_HAS(pool->ops, rx_refused))
				pool->ops->rx_refused(pool, ids[done + i], why);
			refused += why != 0;
		}
	}
	count_add(&q->stats.rx_errors, refused);
	return refused;
}

/* Take up to max ids out of filled, but none of a frame whose ids do not all fit. */
static uint32_t collect(struct loopback_queue *q, uint32_t *ids, struct net_rx_metadata *metadata,
			uint32_t max)
{
	uint32_t n = 0, left = 0;

	while (n < max && q->filled.first != LOOPBACK_NONE) {
		struct slot *slot = &q->slots[q->filled.first];

		if (!left && slot->metadata.more_ids >= max - n)
			break;
		left = left ? left - 1 : slot->metadata.more_ids;
		metadata[n] = slot->metadata;
		ids[n++] = list_pop(q, &q->filled);
		free_pieces(q, slot);
	}
	return n;
}

int loopback_rx_poll(struct net_queue *base, struct net_buffer_access *pool, uint32_t *ids,
		     uint32_t count)
{
	struct loopback_queue *q = loopback_queue_of(base);
	struct net_rx_metadata metadata[LOOPBACK_FRAME_IDS];
	uint32_t done = 0, n;

	do {
		n = collect(q, ids + done, metadata,
			    count - done < LOOPBACK_FRAME_IDS ? count - done : LOOPBACK_FRAME_IDS);
		for (uint32_t i = 0; i < n; i++)
			count_add(&q->stats.rx_vlan_packets, metadata[i].has_vlan);
		if (n)
			pool->ops->rx_metadata(pool, ids + done, metadata, n);
		done += n;
	} while (n && done < count);
	return (int)done;
}

/* ---- Frames that arrive ----------------------------------------------------------------------- */

/* Copy a frame's bytes from offset at on to a buffer. Return: how many bytes the buffer took. */
static uint32_t fill(struct loopback_queue *q, const struct slot *slot,
		     const struct loopback_frame *frame, uint32_t at)
{
	const struct piece *piece = &slot->first;
	uint32_t done = 0;

	for (;;) {
		done += frame->read(frame, at + done, piece->at, piece->len_bytes);
		if (at + done == frame->len_bytes || piece->next == LOOPBACK_NONE)
			return done;
		piece = &q->pieces[piece->next];
	}
}

/* Return: how many posted buffers the frame needs; 0 if they do not hold it, or if one does not and
 * rx_merge is off. */
static uint32_t buffers_for(const struct loopback_queue *q, uint32_t len_bytes)
{
	uint32_t n = 0, room = 0;

	for (uint32_t id = q->posted.first; id != LOOPBACK_NONE; id = q->slots[id].next) {
		room += q->slots[id].capacity_bytes;
		n++;
		if (room >= len_bytes)
			return n;
		if (!q->rx_merge || n == LOOPBACK_FRAME_IDS)
			break;
	}
	return 0;
}

bool loopback_deliver(struct loopback_queue *q, const struct loopback_frame *frame)
{
	uint32_t buffers = buffers_for(q, frame->len_bytes), at = 0;

	if (!buffers) {
		count_add(&q->stats.rx_errors, 1);
		return false;
	}
	for (uint32_t i = 0; i < buffers; i++) {
		uint32_t id = list_pop(q, &q->posted);
		struct slot *slot = &q->slots[id];
		uint32_t n = fill(q, slot, frame, at);

		slot->metadata = (struct net_rx_metadata){.len_bytes = i ? n : frame->len_bytes};
		if (i == 0) {
			slot->metadata.more_ids = (uint8_t)(buffers - 1);
			if (frame->meta->flags & NET_TX_VLAN) {
				slot->metadata.has_vlan = 1;
				slot->metadata.vlan_tci = frame->meta->vlan_tci;
			}
		}
		at += n;
		list_push(q, &q->filled, id);
	}
	count_add(&q->stats.rx_packets, 1);
	return true;
}

void loopback_rx_outstanding(struct loopback_queue *q, net_outstanding_fn *each, void *context)
{
	for (uint32_t id = q->posted.first; id != LOOPBACK_NONE; id = q->slots[id].next)
		each(context, true, id);
	for (uint32_t id = q->filled.first; id != LOOPBACK_NONE; id = q->slots[id].next)
		each(context, true, id);
}
