/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames to send and to compare with. Bytes come from a seed, so a frame can be made again. */
#ifndef SUPPORT_FRAME_H
#define SUPPORT_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "net_backend.h"

enum {
	FRAME_MAX_BYTES = 16384,
	FRAME_ETHERTYPE = 0x88b5, /* for local experiments: no stack answers */
};

/* A small reproducible generator (xorshift64*). Seed with anything. */
struct frame_random {
	uint64_t state;
};
struct frame_random frame_random(uint64_t seed);
uint32_t frame_random_next(struct frame_random *r);
uint32_t frame_random_below(struct frame_random *r, uint32_t limit);
void frame_random_bytes(struct frame_random *r, uint8_t *out, uint32_t len);

/* Ethernet with FRAME_ETHERTYPE and seeded bytes behind; len >= 14. */
void frame_plain(uint8_t *out, uint32_t len, uint64_t seed);

struct frame_spec {
	uint8_t destination[6], source[6]; /* all zero: 02:00:00:00:00:02 and 02:00:00:00:00:01 */
	uint8_t ip_version;		   /* 4 or 6 */
	uint8_t protocol;		   /* 6 TCP, 17 UDP, or any other: just payload */
	uint16_t source_port, destination_port;
	uint16_t vlans[2]; /* TCIs of inline tags, outermost first */
	uint8_t vlan_count;
	uint8_t ip_options_bytes; /* IPv4: 0..40, multiple of 4; IPv6: of hop-by-hop options, * 8 */
	uint32_t payload_bytes;
	uint32_t padding_bytes; /* behind the packet, not part of it */
	uint64_t seed;		/* of addresses, payload and padding */
	bool no_checksums;	/* leave both fields 0 */
};

/* What frame_build() made: offsets to look at and to break. */
struct frame {
	uint8_t bytes[FRAME_MAX_BYTES];
	uint32_t len;
	uint32_t l2_len, l3_len; /* the transport header is at their sum */
	uint32_t l4_field;	 /* offset of the TCP or UDP checksum, 0 none */
	uint32_t ip_field;	 /* offset of the IPv4 checksum, 0 none */
	uint32_t l4_len;	 /* transport header and payload */
};

/* Build a frame with right checksums (unless no_checksums). */
void frame_build(struct frame *out, const struct frame_spec *spec);

/* Transmit metadata that describes the frame, with the flags given and NET_TX_IPV4 or _IPV6. */
struct net_tx_metadata frame_metadata(const struct frame *frame, uint32_t id, uint16_t flags);

/* What belongs into the fields: computed one 16-bit word at a time, with none of our code. */
uint16_t frame_ip_checksum(const struct frame *frame);
uint16_t frame_l4_checksum(const struct frame *frame);
uint16_t frame_pseudo_sum(const struct frame *frame); /* what a local sender leaves in the field */

uint16_t frame_read16(const uint8_t *bytes, uint32_t at);
void frame_write16(uint8_t *bytes, uint32_t at, uint16_t value);

/* Return: true when equal; else a line that names the first byte that differs goes into why (at
 * least 128 bytes). For cr_assert(frame_equal(...), "%s", why). */
bool frame_equal(const uint8_t *got, uint32_t got_len, const uint8_t *want, uint32_t want_len,
		 char *why);
#define FRAME_WHY_BYTES 128

#endif
