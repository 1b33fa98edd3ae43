// SPDX-License-Identifier: BSD-2-Clause
/*
 * Packets with requests through the whole of transmit, over the fake kernel: what is on the wire is the
 * reference segmenter's, byte for byte, whoever adds up the checksum and whether the payload is sent from where
 * it lies or from a copy; each packet completes once, all slots and records come back, and the frontend's memory
 * was only read.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "support/offload_fake.h"

enum { SEGMENTS_MAX = 40 };

static struct offload_fake o;

/* mss such that a piece is no longer than a frame may be. */
static void fit(struct segment_spec *spec)
{
	uint32_t headers;

	segment_oracle_whole(&o.packet, spec);
	headers = o.packet.l2_len + o.packet.l3_len + o.packet.l4_len;
	if (spec->mss && spec->mss > 1518 - headers)
		spec->mss = (uint16_t)(1518 - headers);
	/* as many pieces as a ring holds */
	if (spec->mss && spec->mss < spec->payload_bytes / 200)
		spec->mss = (uint16_t)(spec->payload_bytes / 200 + 1);
}

static void random_packets(struct offload_way w, uint32_t rounds)
{
	const uint64_t *c = o.t.k.queue.counter;
	uint64_t wire = 0;

	offload_start(&o, w);
	for (uint32_t id = 0; id < rounds; id++) {
		struct segment_spec spec = segment_random(
			&o.dice, (struct segment_wish){.segmented = id % 2,
						       .payload_most = id % 2 ? 65000 : 1200});

		fit(&spec);
		/* lengths are filled in of packets that are cut */
		wire += offload_send(
			&o, &spec,
			id % 2 ? (enum segment_style)frame_random_below(&o.dice, SEGMENT_STYLES)
			: frame_random_below(&o.dice, 2) ? SEGMENT_PSEUDO
							 : SEGMENT_FULL,
			id, 1 + frame_random_below(&o.dice, SEGMENTS_MAX));
	}
	offload_expect_nothing_out(&o);
	cr_assert_eq(c[NET_XDP_TX_PACKETS], wire);
	cr_assert_eq(c[NET_XDP_TX_ACCEPTED], rounds);
	cr_assert_eq(c[NET_XDP_TX_SEGMENTED], rounds / 2);
	cr_assert_eq(c[NET_XDP_TX_SEGMENTS], wire - rounds / 2);
	cr_assert_eq(c[NET_XDP_TX_SPLIT] + c[NET_XDP_TX_BOUNCED], wire);
	cr_assert_eq(c[NET_XDP_TX_SUM_ASKED] + c[NET_XDP_TX_SUM_MADE], wire);
	tx_fake_close(&o.t);
}

Test(tx_offload, random_packets_in_copy_mode)
{
	random_packets((struct offload_way){0}, 600);
	cr_assert_gt(o.t.k.queue.counter[NET_XDP_TX_SUM_ASKED], 2000);
	cr_assert_gt(o.t.k.queue.counter[NET_XDP_TX_BOUNCE_SHORT], 2000);
}

Test(tx_offload, random_packets_in_copy_mode_with_software_sums)
{
	random_packets((struct offload_way){.software = true}, 600);
	cr_assert_eq(o.t.k.queue.counter[NET_XDP_TX_SUM_ASKED], 0);
}

Test(tx_offload, random_packets_in_aligned_chunks)
{
	random_packets((struct offload_way){.aligned = true}, 600);
	cr_assert_eq(o.t.k.queue.counter[NET_XDP_TX_SUM_ASKED], 0);
}

Test(tx_offload, random_packets_in_zero_copy_with_several_descriptors)
{
	random_packets((struct offload_way){.zero_copy = true, .descriptors = 5}, 600);
	cr_assert_gt(o.t.k.queue.counter[NET_XDP_TX_SPLIT], 2000);
	cr_assert_gt(o.t.k.queue.counter[NET_XDP_TX_BOUNCE_SEGMENTS], 50);
	cr_assert_gt(o.t.k.queue.counter[NET_XDP_TX_BOUNCE_SHORT], 50);
	cr_assert_gt(o.t.k.queue.counter[NET_XDP_TX_SUM_ASKED], 2000);
}

/* Headers and one more: a payload that crosses from one page or segment to the next is copied. */
Test(tx_offload, random_packets_in_zero_copy_with_two_descriptors)
{
	random_packets((struct offload_way){.zero_copy = true, .descriptors = 2}, 600);
	cr_assert_gt(o.t.k.queue.counter[NET_XDP_TX_SPLIT], 2000);
	cr_assert_gt(o.t.k.queue.counter[NET_XDP_TX_BOUNCE_SEGMENTS], 500);
	cr_assert_gt(o.t.k.queue.counter[NET_XDP_TX_BOUNCE_PAGE], 500);
}

Test(tx_offload, random_packets_in_zero_copy_with_software_sums)
{
	random_packets(
		(struct offload_way){
			.zero_copy = true,
			.software = true,
			.descriptors = 18,
		},
		600);
	cr_assert_gt(o.t.k.queue.counter[NET_XDP_TX_SPLIT], 2000);
	cr_assert_eq(o.t.k.queue.counter[NET_XDP_TX_SUM_ASKED], 0);
}

Test(tx_offload, random_packets_in_zero_copy_with_one_descriptor)
{
	random_packets(
		(struct offload_way){
			.zero_copy = true,
			.software = true,
			.descriptors = 1,
		},
		600);
	cr_assert_gt(o.t.k.queue.counter[NET_XDP_TX_BOUNCE_SEGMENTATION], 2000);
	cr_assert_gt(o.t.k.queue.counter[NET_XDP_TX_BOUNCE_CHECKSUM], 50);
}

/* Our mapping is inaccessible: whoever reads a byte of the payload through it ends the test. Padding behind the
 * packet is no part of its sum, and the kernel would add that up too. */
Test(tx_offload, sealed_sends_without_reading_a_byte_of_the_payload)
{
	const uint64_t *c = o.t.k.queue.counter;
	uint64_t wire = 0;

	offload_start(&o, (struct offload_way){.sealed = true});
	for (uint32_t id = 0; id < 300; id++) {
		struct segment_spec spec = segment_random(
			&o.dice, (struct segment_wish){.segmented = true, .payload_most = 65000});

		if (id % 2)
			spec.mss = 0, spec.payload_bytes %= 1300;
		fit(&spec);
		wire += offload_send(&o, &spec, SEGMENT_PSEUDO, id,
				     1 + frame_random_below(&o.dice, 4));
	}
	cr_assert_eq(c[NET_XDP_TX_SPLIT], wire);
	cr_assert_eq(c[NET_XDP_TX_SUM_ASKED], wire);
	cr_assert_gt(o.t.f.memory_calls, 300);
	offload_expect_nothing_out(&o);
	tx_fake_close(&o.t);
}

/* What a sealed endpoint would have to read or copy, or has no headers of. */
Test(tx_offload, sealed_drops_what_would_be_read)
{
	struct net_buffer_access_ops without;
	struct segment_spec spec = segment_plain(4, 17, 100, 0);

	offload_start(&o, (struct offload_way){.sealed = true});
	spec.padding_bytes = 1;
	segment_oracle_whole(&o.packet, &spec);
	*offload_place(&o, 1, 1) = (struct net_tx_metadata){0};
	o.t.list.packets[0] = segment_request(&o.packet, &spec).meta;
	o.t.list.packets[0].id = 1;
	o.t.list.packets[0].segment_count = 1;
	offload_expect_dropped(&o, NET_XDP_TX_DROP_SEALED, 1);

	o.t.list.packets[0].flags = NET_TX_VLAN;
	without = *o.t.f.pool.ops;
	without.memory = NULL;
	o.t.f.pool.ops = &without;
	offload_expect_dropped(&o, NET_XDP_TX_DROP_SEALED, 1);
	tx_fake_close(&o.t);
}

/* A packet of 40 pieces, all of whose bytes are sent though its last segment lies outside: none is. */
Test(tx_offload, packet_goes_as_a_whole_or_not_at_all)
{
	struct segment_spec spec = segment_plain(6, 6, 40000, 1000);

	offload_start(&o, (struct offload_way){.zero_copy = true, .descriptors = 4});
	segment_oracle_whole(&o.packet, &spec);
	*offload_place(&o, 9, 30) = (struct net_tx_metadata){0};
	o.t.list.packets[0] = segment_request(&o.packet, &spec).meta;
	o.t.list.packets[0].id = 9;
	o.t.list.packets[0].segment_count = 30;
	o.t.list.segments[29].addr =
		FRONTEND_BASE + TX_FAKE_BYTES - o.t.list.segments[29].len_bytes + 1;
	offload_expect_dropped(&o, NET_XDP_TX_DROP_ADDRESS, 9);
	cr_assert_eq(tx_fake_counter(&o.t, NET_XDP_TX_SPLIT), 0);
	cr_assert_eq(tx_fake_counter(&o.t, NET_XDP_TX_BYTES), 0);
	tx_fake_close(&o.t);
}

/* Kernels up to 6.18 at least take what lies in front of a frame for a request, without a look at its descriptor's
 * options (xp_raw_get_ctx()). Of one that is the frontend's nothing is asked; what lies there is its own. In front of
 * one that is copied there was another frame, or what it asked for. */
Test(tx_offload, what_lies_in_front_of_a_frame_that_is_copied_asks_for_nothing)
{
	const struct segment_spec spec = segment_plain(4, 6, 20 * 1400, 1400);
	struct net_xdp_queue *q = &o.t.k.queue;
	uint64_t *words, count, stale = XDP_TXMD_FLAGS_CHECKSUM;

	offload_start(&o, (struct offload_way){.zero_copy = true, .descriptors = 1});
	offload_send(&o, &spec, SEGMENT_PSEUDO, 0, 1); /* fills slots, whose requests ask */
	cr_assert_eq(tx_fake_counter(&o.t, NET_XDP_TX_SUM_ASKED), 20);
	words = (uint64_t *)(q->memory->base + q->tx_private.offset);
	count = ((uint64_t)q->tx_private.slots << q->tx_private.slot_shift) / sizeof(*words);
	for (uint64_t i = 0; i < count; i++)
		words[i] = stale;
	for (uint32_t id = 1; id < 60; id++) {
		const uint32_t len = id % 2 ? 1518 : 60 + id;

		segment_oracle_whole(&o.packet, &spec);
		o.packet.len = len;
		frontend_list_clear(&o.t.list);
		*offload_place(&o, id, 3) =
			(struct net_tx_metadata){.id = id, .len_bytes = len, .segment_count = 3};
		cr_assert_eq(tx_fake_offer(&o.t, 0), 3);
		cr_assert(fake_transmit(&o.t.k, &o.t.packet));
		cr_assert_eq(memcmp(o.t.packet.bytes, o.packet.bytes, len), 0);
		cr_assert_eq(o.t.packet.requests, 0);
		memcpy(&stale, q->memory->base + o.t.packet.address[0] - XSK_TX_REQUEST_BYTES, 8);
		cr_assert_eq(stale, 0, "packet %u: %lx", id, stale);
	}
	cr_assert_eq(tx_fake_counter(&o.t, NET_XDP_TX_BOUNCED), 20 + 59);
	tx_fake_close(&o.t);
}
