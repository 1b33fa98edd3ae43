/* SPDX-License-Identifier: BSD-2-Clause */
/* Transmit: the guest's packets to the queue, their heads back to the guest. */
#include <string.h>

#include "chain.h"
#include "pair.h"

/* The packet's front, for who needs to see it. Return: how much of it there is. */
static uint32_t read_front(struct pair *p, const struct ring_chain *chain, uint32_t len_bytes,
			   uint8_t front[REQUEST_LOOK_BYTES])
{
	uint32_t n = len_bytes < REQUEST_LOOK_BYTES ? len_bytes : REQUEST_LOOK_BYTES;

	return chain_read(p->memory, chain->piece, chain->out, p->features.header_bytes, front, n)
		       ? n
		       : 0;
}

static bool read_header(struct pair *p, const struct ring_chain *chain,
			struct virtio_net_hdr_v1 *header)
{
	uint32_t bytes = p->features.header_bytes;
	const void *at = NULL;

	if (likely(bytes >= sizeof(*header) && chain->piece[0].len_bytes >= sizeof(*header)))
		at = guest_at(p->memory, chain->piece[0].gpa, sizeof(*header));
	if (likely(at)) {
		memcpy(header, at, sizeof(*header));
		return true;
	}
	memset(header, 0, sizeof(*header));
	return chain_read(p->memory, chain->piece, chain->out, 0, header,
			  bytes < sizeof(*header) ? bytes : sizeof(*header));
}

static bool read_request(struct pair *p, const struct ring_chain *chain,
			 struct net_tx_metadata *meta)
{
	struct virtio_net_hdr_v1 header;
	uint8_t front[REQUEST_LOOK_BYTES];
	uint32_t front_bytes = 0;

	if (!read_header(p, chain, &header))
		return false;
	if (!request_is_any(&header))
		return true;
	if (header.gso_type != VIRTIO_NET_HDR_GSO_NONE)
		front_bytes = read_front(p, chain, meta->len_bytes, front);
	return request_read(&header, front, front_bytes, meta);
}

/* Its data in pieces of one region each, behind what was collected. Return: how many; 0: outside the memory. */
static uint32_t add_segments(struct pair *p, const struct ring_chain *chain,
			     struct net_tx_segment *out)
{
	struct chain_place at = chain_skip(chain->piece, chain->out, p->features.header_bytes);
	uint32_t skip = at.offset_bytes, n = 0;

	for (uint32_t i = at.piece; i < chain->out; i++, skip = 0) {
		uint64_t gpa = chain->piece[i].gpa + skip, run;
		uint32_t left = chain->piece[i].len_bytes - skip, part;

		for (; left; left -= part, gpa += part) {
			if (n == RING_CHAIN_PIECES || !guest_run(p->memory, gpa, &run))
				return 0;
			part = run < left ? (uint32_t)run : left;
			out[n++] = (struct net_tx_segment){.addr = gpa, .len_bytes = part};
		}
	}
	return n;
}

/* Add a packet to the list. Return: is it one? */
static bool take_packet(struct pair *p, const struct ring_chain *chain)
{
	struct net_tx_metadata *meta = &p->packets[p->packet_count];
	struct net_tx_segment *segments = &p->segments[p->segment_count];
	uint32_t count;

	if (chain->in || chain->is_cut || chain->out_bytes <= p->features.header_bytes)
		return false;
	*meta = (struct net_tx_metadata){
		.id = chain->head,
		.len_bytes = chain->out_bytes - p->features.header_bytes,
	};
	count = add_segments(p, chain, segments);
	if (!count || !read_request(p, chain, meta))
		return false;
	meta->segment_count = (uint16_t)count;
	segments[0].head = meta;
	p->segment_count += count;
	p->packet_count++;
	pair_count(&p->counters.tx_bytes, meta->len_bytes);
	return true;
}

/* Collect a batch from the guest, of packets and of what is none. Return: was there anything? */
static bool collect(struct pair *p)
{
	struct ring_chain chain;
	uint32_t before = p->packet_count, useless = 0;
	bool busy = false;

	while (p->packet_count + useless < PAIR_BATCH &&
	       p->segment_count + RING_CHAIN_PIECES <= PAIR_SEGMENTS) {
		int rc = ring_pop(p->tx, &chain);

		if (rc < 0)
			pair_ring_ended(p, p->tx, "transmit", rc);
		if (rc <= 0)
			break;
		busy = true;
		if (take_packet(p, &chain))
			continue;
		useless++;
		pair_count(&p->counters.tx_bad_packets, 1);
		ring_push(p->tx, chain.head, 0);
	}
	pair_count(&p->counters.tx_packets, p->packet_count - before);
	return busy;
}

/* Offer the list. Return: was anything accepted? */
static bool offer(struct pair *p)
{
	bool sync = false;
	int accepted;
	uint32_t left, kept = 0;

	accepted = net_queue_tx_avail(p->queue, &p->pool, p->segments, p->segment_count, &sync);
	if (accepted < 0) {
		pair_queue_ended(p, accepted);
		return false;
	}
	for (uint32_t i = (uint32_t)accepted; i < p->segment_count; i++)
		kept += p->segments[i].head != NULL;
	for (uint32_t i = 0; sync && i < p->packet_count - kept; i++)
		ring_push(p->tx, (uint16_t)p->packets[i].id, 0);
	left = net_tx_keep(p->segments, p->segment_count, p->packets, (uint32_t)accepted);
	p->segment_count = left;
	p->packet_count = kept;
	return accepted > 0;
}

bool pair_transmit(struct pair *p)
{
	uint32_t ids[PAIR_BATCH];
	bool busy = collect(p); /* behind what waits: order is kept */
	int n;

	if (p->packet_count && !p->end)
		busy |= offer(p);
	if (p->end)
		return busy;
	n = net_queue_tx_poll(p->queue, &p->pool, ids, PAIR_BATCH);
	if (n < 0)
		pair_queue_ended(p, n);
	for (int i = 0; i < n; i++)
		ring_push(p->tx, (uint16_t)ids[i], 0);
	return busy || n > 0;
}
