// SPDX-License-Identifier: BSD-2-Clause
/* Transmit with requests: checksums and tags in software, and the requests that cannot be honoured.
 * What is right is computed by support/frame.c, one 16-bit word at a time. */
#include <stdio.h>
#include <string.h>

#include "support/conformance.h"
#include "support/tx_rig.h"

enum { TCP = 6, UDP = 17, ICMP = 1 };

#define ALL_CHECKSUMS (NET_TX_IP_CHECKSUM | NET_TX_TCP_CHECKSUM | NET_TX_UDP_CHECKSUM)

static void rig_start(struct tx_rig *r, bool unaligned)
{
	tx_rig_prepare(r, 1, fixture_is_veth() ? 2000 : 1500); /* veth needs room for two tags */
	r->x.config.unaligned = unaligned;
	r->x.config.private_tx_frames = 64;
	tx_rig_start(r, 1);
}

static uint16_t l4_flag(uint8_t protocol)
{
	return protocol == TCP ? NET_TX_TCP_CHECKSUM : NET_TX_UDP_CHECKSUM;
}

/* Queue the frame with wrong checksum fields and the request to fill them in. */
static struct net_tx_metadata *request(struct tx_rig *r, uint32_t id, const struct frame *right,
				       uint16_t flags, uint32_t segments, uint16_t garbage)
{
	struct frame wrong = *right;
	struct net_tx_metadata want = frame_metadata(right, id, flags), *meta;

	if ((flags & (NET_TX_TCP_CHECKSUM | NET_TX_UDP_CHECKSUM)) && right->l4_field)
		frame_write16(wrong.bytes, right->l4_field, garbage);
	if ((flags & NET_TX_IP_CHECKSUM) && right->ip_field)
		frame_write16(wrong.bytes, right->ip_field, garbage);
	meta = tx_rig_scatter(r, id, wrong.bytes, wrong.len, segments);
	want.segment_count = meta->segment_count;
	*meta = want;
	return meta;
}

/* Send what was queued, all of it, and check it against the right frame. */
static void expect(struct tx_rig *r, const struct frame *right, const char *what)
{
	uint8_t got[FRAME_MAX_BYTES];
	char why[FRAME_WHY_BYTES];

	tx_rig_send_all(r);
	for (uint32_t i = 0; i < r->list.packet_count; i++) {
		uint32_t n = peer_receive(&r->peer, got, sizeof(got), TX_RIG_WAIT_MS);

		cr_assert(n > 0, "%s, packet %u: nothing on the wire", what, i);
		cr_assert(frame_equal(got, n, right->bytes, right->len, why), "%s, packet %u: %s",
			  what, i, why);
		cr_assert(!r->peer.partial, "%s: the kernel thinks the checksum is open", what);
	}
	frontend_list_clear(&r->list);
}

/* One frame on every path: whole, in pieces, in more pieces than the kernel takes; the field before
 * empty, full of nonsense, and holding the pseudo-header's sum as a guest leaves it. */
static uint32_t every_path(struct tx_rig *r, const struct frame_spec *spec)
{
	static const uint32_t pieces[] = {1, 2, 3, 18, 19, 40};
	uint16_t before[3] = {0, 0xbeef, 0};
	struct frame right;
	char what[160];

	frame_build(&right, spec);
	before[2] = frame_pseudo_sum(&right);
	for (uint32_t i = 0; i < 18; i++)
		request(r, i, &right, l4_flag(spec->protocol), pieces[i % 6], before[i / 6]);
	snprintf(what, sizeof(what), "IPv%u protocol %u, %u tags, %u option bytes, %u of payload",
		 spec->ip_version, spec->protocol, spec->vlan_count, spec->ip_options_bytes,
		 spec->payload_bytes);
	expect(r, &right, what);
	return 18;
}

static void checksum_matrix(uint8_t ip_version, uint8_t protocol, bool unaligned)
{
	static const uint32_t payloads[] = {0, 1, 2, 31, 500, 1399};
	const uint8_t options[] = {0, ip_version == 4 ? 4 : 1, ip_version == 4 ? 40 : 3};
	uint32_t packets = 0;
	struct tx_rig r;

	rig_start(&r, unaligned);
	for (uint8_t tags = 0; tags <= 2; tags++) {
		for (uint32_t i = 0; i < 18; i++) {
			const struct frame_spec spec = {
				.ip_version = ip_version,
				.protocol = protocol,
				.source_port = (uint16_t)(1000 + i),
				.destination_port = 53,
				.vlans = {0x2064, 0x0007},
				.vlan_count = tags,
				.ip_options_bytes = options[i % 3],
				.payload_bytes = payloads[i / 3],
				.padding_bytes = i % 2 ? 5 : 0,
				.seed = 100 * tags + i,
			};

			packets += every_path(&r, &spec);
		}
	}
	tx_rig_expect_counter(&r, NET_XDP_TX_BOUNCE_CHECKSUM, packets);
	tx_rig_expect_counter(&r, NET_XDP_TX_DROP_OFFLOAD, 0);
	tx_rig_close(&r);
}

// 40: TCP/UDP checksum over v4/v6, inline VLAN, IP options: right on every path
CASE(40, tcp_over_ipv4_checksum_right_on_every_path)
{
	checksum_matrix(4, TCP, true);
}

CASE(40, udp_over_ipv4_checksum_right_on_every_path)
{
	checksum_matrix(4, UDP, true);
}

CASE(40, tcp_over_ipv6_checksum_right_on_every_path)
{
	checksum_matrix(6, TCP, true);
}

CASE(40, udp_over_ipv6_checksum_right_on_every_path)
{
	checksum_matrix(6, UDP, true);
}

CASE(40, udp_over_ipv4_checksum_right_with_aligned_chunks)
{
	checksum_matrix(4, UDP, false);
}

CASE(40, udp_checksum_that_comes_out_as_zero_is_sent_as_ffff)
{
	struct frame_spec spec = {.ip_version = 4, .protocol = UDP, .payload_bytes = 2};
	struct frame right;
	struct tx_rig r;

	rig_start(&r, true);
	for (spec.ip_version = 4; spec.ip_version <= 6; spec.ip_version += 2) {
		frame_build(&right, &spec);
		/* The payload that makes the sum complete. */
		frame_write16(right.bytes, right.len - 2, 0);
		frame_write16(right.bytes, right.len - 2, frame_l4_checksum(&right));
		frame_write16(right.bytes, right.l4_field, 0xffff);
		cr_assert_eq(frame_l4_checksum(&right), 0xffff);
		request(&r, 1, &right, NET_TX_UDP_CHECKSUM, 1, 0);
		request(&r, 2, &right, NET_TX_UDP_CHECKSUM, 5, 0x1234);
		expect(&r, &right, "UDP checksum 0");
	}
	tx_rig_close(&r);
}

CASE(40, jumbo_checksum_is_right_in_few_and_many_pieces)
{
	struct frame right;
	struct tx_rig r;

	NEEDS_VETH("frames over one chunk");
	tx_rig_prepare(&r, 1, 9000);
	r.x.config.max_frame_bytes = 9018;
	tx_rig_start(&r, 1);
	for (uint32_t i = 0; i < 40; i++) {
		const struct frame_spec spec = {
			.ip_version = i % 2 ? 4 : 6,
			.protocol = i % 4 < 2 ? TCP : UDP,
			.vlan_count = 1,
			.vlans = {5},
			.payload_bytes = 8900 - i * 97,
			.seed = i,
		};

		frame_build(&right, &spec);
		request(&r, i, &right, l4_flag(spec.protocol), 1 + i, 0xaaaa);
		expect(&r, &right, "jumbo");
	}
	tx_rig_close(&r);
}

// 41: IPv4 header checksum; guest TX memory identical afterwards
CASE(41, ipv4_header_checksum_is_filled_in_and_guest_memory_only_read)
{
	static const uint8_t protocols[] = {TCP, UDP, ICMP};
	struct frame right;
	struct tx_rig r;

	rig_start(&r, true);
	for (uint8_t options = 0; options <= 40; options += 4) {
		for (uint32_t i = 0; i < 9; i++) {
			uint8_t protocol = protocols[i % 3];
			const struct frame_spec spec = {
				.ip_version = 4,
				.protocol = protocol,
				.vlans = {9, 10},
				.vlan_count = (uint8_t)(i / 3),
				.ip_options_bytes = options,
				.payload_bytes = 100 + i,
				.seed = options + i,
			};
			uint16_t l4 = protocol == ICMP ? 0 : l4_flag(protocol);

			frame_build(&right, &spec);
			request(&r, 1, &right, NET_TX_IP_CHECKSUM, 1, 0);
			request(&r, 2, &right, NET_TX_IP_CHECKSUM, 7, 0xffff);
			request(&r, 3, &right, NET_TX_IP_CHECKSUM | l4, 1, 0x8001);
			request(&r, 4, &right, NET_TX_IP_CHECKSUM | l4, 30, 0x7fff);
			expect(&r, &right, "IPv4 header");
		}
	}
	/* tx_rig_close() compares too; here while the queue is alive. */
	cr_assert_eq(frontend_first_change(&r.x.f), 0, "the frontend's memory was written");
	tx_rig_close(&r);
}

/* The frame with a tag behind its addresses. */
static void insert_tag(struct frame *f, struct net_vlan vlan)
{
	memmove(f->bytes + 16, f->bytes + 12, f->len - 12);
	frame_write16(f->bytes, 12, 0x8100);
	/* 802.1Q: priority in the top three bits, then drop-eligible, then the identifier. */
	frame_write16(f->bytes, 14,
		      (uint16_t)(vlan.priority * 0x2000 + vlan.drop_eligible * 0x1000 + vlan.id));
	f->len += 4;
}

// 42: out-of-band VLAN inserted once
CASE(42, out_of_band_tag_is_inserted_once_in_front_of_inline_ones)
{
	struct tx_rig r;

	rig_start(&r, true);
	for (uint32_t i = 0; i < 24; i++) {
		const struct net_vlan vlan = net_vlan_from_tci((uint16_t)(0x10ff - i * 0x2b43));
		const struct frame_spec spec = {
			.ip_version = i % 2 ? 4 : 6,
			.protocol = i % 4 < 2 ? TCP : UDP,
			.vlans = {33, 44},
			.vlan_count = (uint8_t)(i % 3),
			.payload_bytes = i == 23 ? 1400 : i,
			.seed = i,
		};
		struct frame right, tagged;

		frame_build(&right, &spec);
		tagged = right;
		insert_tag(&tagged, vlan);
		request(&r, 1, &right, NET_TX_VLAN, 1, 0)->vlan_tci = net_vlan_tci(vlan);
		request(&r, 2, &right, NET_TX_VLAN, 25, 0)->vlan_tci = net_vlan_tci(vlan);
		request(&r, 3, &right, NET_TX_VLAN | l4_flag(spec.protocol), 3, 7)->vlan_tci =
			net_vlan_tci(vlan);
		expect(&r, &tagged, "tag");
	}
	tx_rig_expect_counter(&r, NET_XDP_TX_VLAN, 72);
	tx_rig_expect_counter(&r, NET_XDP_TX_BOUNCE_VLAN, 48);
	tx_rig_close(&r);
}

CASE(42, tag_on_the_smallest_and_largest_frame_and_ignored_without_the_flag)
{
	/* 16: the receiving kernel drops a tag that two bytes of payload do not follow. */
	static const uint32_t lengths[] = {16, 17, 1517, 1518};
	const struct net_vlan vlan = {.id = 100, .priority = 3};
	struct frame f, tagged;
	struct tx_rig r;

	rig_start(&r, false);
	for (uint32_t i = 0; i < 8; i++) {
		f.len = lengths[i % 4];
		frame_plain(f.bytes, f.len, i);
		tagged = f;
		if (i < 4)
			insert_tag(&tagged, vlan);
		for (uint32_t id = 0; id < 2; id++) {
			struct net_tx_metadata *meta =
				tx_rig_scatter(&r, id, f.bytes, f.len, 1 + id * 3);

			meta->flags = i < 4 ? NET_TX_VLAN : 0;
			meta->vlan_tci = net_vlan_tci(vlan);
		}
		expect(&r, &tagged, "limits");
	}
	tx_rig_close(&r);
}

/* Every packet of the list is completed, and none is on the wire. */
static void expect_dropped(struct tx_rig *r, enum net_xdp_counter why)
{
	uint32_t packets = r->list.packet_count;

	tx_rig_send_all(r);
	peer_expect_silence(&r->peer, 30);
	tx_rig_expect_counter(r, why, packets);
	tx_rig_expect_counter(r, NET_XDP_TX_PACKETS, 0);
	frontend_list_clear(&r->list);
}

static void udp_frame(struct frame *f, uint8_t ip_version)
{
	const struct frame_spec spec = {
		.ip_version = ip_version,
		.protocol = UDP,
		.payload_bytes = 100,
	};

	frame_build(f, &spec);
}

// 39: unadvertised offload: done in software or dropped, never a wrong checksum
CASE(39, segmentation_and_unknown_flags_are_not_offered_and_dropped)
{
	static const uint16_t flags[] = {
		NET_TX_TCP_SEGMENTATION,
		NET_TX_UDP_SEGMENTATION,
		NET_TX_UDP_SEGMENTATION | NET_TX_UDP_CHECKSUM | NET_TX_IP_CHECKSUM,
		1 << 8,
		1 << 15,
		(1 << 12) | NET_TX_VLAN,
	};
	struct net_endpoint_facts facts;
	struct frame f;
	struct tx_rig r;

	rig_start(&r, true);
	net_endpoint_facts(r.x.ep, &facts);
	udp_frame(&f, 4);
	for (uint32_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		cr_assert_neq(flags[i] & ~facts.tx_flags, 0, "0x%x is offered", flags[i]);
		request(&r, i, &f, flags[i], 1, 0);
		request(&r, i, &f, flags[i], 4, 0);
	}
	expect_dropped(&r, NET_XDP_TX_DROP_OFFLOAD);
	tx_rig_close(&r);
}

CASE(39, checksum_requests_that_the_headers_contradict_are_dropped)
{
	struct frame f;
	struct tx_rig r;

	rig_start(&r, true);
	udp_frame(&f, 4);
	request(&r, 1, &f, NET_TX_TCP_CHECKSUM, 1, 0); /* it is UDP */
	request(&r, 2, &f, NET_TX_UDP_CHECKSUM, 1, 0)->l3_len_bytes = 24;
	request(&r, 3, &f, NET_TX_UDP_CHECKSUM, 1, 0)->l3_len_bytes = UINT16_MAX;
	request(&r, 4, &f, NET_TX_UDP_CHECKSUM, 1, 0)->l2_len_bytes = 18;
	request(&r, 5, &f, NET_TX_UDP_CHECKSUM, 1, 0)->l2_len_bytes = UINT8_MAX;
	request(&r, 6, &f, NET_TX_UDP_CHECKSUM, 1, 0)->l2_len_bytes = 0;
	request(&r, 7, &f, NET_TX_UDP_CHECKSUM, 1, 0)->flags = NET_TX_UDP_CHECKSUM | NET_TX_IPV6;
	frame_write16(f.bytes, f.l2_len + f.l3_len + 4, 7); /* UDP's own length is impossible */
	request(&r, 8, &f, NET_TX_UDP_CHECKSUM, 1, 0);
	frame_write16(f.bytes, f.l2_len + f.l3_len + 4, 109);
	request(&r, 9, &f, NET_TX_UDP_CHECKSUM, 1, 0);
	udp_frame(&f, 4);
	frame_write16(f.bytes, f.l2_len + 6, 0x2000); /* a first fragment */
	request(&r, 10, &f, NET_TX_UDP_CHECKSUM, 1, 0);
	udp_frame(&f, 6);
	request(&r, 11, &f, NET_TX_IP_CHECKSUM, 1, 0); /* IPv6 has none */
	f.len = 50;				       /* ends within the IPv6 header */
	request(&r, 12, &f, NET_TX_UDP_CHECKSUM, 1, 0);
	expect_dropped(&r, NET_XDP_TX_DROP_OFFLOAD);
	tx_rig_close(&r);
}

/* Sealed, or without a private area, nothing can be written: nothing is offered either. */
static void nothing_offered(bool sealed)
{
	static const uint16_t flags[] = {NET_TX_UDP_CHECKSUM, NET_TX_IP_CHECKSUM, NET_TX_VLAN};
	struct net_endpoint_facts facts;
	struct frame f;
	struct tx_rig r;

	tx_rig_prepare(&r, 1, 1500);
	r.x.config.sealed = sealed;
	r.x.config.private_tx_frames = sealed ? 64 : 0;
	tx_rig_start(&r, 1);
	net_endpoint_facts(r.x.ep, &facts);
	cr_assert_eq(facts.tx_flags & (ALL_CHECKSUMS | NET_TX_VLAN), 0);
	udp_frame(&f, 4);
	for (uint32_t i = 0; i < 3; i++)
		request(&r, i, &f, flags[i], 1 + i, 0);
	expect_dropped(&r, NET_XDP_TX_DROP_SEALED);
	request(&r, 9, &f, 0, frontend_xdp_report(&r.x, 0).max_tx_descriptors < 4 ? 1 : 4, 0);
	expect(&r, &f, "a frame without requests");
	tx_rig_close(&r);
}

CASE(39, sealed_offers_no_checksum_and_no_tag_and_drops_them)
{
	nothing_offered(true);
}

CASE(39, without_private_frames_no_checksum_and_no_tag_is_offered)
{
	nothing_offered(false);
}
