// SPDX-License-Identifier: BSD-2-Clause
/*
 * Packets to be cut that the kernel takes whole, over the fake kernel and a fake packet socket: which packets those
 * are, what the kernel is told of them, and their place among others.
 */
#include <criterion/criterion.h>

#include "support/whole_fake.h"

enum { TCP = 6, UDP = 17, CWR = 0x80, SYN = 0x02, URG = 0x20 };

static struct segment_packet want;

static void fit(struct segment_spec *spec)
{
	spec->mss = (uint16_t)(400 + frame_random_below(&fake.dice, 900));
	spec->tcp_flags &= (uint8_t) ~(SYN | URG);
}

/* Is this one that goes whole? */
static bool is_common(const struct segment_spec *s)
{
	const uint32_t pieces = (s->payload_bytes + s->mss - 1u) / s->mss;

	return s->payload_bytes >= 8192 && !s->tag_count && !s->has_vlan && !s->extension_count &&
	       want.len <= 65535 && (s->protocol == TCP ? !(s->tcp_flags & CWR) : pieces <= 128);
}

static void expect_whole(const struct segment_spec *spec, const char *what)
{
	const uint32_t l4 = want.l2_len + want.l3_len;
	const uint8_t tcp =
		spec->ip_version == 4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6;
	char why[FRAME_WHY_BYTES];

	frame_write16(want.bytes, want.l4_field, want.pseudo_sum);
	cr_assert(frame_equal(fake.whole.bytes, fake.whole.len, want.bytes, want.len, why),
		  "%s: %s", what, why);
	cr_assert_eq(fake.whole.how.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	cr_assert_eq(fake.whole.how.gso_type, spec->protocol == TCP ? tcp : 5, "%s", what);
	cr_assert_eq(fake.whole.how.gso_size, spec->mss);
	cr_assert_eq(fake.whole.how.hdr_len, l4 + want.l4_len);
	cr_assert_eq(fake.whole.how.csum_start, l4);
	cr_assert_eq(fake.whole.how.csum_start + fake.whole.how.csum_offset, want.l4_field);
}

Test(tx_whole, random_packets_go_whole_or_are_cut)
{
	const uint64_t *c = fake.r.k.queue.counter;
	uint64_t pieces = 0, bytes = 0;
	uint32_t went = 0, cut = 0;

	whole_fake_start();
	for (uint32_t id = 0; id < 600; id++) {
		struct segment_spec spec =
			segment_random(&fake.dice, (struct segment_wish){.segmented = true,
									 .payload_most = 65000});
		const uint32_t before = fake.wire_count = 0;

		fit(&spec);
		segment_oracle_whole(&want, &spec);
		if (want.len - want.l2_len > 65535)
			continue;
		frontend_list_clear(&fake.r.list);
		whole_fake_add(id, &spec, (enum segment_style)(id % SEGMENT_STYLES), 1 + id % 60);
		cr_assert_eq(tx_fake_offer(&fake.r, 0), fake.r.list.count);
		whole_fake_expect_id(id);
		for (struct segment_oracle o = segment_oracle_start(&spec);
		     segment_oracle_next(&o, &fake.packet);)
			bytes += fake.packet.len;
		if (is_common(&spec)) {
			cr_assert(fake.wire_count == 1 && fake.wire[before] == 0,
				  "packet %u was cut", id);
			expect_whole(&spec, "packet");
			pieces += (spec.payload_bytes + spec.mss - 1u) / spec.mss;
			went++;
		} else {
			cr_assert(fake.wire_count && fake.wire[before] != 0, "packet %u went whole",
				  id);
			cut++;
		}
	}
	cr_assert(went > 50 && cut > 100, "%u whole, %u cut", went, cut);
	cr_assert_eq(c[NET_XDP_TX_WHOLE], went);
	cr_assert_eq(c[NET_XDP_TX_SEGMENTED], cut);
	cr_assert_eq(c[NET_XDP_TX_PACKETS], pieces + c[NET_XDP_TX_SEGMENTS]);
	cr_assert_eq(c[NET_XDP_TX_BYTES], bytes);
	cr_assert_eq(c[NET_XDP_TX_ACCEPTED], went + cut);
	cr_assert_eq(c[NET_XDP_TX_WHOLE_REFUSED], 0);
	tx_fake_close(&fake.r);
}

/* The least payload, the longest packet, and the most datagrams that the kernel cuts: the last that goes whole, and the
 * first that does not. */
Test(tx_whole, each_limit_is_the_last_that_goes_whole)
{
	const uint32_t longest = 65535 - 14 - 20 - 20;
	const struct {
		struct segment_spec spec;
		bool whole;
	} rows[] = {
		{segment_plain(4, TCP, 8192, 1000), true},
		{segment_plain(4, TCP, 8191, 1000), false},
		{segment_plain(4, TCP, longest, 1400), true},
		{segment_plain(4, TCP, longest + 1, 1400), false},
		{segment_plain(4, UDP, 128 * 300, 300), true},
		{segment_plain(4, UDP, 128 * 300 + 1, 300), false},
		{segment_plain(6, UDP, 127 * 400 + 1, 400), true},
	};

	whole_fake_start();
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		fake.wire_count = 0;
		frontend_list_clear(&fake.r.list);
		whole_fake_add(i, &rows[i].spec, SEGMENT_ZERO, 3);
		cr_assert_eq(tx_fake_offer(&fake.r, 0), fake.r.list.count);
		whole_fake_expect_id(i);
		cr_assert_eq(fake.wire_count == 1 && fake.wire[0] == 0, rows[i].whole, "row %u", i);
	}
	tx_fake_close(&fake.r);
}

// 26: order on the wire is the order sent
Test(tx_whole, what_was_sent_before_is_on_the_wire_before)
{
	const struct segment_spec spec = whole_fake_large(),
				  small = segment_plain(4, UDP, 2000, 1000);
	const uint32_t expected[] = {60, 61, 0, 62, 1042, 1042, 0, 0, 63};
	uint32_t ids[WHOLE_FAKE_IDS];

	whole_fake_start();
	whole_fake_add_plain(1, 60);
	whole_fake_add_plain(2, 61);
	whole_fake_add(3, &spec, SEGMENT_ZERO, 2);
	whole_fake_add_plain(4, 62);
	whole_fake_add(5, &small, SEGMENT_ZERO, 2);
	whole_fake_add(6, &spec, SEGMENT_ZERO, 3);
	whole_fake_add(7, &spec, SEGMENT_ZERO, 1);
	whole_fake_add_plain(8, 63);
	cr_assert_eq(tx_fake_offer(&fake.r, 0), fake.r.list.count);
	cr_assert_eq(whole_fake_collect(ids), 8);
	cr_assert_eq(fake.wire_count, sizeof(expected) / sizeof(expected[0]));
	for (uint32_t i = 0; i < fake.wire_count; i++)
		cr_assert_eq(fake.wire[i], expected[i], "place %u: %u, not %u", i, fake.wire[i],
			     expected[i]);
	tx_fake_close(&fake.r);
}

/* ---- One call is bounded ------------------------------------------------------------------------- */

enum { PACKETS = 80, CALLS_MOST = 64 };

/* Offer the list until all of it is accepted, as a frontend does: each time readiness is asked, and is true. Return:
 * calls of tx_avail. */
static uint32_t offer_all(void)
{
	uint32_t at = 0, turns = 0;

	for (; at < fake.r.list.count; turns++) {
		const uint32_t before = fake.calls, kicks = tx_fake_counter(&fake.r, NET_XDP_KICKS);
		uint32_t n;

		fake_settle(&fake.r.k);
		cr_assert(turns == 0 || net_queue_poll_ready(fake.r.q, &fake.r.f.pool));
		cr_assert_eq(fake.calls, before, "readiness that is true makes no call");
		n = tx_fake_offer(&fake.r, at);
		cr_assert_gt(n, 0, "no progress");
		cr_assert_leq(fake.calls - before, CALLS_MOST, "%u calls of the kernel",
			      fake.calls - before);
		cr_assert_eq(tx_fake_counter(&fake.r, NET_XDP_KICKS) - kicks, fake.calls - before);
		at += n;
	}
	return turns;
}

/* every: of so many packets one is to be cut. */
static void expect_bounded(uint32_t every, uint32_t turns)
{
	const struct segment_spec spec = whole_fake_large();
	uint32_t ids[WHOLE_FAKE_IDS], got = 0, n;

	whole_fake_start();
	for (uint32_t id = 0; id < PACKETS; id++)
		if (id % every)
			whole_fake_add_plain(id, 60 + id);
		else
			whole_fake_add(id, &spec, SEGMENT_ZERO, 1);
	cr_assert_eq(offer_all(), turns);
	while ((n = whole_fake_collect(ids)) != 0)
		got += n;
	cr_assert_eq(got, PACKETS);
	cr_assert_eq(fake.wire_count, PACKETS);
	for (uint32_t i = 0; i < PACKETS; i++)
		cr_assert_eq(fake.wire[i], i % every ? 60 + i : 0, "place %u", i);
	cr_assert_eq(tx_fake_counter(&fake.r, NET_XDP_TX_NO_ROOM), 0);
	tx_fake_close(&fake.r);
}

Test(tx_whole, one_call_makes_no_more_system_calls_than_a_kick)
{
	expect_bounded(1, 2);
	expect_bounded(2, 2);
	expect_bounded(5, 1);
}

/* The calls that sending a full ring takes count in, and leave none for the packet behind it. */
Test(tx_whole, a_ring_that_is_sent_first_counts_in)
{
	const struct segment_spec spec = whole_fake_large();

	whole_fake_start();
	fake.kick_frames = 1;
	for (uint32_t id = 0; id < PACKETS - 1; id++)
		whole_fake_add_plain(id, 60 + id);
	whole_fake_add(PACKETS, &spec, SEGMENT_ZERO, 1);
	cr_assert_eq(offer_all(), 2);
	cr_assert_eq(fake.wire_count, PACKETS);
	cr_assert_eq(fake.wire[PACKETS - 1], 0);
	tx_fake_close(&fake.r);
}
