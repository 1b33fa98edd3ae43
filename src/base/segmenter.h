/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One packet with requests (checksum, VLAN tag, TCP or UDP segmentation) as n wire packets, each of them
 * headers that are written here and a range of the packet's payload, which is not looked at:
 *
 *     wire packet i = [headers, changed] [payload_at .. + payload_bytes of the packet]
 *
 * The caller copies the first segmenter_header_bytes() of the packet to memory of its own, lets them be
 * judged, asks segmenter_piece() for the ranges, and calls segmenter_write() for each wire packet. A
 * checksum of TCP or UDP is left with the pseudo-header's sum, as who completes it (kernel, NIC) needs
 * it; segmenter_complete() does that from the payload's sum. IPv4 header checksums are written whole.
 *
 * A frontend may bring lengths, IPv4 checksum and TCP or UDP checksum as 0, with the pseudo-header's sum
 * in the latter, or full: what was in those fields changes nothing. A length must be 0 or right.
 *
 * IPv6: hop-by-hop and destination options are passed over, any other extension header is refused: behind
 * a routing header the checksum covers another destination, and a fragment has no checksum of its own.
 */
#ifndef NET_SEGMENTER_H
#define NET_SEGMENTER_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/headers.h"
#include "net_backend.h"

enum {
	SEGMENTER_IPV4_ID_AT = 4,
	SEGMENTER_IPV4_CHECKSUM_AT = 10,
	SEGMENTER_TCP_SEQUENCE_AT = 4,
	/* Most bytes of headers of a wire packet, an inserted tag included: a private slot of 256
	 * bytes has room for them behind struct xsk_tx_metadata, which has 24. */
	SEGMENTER_HEADERS_MAX = 232,
};

enum segmenter_verdict {
	SEGMENTER_OK = 0,
	SEGMENTER_CUT,		/* the headers end behind the packet, or behind what was copied */
	SEGMENTER_HEADERS_LONG, /* more bytes of headers than SEGMENTER_HEADERS_MAX */
	SEGMENTER_FRAME_LONG,	/* not to be segmented, and over max_frame_bytes */
	SEGMENTER_TOTAL_LONG,	/* to be segmented, and over 65,535 bytes behind the L2 header */
	SEGMENTER_L2,		/* no Ethernet header; to be segmented: not one of IP behind it */
	SEGMENTER_VERSION,	/* not the IP version that the flags say, or none */
	SEGMENTER_L3,		/* l3_len is not the length of the IP header and its extensions */
	SEGMENTER_L4,		/* l4_len is not the length of the TCP or UDP header */
	SEGMENTER_PROTOCOL,	/* flags of TCP and UDP, or not those of the packet's protocol */
	SEGMENTER_LENGTH,	/* a length in the IP or UDP header contradicts the packet */
	SEGMENTER_FRAGMENT,	/* IPv4 or IPv6 */
	SEGMENTER_EXTENSION,	/* an IPv6 extension header that is not passed over */
	SEGMENTER_OPTION,    /* jumbogram; source route, home address: other addresses are summed */
	SEGMENTER_TCP_FLAGS, /* SYN or URG in a packet that is to be segmented */
	SEGMENTER_MSS_ZERO,  /* max_segment_bytes is 0 */
	SEGMENTER_MSS_LONG,  /* a piece would be over max_frame_bytes */
	SEGMENTER_CHECKSUM_PLACE, /* start or field lies in front of the L3 header, or elsewhere than TCP
				   * or UDP have it */
	SEGMENTER_VERDICTS,
};

/* A packet that was judged. Wire packets are numbered from 0 to pieces - 1. */
struct segmenter {
	const uint8_t *headers; /* the caller's copy */
	uint32_t len_bytes;
	uint32_t pieces;
	uint32_t piece_bytes;	    /* payload of each wire packet but the last */
	uint32_t l4_len_bytes;	    /* of the unsegmented packet: what the pseudo-header says */
	uint16_t header_bytes;	    /* in the packet */
	uint16_t wire_header_bytes; /* in a wire packet: with the tag */
	uint16_t l3, l4;	    /* offsets in the packet */
	uint16_t vlan_tci;
	uint8_t ip_version;
	uint8_t protocol; /* HEADERS_TCP or HEADERS_UDP, if its checksum or segmentation is asked for */
	bool has_tag, has_segmentation, has_ip_checksum;
	/* A checksum has to be completed: in a wire packet it covers the bytes from start on, and lies
	 * field bytes behind that. */
	bool has_checksum;
	uint16_t checksum_start_bytes, checksum_field_bytes;
	uint16_t ip_sum;     /* of the IPv4 header without length, id and checksum, folded */
	uint16_t pseudo_sum; /* of the pseudo-header without length, folded */
};

/* The payload of a wire packet. */
struct segmenter_piece {
	uint32_t payload_at; /* offset in the packet */
	uint32_t payload_bytes;
	/* The checksum covers so much of the payload, 0 if there is none to complete. If that is less
	 * than payload_bytes, padding follows: the kernel would sum that too, so it must not be asked. */
	uint32_t summed_bytes;
};

/* Return: how many bytes of the packet have to be copied; may be more than it has. */
uint32_t segmenter_header_bytes(const struct net_tx_metadata *meta);

/*
 * Judge a packet by the copy of its first present bytes. Nothing in meta is trusted; max_frame_bytes is the
 * longest wire packet, without the tag that is inserted. With NET_TX_PARTIAL_CHECKSUM and a flag of TCP or UDP
 * both must name the same field. l4_len_bytes is looked at with a segmentation flag only.
 * Return: SEGMENTER_OK and *s filled, which refers to headers; else the fault, and the packet must be
 * dropped. No byte behind headers + present is read.
 */
enum segmenter_verdict segmenter_judge(struct segmenter *s, const uint8_t *headers,
				       uint32_t present, const struct net_tx_metadata *meta,
				       uint32_t max_frame_bytes);

struct segmenter_piece segmenter_piece(const struct segmenter *s, uint32_t i);

/* Write the wire_header_bytes of wire packet i. */
void segmenter_write(const struct segmenter *s, uint32_t i, uint8_t *out);

/*
 * The same for the many wire packets of a packet that is segmented: once what they have in common, then
 * for each of them a copy of it that gets what is its own.
 *
 *     own = segmenter_write_common(s, common)
 *     memcpy(out, common, s->wire_header_bytes)
 *     segmenter_write_own(&own, i, out)
 *     segmenter_write_end(s, i, out)              if it is the first or the last
 */
struct segmenter_own {
	bool has_id, has_sequence;
	uint16_t l3, l4; /* offsets in a wire packet */
	uint16_t id;	 /* of wire packet 0, as its sequence number: in the host's byte order */
	uint16_t ip_sum; /* of the IPv4 header without id and checksum, folded */
	uint32_t sequence;
	uint32_t piece_bytes;
};

struct segmenter_own segmenter_write_common(const struct segmenter *s, uint8_t *out);
void segmenter_write_end(const struct segmenter *s, uint32_t i, uint8_t *out);

static inline void segmenter_write_own(const struct segmenter_own *own, uint32_t i, uint8_t *out)
{
	uint16_t id, checksum;
	uint32_t sum, sequence;

	if (own->has_id) {
		id = htobe16((uint16_t)(own->id + i));
		sum = (uint32_t)own->ip_sum + id;
		checksum = (uint16_t) ~(sum + (sum >> 16));
		memcpy(out + own->l3 + SEGMENTER_IPV4_ID_AT, &id, sizeof(id));
		memcpy(out + own->l3 + SEGMENTER_IPV4_CHECKSUM_AT, &checksum, sizeof(checksum));
	}
	if (own->has_sequence) {
		sequence = htobe32(own->sequence + i * own->piece_bytes);
		memcpy(out + own->l4 + SEGMENTER_TCP_SEQUENCE_AT, &sequence, sizeof(sequence));
	}
}

/* Complete the checksum in headers that were just written. payload_sum: checksum_add() over the piece's
 * summed_bytes, which starts with 0 bytes before. Only with has_checksum. */
void segmenter_complete(const struct segmenter *s, uint8_t *out, uint64_t payload_sum);

#endif
