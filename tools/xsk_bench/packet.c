/* SPDX-License-Identifier: BSD-2-Clause */
/* Building packets that ask for offloads, and judging the wire packets that come of them. */
#include "packet.h"

#include <string.h>

#include "bytes.h"
#include "internet.h"

#define MAGIC	      0x4e4full
#define UDP_BYTES     8
#define TCP_BYTES     20
#define HEADERS_BYTES (FRAME_L4_AT - FRAME_IP_AT + TCP_BYTES)
#define IP_LENGTH_AT  (FRAME_IP_AT + 2)
#define IP_ID_AT      (FRAME_IP_AT + 4)
#define IP_SUM_AT     (FRAME_IP_AT + 10)
#define TCP_NUMBER_AT (FRAME_L4_AT + 4)
#define TCP_FLAGS_AT  (FRAME_L4_AT + 13)
#define TCP_SUM_AT    (FRAME_L4_AT + 16)
#define UDP_LENGTH_AT (FRAME_L4_AT + 4)
#define UDP_SUM_AT    (FRAME_L4_AT + 6)
#define TCP_ACK	      0x10
#define TCP_PSH	      0x08
/* In the payload. */
#define TIME_AT	  8
#define SUM_AT	  14
#define RUN_AT	  18
#define NUMBER_AT 20
#define LAST_AT	  24

uint32_t packet_header_bytes(bool tcp)
{
	return FRAME_L4_AT + (tcp ? TCP_BYTES : UDP_BYTES);
}

uint32_t packet_least_bytes(bool tcp)
{
	return packet_header_bytes(tcp) + PACKET_STAMP_BYTES;
}

struct packet_shape packet_shape_of(bool tcp, uint32_t len_bytes, uint32_t piece_bytes)
{
	struct packet_shape s = {
		.protocol = tcp ? PACKET_TCP : PACKET_UDP,
		.len_bytes = len_bytes,
		.header_bytes = packet_header_bytes(tcp),
		.pieces = 1,
	};
	uint32_t payload = len_bytes - s.header_bytes;

	s.piece_bytes = piece_bytes && piece_bytes < payload ? piece_bytes : payload;
	s.pieces = (payload + s.piece_bytes - 1) / s.piece_bytes;
	return s;
}

uint32_t packet_piece_bytes(const struct packet_shape *s, uint32_t i)
{
	if (i + 1 < s->pieces)
		return s->piece_bytes;
	return s->len_bytes - s->header_bytes - i * s->piece_bytes;
}

/* The bytes of the headers that are the same in each wire packet. */
static uint64_t sum_headers(const uint8_t *frame, bool tcp)
{
	uint32_t n = packet_header_bytes(tcp) - FRAME_IP_AT;
	uint8_t h[FRAME_IP_AT + HEADERS_BYTES];

	memcpy(h + FRAME_IP_AT, frame + FRAME_IP_AT, n);
	put32(h + IP_LENGTH_AT, 0); /* and the identification */
	put16(h + IP_SUM_AT, 0);
	put32(h + (tcp ? TCP_NUMBER_AT : UDP_LENGTH_AT), 0); /* UDP: and the checksum */
	if (tcp) {
		h[TCP_FLAGS_AT] = 0;
		put16(h + TCP_SUM_AT, 0);
	}
	return sum_bytes(n, h + FRAME_IP_AT, n);
}

/* Of a payload, what does not change from packet to packet of one buffer. */
static uint64_t sum_payload(uint64_t headers, const uint8_t *payload, uint32_t n)
{
	uint64_t sum = sum_bytes(n, payload + PACKET_STAMP_BYTES, n - PACKET_STAMP_BYTES);

	return sum_mix(sum, headers);
}

static uint32_t sum_final(uint64_t prepared, const uint8_t *payload)
{
	uint64_t time = (uint64_t)get16(payload + TIME_AT) << 32 | get32(payload + TIME_AT + 2);
	uint64_t sum = sum_mix(sum_mix(prepared, get64(payload)), time);

	return sum_fold(sum_mix(sum, get64(payload + RUN_AT)));
}

static uint32_t l4_sum_at(bool tcp)
{
	return tcp ? TCP_SUM_AT : UDP_SUM_AT;
}

void packet_prepare(const struct frame_flow *flow, const struct packet_shape *s, uint32_t pattern,
		    uint8_t *packet, uint64_t *sums)
{
	bool tcp = s->protocol == PACKET_TCP;
	uint8_t *l4 = packet + FRAME_L4_AT;
	uint16_t pseudo;
	uint64_t headers;

	frame_put_headers(flow, s->protocol, packet, s->len_bytes);
	memset(l4 + 4, 0, s->header_bytes - FRAME_L4_AT - 4);
	if (tcp) {
		l4[12] = TCP_BYTES / 4 << 4; /* data offset */
		packet[TCP_FLAGS_AT] = TCP_ACK | TCP_PSH;
		put16(l4 + 14, UINT16_MAX); /* window */
	} else {
		put16(packet + UDP_LENGTH_AT, s->len_bytes - FRAME_L4_AT);
	}
	headers = sum_headers(packet, tcp);
	/* Whoever completes the sum begins with the pseudo-header's. */
	pseudo = internet_pseudo(packet + FRAME_IP_AT, s->len_bytes - FRAME_L4_AT);
	memcpy(packet + l4_sum_at(tcp), &pseudo, sizeof(pseudo));
	write_pattern(pattern, packet, s->header_bytes, s->len_bytes);
	for (uint32_t i = 0; i < s->pieces; i++) {
		uint8_t *payload = packet + s->header_bytes + i * s->piece_bytes;

		put16(payload + RUN_AT, flow->run);
		put16(payload + LAST_AT, i + 1 == s->pieces);
		sums[i] = sum_payload(headers, payload, packet_piece_bytes(s, i));
	}
}

void packet_stamp(const struct packet_shape *s, uint8_t *packet, const uint64_t *sums,
		  uint64_t number, uint64_t time_ns)
{
	uint64_t wire = number * s->pieces;
	uint32_t byte = (uint32_t)(number * (s->len_bytes - s->header_bytes));

	put16(packet + IP_ID_AT, (uint32_t)wire);
	if (s->protocol == PACKET_TCP)
		put32(packet + TCP_NUMBER_AT, byte);
	for (uint32_t i = 0; i < s->pieces; i++) {
		uint8_t *payload = packet + s->header_bytes + i * s->piece_bytes;

		put64(payload, MAGIC << 48 | ((wire + i) & FRAME_TIME_MASK));
		put16(payload + TIME_AT, (uint32_t)(time_ns >> 32));
		put32(payload + TIME_AT + 2, (uint32_t)time_ns);
		put32(payload + NUMBER_AT, byte + i * s->piece_bytes);
		put32(payload + SUM_AT, sum_final(sums[i], payload));
	}
}

/* Is in front of the payload what the payload says? Its own checksum covers what is constant there. */
static bool headers_fit(const uint8_t *frame, uint32_t len_bytes, const uint8_t *payload, bool tcp)
{
	uint8_t flags = TCP_ACK | (get16(payload + LAST_AT) ? TCP_PSH : 0);

	if (get16(frame + IP_LENGTH_AT) != len_bytes - FRAME_IP_AT ||
	    get16(frame + IP_ID_AT) != get16(payload + 6))
		return false;
	if (!tcp)
		return get16(frame + UDP_LENGTH_AT) == len_bytes - FRAME_L4_AT;
	return get32(frame + TCP_NUMBER_AT) == get32(payload + NUMBER_AT) &&
	       frame[TCP_FLAGS_AT] == flags;
}

static enum frame_verdict check_sums(const uint8_t *frame, uint32_t len_bytes, bool tcp,
				     enum frame_sums *out)
{
	const uint8_t *ip = frame + FRAME_IP_AT;
	uint16_t pseudo = internet_pseudo(ip, len_bytes - FRAME_L4_AT), field;

	memcpy(&field, frame + l4_sum_at(tcp), sizeof(field));
	*out = FRAME_SUMS_RIGHT;
	/* For UDP, 0 says that there is no checksum: it was asked for. */
	if (internet_sum(0, ip, FRAME_L4_AT - FRAME_IP_AT) != 0xffff || (!tcp && !field))
		return FRAME_BAD_SUM;
	if (internet_sum(pseudo, frame + FRAME_L4_AT, len_bytes - FRAME_L4_AT) == 0xffff)
		return FRAME_GOOD;
	*out = FRAME_SUMS_PARTIAL;
	return field == pseudo ? FRAME_GOOD : FRAME_BAD_SUM;
}

enum frame_verdict packet_check(const uint8_t *frame, uint32_t len_bytes, struct frame_info *out)
{
	const uint8_t *payload;
	uint32_t header;
	bool tcp;

	if (len_bytes < packet_least_bytes(false) || get16(frame + 12) != 0x0800)
		return FRAME_FOREIGN;
	tcp = frame[FRAME_IP_AT + 9] == PACKET_TCP;
	if ((!tcp && frame[FRAME_IP_AT + 9] != PACKET_UDP) || len_bytes < packet_least_bytes(tcp))
		return FRAME_FOREIGN;
	header = packet_header_bytes(tcp);
	payload = frame + header;
	if (get16(payload) != MAGIC || !frame_get_stream(frame + FRAME_L4_AT, &out->stream))
		return FRAME_FOREIGN;
	out->run = (uint16_t)get16(payload + RUN_AT);
	out->sequence = get64(payload) & FRAME_TIME_MASK;
	out->time_ns = (uint64_t)get16(payload + TIME_AT) << 32 | get32(payload + TIME_AT + 2);
	if (get32(payload + SUM_AT) !=
		    sum_final(sum_payload(sum_headers(frame, tcp), payload, len_bytes - header),
			      payload) ||
	    !headers_fit(frame, len_bytes, payload, tcp))
		return FRAME_CORRUPT;
	return check_sums(frame, len_bytes, tcp, &out->sums);
}
