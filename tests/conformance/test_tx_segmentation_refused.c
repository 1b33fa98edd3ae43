// SPDX-License-Identifier: BSD-2-Clause
/* Packets that are to be cut and cannot be: each is completed and counted once, the packet behind it arrives,
 * and nothing of it is on the wire. */
#include "support/conformance.h"
#include "support/segment_rig.h"

enum { TCP = 6, UDP = 17, NEIGHBOUR = 1000, NEIGHBOUR_BYTES = 100 };

static struct segment_packet packet;

/* ---- What is wrong ------------------------------------------------------------------------------------ */

struct malformed {
	const char *what;
	uint8_t ip_version, protocol;
	void (*spoil)(struct net_tx_metadata *meta, struct segment_packet *p);
	enum net_xdp_counter counted;
};

static void mss_0(struct net_tx_metadata *meta, struct segment_packet *p)
{
	(void)p;
	meta->max_segment_bytes = 0;
}

static void mss_65535(struct net_tx_metadata *meta, struct segment_packet *p)
{
	(void)p;
	meta->max_segment_bytes = 65535;
}

static void mss_over_the_longest_frame(struct net_tx_metadata *meta, struct segment_packet *p)
{
	meta->max_segment_bytes =
		(uint16_t)(SEGMENT_RIG_LONGEST - p->l2_len - p->l3_len - p->l4_len + 1);
}

static void mss_1(struct net_tx_metadata *meta, struct segment_packet *p)
{
	(void)p;
	meta->max_segment_bytes = 1; /* more pieces than the rings hold */
}

static void l2_0(struct net_tx_metadata *meta, struct segment_packet *p)
{
	(void)p;
	meta->l2_len_bytes = 0;
}

static void l2_that_lies(struct net_tx_metadata *meta, struct segment_packet *p)
{
	(void)p;
	meta->l2_len_bytes += 4;
}

static void l3_that_lies(struct net_tx_metadata *meta, struct segment_packet *p)
{
	(void)p;
	meta->l3_len_bytes += 8;
}

static void l3_past_the_data(struct net_tx_metadata *meta, struct segment_packet *p)
{
	(void)p;
	meta->l3_len_bytes = 65535;
}

static void l4_0(struct net_tx_metadata *meta, struct segment_packet *p)
{
	(void)p;
	meta->l4_len_bytes = 0;
}

static void l4_that_lies(struct net_tx_metadata *meta, struct segment_packet *p)
{
	(void)p;
	meta->l4_len_bytes += 4;
}

static void other_protocol(struct net_tx_metadata *meta, struct segment_packet *p)
{
	(void)p;
	meta->flags ^= NET_TX_TCP_SEGMENTATION | NET_TX_UDP_SEGMENTATION;
	meta->l4_len_bytes = meta->flags & NET_TX_TCP_SEGMENTATION ? 20 : 8;
}

static void both_protocols(struct net_tx_metadata *meta, struct segment_packet *p)
{
	(void)p;
	meta->flags |= NET_TX_TCP_SEGMENTATION | NET_TX_UDP_SEGMENTATION;
}

static void other_version(struct net_tx_metadata *meta, struct segment_packet *p)
{
	(void)p;
	meta->flags ^= NET_TX_IPV4 | NET_TX_IPV6;
}

static void syn(struct net_tx_metadata *meta, struct segment_packet *p)
{
	(void)meta;
	p->bytes[p->l2_len + p->l3_len + 13] |= 0x02;
}

static void urg(struct net_tx_metadata *meta, struct segment_packet *p)
{
	(void)meta;
	p->bytes[p->l2_len + p->l3_len + 13] |= 0x20;
}

static void first_fragment(struct net_tx_metadata *meta, struct segment_packet *p)
{
	(void)meta;
	p->bytes[p->l2_len + 6] = 0x20;
}

static void last_fragment(struct net_tx_metadata *meta, struct segment_packet *p)
{
	(void)meta;
	p->bytes[p->l2_len + 7] = 1;
}

/* The first extension header is another one than options. */
static void fragment_header(struct net_tx_metadata *meta, struct segment_packet *p)
{
	(void)meta;
	p->bytes[p->l2_len + 6] = 44;
}

static void routing_header(struct net_tx_metadata *meta, struct segment_packet *p)
{
	(void)meta;
	p->bytes[p->l2_len + 6] = 43;
}

static void extension_past_the_headers(struct net_tx_metadata *meta, struct segment_packet *p)
{
	(void)meta;
	p->bytes[p->l2_len + 40 + 1] = 255;
}

static void ip_length(struct net_tx_metadata *meta, struct segment_packet *p)
{
	(void)meta;
	frame_write16(p->bytes, p->l2_len + (p->bytes[p->l2_len] >> 4 == 4 ? 2 : 4), 1234);
}

static void udp_length(struct net_tx_metadata *meta, struct segment_packet *p)
{
	(void)meta;
	frame_write16(p->bytes, p->l2_len + p->l3_len + 4, 1234);
}

static void cut_in_the_l4_header(struct net_tx_metadata *meta, struct segment_packet *p)
{
	meta->len_bytes = p->l2_len + p->l3_len + p->l4_len - 1;
}

static void cut_in_the_l2_header(struct net_tx_metadata *meta, struct segment_packet *p)
{
	(void)p;
	meta->len_bytes = 13;
}

static const struct malformed rows[] = {
	{"mss 0", 4, TCP, mss_0, NET_XDP_TX_DROP_OFFLOAD},
	{"mss 0", 6, UDP, mss_0, NET_XDP_TX_DROP_OFFLOAD},
	{"mss 65535", 4, TCP, mss_65535, NET_XDP_TX_DROP_OFFLOAD},
	{"mss 65535", 6, UDP, mss_65535, NET_XDP_TX_DROP_OFFLOAD},
	{"mss too long by 1", 4, TCP, mss_over_the_longest_frame, NET_XDP_TX_DROP_OFFLOAD},
	{"mss too long by 1", 6, UDP, mss_over_the_longest_frame, NET_XDP_TX_DROP_OFFLOAD},
	{"mss 1", 4, TCP, mss_1, NET_XDP_TX_DROP_SIZE},
	{"mss 1", 6, UDP, mss_1, NET_XDP_TX_DROP_SIZE},
	{"L2 length 0", 4, TCP, l2_0, NET_XDP_TX_DROP_OFFLOAD},
	{"L2 length", 4, TCP, l2_that_lies, NET_XDP_TX_DROP_OFFLOAD},
	{"L2 length", 6, UDP, l2_that_lies, NET_XDP_TX_DROP_OFFLOAD},
	{"L3 length", 4, UDP, l3_that_lies, NET_XDP_TX_DROP_OFFLOAD},
	{"L3 length", 6, TCP, l3_that_lies, NET_XDP_TX_DROP_OFFLOAD},
	{"L3 past the data", 4, TCP, l3_past_the_data, NET_XDP_TX_DROP_OFFLOAD},
	{"L3 past the data", 6, UDP, l3_past_the_data, NET_XDP_TX_DROP_OFFLOAD},
	{"L4 length 0", 4, TCP, l4_0, NET_XDP_TX_DROP_OFFLOAD},
	{"L4 length 0", 6, UDP, l4_0, NET_XDP_TX_DROP_OFFLOAD},
	{"L4 length", 4, TCP, l4_that_lies, NET_XDP_TX_DROP_OFFLOAD},
	{"L4 length", 6, UDP, l4_that_lies, NET_XDP_TX_DROP_OFFLOAD},
	{"UDP flag", 4, TCP, other_protocol, NET_XDP_TX_DROP_OFFLOAD},
	{"TCP flag", 6, UDP, other_protocol, NET_XDP_TX_DROP_OFFLOAD},
	{"both flags", 4, TCP, both_protocols, NET_XDP_TX_DROP_OFFLOAD},
	{"both flags", 6, UDP, both_protocols, NET_XDP_TX_DROP_OFFLOAD},
	{"flag of IPv6", 4, TCP, other_version, NET_XDP_TX_DROP_OFFLOAD},
	{"flag of IPv4", 6, TCP, other_version, NET_XDP_TX_DROP_OFFLOAD},
	{"SYN", 4, TCP, syn, NET_XDP_TX_DROP_OFFLOAD},
	{"SYN", 6, TCP, syn, NET_XDP_TX_DROP_OFFLOAD},
	{"URG", 4, TCP, urg, NET_XDP_TX_DROP_OFFLOAD},
	{"first fragment", 4, TCP, first_fragment, NET_XDP_TX_DROP_OFFLOAD},
	{"last fragment", 4, UDP, last_fragment, NET_XDP_TX_DROP_OFFLOAD},
	{"fragment header", 6, TCP, fragment_header, NET_XDP_TX_DROP_OFFLOAD},
	{"routing header", 6, UDP, routing_header, NET_XDP_TX_DROP_OFFLOAD},
	{"extension header", 6, TCP, extension_past_the_headers, NET_XDP_TX_DROP_OFFLOAD},
	{"IP length", 4, TCP, ip_length, NET_XDP_TX_DROP_OFFLOAD},
	{"IP length", 6, UDP, ip_length, NET_XDP_TX_DROP_OFFLOAD},
	{"UDP length", 4, UDP, udp_length, NET_XDP_TX_DROP_OFFLOAD},
	{"cut in the L4 header", 4, TCP, cut_in_the_l4_header, NET_XDP_TX_DROP_OFFLOAD},
	{"cut in the L4 header", 6, UDP, cut_in_the_l4_header, NET_XDP_TX_DROP_OFFLOAD},
	{"cut in the L2 header", 4, TCP, cut_in_the_l2_header, NET_XDP_TX_DROP_SIZE},
};

/* ---- What becomes of it ------------------------------------------------------------------------------- */

static uint64_t dropped(struct tx_rig *r)
{
	static const enum net_xdp_counter counters[] = {
		NET_XDP_TX_DROP_ADDRESS, NET_XDP_TX_DROP_MALFORMED, NET_XDP_TX_DROP_SIZE,
		NET_XDP_TX_DROP_OFFLOAD, NET_XDP_TX_DROP_SEALED,    NET_XDP_TX_LOST,
	};
	uint64_t sum = 0;

	for (uint32_t i = 0; i < sizeof(counters) / sizeof(*counters); i++)
		sum += tx_rig_counter(r, counters[i]);
	return sum;
}

/* The list is one packet: it goes nowhere, the neighbour behind it does. */
static void expect_refused(struct tx_rig *r, const char *what, enum net_xdp_counter why)
{
	const uint64_t before = tx_rig_counter(r, why), all = dropped(r);

	tx_rig_add(r, NEIGHBOUR, NEIGHBOUR_BYTES, 1);
	segment_rig_send(r);
	cr_assert_eq(tx_rig_counter(r, why), before + 1, "%s: %s is %llu, not %llu", what,
		     net_xdp_counter_name(why), (unsigned long long)tx_rig_counter(r, why),
		     (unsigned long long)before + 1);
	cr_assert_eq(dropped(r), all + 1, "%s: counted twice", what);
	segment_rig_expect_plain(r, NEIGHBOUR, NEIGHBOUR_BYTES);
	peer_expect_silence(&r->peer, 5);
	frontend_list_clear(&r->list);
}

// 71: malformed segmentation requests are dropped and counted, and cost nothing else
CASE(71, malformed_requests_cost_that_packet)
{
	struct net_tx_metadata asked;
	struct tx_rig r;

	segment_rig_start(&r, true, NET_XDP_TX_CHECKSUM_AUTO);
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct malformed *row = &rows[i];
		struct segment_spec spec =
			segment_plain(row->ip_version, row->protocol, 20000, 1000);

		if (row->ip_version == 6) {
			spec.extension_count = 1;
			spec.extensions[0] = (struct segment_extension){60, 1, {1, 4}};
		}
		segment_oracle_whole(&packet, &spec);
		asked = segment_request(&packet, &spec).meta;
		asked.id = i;
		row->spoil(&asked, &packet);
		segment_rig_add_bytes(&r, asked, &packet, 1 + i % 13);
		expect_refused(&r, row->what, row->counted);
	}
	tx_rig_expect_counter(&r, NET_XDP_TX_SEGMENTED, 0);
	tx_rig_expect_counter(&r, NET_XDP_TX_PACKETS, sizeof(rows) / sizeof(*rows));
	tx_rig_close(&r);
}

/* One byte more than IP's length can say, which is 0 here. */
CASE(71, packet_over_65535_bytes_is_dropped)
{
	struct net_tx_metadata asked;
	uint64_t bytes = 0;
	struct tx_rig r;

	segment_rig_start(&r, true, NET_XDP_TX_CHECKSUM_AUTO);
	for (uint32_t i = 0; i < 4; i++) {
		const uint8_t protocol = i % 2 ? UDP : TCP;
		struct segment_spec spec = segment_plain(i < 2 ? 4 : 6, protocol, 1, 1400);

		spec.payload_bytes = 65535 + 14 - segment_rig_headers(&spec) + 1;
		spec = segment_plain(spec.ip_version, protocol, spec.payload_bytes, 1400);
		segment_oracle_whole(&packet, &spec);
		segment_apply(&packet, &spec, SEGMENT_ZERO);
		asked = segment_request(&packet, &spec).meta;
		cr_assert_eq(asked.len_bytes, 65535 + 14 + 1);
		segment_rig_add_bytes(&r, asked, &packet, 3);
		expect_refused(&r, "a byte too long", NET_XDP_TX_DROP_SIZE);
		spec.payload_bytes--;
		segment_rig_add(&r, i, &spec, SEGMENT_ZERO, 3);
		segment_rig_send(&r);
		cr_assert_eq(segment_rig_expect(&r, i, &spec, &bytes), 47);
		frontend_list_clear(&r.list);
	}
	peer_expect_silence(&r.peer, 20);
	tx_rig_close(&r);
}

/* As many pieces as the ring has entries go, one more does not. */
CASE(71, packet_in_more_pieces_than_the_ring_holds_is_dropped)
{
	enum { ENTRIES = 32 };
	struct segment_spec spec = segment_plain(4, TCP, ENTRIES * 1000 + 1, 1000);
	uint64_t bytes = 0;
	struct tx_rig r;

	tx_rig_prepare(&r, 1, 1500);
	r.x.config.tx_ring_frames = r.x.config.completion_ring_frames = ENTRIES;
	r.x.config.tx_segment_here = true;
	tx_rig_start(&r, 1);
	segment_rig_add(&r, 1, &spec, SEGMENT_FULL, 2);
	expect_refused(&r, "a piece too many", NET_XDP_TX_DROP_SIZE);
	spec.payload_bytes--;
	segment_rig_add(&r, 2, &spec, SEGMENT_FULL, 2);
	segment_rig_send(&r);
	cr_assert_eq(segment_rig_expect(&r, 2, &spec, &bytes), ENTRIES);
	tx_rig_expect_counter(&r, NET_XDP_TX_SEGMENTS, ENTRIES);
	tx_rig_close(&r);
}

/* ---- What is not malformed ---------------------------------------------------------------------------- */

/* The packet in two segments, of which the first ends at a byte of the headers; last, with each byte of the
 * headers in a segment of its own. */
static void cut_headers(struct tx_rig *r, const struct segment_spec *spec)
{
	const uint32_t headers = segment_rig_headers(spec);
	uint64_t addr, bytes = 0;

	for (uint32_t first = 1; first <= headers + 1; first++) {
		const uint32_t step = first <= headers ? first : 1;
		struct net_tx_metadata *meta = frontend_list_packet(&r->list, first), asked;
		uint32_t at = 0;

		segment_oracle_whole(&packet, spec);
		segment_apply(&packet, spec, (enum segment_style)(first % SEGMENT_STYLES));
		asked = segment_request(&packet, spec).meta;
		do {
			addr = tx_rig_place(r, packet.bytes + at, step);
			frontend_list_segment(&r->list, addr, step);
			at += step;
		} while (first > headers && at < headers);
		addr = tx_rig_place(r, packet.bytes + at, packet.len - at);
		frontend_list_segment(&r->list, addr, packet.len - at);
		asked.id = first;
		asked.segment_count = meta->segment_count;
		*meta = asked;
		segment_rig_send(r);
		cr_assert_eq(segment_rig_expect(r, first, spec, &bytes), 3);
		frontend_list_clear(&r->list);
	}
}

CASE(71, headers_cut_at_every_byte_over_segments_are_not_malformed)
{
	struct segment_spec spec;
	struct tx_rig r;

	segment_rig_start(&r, true, NET_XDP_TX_CHECKSUM_AUTO);
	for (uint32_t i = 0; i < 4; i++) {
		spec = segment_plain(i < 2 ? 4 : 6, i % 2 ? UDP : TCP, 2500, 1000);
		spec.has_vlan = true;
		spec.vlan_tci = 7;
		if (spec.protocol == TCP)
			spec.tcp_options_bytes = 12;
		if (spec.ip_version == 6) {
			spec.extension_count = 1;
			spec.extensions[0] = (struct segment_extension){60, 1, {1, 4}};
		}
		cut_headers(&r, &spec);
	}
	peer_expect_silence(&r.peer, 20);
	cr_assert_eq(dropped(&r), 0);
	tx_rig_close(&r);
}
