/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A reference segmenter with none of our code. Where src/base/segmenter changes a copy of a packet's
 * headers, this one never looks at a packet: each is written from a description, field after field, with
 * checksums that are added one byte pair at a time.
 */
#ifndef SUPPORT_SEGMENT_ORACLE_H
#define SUPPORT_SEGMENT_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	SEGMENT_PACKET_MAX = 65535 + 22 + 4, /* two inline tags and an inserted one */
	SEGMENT_EXTENSIONS = 3,
};

/* An IPv6 extension header of units * 8 bytes; what is behind its first two bytes. */
struct segment_extension {
	uint8_t type;
	uint8_t units;
	uint8_t body[32];
};

/* All that is in a packet. */
struct segment_spec {
	uint8_t macs[12];
	uint8_t tag_count;
	uint16_t tags[2];
	uint8_t ip_version, protocol;
	uint8_t traffic_class, hops;
	uint16_t id, ipv4_flags; /* the latter with the fragment offset */
	uint32_t flow_label;
	uint8_t addresses[32];
	uint8_t ip_options_bytes, ip_options[40];
	uint8_t extension_count;
	struct segment_extension extensions[SEGMENT_EXTENSIONS];
	uint16_t ports[2];
	uint32_t sequence, acknowledged;
	uint8_t tcp_reserved; /* four bits */
	uint8_t tcp_flags;
	uint16_t window, urgent;
	uint8_t tcp_options_bytes, tcp_options[40];
	const uint8_t *payload;
	uint32_t payload_bytes;
	uint32_t padding_bytes; /* behind the packet; its bytes follow the payload's */
	uint16_t mss;		/* 0: not segmented */
	bool has_vlan;
	uint16_t vlan_tci;
};

struct segment_packet {
	uint32_t len;
	uint32_t l2_len, l3_len, l4_len; /* lengths of headers */
	uint32_t l4_field;		 /* offset of the TCP or UDP checksum */
	uint16_t pseudo_sum;		 /* what a sender leaves there for others to complete */
	uint8_t bytes[SEGMENT_PACKET_MAX];
};

/* The packet as a sender without offloads would send it, were it allowed to be so long. */
void segment_oracle_whole(struct segment_packet *out, const struct segment_spec *spec);

/* One wire packet after the other. */
struct segment_oracle {
	struct segment_spec rest; /* what was not sent yet */
	bool is_first, is_done;
};
struct segment_oracle segment_oracle_start(const struct segment_spec *spec);
/* Return: false when there is none left. */
bool segment_oracle_next(struct segment_oracle *o, struct segment_packet *out);

/* Ones' complement sum of bytes, as a number in host order. */
uint16_t segment_oracle_sum(const uint8_t *bytes, uint32_t len);

#endif
