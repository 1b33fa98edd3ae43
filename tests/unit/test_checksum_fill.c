// SPDX-License-Identifier: BSD-2-Clause
/* Checksums that are asked for, against a reference that adds one word at a time, and requests that do
 * not fit the frame. */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/checksum.h"
#include "support/checksums.h"
#include "support/frame.h"

static uint16_t fill_flags(const struct frame_spec *spec)
{
	return (uint16_t)((spec->protocol == 6 ? NET_TX_TCP_CHECKSUM : NET_TX_UDP_CHECKSUM) |
			  (spec->ip_version == 4 ? NET_TX_IP_CHECKSUM : 0));
}

Test(checksum, fill_random_frames_equal_the_reference)
{
	struct frame_random r = frame_random(20);

	for (int round = 0; round < 5000; round++) {
		struct frame_spec spec = checksum_random_spec(&r);
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
			checksum_expect(&f, checksum_ip_good(&spec), NET_CHECKSUM_GOOD,
					checksum_l4_of(&spec), "zero sum");
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
	checksum_refresh_ip(&f);
	meta = frame_metadata(&f, 0, NET_TX_TCP_CHECKSUM);
	refuse(&f, &meta, f.len, "TCP header of 19 bytes");
	checksum_expect(&f, NET_CHECKSUM_GOOD, NET_CHECKSUM_UNKNOWN, NET_L4_UNKNOWN,
			"19 bytes of TCP");
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
