// SPDX-License-Identifier: BSD-2-Clause
/*
 * Packets that are to be cut, through a real queue: what is on the wire is the reference segmenter's, byte for
 * byte, and between them packets that ask for nothing keep their place. A checksum that the kernel left to its
 * receiver is completed by the peer.
 */
#include <string.h>

#include "support/conformance.h"
#include "support/segment_case.h"
#include "support/tx_request.h"

enum { TCP = 6, UDP = 17, PACKETS = 60, LONGEST = 1518 };

static struct segment_packet packet, want;
static struct frame_random dice;

static void start(struct tx_rig *r, bool unaligned, enum net_xdp_tx_checksum by)
{
	struct net_endpoint_facts facts;

	dice = frame_random(67);
	tx_rig_prepare(r, 1, fixture_is_veth() ? 2000 : 1500);
	r->x.config.unaligned = unaligned;
	r->x.config.tx_checksum = by;
	r->x.config.tx_segment_here = true;
	tx_rig_start(r, 1);
	net_endpoint_facts(r->x.ep, &facts);
	cr_assert_eq(facts.tx_flags & (NET_TX_TCP_SEGMENTATION | NET_TX_UDP_SEGMENTATION),
		     NET_TX_TCP_SEGMENTATION | NET_TX_UDP_SEGMENTATION, "0x%x", facts.tx_flags);
	cr_assert_geq(facts.tx_max_pieces, 64);
}

/* Pieces fit the MTU, and are at most 60: the receiver's side of a veth holds so many. */
static void fit(struct segment_spec *spec)
{
	uint32_t headers;

	spec->tag_count = spec->tag_count > 1 ? 1 : spec->tag_count;
	spec->has_vlan &= spec->tag_count == 0;
	segment_oracle_whole(&packet, spec);
	headers = packet.l2_len + packet.l3_len + packet.l4_len;
	if (spec->mss < spec->payload_bytes / 60)
		spec->mss = (uint16_t)(spec->payload_bytes / 60 + 1);
	if (spec->mss > LONGEST - headers)
		spec->mss = (uint16_t)(LONGEST - headers);
	/* the kernel, not the driver, drops frames of such hosts */
	spec->macs[0] &= 0xfe;
	spec->macs[6] &= 0xfe;
}

static void ask(struct tx_rig *r, uint32_t id, const struct segment_spec *spec)
{
	struct net_tx_metadata *meta, asked;

	segment_oracle_whole(&packet, spec);
	segment_apply(&packet, spec, (enum segment_style)(id % SEGMENT_STYLES));
	asked = segment_request(&packet, spec).meta;
	meta = tx_rig_scatter(r, id, packet.bytes, packet.len,
			      1 + frame_random_below(&dice, packet.len < 40 ? packet.len : 40));
	asked.id = id;
	asked.segment_count = meta->segment_count;
	*meta = asked;
}

static void expect_one(struct tx_rig *r, uint32_t id)
{
	static uint8_t got[FRAME_MAX_BYTES];
	char why[FRAME_WHY_BYTES];
	uint32_t n = peer_receive(&r->peer, got, sizeof(got), TX_RIG_WAIT_MS);

	cr_assert(n > 0, "packet %u: nothing on the wire", id);
	if (r->peer.partial) {
		peer_complete(&r->peer, got, n);
		/* the kernel's 0xffff is the reference's 0 (RFC 1071) */
		if (frame_read16(want.bytes, want.l4_field) == 0)
			frame_write16(want.bytes, want.l4_field, 0xffff);
	}
	cr_assert(frame_equal(got, n, want.bytes, want.len, why), "packet %u: %s", id, why);
}

/* Return: wire packets. */
static uint32_t expect_cut(struct tx_rig *r, uint32_t id, const struct segment_spec *spec)
{
	struct segment_oracle oracle = segment_oracle_start(spec);
	uint32_t pieces = 0;

	for (; segment_oracle_next(&oracle, &want); pieces++)
		expect_one(r, id);
	return pieces;
}

static void random_packets(uint8_t protocol, bool unaligned, enum net_xdp_tx_checksum by)
{
	uint32_t wire = 0, plain = 0;
	struct tx_rig r;

	start(&r, unaligned, by);
	for (uint32_t id = 0; id < PACKETS; id++) {
		struct segment_spec spec = segment_random(
			&dice, (struct segment_wish){.segmented = true, .payload_most = 60000});

		spec.protocol = protocol;
		fit(&spec);
		frontend_list_clear(&r.list);
		ask(&r, id, &spec);
		if (id % 3 == 0)
			tx_rig_add(&r, 1000 + id, 60 + id, 1 + id % 4);
		tx_rig_send_all(&r);
		wire += expect_cut(&r, id, &spec);
		if (id % 3)
			continue;
		want.len = 60 + id;
		frame_plain(want.bytes, want.len, 1000 + id);
		expect_one(&r, 1000 + id);
		plain++;
	}
	peer_expect_silence(&r.peer, 20);
	tx_rig_expect_counter(&r, NET_XDP_TX_SEGMENTED, PACKETS);
	tx_rig_expect_counter(&r, NET_XDP_TX_SEGMENTS, wire);
	tx_rig_expect_counter(&r, NET_XDP_TX_PACKETS, wire + plain);
	cr_assert_eq(tx_rig_counter(&r, NET_XDP_TX_SUM_ASKED) +
			     tx_rig_counter(&r, NET_XDP_TX_SUM_MADE),
		     wire);
	if (by == NET_XDP_TX_CHECKSUM_SOFTWARE || !unaligned)
		tx_rig_expect_counter(&r, NET_XDP_TX_SUM_ASKED, 0);
	tx_rig_close(&r);
}

// 67: TCP segmentation: each wire packet equal to a reference segmenter's, one completion
CASE(67, tcp_packets_are_cut_as_the_reference_cuts_them)
{
	random_packets(TCP, true, NET_XDP_TX_CHECKSUM_AUTO);
}

CASE(67, tcp_packets_are_cut_with_sums_in_software)
{
	random_packets(TCP, true, NET_XDP_TX_CHECKSUM_SOFTWARE);
}

CASE(67, tcp_packets_are_cut_in_aligned_chunks)
{
	random_packets(TCP, false, NET_XDP_TX_CHECKSUM_AUTO);
}

// 68: UDP segmentation: likewise
CASE(68, udp_packets_are_cut_as_the_reference_cuts_them)
{
	random_packets(UDP, true, NET_XDP_TX_CHECKSUM_AUTO);
}

CASE(68, udp_packets_are_cut_with_sums_in_software)
{
	random_packets(UDP, true, NET_XDP_TX_CHECKSUM_SOFTWARE);
}

/* ---- 70 ------------------------------------------------------------------------------------------- */

static const struct net_buffer_access_ops *ops_below;
static uint64_t headers_from, headers_end, calls;

/* The frontend serves what it is asked for, and sees that it is headers. */
static void *memory(struct net_buffer_access *pool, uint64_t addr, uint32_t len)
{
	cr_assert(addr >= headers_from && addr + len <= headers_end,
		  "%u bytes at 0x%llx: not headers", len, (unsigned long long)addr);
	calls++;
	return ops_below->memory(pool, addr, len);
}

// 70: offloaded packets leave the memory as it is; sealed: asks for headers only, reads no payload
CASE(70, sealed_packets_are_cut_and_no_byte_of_the_payload_is_read)
{
	struct net_buffer_access_ops ops;
	uint32_t wire = 0;
	struct tx_rig r;

	NEEDS_VETH("a kernel that adds up");
	tx_rig_prepare(&r, 1, 2000);
	r.x.config.sealed = true;
	tx_rig_start(&r, 1);
	dice = frame_random(70);
	ops_below = r.x.f.pool.ops;
	ops = *ops_below;
	ops.memory = memory;
	r.x.f.pool.ops = &ops;
	cr_assert(strncmp(frontend_xdp_report(&r.x, 0).tx_checksum_state, "kernel", 6) == 0, "%s",
		  frontend_xdp_report(&r.x, 0).tx_checksum_state);
	for (uint32_t id = 0; id < PACKETS; id++) {
		struct segment_spec spec = segment_random(
			&dice, (struct segment_wish){.segmented = true, .payload_most = 60000});
		uint32_t headers;

		fit(&spec);
		if (spec.payload_bytes == 0)
			continue;
		frontend_list_clear(&r.list);
		segment_oracle_whole(&packet, &spec);
		segment_apply(&packet, &spec, SEGMENT_PSEUDO);
		headers = packet.l2_len + packet.l3_len + packet.l4_len;
		headers_from = tx_rig_place(&r, packet.bytes, packet.len);
		headers_end = headers_from + headers;
		*frontend_list_frame(&r.list, id, headers_from, packet.len) =
			segment_request(&packet, &spec).meta;
		r.list.packets[0].id = id;
		r.list.packets[0].segment_count = 1;
		tx_rig_send_all(&r);
		wire += expect_cut(&r, id, &spec);
	}
	cr_assert_geq(calls, PACKETS / 2);
	tx_rig_expect_counter(&r, NET_XDP_TX_SPLIT, wire);
	tx_rig_expect_counter(&r, NET_XDP_TX_SUM_ASKED, wire);
	tx_rig_expect_counter(&r, NET_XDP_TX_DROP_SEALED, 0);
	r.x.f.pool.ops = ops_below;
	tx_rig_close(&r);
}

/* ---- 71 ------------------------------------------------------------------------------------------- */

struct malformed {
	const char *what;
	void (*spoil)(struct net_tx_metadata *meta, uint8_t *bytes);
	enum net_xdp_counter counted;
};

static void mss_0(struct net_tx_metadata *meta, uint8_t *bytes)
{
	(void)bytes;
	meta->max_segment_bytes = 0;
}

static void mss_65535(struct net_tx_metadata *meta, uint8_t *bytes)
{
	(void)bytes;
	meta->max_segment_bytes = 65535;
}

static void mss_1(struct net_tx_metadata *meta, uint8_t *bytes)
{
	(void)bytes;
	meta->max_segment_bytes = 1; /* more pieces than the rings hold */
}

static void l3_past_the_data(struct net_tx_metadata *meta, uint8_t *bytes)
{
	(void)bytes;
	meta->l3_len_bytes = 65535;
}

static void l4_that_lies(struct net_tx_metadata *meta, uint8_t *bytes)
{
	(void)bytes;
	meta->l4_len_bytes += 4;
}

static void l2_that_lies(struct net_tx_metadata *meta, uint8_t *bytes)
{
	(void)bytes;
	meta->l2_len_bytes += 4;
}

static void udp_flag(struct net_tx_metadata *meta, uint8_t *bytes)
{
	(void)bytes;
	meta->flags ^= NET_TX_TCP_SEGMENTATION | NET_TX_UDP_SEGMENTATION;
	meta->l4_len_bytes = 8;
}

static void both_flags(struct net_tx_metadata *meta, uint8_t *bytes)
{
	(void)bytes;
	meta->flags |= NET_TX_UDP_SEGMENTATION;
}

static void syn(struct net_tx_metadata *meta, uint8_t *bytes)
{
	(void)meta;
	bytes[14 + 20 + 13] |= 0x02;
}

static void fragment(struct net_tx_metadata *meta, uint8_t *bytes)
{
	(void)meta;
	bytes[14 + 6] = 0x20;
}

static void other_length(struct net_tx_metadata *meta, uint8_t *bytes)
{
	(void)meta;
	frame_write16(bytes, 14 + 2, 1234);
}

// 71: malformed segmentation requests are dropped and counted, and cost nothing else
CASE(71, malformed_requests_cost_that_packet)
{
	static const struct malformed rows[] = {
		{"mss 0", mss_0, NET_XDP_TX_DROP_OFFLOAD},
		{"mss 65535", mss_65535, NET_XDP_TX_DROP_OFFLOAD},
		{"mss 1", mss_1, NET_XDP_TX_DROP_SIZE},
		{"L3 past the data", l3_past_the_data, NET_XDP_TX_DROP_OFFLOAD},
		{"L4 length", l4_that_lies, NET_XDP_TX_DROP_OFFLOAD},
		{"L2 length", l2_that_lies, NET_XDP_TX_DROP_OFFLOAD},
		{"UDP flag", udp_flag, NET_XDP_TX_DROP_OFFLOAD},
		{"both flags", both_flags, NET_XDP_TX_DROP_OFFLOAD},
		{"SYN", syn, NET_XDP_TX_DROP_OFFLOAD},
		{"fragment", fragment, NET_XDP_TX_DROP_OFFLOAD},
		{"IP length", other_length, NET_XDP_TX_DROP_OFFLOAD},
	};
	const struct segment_spec spec = segment_plain(4, TCP, 20000, 1000);
	struct net_tx_metadata *meta, asked;
	struct tx_rig r;

	start(&r, true, NET_XDP_TX_CHECKSUM_AUTO);
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const uint64_t before = tx_rig_counter(&r, rows[i].counted);

		frontend_list_clear(&r.list);
		segment_oracle_whole(&packet, &spec);
		asked = segment_request(&packet, &spec).meta;
		rows[i].spoil(&asked, packet.bytes);
		meta = tx_rig_scatter(&r, i, packet.bytes, packet.len, 1 + i);
		asked.id = i;
		asked.segment_count = meta->segment_count;
		*meta = asked;
		tx_rig_add(&r, 100 + i, 100, 1);
		tx_rig_send_all(&r);
		cr_assert_eq(tx_rig_counter(&r, rows[i].counted), before + 1, "%s", rows[i].what);
		want.len = 100;
		frame_plain(want.bytes, want.len, 100 + i);
		expect_one(&r, 100 + i);
		peer_expect_silence(&r.peer, 5);
	}
	tx_rig_expect_counter(&r, NET_XDP_TX_SEGMENTED, 0);
	tx_rig_close(&r);
}

/* One byte more than IPv4's length can say. */
CASE(71, packet_over_65535_bytes_is_dropped)
{
	const struct segment_spec spec = segment_plain(4, TCP, 65535 - 40, 1400);
	struct net_tx_metadata *meta, asked;
	struct tx_rig r;

	start(&r, true, NET_XDP_TX_CHECKSUM_AUTO);
	for (uint32_t more = 0; more <= 1; more++) {
		frontend_list_clear(&r.list);
		segment_oracle_whole(&packet, &spec);
		segment_apply(&packet, &spec, SEGMENT_ZERO);
		asked = segment_request(&packet, &spec).meta;
		meta = tx_rig_scatter(&r, more, packet.bytes, packet.len + more, 3);
		asked.id = more;
		asked.len_bytes += more;
		asked.segment_count = meta->segment_count;
		*meta = asked;
		tx_rig_send_all(&r);
		if (!more)
			cr_assert_eq(expect_cut(&r, 0, &spec), 47);
		tx_rig_expect_counter(&r, NET_XDP_TX_DROP_SIZE, more);
	}
	peer_expect_silence(&r.peer, 20);
	tx_rig_close(&r);
}
