// SPDX-License-Identifier: BSD-2-Clause
#include <arpa/inet.h>
#include <string.h>

#include "base/checksum.h"
#include "base/headers.h"

enum {
	TCP_CHECKSUM_AT = 16,
	UDP_CHECKSUM_AT = 6,
	LEAST_FRAME_BYTES = 60, /* shortest frame of Ethernet, without its FCS */
};

/* ---- The Internet checksum (RFC 1071) ----------------------------------------------------------- */

static uint64_t load64(const uint8_t *at)
{
	uint64_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}

static uint64_t halves(uint64_t v)
{
	return (v & 0xffffffff) + (v >> 32);
}

/*
 * Add len bytes to a sum of 16-bit words in memory order. Ones' complement addition gives the same
 * result in either byte order (RFC 1071, 2B) and 32 bits at a time. Carries collect in the upper half
 * of the sum, which has room for 2^31 additions. The loads may be unaligned.
 */
static uint64_t sum_bytes(uint64_t sum, const uint8_t *at, uint32_t len)
{
	uint64_t sum2 = 0;
	uint16_t word;
	uint32_t i = 0;

	/* Two sums: the additions to one do not wait for those to the other. */
	for (; i + 32 <= len; i += 32) {
		sum += halves(load64(at + i));
		sum2 += halves(load64(at + i + 8));
		sum += halves(load64(at + i + 16));
		sum2 += halves(load64(at + i + 24));
	}
	for (; i + 8 <= len; i += 8)
		sum += halves(load64(at + i));
	for (; i + 2 <= len; i += 2) {
		memcpy(&word, at + i, sizeof(word));
		sum += word;
	}
	if (i < len) {
		word = 0; /* an odd last byte is summed as if a zero byte followed */
		memcpy(&word, at + i, 1);
		sum += word;
	}
	return sum + sum2;
}

static uint16_t fold(uint64_t sum)
{
	sum = halves(sum);
	sum = halves(sum);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

uint64_t checksum_add(uint64_t sum, const uint8_t *at, uint32_t len, uint32_t before)
{
	uint16_t part;

	if (before % 2 == 0)
		return sum_bytes(sum, at, len);
	part = fold(sum_bytes(0, at, len));
	return sum + (uint16_t)(part << 8 | part >> 8);
}

uint16_t checksum_fold(uint64_t sum)
{
	return fold(sum);
}

/* ---- Where it is applied -------------------------------------------------------------------------- */

/* Return: the sum of the pseudo-header: addresses, protocol and length. */
static uint64_t pseudo_header_sum(const uint8_t *frame, const struct headers *h)
{
	const uint8_t *ip = frame + h->l3;
	uint64_t sum = (uint64_t)htons(h->protocol) + htons((uint16_t)h->l4_len_bytes);

	return h->ip_version == 4 ? sum + halves(load64(ip + 12)) : sum_bytes(sum, ip + 8, 32);
}

/* Return: offset of the checksum field in the transport header. */
static uint8_t field_at(const struct headers *h)
{
	return h->protocol == HEADERS_TCP ? TCP_CHECKSUM_AT : UDP_CHECKSUM_AT;
}

static uint8_t *l4_field(uint8_t *frame, const struct headers *h)
{
	return frame + h->l4 + field_at(h);
}

static void fill_l4(uint8_t *frame, const struct headers *h)
{
	uint8_t *field = l4_field(frame, h);
	uint16_t value = 0;

	memcpy(field, &value, sizeof(value));
	value = (uint16_t)~fold(
		sum_bytes(pseudo_header_sum(frame, h), frame + h->l4, h->l4_len_bytes));
	/* A UDP checksum of 0 means that there is none; 0xffff is the same number (RFC 768). */
	if (!value && h->protocol == HEADERS_UDP)
		value = 0xffff;
	memcpy(field, &value, sizeof(value));
}

/* Return: true if a sum up to the frame's end is the packet's: nothing but zeros is behind the packet. */
static bool ends_with_packet(const uint8_t *frame, uint32_t present, uint32_t len,
			     const struct headers *h)
{
	uint32_t at = h->l4 + h->l4_len_bytes;

	if (at < len && present < len)
		return false;
	for (; at < len; at++)
		if (frame[at])
			return false;
	return true;
}

static uint8_t inspect_l4(uint8_t *frame, uint32_t len, const struct headers *h,
			  enum checksum_source source, bool complete)
{
	uint64_t pseudo = pseudo_header_sum(frame, h);
	uint16_t field;

	memcpy(&field, l4_field(frame, h), sizeof(field));
	/* The sender computed no checksum. Over IPv6 only some tunnels may do that, so the receiver
	 * has to decide. */
	if (!field && h->protocol == HEADERS_UDP)
		return NET_CHECKSUM_UNKNOWN;
	if (fold(sum_bytes(pseudo, frame + h->l4, h->l4_len_bytes)) == 0xffff)
		return NET_CHECKSUM_GOOD;
	if (source == CHECKSUM_JOINED)
		return NET_CHECKSUM_UNKNOWN;
	if (source == CHECKSUM_WIRE || field != fold(pseudo))
		return NET_CHECKSUM_BAD;
	if (!complete)
		return ends_with_packet(frame, len, len, h) ? NET_CHECKSUM_PARTIAL
							    : NET_CHECKSUM_UNKNOWN;
	fill_l4(frame, h);
	return NET_CHECKSUM_GOOD;
}

/* Return: true if the frame goes on behind its packet for longer than the padding of a short frame.
 * Tags count on top of the shortest frame. */
static bool is_longer(const struct headers *h, uint32_t len)
{
	return len > h->l4 + h->l4_len_bytes &&
	       len > LEAST_FRAME_BYTES + h->l3 - HEADERS_ETHERNET_BYTES;
}

static uint8_t protocol_of(const struct headers *h)
{
	return h->protocol == HEADERS_TCP ? NET_L4_TCP : NET_L4_UDP;
}

static void tell_nothing(struct net_rx_metadata *out)
{
	out->ip_checksum = NET_CHECKSUM_UNKNOWN;
	out->l4_checksum = NET_CHECKSUM_UNKNOWN;
	out->l4_protocol = NET_L4_UNKNOWN;
}

static void tell_place(const struct headers *h, struct net_rx_metadata *out)
{
	out->checksum_start_bytes = (uint16_t)h->l4;
	out->checksum_field_bytes = field_at(h);
}

bool checksum_inspect(uint8_t *frame, uint32_t len, enum checksum_source source, bool complete,
		      struct net_rx_metadata *out)
{
	struct headers h = headers_find(frame, len, len);
	bool longer;

	tell_nothing(out);
	if (h.ip_version == 4)
		out->ip_checksum = fold(sum_bytes(0, frame + h.l3, h.l3_len_bytes)) == 0xffff
					   ? NET_CHECKSUM_GOOD
					   : NET_CHECKSUM_BAD;
	if (!h.protocol)
		return false;
	longer = is_longer(&h, len);
	out->l4_protocol = protocol_of(&h);
	if (source != CHECKSUM_JOINED || !longer)
		out->l4_checksum = inspect_l4(frame, len, &h, source, complete);
	if (out->l4_checksum == NET_CHECKSUM_PARTIAL)
		tell_place(&h, out);
	/* The frame may be several packets joined into one. Then nobody has sent its IP header, and
	 * the header's checksum says nothing. */
	if (source == CHECKSUM_JOINED && out->l4_checksum != NET_CHECKSUM_GOOD &&
	    out->ip_checksum == NET_CHECKSUM_GOOD)
		out->ip_checksum = NET_CHECKSUM_UNKNOWN;
	return longer;
}

bool checksum_partial(const uint8_t *frame, uint32_t present, uint32_t len,
		      struct net_rx_metadata *out)
{
	struct headers h = headers_find(frame, present, len);
	uint16_t field;

	tell_nothing(out);
	if (!h.protocol)
		return false;
	memcpy(&field, frame + h.l4 + field_at(&h), sizeof(field));
	if (field == fold(pseudo_header_sum(frame, &h)) &&
	    ends_with_packet(frame, present, len, &h)) {
		out->l4_checksum = NET_CHECKSUM_PARTIAL;
		out->l4_protocol = protocol_of(&h);
		tell_place(&h, out);
	}
	return is_longer(&h, len);
}
