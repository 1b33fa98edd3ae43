/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small TCP that only sends, in user space, over net_backend.h alone: it opens a connection to a kernel's
 * listener, sends a stream from where it lies in a frontend's memory, and ends the connection.
 *
 * A packet is a segment with headers and 1 .. n with payload. With packet_bytes over one wire packet's it
 * asks for segmentation, else for a checksum. Less is under way than a veth queue or a backlog holds, so no
 * packet is lost on the way: three equal acknowledgments mean that somebody lost or spoilt one. After them,
 * and after a second without any, everything from the first missing byte on is sent again. In that second
 * the receiver may have had no processor: it was a stall only if packets that the backend accepted are not at
 * v1 yet.
 *
 * The sender's thread stays on one processor: a veth pair queues packets on the one they are sent from, and a
 * thread that moves would overtake its own packets.
 */
#ifndef SUPPORT_TCP_SENDER_H
#define SUPPORT_TCP_SENDER_H

#include "support/tcp_frontend.h"
#include "support/tcp_packet.h"

struct tcp_sender_config {
	const struct tcp_flow *flow;
	const struct tcp_stream *stream; /* the frontend's payload */
	uint64_t total_bytes;
	uint32_t
		packet_bytes; /* payload of a packet, at most; 0: as much as the IP header can say */
	uint32_t wire_bytes;  /* payload of a wire packet; 0: as much as an MTU of 1500 takes */
	uint32_t window_bytes; /* unacknowledged at most */
	enum tcp_fill fill;    /* TCP_FILL_PSEUDO, _NDIS or _ZERO */
	bool by_place;	       /* the checksum is asked for by start and offset */
	uint32_t mixed_bytes;  /* payload of every second packet, at most; 0: as the others */
	uint32_t
		spoil_every; /* every so many packets one asks for nothing, and is wrong; 0: none */
};

struct tcp_sender_stats {
	uint64_t packets, wire_packets; /* with payload, retransmitted ones included */
	uint64_t retransmitted;		/* of packets */
	uint64_t fast_retransmits;
	uint64_t timeouts, stalls; /* of the timeouts: with packets that are not at v1 */
	uint64_t pieces;	   /* wire packets of those to be segmented */
	uint64_t arriving;	   /* packets that v1 must have got, those without payload too */
	uint64_t probes;	   /* of a closed window */
	uint64_t acks, calls, sleeps,
		unaccepted;		      /* calls: of tx_avail; unaccepted: that left a rest */
	uint64_t wall_ns, user_ns, system_ns; /* from the first byte to the last acknowledgment */
	uint64_t
		calls_ns; /* of wall_ns: inside the library's calls, sleep included; the rest is the frontend's */
};

/* The payload of a wire packet with an MTU of 1500. */
uint32_t tcp_sender_wire_bytes(const struct tcp_flow *flow);
/* Which flags the packets will have. */
uint32_t tcp_sender_flags(const struct tcp_sender_config *c);

/* Return: true: all bytes and the connection's end are acknowledged, and every packet has completed. False:
 * f->why. */
bool tcp_sender_run(struct tcp_frontend *f, const struct tcp_sender_config *config,
		    struct tcp_sender_stats *stats);

#endif
