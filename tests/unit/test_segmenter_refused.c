// SPDX-License-Identifier: BSD-2-Clause
/* What is wrong with a request has a name: one row for each fault, made from a packet that is taken. */
#include <string.h>

#include <criterion/criterion.h>

#include "support/segment_case.h"

enum {
	SYN = 0x02,
	URG = 0x20,
	L4_V4 = 34, /* offset of the transport header */
	L4_V6 = 54,
};

static struct segment_packet packet;
static struct segment_request request;

static void take(const struct segment_spec *spec)
{
	segment_oracle_whole(&packet, spec);
	request = segment_request(&packet, spec);
	request.max_frame_bytes = 1518;
	cr_assert(segment_judge_packet(&packet, &request) == SEGMENTER_OK);
}

static void take_plain(uint8_t ip_version, uint8_t protocol)
{
	const struct segment_spec spec = segment_plain(ip_version, protocol, 3000, 1000);

	take(&spec);
}

/* A packet that asks for checksums only. */
static void take_short(uint8_t ip_version, uint8_t protocol)
{
	const struct segment_spec spec = segment_plain(ip_version, protocol, 100, 0);

	take(&spec);
}

static void expect(enum segmenter_verdict want, const char *what)
{
	enum segmenter_verdict got = segment_judge_packet(&packet, &request);

	cr_assert(got == want, "%s: verdict %d, want %d", what, got, want);
}

/* ---- The request ----------------------------------------------------------------------------------------- */

Test(segmenter_refused, header_lengths_that_contradict_the_bytes)
{
	take_plain(4, 6);
	request.meta.l2_len_bytes = 13;
	expect(SEGMENTER_L2, "l2 of 13");
	request.meta.l2_len_bytes = 0;
	expect(SEGMENTER_L2, "l2 of 0");
	request.meta.l2_len_bytes = 18;
	expect(SEGMENTER_VERSION, "l2 of 18 without a tag: no IP header lies there");
	take_plain(4, 6);
	request.meta.l3_len_bytes = 24;
	expect(SEGMENTER_L3, "l3 of 24, the header says 20");
	request.meta.l3_len_bytes = 0;
	expect(SEGMENTER_L3, "l3 of 0");
	packet.bytes[14] = 0x44;
	request.meta.l3_len_bytes = 16;
	expect(SEGMENTER_L3, "an IPv4 header of 16 bytes");
	take_short(6, 6);
	request.meta.l3_len_bytes = 36;
	expect(SEGMENTER_L3, "an IPv6 header of 36 bytes");
	take_plain(4, 6);
	for (request.meta.l4_len_bytes = 0; request.meta.l4_len_bytes < 80;
	     request.meta.l4_len_bytes++)
		expect(request.meta.l4_len_bytes == 20 ? SEGMENTER_OK : SEGMENTER_L4, "l4, TCP");
	take_plain(6, 17);
	for (request.meta.l4_len_bytes = 0; request.meta.l4_len_bytes < 80;
	     request.meta.l4_len_bytes++)
		expect(request.meta.l4_len_bytes == 8 ? SEGMENTER_OK : SEGMENTER_L4, "l4, UDP");
	take_plain(4, 6);
	packet.bytes[L4_V4 + 12] = 0x40;
	request.meta.l4_len_bytes = 16;
	expect(SEGMENTER_L4, "a TCP header of 16 bytes");
}

Test(segmenter_refused, headers_beyond_the_packet_or_the_slot)
{
	take_plain(4, 6);
	request.meta.len_bytes = 53;
	expect(SEGMENTER_CUT, "the packet ends in its TCP header");
	request.meta.len_bytes = 0;
	expect(SEGMENTER_CUT, "no packet");
	take_plain(6, 6);
	request.meta.l3_len_bytes = SEGMENTER_HEADERS_MAX - 14 - 20;
	expect(SEGMENTER_L3, "as long as a slot");
	request.meta.flags |= NET_TX_VLAN;
	expect(SEGMENTER_HEADERS_LONG, "the tag does not fit");
	request.meta.l3_len_bytes = 65535;
	expect(SEGMENTER_CUT, "longer than the packet");
}

Test(segmenter_refused, flags_of_another_protocol_or_version)
{
	take_plain(4, 17);
	request.meta.flags = NET_TX_TCP_SEGMENTATION;
	request.meta.l4_len_bytes = 20;
	expect(SEGMENTER_PROTOCOL, "TCP segmentation of UDP");
	take_plain(4, 6);
	request.meta.flags = NET_TX_UDP_SEGMENTATION;
	request.meta.l4_len_bytes = 8;
	expect(SEGMENTER_PROTOCOL, "UDP segmentation of TCP");
	take_plain(6, 6);
	request.meta.flags |= NET_TX_UDP_SEGMENTATION;
	expect(SEGMENTER_PROTOCOL, "both segmentations");
	take_plain(6, 6);
	request.meta.flags |= NET_TX_UDP_CHECKSUM;
	expect(SEGMENTER_PROTOCOL, "TCP segmentation with a UDP checksum");
	take_short(6, 17);
	packet.bytes[20] = 58;
	expect(SEGMENTER_PROTOCOL, "a UDP checksum of ICMPv6");
}

Test(segmenter_refused, version_that_is_not_the_bytes)
{
	take_plain(4, 6);
	request.meta.flags ^= NET_TX_IPV4 | NET_TX_IPV6;
	expect(SEGMENTER_VERSION, "the flag says IPv6");
	request.meta.flags |= NET_TX_IPV4;
	expect(SEGMENTER_VERSION, "both flags");
	request.meta.flags &= ~(NET_TX_IPV4 | NET_TX_IPV6);
	expect(SEGMENTER_OK, "no flag");
	packet.bytes[14] = 0x55;
	expect(SEGMENTER_VERSION, "IP version 5");
	take_plain(6, 6);
	packet.bytes[14] = 0x45;
	expect(SEGMENTER_VERSION, "the bytes say IPv4");
	take_short(6, 6);
	request.meta.flags |= NET_TX_IP_CHECKSUM;
	expect(SEGMENTER_VERSION, "IPv6 has no header checksum");
}

/* Behind other headers their lengths would be wrong in each piece; a checksum is right there as well. */
Test(segmenter_refused, segmentation_behind_anything_but_ethernet)
{
	take_plain(4, 6);
	frame_write16(packet.bytes, 12, 0x8864);
	expect(SEGMENTER_L2, "PPPoE");
	frame_write16(packet.bytes, 12, 0x86dd);
	expect(SEGMENTER_L2, "the EtherType says IPv6");
	take_short(4, 6);
	frame_write16(packet.bytes, 12, 0x8864);
	expect(SEGMENTER_OK, "a checksum only");
	take_plain(4, 6);
	memmove(packet.bytes + 18, packet.bytes + 14, packet.len - 14);
	request.meta.len_bytes += 4;
	request.meta.l2_len_bytes += 4;
	expect(SEGMENTER_L2, "four bytes in front of the IP header");
}

Test(segmenter_refused, segment_size_of_nothing_or_beyond_the_frame)
{
	take_plain(4, 6);
	request.meta.max_segment_bytes = 0;
	expect(SEGMENTER_MSS_ZERO, "mss 0");
	request.meta.max_segment_bytes = 1;
	expect(SEGMENTER_OK, "mss 1");
	request.meta.max_segment_bytes = 1518 - 54;
	expect(SEGMENTER_OK, "as long as a frame");
	request.meta.max_segment_bytes = 1518 - 54 + 1;
	expect(SEGMENTER_MSS_LONG, "a byte too long");
	request.meta.max_segment_bytes = 65535;
	expect(SEGMENTER_MSS_LONG, "mss 65,535");
	request.max_frame_bytes = 0;
	expect(SEGMENTER_MSS_LONG, "no frame fits");
}

Test(segmenter_refused, totals_beyond_what_an_ip_length_holds)
{
	for (uint8_t tags = 0; tags < 3; tags++) {
		struct segment_spec spec = segment_plain(4, 6, 65495, 1000);

		spec.tag_count = tags;
		take(&spec);
		cr_assert(request.meta.len_bytes == 65535u + request.meta.l2_len_bytes);
		segment_apply(&packet, &spec, SEGMENT_ZERO);
		request.meta.len_bytes++;
		expect(SEGMENTER_TOTAL_LONG, "65,536 + L2");
		request.meta.len_bytes = UINT32_MAX;
		expect(SEGMENTER_TOTAL_LONG, "4 GiB");
	}
	take_short(4, 6);
	request.max_frame_bytes = request.meta.len_bytes - 1;
	expect(SEGMENTER_FRAME_LONG, "not segmented");
}

/* ---- The bytes ------------------------------------------------------------------------------------------- */

Test(segmenter_refused, lengths_that_lie)
{
	take_plain(4, 6);
	frame_write16(packet.bytes, 16, 3041);
	expect(SEGMENTER_LENGTH, "IPv4, one more");
	frame_write16(packet.bytes, 16, 3039);
	expect(SEGMENTER_LENGTH, "IPv4, one less");
	take_plain(6, 6);
	frame_write16(packet.bytes, 18, 3021);
	expect(SEGMENTER_LENGTH, "IPv6");
	take_plain(6, 17);
	frame_write16(packet.bytes, L4_V6 + 4, 3007);
	expect(SEGMENTER_LENGTH, "UDP");
	take_short(4, 17);
	frame_write16(packet.bytes, L4_V4 + 4, 109);
	expect(SEGMENTER_LENGTH, "UDP beyond IP, a checksum only");
	frame_write16(packet.bytes, L4_V4 + 4, 7);
	expect(SEGMENTER_LENGTH, "UDP shorter than its header");
	take_short(4, 6);
	frame_write16(packet.bytes, 16, 39);
	expect(SEGMENTER_LENGTH, "IPv4 ends in the TCP header");
	frame_write16(packet.bytes, 16, 141);
	expect(SEGMENTER_LENGTH, "IPv4 beyond the packet");
	frame_write16(packet.bytes, 16, 0);
	expect(SEGMENTER_LENGTH, "no length, a checksum only");
}

Test(segmenter_refused, fragments)
{
	const uint16_t fields[] = {0x2000, 0x0001, 0x1fff, 0x6001};

	for (uint32_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		take_plain(4, 6);
		frame_write16(packet.bytes, 20, fields[i]);
		expect(SEGMENTER_FRAGMENT, "segmentation");
		take_short(4, 17);
		frame_write16(packet.bytes, 20, fields[i]);
		expect(SEGMENTER_FRAGMENT, "a checksum");
	}
	take_plain(4, 6);
	frame_write16(packet.bytes, 20, 0x8000);
	expect(SEGMENTER_OK, "the reserved bit");
	take_plain(6, 6);
	packet.bytes[20] = 44;
	expect(SEGMENTER_FRAGMENT, "IPv6");
}

Test(segmenter_refused, syn_and_urg)
{
	take_plain(6, 6);
	packet.bytes[L4_V6 + 13] |= SYN;
	expect(SEGMENTER_TCP_FLAGS, "SYN");
	packet.bytes[L4_V6 + 13] ^= SYN | URG;
	expect(SEGMENTER_TCP_FLAGS, "URG");
	take_short(4, 6);
	packet.bytes[L4_V4 + 13] |= SYN | URG;
	expect(SEGMENTER_OK, "a checksum only");
}

/* ---- Options and extension headers ------------------------------------------------------------------- */

static struct segment_spec with_extension(uint8_t type, const uint8_t *body, uint32_t len)
{
	struct segment_spec spec = segment_plain(6, 6, 3000, 1000);

	spec.extension_count = 2;
	spec.extensions[0] = (struct segment_extension){.type = 0, .units = 1, .body = {1, 4}};
	spec.extensions[1] = (struct segment_extension){.type = type, .units = 3};
	memcpy(spec.extensions[1].body, body, len);
	return spec;
}

static void expect_extension(uint8_t type, const uint8_t *body, uint32_t len,
			     enum segmenter_verdict want)
{
	const struct segment_spec spec = with_extension(type, body, len);

	segment_oracle_whole(&packet, &spec);
	request = segment_request(&packet, &spec);
	expect(want, "segmentation");
	request.meta.flags = NET_TX_TCP_CHECKSUM;
	expect(want, "a checksum");
}

Test(segmenter_refused, extension_headers_that_are_not_passed_over)
{
	const uint8_t padding[2] = {1, 20};
	const uint8_t refused[] = {43, 50, 51, 135, 139, 140};

	expect_extension(0, padding, 2, SEGMENTER_OK);
	expect_extension(60, padding, 2, SEGMENTER_OK);
	for (uint32_t i = 0; i < sizeof(refused); i++)
		expect_extension(refused[i], padding, 2, SEGMENTER_EXTENSION);
	expect_extension(44, padding, 2, SEGMENTER_FRAGMENT);
	expect_extension(59, padding, 2, SEGMENTER_L3); /* no next header, and bytes behind */
}

Test(segmenter_refused, extension_headers_beyond_l3)
{
	const uint8_t padding[2] = {1, 20};
	const struct segment_spec spec = with_extension(60, padding, 2);

	take(&spec);
	packet.bytes[14 + 48 + 1] = 3;
	expect(SEGMENTER_L3, "an extension longer than l3 says");
	take(&spec);
	packet.bytes[14 + 48 + 1] = 0;
	expect(SEGMENTER_L3, "shorter: what follows says that TCP does");
	take(&spec);
	packet.bytes[14 + 48] = 60;
	expect(SEGMENTER_L3, "one more extension, and no room for it");
	take(&spec);
	request.meta.l3_len_bytes = 48;
	expect(SEGMENTER_L3, "l3 ends between them");
	request.meta.l3_len_bytes = 52;
	expect(SEGMENTER_L3, "l3 ends in the second");
	request.meta.l3_len_bytes = 49;
	request.meta.l4_len_bytes = 0;
	expect(SEGMENTER_L3, "l3 and the copy end with its first byte");
}

Test(segmenter_refused, options_that_a_piece_cannot_carry)
{
	const uint8_t jumbogram[6] = {0xc2, 4, 0, 1, 0, 0}, home[18] = {0xc9, 16};
	const uint8_t behind[9] = {0, 1, 1, 0xff, 0xc2, 4, 0, 0, 0}, cut[22] = {1, 19, [21] = 5};

	expect_extension(0, jumbogram, sizeof(jumbogram), SEGMENTER_OPTION);
	expect_extension(60, home, sizeof(home), SEGMENTER_OPTION);
	expect_extension(0, behind, sizeof(behind), SEGMENTER_OPTION);
	expect_extension(0, cut, sizeof(cut), SEGMENTER_OK);
	request.meta.flags = NET_TX_TCP_SEGMENTATION;
	request.meta.l4_len_bytes = 0;
	expect(SEGMENTER_L4, "the copy ends with the option's type");
}

Test(segmenter_refused, source_routes)
{
	struct segment_spec spec = segment_plain(4, 6, 3000, 1000);

	spec.ip_options_bytes = 12;
	memcpy(spec.ip_options, (uint8_t[12]){1, 7, 3, 4, 0x83, 7, 4, 1, 2, 3, 4, 0}, 12);
	segment_oracle_whole(&packet, &spec);
	request = segment_request(&packet, &spec);
	expect(SEGMENTER_OPTION, "loose");
	packet.bytes[14 + 24] = 0x89;
	expect(SEGMENTER_OPTION, "strict");
	packet.bytes[14 + 24] = 0x88;
	expect(SEGMENTER_OK, "another option");
	packet.bytes[14 + 24] = 0;
	packet.bytes[14 + 25] = 0x83;
	expect(SEGMENTER_OK, "behind the end of the list");
	packet.bytes[14 + 22] = 0;
	packet.bytes[14 + 24] = 0x83;
	expect(SEGMENTER_OK, "behind an option without a length");
}

/* ---- By place -------------------------------------------------------------------------------------------- */

Test(segmenter_refused, checksums_at_another_place)
{
	take_plain(4, 6);
	request.meta.flags |= NET_TX_PARTIAL_CHECKSUM;
	request.meta.checksum_start_bytes = L4_V4;
	request.meta.checksum_field_bytes = 16;
	expect(SEGMENTER_OK, "where TCP has it");
	request.meta.checksum_field_bytes = 6;
	expect(SEGMENTER_CHECKSUM_PLACE, "where UDP has it");
	request.meta.checksum_field_bytes = 16;
	request.meta.checksum_start_bytes = L4_V4 - 1;
	expect(SEGMENTER_CHECKSUM_PLACE, "start in the IP header");
	take_short(4, 6);
	request.meta.flags = 0;
	request.meta.flags |= NET_TX_PARTIAL_CHECKSUM;
	request.meta.checksum_start_bytes = 13;
	expect(SEGMENTER_CHECKSUM_PLACE, "start in the Ethernet header");
	request.meta.checksum_start_bytes = L4_V4;
	request.meta.checksum_field_bytes = 119;
	expect(SEGMENTER_CUT, "the field ends behind the packet");
	request.meta.checksum_start_bytes = 65535;
	request.meta.checksum_field_bytes = 65535;
	expect(SEGMENTER_CUT, "far behind");
}
