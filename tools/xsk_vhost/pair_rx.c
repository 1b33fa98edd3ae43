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

/* The guest's buffer, as the queue sees it: the first piece with room behind the header. */
static void rx_buffers(struct net_buffer_access *pool, const uint32_t *ids, uint32_t count,
		       struct net_rx_buffer *out)
{
	const struct pair *p = pair_of(pool);

	for (uint32_t i = 0; i < count; i++) {
		const struct pair_buffer *b = &p->buffers[ids[i]];
		const struct ring_piece *piece = &pieces_of(p, ids[i])[b->data];

		out[i] = (struct net_rx_buffer){.addr = piece->gpa,
						.header_bytes = b->gap_bytes,
						.capacity_bytes = piece->len_bytes - b->gap_bytes};
	}
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
	if (b->header)
		memcpy(b->header, &header, p->features.header_bytes);
	else
		chain_write(p->memory, pieces_of(p, head), b->count, 0, &header,
			    p->features.header_bytes);
}

/* Bytes that lie from bytes too far back in the buffer. */
static void move_forward(struct pair *p, uint32_t head, uint32_t from, uint32_t to, uint32_t bytes)
{
	const struct ring_piece *piece = pieces_of(p, head);
	uint32_t count = p->buffers[head].count;
	uint8_t *at = count == 1 ? guest_at(p->memory, piece->gpa, piece->len_bytes) : NULL;

	if (at && from <= piece->len_bytes && bytes <= piece->len_bytes - from)
		memmove(at + to, at + from, bytes);
	else
		chain_move(p->memory, piece, count, from, to, bytes);
}

/* Is the frame to our guest, or to a group? Its address may lie in several pieces. */
static bool is_ours(const struct pair *p, uint32_t head, uint32_t offset_bytes)
{
	const struct pair_buffer *b = &p->buffers[head];
	uint8_t to[6];

	return !chain_read(p->memory, pieces_of(p, head), b->count,
			   p->features.header_bytes + offset_bytes, to, sizeof(to)) ||
	       to[0] & 1 || memcmp(to, p->mac, sizeof(to)) == 0;
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
	p->posted -= count;
	pair_count(&p->counters.rx_frames, 1);
	pair_count(&p->counters.rx_bytes, metadata[0].len_bytes);
	if (count > 1)
		pair_count(&p->counters.rx_merged, 1);
}

/* Frames are in place: what the guest has to know of them is written in front, and they are its own once
 * the ring is published. */
static void rx_metadata(struct net_buffer_access *pool, const uint32_t *ids,
			const struct net_rx_metadata *metadata, uint32_t count)
{
	struct pair *p = pair_of(pool);

	for (uint32_t i = 0, n; i < count; i += n) {
		n = 1u + metadata[i].more_ids;
		if (unlikely(p->filters && !is_ours(p, ids[i], metadata[i].offset_bytes)))
			drop(p, ids + i, n);
		else
			deliver(p, ids + i, metadata + i, n);
	}
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

/* Note where a chain's bytes lie. Return: is it a buffer for a frame? */
static bool take_buffer(struct pair *p, const struct ring_chain *chain)
{
	struct ring_piece *pieces = pieces_of(p, chain->head);
	struct pair_buffer *b = &p->buffers[chain->head];
	struct chain_place data;

	if (chain->out || chain->is_cut)
		return false;
	b->count = (uint16_t)chain_split(p->memory, chain->piece, chain->in, pieces,
					 RING_CHAIN_PIECES);
	data = chain_skip(pieces, b->count, p->features.header_bytes);
	if (data.piece == b->count)
		return false;
	b->data = (uint16_t)data.piece;
	b->gap_bytes = data.offset_bytes;
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
