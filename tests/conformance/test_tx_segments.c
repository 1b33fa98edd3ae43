// SPDX-License-Identifier: BSD-2-Clause
/* What is on the wire: packets in any number of pieces at any address, and lists that are wrong. */
#include <string.h>

#include "support/conformance.h"
#include "support/tx_rig.h"

/* Per packet: in copy mode MAX_SKB_FRAGS + 1 of this kernel, one where a driver's zc-max-segs is 1. */
static uint32_t most_descriptors(const struct tx_rig *r)
{
	uint32_t most = fixture_is_veth() ? 18 : 1, ring = r->x.config.tx_ring_frames;

	return most < ring ? most : ring;
}

/* Descriptors that segments first .. first + count need, by the kernel's rules: a chunk's length at
 * most, and none over a chunk's border unless chunks are unaligned. */
static uint32_t descriptors(const struct tx_rig *r, uint32_t first, uint32_t count)
{
	const struct net_xdp_config *c = &r->x.config;
	uint32_t n = 0;

	for (uint32_t i = first; i < first + count; i++) {
		const struct net_tx_segment *s = &r->list.segments[i];
		uint64_t into = c->unaligned ? 0 : s->addr % c->chunk_bytes;

		if (s->len_bytes)
			n += (uint32_t)((into + s->len_bytes - 1) / c->chunk_bytes + 1);
	}
	return n;
}

/* Packets of the list that the kernel can read where they are. */
static uint32_t count_direct(const struct tx_rig *r)
{
	uint32_t direct = 0, at = 0;

	for (uint32_t p = 0; p < r->list.packet_count; p++) {
		direct +=
			descriptors(r, at, r->list.packets[p].segment_count) <= most_descriptors(r);
		at += r->list.packets[p].segment_count;
	}
	return direct;
}

static void send_and_check(struct tx_rig *r)
{
	uint32_t direct = count_direct(r), packets = r->list.packet_count;

	cr_assert(frontend_xdp_report(&r->x, 0).max_tx_descriptors == most_descriptors(r));
	tx_rig_send_all(r);
	tx_rig_expect_wire(r);
	tx_rig_expect_counter(r, NET_XDP_TX_DIRECT, direct);
	tx_rig_expect_counter(r, NET_XDP_TX_BOUNCE_SEGMENTS, packets - direct);
	tx_rig_expect_counter(r, NET_XDP_TX_BOUNCED, packets - direct);
	tx_rig_expect_counter(r, NET_XDP_TX_PACKETS, packets);
	tx_rig_expect_counter(r, NET_XDP_TX_LOST, 0);
}

/* A packet of 2 segments, of 3, ... of 255: odd addresses, random cuts. */
static void all_counts(bool unaligned, uint32_t chunk_bytes, uint32_t largest)
{
	uint8_t bytes[9018];
	struct tx_rig r;

	tx_rig_prepare(&r, 1, largest - 14);
	r.x.config.unaligned = unaligned;
	r.x.config.chunk_bytes = chunk_bytes;
	r.x.config.max_frame_bytes = largest;
	tx_rig_start(&r, 1);
	for (uint32_t n = 2; n <= 255; n++) {
		uint32_t least = n < 14 ? 14 : n;
		uint32_t len = least + frame_random_below(&r.random, largest - least + 1);

		frame_plain(bytes, len, n);
		tx_rig_scatter(&r, n, bytes, len, n);
	}
	send_and_check(&r);
	cr_assert(tx_rig_counter(&r, NET_XDP_TX_DIRECT) > 5 || !fixture_is_veth(),
		  "hardly any packet was direct");
	tx_rig_close(&r);
}

// 25: 2 to 255 segments, headers split anywhere: wire bytes equal the concatenation
CASE(25, segments_2_to_255_unaligned_chunks_wire_bytes_equal)
{
	all_counts(true, 2048, 1514);
}

CASE(25, segments_2_to_255_odd_chunk_size_wire_bytes_equal)
{
	all_counts(true, 3001, 1514);
}

CASE(25, segments_2_to_255_aligned_2048_wire_bytes_equal)
{
	all_counts(false, 2048, 1514);
}

CASE(25, segments_2_to_255_aligned_4096_wire_bytes_equal)
{
	all_counts(false, 4096, 1514);
}

CASE(25, segments_2_to_255_jumbo_unaligned_wire_bytes_equal)
{
	NEEDS_VETH("frames over one chunk");
	all_counts(true, 2048, 9014);
}

CASE(25, segments_2_to_255_jumbo_aligned_wire_bytes_equal)
{
	NEEDS_VETH("frames over one chunk");
	all_counts(false, 2048, 9014);
}

CASE(25, headers_split_at_each_byte_and_pair_of_bytes_wire_bytes_equal)
{
	uint8_t bytes[64];
	struct tx_rig r;

	tx_rig_prepare(&r, 1, 1500);
	tx_rig_start(&r, 1);
	for (uint32_t a = 1; a < 44; a++) {
		for (uint32_t b = a + 1; b <= 45; b++) {
			uint32_t cuts[4] = {0, a, b, sizeof(bytes)};

			frame_plain(bytes, sizeof(bytes), a * 100 + b);
			frontend_list_packet(&r.list, a);
			for (int i = 0; i < 3; i++) {
				uint32_t n = cuts[i + 1] - cuts[i];

				frontend_list_segment(&r.list, tx_rig_place(&r, bytes + cuts[i], n),
						      n);
			}
		}
	}
	send_and_check(&r);
	tx_rig_close(&r);
}

CASE(25, sealed_sends_what_the_kernel_takes_and_drops_what_must_be_joined)
{
	uint8_t bytes[600];
	struct tx_rig r;

	tx_rig_prepare(&r, 1, 1500);
	r.x.config.sealed = true;
	tx_rig_start(&r, 1);
	for (uint32_t n = 1; n <= 40; n++) {
		frame_plain(bytes, sizeof(bytes), n);
		tx_rig_scatter(&r, n, bytes, sizeof(bytes), n);
	}
	cr_assert(frontend_xdp_report(&r.x, 0).sealed);
	tx_rig_send_all(&r);
	tx_rig_expect_packets(&r, 0, most_descriptors(&r));
	peer_expect_silence(&r.peer, 20);
	tx_rig_expect_counter(&r, NET_XDP_TX_DIRECT, most_descriptors(&r));
	tx_rig_expect_counter(&r, NET_XDP_TX_DROP_SEALED, 40 - most_descriptors(&r));
	tx_rig_close(&r);
}

/* A guest must not be able to stop its queue with a packet that no ring of this size can hold. */
CASE(25, packet_of_more_segments_than_a_small_ring_has_entries_is_joined)
{
	uint8_t bytes[400];
	struct tx_rig r;

	tx_rig_prepare(&r, 1, 1500);
	r.x.config.tx_ring_frames = r.x.config.completion_ring_frames = 8;
	tx_rig_start(&r, 1);
	for (uint32_t n = 1; n <= 30; n++) {
		frame_plain(bytes, sizeof(bytes), n);
		tx_rig_scatter(&r, n, bytes, sizeof(bytes), n);
	}
	tx_rig_send_all(&r);
	tx_rig_expect_wire(&r);
	tx_rig_expect_counter(&r, NET_XDP_TX_DIRECT, most_descriptors(&r));
	tx_rig_close(&r);
}

// 36: a bad address costs that packet only
CASE(36, bad_addresses_cost_that_packet_only)
{
	const uint64_t end = FRONTEND_BASE + FRONTEND_XDP_BYTES;
	const uint64_t bad[] = {
		0,
		4096,
		FRONTEND_BASE - 1,
		FRONTEND_BASE - 64,
		end - 99,
		end - 1,
		end,
		FRONTEND_BASE + 4 * end,
		UINT64_MAX,
		UINT64_MAX - 50,
		1ull << 63,
		(1ull << 48) | (FRONTEND_BASE + 4096),
	};
	const uint32_t count = sizeof(bad) / sizeof(*bad);
	uint8_t bytes[100];
	struct tx_rig r;

	tx_rig_prepare(&r, 1, 1500);
	tx_rig_start(&r, 1);
	for (uint32_t i = 0; i < count; i++) {
		frame_plain(bytes, sizeof(bytes), i);
		frontend_list_frame(&r.list, i, tx_rig_place(&r, bytes, 100), 100);
		frontend_list_frame(&r.list, i, bad[i], 100);
		/* The last of three pieces is bad: the first two must not go out alone. */
		frontend_list_packet(&r.list, i);
		frontend_list_segment(&r.list, tx_rig_place(&r, bytes, 60), 60);
		frontend_list_segment(&r.list, tx_rig_place(&r, bytes, 40), 40);
		frontend_list_segment(&r.list, bad[i], 100);
	}
	tx_rig_send_all(&r);
	for (uint32_t i = 0; i < count; i++)
		tx_rig_expect_packets(&r, 3 * i, 1);
	peer_expect_silence(&r.peer, 20);
	tx_rig_expect_counter(&r, NET_XDP_TX_DROP_ADDRESS, 2 * count);
	tx_rig_expect_counter(&r, NET_XDP_TX_PACKETS, count);
	tx_rig_close(&r);
}

/* A list's last packet is broken by a change to its metadata or segments. */
static void add_broken(struct tx_rig *r, uint32_t how)
{
	uint64_t addr = frontend_xdp_tx_addr(&r->x, 2000);
	struct net_tx_metadata *meta = frontend_list_packet(&r->list, 1000 + how);

	for (uint32_t i = 0; i < 3; i++)
		frontend_list_segment(&r->list, addr + i * 100, 50);
	switch (how) {
	case 0:
		meta->segment_count = 0;
		break;
	case 1:
		meta->segment_count = 4; /* over the next head */
		break;
	case 2:
		meta->segment_count = UINT16_MAX;
		break;
	case 3:
		meta->len_bytes = 149;
		break;
	case 4:
		meta->len_bytes = UINT32_MAX;
		break;
	case 5: /* lengths that only sum up in 32 bits */
		r->list.segments[r->list.count - 2].len_bytes = UINT32_MAX - 10;
		r->list.segments[r->list.count - 1].len_bytes = 111;
		break;
	default:
		meta->len_bytes = 0;
		break;
	}
}

// 37: malformed lists bounded
CASE(37, malformed_packets_cost_themselves_and_their_neighbours_arrive)
{
	enum { KINDS = 7, ROUNDS = 50 };
	uint8_t bytes[90];
	struct tx_rig r;

	tx_rig_prepare(&r, 1, 1500);
	tx_rig_start(&r, 1);
	for (uint32_t i = 0; i < KINDS * ROUNDS; i++) {
		frame_plain(bytes, sizeof(bytes), i);
		frontend_list_frame(&r.list, i, tx_rig_place(&r, bytes, 90), 90);
		add_broken(&r, i % KINDS);
	}
	tx_rig_send_all(&r);
	for (uint32_t i = 0; i < KINDS * ROUNDS; i++)
		tx_rig_expect_packets(&r, 2 * i, 1);
	peer_expect_silence(&r.peer, 20);
	tx_rig_expect_counter(&r, NET_XDP_TX_DROP_MALFORMED, KINDS * ROUNDS);
	tx_rig_close(&r);
}

CASE(37, tails_without_a_head_and_a_count_past_the_end_are_bounded)
{
	struct net_tx_metadata meta = {.id = 5, .segment_count = 60000, .len_bytes = 80};
	struct net_tx_segment segments[8] = {0};
	uint32_t ids[4];
	struct tx_rig r;
	bool sync;

	tx_rig_prepare(&r, 1, 1500);
	tx_rig_start(&r, 1);
	for (int i = 0; i < 8; i++)
		segments[i] = (struct net_tx_segment){.addr = r.cursor, .len_bytes = 20};
	/* Tails only: nobody to complete, and all of them are done with. */
	cr_assert_eq(net_queue_tx_avail(r.q, &r.x.f.pool, segments, 8, &sync), 8);
	cr_assert_eq(net_queue_tx_poll(r.q, &r.x.f.pool, ids, 4), 0);
	segments[4].head = &meta;
	cr_assert_eq(net_queue_tx_avail(r.q, &r.x.f.pool, segments, 8, &sync), 8);
	cr_assert(net_queue_poll_ready(r.q, &r.x.f.pool), "a completion waits");
	cr_assert_eq(net_queue_tx_poll(r.q, &r.x.f.pool, ids, 4), 1);
	cr_assert_eq(ids[0], 5);
	tx_rig_expect_counter(&r, NET_XDP_TX_DROP_MALFORMED, 3);
	peer_expect_silence(&r.peer, 20);
	tx_rig_close(&r);
}

// 38: empty segments skipped; runts and oversize dropped, counted, completed
CASE(38, empty_segments_are_skipped_whatever_their_address)
{
	uint8_t bytes[90];
	struct tx_rig r;

	tx_rig_prepare(&r, 1, 1500);
	tx_rig_start(&r, 1);
	for (uint32_t i = 0; i < 100; i++) {
		frame_plain(bytes, sizeof(bytes), i);
		frontend_list_packet(&r.list, i);
		frontend_list_segment(&r.list, i % 2 ? 0 : UINT64_MAX, 0);
		frontend_list_segment(&r.list, tx_rig_place(&r, bytes, 13), 13);
		for (uint32_t k = 0; k < i; k++)
			frontend_list_segment(&r.list, k, 0);
		frontend_list_segment(&r.list, tx_rig_place(&r, bytes + 13, 77), 77);
		frontend_list_segment(&r.list, FRONTEND_BASE - 1, 0);
	}
	send_and_check(&r);
	tx_rig_close(&r);
}

CASE(38, runts_and_oversize_are_dropped_and_completed_and_the_limits_arrive)
{
	static const uint32_t lengths[] = {14, 0, 1518, 1, 14, 13, 1518, 1519, 60, 4096, 65535, 61};
	const uint32_t count = sizeof(lengths) / sizeof(*lengths);
	uint32_t dropped = 0;
	struct tx_rig r;

	tx_rig_prepare(&r, 1, 1500);
	tx_rig_start(&r, 1);
	frame_plain(frontend_at(&r.x.f, r.cursor, 1518), 1518, 3);
	frontend_allow(&r.x.f, r.cursor, 1518);
	for (uint32_t i = 0; i < count; i++)
		frontend_list_frame(&r.list, i, r.cursor, lengths[i]);
	tx_rig_send_all(&r);
	for (uint32_t i = 0; i < count; i++) {
		if (lengths[i] >= 14 && lengths[i] <= 1518)
			tx_rig_expect_packets(&r, i, 1);
		else
			dropped++;
	}
	peer_expect_silence(&r.peer, 20);
	tx_rig_expect_counter(&r, NET_XDP_TX_DROP_SIZE, dropped);
	tx_rig_expect_counter(&r, NET_XDP_TX_LOST, 0);
	tx_rig_close(&r);
}
