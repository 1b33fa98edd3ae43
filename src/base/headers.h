/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the headers of a frame lie. Every length in a frame is untrusted; nothing is read outside. */
#ifndef NET_HEADERS_H
#define NET_HEADERS_H

#include <stdbool.h>
#include <stdint.h>

enum {
	HEADERS_ETHERNET_BYTES = 14,
	HEADERS_VLAN_BYTES = 4,
	HEADERS_VLAN_TYPE = 0x8100,
	HEADERS_TAGS = 2, /* a service and a customer tag; more is nobody's network */
	HEADERS_IPV4_BYTES = 20,
	HEADERS_IPV6_BYTES = 40,
	HEADERS_TCP_BYTES = 20,
	HEADERS_UDP_BYTES = 8,
	HEADERS_TCP = 6, /* IP protocol numbers */
	HEADERS_UDP = 17,
};

struct headers {
	uint8_t ip_version;    /* 4 or 6; 0: no IP header, nothing below holds */
	uint8_t protocol;      /* HEADERS_TCP, HEADERS_UDP, or 0: no such header lies there whole */
	uint32_t l3;	       /* offset of the IP header */
	uint32_t l3_len_bytes; /* its options and extension headers included */
	uint32_t l4;	       /* offset of the transport header */
	uint32_t l4_len_bytes; /* transport header and payload. From the IP header, and for UDP from
				* its own: padding behind the packet is not part of it */
};

/*
 * Look at an IP header at offset l3 of a frame of len bytes, of which the first present ones are at
 * frame: a header must be there whole, what follows need not. Fragments have no protocol, nor has
 * what IPv6 hides behind a routing header (the destination of its checksum is not the header's).
 */
struct headers headers_at(const uint8_t *frame, uint32_t present, uint32_t len, uint32_t l3);

/* The same behind the Ethernet header and up to HEADERS_TAGS VLAN tags. */
struct headers headers_find(const uint8_t *frame, uint32_t present, uint32_t len);

static inline uint16_t headers_read16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline void headers_write16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

#endif
