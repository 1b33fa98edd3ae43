// SPDX-License-Identifier: BSD-2-Clause
/* Checksums against a reference that adds one word at a time, and every way a header can lie. */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "support/frame.h"
#include "base/checksum.h"

static struct net_rx_metadata inspect(uint8_t *frame, uint32_t len, bool partial, bool complete)
{
	struct net_rx_metadata meta;

	memset(&meta, 0xa5, sizeof(meta));
	checksum_inspect(frame, len, partial, complete, &meta);
	return meta;
}

static void expect(const struct frame *f, enum net_checksum ip, enum net_checksum l4,
		   enum net_l4 protocol, const char *what)
{
	/* Of exactly its length on the heap, so that a byte read behind it is found. */
	uint8_t *copy = malloc(f->len);
	struct net_rx_metadata meta;

	memcpy(copy, f->bytes, f->len);
	meta = inspect(copy, f->len, false, true);
	cr_assert(meta.ip_checksum == ip, "%s: IP %d, want %d", what, meta.ip_checksum, ip);
	cr_assert(meta.l4_checksum == l4, "%s: L4 %d, want %d", what, meta.l4_checksum, l4);
	cr_assert(meta.l4_protocol == protocol, "%s: protocol %d, want %d", what, meta.l4_protocol,
		  protocol);
	cr_assert(memcmp(copy, f->bytes, f->len) == 0, "%s: the frame was written", what);
	free(copy);
}

static void refresh_ip(struct frame *f)
{
	if (f->ip_field)
		frame_write16(f->bytes, f->ip_field, frame_ip_checksum(f));
}

static struct frame_spec random_spec(struct frame_random *r)
{
	struct frame_spec spec = {
		.ip_version = frame_random_below(r, 2) ? 4 : 6,
		.protocol = frame_random_below(r, 2) ? 6 : 17,
		.source_port = (uint16_t)frame_random_next(r),
		.destination_port = (uint16_t)frame_random_next(r),
		.vlans = {(uint16_t)frame_random_next(r), (uint16_t)frame_random_next(r)},
		.vlan_count = (uint8_t)frame_random_below(r, 3),
		.padding_bytes = frame_random_below(r, 3) ? 0 : frame_random_below(r, 30),
		.seed = frame_random_next(r),
	};

	spec.payload_bytes = frame_random_below(r, frame_random_below(r, 8) ? 1500 : 9000);
	if (frame_random_below(r, 3) == 0)
		spec.ip_options_bytes =
			(uint8_t)(spec.ip_version == 4 ? frame_random_below(r, 11) * 4
						       : 1 + frame_random_below(r, 4));
	return spec;
}

static uint16_t fill_flags(const struct frame_spec *spec)
{
	return (uint16_t)((spec->protocol == 6 ? NET_TX_TCP_CHECKSUM : NET_TX_UDP_CHECKSUM) |
			  (spec->ip_version == 4 ? NET_TX_IP_CHECKSUM : 0));
}

static enum net_checksum ip_good(const struct frame_spec *spec)
{
	return spec->ip_version == 4 ? NET_CHECKSUM_GOOD : NET_CHECKSUM_UNKNOWN;
}

static enum net_l4 l4_of(const struct frame_spec *spec)
{
	return spec->protocol == 6 ? NET_L4_TCP : NET_L4_UDP;
}

Test(checksum, fill_random_frames_equal_the_reference)
{
	struct frame_random r = frame_random(20);

	for (int round = 0; round < 5000; round++) {
		struct frame_spec spec = random_spec(&r);
		struct net_tx_metadata meta;
		struct frame want, got;
		char why[FRAME_WHY_BYTES];

		frame_build(&want, &spec);
		got = want;
		/* A request finds anything in the fields: 0, the pseudo-header's sum, junk. */
		frame_write16(got.bytes, got.l4_field, (uint16_t)frame_random_next(&r));
		if (got.ip_field)
			frame_write16(got.bytes, got.ip_field, (uint16_t)frame_random_next(&r));
		meta = frame_metadata(&got, 0, fill_flags(&spec));
		cr_assert(checksum_fill(got.bytes, got.len, &meta), "round %d", round);
		cr_assert(frame_equal(got.bytes, got.len, want.bytes, want.len, why),
			  "round %d: %s", round, why);
	}
}

Test(checksum, fill_each_length_and_alignment_equals_the_reference)
{
	static uint8_t place[4096];
	struct frame_spec spec = {.ip_version = 4, .protocol = 17};

	for (spec.payload_bytes = 0; spec.payload_bytes < 200; spec.payload_bytes++) {
		struct net_tx_metadata meta;
		struct frame f;

		spec.seed = spec.payload_bytes;
		frame_build(&f, &spec);
		meta = frame_metadata(&f, 0, NET_TX_UDP_CHECKSUM | NET_TX_IP_CHECKSUM);
		for (uint32_t at = 0; at < 16; at++) {
			memset(place, 0xff, sizeof(place));
			memcpy(place + at, f.bytes, f.len);
			memset(place + at + f.l4_field, 0, 2);
			cr_assert(checksum_fill(place + at, f.len, &meta));
			cr_assert(memcmp(place + at, f.bytes, f.len) == 0, "payload %u at %u",
				  spec.payload_bytes, at);
			cr_assert(place[at + f.len] == 0xff && (!at || place[at - 1] == 0xff));
		}
	}
}

/* All ones make the most carries. */
Test(checksum, fill_largest_sum_equals_the_reference)
{
	const struct frame_spec spec = {.ip_version = 6, .protocol = 6, .payload_bytes = 16000};
	struct net_tx_metadata meta;
	struct frame f;

	frame_build(&f, &spec);
	memset(f.bytes + f.l2_len + 8, 0xff, 32);
	memset(f.bytes + f.l4_field + 4, 0xff, spec.payload_bytes);
	meta = frame_metadata(&f, 0, NET_TX_TCP_CHECKSUM);
	cr_assert(checksum_fill(f.bytes, f.len, &meta));
	cr_assert(frame_read16(f.bytes, f.l4_field) == frame_l4_checksum(&f));
}

Test(checksum, fill_without_a_request_writes_nothing)
{
	const struct frame_spec spec = {.ip_version = 4, .protocol = 17, .no_checksums = true};
	struct net_tx_metadata meta;
	struct frame f;

	frame_build(&f, &spec);
	meta = frame_metadata(&f, 0, 0);
	cr_assert(checksum_fill(f.bytes, f.len, &meta));
	cr_assert(frame_read16(f.bytes, f.l4_field) == 0);
	cr_assert(frame_read16(f.bytes, f.ip_field) == 0);
	frame_plain(f.bytes, 60, 1);
	cr_assert(checksum_fill(f.bytes, 60, &meta), "no headers, but nothing asked either");
}

Test(checksum, fill_ip_only_leaves_the_transport_alone)
{
	const struct frame_spec spec = {.ip_version = 4, .protocol = 17, .no_checksums = true};
	struct net_tx_metadata meta;
	struct frame f;

	frame_build(&f, &spec);
	meta = frame_metadata(&f, 0, NET_TX_IP_CHECKSUM);
	cr_assert(checksum_fill(f.bytes, f.len, &meta));
	cr_assert(frame_read16(f.bytes, f.l4_field) == 0);
	cr_assert(frame_read16(f.bytes, f.ip_field) == frame_ip_checksum(&f));
}

/* Payloads chosen so that the sum is 0xffff: the checksum would be 0, which in UDP says "none". */
Test(checksum, fill_zero_is_ffff_in_udp_and_zero_in_tcp)
{
	for (int v = 4; v <= 6; v += 2) {
		for (int protocol = 6; protocol <= 17; protocol += 11) {
			const struct frame_spec spec = {.ip_version = (uint8_t)v,
							.protocol = (uint8_t)protocol,
							.payload_bytes = 2,
							.seed = 5};
			struct net_tx_metadata meta;
			struct frame f;
			uint32_t payload;

			frame_build(&f, &spec);
			payload = f.len - 2;
			frame_write16(f.bytes, payload, 0);
			frame_write16(f.bytes, payload, frame_l4_checksum(&f));
			meta = frame_metadata(&f, 0, fill_flags(&spec));
			cr_assert(checksum_fill(f.bytes, f.len, &meta));
			cr_assert(frame_read16(f.bytes, f.l4_field) ==
					  (protocol == 17 ? 0xffff : 0),
				  "IPv%d protocol %d: 0x%04x", v, protocol,
				  frame_read16(f.bytes, f.l4_field));
			expect(&f, ip_good(&spec), NET_CHECKSUM_GOOD, l4_of(&spec), "zero sum");
		}
	}
}

/* ---- Requests that do not fit ------------------------------------------------------------------------ */

static void refuse(const struct frame *f, const struct net_tx_metadata *meta, uint32_t len,
		   const char *what)
{
	uint8_t *copy = malloc(len ? len : 1);

	memcpy(copy, f->bytes, len);
	cr_assert(!checksum_fill(copy, len, meta), "accepted: %s", what);
	free(copy);
}

Test(checksum, fill_request_that_does_not_fit_is_refused)
{
	struct frame_spec spec = {.ip_version = 4, .protocol = 17, .payload_bytes = 64};
	struct net_tx_metadata good, meta;
	struct frame f, bad;

	frame_build(&f, &spec);
	good = frame_metadata(&f, 0, NET_TX_UDP_CHECKSUM | NET_TX_IP_CHECKSUM);
	bad = f;
	cr_assert(checksum_fill(bad.bytes, bad.len, &good));

#define REFUSE_META(change, what)                                                                  \
	do {                                                                                       \
		meta = good;                                                                       \
		change;                                                                            \
		refuse(&f, &meta, f.len, what);                                                    \
	} while (0)
	REFUSE_META(meta.l2_len_bytes = 0, "no Ethernet header");
	memmove(bad.bytes, f.bytes + 14, f.len - 14);
	meta = good;
	meta.l2_len_bytes = 0;
	refuse(&bad, &meta, f.len - 14, "IP header in place of the Ethernet header");
	REFUSE_META(meta.l2_len_bytes = 13, "IP header one byte early");
	REFUSE_META(meta.l2_len_bytes = 18, "IP header four bytes late");
	REFUSE_META(meta.l2_len_bytes = 255, "IP header behind the frame");
	REFUSE_META(meta.l3_len_bytes = 0, "no IP header");
	REFUSE_META(meta.l3_len_bytes = 24, "options that are not there");
	REFUSE_META(meta.l3_len_bytes = UINT16_MAX, "transport header behind the frame");
	REFUSE_META(meta.flags |= NET_TX_IPV6, "both IP versions");
	REFUSE_META(meta.flags = NET_TX_UDP_CHECKSUM | NET_TX_IPV6, "IPv6 over IPv4");
	REFUSE_META(meta.flags = NET_TX_TCP_CHECKSUM | NET_TX_IPV4, "TCP in UDP");
	REFUSE_META(meta.flags |= NET_TX_TCP_CHECKSUM, "TCP and UDP");
#undef REFUSE_META

#define REFUSE_FRAME(change, what)                                                                 \
	do {                                                                                       \
		bad = f;                                                                           \
		change;                                                                            \
		refuse(&bad, &good, bad.len, what);                                                \
	} while (0)
	REFUSE_FRAME(bad.bytes[14] = 0x55, "IP version 5");
	REFUSE_FRAME(bad.bytes[14] = 0x44, "header length of 16");
	REFUSE_FRAME(bad.bytes[14] = 0x4f, "header length of 60");
	REFUSE_FRAME(frame_write16(bad.bytes, 16, 0), "total length 0");
	REFUSE_FRAME(frame_write16(bad.bytes, 16, 27), "total length without a whole UDP header");
	REFUSE_FRAME(frame_write16(bad.bytes, 16, (uint16_t)(f.len - 14 + 1)),
		     "total length one byte over the frame");
	REFUSE_FRAME(bad.bytes[20] = 0x20, "more fragments");
	REFUSE_FRAME(bad.bytes[21] = 1, "fragment offset");
	REFUSE_FRAME(bad.bytes[23] = 1, "protocol ICMP");
	REFUSE_FRAME(frame_write16(bad.bytes, 38, 7), "UDP length 7");
	REFUSE_FRAME(frame_write16(bad.bytes, 38, 73), "UDP length over the packet");
#undef REFUSE_FRAME
	for (uint32_t len = 0; len < f.len; len++)
		refuse(&f, &good, len, "truncated frame");
}

/* Padding behind the packet has room for a TCP header; the packet has not. */
Test(checksum, tcp_header_cut_by_the_total_length_is_not_one)
{
	const struct frame_spec spec = {.ip_version = 4, .protocol = 6, .padding_bytes = 30};
	struct net_tx_metadata meta;
	struct frame f;

	frame_build(&f, &spec);
	frame_write16(f.bytes, 16, 20 + 19);
	refresh_ip(&f);
	meta = frame_metadata(&f, 0, NET_TX_TCP_CHECKSUM);
	refuse(&f, &meta, f.len, "TCP header of 19 bytes");
	expect(&f, NET_CHECKSUM_GOOD, NET_CHECKSUM_UNKNOWN, NET_L4_UNKNOWN, "19 bytes of TCP");
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
			expect(&f, NET_CHECKSUM_UNKNOWN, NET_CHECKSUM_UNKNOWN, NET_L4_UNKNOWN,
			       "header length");
		else if (words > 5)
			expect(&f, NET_CHECKSUM_BAD, NET_CHECKSUM_UNKNOWN, NET_L4_UNKNOWN,
			       "options that are none");
	}
}

Test(checksum, fill_ip_checksum_over_ipv6_is_refused)
{
	const struct frame_spec spec = {.ip_version = 6, .protocol = 6, .payload_bytes = 64};
	struct net_tx_metadata meta;
	struct frame f;

	frame_build(&f, &spec);
	meta = frame_metadata(&f, 0, NET_TX_IP_CHECKSUM | NET_TX_TCP_CHECKSUM);
	refuse(&f, &meta, f.len, "IPv4 checksum in IPv6");
	meta = frame_metadata(&f, 0, NET_TX_TCP_CHECKSUM);
	for (uint32_t len = 0; len < f.len; len++)
		refuse(&f, &meta, len, "truncated frame");
	meta.flags = NET_TX_TCP_CHECKSUM | NET_TX_IPV4;
	refuse(&f, &meta, f.len, "IPv4 over IPv6");
	meta.flags = NET_TX_TCP_CHECKSUM | NET_TX_IPV6;
	f.bytes[20] = 43;
	refuse(&f, &meta, f.len, "routing header");
	f.bytes[20] = 44;
	refuse(&f, &meta, f.len, "fragment header");
}

Test(checksum, fill_ip_checksum_of_a_fragment_is_done)
{
	const struct frame_spec spec = {.ip_version = 4, .protocol = 17, .payload_bytes = 64};
	struct net_tx_metadata meta;
	struct frame f;

	frame_build(&f, &spec);
	f.bytes[20] = 0x20;
	meta = frame_metadata(&f, 0, NET_TX_IP_CHECKSUM);
	cr_assert(checksum_fill(f.bytes, f.len, &meta));
	cr_assert(frame_read16(f.bytes, f.ip_field) == frame_ip_checksum(&f));
}

/* ---- Inspection ------------------------------------------------------------------------------------ */

Test(checksum, inspect_random_frames_are_good_and_bad_after_one_bit)
{
	struct frame_random r = frame_random(21);

	for (int round = 0; round < 5000; round++) {
		struct frame_spec spec = random_spec(&r);
		struct frame f;
		uint32_t at;

		frame_build(&f, &spec);
		expect(&f, ip_good(&spec), NET_CHECKSUM_GOOD, l4_of(&spec), "whole frame");
		/* A bit of the payload, if there is one: no header changes its meaning. */
		if (!spec.payload_bytes)
			continue;
		at = f.len - spec.padding_bytes - 1 - frame_random_below(&r, spec.payload_bytes);
		f.bytes[at] ^= (uint8_t)(1 << frame_random_below(&r, 8));
		expect(&f, ip_good(&spec), NET_CHECKSUM_BAD, l4_of(&spec), "payload bit");
	}
}

Test(checksum, inspect_wrong_ip_header_is_bad)
{
	const struct frame_spec spec = {.ip_version = 4, .protocol = 6, .payload_bytes = 10};
	struct frame f;

	frame_build(&f, &spec);
	f.bytes[22] ^= 1; /* the time to live is in no pseudo-header */
	expect(&f, NET_CHECKSUM_BAD, NET_CHECKSUM_GOOD, NET_L4_TCP, "time to live");
}

Test(checksum, inspect_udp_without_checksum_is_unknown)
{
	struct frame_spec spec = {.protocol = 17, .payload_bytes = 10};
	struct frame f;

	for (spec.ip_version = 4; spec.ip_version <= 6; spec.ip_version += 2) {
		frame_build(&f, &spec);
		frame_write16(f.bytes, f.l4_field, 0);
		expect(&f, ip_good(&spec), NET_CHECKSUM_UNKNOWN, NET_L4_UDP, "no checksum");
	}
	/* In TCP a 0 is a number like any other. */
	spec.protocol = 6;
	spec.ip_version = 4;
	frame_build(&f, &spec);
	frame_write16(f.bytes, f.l4_field, 0);
	expect(&f, NET_CHECKSUM_GOOD, NET_CHECKSUM_BAD, NET_L4_TCP, "zero");
}

Test(checksum, inspect_udp_shorter_than_its_packet_is_summed_over_its_own_length)
{
	const struct frame_spec spec = {.ip_version = 4, .protocol = 17, .payload_bytes = 40};
	struct frame f;

	frame_build(&f, &spec);
	f.l4_len = 8 + 11;
	frame_write16(f.bytes, 38, (uint16_t)f.l4_len);
	frame_write16(f.bytes, f.l4_field, frame_l4_checksum(&f));
	expect(&f, NET_CHECKSUM_GOOD, NET_CHECKSUM_GOOD, NET_L4_UDP, "UDP length 19 of 48");
	f.bytes[f.len - 1] ^= 1;
	expect(&f, NET_CHECKSUM_GOOD, NET_CHECKSUM_GOOD, NET_L4_UDP, "change behind UDP");
	f.bytes[f.l4_field + 4] ^= 1;
	expect(&f, NET_CHECKSUM_GOOD, NET_CHECKSUM_BAD, NET_L4_UDP, "change in UDP");
}

Test(checksum, inspect_fragments_keep_the_transport_unknown)
{
	const struct frame_spec spec = {.ip_version = 4, .protocol = 17, .payload_bytes = 40};
	struct frame f;

	frame_build(&f, &spec);
	f.bytes[20] = 0x20;
	refresh_ip(&f);
	expect(&f, NET_CHECKSUM_GOOD, NET_CHECKSUM_UNKNOWN, NET_L4_UNKNOWN, "first fragment");
	f.bytes[20] = 0;
	f.bytes[21] = 185;
	refresh_ip(&f);
	expect(&f, NET_CHECKSUM_GOOD, NET_CHECKSUM_UNKNOWN, NET_L4_UNKNOWN, "last fragment");
	/* The reserved bit is no fragment. */
	f.bytes[20] = 0x80;
	f.bytes[21] = 0;
	refresh_ip(&f);
	expect(&f, NET_CHECKSUM_GOOD, NET_CHECKSUM_GOOD, NET_L4_UDP, "reserved bit");
}

Test(checksum, inspect_other_protocols_are_unknown)
{
	struct frame_spec spec = {.ip_version = 4, .protocol = 1, .payload_bytes = 40};
	struct net_rx_metadata meta;
	uint8_t plain[60];
	struct frame f;

	frame_build(&f, &spec);
	expect(&f, NET_CHECKSUM_GOOD, NET_CHECKSUM_UNKNOWN, NET_L4_UNKNOWN, "ICMP");
	spec.ip_version = 6;
	for (int next = 0; next < 256; next++) {
		spec.protocol = (uint8_t)next;
		if (next == 6 || next == 17)
			continue;
		frame_build(&f, &spec);
		/* As an extension header these bytes make a chain that leads nowhere. */
		memset(f.bytes + 54, 0xff, spec.payload_bytes);
		expect(&f, NET_CHECKSUM_UNKNOWN, NET_CHECKSUM_UNKNOWN, NET_L4_UNKNOWN,
		       "IPv6 next header");
	}
	frame_plain(plain, sizeof(plain), 1);
	meta = inspect(plain, sizeof(plain), true, true);
	cr_assert(!meta.ip_checksum && !meta.l4_checksum && !meta.l4_protocol);
}

Test(checksum, inspect_ethertype_decides_the_version)
{
	const struct frame_spec spec = {.ip_version = 4, .protocol = 17, .payload_bytes = 40};
	struct frame f;

	frame_build(&f, &spec);
	frame_write16(f.bytes, 12, 0x86dd);
	expect(&f, NET_CHECKSUM_UNKNOWN, NET_CHECKSUM_UNKNOWN, NET_L4_UNKNOWN, "IPv4 as IPv6");
	frame_write16(f.bytes, 12, 0x0806);
	expect(&f, NET_CHECKSUM_UNKNOWN, NET_CHECKSUM_UNKNOWN, NET_L4_UNKNOWN, "ARP");
}

Test(checksum, inspect_third_tag_is_not_followed)
{
	const struct frame_spec spec = {
		.ip_version = 4, .protocol = 17, .vlans = {1, 2}, .vlan_count = 2};
	struct frame f;

	frame_build(&f, &spec);
	expect(&f, NET_CHECKSUM_GOOD, NET_CHECKSUM_GOOD, NET_L4_UDP, "two tags");
	memmove(f.bytes + 4, f.bytes, f.len);
	vlan_insert(f.bytes, 3);
	f.len += 4;
	expect(&f, NET_CHECKSUM_UNKNOWN, NET_CHECKSUM_UNKNOWN, NET_L4_UNKNOWN, "three tags");
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
	expect(&f, NET_CHECKSUM_UNKNOWN, NET_CHECKSUM_UNKNOWN, NET_L4_UNKNOWN, "nine headers");
}

Test(checksum, inspect_truncated_frames_are_never_good)
{
	struct frame_random r = frame_random(22);

	for (int round = 0; round < 300; round++) {
		struct frame_spec spec = random_spec(&r);
		struct frame f;

		spec.payload_bytes = frame_random_below(&r, 60);
		spec.padding_bytes = 0;
		frame_build(&f, &spec);
		for (uint32_t len = 0; len < f.len; len++) {
			uint8_t *copy = malloc(len ? len : 1);
			struct net_rx_metadata meta;

			memcpy(copy, f.bytes, len);
			meta = inspect(copy, len, true, true);
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
		struct net_tx_metadata meta = {
			.flags = (uint16_t)frame_random_next(&r),
			.l2_len_bytes =
				(uint8_t)(frame_random_below(&r, 3) ? 14
								    : frame_random_below(&r, 256)),
			.l3_len_bytes =
				(uint16_t)(frame_random_below(&r, 3) ? 20
								     : frame_random_below(&r, 130)),
		};

		frame_random_bytes(&r, frame, len);
		if (len > 24 && frame_random_below(&r, 4)) {
			frame_write16(frame, 12, round & 1 ? 0x0800 : 0x86dd);
			frame[14] = round & 1 ? (uint8_t)(0x40 | (frame[14] & 0xf)) : 0x60;
			frame[16] = 0;
			frame[18] = 0;
			frame[20] =
				(uint8_t)(round & 1 ? 0 : (uint8_t[]){0, 6, 17, 60}[frame[20] & 3]);
		}
		inspect(frame, len, true, true);
		checksum_fill(frame, len, &meta);
		free(frame);
	}
}

/* ---- Frames of a local sender ------------------------------------------------------------------------ */

Test(checksum, inspect_pseudo_header_sum_is_validated_but_wrong)
{
	struct frame_random r = frame_random(24);

	for (int round = 0; round < 2000; round++) {
		struct frame_spec spec = random_spec(&r);
		struct net_rx_metadata meta;
		struct frame whole, f;
		char why[FRAME_WHY_BYTES];

		frame_build(&whole, &spec);
		f = whole;
		frame_write16(f.bytes, f.l4_field, frame_pseudo_sum(&f));
		expect(&f, ip_good(&spec), NET_CHECKSUM_BAD, l4_of(&spec), "not from here");
		meta = inspect(f.bytes, f.len, true, false);
		cr_assert(meta.l4_checksum == NET_CHECKSUM_PARTIAL, "round %d: %d", round,
			  meta.l4_checksum);
		cr_assert(frame_read16(f.bytes, f.l4_field) == frame_pseudo_sum(&f));
		meta = inspect(f.bytes, f.len, true, true);
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
	meta = inspect(f.bytes, f.len, true, true);
	cr_assert(meta.l4_checksum == NET_CHECKSUM_BAD);
	cr_assert(memcmp(f.bytes, before.bytes, f.len) == 0, "a wrong checksum was mended");
}
