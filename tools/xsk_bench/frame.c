/* SPDX-License-Identifier: BSD-2-Clause */
/* Building and judging frames. */
#include "frame.h"

#include <string.h>

#include "bytes.h"

#define UDP_AT	   FRAME_L4_AT
#define MAGIC_AT   42
#define TIME_AT	   50
#define SUM_AT	   56
#define PATTERN_AT 60
#define MAGIC	   0x4e58ull
#define UDP	   17

/* The share of the checksum that does not change from frame to frame of one buffer. */
static uint64_t sum_prepared(const uint8_t *frame, uint32_t len_bytes)
{
	uint64_t sum = sum_bytes(len_bytes, frame + PATTERN_AT, len_bytes - PATTERN_AT);

	return sum_bytes(sum, frame + FRAME_IP_AT, MAGIC_AT - FRAME_IP_AT);
}

static uint32_t sum_final(uint64_t prepared, uint64_t magic_sequence, uint64_t time_ns)
{
	return sum_fold(sum_mix(sum_mix(prepared, magic_sequence), time_ns));
}

static uint32_t ip_checksum(const uint8_t *header)
{
	uint32_t sum = 0;

	for (int i = 0; i < 20; i += 2)
		sum += get16(header + i);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

void frame_put_headers(const struct frame_flow *flow, uint8_t protocol, uint8_t *frame,
		       uint32_t len_bytes)
{
	uint8_t *ip = frame + FRAME_IP_AT;

	memcpy(frame, flow->dst_mac, 6);
	memcpy(frame + 6, flow->src_mac, 6);
	put16(frame + 12, 0x0800);
	memset(ip, 0, FRAME_L4_AT - FRAME_IP_AT);
	ip[0] = 0x45;
	put16(ip + 2, len_bytes - FRAME_IP_AT);
	put16(ip + 6, 0x4000); /* don't fragment */
	ip[8] = 64;	       /* TTL */
	ip[9] = protocol;
	put32(ip + 12, flow->ip_src);
	put32(ip + 16, flow->ip_dst);
	put16(frame + FRAME_L4_AT, FRAME_STREAM_PORT + flow->stream);
	put16(frame + FRAME_L4_AT + 2, FRAME_DISCARD_PORT);
}

bool frame_get_stream(const uint8_t *frame, uint16_t *out)
{
	uint32_t port = get16(frame + FRAME_L4_AT);

	if (port < FRAME_STREAM_PORT || get16(frame + FRAME_L4_AT + 2) != FRAME_DISCARD_PORT)
		return false;
	*out = (uint16_t)(port - FRAME_STREAM_PORT);
	return true;
}

uint64_t frame_prepare(const struct frame_flow *flow, uint32_t pattern, uint8_t *frame,
		       uint32_t len_bytes)
{
	uint8_t *ip = frame + FRAME_IP_AT;

	frame_put_headers(flow, UDP, frame, len_bytes);
	put16(ip + 4, flow->run);
	put16(ip + 10, ip_checksum(ip));
	put16(frame + UDP_AT + 4, len_bytes - UDP_AT);
	/* UDP checksum 0: none (RFC 768). Ours below is stronger and covers the headers too. */
	put16(frame + UDP_AT + 6, 0);
	write_pattern(pattern, frame, PATTERN_AT, len_bytes);
	return sum_prepared(frame, len_bytes);
}

void frame_stamp(uint8_t *frame, uint64_t prepared, uint64_t sequence, uint64_t time_ns)
{
	uint64_t first = MAGIC << 48 | (sequence & FRAME_TIME_MASK);
	uint64_t time = time_ns & FRAME_TIME_MASK;

	put64(frame + MAGIC_AT, first);
	put16(frame + TIME_AT, (uint32_t)(time >> 32));
	put32(frame + TIME_AT + 2, (uint32_t)time);
	put32(frame + SUM_AT, sum_final(prepared, first, time));
}

enum frame_verdict frame_check(const uint8_t *frame, uint32_t len_bytes, struct frame_info *out)
{
	uint64_t first, time;

	if (len_bytes < FRAME_MIN_BYTES || get16(frame + 12) != 0x0800)
		return FRAME_FOREIGN;
	first = get64(frame + MAGIC_AT);
	if (first >> 48 != MAGIC || frame[FRAME_IP_AT + 9] != UDP ||
	    !frame_get_stream(frame, &out->stream))
		return FRAME_FOREIGN;
	time = (uint64_t)get16(frame + TIME_AT) << 32 | get32(frame + TIME_AT + 2);
	out->run = (uint16_t)get16(frame + FRAME_IP_AT + 4);
	out->sequence = first & FRAME_TIME_MASK;
	out->time_ns = time;
	out->sums = FRAME_SUMS_NONE;
	if (get32(frame + SUM_AT) != sum_final(sum_prepared(frame, len_bytes), first, time))
		return FRAME_CORRUPT;
	return FRAME_GOOD;
}

void frame_reflect(uint8_t *frame, const uint8_t own_mac[6])
{
	uint8_t dst[6];

	memcpy(dst, frame[0] & 1 ? own_mac : frame, 6);
	memcpy(frame, frame + 6, 6);
	memcpy(frame + 6, dst, 6);
}
