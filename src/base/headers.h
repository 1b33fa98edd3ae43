/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the headers of a frame lie. Every length in a frame is untrusted; nothing outside the frame
 * is read. */
#ifndef NET_HEADERS_H
#define NET_HEADERS_H

#include <stdbool.h>
#include <stdint.h>

enum {
	HEADERS_ETHERNET_BYTES = 14,
	HEADERS_VLAN_BYTES = 4,
	HEADERS_VLAN_TYPE = 0x8100,
	HEADERS_TAGS = 2, /* most VLAN tags passed over: a service and a customer tag */
	HEADERS_IPV4_BYTES = 20,
	HEADERS_IPV6_BYTES = 40,
	HEADERS_TCP_BYTES = 20,
	HEADERS_UDP_BYTES = 8,
	HEADERS_TCP = 6, /* IP protocol numbers */
	HEADERS_UDP = 17,
};

struct headers {
	uint8_t ip_version; /* 4 or 6; 0 if there is no IP header: then no other field holds */
	uint8_t protocol;   /* HEADERS_TCP or HEADERS_UDP; 0 if no such header lies there whole */
	uint32_t l3;	    /* offset of the IP header */
	uint32_t l3_len_bytes; /* IP header, with its options and extension headers */
	uint32_t l4;	       /* offset of the transport header */
	/* transport header and payload, by the IP header's length, for UDP by its own: padding
	 * behind the packet does not count */
	uint32_t l4_len_bytes;
};

/*
 * Look at the IP header behind the Ethernet header and up to HEADERS_TAGS VLAN tags of a frame of len bytes, of
 * which the first present bytes are at frame. A header counts only if it lies there whole; what follows it need
 * not. Fragments have no protocol, nor has what IPv6 puts behind a routing header (its checksum covers another
 * destination than the IP header's).
 */
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
