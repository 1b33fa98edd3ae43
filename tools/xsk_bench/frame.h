/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frames of xsk-bench: Ethernet, IPv4, UDP, then what lets the receiver prove what happened.
 *
 *     byte  0  destination MAC, source MAC, 0x0800            may change on the way
 *          14  IPv4: identification = run number              \
 *          34  UDP: source port = 49152 + stream, to port 9    | covered by the checksum,
 *          42  magic "NX"                             2 bytes  | with the pattern and the
 *          44  sequence number, big endian            6 bytes  | frame's length
 *          50  send time in ns, big endian            6 bytes /
 *          56  checksum of all of it                  4 bytes
 *          60  pattern                                 the rest
 *
 * With IPv6 its header is 20 bytes longer, all behind it follows 20 bytes later, and 80 bytes are the least; the run
 * number is the low 16 bits of the flow label. IPv6 has no UDP without a checksum (RFC 8200, 8.1): it is there, and
 * counts as 0 in the checksum at 56.
 *
 * 48 bits of sequence last 32 days at 100 Mpps, 48 bits of time wrap after 3 days and are only ever
 * subtracted: so everything fits the smallest Ethernet frame, 60 bytes and its FCS.
 *
 * The pattern differs from buffer to buffer and is written once; its share of the checksum is kept,
 * so sending costs the same at every size while the receiver still reads every byte.
 */
#ifndef BENCH_FRAME_H
#define BENCH_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#define FRAME_IP_AT	   14 /* of all frames of xsk-bench, without a tag */
#define FRAME_L4_AT	   34
#define FRAME_STREAM_PORT  49152 /* first of the dynamic ports (RFC 6335) */
#define FRAME_DISCARD_PORT 9	 /* RFC 863: whoever else gets the frame throws it away */

#define FRAME_MIN_BYTES	 60
#define FRAME_MIN_BYTES6 80 /* with IPv6 */
#define FRAME_HEAD_BYTES 48 /* IPv6 and UDP, the longer ones */
#define FRAME_TIME_MASK	 ((1ull << 48) - 1)

/* What the frames of one sending thread have in common. */
struct frame_flow {
	uint8_t dst_mac[6];
	uint8_t src_mac[6];
	uint32_t ip_src; /* host byte order */
	uint32_t ip_dst;
	uint16_t run;	 /* tells a sender from the one before it */
	uint16_t stream; /* 0..16383, one per thread and flow */
	bool ipv6;	 /* from and to 2001:2::/48 (RFC 5180), the IPv4 addresses behind it */
};

/* What is in front of the payload: frames of several flows in turn take one buffer after the other. */
struct frame_head {
	uint8_t bytes
		[FRAME_HEAD_BYTES]; /* from FRAME_IP_AT; IPv6: the UDP field holds what is constant in its sum */
	uint32_t count;
};

enum frame_verdict {
	FRAME_GOOD,
	FRAME_CORRUPT, /* ours, and not as it was sent */
	FRAME_BAD_SUM, /* ours, each byte right but the checksum of IPv4, TCP or UDP */
	FRAME_FOREIGN, /* not ours */
};

/* What the checksums of a good frame are that the backend has filled in. */
enum frame_sums {
	FRAME_SUMS_NONE, /* it was not asked to */
	FRAME_SUMS_RIGHT,
	/* The TCP or UDP field holds the pseudo-header's sum: a local sender leaves the rest to a NIC, and
	 * on a veth there is none. */
	FRAME_SUMS_PARTIAL,
};

struct frame_info {
	uint16_t run;
	uint16_t stream;
	uint64_t sequence;
	uint64_t time_ns; /* low 48 bits */
	enum frame_sums sums;
};

/*
 * Write everything but sequence, time and checksum. pattern: any number, one per buffer.
 * Return: the checksum so far, for frame_stamp().
 */
uint64_t frame_prepare(const struct frame_flow *flow, uint32_t pattern, uint8_t *frame,
		       uint32_t len_bytes);

/* Complete a prepared frame. */
void frame_stamp(uint8_t *frame, uint64_t prepared, uint64_t sequence, uint64_t time_ns);

/* The same for frames whose flow is known only when they are sent, and for IPv6: one head per flow, a buffer that has
 * all but the head. Return: as frame_prepare(), for frame_stamp_head(). */
struct frame_head frame_head_of(const struct frame_flow *flow, uint32_t len_bytes);
uint64_t frame_prepare_headless(const struct frame_flow *flow, uint32_t pattern, uint8_t *frame,
				uint32_t len_bytes);
void frame_stamp_head(const struct frame_head *head, uint8_t *frame, uint64_t prepared,
		      uint64_t sequence, uint64_t time_ns);

/* Judge a received frame; *out is filled unless it is foreign. */
enum frame_verdict frame_check(const uint8_t *frame, uint32_t len_bytes, struct frame_info *out);

/* What all frames of xsk-bench begin with: Ethernet, IPv4 without identification and checksum, and the two
 * ports. */
void frame_put_headers(const struct frame_flow *flow, uint8_t protocol, uint8_t *frame,
		       uint32_t len_bytes);

/* The stream that the ports tell, which are at l4. Return: false if they are not ours. */
bool frame_get_stream(const uint8_t *l4, uint16_t *out);

/* Turn a frame around: the MACs swap; own replaces a group address, which cannot be a source. */
void frame_reflect(uint8_t *frame, const uint8_t own_mac[6]);

#endif
