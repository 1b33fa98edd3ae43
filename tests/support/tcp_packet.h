/* SPDX-License-Identifier: BSD-2-Clause */
/* Headers of a TCP connection: written as several frontends bring them, and read. No assertions. */
#ifndef SUPPORT_TCP_PACKET_H
#define SUPPORT_TCP_PACKET_H

#include <stdbool.h>
#include <stdint.h>

enum {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,

	TCP_L2_BYTES = 14,
	TCP_OPTIONS_BYTES = 12,		       /* a timestamp, padded; in every segment */
	TCP_L4_BYTES = 20 + TCP_OPTIONS_BYTES, /* of a segment that is no SYN */
	TCP_HEADERS_MAX = 14 + 40 + 40,
};

/* Both ends, as our side sends: source is ours. */
struct tcp_flow {
	uint8_t ip_version; /* 4 or 6 */
	uint8_t source_mac[6], destination_mac[6];
	uint8_t source[16], destination[16]; /* IPv4: the first four */
	uint16_t source_port, destination_port;
};

/* What differs from packet to packet. Sequence numbers are the wire's, in host order. */
struct tcp_fields {
	uint32_t sequence, ack;
	uint32_t time, time_echo; /* the timestamp option */
	uint32_t payload_bytes;
	uint16_t ip_id;
	uint16_t window;
	uint16_t mss;	      /* with TCP_SYN */
	uint8_t window_shift; /* with TCP_SYN */
	uint8_t flags;
};

/* What is in the lengths and checksums of headers whose packet asks for them. */
enum tcp_fill {
	TCP_FILL_COMPLETE, /* everything; only for packets without payload */
	TCP_FILL_PSEUDO,   /* lengths full, IPv4 checksum right, the pseudo-header's sum (virtio) */
	TCP_FILL_NDIS,	   /* lengths 0, the pseudo-header's sum without its length */
	TCP_FILL_ZERO,	   /* nothing */
	/* The same two for a packet that is not to be segmented: there the lengths must be right. */
	TCP_FILL_NDIS_LENGTH,
	TCP_FILL_ZERO_LENGTH,
};

/* Return: bytes of L2 to L4 headers. */
uint32_t tcp_packet_write(const struct tcp_flow *flow, const struct tcp_fields *f,
			  enum tcp_fill fill, uint8_t *out);

/* Return: is it a segment from the flow's other end? Then *f is what it says. */
bool tcp_packet_read(const struct tcp_flow *flow, const uint8_t *frame, uint32_t len,
		     struct tcp_fields *f);

static inline uint32_t tcp_l3_bytes(const struct tcp_flow *flow)
{
	return flow->ip_version == 4 ? 20 : 40;
}

#endif
