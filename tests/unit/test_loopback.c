// SPDX-License-Identifier: BSD-2-Clause
/* The loopback backend, and with it the test frontend: frames sent, received and waited for. */
#include <poll.h>
#include <string.h>

#include <criterion/criterion.h>

#include "support/conformance.h"
#include "support/frame.h"
#include "support/loop.h"

Test(loopback, send_frames_arrive_in_order_exact_and_nothing_else_changes)
{
	struct loop x;

	loop_open(&x, 1, NULL);
	for (uint32_t i = 0; i < 100; i++)
		loop_put(&x, i, 14 + i * 7, i);
	frontend_snapshot(&x.f);
	frontend_post(&x.f, x.queues[0], 0, 128);
	cr_assert(frontend_tx_all(&x.f, x.queues[0], &x.list, NULL, 1000) == 100);
	cr_assert(frontend_rx_wait(&x.f, x.queues[0], x.ids, LOOP_IDS, 20) == 100);
	for (uint32_t i = 0; i < 100; i++) {
		cr_assert(x.ids[i] == i, "id %u at place %u", x.ids[i], i);
		loop_expect(&x, i, 14 + i * 7, i);
		frontend_allow(&x.f, frontend_frame_addr(&x.f, i), 14 + i * 7);
	}
	cr_assert(frontend_first_change(&x.f) == 0, "changed at 0x%llx",
		  (unsigned long long)frontend_first_change(&x.f));
	cr_assert(loop_stats(x.queues[0]).rx_packets == 100);
	cr_assert(loop_stats(x.queues[0]).tx_packets == 100);
	cr_assert(loop_stats(x.queues[0]).rx_errors + loop_stats(x.queues[0]).tx_errors == 0);
	loop_close(&x);
}

Test(loopback, send_segments_arrive_joined)
{
	uint8_t want[900];
	struct loop x;
	uint32_t at = 0;

	loop_open(&x, 1, NULL);
	frontend_post(&x.f, x.queues[0], 0, 1);
	frame_plain(want, sizeof(want), 3);
	frontend_list_packet(&x.list, 0);
	for (uint32_t i = 0; at < sizeof(want); i++) {
		uint32_t n = i % 3 == 1 ? 0 : 1 + i % 40;

		if (n > sizeof(want) - at)
			n = sizeof(want) - at;
		memcpy(frontend_at(&x.f, LOOP_TX_BASE + i * 100, n), want + at, n);
		/* The address of an empty segment may be anything. */
		frontend_list_segment(&x.list, n ? LOOP_TX_BASE + i * 100 : 7, n);
		at += n;
	}
	cr_assert(frontend_tx_all(&x.f, x.queues[0], &x.list, NULL, 1000) == 1);
	cr_assert(frontend_rx(&x.f, x.queues[0], x.ids, LOOP_IDS) == 1);
	frontend_expect_frame(&x.f, 0, want, sizeof(want));
	loop_close(&x);
}

Test(loopback, send_bad_packets_cost_only_themselves)
{
	struct net_queue_stats stats;
	struct loop x;

	loop_open(&x, 1, NULL);
	frontend_post(&x.f, x.queues[0], 0, 16);
	loop_put(&x, 0, 60, 0);
	loop_put(&x, 1, 60, 1)->segment_count = 0;
	loop_put(&x, 2, 60, 2)->segment_count = 2;
	loop_put(&x, 3, 60, 3)->len_bytes = 59;
	loop_put(&x, 4, 60, 4)->flags = NET_TX_TCP_CHECKSUM; /* of no TCP */
	frontend_list_frame(&x.list, 5, FRONTEND_BASE - 1, 60);
	frontend_list_frame(&x.list, 6, FRONTEND_BASE + LOOP_MEMORY - 59, 60);
	frontend_list_frame(&x.list, 7, UINT64_MAX - 10, 60);
	frontend_list_frame(&x.list, 8, LOOP_TX_BASE, 13);
	frontend_list_frame(&x.list, 9, LOOP_TX_BASE, 0);
	loop_put(&x, 10, 60, 10);
	loop_put(&x, 11, 60, 11)->flags = 2 * NET_TX_PARTIAL_CHECKSUM; /* no such flag */
	loop_put(&x, 12, 60, 12);
	frontend_list_segment(&x.list, FRONTEND_BASE + LOOP_MEMORY - 59, 60);
	cr_assert(frontend_tx_all(&x.f, x.queues[0], &x.list, NULL, 1000) == 13);
	cr_assert(frontend_rx(&x.f, x.queues[0], x.ids, LOOP_IDS) == 2);
	loop_expect(&x, x.ids[0], 60, 0);
	loop_expect(&x, x.ids[1], 60, 10);
	stats = loop_stats(x.queues[0]);
	cr_assert(stats.tx_packets == 2 && stats.tx_errors == 11, "%llu sent, %llu errors",
		  (unsigned long long)stats.tx_packets, (unsigned long long)stats.tx_errors);
	loop_close(&x);
}

Test(loopback, send_without_room_drops_and_keeps_the_buffer)
{
	struct loop x;

	loop_open(&x, 1, NULL);
	loop_put(&x, 0, 60, 0);
	cr_assert(frontend_tx_all(&x.f, x.queues[0], &x.list, NULL, 1000) == 1);
	cr_assert(loop_stats(x.queues[0]).rx_errors == 1, "no buffer");
	frontend_post(&x.f, x.queues[0], 0, 1);
	frontend_list_clear(&x.list);
	loop_put(&x, 0, 1001, 1);
	loop_put(&x, 2, 1000, 2);
	cr_assert(frontend_tx_all(&x.f, x.queues[0], &x.list, NULL, 1000) == 2);
	cr_assert(loop_stats(x.queues[0]).rx_errors == 2, "too long");
	cr_assert(frontend_rx(&x.f, x.queues[0], x.ids, LOOP_IDS) == 1);
	loop_expect(&x, 0, 1000, 2);
	loop_close(&x);
}

// 34: sync means the buffer may be overwritten at once
CASE(34, tx_sync_buffer_may_be_overwritten_at_once)
{
	struct loop x;
	bool sync = false;
	uint32_t id;

	loop_open(&x, 1, NULL);
	frontend_post(&x.f, x.queues[0], 0, 1);
	loop_put(&x, 0, 900, 1);
	cr_assert(net_queue_tx_avail(x.queues[0], &x.f.pool, x.list.segments, 1, &sync) == 1);
	cr_assert(sync);
	memset(frontend_at(&x.f, LOOP_TX_BASE, 900), 0, 900);
	cr_assert(net_queue_tx_poll(x.queues[0], &x.f.pool, &id, 1) == 0, "completed twice");
	cr_assert(frontend_rx(&x.f, x.queues[0], x.ids, LOOP_IDS) == 1);
	loop_expect(&x, 0, 900, 1);
	loop_close(&x);
}

/* A hostile sender names memory that is posted for receive: source and target overlap. */
Test(loopback, send_from_its_own_receive_buffer_is_harmless)
{
	uint8_t want[900];
	struct loop x;

	loop_open(&x, 1, NULL);
	frontend_post(&x.f, x.queues[0], 0, 1);
	frame_plain(frontend_at(&x.f, FRONTEND_BASE + 5, sizeof(want)), sizeof(want), 1);
	frame_plain(want, sizeof(want), 1);
	frontend_list_frame(&x.list, 0, FRONTEND_BASE + 5, sizeof(want));
	cr_assert(frontend_tx_all(&x.f, x.queues[0], &x.list, NULL, 1000) == 1);
	cr_assert(frontend_rx(&x.f, x.queues[0], x.ids, LOOP_IDS) == 1);
	frontend_expect_frame(&x.f, 0, want, sizeof(want));
	loop_close(&x);
}

Test(loopback, send_tag_arrives_beside_the_frame)
{
	const struct net_vlan vlan = {.id = 100, .priority = 3, .drop_eligible = 1};
	struct net_tx_metadata *meta;
	struct loop x;

	loop_open(&x, 1, NULL);
	frontend_post(&x.f, x.queues[0], 0, 2);
	meta = loop_put(&x, 0, 60, 0);
	meta->flags = NET_TX_VLAN;
	meta->vlan_tci = net_vlan_tci(vlan);
	loop_put(&x, 1, 60, 1);
	cr_assert(frontend_tx_all(&x.f, x.queues[0], &x.list, NULL, 1000) == 2);
	cr_assert(frontend_rx(&x.f, x.queues[0], x.ids, LOOP_IDS) == 2);
	cr_assert(frontend_metadata(&x.f, 0)->has_vlan && !frontend_metadata(&x.f, 1)->has_vlan);
	cr_assert(frontend_metadata(&x.f, 0)->vlan_tci == net_vlan_tci(vlan));
	loop_expect(&x, 0, 60, 0);
	cr_assert(loop_stats(x.queues[0]).tx_vlan_packets == 1);
	cr_assert(loop_stats(x.queues[0]).rx_vlan_packets == 1);
	loop_close(&x);
}

/* ---- Posting ---------------------------------------------------------------------------------------- */

Test(loopback, post_bad_ids_are_refused_one_by_one)
{
	const uint32_t ids[] = {0, 0, 1, LOOP_IDS, 65535, 65536, UINT32_MAX, 2, 3, 4, 1, 6, 5};
	struct loop x;

	loop_open(&x, 1, NULL);
	/* Where the sum of address and gap would arrive if it could wrap. */
	frontend_add_region(&x.f, 0, 4096, -1);
	frontend_set_buffer(&x.f, 6, FRONTEND_BASE, 12, 0);
	frontend_set_buffer(&x.f, 2, FRONTEND_BASE + LOOP_MEMORY - 900, 12, 1000);
	frontend_set_buffer(&x.f, 3, UINT64_MAX - 5, 12, 1000);
	frontend_set_buffer(&x.f, 4, FRONTEND_BASE - 1000, 12, 1000);
	cr_assert(net_queue_rx_avail(x.queues[0], &x.f.pool, ids, 0) == 0);
	cr_assert(net_queue_rx_avail(x.queues[0], &x.f.pool, ids, 13) == 10);
	cr_assert(loop_stats(x.queues[0]).rx_errors == 10);
	for (uint32_t i = 0; i < 5; i++)
		loop_put(&x, i, 60, i);
	cr_assert(frontend_tx_all(&x.f, x.queues[0], &x.list, NULL, 1000) == 5);
	cr_assert(frontend_rx(&x.f, x.queues[0], x.ids, LOOP_IDS) == 3);
	cr_assert(x.ids[0] == 0 && x.ids[1] == 1 && x.ids[2] == 5);
	/* A returned id may be posted again. */
	frontend_post(&x.f, x.queues[0], 0, 1);
	loop_close(&x);
}

Test(loopback, poll_slices_lose_nothing_and_stay_ready)
{
	struct loop x;

	loop_open(&x, 1, NULL);
	frontend_post(&x.f, x.queues[0], 0, 200);
	cr_assert(!net_queue_poll_ready(x.queues[0], &x.f.pool));
	for (uint32_t i = 0; i < 200; i++)
		loop_put(&x, i, 60, i);
	cr_assert(frontend_tx_all(&x.f, x.queues[0], &x.list, NULL, 1000) == 200);
	cr_assert(frontend_rx(&x.f, x.queues[0], x.ids, 0) == 0);
	for (uint32_t i = 0; i < 3; i++) {
		cr_assert(net_queue_poll_ready(x.queues[0], &x.f.pool));
		cr_assert(frontend_rx(&x.f, x.queues[0], x.ids, 1) == 1 && x.ids[0] == i);
	}
	cr_assert(frontend_rx(&x.f, x.queues[0], x.ids, 64) == 64 && x.ids[63] == 66);
	cr_assert(frontend_rx(&x.f, x.queues[0], x.ids, LOOP_IDS) == 133 && x.ids[132] == 199);
	cr_assert(!net_queue_poll_ready(x.queues[0], &x.f.pool));
	loop_close(&x);
}

static bool is_readable(struct net_queue *q)
{
	struct pollfd pfd = {.fd = net_queue_ready_fd(q), .events = POLLIN};

	return poll(&pfd, 1, 0) == 1;
}

Test(loopback, wait_frame_on_another_queue_wakes)
{
	const uint16_t table[1] = {1};
	const uint8_t key[40] = {1};
	const struct net_rss_config rss = {key, 40, table, 1};
	struct loop x;

	loop_open(&x, 2, &rss);
	frontend_post(&x.f, x.queues[1], 0, 4);
	for (int round = 0; round < 3; round++) {
		cr_assert(net_queue_wait(x.queues[1], &x.f.pool, 1000000) == 0, "round %d", round);
		cr_assert(!is_readable(x.queues[1]), "round %d: readable but not ready", round);
		frontend_list_clear(&x.list);
		loop_put(&x, 0, 60, 0);
		cr_assert(frontend_tx_all(&x.f, x.queues[0], &x.list, NULL, 1000) == 1);
		cr_assert(is_readable(x.queues[1]), "round %d: ready but not readable", round);
		cr_assert(net_queue_wait(x.queues[1], &x.f.pool, -1) == 1);
		cr_assert(net_queue_wait(x.queues[0], &x.f.pool, 0) == 0);
		cr_assert(frontend_rx(&x.f, x.queues[1], x.ids, LOOP_IDS) == 1);
	}
	loop_close(&x);
}
