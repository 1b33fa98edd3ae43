// SPDX-License-Identifier: BSD-2-Clause
/* Each rule of segmentation for itself, with the numbers written down. */
#include <string.h>

#include <criterion/criterion.h>

#include "support/segment_case.h"

enum { FIN = 0x01, PSH = 0x08, ACK = 0x10, ECE = 0x40, CWR = 0x80 };

static struct segment_packet packet;
static uint8_t wire[SEGMENT_PACKET_MAX];

static struct segmenter judged(const struct segment_spec *spec, enum segment_style style)
{
	struct segment_request r;
	struct segmenter s;

	segment_oracle_whole(&packet, spec);
	segment_apply(&packet, spec, style);
	r = segment_request(&packet, spec);
	cr_assert(segmenter_judge(&s, packet.bytes, segmenter_header_bytes(&r.meta), &r.meta,
				  r.max_frame_bytes) == SEGMENTER_OK);
	return s;
}

static uint32_t read32(const uint8_t *at)
{
	return (uint32_t)frame_read16(at, 0) << 16 | frame_read16(at, 2);
}

/* ---- Fields of each piece ----------------------------------------------------------------------------- */

Test(segmenter, tcp_over_ipv4_id_length_and_sequence_rise)
{
	const struct segment_spec spec = segment_plain(4, 6, 2500, 1000);
	const struct segmenter s = judged(&spec, SEGMENT_ZERO);
	const uint16_t lengths[3] = {1040, 1040, 540}, ids[3] = {0xffff, 0, 1};
	const uint32_t sequences[3] = {0xfffffff0, 0x3d8, 0x7c0};

	cr_assert(s.pieces == 3);
	for (uint32_t i = 0; i < 3; i++) {
		cr_assert(segment_wire(&s, packet.bytes, i, false, wire) == 14u + lengths[i]);
		cr_assert(frame_read16(wire, 16) == lengths[i]);
		cr_assert(frame_read16(wire, 18) == ids[i], "piece %u", i);
		cr_assert(read32(wire + 38) == sequences[i], "piece %u", i);
		cr_assert(memcmp(wire + 54, spec.payload + 1000 * i, lengths[i] - 40) == 0);
	}
}

Test(segmenter, tcp_over_ipv6_payload_length_is_the_pieces)
{
	const struct segment_spec spec = segment_plain(6, 6, 2500, 1000);
	const struct segmenter s = judged(&spec, SEGMENT_ZERO);

	cr_assert(s.pieces == 3);
	segment_wire(&s, packet.bytes, 0, false, wire);
	cr_assert(frame_read16(wire, 18) == 1020);
	segment_wire(&s, packet.bytes, 2, false, wire);
	cr_assert(frame_read16(wire, 18) == 520);
}

Test(segmenter, udp_length_is_the_pieces)
{
	for (uint8_t version = 4; version <= 6; version += 2) {
		const struct segment_spec spec = segment_plain(version, 17, 2500, 1000);
		const struct segmenter s = judged(&spec, SEGMENT_ZERO);
		const uint32_t field = version == 4 ? 38 : 58;

		cr_assert(s.pieces == 3);
		segment_wire(&s, packet.bytes, 1, false, wire);
		cr_assert(frame_read16(wire, field) == 1008);
		segment_wire(&s, packet.bytes, 2, false, wire);
		cr_assert(frame_read16(wire, field) == 508);
	}
}

Test(segmenter, fin_and_psh_are_on_the_last_and_cwr_on_the_first)
{
	struct segment_spec spec = segment_plain(4, 6, 2500, 1000);
	const uint8_t want[3] = {ACK | ECE | CWR, ACK | ECE, ACK | ECE | FIN | PSH};
	struct segmenter s;

	spec.tcp_flags = ACK | ECE | CWR | FIN | PSH;
	s = judged(&spec, SEGMENT_FULL);
	for (uint32_t i = 0; i < 3; i++) {
		segment_wire(&s, packet.bytes, i, false, wire);
		cr_assert(wire[47] == want[i], "piece %u has 0x%02x", i, wire[47]);
	}
	spec.mss = 2500; /* one piece is the first and the last */
	s = judged(&spec, SEGMENT_FULL);
	segment_wire(&s, packet.bytes, 0, false, wire);
	cr_assert(s.pieces == 1 && wire[47] == spec.tcp_flags);
}

Test(segmenter, options_are_in_each_piece)
{
	struct segment_spec spec = segment_plain(4, 6, 2000, 1000);
	const uint8_t timestamps[12] = {1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8};
	struct segmenter s;

	spec.tcp_options_bytes = sizeof(timestamps);
	memcpy(spec.tcp_options, timestamps, sizeof(timestamps));
	s = judged(&spec, SEGMENT_ZERO);
	for (uint32_t i = 0; i < 2; i++) {
		segment_wire(&s, packet.bytes, i, false, wire);
		cr_assert(memcmp(wire + 54, timestamps, sizeof(timestamps)) == 0);
	}
}

/* ---- How many pieces ----------------------------------------------------------------------------------- */

Test(segmenter, last_piece_holds_what_is_left)
{
	const struct {
		uint32_t payload, mss, pieces, last;
	} rows[] = {
		{0, 1000, 1, 0},	  {1, 1000, 1, 1},	{999, 1000, 1, 999},
		{1000, 1000, 1, 1000},	  {1001, 1000, 2, 1},	{2000, 1000, 2, 1000},
		{2001, 1000, 3, 1},	  {300, 1, 300, 1},	{65495, 1448, 46, 335},
		{65495, 65495, 1, 65495}, {65495, 65494, 2, 1},
	};

	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct segment_spec spec =
			segment_plain(4, 6, rows[i].payload, (uint16_t)rows[i].mss);
		const struct segmenter s = judged(&spec, SEGMENT_FULL);

		cr_assert(s.pieces == rows[i].pieces, "row %u: %u pieces", i, s.pieces);
		cr_assert(segmenter_piece(&s, s.pieces - 1).payload_bytes == rows[i].last, "row %u",
			  i);
	}
}

/* ---- Sums ---------------------------------------------------------------------------------------------- */

/* Each id there is, with header sums of all sizes: no carry is lost. */
Test(segmenter, ipv4_checksum_is_right_with_every_id)
{
	for (uint32_t step = 0; step < 8; step++) {
		struct segment_spec spec = segment_plain(4, 17, 65507, 1);
		struct segmenter s;

		spec.addresses[1] = (uint8_t)(step * 0x20);
		s = judged(&spec, SEGMENT_ZERO);
		for (uint32_t i = 0; i < s.pieces; i++) {
			segmenter_write(&s, i, wire);
			cr_assert(segment_oracle_sum(wire + 14, 20) == 0xffff, "step %u, piece %u",
				  step, i);
		}
	}
}

/* The sums are the kernel's to complete: the field has the sum of the piece's own pseudo-header, and start
 * and field say where it lies behind an inserted tag. */
Test(segmenter, field_has_the_pseudo_sum_of_the_piece)
{
	for (uint32_t style = 0; style < SEGMENT_STYLES; style++) {
		struct segment_spec spec = segment_plain(4, 6, 2500, 1000);
		struct segment_oracle oracle;
		static struct segment_packet want;
		struct segmenter s;

		spec.has_vlan = true;
		oracle = segment_oracle_start(&spec);
		s = judged(&spec, style);
		cr_assert(s.has_checksum);
		cr_assert(s.checksum_start_bytes == 38 && s.checksum_field_bytes == 16);
		for (uint32_t i = 0; segment_oracle_next(&oracle, &want); i++) {
			segmenter_write(&s, i, wire);
			cr_assert(frame_read16(wire, 54) == want.pseudo_sum, "style %u, piece %u",
				  style, i);
			cr_assert(segmenter_piece(&s, i).summed_bytes ==
				  segmenter_piece(&s, i).payload_bytes);
		}
	}
}

Test(segmenter, padding_is_sent_and_not_summed)
{
	struct segment_spec spec = segment_plain(4, 17, 10, 0);
	struct segmenter_piece piece;
	struct segmenter s;

	spec.padding_bytes = 8;
	s = judged(&spec, SEGMENT_PSEUDO);
	piece = segmenter_piece(&s, 0);
	cr_assert(s.pieces == 1 && piece.payload_bytes == 18 && piece.summed_bytes == 10);
}

/* Of UDP 0 says that there is no checksum (RFC 768), and is sent as 0xffff; of TCP it is a number. */
Test(segmenter, checksum_of_zero_is_sent_by_tcp_alone)
{
	for (uint8_t protocol = 6; protocol <= 17; protocol += 11) {
		struct segment_spec spec = segment_plain(6, protocol, 100, 100);
		struct segmenter s = judged(&spec, SEGMENT_FULL);
		const uint32_t field = packet.l4_field;
		/* what lacks in the sum goes to the port */
		const uint32_t port = spec.ports[0] + frame_read16(packet.bytes, field);

		spec.ports[0] = (uint16_t)(port > 0xffff ? port - 0xffff : port);
		s = judged(&spec, SEGMENT_ZERO);
		segment_wire(&s, packet.bytes, 0, false, wire);
		cr_assert(frame_read16(wire, field) == (protocol == 6 ? 0 : 0xffff));
	}
}

/* Behind an odd number of bytes the payload's words straddle those of the whole. */
Test(segmenter, checksum_by_place_takes_odd_places)
{
	for (uint16_t start = 14; start < 40; start++) {
		for (uint16_t field = 0; field < 20; field++) {
			struct segment_request r = {
				.max_frame_bytes = 1518,
				.meta.len_bytes = 101,
				.meta.flags = NET_TX_PARTIAL_CHECKSUM,
				.meta.checksum_start_bytes = start,
				.meta.checksum_field_bytes = field,
			};
			struct segmenter s;

			frame_plain(packet.bytes, 101, start);
			cr_assert(segmenter_judge(&s, packet.bytes, segmenter_header_bytes(&r.meta),
						  &r.meta, r.max_frame_bytes) == SEGMENTER_OK);
			segment_wire(&s, packet.bytes, 0, false, wire);
			segment_wire(&s, packet.bytes, 0, true, packet.bytes + 200);
			cr_assert(memcmp(wire, packet.bytes + 200, 101) == 0, "%u, %u", start,
				  field);
		}
	}
}

/* ---- Tags, and nothing else ------------------------------------------------------------------------------ */

Test(segmenter, tag_is_inserted_once_in_front_of_others)
{
	struct segment_spec spec = segment_plain(6, 17, 2000, 1000);
	struct segmenter s;

	spec.has_vlan = true;
	spec.vlan_tci = 0xa123;
	spec.tag_count = 1;
	spec.tags[0] = 0x0456;
	s = judged(&spec, SEGMENT_ZERO);
	for (uint32_t i = 0; i < 2; i++) {
		cr_assert(segment_wire(&s, packet.bytes, i, false, wire) == 22 + 48 + 1000);
		cr_assert(memcmp(wire, spec.macs, 12) == 0);
		cr_assert(read32(wire + 12) == 0x8100a123 && read32(wire + 16) == 0x81000456 &&
			  frame_read16(wire, 20) == 0x86dd);
	}
}

/* Without a request for sums no header behind the MAC addresses is looked at, or changed. */
Test(segmenter, tag_alone_takes_any_frame)
{
	const struct segment_request r = {
		.max_frame_bytes = 14,
		.meta = {.len_bytes = 14, .flags = NET_TX_VLAN, .vlan_tci = 0xfff},
	};
	struct segmenter s;

	frame_plain(packet.bytes, 14, 1);
	cr_assert(segmenter_judge(&s, packet.bytes, 14, &r.meta, r.max_frame_bytes) ==
		  SEGMENTER_OK);
	cr_assert(!s.has_checksum && segmenter_piece(&s, 0).summed_bytes == 0);
	cr_assert(segment_wire(&s, packet.bytes, 0, false, wire) == 18);
	cr_assert(read32(wire + 12) == 0x81000fff && frame_read16(wire, 16) == FRAME_ETHERTYPE);
}

/* Of a fragment too. What is not asked for stays as it is. */
Test(segmenter, ip_checksum_alone_changes_nothing_else)
{
	struct segment_spec spec = segment_plain(4, 6, 100, 0);
	static struct segment_packet want;
	struct segment_request r;
	struct segmenter s;

	spec.ipv4_flags = 0x2001;
	segment_oracle_whole(&want, &spec);
	packet = want;
	r = segment_request(&packet, &spec);
	r.meta.flags = NET_TX_IP_CHECKSUM;
	frame_write16(packet.bytes, 24, 0x1234);
	cr_assert(segmenter_header_bytes(&r.meta) == 34);
	cr_assert(segmenter_judge(&s, packet.bytes, 34, &r.meta, r.max_frame_bytes) ==
		  SEGMENTER_OK);
	cr_assert(!s.has_checksum);
	cr_assert(segment_wire(&s, packet.bytes, 0, false, wire) == want.len);
	cr_assert(memcmp(wire, want.bytes, want.len) == 0);
}
