// SPDX-License-Identifier: BSD-2-Clause
/* Checksums of received frames: good, bad or unknown, and every way a header can lie. */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/checksum.h"
#include "support/checksums.h"
#include "support/frame.h"

Test(checksum, inspect_random_frames_are_good_and_bad_after_one_bit)
{
	struct frame_random r = frame_random(21);

	for (int round = 0; round < 5000; round++) {
		struct frame_spec spec = checksum_random_spec(&r);
		struct frame f;
		uint32_t at;

		frame_build(&f, &spec);
		checksum_expect(&f, checksum_ip_good(&spec), NET_CHECKSUM_GOOD,
				checksum_l4_of(&spec), "whole frame");
		/* A bit of the payload, if there is one: no header changes its meaning. */
		if (!spec.payload_bytes)
			continue;
		at = f.len - spec.padding_bytes - 1 - frame_random_below(&r, spec.payload_bytes);
		f.bytes[at] ^= (uint8_t)(1 << frame_random_below(&r, 8));
		checksum_expect(&f, checksum_ip_good(&spec), NET_CHECKSUM_BAD,
				checksum_l4_of(&spec), "payload bit");
	}
}

Test(checksum, inspect_header_length_out_of_range_is_unknown)
{
	const struct frame_spec spec = {.ip_version = 4, .protocol = 17, .payload_bytes = 20};
	struct frame f;

	frame_build(&f, &spec);
	for (uint8_t words = 0; words < 16; words++) {
		f.bytes[14] = (uint8_t)(0x40 | words);
		/* 5 is right; up to 12 there are bytes to sum, and they do not fit. */
		if (words < 5 || words > 12)
			checksum_expect(&f, NET_CHECKSUM_UNKNOWN, NET_CHECKSUM_UNKNOWN,
					NET_L4_UNKNOWN, "header length");
		else if (words > 5)
			checksum_expect(&f, NET_CHECKSUM_BAD, NET_CHECKSUM_UNKNOWN, NET_L4_UNKNOWN,
					"options that are none");
	}
}

Test(checksum, inspect_wrong_ip_header_is_bad)
{
	const struct frame_spec spec = {.ip_version = 4, .protocol = 6, .payload_bytes = 10};
	struct frame f;

	frame_build(&f, &spec);
	f.bytes[22] ^= 1; /* the time to live is in no pseudo-header */
	checksum_expect(&f, NET_CHECKSUM_BAD, NET_CHECKSUM_GOOD, NET_L4_TCP, "time to live");
}

Test(checksum, inspect_udp_without_checksum_is_unknown)
{
	struct frame_spec spec = {.protocol = 17, .payload_bytes = 10};
	struct frame f;

	for (spec.ip_version = 4; spec.ip_version <= 6; spec.ip_version += 2) {
		frame_build(&f, &spec);
		frame_write16(f.bytes, f.l4_field, 0);
		checksum_expect(&f, checksum_ip_good(&spec), NET_CHECKSUM_UNKNOWN, NET_L4_UDP,
				"no checksum");
	}
	/* In TCP a 0 is a number like any other. */
	spec.protocol = 6;
	spec.ip_version = 4;
	frame_build(&f, &spec);
	frame_write16(f.bytes, f.l4_field, 0);
	checksum_expect(&f, NET_CHECKSUM_GOOD, NET_CHECKSUM_BAD, NET_L4_TCP, "zero");
}

Test(checksum, inspect_udp_shorter_than_its_packet_is_summed_over_its_own_length)
{
	const struct frame_spec spec = {.ip_version = 4, .protocol = 17, .payload_bytes = 40};
	struct frame f;

	frame_build(&f, &spec);
	f.l4_len = 8 + 11;
	frame_write16(f.bytes, 38, (uint16_t)f.l4_len);
	frame_write16(f.bytes, f.l4_field, frame_l4_checksum(&f));
	checksum_expect(&f, NET_CHECKSUM_GOOD, NET_CHECKSUM_GOOD, NET_L4_UDP,
			"UDP length 19 of 48");
	f.bytes[f.len - 1] ^= 1;
	checksum_expect(&f, NET_CHECKSUM_GOOD, NET_CHECKSUM_GOOD, NET_L4_UDP, "change behind UDP");
	f.bytes[f.l4_field + 4] ^= 1;
	checksum_expect(&f, NET_CHECKSUM_GOOD, NET_CHECKSUM_BAD, NET_L4_UDP, "change in UDP");
}

Test(checksum, inspect_fragments_keep_the_transport_unknown)
{
	const struct frame_spec spec = {.ip_version = 4, .protocol = 17, .payload_bytes = 40};
	struct frame f;

	frame_build(&f, &spec);
	f.bytes[20] = 0x20;
	checksum_refresh_ip(&f);
	checksum_expect(&f, NET_CHECKSUM_GOOD, NET_CHECKSUM_UNKNOWN, NET_L4_UNKNOWN,
			"first fragment");
	f.bytes[20] = 0;
	f.bytes[21] = 185;
	checksum_refresh_ip(&f);
	checksum_expect(&f, NET_CHECKSUM_GOOD, NET_CHECKSUM_UNKNOWN, NET_L4_UNKNOWN,
			"last fragment");
	/* The reserved bit is no fragment. */
	f.bytes[20] = 0x80;
	f.bytes[21] = 0;
	checksum_refresh_ip(&f);
	checksum_expect(&f, NET_CHECKSUM_GOOD, NET_CHECKSUM_GOOD, NET_L4_UDP, "reserved bit");
}

Test(checksum, inspect_other_protocols_are_unknown)
{
	struct frame_spec spec = {.ip_version = 4, .protocol = 1, .payload_bytes = 40};
	struct net_rx_metadata meta;
	uint8_t plain[60];
	struct frame f;

	frame_build(&f, &spec);
	checksum_expect(&f, NET_CHECKSUM_GOOD, NET_CHECKSUM_UNKNOWN, NET_L4_UNKNOWN, "ICMP");
	spec.ip_version = 6;
	for (int next = 0; next < 256; next++) {
		spec.protocol = (uint8_t)next;
		if (next == 6 || next == 17)
			continue;
		frame_build(&f, &spec);
		/* As an extension header these bytes make a chain that leads nowhere. */
		memset(f.bytes + 54, 0xff, spec.payload_bytes);
		checksum_expect(&f, NET_CHECKSUM_UNKNOWN, NET_CHECKSUM_UNKNOWN, NET_L4_UNKNOWN,
				"IPv6 next header");
	}
	frame_plain(plain, sizeof(plain), 1);
	meta = checksum_inspected(plain, sizeof(plain), true, true);
	cr_assert(!meta.ip_checksum && !meta.l4_checksum && !meta.l4_protocol);
}

Test(checksum, inspect_ethertype_decides_the_version)
{
	const struct frame_spec spec = {.ip_version = 4, .protocol = 17, .payload_bytes = 40};
	struct frame f;

	frame_build(&f, &spec);
	frame_write16(f.bytes, 12, 0x86dd);
	checksum_expect(&f, NET_CHECKSUM_UNKNOWN, NET_CHECKSUM_UNKNOWN, NET_L4_UNKNOWN,
			"IPv4 as IPv6");
	frame_write16(f.bytes, 12, 0x0806);
	checksum_expect(&f, NET_CHECKSUM_UNKNOWN, NET_CHECKSUM_UNKNOWN, NET_L4_UNKNOWN, "ARP");
}

Test(checksum, inspect_third_tag_is_not_followed)
{
	const struct frame_spec spec = {
		.ip_version = 4, .protocol = 17, .vlans = {1, 2}, .vlan_count = 2};
	struct frame f;

	frame_build(&f, &spec);
	checksum_expect(&f, NET_CHECKSUM_GOOD, NET_CHECKSUM_GOOD, NET_L4_UDP, "two tags");
	memmove(f.bytes + 16, f.bytes + 12, f.len - 12);
	frame_write16(f.bytes, 12, 0x8100);
	frame_write16(f.bytes, 14, 3);
	f.len += 4;
	checksum_expect(&f, NET_CHECKSUM_UNKNOWN, NET_CHECKSUM_UNKNOWN, NET_L4_UNKNOWN,
			"three tags");
}

Test(checksum, inspect_extension_chain_has_an_end)
{
	const struct frame_spec spec = {
		.ip_version = 6, .protocol = 17, .ip_options_bytes = 9, .payload_bytes = 8};
	struct frame f;

	/* Nine headers of eight bytes, each naming one more. */
	frame_build(&f, &spec);
	for (uint32_t i = 0; i < 9; i++) {
		f.bytes[54 + i * 8] = i < 8 ? 60 : 17;
		f.bytes[54 + i * 8 + 1] = 0;
	}
	frame_write16(f.bytes, f.l4_field, frame_l4_checksum(&f));
	checksum_expect(&f, NET_CHECKSUM_UNKNOWN, NET_CHECKSUM_UNKNOWN, NET_L4_UNKNOWN,
			"nine headers");
}

Test(checksum, inspect_truncated_frames_are_never_good)
{
	struct frame_random r = frame_random(22);

	for (int round = 0; round < 300; round++) {
		struct frame_spec spec = checksum_random_spec(&r);
		struct frame f;

		spec.payload_bytes = frame_random_below(&r, 60);
		spec.padding_bytes = 0;
		frame_build(&f, &spec);
		for (uint32_t len = 0; len < f.len; len++) {
			uint8_t *copy = malloc(len ? len : 1);
			struct net_rx_metadata meta;

			memcpy(copy, f.bytes, len);
			meta = checksum_inspected(copy, len, true, true);
			cr_assert(meta.l4_checksum == NET_CHECKSUM_UNKNOWN, "%u of %u bytes", len,
				  f.len);
			cr_assert(meta.l4_protocol == NET_L4_UNKNOWN);
			cr_assert(meta.ip_checksum == NET_CHECKSUM_UNKNOWN ||
				  len >= f.l2_len + f.l3_len);
			free(copy);
		}
	}
}

/* Headers of random bytes: only sanitizers and the exact allocation can complain. */
Test(checksum, inspect_random_headers_stay_inside_the_frame)
{
	struct frame_random r = frame_random(23);

	for (int round = 0; round < 100000; round++) {
		uint32_t len = frame_random_below(&r, 120);
		uint8_t *frame = malloc(len ? len : 1);

		frame_random_bytes(&r, frame, len);
		if (len > 24 && frame_random_below(&r, 4)) {
			frame_write16(frame, 12, round & 1 ? 0x0800 : 0x86dd);
			frame[14] = round & 1 ? (uint8_t)(0x40 | (frame[14] & 0xf)) : 0x60;
			frame[16] = 0;
			frame[18] = 0;
			frame[20] =
				(uint8_t)(round & 1 ? 0 : (uint8_t[]){0, 6, 17, 60}[frame[20] & 3]);
		}
		checksum_inspected(frame, len, true, true);
		free(frame);
	}
}

/* ---- Frames of a local sender ------------------------------------------------------------------------ */

Test(checksum, inspect_pseudo_header_sum_is_validated_but_wrong)
{
	struct frame_random r = frame_random(24);

	for (int round = 0; round < 2000; round++) {
		struct frame_spec spec = checksum_random_spec(&r);
		struct net_rx_metadata meta;
		struct frame whole, f;
		char why[FRAME_WHY_BYTES];

		frame_build(&whole, &spec);
		memset(whole.bytes + whole.len - spec.padding_bytes, 0, spec.padding_bytes);
		f = whole;
		frame_write16(f.bytes, f.l4_field, frame_pseudo_sum(&f));
		checksum_expect(&f, checksum_ip_good(&spec), NET_CHECKSUM_BAD,
				checksum_l4_of(&spec), "not from here");
		meta = checksum_inspected(f.bytes, f.len, true, false);
		cr_assert(meta.l4_checksum == NET_CHECKSUM_PARTIAL, "round %d: %d", round,
			  meta.l4_checksum);
		cr_assert(frame_read16(f.bytes, f.l4_field) == frame_pseudo_sum(&f));
		meta = checksum_inspected(f.bytes, f.len, true, true);
		cr_assert(meta.l4_checksum == NET_CHECKSUM_GOOD, "round %d", round);
		cr_assert(frame_equal(f.bytes, f.len, whole.bytes, whole.len, why), "round %d: %s",
			  round, why);
	}
}

/* A frontend completes a partial sum up to the frame's end, where a trailer would be in it. We complete it up
 * to the packet's. */
Test(checksum, inspect_pseudo_header_sum_in_front_of_a_trailer_is_unknown)
{
	struct frame_random r = frame_random(25);

	for (int round = 0; round < 2000; round++) {
		struct frame_spec spec = checksum_random_spec(&r);
		struct net_rx_metadata meta;
		struct frame whole, f;
		char why[FRAME_WHY_BYTES];

		spec.padding_bytes = 1 + frame_random_below(&r, 30);
		frame_build(&whole, &spec);
		memset(whole.bytes + whole.len - spec.padding_bytes, 0, spec.padding_bytes);
		whole.bytes[whole.len - 1 - frame_random_below(&r, spec.padding_bytes)] =
			(uint8_t)(1 + frame_random_below(&r, 255));
		f = whole;
		frame_write16(f.bytes, f.l4_field, frame_pseudo_sum(&f));
		meta = checksum_inspected(f.bytes, f.len, true, false);
		cr_assert(meta.l4_checksum == NET_CHECKSUM_UNKNOWN, "round %d: %d", round,
			  meta.l4_checksum);
		meta = checksum_inspected(f.bytes, f.len, true, true);
		cr_assert(meta.l4_checksum == NET_CHECKSUM_GOOD, "round %d", round);
		cr_assert(frame_equal(f.bytes, f.len, whole.bytes, whole.len, why), "round %d: %s",
			  round, why);
	}
}

Test(checksum, inspect_local_frame_with_a_wrong_field_stays_bad)
{
	const struct frame_spec spec = {.ip_version = 4, .protocol = 6, .payload_bytes = 99};
	struct net_rx_metadata meta;
	struct frame f, before;

	frame_build(&f, &spec);
	frame_write16(f.bytes, f.l4_field, (uint16_t)(frame_pseudo_sum(&f) ^ 0x0100));
	before = f;
	meta = checksum_inspected(f.bytes, f.len, true, true);
	cr_assert(meta.l4_checksum == NET_CHECKSUM_BAD);
	cr_assert(memcmp(f.bytes, before.bytes, f.len) == 0, "a wrong checksum was mended");
}
