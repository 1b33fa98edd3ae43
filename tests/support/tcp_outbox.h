/* SPDX-License-Identifier: BSD-2-Clause */
/* The packets of a TCP sender: those that are to be offered next, which header slots are free, and what was
 * accepted. */
#ifndef SUPPORT_TCP_OUTBOX_H
#define SUPPORT_TCP_OUTBOX_H

#include "support/tcp_sender.h"

enum { TCP_OUTBOX_PACKETS = 64, TCP_OUTBOX_SEGMENTS = 8192 };

struct tcp_outbox {
	struct tcp_frontend *f;
	const struct tcp_sender_config *c;
	uint32_t packet_bytes, wire_bytes; /* payload of a packet and of a wire packet, at most */
	struct net_tx_segment segments[TCP_OUTBOX_SEGMENTS];
	struct net_tx_metadata packets[TCP_OUTBOX_PACKETS];
	uint32_t segment_count, packet_count;
	uint32_t free_slots[TCP_SLOTS], free_count;
	uint64_t wire_packets; /* of all packets that tx_avail accepted ... */
	uint64_t pieces;       /* ... and of those to be segmented among them */
};

void tcp_outbox_open(struct tcp_outbox *o, struct tcp_frontend *f,
		     const struct tcp_sender_config *config);

/* For one more packet of packet_bytes. */
bool tcp_outbox_has_room(const struct tcp_outbox *o);
/* Add the packet with these fields, and payload from this offset of the stream. Without payload its checksum
 * is complete. is_spoilt: it asks for nothing, so its checksum is wrong. */
void tcp_outbox_add(struct tcp_outbox *o, const struct tcp_fields *f, uint64_t at, bool is_spoilt);

/* One tx_avail. Return: as that; the rest stays in the list. */
int tcp_outbox_offer(struct tcp_outbox *o);
/* One tx_poll. Return: as that. */
int tcp_outbox_collect(struct tcp_outbox *o);

/* Return: how many packets arrive at v1 of what was accepted. What the kernel took whole is one there. */
uint64_t tcp_outbox_arriving(const struct tcp_outbox *o);

#endif
