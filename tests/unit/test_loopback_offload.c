// SPDX-License-Identifier: BSD-2-Clause
/* Checksums, tags and segmentation over a loopback: what arrives is what a reference makes that was written
 * apart, byte for byte, in order, and each packet has one completion. */
#include <stdio.h>

#include <criterion/criterion.h>

#include "support/conformance.h"
#include "support/segment_loop.h"

static const struct segment_loop_buffers whole = {.capacity_bytes = SEGMENT_PACKET_MAX};

static struct segment_packet packet;

/* Send a packet that was put and expect the reference's. */
static void pass(struct segment_loop *x, const struct segment_spec *spec, const char *what)
{
	const struct net_queue_stats before = segment_loop_stats(x, 0);
	struct net_queue_stats now;
	uint32_t n;

	segment_loop_send(x, 0);
	n = segment_loop_expect(x, 0, spec, what);
	now = segment_loop_stats(x, 0);
	cr_assert(now.tx_packets - before.tx_packets == n, "%s: wire packets are counted", what);
	cr_assert(now.rx_packets - before.rx_packets == n, "%s", what);
	cr_assert(now.tx_vlan_packets - before.tx_vlan_packets == (spec->has_vlan ? n : 0), "%s",
		  what);
	cr_assert(now.rx_errors + now.tx_errors == 0, "%s", what);
}

static void expect_styles(struct segment_loop *x, struct frame_random *r,
			  const struct segment_spec *spec, const char *what)
{
	for (uint32_t style = 0; style < SEGMENT_STYLES; style++) {
		struct segment_request request;
		char text[64];

		/* The length of a packet that is not cut has to be right. */
		if (!spec->mss && (style == SEGMENT_ZERO || style == SEGMENT_NDIS))
			continue;
		segment_oracle_whole(&packet, spec);
		segment_apply(&packet, spec, style);
		request = segment_request(&packet, spec);
		segment_loop_put_random(x, r, packet.bytes, &request.meta);
		snprintf(text, sizeof(text), "%s, style %u", what, style);
		pass(x, spec, text);
	}
}

static void expect_random(uint64_t seed, uint32_t rounds, struct segment_wish wish,
			  uint8_t protocol, const struct segment_loop_buffers *buffers)
{
	struct frame_random r = frame_random(seed);
	struct segment_loop x;
	char what[32];

	segment_loop_open(&x, buffers, NULL);
	frontend_post(&x.f, x.queues[0], 0, SEGMENT_LOOP_IDS);
	for (uint32_t round = 0; round < rounds; round++) {
		const struct segment_spec spec = segment_random(&r, wish);

		if (protocol && spec.protocol != protocol)
			continue;
		snprintf(what, sizeof(what), "round %u", round);
		expect_styles(&x, &r, &spec, what);
	}
	segment_loop_close(&x);
}

/* ---- Segmentation ------------------------------------------------------------------------------ */

static const struct segment_wish tiny = {.segmented = true, .payload_most = 8};
static const struct segment_wish some = {.segmented = true, .payload_most = 4000};
static const struct segment_wish most = {.segmented = true, .payload_most = 65535};

// 67: TCP segmentation v4 / v6: every piece equal to a reference segmenter's, one completion
CASE(67, tcp_packets_arrive_as_the_reference_cuts_them)
{
	expect_random(1, 1000, some, 6, &whole);
	expect_random(2, 60, most, 6, &whole);
	expect_random(3, 600, tiny, 6, &whole);
}

// 68: UDP segmentation likewise
CASE(68, udp_packets_arrive_as_the_reference_cuts_them)
{
	expect_random(4, 1000, some, 17, &whole);
	expect_random(5, 60, most, 17, &whole);
	expect_random(6, 600, tiny, 17, &whole);
}

/* ---- Checksums and tags ------------------------------------------------------------------------ */

// 69: checksum and VLAN requests: the same bytes on the wire whoever fills them in
CASE(69, packets_with_requests_arrive_with_what_was_asked_for)
{
	expect_random(7, 1500, (struct segment_wish){.payload_most = 2000}, 0, &whole);
	expect_random(8, 40, (struct segment_wish){.payload_most = 65535}, 0, &whole);
}

/* With and without a length of its own in the frame; the checksum by place needs none. */
CASE(69, checksum_by_place_arrives_filled_in)
{
	struct frame_random r = frame_random(9);
	struct segment_loop x;

	segment_loop_open(&x, &whole, NULL);
	frontend_post(&x.f, x.queues[0], 0, SEGMENT_LOOP_IDS);
	for (uint32_t round = 0; round < 1500; round++) {
		struct segment_spec spec =
			segment_random(&r, (struct segment_wish){.payload_most = 300});
		struct segment_request request;

		spec.padding_bytes = 0;
		segment_oracle_whole(&packet, &spec);
		/* 0 and 0xffff are the same TCP checksum; by place nobody knows that it is TCP */
		if (frame_read16(packet.bytes, packet.l4_field) == 0)
			continue;
		frame_write16(packet.bytes, packet.l4_field, packet.pseudo_sum);
		request = segment_request(&packet, &spec);
		request.meta.flags &= NET_TX_VLAN;
		request.meta.flags |= NET_TX_PARTIAL_CHECKSUM;
		request.meta.checksum_start_bytes = (uint16_t)(packet.l2_len + packet.l3_len);
		request.meta.checksum_field_bytes =
			(uint16_t)(packet.l4_field - request.meta.checksum_start_bytes);
		segment_loop_put_random(&x, &r, packet.bytes, &request.meta);
		pass(&x, &spec, "by place");
	}
	segment_loop_close(&x);
}

/* ---- Segments of the list, pieces and ids of the receiver ---------------------------------------- */

static void cut_everywhere(struct segment_loop *x, const struct segment_spec *spec)
{
	uint32_t cuts[SEGMENT_LOOP_CUTS] = {0}, headers;
	struct segment_request request;

	segment_oracle_whole(&packet, spec);
	segment_apply(&packet, spec, SEGMENT_ZERO);
	request = segment_request(&packet, spec);
	headers = packet.l2_len + packet.l3_len + packet.l4_len;
	for (uint32_t cut = 0; cut <= headers + 2; cut++) {
		segment_loop_put(x, packet.bytes, &request.meta, &cut, 1);
		pass(x, spec, "cut once");
	}
	for (uint32_t from = 0; from <= headers; from += SEGMENT_LOOP_CUTS) {
		for (uint32_t i = 0; i < SEGMENT_LOOP_CUTS; i++)
			cuts[i] = from + i;
		segment_loop_put(x, packet.bytes, &request.meta, cuts, SEGMENT_LOOP_CUTS);
		pass(x, spec, "every byte a segment");
	}
}

Test(loopback_offload, headers_may_be_cut_at_every_byte)
{
	struct segment_loop x;

	segment_loop_open(&x, &whole, NULL);
	frontend_post(&x.f, x.queues[0], 0, SEGMENT_LOOP_IDS);
	for (uint32_t i = 0; i < 4; i++) {
		struct segment_spec spec = segment_plain(i & 1 ? 4 : 6, i & 2 ? 6 : 17, 3000, 1000);

		spec.tag_count = 1;
		spec.has_vlan = true;
		spec.tcp_options_bytes = 12;
		cut_everywhere(&x, &spec);
	}
	segment_loop_close(&x);
}

/* Headers and payload end in any of them, or between two. */
Test(loopback_offload, wire_packets_fill_buffers_of_several_pieces)
{
	struct net_rx_piece pieces[9];
	struct segment_loop_buffers b = {.capacity_bytes = 10, .pieces = pieces, .piece_count = 9};
	uint64_t at = 100;

	for (uint32_t i = 0; i < 9; i++) {
		pieces[i] = (struct net_rx_piece){.addr = at, .len_bytes = i == 8 ? 9300 : 7 * i};
		at += pieces[i].len_bytes + 5;
	}
	expect_random(10, 400, some, 0, &b);
	expect_random(11, 400, (struct segment_wish){.payload_most = 2000}, 0, &b);
}

Test(loopback_offload, wire_packets_go_on_in_further_buffers)
{
	const struct segment_loop_buffers b = {.capacity_bytes = 97, .rx_merge = true};

	expect_random(12, 400, some, 0, &b);
	expect_random(13, 400, (struct segment_wish){.payload_most = 2000}, 0, &b);
}
