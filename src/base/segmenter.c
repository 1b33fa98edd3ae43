// SPDX-License-Identifier: BSD-2-Clause
#include <arpa/inet.h>
#include <string.h>

#include "base/checksum.h"
#include "base/headers.h"
#include "base/segmenter.h"

enum {
	MACS_BYTES = 12,
	IPV4_TOTAL_AT = 2,
	IPV6_PAYLOAD_AT = 4,
	TCP_FLAGS_AT = 13,
	TCP_FIN = 0x01,
	TCP_PSH = 0x08,
	TCP_CWR = 0x80,
	UDP_LENGTH_AT = 4,
};

static uint32_t payload_bytes(const struct segmenter *s, uint32_t payload_at)
{
	const uint32_t left = s->len_bytes - payload_at;

	return left < s->piece_bytes ? left : s->piece_bytes;
}

static uint32_t payload_at(const struct segmenter *s, uint32_t i)
{
	return s->header_bytes + i * s->piece_bytes;
}

/* Fold a sum of a few 16-bit words. */
static uint16_t fold_words(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)(sum + (sum >> 16));
}

struct segmenter_piece segmenter_piece(const struct segmenter *s, uint32_t i)
{
	struct segmenter_piece p = {.payload_at = payload_at(s, i)};

	p.payload_bytes = payload_bytes(s, p.payload_at);
	if (s->has_checksum && s->protocol && !s->has_segmentation)
		p.summed_bytes = s->l4_len_bytes - (s->header_bytes - s->l4);
	else if (s->has_checksum)
		p.summed_bytes = p.payload_bytes;
	return p;
}

static void copy_headers(const struct segmenter *s, uint8_t *out)
{
	if (!s->has_tag) {
		memcpy(out, s->headers, s->header_bytes);
		return;
	}
	memcpy(out, s->headers, MACS_BYTES);
	headers_write16(out + MACS_BYTES, HEADERS_VLAN_TYPE);
	headers_write16(out + MACS_BYTES + 2, s->vlan_tci);
	memcpy(out + MACS_BYTES + HEADERS_VLAN_BYTES, s->headers + MACS_BYTES,
	       s->header_bytes - (uint32_t)MACS_BYTES);
}

/* Offset in a wire packet of what lies behind the MAC addresses, at an offset in the packet. */
static uint16_t in_wire(const struct segmenter *s, uint32_t at)
{
	return (uint16_t)(at + s->wire_header_bytes - s->header_bytes);
}

/* Length of the transport header with the payload of wire packet i. */
static uint32_t l4_bytes(const struct segmenter *s, uint32_t i)
{
	return s->header_bytes - (uint32_t)s->l4 + payload_bytes(s, payload_at(s, i));
}

static void write_lengths(const struct segmenter *s, uint8_t *out, uint32_t l4)
{
	const uint32_t l3 = s->l4 - (uint32_t)s->l3;
	uint8_t *ip = out + in_wire(s, s->l3);

	if (s->ip_version == 4)
		headers_write16(ip + IPV4_TOTAL_AT, (uint16_t)(l3 + l4));
	else
		headers_write16(ip + IPV6_PAYLOAD_AT, (uint16_t)(l3 - HEADERS_IPV6_BYTES + l4));
	if (s->protocol == HEADERS_UDP)
		headers_write16(out + in_wire(s, s->l4) + UDP_LENGTH_AT, (uint16_t)l4);
}

/* The sum of the IPv4 header is known but for length and id. */
static uint16_t add_to_ip_sum(const struct segmenter *s, const uint8_t *ip, uint32_t at)
{
	uint16_t word;

	memcpy(&word, ip + at, sizeof(word));
	return fold_words((uint32_t)s->ip_sum + word);
}

static void write_ipv4_checksum(const struct segmenter *s, uint8_t *ip)
{
	uint16_t id, value;

	memcpy(&id, ip + SEGMENTER_IPV4_ID_AT, sizeof(id));
	value = (uint16_t)~fold_words((uint32_t)add_to_ip_sum(s, ip, IPV4_TOTAL_AT) + id);
	memcpy(ip + SEGMENTER_IPV4_CHECKSUM_AT, &value, sizeof(value));
}

/* A checksum asked for by place alone has the pseudo-header's sum in its field. */
static void write_sums(const struct segmenter *s, uint8_t *out, uint32_t l4)
{
	uint16_t value;

	if (s->has_ip_checksum)
		write_ipv4_checksum(s, out + in_wire(s, s->l3));
	if (s->has_checksum && s->protocol) {
		value = fold_words((uint32_t)s->pseudo_sum + htons((uint16_t)l4));
		memcpy(out + in_wire(s, s->l4) + s->checksum_field_bytes, &value, sizeof(value));
	}
}

/* The sender's window was reduced once (RFC 3168, 6.1.2). */
static uint8_t tcp_flags(const struct segmenter *s, bool is_first, bool is_last)
{
	uint8_t flags = s->headers[s->l4 + TCP_FLAGS_AT];

	if (!is_first)
		flags &= (uint8_t)~TCP_CWR;
	if (!is_last)
		flags &= (uint8_t) ~(TCP_FIN | TCP_PSH);
	return flags;
}

struct segmenter_own segmenter_write_common(const struct segmenter *s, uint8_t *out)
{
	const uint32_t l4 = l4_bytes(s, 0);
	struct segmenter_own own = {
		.has_id = s->ip_version == 4,
		.has_sequence = s->protocol == HEADERS_TCP,
		.l3 = in_wire(s, s->l3),
		.l4 = in_wire(s, s->l4),
		.piece_bytes = s->piece_bytes,
	};

	copy_headers(s, out);
	write_lengths(s, out, l4);
	write_sums(s, out, l4);
	if (own.has_id) {
		own.id = headers_read16(out + own.l3 + SEGMENTER_IPV4_ID_AT);
		own.ip_sum = add_to_ip_sum(s, out + own.l3, IPV4_TOTAL_AT);
	}
	if (own.has_sequence) {
		memcpy(&own.sequence, out + own.l4 + SEGMENTER_TCP_SEQUENCE_AT,
		       sizeof(own.sequence));
		own.sequence = ntohl(own.sequence);
		out[own.l4 + TCP_FLAGS_AT] = tcp_flags(s, false, false);
	}
	return own;
}

void segmenter_write_end(const struct segmenter *s, uint32_t i, uint8_t *out)
{
	const bool is_first = i == 0, is_last = i + 1 == s->pieces;
	const uint32_t l4 = l4_bytes(s, i);

	if (s->protocol == HEADERS_TCP)
		out[in_wire(s, s->l4) + TCP_FLAGS_AT] = tcp_flags(s, is_first, is_last);
	if (is_first)
		return; /* as long as those behind */
	write_lengths(s, out, l4);
	write_sums(s, out, l4);
}

void segmenter_write(const struct segmenter *s, uint32_t i, uint8_t *out)
{
	struct segmenter_own own;

	if (!s->has_segmentation) {
		copy_headers(s, out);
		write_sums(s, out, s->l4_len_bytes);
		return;
	}
	own = segmenter_write_common(s, out);
	segmenter_write_own(&own, i, out);
	if (i == 0 || i + 1 == s->pieces)
		segmenter_write_end(s, i, out);
}

void segmenter_complete(const struct segmenter *s, uint8_t *out, uint64_t payload_sum)
{
	uint8_t *start = out + s->checksum_start_bytes;
	const uint32_t header = s->wire_header_bytes - (uint32_t)s->checksum_start_bytes;
	uint16_t value = checksum_fold(payload_sum);

	if (header % 2) /* the payload's words straddle those of the whole */
		value = (uint16_t)(value << 8 | value >> 8);
	value = (uint16_t)~checksum_fold(checksum_add(value, start, header, 0));
	/* A UDP checksum of 0 means that there is none; 0xffff is the same number (RFC 768). */
	if (!value && s->protocol != HEADERS_TCP)
		value = 0xffff;
	memcpy(start + s->checksum_field_bytes, &value, sizeof(value));
}
