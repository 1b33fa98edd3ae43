// SPDX-License-Identifier: BSD-2-Clause
/* The segment iterator: whatever a guest writes, it ends, inside the list, packet by packet. */
#include <string.h>

#include <criterion/criterion.h>

#include "support/frame.h"

#define SEGMENTS 16

struct fixture {
	struct net_tx_metadata meta[SEGMENTS];
	struct net_tx_segment list[SEGMENTS];
	uint32_t count;
};

static void head(struct fixture *x, uint16_t segment_count, uint32_t packet_len, uint32_t len)
{
	struct net_tx_metadata *meta = &x->meta[x->count];

	*meta = (struct net_tx_metadata){
		.id = x->count,
		.segment_count = segment_count,
		.len_bytes = packet_len,
	};
	x->list[x->count++] = (struct net_tx_segment){.len_bytes = len, .head = meta};
}

static void tail(struct fixture *x, uint32_t len)
{
	x->list[x->count++] = (struct net_tx_segment){.len_bytes = len};
}

static struct net_tx_iterator iterate(const struct fixture *x)
{
	return (struct net_tx_iterator){.at = x->list, .end = x->list + x->count};
}

static void expect(struct fixture *x, struct net_tx_iterator *it, enum net_tx_fault fault,
		   uint32_t first, uint32_t count)
{
	struct net_tx_packet packet;

	memset(&packet, 0xa5, sizeof(packet));
	cr_assert(net_tx_next(it, &packet), "the list ended before segment %u", first);
	cr_assert(packet.fault == fault, "segment %u: fault %d, want %d", first, packet.fault,
		  fault);
	cr_assert(packet.segments == &x->list[first], "starts at %td, want %u",
		  packet.segments - x->list, first);
	cr_assert(packet.segment_count == count, "segment %u: covers %u, want %u", first,
		  packet.segment_count, count);
	cr_assert(packet.meta == (fault == NET_TX_ORPHAN ? NULL : &x->meta[first]));
	cr_assert(it->at == &x->list[first + count]);
}

static void expect_end(struct net_tx_iterator *it)
{
	struct net_tx_packet packet;

	cr_assert(!net_tx_next(it, &packet), "something is left at the end of the list");
	cr_assert(!net_tx_next(it, &packet), "the end is not the end");
}

Test(segment, next_empty_list_ends)
{
	struct net_tx_iterator null = {0};
	struct fixture x = {0};
	struct net_tx_iterator it = iterate(&x);

	expect_end(&null);
	expect_end(&it);
}

Test(segment, next_single_segments_are_packets)
{
	struct fixture x = {0};
	struct net_tx_iterator it;

	head(&x, 1, 60, 60);
	head(&x, 1, 0, 0);
	head(&x, 1, UINT32_MAX, UINT32_MAX);
	it = iterate(&x);
	expect(&x, &it, NET_TX_OK, 0, 1);
	expect(&x, &it, NET_TX_OK, 1, 1);
	expect(&x, &it, NET_TX_OK, 2, 1);
	expect_end(&it);
}

Test(segment, next_several_segments_with_empty_ones_are_one_packet)
{
	struct fixture x = {0};
	struct net_tx_iterator it;

	head(&x, 4, 100, 0);
	tail(&x, 60);
	tail(&x, 0);
	tail(&x, 40);
	head(&x, 1, 14, 14);
	it = iterate(&x);
	expect(&x, &it, NET_TX_OK, 0, 4);
	expect(&x, &it, NET_TX_OK, 4, 1);
	expect_end(&it);
}

Test(segment, next_tails_first_are_one_orphan)
{
	struct fixture x = {0};
	struct net_tx_iterator it;

	tail(&x, 1);
	tail(&x, 2);
	head(&x, 2, 20, 14);
	tail(&x, 6);
	it = iterate(&x);
	expect(&x, &it, NET_TX_ORPHAN, 0, 2);
	expect(&x, &it, NET_TX_OK, 2, 2);
	expect_end(&it);
}

Test(segment, next_only_tails_are_one_orphan)
{
	struct fixture x = {0};
	struct net_tx_iterator it;

	tail(&x, 1);
	tail(&x, 2);
	tail(&x, 3);
	it = iterate(&x);
	expect(&x, &it, NET_TX_ORPHAN, 0, 3);
	expect_end(&it);
}

Test(segment, next_count_zero_covers_its_tails)
{
	struct fixture x = {0};
	struct net_tx_iterator it;

	head(&x, 0, 0, 0);
	tail(&x, 5);
	tail(&x, 5);
	head(&x, 0, 14, 14);
	head(&x, 1, 14, 14);
	it = iterate(&x);
	expect(&x, &it, NET_TX_COUNT, 0, 3);
	expect(&x, &it, NET_TX_COUNT, 3, 1);
	expect(&x, &it, NET_TX_OK, 4, 1);
	expect_end(&it);
}

Test(segment, next_count_beyond_the_list_stops_at_its_end)
{
	struct fixture x = {0};
	struct net_tx_iterator it;

	head(&x, UINT16_MAX, 28, 14);
	tail(&x, 14);
	it = iterate(&x);
	expect(&x, &it, NET_TX_COUNT, 0, 2);
	expect_end(&it);

	x = (struct fixture){0};
	head(&x, 2, 14, 14);
	it = iterate(&x);
	expect(&x, &it, NET_TX_COUNT, 0, 1);
	expect_end(&it);
}

Test(segment, next_count_over_a_later_head_stops_before_it)
{
	struct fixture x = {0};
	struct net_tx_iterator it;

	head(&x, 3, 42, 14);
	tail(&x, 14);
	head(&x, 1, 14, 14);
	head(&x, 2, 28, 14);
	head(&x, 1, 14, 14);
	it = iterate(&x);
	expect(&x, &it, NET_TX_COUNT, 0, 2);
	expect(&x, &it, NET_TX_OK, 2, 1);
	expect(&x, &it, NET_TX_COUNT, 3, 1);
	expect(&x, &it, NET_TX_OK, 4, 1);
	expect_end(&it);
}

Test(segment, next_count_below_the_tails_leaves_an_orphan)
{
	struct fixture x = {0};
	struct net_tx_iterator it;

	head(&x, 2, 20, 10);
	tail(&x, 10);
	tail(&x, 10);
	tail(&x, 10);
	head(&x, 1, 14, 14);
	tail(&x, 1);
	it = iterate(&x);
	expect(&x, &it, NET_TX_OK, 0, 2);
	expect(&x, &it, NET_TX_ORPHAN, 2, 2);
	expect(&x, &it, NET_TX_OK, 4, 1);
	expect(&x, &it, NET_TX_ORPHAN, 5, 1);
	expect_end(&it);
}

Test(segment, next_wrong_sum_is_a_length_fault)
{
	struct fixture x = {0};
	struct net_tx_iterator it;

	head(&x, 1, 60, 59);
	head(&x, 2, 60, 30);
	tail(&x, 31);
	head(&x, 2, 60, 30);
	tail(&x, 30);
	it = iterate(&x);
	expect(&x, &it, NET_TX_LENGTH, 0, 1);
	expect(&x, &it, NET_TX_LENGTH, 1, 2);
	expect(&x, &it, NET_TX_OK, 3, 2);
	expect_end(&it);
}

Test(segment, next_sum_that_wraps_32_bits_is_a_length_fault)
{
	struct fixture x = {0};
	struct net_tx_iterator it;

	/* 2^32 + 60 is 60 in 32 bits. */
	head(&x, 3, 60, 0x80000000u);
	tail(&x, 0x80000000u);
	tail(&x, 60);
	it = iterate(&x);
	expect(&x, &it, NET_TX_LENGTH, 0, 3);
	expect_end(&it);
}

/* Any list at all: every segment is visited exactly once and nothing outside is touched. */
Test(segment, next_random_lists_cover_each_segment_once)
{
	struct frame_random r = frame_random(1);

	for (int round = 0; round < 20000; round++) {
		struct net_tx_packet packet;
		struct net_tx_iterator it;
		struct fixture x = {0};
		uint32_t n = frame_random_below(&r, SEGMENTS + 1), at = 0;

		while (x.count < n) {
			if (frame_random_below(&r, 3) == 0)
				head(&x, (uint16_t)frame_random_below(&r, 6),
				     frame_random_below(&r, 4), frame_random_below(&r, 3));
			else
				tail(&x, frame_random_below(&r, 3));
		}
		it = iterate(&x);
		while (net_tx_next(&it, &packet)) {
			uint64_t sum = 0;

			cr_assert(packet.segments == &x.list[at] && packet.segment_count > 0);
			cr_assert(packet.meta == x.list[at].head);
			cr_assert((packet.fault == NET_TX_ORPHAN) == !packet.meta);
			for (uint32_t i = 0; i < packet.segment_count; i++) {
				cr_assert(at + i < n);
				cr_assert(i == 0 || !x.list[at + i].head);
				sum += x.list[at + i].len_bytes;
			}
			if (packet.fault == NET_TX_OK)
				cr_assert(packet.meta->segment_count == packet.segment_count &&
					  packet.meta->len_bytes == sum);
			if (packet.fault == NET_TX_LENGTH)
				cr_assert(packet.meta->segment_count == packet.segment_count &&
					  packet.meta->len_bytes != sum);
			at += packet.segment_count;
		}
		cr_assert(at == n, "%u of %u segments", at, n);
	}
}
