/* SPDX-License-Identifier: BSD-2-Clause */
/* Receive: the guest's buffers to the queue, frames to the guest. */
#include <string.h>

#include "chain.h"
#include "pair.h"

#define REFILLS_PER_PASS                                                                           \
	4 /* batches: a guest that posts as fast as we take does not keep us from its packets */

static struct pair *pair_of(struct net_buffer_access *pool)
{
	return (struct pair *)(void *)pool;
}

static struct ring_piece *pieces_of(const struct pair *p, uint32_t head)
{
	return &p->pieces[(size_t)head * RING_CHAIN_PIECES];
}

/* Is the buffer one piece, so that the frame stands behind the header? */
static bool is_row(const struct pair_buffer *b)
{
	return b->count == 1 && b->header;
}

static void rx_buffers(struct net_buffer_access *pool, const uint32_t *ids, uint32_t count,
		       struct net_rx_buffer *out)
{
	const struct pair_buffer *buffers = pair_of(pool)->buffers;

	for (uint32_t i = 0; i < count; i++)
		out[i] = buffers[ids[i]].room;
}

static uint32_t rx_pieces(struct net_buffer_access *pool, uint32_t id, struct net_rx_piece *out,
			  uint32_t max)
{
	const struct pair *p = pair_of(pool);
	const struct pair_buffer *b = &p->buffers[id];
	uint32_t n = 0;

	for (uint32_t i = b->data + 1u; i < b->count && n < max; i++, n++) {
		const struct ring_piece *piece = &pieces_of(p, id)[i];

		out[n] = (struct net_rx_piece){.addr = piece->gpa, .len_bytes = piece->len_bytes};
	}
	return n;
}

static void give_back_empty(struct pair *p, uint16_t head)
{
	pair_count(&p->counters.rx_bad_buffers, 1);
	ring_push(p->rx, head, 0);
}

static void rx_refused(struct net_buffer_access *pool, uint32_t id, enum net_rx_refusal why)
{
	struct pair *p = pair_of(pool);

	(void)why; /* the queue's counters tell them apart */
	p->posted--;
	give_back_empty(p, (uint16_t)id);
}

static void write_header(struct pair *p, uint32_t head, const struct net_rx_metadata *metadata,
			 uint32_t buffers)
{
	const struct pair_buffer *b = &p->buffers[head];
	struct virtio_net_hdr_v1_hash header;

	request_write(&header, p->features, metadata, buffers);
	if (likely(b->header && p->features.header_bytes == sizeof(header.hdr)))
		memcpy(b->header, &header, sizeof(header.hdr));
	else if (b->header)
		memcpy(b->header, &header, p->features.header_bytes);
	else
		chain_write(p->memory, pieces_of(p, head), b->count, 0, &header,
			    p->features.header_bytes);
}

/* Bytes that lie from bytes too far back in the buffer. */
static void move_forward(struct pair *p, uint32_t head, uint32_t from, uint32_t to, uint32_t bytes)
{
	const struct pair_buffer *b = &p->buffers[head];
	uint32_t whole = b->room.header_bytes + b->room.capacity_bytes;

	if (!is_row(b))
		chain_move(p->memory, pieces_of(p, head), b->count, from, to, bytes);
	else if (from <= whole && bytes <= whole - from)
		memmove(b->header + to, b->header + from, bytes);
}

/* Is the frame to our guest, or to a group? Its address may lie in several pieces. */
static bool is_ours(const struct pair *p, uint32_t head, uint32_t offset_bytes)
{
	const struct pair_buffer *b = &p->buffers[head];
	uint32_t at = p->features.header_bytes + offset_bytes;
	uint8_t to[6];

	if (likely(is_row(b))) {
		if (offset_bytes + sizeof(to) > b->room.capacity_bytes)
			return true;
		memcpy(to, b->header + at, sizeof(to));
	} else if (!chain_read(p->memory, pieces_of(p, head), b->count, at, to, sizeof(to))) {
		return true;
	}
	return to[0] & 1 || memcmp(to, p->mac, sizeof(to)) == 0;
}

static void drop(struct pair *p, const uint32_t *ids, uint32_t count)
{
	memcpy(p->again + p->again_count, ids, count * sizeof(ids[0]));
	p->again_count += count;
	pair_count(&p->counters.rx_foreign, 1);
}

/*
 * A frame over several buffers: only the first begins with a header (virtio 1.2, 5.1.6.4), but the queue leaves the
 * gap for one in each, as it cannot know which will be the first.
 */
static void deliver(struct pair *p, const uint32_t *ids, const struct net_rx_metadata *metadata,
		    uint32_t count)
{
	uint32_t header = p->features.header_bytes, first = metadata[0].len_bytes;

	for (uint32_t i = 1; i < count; i++)
		first -= metadata[i].len_bytes;
	if (metadata[0].offset_bytes)
		move_forward(p, ids[0], header + metadata[0].offset_bytes, header, first);
	write_header(p, ids[0], metadata, count);
	ring_push(p->rx, (uint16_t)ids[0], header + first);
	for (uint32_t i = 1; i < count; i++) {
		move_forward(p, ids[i], header + metadata[i].offset_bytes, 0,
			     metadata[i].len_bytes);
		ring_push(p->rx, (uint16_t)ids[i], metadata[i].len_bytes);
	}
}

/* Frames are in place: what the guest has to know of them is written in front, and they are its own once
 * the ring is published. */
static void rx_metadata(struct net_buffer_access *pool, const uint32_t *ids,
			const struct net_rx_metadata *metadata, uint32_t count)
{
	struct pair *p = pair_of(pool);
	uint32_t frames = 0, merged = 0, buffers = 0;
	uint64_t bytes = 0;

	for (uint32_t i = 0, n; i < count; i += n) {
		n = 1u + metadata[i].more_ids;
		if (unlikely(p->filters && !is_ours(p, ids[i], metadata[i].offset_bytes))) {
			drop(p, ids + i, n);
			continue;
		}
		deliver(p, ids + i, metadata + i, n);
		frames++;
		merged += n > 1;
		buffers += n;
		bytes += metadata[i].len_bytes;
	}
	p->posted -= buffers;
	p->filled += buffers;
	pair_count(&p->counters.rx_frames, frames);
	pair_count(&p->counters.rx_bytes, bytes);
	pair_count(&p->counters.rx_merged, merged);
}

static void *memory_at(struct net_buffer_access *pool, uint64_t addr, uint32_t len_bytes)
{
	return guest_at(pair_of(pool)->memory, addr, len_bytes);
}

const struct net_buffer_access_ops pair_rx_ops = {
	.rx_buffers = rx_buffers,
	.rx_metadata = rx_metadata,
	.memory = memory_at,
	.size_bytes = sizeof(struct net_buffer_access_ops),
	.rx_pieces = rx_pieces,
	.rx_refused = rx_refused,
};

/* A chain of one piece in one region. Return: is it that, with room behind the header? */
static bool take_row(struct pair *p, const struct ring_chain *chain)
{
	const struct ring_piece *piece = &chain->piece[0];
	uint32_t header = p->features.header_bytes;

	if (chain->in != 1 || piece->len_bytes <= header)
		return false;
	p->buffers[chain->head] = (struct pair_buffer){
		.room = {piece->gpa, header, piece->len_bytes - header},
		.header = guest_at(p->memory, piece->gpa, piece->len_bytes),
		.count = 1,
	};
	return p->buffers[chain->head].header != NULL;
}

/* Note where a chain's bytes lie. Return: is it a buffer for a frame? */
static bool take_buffer(struct pair *p, const struct ring_chain *chain)
{
	struct ring_piece *pieces = pieces_of(p, chain->head);
	struct pair_buffer *b = &p->buffers[chain->head];
	struct chain_place data;

	if (chain->out || chain->is_cut)
		return false;
	if (likely(take_row(p, chain)))
		return true;
	b->count = (uint16_t)chain_split(p->memory, chain->piece, chain->in, pieces,
					 RING_CHAIN_PIECES);
	data = chain_skip(pieces, b->count, p->features.header_bytes);
	if (data.piece == b->count)
		return false;
	b->data = (uint16_t)data.piece;
	b->room = (struct net_rx_buffer){
		.addr = pieces[b->data].gpa,
		.header_bytes = data.offset_bytes,
		.capacity_bytes = pieces[b->data].len_bytes - data.offset_bytes,
	};
	b->header = guest_at(p->memory, pieces[0].gpa, p->features.header_bytes);
	if (pieces[0].len_bytes < p->features.header_bytes)
		b->header = NULL;
	return true;
}

/* A batch of what the guest has posted goes to the queue, or back if it is of no use. Return: how many of both. */
static uint32_t refill(struct pair *p)
{
	struct ring_chain chain;
	uint32_t ids[PAIR_BATCH], n = 0, popped = 0;
	int rc = 1;

	for (; popped < PAIR_BATCH && (rc = ring_pop(p->rx, &chain)) > 0; popped++) {
		if (take_buffer(p, &chain))
			ids[n++] = chain.head;
		else
			give_back_empty(p, chain.head);
	}
	p->posted += n;
	if (n)
		net_queue_rx_avail(p->queue, &p->pool, ids, n);
	if (rc < 0)
		pair_ring_ended(p, p->rx, "receive", rc);
	return popped;
}

bool pair_receive(struct pair *p)
{
	uint32_t ids[PAIR_BATCH];
	int n = net_queue_rx_poll(p->queue, &p->pool, ids, PAIR_BATCH);
	bool busy = n > 0;

	if (n < 0)
		pair_queue_ended(p, n);
	if (unlikely(p->again_count)) {
		net_queue_rx_avail(p->queue, &p->pool, p->again, p->again_count);
		p->again_count = 0;
	}
	for (int i = 0; i < REFILLS_PER_PASS && !p->end; i++) {
		uint32_t taken = refill(p);

		busy |= taken > 0;
		if (taken < PAIR_BATCH)
			break;
	}
	return busy;
}
