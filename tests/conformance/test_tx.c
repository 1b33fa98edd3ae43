// SPDX-License-Identifier: BSD-2-Clause
/* Transmit on a real veth pair: one completion for each packet, and the order. */
#include <string.h>

#include "support/conformance.h"
#include "support/tx_rig.h"

enum { SMALL_RING = 64 };

// 24: one segment, one completion
CASE(24, one_segment_one_completion)
{
	uint32_t completed, id;
	struct tx_rig r;

	tx_rig_open(&r, 2048);
	for (uint32_t i = 0; i < 200; i++) {
		frontend_list_clear(&r.list);
		tx_rig_add(&r, 7000 + i, 14 + i * 7, 1);
		completed = 0;
		cr_assert_eq(frontend_tx(&r.x.f, r.q, &r.list, 0, &completed), 1);
		cr_assert_eq(completed, 0, "sync, but zero copy is not");
		cr_assert_eq(tx_rig_collect(&r, &id, 1), 1);
		cr_assert_eq(id, 7000 + i);
		tx_rig_expect_packets(&r, 0, 1);
	}
	tx_rig_expect_collected(&r);
	tx_rig_expect_counter(&r, NET_XDP_TX_DIRECT, 200);
	tx_rig_close(&r);
}

CASE(24, one_completion_each_on_every_ring_size)
{
	static const uint32_t rings[] = {1, 2, 4, 32, 65536};

	for (size_t i = 0; i < sizeof(rings) / sizeof(*rings); i++) {
		struct tx_rig r;

		tx_rig_open(&r, rings[i]);
		for (uint32_t p = 0; p < 200; p++)
			tx_rig_add(&r, p, 20 + p, 1);
		tx_rig_send_all(&r);
		tx_rig_expect_wire(&r);
		tx_rig_expect_collected(&r);
		tx_rig_close(&r);
	}
}

// 26: order on the wire kept
CASE(26, order_on_the_wire_is_kept_over_direct_joined_and_refused_packets)
{
	struct tx_rig r;

	tx_rig_open(&r, SMALL_RING);
	tx_rig_add_mixed(&r, 3000);
	tx_rig_send_all(&r);
	tx_rig_expect_wire(&r);
	cr_assert(tx_rig_counter(&r, NET_XDP_TX_DIRECT) > 1000, "direct");
	cr_assert(tx_rig_counter(&r, NET_XDP_TX_BOUNCED) > 100, "bounced");
	cr_assert(tx_rig_counter(&r, NET_XDP_TX_NO_ROOM) > 10, "refused");
	tx_rig_close(&r);
}

// 31: an empty list is a no-op
CASE(31, empty_list_is_a_noop)
{
	struct net_xdp_stats before, after;
	bool sync = true;
	struct tx_rig r;

	tx_rig_open(&r, SMALL_RING);
	before = frontend_xdp_stats(&r.x, 0);
	cr_assert_eq(net_queue_tx_avail(r.q, &r.x.f.pool, NULL, 0, &sync), 0);
	cr_assert_eq(net_queue_tx_avail(r.q, &r.x.f.pool, r.list.segments, 0, &sync), 0);
	cr_assert_eq(net_queue_tx_poll(r.q, &r.x.f.pool, NULL, 0), 0);
	after = frontend_xdp_stats(&r.x, 0);
	cr_assert_eq(memcmp(&before, &after, sizeof(before)), 0, "a counter moved");
	tx_rig_expect_not_ready(&r);
	tx_rig_close(&r);
}

CASE(31, empty_list_does_not_forget_the_packet_that_was_refused)
{
	uint32_t completed = 0, ids[SMALL_RING];
	bool sync;
	struct tx_rig r;

	tx_rig_open(&r, SMALL_RING);
	tx_rig_expect_not_ready(&r);
	for (uint32_t i = 0; i < SMALL_RING + 1; i++)
		tx_rig_add(&r, i, 60, 1);
	cr_assert_eq(frontend_tx(&r.x.f, r.q, &r.list, 0, &completed), SMALL_RING);
	cr_assert_eq(tx_rig_collect(&r, ids, SMALL_RING), SMALL_RING);
	cr_assert_eq(net_queue_tx_avail(r.q, &r.x.f.pool, NULL, 0, &sync), 0);
	cr_assert(net_queue_poll_ready(r.q, &r.x.f.pool), "the refused packet would fit");
	cr_assert_eq(frontend_tx(&r.x.f, r.q, &r.list, SMALL_RING, &completed), 1);
	cr_assert_eq(tx_rig_collect(&r, ids, 1), 1);
	tx_rig_expect_wire(&r);
	tx_rig_close(&r);
}

// 32: one tx id on many packets: completions equal packets
CASE(32, one_id_on_many_packets_completes_as_often)
{
	uint32_t ids[1000];
	struct tx_rig r;

	tx_rig_open(&r, SMALL_RING);
	tx_rig_add_mixed(&r, 1000);
	for (uint32_t i = 0; i < 1000; i++)
		r.list.packets[i].id = 0xffffffff;
	cr_assert_eq(frontend_tx_all(&r.x.f, r.q, &r.list, ids, TX_RIG_WAIT_MS), 1000);
	for (uint32_t i = 0; i < 1000; i++)
		cr_assert_eq(ids[i], 0xffffffff);
	tx_rig_expect_collected(&r);
	tx_rig_expect_wire(&r);
	tx_rig_close(&r);
}

// 33: all ids 0, slices of 1
CASE(33, all_ids_zero_in_slices_of_one)
{
	uint32_t done = 0, completed = 0, collected = 0, id;
	struct tx_rig r;

	tx_rig_open(&r, SMALL_RING);
	tx_rig_add_mixed(&r, 300);
	for (uint32_t i = 0; i < 300; i++)
		r.list.packets[i].id = 0;
	while (collected < 300) {
		if (done < r.list.count)
			done += frontend_tx(&r.x.f, r.q, &r.list, done, &completed);
		id = 1;
		if (net_queue_tx_poll(r.q, &r.x.f.pool, &id, 1) == 1) {
			cr_assert_eq(id, 0);
			collected++;
		} else {
			cr_assert(net_queue_wait(r.q, &r.x.f.pool, TX_RIG_WAIT_MS * 1000000ll) == 1,
				  "stuck");
		}
	}
	tx_rig_expect_collected(&r);
	tx_rig_expect_wire(&r);
	tx_rig_close(&r);
}

/* Offer the list of one packet; overwrite it as soon as the contract allows. */
static void send_and_overwrite(struct tx_rig *r, uint64_t addr, uint32_t len, const uint8_t *frame)
{
	uint32_t id, completed = 0;

	memcpy(frontend_at(&r->x.f, addr, len), frame, len);
	cr_assert_eq(frontend_tx(&r->x.f, r->q, &r->list, 0, &completed), r->list.count);
	if (!completed)
		cr_assert_eq(tx_rig_collect(r, &id, 1), 1);
	memset(frontend_at(&r->x.f, addr, len), 0xdb, len);
	peer_expect(&r->peer, frame, len, TX_RIG_WAIT_MS);
	tx_rig_expect_collected(r);
	frontend_allow(&r->x.f, addr, len);
}

// 34: sync means the buffer may be overwritten at once
CASE(34, buffer_may_be_overwritten_once_its_packet_is_done_with)
{
	uint8_t frame[200];
	struct tx_rig r;

	tx_rig_open(&r, SMALL_RING);
	for (uint32_t i = 0; i < 300; i++) {
		uint32_t segments = i % 3 == 2 ? 20 : 1 + i % 3, piece = 200 / segments;

		frame_plain(frame, sizeof(frame), i);
		frontend_list_clear(&r.list);
		frontend_list_packet(&r.list, i);
		for (uint32_t k = 0; k < segments; k++)
			frontend_list_segment(&r.list, r.cursor + k * piece, piece);
		send_and_overwrite(&r, r.cursor, sizeof(frame), frame);
	}
	/* Of one, two and twenty segments: in turn. */
	tx_rig_expect_counter(&r, NET_XDP_TX_BOUNCED,
			      frontend_xdp_report(&r.x, 0).max_tx_descriptors == 1 ? 200 : 100);
	tx_rig_close(&r);
}

CASE(34, sync_of_a_backend_that_copies_lets_the_buffer_be_overwritten_at_once)
{
	struct net_queue_config config = {0};
	struct frontend_list list;
	struct net_endpoint *ep;
	struct net_queue *q;
	struct frontend f;
	uint8_t frame[300];
	bool sync = false;
	uint32_t id;

	frontend_open(&f, 1 << 20, 1);
	frontend_set_buffer(&f, 0, FRONTEND_BASE + 8192, 12, 2000);
	frontend_list_open(&list, 3);
	cr_assert_eq(net_loopback_open(1, &ep, NULL), 0);
	config.pool = &f.pool;
	cr_assert_eq(net_endpoint_get_queues(ep, &config, 1, NULL, &q, NULL), 0);
	for (uint32_t i = 0; i < 100; i++) {
		frontend_list_clear(&list);
		frontend_list_packet(&list, i);
		for (uint32_t k = 0; k < 3; k++)
			frontend_list_segment(&list, FRONTEND_BASE + 5 + k * 100, 100);
		frame_plain(frame, sizeof(frame), i);
		memcpy(frontend_at(&f, FRONTEND_BASE + 5, 300), frame, 300);
		frontend_post(&f, q, 0, 1);
		cr_assert_eq(net_queue_tx_avail(q, &f.pool, list.segments, 3, &sync), 3);
		cr_assert(sync, "loopback copies: nothing is left to wait for");
		memset(frontend_at(&f, FRONTEND_BASE + 5, 300), 0xdb, 300);
		cr_assert_eq(net_queue_tx_poll(q, &f.pool, &id, 1), 0, "sync, and again later");
		cr_assert_eq(frontend_rx(&f, q, &id, 1), 1);
		frontend_expect_frame(&f, 0, frame, 300);
	}
	cr_assert_eq(net_queue_destroy(q, NULL), 0);
	cr_assert_eq(net_endpoint_destroy(ep, NULL), 0);
	frontend_list_close(&list);
	frontend_close(&f);
}

// 35: copied and direct packets mixed in a call: sync is false
CASE(35, copied_direct_and_dropped_packets_in_a_call_are_not_sync)
{
	uint32_t completed = 0, ids[3];
	struct tx_rig r;

	tx_rig_open(&r, SMALL_RING);
	tx_rig_add(&r, 1, 100, 1);				   /* direct */
	tx_rig_add(&r, 2, 100, 30);				   /* joined */
	tx_rig_add(&r, 3, 60, 1)->flags = NET_TX_TCP_SEGMENTATION; /* dropped */
	cr_assert_eq(frontend_tx(&r.x.f, r.q, &r.list, 0, &completed), r.list.count);
	cr_assert_eq(completed, 0, "sync");
	cr_assert_eq(tx_rig_collect(&r, ids, 3), 3);
	cr_assert_eq(ids[0] + ids[1] + ids[2], 6);
	tx_rig_expect_packets(&r, 0, 2);
	peer_expect_silence(&r.peer, 20);
	tx_rig_close(&r);
}

// 44: same buffer in flight twice: both complete
CASE(44, same_buffer_many_times_in_a_list_completes_each)
{
	uint8_t bytes[200], seen[60] = {0};
	uint32_t ids[60];
	struct tx_rig r;
	uint64_t addr;

	tx_rig_open(&r, SMALL_RING);
	frame_plain(bytes, sizeof(bytes), 44);
	addr = tx_rig_place(&r, bytes, sizeof(bytes));
	/* A byte further on there is another frame, whose completion looks the same in copy mode. */
	for (uint32_t i = 0; i < 60; i++)
		frontend_list_frame(&r.list, i, addr + i % 2, sizeof(bytes) - 1);
	cr_assert_eq(frontend_tx_all(&r.x.f, r.q, &r.list, ids, TX_RIG_WAIT_MS), 60);
	for (uint32_t i = 0; i < 60; i++)
		cr_assert(ids[i] < 60 && seen[ids[i]]++ == 0, "id %u", ids[i]);
	tx_rig_expect_collected(&r);
	tx_rig_expect_wire(&r);
	tx_rig_close(&r);
}

// 45: packets, not descriptors, are counted
CASE(45, packets_not_descriptors_are_counted)
{
	struct net_queue_stats stats;
	uint64_t bytes = 0;
	struct tx_rig r;

	tx_rig_open(&r, SMALL_RING);
	for (uint32_t i = 0; i < 200; i++)
		bytes += tx_rig_add(&r, i, 100 + i, 1 + i % 30)->len_bytes;
	tx_rig_send_all(&r);
	tx_rig_expect_wire(&r);
	net_queue_stats(r.q, &stats);
	cr_assert_eq(stats.tx_packets, 200);
	cr_assert_eq(stats.tx_errors, 0);
	tx_rig_expect_counter(&r, NET_XDP_TX_PACKETS, 200);
	tx_rig_expect_counter(&r, NET_XDP_TX_ACCEPTED, 200);
	tx_rig_expect_counter(&r, NET_XDP_TX_BYTES, bytes);
	tx_rig_close(&r);
}
