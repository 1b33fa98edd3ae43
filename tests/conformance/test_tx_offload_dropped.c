// SPDX-License-Identifier: BSD-2-Clause
/* Transmit with requests that cannot be honoured: dropped, never sent wrong. */
#include "support/conformance.h"
#include "support/tx_request.h"

enum { UDP = 17 };

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
CASE(39, unknown_flags_are_not_offered_and_dropped)
{
	static const uint16_t flags[] = {
		1 << 9,
		1 << 15,
		(1 << 10) | NET_TX_UDP_CHECKSUM,
		(1 << 12) | NET_TX_VLAN,
	};
	struct net_endpoint_facts facts;
	struct frame f;
	struct tx_rig r;

	tx_request_start(&r, true, NET_XDP_TX_CHECKSUM_SOFTWARE);
	net_endpoint_facts(r.x.ep, &facts);
	udp_frame(&f, 4);
	for (uint32_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		cr_assert_neq(flags[i] & ~facts.tx_flags, 0, "0x%x is offered", flags[i]);
		tx_request(&r, i, &f, flags[i], 1, 0);
		tx_request(&r, i, &f, flags[i], 4, 0);
	}
	expect_dropped(&r, NET_XDP_TX_DROP_OFFLOAD);
	tx_rig_close(&r);
}

CASE(39, checksum_requests_that_the_headers_contradict_are_dropped)
{
	struct frame f;
	struct tx_rig r;

	tx_request_start(&r, true, NET_XDP_TX_CHECKSUM_SOFTWARE);
	udp_frame(&f, 4);
	tx_request(&r, 1, &f, NET_TX_TCP_CHECKSUM, 1, 0); /* it is UDP */
	tx_request(&r, 2, &f, NET_TX_UDP_CHECKSUM, 1, 0)->l3_len_bytes = 24;
	tx_request(&r, 3, &f, NET_TX_UDP_CHECKSUM, 1, 0)->l3_len_bytes = UINT16_MAX;
	tx_request(&r, 4, &f, NET_TX_UDP_CHECKSUM, 1, 0)->l2_len_bytes = 18;
	tx_request(&r, 5, &f, NET_TX_UDP_CHECKSUM, 1, 0)->l2_len_bytes = UINT8_MAX;
	tx_request(&r, 6, &f, NET_TX_UDP_CHECKSUM, 1, 0)->l2_len_bytes = 0;
	tx_request(&r, 7, &f, NET_TX_UDP_CHECKSUM, 1, 0)->flags = NET_TX_UDP_CHECKSUM | NET_TX_IPV6;
	frame_write16(f.bytes, f.l2_len + f.l3_len + 4, 7); /* UDP's own length is impossible */
	tx_request(&r, 8, &f, NET_TX_UDP_CHECKSUM, 1, 0);
	frame_write16(f.bytes, f.l2_len + f.l3_len + 4, 109);
	tx_request(&r, 9, &f, NET_TX_UDP_CHECKSUM, 1, 0);
	udp_frame(&f, 4);
	frame_write16(f.bytes, f.l2_len + 6, 0x2000); /* a first fragment */
	tx_request(&r, 10, &f, NET_TX_UDP_CHECKSUM, 1, 0);
	udp_frame(&f, 6);
	tx_request(&r, 11, &f, NET_TX_IP_CHECKSUM, 1, 0); /* IPv6 has none */
	f.len = 50;					  /* ends within the IPv6 header */
	tx_request(&r, 12, &f, NET_TX_UDP_CHECKSUM, 1, 0);
	expect_dropped(&r, NET_XDP_TX_DROP_OFFLOAD);
	tx_rig_close(&r);
}

/* What cannot be done is not offered, and dropped. */
static void expect_not_offered(struct tx_rig *r, const uint16_t *flags, uint32_t count)
{
	struct net_endpoint_facts facts;
	struct frame f;

	net_endpoint_facts(r->x.ep, &facts);
	udp_frame(&f, 4);
	for (uint32_t i = 0; i < count; i++) {
		cr_assert_eq(facts.tx_flags & flags[i], 0);
		tx_request(r, i, &f, flags[i], 1 + i, 0);
	}
	expect_dropped(r, NET_XDP_TX_DROP_SEALED);
	tx_request(r, 9, &f, 0, frontend_xdp_report(&r->x, 0).max_tx_descriptors < 4 ? 1 : 4, 0);
	tx_request_expect(r, &f, "a frame without requests");
}

/* Sealed, the payload cannot be added up: there is nobody to do it but kernel or NIC. */
CASE(39, sealed_without_the_kernels_sum_offers_no_checksum_and_drops_it)
{
	static const uint16_t flags[] = {NET_TX_UDP_CHECKSUM};
	struct tx_rig r;

	tx_rig_prepare(&r, 1, 1500);
	r.x.config.sealed = true;
	r.x.config.tx_checksum = NET_XDP_TX_CHECKSUM_SOFTWARE;
	tx_rig_start(&r, 1);
	expect_not_offered(&r, flags, 1);
	tx_rig_close(&r);
}

CASE(39, without_private_frames_no_checksum_and_no_tag_is_offered)
{
	static const uint16_t flags[] = {NET_TX_UDP_CHECKSUM, NET_TX_IP_CHECKSUM, NET_TX_VLAN};
	struct tx_rig r;

	tx_rig_prepare(&r, 1, 1500);
	r.x.config.private_tx_frames = 0;
	tx_rig_start(&r, 1);
	expect_not_offered(&r, flags, 3);
	tx_rig_close(&r);
}
