/* SPDX-License-Identifier: BSD-2-Clause */
/* Building and judging frames. */
#include "frame.h"

#include <string.h>

#include "bytes.h"
#include "internet.h"

#define UDP_AT	   FRAME_L4_AT
#define MAGIC_AT   42
#define TIME_AT	   50
#define SUM_AT	   56
#define PATTERN_AT 60
#define MAGIC	   0x4e58ull
#define UDP	   17
#define UDP_BYTES  8
#define IPV4	   0x0800
#define IPV6	   0x86dd
#define IPV6_BYTES 40
#define LATER6	   20 /* how much later all behind an IPv6 header is */

/* The share of the checksum that does not change from frame to frame of one buffer: of the pattern, then of what is
 * in front of the payload. */
static uint64_t sum_pattern(const uint8_t *payload, uint32_t len_bytes, uint32_t pattern_bytes)
{
	return sum_bytes(len_bytes, payload + PATTERN_AT - MAGIC_AT, pattern_bytes);
}

static uint64_t sum_prepared(const uint8_t *frame, uint32_t len_bytes)
{
	uint64_t sum = sum_pattern(frame + MAGIC_AT, len_bytes, len_bytes - PATTERN_AT);

	return sum_bytes(sum, frame + FRAME_IP_AT, MAGIC_AT - FRAME_IP_AT);
}

/* A UDP checksum that is filled in later counts as 0. */
static uint64_t sum_head(uint64_t pattern, const uint8_t *at, uint32_t n)
{
	uint8_t head[FRAME_HEAD_BYTES];

	memcpy(head, at, n);
	put16(head + n - 2, 0);
	return sum_bytes(pattern, head, n);
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

static void put_ethernet(const struct frame_flow *flow, uint8_t *frame, uint32_t type)
{
	memcpy(frame, flow->dst_mac, 6);
	memcpy(frame + 6, flow->src_mac, 6);
	put16(frame + 12, type);
}

static void put_ipv4(const struct frame_flow *flow, uint8_t protocol, uint8_t *ip, uint32_t n)
{
	memset(ip, 0, FRAME_L4_AT - FRAME_IP_AT);
	ip[0] = 0x45;
	put16(ip + 2, n);
	put16(ip + 6, 0x4000); /* don't fragment */
	ip[8] = 64;	       /* TTL */
	ip[9] = protocol;
	put32(ip + 12, flow->ip_src);
	put32(ip + 16, flow->ip_dst);
}

static void put_ipv6(const struct frame_flow *flow, uint8_t *ip, uint32_t n)
{
	memset(ip, 0, IPV6_BYTES);
	ip[0] = 0x60;
	put16(ip + 2, flow->run);
	put16(ip + 4, n - IPV6_BYTES);
	ip[6] = UDP;
	ip[7] = 64; /* hop limit */
	put32(ip + 8, 0x20010002);
	put32(ip + 20, flow->ip_src);
	put32(ip + 24, 0x20010002);
	put32(ip + 36, flow->ip_dst);
}

static void put_ports(const struct frame_flow *flow, uint8_t *l4)
{
	put16(l4, FRAME_STREAM_PORT + flow->stream);
	put16(l4 + 2, FRAME_DISCARD_PORT);
}

void frame_put_headers(const struct frame_flow *flow, uint8_t protocol, uint8_t *frame,
		       uint32_t len_bytes)
{
	put_ethernet(flow, frame, IPV4);
	put_ipv4(flow, protocol, frame + FRAME_IP_AT, len_bytes - FRAME_IP_AT);
	put_ports(flow, frame + FRAME_L4_AT);
}

bool frame_get_stream(const uint8_t *l4, uint16_t *out)
{
	uint32_t port = get16(l4);

	if (port < FRAME_STREAM_PORT || get16(l4 + 2) != FRAME_DISCARD_PORT)
		return false;
	*out = (uint16_t)(port - FRAME_STREAM_PORT);
	return true;
}

static void put_head4(const struct frame_flow *flow, uint8_t *ip, uint32_t len_bytes)
{
	put_ipv4(flow, UDP, ip, len_bytes - FRAME_IP_AT);
	put16(ip + 4, flow->run);
	put16(ip + 10, ip_checksum(ip));
	put_ports(flow, ip + UDP_AT - FRAME_IP_AT);
	put16(ip + UDP_AT - FRAME_IP_AT + 4, len_bytes - UDP_AT);
	/* UDP checksum 0: none (RFC 768). Ours below is stronger and covers the headers too. */
	put16(ip + UDP_AT - FRAME_IP_AT + 6, 0);
}

uint64_t frame_prepare(const struct frame_flow *flow, uint32_t pattern, uint8_t *frame,
		       uint32_t len_bytes)
{
	put_ethernet(flow, frame, IPV4);
	put_head4(flow, frame + FRAME_IP_AT, len_bytes);
	write_pattern(pattern, frame, PATTERN_AT, len_bytes);
	return sum_prepared(frame, len_bytes);
}

/* payload: at the magic. */
static void stamp(uint8_t *payload, uint64_t prepared, uint64_t sequence, uint64_t time_ns)
{
	uint64_t first = MAGIC << 48 | (sequence & FRAME_TIME_MASK);
	uint64_t time = time_ns & FRAME_TIME_MASK;

	put64(payload, first);
	put16(payload + TIME_AT - MAGIC_AT, (uint32_t)(time >> 32));
	put32(payload + TIME_AT + 2 - MAGIC_AT, (uint32_t)time);
	put32(payload + SUM_AT - MAGIC_AT, sum_final(prepared, first, time));
}

void frame_stamp(uint8_t *frame, uint64_t prepared, uint64_t sequence, uint64_t time_ns)
{
	stamp(frame + MAGIC_AT, prepared, sequence, time_ns);
}

/* ---- Heads --------------------------------------------------------------------------------------- */

/* Make the Internet checksum over the pattern 0, so that UDP's does not depend on the buffer. */
static void neutralise(uint8_t *pattern, uint32_t n)
{
	uint16_t rest;

	if (n < 2) {
		memset(pattern, 0, n);
		return;
	}
	rest = (uint16_t)~internet_sum(0, pattern + 2, n - 2);
	memcpy(pattern, &rest, sizeof(rest));
}

uint64_t frame_prepare_headless(const struct frame_flow *flow, uint32_t pattern, uint8_t *frame,
				uint32_t len_bytes)
{
	uint8_t *payload = frame + MAGIC_AT + (flow->ipv6 ? LATER6 : 0);
	uint8_t *at = payload + PATTERN_AT - MAGIC_AT;
	uint32_t n = (uint32_t)(frame + len_bytes - at);

	put_ethernet(flow, frame, flow->ipv6 ? IPV6 : IPV4);
	write_pattern(pattern, at, 0, n);
	neutralise(at, n);
	return sum_pattern(payload, len_bytes, n);
}

struct frame_head frame_head_of(const struct frame_flow *flow, uint32_t len_bytes)
{
	struct frame_head h = {.count = MAGIC_AT - FRAME_IP_AT + (flow->ipv6 ? LATER6 : 0)};
	uint32_t udp_bytes = len_bytes - FRAME_IP_AT - IPV6_BYTES;
	uint8_t *udp = h.bytes + IPV6_BYTES;
	uint16_t sum;

	if (!flow->ipv6) {
		put_head4(flow, h.bytes, len_bytes);
		return h;
	}
	put_ipv6(flow, h.bytes, len_bytes - FRAME_IP_AT);
	put_ports(flow, udp);
	put16(udp + 4, udp_bytes);
	sum = internet_sum(internet_pseudo6(h.bytes, udp_bytes), udp, UDP_BYTES - 2);
	memcpy(udp + UDP_BYTES - 2, &sum, sizeof(sum));
	return h;
}

void frame_stamp_head(const struct frame_head *head, uint8_t *frame, uint64_t prepared,
		      uint64_t sequence, uint64_t time_ns)
{
	uint8_t *payload = frame + FRAME_IP_AT + head->count;
	uint16_t sum;

	memcpy(frame + FRAME_IP_AT, head->bytes, head->count);
	stamp(payload, sum_head(prepared, head->bytes, head->count), sequence, time_ns);
	if (head->count != FRAME_HEAD_BYTES)
		return;
	memcpy(&sum, payload - 2, sizeof(sum));
	sum = (uint16_t)~internet_sum(sum, payload, PATTERN_AT - MAGIC_AT);
	sum = sum ? sum : 0xffff; /* 0 would say that there is none */
	memcpy(payload - 2, &sum, sizeof(sum));
}

/* ---- Judging ------------------------------------------------------------------------------------- */

/* Ours? Then what it says of itself. payload: at the magic. */
static inline bool read_info(const uint8_t *payload, uint8_t protocol, uint32_t run,
			     struct frame_info *out)
{
	uint64_t first = get64(payload);
	const uint8_t *time = payload + TIME_AT - MAGIC_AT;

	if (first >> 48 != MAGIC || protocol != UDP ||
	    !frame_get_stream(payload - UDP_BYTES, &out->stream))
		return false;
	out->run = (uint16_t)run;
	out->sequence = first & FRAME_TIME_MASK;
	out->time_ns = (uint64_t)get16(time) << 32 | get32(time + 2);
	out->sums = FRAME_SUMS_NONE;
	return true;
}

static inline bool sum_fits(const uint8_t *payload, uint64_t prepared,
			    const struct frame_info *info)
{
	return get32(payload + SUM_AT - MAGIC_AT) ==
	       sum_final(prepared, get64(payload), info->time_ns);
}

/* Apart: what IPv6 needs costs IPv4 nothing. */
static __attribute__((noinline)) enum frame_verdict check6(const uint8_t *frame, uint32_t len_bytes,
							   struct frame_info *out)
{
	const uint8_t *ip = frame + FRAME_IP_AT, *payload = frame + MAGIC_AT + LATER6;
	uint32_t udp_bytes = len_bytes - FRAME_IP_AT - IPV6_BYTES;
	uint64_t prepared;

	if (len_bytes < FRAME_MIN_BYTES6 || !read_info(payload, ip[6], get16(ip + 2), out))
		return FRAME_FOREIGN;
	prepared = sum_head(sum_pattern(payload, len_bytes, len_bytes - FRAME_MIN_BYTES6), ip,
			    FRAME_HEAD_BYTES);
	if (!sum_fits(payload, prepared, out))
		return FRAME_CORRUPT;
	if (!get16(payload - 2) ||
	    internet_sum(internet_pseudo6(ip, udp_bytes), ip + IPV6_BYTES, udp_bytes) != 0xffff)
		return FRAME_BAD_SUM;
	return FRAME_GOOD;
}

enum frame_verdict frame_check(const uint8_t *frame, uint32_t len_bytes, struct frame_info *out)
{
	const uint8_t *ip = frame + FRAME_IP_AT, *payload = frame + MAGIC_AT;

	if (len_bytes < FRAME_MIN_BYTES)
		return FRAME_FOREIGN;
	if (get16(frame + 12) != IPV4)
		return get16(frame + 12) == IPV6 ? check6(frame, len_bytes, out) : FRAME_FOREIGN;
	if (!read_info(payload, ip[9], get16(ip + 4), out))
		return FRAME_FOREIGN;
	return sum_fits(payload, sum_prepared(frame, len_bytes), out) ? FRAME_GOOD : FRAME_CORRUPT;
}

void frame_reflect(uint8_t *frame, const uint8_t own_mac[6])
{
	uint8_t dst[6];

	memcpy(dst, frame[0] & 1 ? own_mac : frame, 6);
	memcpy(frame, frame + 6, 6);
	memcpy(frame + 6, dst, 6);
}
