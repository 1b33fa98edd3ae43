// SPDX-License-Identifier: BSD-2-Clause
/* What is wrong with a packet that asks for checksums or segmentation. Lengths of the request are checked
 * against what was copied first; from then on each header is looked at inside of them. */
#include <arpa/inet.h>

#include "base/checksum.h"
#include "base/headers.h"
#include "base/segmenter.h"

enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_SERVICE_TAG = 0x88a8,
	IP_MAX_BYTES = 65535,
	IPV4_FRAGMENT = 0x3fff, /* mask of more-fragments and the fragment offset */
	IPV4_OPTION_END = 0,
	IPV4_OPTION_NONE = 1,
	IPV4_LOOSE_ROUTE = 0x83,
	IPV4_STRICT_ROUTE = 0x89,
	IPV6_HOP_BY_HOP = 0,
	IPV6_ROUTING = 43,
	IPV6_FRAGMENT = 44,
	IPV6_ESP = 50,
	IPV6_AUTHENTICATION = 51,
	IPV6_DESTINATION_OPTIONS = 60,
	IPV6_MOBILITY = 135,
	IPV6_HOST_IDENTITY = 139,
	IPV6_SHIM6 = 140,
	IPV6_OPTION_PAD = 0, /* the only one without a length */
	IPV6_JUMBOGRAM = 0xc2,
	IPV6_HOME_ADDRESS = 0xc9,
	IPV6_EXTENSION_UNIT = 8,
	TCP_CHECKSUM_AT = 16,
	TCP_OFFSET_AT = 12,
	TCP_FLAGS_AT = 13,
	TCP_SYN = 0x02,
	TCP_URG = 0x20,
	UDP_LENGTH_AT = 4,
	UDP_CHECKSUM_AT = 6,
};

enum {
	TCP_FLAGS = NET_TX_TCP_CHECKSUM | NET_TX_TCP_SEGMENTATION,
	UDP_FLAGS = NET_TX_UDP_CHECKSUM | NET_TX_UDP_SEGMENTATION,
	SEGMENTATION_FLAGS = NET_TX_TCP_SEGMENTATION | NET_TX_UDP_SEGMENTATION,
	IP_FLAGS = TCP_FLAGS | UDP_FLAGS | NET_TX_IP_CHECKSUM,
};

uint32_t segmenter_header_bytes(const struct net_tx_metadata *meta)
{
	const uint32_t l4 = (uint32_t)meta->l2_len_bytes + meta->l3_len_bytes;
	uint32_t end;

	if (meta->flags & SEGMENTATION_FLAGS)
		return l4 + meta->l4_len_bytes;
	if (meta->flags & TCP_FLAGS)
		return l4 + HEADERS_TCP_BYTES;
	if (meta->flags & UDP_FLAGS)
		return l4 + HEADERS_UDP_BYTES;
	end = meta->flags & NET_TX_IP_CHECKSUM ? l4 : HEADERS_ETHERNET_BYTES;
	if (meta->flags & NET_TX_PARTIAL_CHECKSUM &&
	    end < meta->checksum_start_bytes + meta->checksum_field_bytes + 2u)
		end = meta->checksum_start_bytes + meta->checksum_field_bytes + 2u;
	return end;
}

/* ---- The request, before a header is looked at ------------------------------------------------------ */

static enum segmenter_verdict judge_sizes(const struct segmenter *s, uint32_t present,
					  const struct net_tx_metadata *meta, uint32_t header,
					  uint32_t max_frame_bytes)
{
	const uint32_t tag = s->has_tag ? HEADERS_VLAN_BYTES : 0;

	if (header > meta->len_bytes)
		return SEGMENTER_CUT;
	if (header + tag > SEGMENTER_HEADERS_MAX)
		return SEGMENTER_HEADERS_LONG;
	if (header > present)
		return SEGMENTER_CUT;
	if (meta->flags & IP_FLAGS && meta->l2_len_bytes < HEADERS_ETHERNET_BYTES)
		return SEGMENTER_L2;
	if (!s->has_segmentation)
		return meta->len_bytes > max_frame_bytes ? SEGMENTER_FRAME_LONG : SEGMENTER_OK;
	return meta->len_bytes > (uint32_t)IP_MAX_BYTES + meta->l2_len_bytes ? SEGMENTER_TOTAL_LONG
									     : SEGMENTER_OK;
}

static enum segmenter_verdict judge_mss(const struct net_tx_metadata *meta, uint32_t header,
					uint32_t max_frame_bytes)
{
	uint32_t longest = meta->len_bytes - header;

	if (!meta->max_segment_bytes)
		return SEGMENTER_MSS_ZERO;
	if (longest > meta->max_segment_bytes)
		longest = meta->max_segment_bytes;
	return header + longest > max_frame_bytes ? SEGMENTER_MSS_LONG : SEGMENTER_OK;
}

/* ---- Headers: each returns the first fault ------------------------------------------------------------ */

/* Behind anything but Ethernet and tags there are other headers whose lengths segmentation would have to
 * change. */
static enum segmenter_verdict judge_l2(const uint8_t *headers, uint32_t l2_len, uint8_t version)
{
	uint32_t at = HEADERS_ETHERNET_BYTES;
	uint16_t type = headers_read16(headers + at - 2);

	while (at + HEADERS_VLAN_BYTES <= l2_len &&
	       (type == HEADERS_VLAN_TYPE || type == ETHERTYPE_SERVICE_TAG)) {
		at += HEADERS_VLAN_BYTES;
		type = headers_read16(headers + at - 2);
	}
	if (at != l2_len || type != (version == 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6))
		return SEGMENTER_L2;
	return SEGMENTER_OK;
}

/* Segments would be routed like the packet, but the checksum of TCP and UDP covers the last destination
 * (RFC 1122, 4.1.3.4). */
static bool is_source_routed(const uint8_t *ip, uint32_t l3_len)
{
	for (uint32_t at = HEADERS_IPV4_BYTES; at < l3_len && ip[at] != IPV4_OPTION_END;) {
		if (ip[at] == IPV4_LOOSE_ROUTE || ip[at] == IPV4_STRICT_ROUTE)
			return true;
		if (ip[at] == IPV4_OPTION_NONE)
			at++;
		else if (at + 1 < l3_len && ip[at + 1] >= 2)
			at += ip[at + 1];
		else
			break;
	}
	return false;
}

static enum segmenter_verdict walk_ipv4(const uint8_t *ip, uint32_t l3_len, uint8_t *protocol)
{
	*protocol = ip[9];
	if (headers_read16(ip + 6) & IPV4_FRAGMENT)
		return SEGMENTER_FRAGMENT;
	return is_source_routed(ip, l3_len) ? SEGMENTER_OPTION : SEGMENTER_OK;
}

/* Of a hop-by-hop or destination options header. The home address is summed instead of the source (RFC
 * 6275, 11.3.1). A jumbogram has its length in an option (RFC 2675). */
static bool has_refused_option(const uint8_t *extension, uint32_t len)
{
	for (uint32_t at = 2; at < len;) {
		if (extension[at] == IPV6_JUMBOGRAM || extension[at] == IPV6_HOME_ADDRESS)
			return true;
		if (extension[at] == IPV6_OPTION_PAD)
			at++;
		else if (at + 1 < len)
			at += 2u + extension[at + 1];
		else
			break;
	}
	return false;
}

/* What it means that the walk over extension headers ended at this one. */
static enum segmenter_verdict judge_next(uint8_t next)
{
	switch (next) {
	case IPV6_FRAGMENT:
		return SEGMENTER_FRAGMENT;
	case IPV6_ROUTING:
	case IPV6_ESP:
	case IPV6_AUTHENTICATION:
	case IPV6_MOBILITY:
	case IPV6_HOST_IDENTITY:
	case IPV6_SHIM6:
		return SEGMENTER_EXTENSION;
	case IPV6_HOP_BY_HOP:
	case IPV6_DESTINATION_OPTIONS:
		return SEGMENTER_L3; /* the request says that the transport header follows */
	default:
		return SEGMENTER_OK;
	}
}

static enum segmenter_verdict walk_ipv6(const uint8_t *ip, uint32_t l3_len, uint8_t *protocol)
{
	uint32_t at = HEADERS_IPV6_BYTES, extension;
	enum segmenter_verdict verdict;
	uint8_t next = ip[6];

	while (at < l3_len && (next == IPV6_HOP_BY_HOP || next == IPV6_DESTINATION_OPTIONS)) {
		if (l3_len - at < IPV6_EXTENSION_UNIT)
			return SEGMENTER_L3;
		extension = (ip[at + 1] + 1u) * IPV6_EXTENSION_UNIT;
		if (extension > l3_len - at)
			return SEGMENTER_L3;
		if (has_refused_option(ip + at, extension))
			return SEGMENTER_OPTION;
		next = ip[at];
		at += extension;
	}
	*protocol = next;
	verdict = judge_next(next);
	return verdict == SEGMENTER_OK && at < l3_len ? SEGMENTER_L3 : verdict;
}

static enum segmenter_verdict judge_l3(struct segmenter *s, const struct net_tx_metadata *meta)
{
	const uint8_t *ip = s->headers + s->l3;

	if (meta->l3_len_bytes < HEADERS_IPV4_BYTES)
		return SEGMENTER_L3;
	s->ip_version = ip[0] >> 4;
	if ((s->ip_version != 4 && s->ip_version != 6) ||
	    (meta->flags & NET_TX_IPV4 && s->ip_version != 4) ||
	    (meta->flags & NET_TX_IPV6 && s->ip_version != 6) ||
	    (meta->flags & NET_TX_IP_CHECKSUM && s->ip_version != 4 && !s->has_segmentation))
		return SEGMENTER_VERSION;
	if (s->ip_version == 4 ? (ip[0] & 0xfu) * 4 != meta->l3_len_bytes
			       : meta->l3_len_bytes < HEADERS_IPV6_BYTES)
		return SEGMENTER_L3;
	return s->has_segmentation ? judge_l2(s->headers, s->l3, s->ip_version) : SEGMENTER_OK;
}

/* The length in the IP header: of a packet that is to be segmented 0 or the packet's; else the packet may
 * end in padding, and the length says where. */
static enum segmenter_verdict judge_length(struct segmenter *s, uint32_t l4_header)
{
	const uint8_t *ip = s->headers + s->l3;
	const uint32_t have = s->len_bytes - s->l3, l3_len = s->l4 - (uint32_t)s->l3;
	const uint16_t field = headers_read16(ip + (s->ip_version == 4 ? 2 : 4));
	const uint32_t told = s->ip_version == 4 ? field : HEADERS_IPV6_BYTES + field;

	s->l4_len_bytes = (s->has_segmentation ? have : told) - l3_len;
	if (s->has_segmentation)
		return field && told != have ? SEGMENTER_LENGTH : SEGMENTER_OK;
	return told > have || told < l3_len + l4_header ? SEGMENTER_LENGTH : SEGMENTER_OK;
}

static enum segmenter_verdict judge_tcp(struct segmenter *s, const struct net_tx_metadata *meta)
{
	const uint8_t *tcp = s->headers + s->l4;

	if (!s->has_segmentation)
		return SEGMENTER_OK;
	if ((tcp[TCP_OFFSET_AT] >> 4) * 4 != meta->l4_len_bytes)
		return SEGMENTER_L4;
	return tcp[TCP_FLAGS_AT] & (TCP_SYN | TCP_URG) ? SEGMENTER_TCP_FLAGS : SEGMENTER_OK;
}

static enum segmenter_verdict judge_udp(struct segmenter *s)
{
	const uint16_t told = headers_read16(s->headers + s->l4 + UDP_LENGTH_AT);

	if (s->has_segmentation)
		return told && told != s->l4_len_bytes ? SEGMENTER_LENGTH : SEGMENTER_OK;
	if (told < HEADERS_UDP_BYTES || told > s->l4_len_bytes)
		return SEGMENTER_LENGTH;
	s->l4_len_bytes = told; /* UDP's own length says what is summed */
	return SEGMENTER_OK;
}

static enum segmenter_verdict judge_l4(struct segmenter *s, const struct net_tx_metadata *meta)
{
	const bool tcp = meta->flags & TCP_FLAGS;
	const uint32_t least = tcp ? HEADERS_TCP_BYTES : HEADERS_UDP_BYTES;
	enum segmenter_verdict verdict;
	uint8_t protocol = 0;

	if (tcp && meta->flags & UDP_FLAGS)
		return SEGMENTER_PROTOCOL;
	verdict = s->ip_version == 4 ? walk_ipv4(s->headers + s->l3, meta->l3_len_bytes, &protocol)
				     : walk_ipv6(s->headers + s->l3, meta->l3_len_bytes, &protocol);
	if (verdict)
		return verdict;
	if (protocol != (tcp ? HEADERS_TCP : HEADERS_UDP))
		return SEGMENTER_PROTOCOL;
	if (s->has_segmentation &&
	    (tcp ? meta->l4_len_bytes < least : meta->l4_len_bytes != HEADERS_UDP_BYTES))
		return SEGMENTER_L4;
	s->protocol = protocol;
	verdict = judge_length(s, least);
	if (verdict)
		return verdict;
	return tcp ? judge_tcp(s, meta) : judge_udp(s);
}

/* ---- What is known for all wire packets ----------------------------------------------------------------- */

static enum segmenter_verdict place_checksum(struct segmenter *s,
					     const struct net_tx_metadata *meta)
{
	uint32_t start = s->protocol ? s->l4 : meta->checksum_start_bytes;
	uint16_t field = meta->checksum_field_bytes;

	s->has_checksum = s->protocol || meta->flags & NET_TX_PARTIAL_CHECKSUM;
	if (!s->has_checksum)
		return SEGMENTER_OK;
	if (s->protocol)
		field = s->protocol == HEADERS_TCP ? TCP_CHECKSUM_AT : UDP_CHECKSUM_AT;
	if (meta->flags & NET_TX_PARTIAL_CHECKSUM &&
	    (meta->checksum_start_bytes != start || meta->checksum_field_bytes != field))
		return SEGMENTER_CHECKSUM_PLACE;
	if (start < HEADERS_ETHERNET_BYTES)
		return SEGMENTER_CHECKSUM_PLACE;
	s->checksum_start_bytes = (uint16_t)(start + s->wire_header_bytes - s->header_bytes);
	s->checksum_field_bytes = field;
	return SEGMENTER_OK;
}

static void prepare_sums(struct segmenter *s)
{
	const uint8_t *ip = s->headers + s->l3;
	uint64_t sum;

	if (s->has_ip_checksum) {
		sum = checksum_add(0, ip, 2, 0);
		sum = checksum_add(sum, ip + 6, 4, 0);
		sum = checksum_add(sum, ip + 12, s->l4 - s->l3 - 12u, 0);
		s->ip_sum = checksum_fold(sum);
	}
	if (s->protocol) {
		sum = htons(s->protocol);
		sum = s->ip_version == 4 ? checksum_add(sum, ip + 12, 8, 0)
					 : checksum_add(sum, ip + 8, 32, 0);
		s->pseudo_sum = checksum_fold(sum);
	}
}

static void count_pieces(struct segmenter *s, const struct net_tx_metadata *meta)
{
	const uint32_t payload = s->len_bytes - s->header_bytes;

	s->pieces = 1;
	s->piece_bytes = payload;
	if (!s->has_segmentation)
		return;
	s->piece_bytes = meta->max_segment_bytes;
	if (payload > s->piece_bytes)
		s->pieces = (payload + s->piece_bytes - 1) / s->piece_bytes;
}

enum segmenter_verdict segmenter_judge(struct segmenter *s, const uint8_t *headers,
				       uint32_t present, const struct net_tx_metadata *meta,
				       uint32_t max_frame_bytes)
{
	const uint32_t header = segmenter_header_bytes(meta);
	enum segmenter_verdict verdict;

	*s = (struct segmenter){
		.headers = headers,
		.len_bytes = meta->len_bytes,
		.l3 = meta->l2_len_bytes,
		.l4 = (uint16_t)(meta->l2_len_bytes + meta->l3_len_bytes),
		.vlan_tci = meta->vlan_tci,
		.has_tag = meta->flags & NET_TX_VLAN,
		.has_segmentation = meta->flags & SEGMENTATION_FLAGS,
	};
	verdict = judge_sizes(s, present, meta, header, max_frame_bytes);
	if (!verdict && s->has_segmentation)
		verdict = judge_mss(meta, header, max_frame_bytes);
	if (!verdict && meta->flags & IP_FLAGS)
		verdict = judge_l3(s, meta);
	if (!verdict && meta->flags & (TCP_FLAGS | UDP_FLAGS))
		verdict = judge_l4(s, meta);
	if (verdict)
		return verdict;
	s->header_bytes = (uint16_t)header;
	s->wire_header_bytes = (uint16_t)(header + (s->has_tag ? HEADERS_VLAN_BYTES : 0));
	s->has_ip_checksum =
		s->ip_version == 4 && (s->has_segmentation || meta->flags & NET_TX_IP_CHECKSUM);
	prepare_sums(s);
	count_pieces(s, meta);
	return place_checksum(s, meta);
}
