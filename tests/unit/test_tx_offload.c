// SPDX-License-Identifier: BSD-2-Clause
/*
 * Packets with requests through the whole of transmit, over the fake kernel: what is on the wire is the
 * reference segmenter's, byte for byte, whoever adds up the checksum and whether the payload is sent from where
 * it lies or from a copy; each packet completes once, all slots and records come back, and the frontend's memory
 * was only read.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "support/segment_case.h"
#include "support/tx_fake.h"
#include "xdp/data/tx.h"

enum { PIECES_MAX = 512, SEGMENTS_MAX = 40 };

/* How the queue sends. */
struct way {
	bool aligned, software, sealed, zero_copy;
	uint32_t descriptors; /* 0: as copy mode */
	uint32_t segments;    /* most that a packet has */
};

static struct tx_fake r;
static struct frame_random dice;
static struct segment_packet packet, want;
static uint64_t held[4096];
static uint32_t held_count;

static uint32_t below(uint32_t n)
{
	return frame_random_below(&dice, n);
}

static void start(struct way w)
{
	struct net_xdp_config c = net_xdp_config_default();

	c.unaligned = !w.aligned;
	c.sealed = w.sealed;
	c.mode = w.zero_copy ? NET_XDP_MODE_AUTO : NET_XDP_MODE_COPY;
	if (w.software)
		c.tx_checksum = NET_XDP_TX_CHECKSUM_SOFTWARE;
	dice = frame_random(11);
	held_count = 0;
	tx_fake_open(&r, c);
	queue_set_zero_copy(&r.k.queue, w.zero_copy);
	r.k.endpoint.attached.device.has_features = true;
	if (w.zero_copy && !w.software) { /* a driver that adds up */
		r.k.endpoint.attached.device.xsk_features = XSK_FEATURE_TX_CHECKSUM;
		r.k.endpoint.memory.tx_request_bytes = XSK_TX_REQUEST_BYTES;
	}
	queue_set_tx(&r.k.queue, w.descriptors ? w.descriptors : XDP_COPY_TX_DESCRIPTORS);
}

/* The kernel completes all that it took, in any order. */
static void complete_all(void)
{
	while (held_count) {
		const uint32_t i = below(held_count);

		fake_complete(&r.k, held[i]);
		held[i] = held[--held_count];
	}
}

static void expect_nothing_out(void)
{
	struct net_xdp_queue *q = &r.k.queue;

	cr_assert_eq(inflight_count(&q->tx_inflight), 0);
	cr_assert_eq(q->tx_headers.free_count, q->tx_headers.slots);
	cr_assert_eq(q->tx_private.free_count, q->tx_private.slots);
	cr_assert_eq(q->tx_records.free_count, q->tx_records.size);
}

/* Put the packet somewhere, cut at random into so many pieces, headers and all. */
static struct net_tx_metadata *place(uint32_t id, uint32_t segments)
{
	struct net_tx_metadata *meta = frontend_list_packet(&r.list, id);
	uint64_t addr = FRONTEND_BASE + 4096 + below(8192);
	uint32_t at = 0;

	for (uint32_t i = 0; i < segments; i++) {
		const uint32_t left = packet.len - at;
		const uint32_t n = i + 1 == segments ? left : below(2 * left / (segments - i) + 1);

		memcpy(frontend_at(&r.f, addr, n + 1), packet.bytes + at, n);
		frontend_allow(&r.f, addr, n + 1);
		frontend_list_segment(&r.list, n ? addr : UINT64_MAX, n);
		at += n;
		addr += n + below(5000);
	}
	return meta;
}

/* Zero-copy drivers look at what lies in front of a packet whether its descriptor has XDP_TX_METADATA or not
 * (xsk_buff_get_metadata()). */
static void expect_no_stale_request(const char *what)
{
	struct xsk_tx_request request;

	memcpy(&request, r.k.endpoint.memory.base + r.packet.address[0] - sizeof(request),
	       sizeof(request));
	cr_assert_eq(request.flags, r.packet.requests ? XDP_TXMD_FLAGS_CHECKSUM : 0, "%s", what);
}

/* The next packet on the wire is the oracle's; what the kernel adds up to 0 is the same as 0xffff. */
static void expect_wire(struct segment_oracle *oracle, const char *what)
{
	char why[FRAME_WHY_BYTES];

	cr_assert(segment_oracle_next(oracle, &want), "%s: more than there should be", what);
	cr_assert(
		fake_transmit(&r.k, &r.packet),
		"%s: less than there should be; dropped: list %lu, size %lu, address %lu, request %lu, "
		"sealed %lu",
		what, tx_fake_counter(&r, NET_XDP_TX_DROP_MALFORMED),
		tx_fake_counter(&r, NET_XDP_TX_DROP_SIZE),
		tx_fake_counter(&r, NET_XDP_TX_DROP_ADDRESS),
		tx_fake_counter(&r, NET_XDP_TX_DROP_OFFLOAD),
		tx_fake_counter(&r, NET_XDP_TX_DROP_SEALED));
	if (r.packet.requests && frame_read16(want.bytes, want.l4_field) == 0)
		frame_write16(want.bytes, want.l4_field, 0xffff);
	cr_assert(frame_equal(r.packet.bytes, r.packet.len, want.bytes, want.len, why), "%s: %s",
		  what, why);
	expect_no_stale_request(what);
	for (uint32_t i = 0; i < r.packet.descriptors; i++)
		held[held_count++] = r.packet.address[i];
}

/* Send the packet of a description, and see it on the wire. Return: wire packets. */
static uint32_t send_one(const struct segment_spec *spec, enum segment_style style, uint32_t id,
			 uint32_t segments)
{
	struct segment_oracle oracle = segment_oracle_start(spec);
	struct net_tx_metadata *meta, asked;
	uint32_t pieces = 0, count, len, ids[4];
	uint16_t segment_count;

	segment_oracle_whole(&packet, spec);
	segment_apply(&packet, spec, style);
	asked = segment_request(&packet, spec).meta;
	frontend_list_clear(&r.list);
	meta = place(id, segments);
	len = meta->len_bytes;
	segment_count = meta->segment_count;
	*meta = asked;
	meta->id = id;
	meta->len_bytes = len;
	meta->segment_count = segment_count;
	cr_assert_eq(tx_fake_offer(&r, 0), r.list.count, "packet %u is left", id);
	for (; !oracle.is_done; pieces++)
		expect_wire(&oracle, "packet");
	cr_assert_not(fake_transmit(&r.k, &r.packet), "packet %u: more on the wire", id);
	complete_all();
	count = (uint32_t)net_queue_tx_poll(r.q, &r.f.pool, ids, 4);
	cr_assert_eq(count, 1, "packet %u: %u completions", id, count);
	cr_assert_eq(ids[0], id);
	return pieces;
}

/* mss such that a piece is no longer than a frame may be. */
static void fit(struct segment_spec *spec)
{
	uint32_t headers;

	segment_oracle_whole(&packet, spec);
	headers = packet.l2_len + packet.l3_len + packet.l4_len;
	if (spec->mss && spec->mss > 1518 - headers)
		spec->mss = (uint16_t)(1518 - headers);
	/* as many pieces as a ring holds */
	if (spec->mss && spec->mss < spec->payload_bytes / 200)
		spec->mss = (uint16_t)(spec->payload_bytes / 200 + 1);
}

static void random_packets(struct way w, uint32_t rounds)
{
	const uint64_t *c = r.k.queue.counter;
	uint64_t wire = 0;

	start(w);
	for (uint32_t id = 0; id < rounds; id++) {
		struct segment_spec spec = segment_random(
			&dice, (struct segment_wish){.segmented = id % 2,
						     .payload_most = id % 2 ? 65000 : 1200});

		fit(&spec);
		/* lengths are filled in of packets that are cut */
		wire += send_one(&spec,
				 id % 2	    ? (enum segment_style)below(SEGMENT_STYLES)
				 : below(2) ? SEGMENT_PSEUDO
					    : SEGMENT_FULL,
				 id, 1 + below(w.segments));
	}
	expect_nothing_out();
	cr_assert_eq(c[NET_XDP_TX_PACKETS], wire);
	cr_assert_eq(c[NET_XDP_TX_ACCEPTED], rounds);
	cr_assert_eq(c[NET_XDP_TX_SEGMENTED], rounds / 2);
	cr_assert_eq(c[NET_XDP_TX_SEGMENTS], wire - rounds / 2);
	cr_assert_eq(c[NET_XDP_TX_SPLIT] + c[NET_XDP_TX_BOUNCED], wire);
	cr_assert_eq(c[NET_XDP_TX_SUM_ASKED] + c[NET_XDP_TX_SUM_MADE], wire);
	tx_fake_close(&r);
}

Test(tx_offload, random_packets_in_copy_mode)
{
	random_packets((struct way){.segments = SEGMENTS_MAX}, 600);
	cr_assert_gt(r.k.queue.counter[NET_XDP_TX_SUM_ASKED], 2000);
	cr_assert_gt(r.k.queue.counter[NET_XDP_TX_BOUNCE_SHORT], 2000);
}

Test(tx_offload, random_packets_in_copy_mode_with_software_sums)
{
	random_packets((struct way){.software = true, .segments = SEGMENTS_MAX}, 600);
	cr_assert_eq(r.k.queue.counter[NET_XDP_TX_SUM_ASKED], 0);
}

Test(tx_offload, random_packets_in_aligned_chunks)
{
	random_packets((struct way){.aligned = true, .segments = SEGMENTS_MAX}, 600);
	cr_assert_eq(r.k.queue.counter[NET_XDP_TX_SUM_ASKED], 0);
}

Test(tx_offload, random_packets_in_zero_copy_with_several_descriptors)
{
	random_packets((struct way){.zero_copy = true, .descriptors = 5, .segments = SEGMENTS_MAX},
		       600);
	cr_assert_gt(r.k.queue.counter[NET_XDP_TX_SPLIT], 2000);
	cr_assert_gt(r.k.queue.counter[NET_XDP_TX_BOUNCE_SEGMENTS], 50);
	cr_assert_gt(r.k.queue.counter[NET_XDP_TX_BOUNCE_SHORT], 50);
	cr_assert_gt(r.k.queue.counter[NET_XDP_TX_SUM_ASKED], 2000);
}

/* Headers and one more: a payload that crosses from one page or segment to the next is copied. */
Test(tx_offload, random_packets_in_zero_copy_with_two_descriptors)
{
	random_packets((struct way){.zero_copy = true, .descriptors = 2, .segments = SEGMENTS_MAX},
		       600);
	cr_assert_gt(r.k.queue.counter[NET_XDP_TX_SPLIT], 2000);
	cr_assert_gt(r.k.queue.counter[NET_XDP_TX_BOUNCE_SEGMENTS], 500);
	cr_assert_gt(r.k.queue.counter[NET_XDP_TX_BOUNCE_PAGE], 500);
}

Test(tx_offload, random_packets_in_zero_copy_with_software_sums)
{
	random_packets((struct way){.zero_copy = true,
				    .software = true,
				    .descriptors = 18,
				    .segments = SEGMENTS_MAX},
		       600);
	cr_assert_gt(r.k.queue.counter[NET_XDP_TX_SPLIT], 2000);
	cr_assert_eq(r.k.queue.counter[NET_XDP_TX_SUM_ASKED], 0);
}

Test(tx_offload, random_packets_in_zero_copy_with_one_descriptor)
{
	random_packets((struct way){.zero_copy = true,
				    .software = true,
				    .descriptors = 1,
				    .segments = SEGMENTS_MAX},
		       600);
	cr_assert_gt(r.k.queue.counter[NET_XDP_TX_BOUNCE_SEGMENTATION], 2000);
	cr_assert_gt(r.k.queue.counter[NET_XDP_TX_BOUNCE_CHECKSUM], 50);
}

/* Our mapping is inaccessible: whoever reads a byte of the payload through it ends the test. Padding behind the
 * packet is no part of its sum, and the kernel would add that up too. */
Test(tx_offload, sealed_sends_without_reading_a_byte_of_the_payload)
{
	const uint64_t *c = r.k.queue.counter;
	uint64_t wire = 0;

	start((struct way){.sealed = true});
	for (uint32_t id = 0; id < 300; id++) {
		struct segment_spec spec = segment_random(
			&dice, (struct segment_wish){.segmented = true, .payload_most = 65000});

		if (id % 2)
			spec.mss = 0, spec.payload_bytes %= 1300;
		fit(&spec);
		wire += send_one(&spec, SEGMENT_PSEUDO, id, 1 + below(4));
	}
	cr_assert_eq(c[NET_XDP_TX_SPLIT], wire);
	cr_assert_eq(c[NET_XDP_TX_SUM_ASKED], wire);
	cr_assert_gt(r.f.memory_calls, 300);
	expect_nothing_out();
	tx_fake_close(&r);
}

static void expect_dropped(enum net_xdp_counter why, uint32_t id)
{
	const uint64_t before = tx_fake_counter(&r, why);
	uint32_t ids[4];

	cr_assert_eq(tx_fake_offer(&r, 0), r.list.count);
	cr_assert_not(fake_transmit(&r.k, &r.packet), "it was sent");
	cr_assert_eq(tx_fake_counter(&r, why), before + 1);
	cr_assert_eq(net_queue_tx_poll(r.q, &r.f.pool, ids, 4), 1);
	cr_assert_eq(ids[0], id);
	expect_nothing_out();
}

/* What a sealed endpoint would have to read or copy, or has no headers of. */
Test(tx_offload, sealed_drops_what_would_be_read)
{
	struct net_buffer_access_ops without;
	struct segment_spec spec = segment_plain(4, 17, 100, 0);

	start((struct way){.sealed = true});
	spec.padding_bytes = 1;
	segment_oracle_whole(&packet, &spec);
	*place(1, 1) = (struct net_tx_metadata){0};
	r.list.packets[0] = segment_request(&packet, &spec).meta;
	r.list.packets[0].id = 1;
	r.list.packets[0].segment_count = 1;
	expect_dropped(NET_XDP_TX_DROP_SEALED, 1);

	r.list.packets[0].flags = NET_TX_VLAN;
	without = *r.f.pool.ops;
	without.memory = NULL;
	r.f.pool.ops = &without;
	expect_dropped(NET_XDP_TX_DROP_SEALED, 1);
	tx_fake_close(&r);
}

/* A packet of 40 pieces, all of whose bytes are sent though its last segment lies outside: none is. */
Test(tx_offload, packet_goes_as_a_whole_or_not_at_all)
{
	struct segment_spec spec = segment_plain(6, 6, 40000, 1000);

	start((struct way){.zero_copy = true, .descriptors = 4});
	segment_oracle_whole(&packet, &spec);
	*place(9, 30) = (struct net_tx_metadata){0};
	r.list.packets[0] = segment_request(&packet, &spec).meta;
	r.list.packets[0].id = 9;
	r.list.packets[0].segment_count = 30;
	r.list.segments[29].addr =
		FRONTEND_BASE + TX_FAKE_BYTES - r.list.segments[29].len_bytes + 1;
	expect_dropped(NET_XDP_TX_DROP_ADDRESS, 9);
	cr_assert_eq(tx_fake_counter(&r, NET_XDP_TX_SPLIT), 0);
	cr_assert_eq(tx_fake_counter(&r, NET_XDP_TX_BYTES), 0);
	tx_fake_close(&r);
}

/* Rings of 64: of a packet of 40 pieces in two descriptors each they hold 32. It is joined, a descriptor for
 * each piece, if there are as many slots; one of 65 pieces never fits. */
static void small_rings(uint32_t payload, uint32_t slots, enum net_xdp_counter why)
{
	struct segment_spec spec = segment_plain(4, 6, payload, 1000);
	struct net_xdp_config c = tx_fake_small_rings();

	c.private_tx_frames = slots;
	held_count = 0;
	tx_fake_open(&r, c);
	queue_set_zero_copy(&r.k.queue, true);
	queue_set_tx(&r.k.queue, 4);
	segment_oracle_whole(&packet, &spec);
	*place(3, 1) = (struct net_tx_metadata){0};
	r.list.packets[0] = segment_request(&packet, &spec).meta;
	r.list.packets[0].id = 3;
	r.list.packets[0].segment_count = 1;
	if (why == NET_XDP_TX_BOUNCE_SEGMENTS)
		send_one(&spec, SEGMENT_FULL, 3, 2);
	else
		expect_dropped(why, 3);
	expect_nothing_out();
	tx_fake_close(&r);
}

Test(tx_offload, packet_that_never_fits_is_joined_or_dropped)
{
	small_rings(40000, 64, NET_XDP_TX_BOUNCE_SEGMENTS);
	cr_assert_eq(r.k.queue.counter[NET_XDP_TX_BOUNCE_SEGMENTS], 40);
	small_rings(40000, 39, NET_XDP_TX_DROP_SIZE);
	small_rings(64001, 128, NET_XDP_TX_DROP_SIZE);
}

/* Two packets of which the rings hold one: the second is left, and readiness tells when it fits. */
Test(tx_offload, packet_without_room_is_left_until_there_is)
{
	struct segment_spec spec = segment_plain(4, 6, 25000, 1000);
	uint32_t ids[4];

	tx_fake_open(&r, tx_fake_small_rings());
	queue_set_zero_copy(&r.k.queue, true);
	queue_set_tx(&r.k.queue, 4);
	segment_oracle_whole(&packet, &spec);
	for (uint32_t i = 0; i < 2; i++) {
		struct net_tx_metadata *meta = place(i, 1);

		*meta = segment_request(&packet, &spec).meta;
		meta->id = i;
		meta->segment_count = 1;
	}
	cr_assert_eq(tx_fake_offer(&r, 0), 1);
	cr_assert_not(tx_has_room(&r.k.queue));
	cr_assert_eq(tx_fake_counter(&r, NET_XDP_TX_NO_ROOM), 1);
	while (fake_transmit(&r.k, &r.packet))
		tx_fake_complete(&r);
	fake_settle(&r.k);
	cr_assert_eq(net_queue_tx_poll(r.q, &r.f.pool, ids, 4), 1);
	cr_assert(tx_has_room(&r.k.queue));
	cr_assert_eq(tx_fake_offer(&r, 1), 1);
	while (fake_transmit(&r.k, &r.packet))
		tx_fake_complete(&r);
	fake_settle(&r.k);
	cr_assert_eq(net_queue_tx_poll(r.q, &r.f.pool, ids, 4), 1);
	cr_assert_eq(ids[0], 1);
	expect_nothing_out();
	tx_fake_close(&r);
}

/* A packet that even an empty ring does not hold waits for one in front of it, and not longer: then it is
 * joined if there are as many slots as pieces, else dropped. */
static void behind_another(uint32_t slots, enum net_xdp_counter what, uint64_t times)
{
	struct segment_spec spec = segment_plain(4, 6, 40000, 1000);
	struct net_xdp_config c = tx_fake_small_rings();
	struct net_tx_metadata *meta;
	uint32_t ids[4];

	c.private_tx_frames = slots;
	tx_fake_open(&r, c);
	queue_set_zero_copy(&r.k.queue, true);
	queue_set_tx(&r.k.queue, 4);
	frontend_list_frame(&r.list, 0, FRONTEND_BASE + TX_FAKE_BYTES / 2, 100);
	segment_oracle_whole(&packet, &spec);
	meta = place(1, 1);
	*meta = segment_request(&packet, &spec).meta;
	meta->id = 1;
	meta->segment_count = 1;
	cr_assert_eq(tx_fake_offer(&r, 0), 1);
	cr_assert_not(tx_has_room(&r.k.queue));
	while (fake_transmit(&r.k, &r.packet))
		tx_fake_complete(&r);
	fake_settle(&r.k);
	cr_assert_eq(net_queue_tx_poll(r.q, &r.f.pool, ids, 4), 1);
	cr_assert(tx_has_room(&r.k.queue), "%u slots: no completion will come to tell", slots);
	cr_assert_eq(tx_fake_offer(&r, 1), 1);
	cr_assert_eq(tx_fake_counter(&r, what), times);
	while (fake_transmit(&r.k, &r.packet))
		tx_fake_complete(&r);
	fake_settle(&r.k);
	cr_assert_eq(net_queue_tx_poll(r.q, &r.f.pool, ids, 4), 1);
	cr_assert_eq(ids[0], 1);
	expect_nothing_out();
	tx_fake_close(&r);
}

Test(tx_offload, packet_that_never_fits_does_not_wait_for_ever)
{
	behind_another(64, NET_XDP_TX_BOUNCE_SEGMENTS, 40);
	behind_another(16, NET_XDP_TX_DROP_SIZE, 1);
}

/* Fewer slots than pieces: the others are sent from where they lie, and nothing waits. */
Test(tx_offload, copies_without_a_slot_are_sent_in_place)
{
	struct segment_spec spec = segment_plain(6, 6, 45 * 1400, 1400);
	struct net_xdp_config c = net_xdp_config_default();

	c.mode = NET_XDP_MODE_COPY;
	c.private_tx_frames = 16;
	held_count = 0;
	tx_fake_open(&r, c);
	cr_assert_eq(send_one(&spec, SEGMENT_ZERO, 5, 17), 45);
	cr_assert_eq(tx_fake_counter(&r, NET_XDP_TX_BOUNCE_SHORT), 16);
	cr_assert_eq(tx_fake_counter(&r, NET_XDP_TX_SPLIT), 29);
	expect_nothing_out();
	tx_fake_close(&r);
}
