/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets for src/base/segmenter: random ones, as frontends bring them, and what comes out of it. */
#ifndef SUPPORT_SEGMENT_CASE_H
#define SUPPORT_SEGMENT_CASE_H

#include "base/segmenter.h"
#include "support/frame.h"
#include "support/segment_oracle.h"

/* How a frontend brings lengths, IPv4 checksum, and the checksum of TCP or UDP. */
enum segment_style {
	SEGMENT_ZERO,	/* all zero */
	SEGMENT_PSEUDO, /* lengths full, the pseudo-header's sum in the checksum */
	SEGMENT_NDIS,	/* lengths zero, a sum without length in the checksum */
	SEGMENT_FULL,
	SEGMENT_STYLES,
};

/* What is asked of the segmenter for one packet. */
struct segment_request {
	struct net_tx_metadata meta;
	uint32_t max_frame_bytes;
};

/* Which packets segment_random() makes. */
struct segment_wish {
	bool segmented;
	uint32_t payload_most;
};

/* TCP or UDP, v4 or v6, with tags, options, extension headers; payload from a buffer of its own, which
 * stays until the next call. */
struct segment_spec segment_random(struct frame_random *r, struct segment_wish wish);
/* One packet that is the same each time: ip_version, protocol, payload, mss. */
struct segment_spec segment_plain(uint8_t ip_version, uint8_t protocol, uint32_t payload,
				  uint16_t mss);

void segment_apply(struct segment_packet *p, const struct segment_spec *spec,
		   enum segment_style style);
/* What to ask for the packet so that the oracle's wire packets come out. */
struct segment_request segment_request(const struct segment_packet *p,
				       const struct segment_spec *spec);

/* Judge the first present bytes, alone on the heap: a byte read behind them is found. */
enum segmenter_verdict segment_judge(const uint8_t *bytes, uint32_t present,
				     const struct segment_request *r);
/* As before, of as many bytes as the request wants. */
enum segmenter_verdict segment_judge_packet(const struct segment_packet *p,
					    const struct segment_request *r);

/* Wire packet i whole, its checksum completed by us or, if by_others, from the field and the bytes behind
 * start alone, as a kernel does. Return: its length. */
uint32_t segment_wire(const struct segmenter *s, const uint8_t *packet, uint32_t i, bool by_others,
		      uint8_t *out);
/* All wire packets are the oracle's, byte for byte. */
void segment_expect(const struct segment_packet *p, const struct segment_request *r,
		    const struct segment_spec *spec, const char *what);

#endif
