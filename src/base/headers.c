// SPDX-License-Identifier: BSD-2-Clause
#include "base/headers.h"

enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_SERVICE_TAG = 0x88a8,
	IPV4_FRAGMENT = 0x3fff, /* mask of more-fragments and the fragment offset */
	IPV6_HOP_BY_HOP = 0,
	IPV6_DESTINATION_OPTIONS = 60,
	IPV6_EXTENSION_UNIT = 8,
	IPV6_EXTENSIONS = 8, /* longest chain of extension headers that is followed */
};

/* How many bytes may be read, and how long the frame is; both from the IP header on. */
struct bounds {
	uint32_t present;
	uint32_t len;
};

/* Note the transport header if it lies there whole, with a length that the packet really has. */
static inline void transport(const uint8_t *ip, struct bounds bounds, struct headers *h,
			     uint8_t protocol)
{
	uint32_t present = bounds.present - h->l3_len_bytes, udp_len;

	if (protocol == HEADERS_TCP && h->l4_len_bytes >= HEADERS_TCP_BYTES &&
	    present >= HEADERS_TCP_BYTES) {
		h->protocol = HEADERS_TCP;
	} else if (protocol == HEADERS_UDP && present >= HEADERS_UDP_BYTES) {
		/* A receiver computes the checksum over UDP's own length, which may end before the
		 * packet does. */
		udp_len = headers_read16(ip + h->l3_len_bytes + 4);
		if (udp_len < HEADERS_UDP_BYTES || udp_len > h->l4_len_bytes)
			return;
		h->l4_len_bytes = udp_len;
		h->protocol = HEADERS_UDP;
	}
}

static inline void ipv4(const uint8_t *ip, struct bounds bounds, struct headers *h)
{
	uint32_t header = (ip[0] & 0xfu) * 4, total;

	if (header < HEADERS_IPV4_BYTES || header > bounds.present)
		return;
	h->ip_version = 4;
	h->l3_len_bytes = header;
	h->l4 = h->l3 + header;
	total = headers_read16(ip + 2);
	if (total < header || total > bounds.len || headers_read16(ip + 6) & IPV4_FRAGMENT)
		return;
	h->l4_len_bytes = total - header;
	transport(ip, bounds, h, ip[9]);
}

static void ipv6(const uint8_t *ip, struct bounds bounds, struct headers *h)
{
	uint32_t header = HEADERS_IPV6_BYTES, total, left, extension;
	uint8_t next;

	if (bounds.present < HEADERS_IPV6_BYTES)
		return;
	h->ip_version = 6;
	h->l3_len_bytes = header;
	h->l4 = h->l3 + header;
	total = HEADERS_IPV6_BYTES + headers_read16(ip + 4);
	if (total > bounds.len)
		return;
	next = ip[6];
	for (int i = 0; i < IPV6_EXTENSIONS; i++) {
		if (next != IPV6_HOP_BY_HOP && next != IPV6_DESTINATION_OPTIONS)
			break;
		left = (total < bounds.present ? total : bounds.present) - header;
		if (left < IPV6_EXTENSION_UNIT)
			return;
		extension = (ip[header + 1] + 1u) * IPV6_EXTENSION_UNIT;
		if (left < extension)
			return;
		next = ip[header];
		header += extension;
	}
	h->l3_len_bytes = header;
	h->l4 = h->l3 + header;
	h->l4_len_bytes = total - header;
	transport(ip, bounds, h, next);
}

/* Look at the IP header at offset l3. */
static struct headers look_at(const uint8_t *frame, uint32_t present, uint32_t len, uint32_t l3)
{
	struct bounds bounds = {.present = present - l3, .len = len - l3};
	struct headers h = {.l3 = l3};

	if (l3 >= present || present > len)
		return h;
	if (frame[l3] >> 4 == 4)
		ipv4(frame + l3, bounds, &h);
	else if (frame[l3] >> 4 == 6)
		ipv6(frame + l3, bounds, &h);
	return h;
}

struct headers headers_find(const uint8_t *frame, uint32_t present, uint32_t len)
{
	const struct headers none = {0};
	uint32_t l3 = HEADERS_ETHERNET_BYTES;
	struct headers h;
	uint16_t type;

	if (present < HEADERS_ETHERNET_BYTES)
		return none;
	type = headers_read16(frame + l3 - 2);
	for (int tags = 0; tags < HEADERS_TAGS; tags++) {
		if (type != HEADERS_VLAN_TYPE && type != ETHERTYPE_SERVICE_TAG)
			break;
		l3 += HEADERS_VLAN_BYTES;
		if (present < l3)
			return none;
		type = headers_read16(frame + l3 - 2);
	}
	if (type != ETHERTYPE_IPV4 && type != ETHERTYPE_IPV6)
		return none;
	h = look_at(frame, present, len, l3);
	return h.ip_version == (type == ETHERTYPE_IPV4 ? 4 : 6) ? h : none;
}
