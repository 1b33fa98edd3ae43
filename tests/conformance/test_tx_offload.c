// SPDX-License-Identifier: BSD-2-Clause
/* Transmit with requests: checksums and tags in software.
 * What is right is computed by support/frame.c, one 16-bit word at a time. */
#include <stdio.h>
#include <string.h>

#include "support/conformance.h"
#include "support/tx_request.h"

enum { TCP = 6, UDP = 17, ICMP = 1 };

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
		tx_request(r, i, &right, tx_request_l4_flag(spec->protocol), pieces[i % 6],
			   before[i / 6]);
	snprintf(what, sizeof(what), "IPv%u protocol %u, %u tags, %u option bytes, %u of payload",
		 spec->ip_version, spec->protocol, spec->vlan_count, spec->ip_options_bytes,
		 spec->payload_bytes);
	tx_request_expect(r, &right, what);
	return 18;
}

/* Does the kernel add up? */
static bool asks(struct tx_rig *r)
{
	return strncmp(frontend_xdp_report(&r->x, 0).tx_checksum_state, "kernel", 6) == 0;
}

static void checksum_matrix(uint8_t ip_version, uint8_t protocol, bool unaligned,
			    enum net_xdp_tx_checksum by)
{
	static const uint32_t payloads[] = {0, 1, 2, 31, 500, 1399};
	const uint8_t options[] = {0, ip_version == 4 ? 4 : 1, ip_version == 4 ? 40 : 3};
	uint32_t packets = 0;
	struct tx_rig r;

	tx_request_start(&r, unaligned, by);
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
	cr_assert_eq(tx_rig_counter(&r, NET_XDP_TX_SUM_ASKED) +
			     tx_rig_counter(&r, NET_XDP_TX_SUM_MADE),
		     packets);
	/* padding is no part of the sum, and is in half of them */
	tx_rig_expect_counter(&r, NET_XDP_TX_SUM_ASKED, asks(&r) && unaligned ? packets / 2 : 0);
	tx_rig_expect_counter(&r, NET_XDP_TX_DIRECT, 0);
	tx_rig_expect_counter(&r, NET_XDP_TX_DROP_OFFLOAD, 0);
	tx_rig_close(&r);
}

// 40: TCP/UDP checksum over v4/v6, inline VLAN, IP options: right on every path
CASE(40, tcp_over_ipv4_checksum_right_on_every_path)
{
	checksum_matrix(4, TCP, true, NET_XDP_TX_CHECKSUM_SOFTWARE);
}

CASE(69, tcp_over_ipv4_checksum_is_the_same_whoever_adds_it_up)
{
	checksum_matrix(4, TCP, true, NET_XDP_TX_CHECKSUM_AUTO);
}

CASE(40, udp_over_ipv4_checksum_right_on_every_path)
{
	checksum_matrix(4, UDP, true, NET_XDP_TX_CHECKSUM_SOFTWARE);
}

CASE(69, udp_over_ipv4_checksum_is_the_same_whoever_adds_it_up)
{
	checksum_matrix(4, UDP, true, NET_XDP_TX_CHECKSUM_AUTO);
}

CASE(40, tcp_over_ipv6_checksum_right_on_every_path)
{
	checksum_matrix(6, TCP, true, NET_XDP_TX_CHECKSUM_SOFTWARE);
}

CASE(69, tcp_over_ipv6_checksum_is_the_same_whoever_adds_it_up)
{
	checksum_matrix(6, TCP, true, NET_XDP_TX_CHECKSUM_AUTO);
}

CASE(40, udp_over_ipv6_checksum_right_on_every_path)
{
	checksum_matrix(6, UDP, true, NET_XDP_TX_CHECKSUM_SOFTWARE);
}

CASE(69, udp_over_ipv6_checksum_is_the_same_whoever_adds_it_up)
{
	checksum_matrix(6, UDP, true, NET_XDP_TX_CHECKSUM_AUTO);
}

CASE(40, udp_over_ipv4_checksum_right_with_aligned_chunks)
{
	checksum_matrix(4, UDP, false, NET_XDP_TX_CHECKSUM_AUTO);
}

CASE(40, udp_checksum_that_comes_out_as_zero_is_sent_as_ffff)
{
	struct frame_spec spec = {.ip_version = 4, .protocol = UDP, .payload_bytes = 2};
	struct frame right;
	struct tx_rig r;

	tx_request_start(&r, true, NET_XDP_TX_CHECKSUM_AUTO);
	for (spec.ip_version = 4; spec.ip_version <= 6; spec.ip_version += 2) {
		frame_build(&right, &spec);
		/* The payload that makes the sum complete. */
		frame_write16(right.bytes, right.len - 2, 0);
		frame_write16(right.bytes, right.len - 2, frame_l4_checksum(&right));
		frame_write16(right.bytes, right.l4_field, 0xffff);
		cr_assert_eq(frame_l4_checksum(&right), 0xffff);
		tx_request(&r, 1, &right, NET_TX_UDP_CHECKSUM, 1, 0);
		tx_request(&r, 2, &right, NET_TX_UDP_CHECKSUM, 5, 0x1234);
		tx_request_expect(&r, &right, "UDP checksum 0");
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
		tx_request(&r, i, &right, tx_request_l4_flag(spec.protocol), 1 + i, 0xaaaa);
		tx_request_expect(&r, &right, "jumbo");
	}
	tx_rig_close(&r);
}

// 41: IPv4 header checksum; guest TX memory identical afterwards
CASE(41, ipv4_header_checksum_is_filled_in_and_guest_memory_only_read)
{
	static const uint8_t protocols[] = {TCP, UDP, ICMP};
	struct frame right;
	struct tx_rig r;

	tx_request_start(&r, true, NET_XDP_TX_CHECKSUM_AUTO);
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
			uint16_t l4 = protocol == ICMP ? 0 : tx_request_l4_flag(protocol);

			frame_build(&right, &spec);
			tx_request(&r, 1, &right, NET_TX_IP_CHECKSUM, 1, 0);
			tx_request(&r, 2, &right, NET_TX_IP_CHECKSUM, 7, 0xffff);
			tx_request(&r, 3, &right, NET_TX_IP_CHECKSUM | l4, 1, 0x8001);
			tx_request(&r, 4, &right, NET_TX_IP_CHECKSUM | l4, 30, 0x7fff);
			tx_request_expect(&r, &right, "IPv4 header");
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

	tx_request_start(&r, true, NET_XDP_TX_CHECKSUM_AUTO);
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
		tx_request(&r, 1, &right, NET_TX_VLAN, 1, 0)->vlan_tci = net_vlan_tci(vlan);
		tx_request(&r, 2, &right, NET_TX_VLAN, 25, 0)->vlan_tci = net_vlan_tci(vlan);
		tx_request(&r, 3, &right, NET_TX_VLAN | tx_request_l4_flag(spec.protocol), 3, 7)
			->vlan_tci = net_vlan_tci(vlan);
		tx_request_expect(&r, &tagged, "tag");
	}
	tx_rig_expect_counter(&r, NET_XDP_TX_VLAN, 72);
	tx_rig_expect_counter(&r, NET_XDP_TX_DIRECT, 0);
	tx_rig_close(&r);
}

CASE(42, tag_on_the_smallest_and_largest_frame_and_ignored_without_the_flag)
{
	/* 16: the receiving kernel drops a tag that two bytes of payload do not follow. */
	static const uint32_t lengths[] = {16, 17, 1517, 1518};
	const struct net_vlan vlan = {.id = 100, .priority = 3};
	struct frame f, tagged;
	struct tx_rig r;

	tx_request_start(&r, false, NET_XDP_TX_CHECKSUM_AUTO);
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
		tx_request_expect(&r, &tagged, "limits");
	}
	tx_rig_close(&r);
}
