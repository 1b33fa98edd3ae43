// SPDX-License-Identifier: BSD-2-Clause
/* The packets of xsk-bench that ask for offloads: cut by the library's segmenter, judged by the receiver's
 * eyes, and each thing that may be wrong with one found. */
#include <errno.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/checksum.h"
#include "base/segmenter.h"
#include "xsk_bench/offload.h"
#include "xsk_bench/wire.h"

enum { MAX_PIECES = 64, NUMBER = 1000, TIME_NS = 77 };

static const struct frame_flow flow = {.dst_mac = {2, 0, 0, 0, 0, 9},
				       .ip_src = 0xc6120001,
				       .ip_dst = 0xc6120002,
				       .run = 7,
				       .stream = 3};

static struct options opt;
static struct packet_shape shape;
static struct segmenter cut;
static uint8_t packet[OPTIONS_MAX_PACKET], wire[2048];
static uint32_t wire_bytes;

/* The packet that tx builds for these options, as the NUMBER-th, judged by the segmenter. */
static void build(bool tcp, uint32_t len_bytes, uint32_t piece_bytes, bool vlan)
{
	uint64_t sums[MAX_PIECES];
	struct net_tx_metadata meta;

	opt = (struct options){
		.mode = BENCH_TX,
		.checksum = true,
		.l4 = tcp ? BENCH_L4_TCP : BENCH_L4_UDP,
		.segment_bytes = piece_bytes ? len_bytes : 0,
		.vlan = vlan,
		.vlan_tci = 0xa064,
	};
	shape = packet_shape_of(tcp, len_bytes, piece_bytes);
	cr_assert_leq(shape.pieces, MAX_PIECES);
	packet_prepare(&flow, &shape, 5, packet, sums);
	packet_stamp(&shape, packet, sums, NUMBER, TIME_NS);
	meta = offload_request(&opt, &shape);
	cr_assert_eq(segmenter_judge(&cut, packet, segmenter_header_bytes(&meta), &meta,
				     offload_wire_bytes(&shape)),
		     SEGMENTER_OK);
	cr_assert_eq(cut.pieces, shape.pieces);
}

/* Wire packet i, as it leaves: with its checksum complete, or left to somebody else. */
static void send(uint32_t i, bool complete)
{
	const struct segmenter_piece p = segmenter_piece(&cut, i);

	cr_assert_leq(cut.wire_header_bytes + p.payload_bytes, sizeof(wire));
	segmenter_write(&cut, i, wire);
	memcpy(wire + cut.wire_header_bytes, packet + p.payload_at, p.payload_bytes);
	if (complete)
		segmenter_complete(&cut, wire,
				   checksum_add(0, packet + p.payload_at, p.summed_bytes, 0));
	wire_bytes = cut.wire_header_bytes + p.payload_bytes;
}

static struct frame_info info;
static struct wire_tag tag;

static enum frame_verdict verdict(void)
{
	tag = (struct wire_tag){0};
	return wire_check(wire, wire_bytes, &info, &tag);
}

/* ---- What is right ------------------------------------------------------------------------------- */

static void expect_good(bool tcp, uint32_t len_bytes, uint32_t piece_bytes, bool vlan)
{
	uint64_t all = 0;

	build(tcp, len_bytes, piece_bytes, vlan);
	for (uint32_t i = 0; i < shape.pieces; i++)
		for (int complete = 0; complete < 2; complete++) {
			send(i, complete);
			cr_assert_eq(verdict(), FRAME_GOOD, "piece %u of %u", i, len_bytes);
			cr_assert_eq(info.sums, complete ? FRAME_SUMS_RIGHT : FRAME_SUMS_PARTIAL);
			cr_assert_eq(info.sequence, (uint64_t)NUMBER * shape.pieces + i);
			cr_assert_eq(info.run, flow.run);
			cr_assert_eq(info.stream, flow.stream);
			cr_assert_eq(info.time_ns, TIME_NS);
			cr_assert_eq(tag.present, vlan);
			cr_assert(!vlan || tag.tci == opt.vlan_tci);
			all += complete ? wire_bytes : 0;
		}
	cr_assert_eq(all, offload_all_bytes(&opt, &shape));
}

Test(bench_offload, each_wire_packet_is_good_with_its_number_and_checksums)
{
	for (int tcp = 0; tcp < 2; tcp++)
		for (int vlan = 0; vlan < 2; vlan++) {
			expect_good(tcp, packet_least_bytes(tcp), 0, vlan);
			expect_good(tcp, 1514, 0, vlan);
			expect_good(tcp, 1001, 0, vlan);
			expect_good(tcp, 64000, 1448, vlan);
			expect_good(tcp, 65549, 1200, vlan);
			expect_good(tcp, 3000, 100, vlan);
			expect_good(tcp, 500, 1448, vlan); /* not cut after all */
		}
}

Test(bench_offload, plain_frame_is_known_by_its_bytes_with_and_without_a_tag)
{
	uint8_t frame[100];
	uint64_t sum = frame_prepare(&flow, 1, frame, sizeof(frame));

	frame_stamp(frame, sum, 12, TIME_NS);
	memcpy(wire, frame, sizeof(frame));
	wire_bytes = sizeof(frame);
	cr_assert_eq(verdict(), FRAME_GOOD);
	cr_assert(!tag.present && info.sums == FRAME_SUMS_NONE && info.sequence == 12);
	memcpy(wire, frame, 12);
	memcpy(wire + 12, (uint8_t[]){0x81, 0x00, 0x20, 0x05}, 4);
	memcpy(wire + 16, frame + 12, sizeof(frame) - 12);
	wire_bytes = sizeof(frame) + 4;
	cr_assert_eq(verdict(), FRAME_GOOD);
	cr_assert(tag.present && tag.tci == 0x2005 && info.sequence == 12);
}

/* ---- What is wrong ------------------------------------------------------------------------------- */

/* Complete the checksums over what was changed: only the receiver's own look finds it then. */
static void sum_again(void)
{
	const struct net_tx_metadata meta = {
		.len_bytes = wire_bytes,
		.flags = NET_TX_IP_CHECKSUM |
			 (shape.protocol == PACKET_TCP ? NET_TX_TCP_CHECKSUM : NET_TX_UDP_CHECKSUM),
		.l2_len_bytes = 14,
		.l3_len_bytes = 20,
	};

	const uint32_t header_bytes = segmenter_header_bytes(&meta);
	uint8_t headers[SEGMENTER_HEADERS_MAX];
	struct segmenter_piece piece;
	struct segmenter s;

	memcpy(headers, wire, header_bytes);
	cr_assert_eq(segmenter_judge(&s, headers, header_bytes, &meta, wire_bytes), SEGMENTER_OK);
	piece = segmenter_piece(&s, 0);
	segmenter_write(&s, 0, wire);
	segmenter_complete(&s, wire, checksum_add(0, wire + header_bytes, piece.summed_bytes, 0));
}

Test(bench_offload, no_byte_may_change_behind_the_addresses)
{
	for (int tcp = 0; tcp < 2; tcp++) {
		build(tcp, 3000, 1000, false);
		for (uint32_t i = 0; i < shape.pieces; i++)
			for (uint32_t at = 12; send(i, true), at < wire_bytes; at++) {
				wire[at] ^= (uint8_t)(1 << at % 8);
				cr_assert_neq(verdict(), FRAME_GOOD, "piece %u, byte %u", i, at);
			}
	}
}

Test(bench_offload, fields_that_a_cut_writes_wrong_are_found_though_the_sums_are_right)
{
	static const struct {
		bool tcp;
		uint32_t at;
		uint8_t change;
		const char *what;
	} rows[] = {
		{true, 19, 1, "identification"},
		{true, 41, 1, "sequence number"},
		{true, 38, 0x80, "sequence number, first byte"},
		{true, 47, 0x08, "PSH"},
		{true, 47, 0x01, "FIN"},
		{true, 47, 0x80, "CWR"},
		{true, 49, 1, "window"},
		{false, 19, 1, "identification"},
		{false, 21, 1, "fragment offset"},
		{false, 22, 1, "time to live"},
		{false, 1000, 1, "payload"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		build(rows[i].tcp, 3000, 1000, false);
		send(1, true);
		wire[rows[i].at] ^= rows[i].change;
		if (rows[i].at != 21) /* there is no checksum of a fragment's */
			sum_again();
		cr_expect_eq(verdict(), FRAME_CORRUPT, "%s", rows[i].what);
	}
}

Test(bench_offload, wrong_checksum_is_told_from_wrong_bytes)
{
	for (int tcp = 0; tcp < 2; tcp++) {
		const uint32_t field = tcp ? 50 : 40;

		build(tcp, 3000, 1000, false);
		send(1, true);
		wire[24] ^= 1;
		cr_expect_eq(verdict(), FRAME_BAD_SUM, "IPv4");
		send(1, true);
		wire[field + 1] ^= 1;
		cr_expect_eq(verdict(), FRAME_BAD_SUM, "TCP or UDP");
		send(1, false);
		wire[field + 1] ^= 1;
		cr_expect_eq(verdict(), FRAME_BAD_SUM, "a partial one");
		send(1, true);
		memset(wire + field, 0, 2);
		cr_expect_eq(verdict(), FRAME_BAD_SUM, "none, as it was before");
	}
}

Test(bench_offload, uncut_packet_and_payload_of_another_piece_are_corrupt)
{
	uint8_t other[1000];

	build(true, 2054, 1000, false);
	send(1, true);
	memcpy(other, wire + 54, sizeof(other));
	send(0, true);
	/* Its number and its checksum are right, the bytes behind them are the other's. */
	memcpy(wire + 54 + PACKET_STAMP_BYTES, other + PACKET_STAMP_BYTES,
	       sizeof(other) - PACKET_STAMP_BYTES);
	sum_again();
	cr_expect_eq(verdict(), FRAME_CORRUPT);
	cr_expect_eq(packet_check(packet, shape.len_bytes, &info), FRAME_CORRUPT);
}

/* ---- Shapes -------------------------------------------------------------------------------------- */

static struct net_error err;

static int shape_of(uint32_t segment, uint32_t piece, bool tcp, uint32_t mtu)
{
	struct port port = {.ifname = "v0", .device = {.mtu_bytes = mtu}};

	opt = (struct options){.mode = BENCH_TX,
			       .segment_bytes = segment,
			       .piece_bytes = piece,
			       .l4 = tcp ? BENCH_L4_TCP : BENCH_L4_UDP};
	return offload_shape(&opt, &port, &shape, &err);
}

Test(bench_offload, pieces_fill_the_mtu_unless_told_and_the_last_has_the_rest)
{
	cr_assert_eq(shape_of(64000, 0, true, 1500), 0);
	cr_assert(shape.piece_bytes == 1460 && shape.pieces == 44 &&
		  offload_wire_bytes(&shape) == 1514);
	cr_assert_eq(packet_piece_bytes(&shape, 43), 64000 - 54 - 43 * 1460);
	cr_assert_eq(shape_of(64000, 0, false, 1500), 0);
	cr_assert_eq(shape.piece_bytes, 1472);
	cr_assert_eq(shape_of(64000, 1448, true, 1500), 0);
	cr_assert_eq(shape.piece_bytes, 1448);
	cr_assert_eq(shape_of(64000, 0, true, 65535), 0);
	cr_assert_eq(offload_wire_bytes(&shape), OPTIONS_MAX_FRAME);
}

Test(bench_offload, segment_that_does_not_fit_is_refused_with_what_does)
{
	cr_expect_eq(shape_of(64000, 1461, true, 1500), -EINVAL);
	cr_expect_str_eq(err.message, "--segment: pieces of 1461 are too long for v0, whose MTU is "
				      "1500; at most 1460");
	cr_expect_eq(shape_of(79, 0, true, 1500), -EINVAL);
	cr_expect(strstr(err.message, "at least 80 bytes"), "%s", err.message);
	cr_expect_eq(shape_of(64000, 25, true, 1500), -EINVAL);
	cr_expect_eq(shape_of(54 + 2 * 1448 + 8, 1448, true, 1500), -EINVAL);
	cr_expect(strstr(err.message, "use --segment 2950,1448"), "%s", err.message);
	cr_expect_eq(shape_of(2950, 1448, true, 1500), 0, "%s", err.message);
}

Test(bench_offload, what_the_endpoint_does_not_offer_is_refused_by_its_option)
{
	static const struct {
		struct options options;
		uint32_t missing;
		const char *says;
	} rows[] = {
		{{.checksum = true, .l4 = BENCH_L4_UDP},
		 NET_TX_UDP_CHECKSUM,
		 "--checksum: this endpoint on v0 fills in no UDP checksums; leave out --checksum"},
		{{.checksum = true, .l4 = BENCH_L4_TCP, .sealed = true},
		 NET_TX_TCP_CHECKSUM,
		 "--checksum --l4 tcp: this endpoint on v0 fills in no TCP checksums with --sealed; "
		 "leave out one of the two"},
		{{.segment_bytes = 64000, .l4 = BENCH_L4_TCP},
		 NET_TX_TCP_SEGMENTATION,
		 "--segment: this endpoint on v0 cuts no TCP packets; leave out --segment"},
		{{.segment_bytes = 64000, .l4 = BENCH_L4_UDP},
		 NET_TX_UDP_SEGMENTATION,
		 "--segment --l4 udp: this endpoint on v0 cuts no UDP packets"},
		{{.vlan = true}, NET_TX_VLAN, "--vlan: this endpoint on v0 inserts no tags"},
	};
	const struct packet_shape whole = {.pieces = 1};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct options o = rows[i].options;
		struct port port = {.ifname = "v0", .facts = {.tx_flags = ~rows[i].missing}};

		o.mode = BENCH_TX;
		cr_expect_eq(offload_check(&o, &port, &whole, &err), -EOPNOTSUPP, "row %zu", i);
		cr_expect(strstr(err.message, rows[i].says), "%s", err.message);
		port.facts.tx_flags = ~0u;
		cr_expect_eq(offload_check(&o, &port, &whole, &err), 0, "row %zu", i);
	}
}

Test(bench_offload, packet_of_more_pieces_than_the_endpoint_cuts_is_refused)
{
	struct port port = {.ifname = "v0", .facts = {.tx_flags = ~0u, .tx_max_pieces = 43}};

	cr_assert_eq(shape_of(64000, 0, true, 1500), 0);
	cr_expect_eq(offload_check(&opt, &port, &shape, &err), -EOPNOTSUPP);
	cr_expect(strstr(err.message, "at most 43; use at most --segment 62834,1460"), "%s",
		  err.message);
	port.facts.tx_max_pieces = 44;
	cr_expect_eq(offload_check(&opt, &port, &shape, &err), 0);
}
