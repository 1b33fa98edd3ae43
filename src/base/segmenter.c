// SPDX-License-Identifier: BSD-2-Clause
#include <arpa/inet.h>
#include <string.h>

#include "base/checksum.h"
#include "base/headers.h"
#include "base/segmenter.h"

enum {
	MACS_BYTES = 12,
	IPV4_TOTAL_AT = 2,
	IPV4_ID_AT = 4,
	IPV4_CHECKSUM_AT = 10,
	IPV6_PAYLOAD_AT = 4,
	TCP_SEQUENCE_AT = 4,
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

/* Copy the headers. Return: where the copy of the packet's first byte would be if the bytes behind the
 * MAC addresses had not moved: offsets behind these are right from there. */
static uint8_t *copy_headers(const struct segmenter *s, uint8_t *out)
{
	if (!s->has_tag) {
		memcpy(out, s->headers, s->header_bytes);
		return out;
	}
	memcpy(out, s->headers, MACS_BYTES);
	headers_write16(out + MACS_BYTES, HEADERS_VLAN_TYPE);
	headers_write16(out + MACS_BYTES + 2, s->vlan_tci);
	memcpy(out + MACS_BYTES + HEADERS_VLAN_BYTES, s->headers + MACS_BYTES,
	       s->header_bytes - (uint32_t)MACS_BYTES);
	return out + HEADERS_VLAN_BYTES;
}

/* The sum of the IPv4 header is known but for what differs from piece to piece. */
static void fill_ipv4_checksum(const struct segmenter *s, uint8_t *ip)
{
	uint16_t total, id, value;

	memcpy(&total, ip + IPV4_TOTAL_AT, sizeof(total));
	memcpy(&id, ip + IPV4_ID_AT, sizeof(id));
	value = (uint16_t)~fold_words((uint32_t)s->ip_sum + total + id);
	memcpy(ip + IPV4_CHECKSUM_AT, &value, sizeof(value));
}

static void change_ip(const struct segmenter *s, uint32_t i, uint8_t *ip, uint32_t l4_bytes)
{
	const uint32_t l3_bytes = s->l4 - (uint32_t)s->l3;

	if (s->ip_version == 4) {
		headers_write16(ip + IPV4_TOTAL_AT, (uint16_t)(l3_bytes + l4_bytes));
		headers_write16(ip + IPV4_ID_AT, (uint16_t)(headers_read16(ip + IPV4_ID_AT) + i));
	} else {
		headers_write16(ip + IPV6_PAYLOAD_AT,
				(uint16_t)(l3_bytes - HEADERS_IPV6_BYTES + l4_bytes));
	}
}

static void change_tcp(const struct segmenter *s, uint32_t i, uint8_t *tcp)
{
	uint32_t sequence;

	memcpy(&sequence, tcp + TCP_SEQUENCE_AT, sizeof(sequence));
	sequence = htonl(ntohl(sequence) + i * s->piece_bytes);
	memcpy(tcp + TCP_SEQUENCE_AT, &sequence, sizeof(sequence));
	/* The sender's window was reduced once (RFC 3168, 6.1.2). */
	if (i > 0)
		tcp[TCP_FLAGS_AT] &= (uint8_t)~TCP_CWR;
	if (i + 1 < s->pieces)
		tcp[TCP_FLAGS_AT] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
}

void segmenter_write(const struct segmenter *s, uint32_t i, uint8_t *out)
{
	uint8_t *packet = copy_headers(s, out), *l4 = packet + s->l4;
	uint32_t l4_bytes = s->l4_len_bytes;
	uint16_t value;

	if (s->has_segmentation) {
		l4_bytes = s->header_bytes - (uint32_t)s->l4 + payload_bytes(s, payload_at(s, i));
		change_ip(s, i, packet + s->l3, l4_bytes);
		if (s->protocol == HEADERS_TCP)
			change_tcp(s, i, l4);
		else
			headers_write16(l4 + UDP_LENGTH_AT, (uint16_t)l4_bytes);
	}
	if (s->has_ip_checksum)
		fill_ipv4_checksum(s, packet + s->l3);
	/* A checksum asked for by place alone has the pseudo-header's sum in its field. */
	if (s->has_checksum && s->protocol) {
		value = fold_words((uint32_t)s->pseudo_sum + htons((uint16_t)l4_bytes));
		memcpy(l4 + s->checksum_field_bytes, &value, sizeof(value));
	}
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
