// SPDX-License-Identifier: BSD-2-Clause
/* Segmentation against a reference that was written apart, with random packets from a fixed seed; and
 * hostile ones, of which no byte outside is read or sent. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/checksum.h"
#include "support/segment_break.h"

static struct segment_packet packet;

static void expect_random(uint64_t seed, uint32_t rounds, struct segment_wish wish,
			  enum segment_style first)
{
	struct frame_random r = frame_random(seed);

	for (uint32_t round = 0; round < rounds; round++) {
		const struct segment_spec spec = segment_random(&r, wish);
		char what[64];

		for (uint32_t style = first; style < SEGMENT_STYLES; style++) {
			struct segment_request request;

			segment_oracle_whole(&packet, &spec);
			segment_apply(&packet, &spec, style);
			request = segment_request(&packet, &spec);
			snprintf(what, sizeof(what), "round %u, style %u", round, style);
			segment_expect(&packet, &request, &spec, what);
		}
	}
}

Test(segmenter_oracle, short_packets_are_cut_as_the_reference_cuts_them)
{
	expect_random(1, 3000, (struct segment_wish){.segmented = true, .payload_most = 4000},
		      SEGMENT_ZERO);
}

Test(segmenter_oracle, packets_of_64_kib_are_cut_as_the_reference_cuts_them)
{
	expect_random(2, 60, (struct segment_wish){.segmented = true, .payload_most = 65535},
		      SEGMENT_ZERO);
}

/* Payloads around nothing at all, and of one byte in each piece. */
Test(segmenter_oracle, tiny_packets_are_cut_as_the_reference_cuts_them)
{
	expect_random(3, 3000, (struct segment_wish){.segmented = true, .payload_most = 8},
		      SEGMENT_ZERO);
}

/* Checksums and a tag, nothing to cut; some with padding behind the packet. */
Test(segmenter_oracle, requests_without_segmentation_give_the_whole_packet)
{
	struct frame_random r = frame_random(4);

	for (uint32_t round = 0; round < 4000; round++) {
		const struct segment_wish wish = {.payload_most = round % 50 ? 2000 : 65535};
		const struct segment_spec spec = segment_random(&r, wish);
		struct segment_request request;

		segment_oracle_whole(&packet, &spec);
		segment_apply(&packet, &spec, round % 2 ? SEGMENT_FULL : SEGMENT_PSEUDO);
		request = segment_request(&packet, &spec);
		segment_expect(&packet, &request, &spec, "whole");
	}
}

/* Asked for by place, as virtio does: what lies behind start may be anything. */
Test(segmenter_oracle, checksum_by_place_equals_the_one_by_protocol)
{
	struct frame_random r = frame_random(5);

	for (uint32_t round = 0; round < 4000; round++) {
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
		segment_expect(&packet, &request, &spec, "by place");
	}
}

/* ---- Cut --------------------------------------------------------------------------------------------------- */

Test(segmenter_oracle, headers_cut_at_every_byte_are_refused)
{
	struct frame_random r = frame_random(6);

	for (uint32_t round = 0; round < 300; round++) {
		const struct segment_wish wish = {.segmented = round % 2, .payload_most = 3000};
		const struct segment_spec spec = segment_random(&r, wish);
		struct segment_request request, whole;
		uint32_t wanted;

		segment_oracle_whole(&packet, &spec);
		whole = request = segment_request(&packet, &spec);
		wanted = segmenter_header_bytes(&request.meta);
		cr_assert(segment_judge(packet.bytes, wanted, &whole) == SEGMENTER_OK);
		for (uint32_t present = 0; present < wanted; present++) {
			cr_assert(segment_judge(packet.bytes, present, &whole) == SEGMENTER_CUT,
				  "round %u: %u of %u bytes were copied", round, present, wanted);
			request.meta.len_bytes = present;
			cr_assert(segment_judge(packet.bytes, present, &request) == SEGMENTER_CUT,
				  "round %u: the packet has %u of %u bytes", round, present,
				  wanted);
		}
	}
}

/* ---- Hostile ------------------------------------------------------------------------------------------------ */

Test(segmenter_oracle, hostile_packets_cost_themselves_only)
{
	struct frame_random r = frame_random(7);
	uint32_t seen[SEGMENTER_VERDICTS] = {0};

	for (uint32_t round = 0; round < 60000; round++) {
		const struct segment_wish wish = {.segmented = round % 4 != 0,
						  .payload_most = round % 100 ? 300 : 4000};
		const struct segment_spec spec = segment_random(&r, wish);
		struct segment_request request;
		enum segmenter_verdict verdict;
		struct segmenter s;
		uint32_t present;
		uint8_t *copy;

		segment_oracle_whole(&packet, &spec);
		request = segment_request(&packet, &spec);
		segment_break_bytes(&packet, &r);
		segment_break_request(&packet, &r, &request);
		present = segmenter_header_bytes(&request.meta);
		if (present > request.meta.len_bytes)
			present = request.meta.len_bytes;
		copy = malloc(present ? present : 1);
		memcpy(copy, packet.bytes, present);
		verdict =
			segmenter_judge(&s, copy, present, &request.meta, request.max_frame_bytes);
		cr_assert(verdict < SEGMENTER_VERDICTS);
		seen[verdict]++;
		if (verdict == SEGMENTER_OK)
			segment_expect_tiled(&s, &packet, &request);
		free(copy);
	}
	/* An option that is refused is too rare; it has a test of its own. */
	for (uint32_t i = 0; i < SEGMENTER_VERDICTS; i++)
		cr_assert(seen[i] || i == SEGMENTER_OPTION, "verdict %u was never given", i);
}
