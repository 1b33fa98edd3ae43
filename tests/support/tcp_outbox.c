// SPDX-License-Identifier: BSD-2-Clause
#include "support/tcp_outbox.h"

enum { MTU = 1500, IP_MAX_BYTES = 65535, TCP_CHECKSUM_AT = 16 };

uint32_t tcp_sender_wire_bytes(const struct tcp_flow *flow)
{
	return MTU - tcp_l3_bytes(flow) - TCP_L4_BYTES;
}

static void set_sizes(const struct tcp_sender_config *c, uint32_t *packet, uint32_t *wire)
{
	/* IPv6's length does not count its header. */
	uint32_t most = IP_MAX_BYTES - (c->flow->ip_version == 4 ? 20 : 0) - TCP_L4_BYTES;

	*wire = c->wire_bytes ? c->wire_bytes : tcp_sender_wire_bytes(c->flow);
	*packet = c->packet_bytes ? c->packet_bytes : most / *wire * *wire;
}

static uint16_t packet_flags(const struct tcp_sender_config *c, bool is_segmented)
{
	uint16_t flags = c->flow->ip_version == 4 ? NET_TX_IPV4 : NET_TX_IPV6;

	if (c->by_place)
		flags |= NET_TX_PARTIAL_CHECKSUM;
	else
		flags |= NET_TX_TCP_CHECKSUM;
	if (c->flow->ip_version == 4 && c->fill != TCP_FILL_PSEUDO)
		flags |= NET_TX_IP_CHECKSUM;
	if (is_segmented)
		flags |= NET_TX_TCP_SEGMENTATION;
	return flags;
}

uint32_t tcp_sender_flags(const struct tcp_sender_config *c)
{
	uint32_t packet, wire;

	set_sizes(c, &packet, &wire);
	return packet_flags(c, packet > wire);
}

void tcp_outbox_open(struct tcp_outbox *o, struct tcp_frontend *f,
		     const struct tcp_sender_config *config)
{
	*o = (struct tcp_outbox){.f = f, .c = config};
	set_sizes(config, &o->packet_bytes, &o->wire_bytes);
	for (uint32_t i = 0; i < TCP_SLOTS; i++)
		o->free_slots[o->free_count++] = i;
}

static enum tcp_fill fill_of(const struct tcp_outbox *o, bool is_segmented)
{
	if (is_segmented || o->c->fill == TCP_FILL_PSEUDO)
		return o->c->fill;
	return o->c->fill == TCP_FILL_NDIS ? TCP_FILL_NDIS_LENGTH : TCP_FILL_ZERO_LENGTH;
}

void tcp_outbox_add(struct tcp_outbox *o, const struct tcp_fields *f, uint64_t at, bool is_spoilt)
{
	uint32_t slot = o->free_slots[--o->free_count], l3 = tcp_l3_bytes(o->c->flow), header;
	struct net_tx_segment *first = &o->segments[o->segment_count];
	struct net_tx_metadata *meta = &o->packets[o->packet_count++];
	bool is_segmented = f->payload_bytes > o->wire_bytes;
	uint32_t count = 1;

	header = tcp_packet_write(o->c->flow, f,
				  f->payload_bytes ? fill_of(o, is_segmented) : TCP_FILL_COMPLETE,
				  tcp_frontend_slot(o->f, slot));
	*first = (struct net_tx_segment){
		.addr = tcp_frontend_slot_addr(slot), .len_bytes = header, .head = meta};
	if (f->payload_bytes)
		count += tcp_stream_segments(o->c->stream, tcp_frontend_payload_addr(), at,
					     f->payload_bytes, first + 1);
	*meta = (struct net_tx_metadata){
		.id = slot,
		.len_bytes = header + f->payload_bytes,
		.segment_count = (uint16_t)count,
		.flags = f->payload_bytes && !is_spoilt ? packet_flags(o->c, is_segmented) : 0,
		.l2_len_bytes = TCP_L2_BYTES,
		.l3_len_bytes = (uint16_t)l3,
		.l4_len_bytes = (uint8_t)(header - TCP_L2_BYTES - l3),
		.max_segment_bytes = is_segmented ? (uint16_t)o->wire_bytes : 0,
		.checksum_start_bytes = o->c->by_place ? (uint16_t)(TCP_L2_BYTES + l3) : 0,
		.checksum_field_bytes = o->c->by_place ? TCP_CHECKSUM_AT : 0,
	};
	o->segment_count += count;
}

bool tcp_outbox_has_room(const struct tcp_outbox *o)
{
	return o->free_count && o->packet_count < TCP_OUTBOX_PACKETS &&
	       TCP_OUTBOX_SEGMENTS - o->segment_count >=
		       o->packet_bytes / o->c->stream->layout.piece_bytes + 3;
}

static void count(struct tcp_outbox *o, const struct net_tx_metadata *meta)
{
	const uint32_t headers = meta->l2_len_bytes + meta->l3_len_bytes + meta->l4_len_bytes;
	const uint32_t piece = meta->max_segment_bytes;
	const uint32_t pieces = piece ? (meta->len_bytes - headers + piece - 1) / piece : 0;

	o->pieces += pieces;
	o->wire_packets += pieces ? pieces : 1;
}

int tcp_outbox_offer(struct tcp_outbox *o)
{
	bool sync;
	int n;

	n = net_queue_tx_avail(o->f->queue, &o->f->pool, o->segments, o->segment_count, &sync);
	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		if (!o->segments[i].head)
			continue;
		o->packet_count--;
		count(o, o->segments[i].head);
	}
	o->segment_count = net_tx_keep(o->segments, o->segment_count, o->packets, (uint32_t)n);
	return n;
}

int tcp_outbox_collect(struct tcp_outbox *o)
{
	uint32_t ids[TCP_OUTBOX_PACKETS];
	int n = net_queue_tx_poll(o->f->queue, &o->f->pool, ids, TCP_OUTBOX_PACKETS);

	for (int i = 0; i < n; i++)
		o->free_slots[o->free_count++] = ids[i];
	return n;
}

uint64_t tcp_outbox_arriving(const struct tcp_outbox *o)
{
	struct net_xdp_stats x = {0};

	net_xdp_queue_stats(o->f->queue, &x);
	return o->wire_packets - (o->pieces - x.value[NET_XDP_TX_SEGMENTS]) +
	       x.value[NET_XDP_TX_WHOLE];
}
