// SPDX-License-Identifier: BSD-2-Clause
/* Transmit against the fake kernel: what is accepted, what goes out, what completes. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "support/tx_fake.h"
#include "xdp/data/tx.h"

Test(tx, many_rounds_over_the_index_wrap_complete_each_packet_once)
{
	struct tx_fake r;

	tx_fake_open(&r, tx_fake_small_rings());
	for (uint32_t i = 0; i < 5000; i++) {
		frontend_list_clear(&r.list);
		frontend_list_frame(&r.list, i, FRONTEND_BASE + 1 + i * 997 % 1000000,
				    14 + i % 1500);
		cr_assert_eq(tx_fake_offer(&r, 0), 1);
		tx_fake_expect_wire(&r, 0, 1);
		tx_fake_complete(&r);
		tx_fake_expect_ids(&r, &i, 1);
	}
	cr_assert_eq(tx_fake_counter(&r, NET_XDP_TX_DIRECT), 5000);
	tx_fake_close(&r);
}

Test(tx, empty_segments_are_skipped)
{
	struct tx_fake r;
	uint32_t id = 9;

	tx_fake_open(&r, tx_fake_small_rings());
	frontend_list_packet(&r.list, id);
	frontend_list_segment(&r.list, 0, 0);
	frontend_list_segment(&r.list, FRONTEND_BASE + 100, 40);
	frontend_list_segment(&r.list, UINT64_MAX, 0);
	frontend_list_segment(&r.list, FRONTEND_BASE + 900, 30);
	cr_assert_eq(tx_fake_offer(&r, 0), 4);
	tx_fake_expect_wire(&r, 0, 4);
	cr_assert_eq(r.packet.descriptors, 2);
	tx_fake_complete(&r);
	tx_fake_expect_ids(&r, &id, 1);
	tx_fake_close(&r);
}

Test(tx, full_ring_accepts_whole_packets_only_and_says_when_there_is_room)
{
	struct tx_fake r;
	uint32_t ids[64], done = 0, accepted;

	tx_fake_open(&r, tx_fake_small_rings());
	for (uint32_t p = 0; p < 30; p++) {
		frontend_list_packet(&r.list, p);
		for (uint32_t i = 0; i < 3; i++)
			frontend_list_segment(&r.list, FRONTEND_BASE + p * 300 + i * 77, 50);
	}
	accepted = tx_fake_offer(&r, 0);
	cr_assert_eq(accepted, 63, "21 packets of 3 fit 64 entries, not %u segments", accepted);
	cr_assert_eq(tx_fake_counter(&r, NET_XDP_TX_NO_ROOM), 1);
	cr_assert_not(tx_has_room(&r.k.queue));
	cr_assert_eq(tx_fake_offer(&r, accepted), 0);
	/* taken by the kernel, not completed: descriptors in flight stay bounded */
	for (uint32_t p = 0; p < 21; p++)
		tx_fake_expect_wire(&r, p * 3, 3);
	cr_assert_not(tx_has_room(&r.k.queue));
	tx_fake_complete(&r);
	cr_assert(net_queue_poll_ready(r.q, NULL));
	cr_assert_eq(net_queue_tx_poll(r.q, &r.f.pool, ids, 64), 1);
	fake_settle(&r.k);
	cr_assert(tx_has_room(&r.k.queue), "the packet that was left would fit now");
	cr_assert_eq(tx_fake_offer(&r, accepted), 3);
	tx_fake_expect_wire(&r, 63, 3);
	(void)done;
	tx_fake_close(&r);
}

Test(tx, completions_in_any_order_with_bit_0_cleared_find_their_ids)
{
	struct tx_fake r;
	uint64_t held[64];
	uint32_t held_count = 0, sent = 0, finished = 0;
	uint8_t seen[20000] = {0};

	srand(11);
	tx_fake_open(&r, tx_fake_small_rings());
	while (finished < 20000) {
		uint32_t ids[64];
		int n;

		if (sent < 20000 && held_count < 60 && rand() % 2) {
			frontend_list_clear(&r.list);
			/* few addresses: the same one is often in flight twice */
			frontend_list_frame(&r.list, sent, FRONTEND_BASE + (uint64_t)(rand() % 40),
					    60);
			if (tx_fake_offer(&r, 0)) {
				sent++;
				tx_fake_expect_wire(&r, 0, 1);
				held[held_count++] = r.packet.address[0];
			}
		} else if (held_count) {
			uint32_t pick = (uint32_t)rand() % held_count;

			fake_complete(&r.k, held[pick]);
			held[pick] = held[--held_count];
		}
		n = net_queue_tx_poll(r.q, &r.f.pool, ids, 1 + (uint32_t)rand() % 64);
		cr_assert_geq(n, 0);
		for (int i = 0; i < n; i++)
			cr_assert_eq(seen[ids[i]]++, 0, "id %u twice", ids[i]);
		finished += (uint32_t)n;
	}
	cr_assert_eq(sent, 20000);
	cr_assert_eq(tx_fake_counter(&r, NET_XDP_TX_UNKNOWN), 0);
	tx_fake_close(&r);
}

Test(tx, packet_completes_with_its_last_descriptor)
{
	struct tx_fake r;
	uint32_t id = 3;

	tx_fake_open(&r, tx_fake_small_rings());
	frontend_list_packet(&r.list, id);
	for (uint32_t i = 0; i < 3; i++)
		frontend_list_segment(&r.list, FRONTEND_BASE + 1000 * i, 100);
	cr_assert_eq(tx_fake_offer(&r, 0), 3);
	tx_fake_expect_wire(&r, 0, 3);
	fake_complete(&r.k, r.packet.address[2]);
	tx_fake_expect_ids(&r, NULL, 0);
	fake_complete(&r.k, r.packet.address[0]);
	tx_fake_expect_ids(&r, NULL, 0);
	fake_complete(&r.k, r.packet.address[1]);
	tx_fake_expect_ids(&r, &id, 1);
	cr_assert_eq(inflight_count(&r.k.queue.tx_inflight), 0);
	cr_assert_eq(r.k.queue.tx_records.free_count, 64);
	tx_fake_close(&r);
}

Test(tx, completion_of_unknown_address_is_counted)
{
	struct tx_fake r;

	tx_fake_open(&r, tx_fake_small_rings());
	fake_complete(&r.k, 4096);
	tx_fake_expect_ids(&r, NULL, 0);
	cr_assert_eq(tx_fake_counter(&r, NET_XDP_TX_UNKNOWN), 1);
	tx_fake_close(&r);
}

Test(tx, bad_packets_cost_only_themselves)
{
	struct tx_fake r;
	uint32_t ids[16];

	tx_fake_open(&r, tx_fake_small_rings());
	frontend_list_frame(&r.list, 0, FRONTEND_BASE, 60);
	frontend_list_frame(&r.list, 1, FRONTEND_BASE - 1, 60);
	frontend_list_frame(&r.list, 2, FRONTEND_BASE + TX_FAKE_BYTES - 59, 60);
	frontend_list_frame(&r.list, 3, UINT64_MAX - 30, 60);
	frontend_list_frame(&r.list, 4, FRONTEND_BASE, 13);
	frontend_list_frame(&r.list, 5, FRONTEND_BASE, 1519);
	frontend_list_frame(&r.list, 6, FRONTEND_BASE, 60)->flags = NET_TX_TCP_SEGMENTATION;
	frontend_list_frame(&r.list, 7, FRONTEND_BASE, 60)->len_bytes = 61;
	frontend_list_frame(&r.list, 8, FRONTEND_BASE, 60)->segment_count = 0;
	frontend_list_frame(&r.list, 9, FRONTEND_BASE, 60)->segment_count = 60000;
	frontend_list_frame(&r.list, 10, FRONTEND_BASE + 14, 60);
	cr_assert_eq(tx_fake_offer(&r, 0), 11);
	tx_fake_expect_wire(&r, 0, 1);
	tx_fake_complete(&r);
	tx_fake_expect_wire(&r, 10, 1);
	tx_fake_complete(&r);
	cr_assert_not(fake_transmit(&r.k, &r.packet));
	cr_assert_eq(net_queue_tx_poll(r.q, &r.f.pool, ids, 16), 11);
	cr_assert_eq(tx_fake_counter(&r, NET_XDP_TX_DROP_ADDRESS), 3);
	cr_assert_eq(tx_fake_counter(&r, NET_XDP_TX_DROP_SIZE), 2);
	cr_assert_eq(tx_fake_counter(&r, NET_XDP_TX_DROP_OFFLOAD), 1);
	cr_assert_eq(tx_fake_counter(&r, NET_XDP_TX_DROP_MALFORMED), 3);
	cr_assert_eq(tx_fake_counter(&r, NET_XDP_TX_ACCEPTED), 11);
	tx_fake_close(&r);
}

/* A guest may send nothing but bad packets and never collect an id. */
Test(tx, dropped_packets_are_accepted_only_while_their_ids_have_room)
{
	struct tx_fake r;
	uint32_t ids[64], accepted = 0, collected = 0;

	tx_fake_open(&r, tx_fake_small_rings());
	for (uint32_t i = 0; i < 500; i++)
		frontend_list_frame(&r.list, i, 0, 60);
	accepted = tx_fake_offer(&r, 0);
	cr_assert_lt(accepted, 500);
	while (collected < 500) {
		int n = net_queue_tx_poll(r.q, &r.f.pool, ids, 64);

		for (int i = 0; i < n; i++)
			cr_assert_eq(ids[i], collected++);
		if (accepted < 500)
			accepted += tx_fake_offer(&r, accepted);
	}
	cr_assert_eq(accepted, 500);
	tx_fake_close(&r);
}

/* A packet that was left because its id had no room: once all ids are collected nothing but readiness tells. */
Test(tx, dropped_packet_that_was_left_is_told_ready_when_ids_are_collected)
{
	struct tx_fake r;
	uint32_t ids[64], accepted, collected = 0;
	int n;

	tx_fake_open(&r, tx_fake_small_rings());
	for (uint32_t i = 0; i < 500; i++)
		frontend_list_frame(&r.list, i, 0, 60);
	accepted = tx_fake_offer(&r, 0);
	cr_assert_lt(accepted, 500);
	while ((n = net_queue_tx_poll(r.q, &r.f.pool, ids, 64)) > 0)
		collected += (uint32_t)n;
	cr_assert_eq(collected, accepted);
	cr_assert(r.k.queue.tx_blocked && tx_has_room(&r.k.queue));
	cr_assert_gt(tx_fake_offer(&r, accepted), 0);
	tx_fake_close(&r);
}

Test(tx, aligned_frames_are_cut_at_chunk_borders)
{
	struct net_xdp_config c = tx_fake_small_rings();
	struct tx_fake r;

	c.unaligned = false;
	tx_fake_open(&r, c);
	frontend_list_frame(&r.list, 0, FRONTEND_BASE + 2048 - 100, 1000);
	frontend_list_frame(&r.list, 1, FRONTEND_BASE + 4096, 1518);
	cr_assert_eq(tx_fake_offer(&r, 0), 2);
	tx_fake_expect_wire(&r, 0, 1);
	cr_assert_eq(r.packet.descriptors, 2);
	tx_fake_expect_wire(&r, 1, 1);
	cr_assert_eq(r.packet.descriptors, 1);
	tx_fake_close(&r);
}

/* The device or the program went. What completed is told first, and a queue that cannot do more says so only then. */
Test(tx, queue_that_failed_returns_all_completions_before_it_says_so)
{
	uint32_t ids[4];
	struct tx_fake r;

	tx_fake_open(&r, tx_fake_small_rings());
	for (uint32_t id = 0; id < 3; id++)
		frontend_list_frame(&r.list, id, FRONTEND_BASE + 100 * id, 60);
	cr_assert_eq(tx_fake_offer(&r, 0), 3);
	for (uint32_t id = 0; id < 3; id++) {
		tx_fake_expect_wire(&r, id, 1);
		tx_fake_complete(&r);
	}
	fake_settle(&r.k);
	r.k.queue.failed = true;
	cr_assert_eq(tx_poll(r.q, &r.f.pool, ids, 2), 2);
	cr_assert(ids[0] == 0 && ids[1] == 1 && !r.k.queue.failure_told);
	cr_assert_eq(tx_poll(r.q, &r.f.pool, ids, 4), 1);
	cr_assert(ids[0] == 2 && !r.k.queue.failure_told);
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(tx_poll(r.q, &r.f.pool, ids, 4), NET_TRY_RESTART);
		cr_assert(r.k.queue.failure_told);
	}
	tx_fake_close(&r);
}
