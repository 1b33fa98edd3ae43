// SPDX-License-Identifier: BSD-2-Clause
/* Transmit with a full ring: what is refused, when it is time to offer it again, and the ledger. */
#include <stdlib.h>
#include <string.h>

#include "support/conformance.h"
#include "support/tx_rig.h"

enum { SMALL_RING = 64 };

// 27: only whole packets are accepted
CASE(27, only_whole_packets_are_accepted)
{
	uint32_t partial = 0, done = 0, completed = 0, ids[SMALL_RING];
	struct tx_rig r;

	tx_rig_open(&r, SMALL_RING);
	for (uint32_t i = 0; i < 400; i++)
		tx_rig_add(&r, i, 300, 1 + i % 25);
	while (done < r.list.count) {
		/* frontend_tx() checks that the prefix ends in front of a head. */
		uint32_t n = frontend_tx(&r.x.f, r.q, &r.list, done, &completed);

		partial += n && done + n < r.list.count;
		done += n;
		while (net_queue_tx_poll(r.q, &r.x.f.pool, ids, SMALL_RING) > 0)
			;
		cr_assert(n || net_queue_wait(r.q, &r.x.f.pool, TX_RIG_WAIT_MS * 1000000ll) == 1,
			  "stuck");
	}
	/* Where all packets are one descriptor, a ring holds many at a time. */
	cr_assert(partial >= (fixture_is_veth() ? 20 : 400 / SMALL_RING),
		  "only %u lists were accepted in part", partial);
	tx_rig_expect_wire(&r);
	tx_rig_close(&r);
}

// 28: full ring: partial accept, retry, nothing lost or doubled
CASE(28, full_ring_partial_accept_retry_nothing_lost_or_doubled)
{
	enum { PACKETS = 2000 };
	uint32_t *ids = calloc(PACKETS, sizeof(*ids)), done;
	uint8_t seen[PACKETS] = {0};
	struct tx_rig r;

	tx_rig_open(&r, SMALL_RING);
	for (uint32_t i = 0; i < PACKETS; i++)
		tx_rig_add(&r, i, 64 + i % 900, 1 + i % 4);
	done = frontend_tx_all(&r.x.f, r.q, &r.list, ids, TX_RIG_WAIT_MS);
	cr_assert_eq(done, PACKETS);
	for (uint32_t i = 0; i < PACKETS; i++)
		cr_assert(ids[i] < PACKETS && seen[ids[i]]++ == 0, "id %u", ids[i]);
	cr_assert(tx_rig_counter(&r, NET_XDP_TX_NO_ROOM) > 0, "the ring was never full");
	tx_rig_expect_wire(&r);
	tx_rig_expect_collected(&r);
	free(ids);
	tx_rig_close(&r);
}

// 29: after a partial accept ready fires once a refused packet fits, by itself
CASE(29, after_partial_accept_waiting_alone_is_enough)
{
	uint32_t done = 0, completed = 0, ids[160];
	struct tx_rig r;

	tx_rig_open(&r, SMALL_RING);
	for (uint32_t i = 0; i < 150; i++)
		tx_rig_add(&r, i, 100, 1);
	/* No tx_poll, no RX: only wait and offer again. */
	while (done < r.list.count) {
		done += frontend_tx(&r.x.f, r.q, &r.list, done, &completed);
		cr_assert(net_queue_wait(r.q, &r.x.f.pool, TX_RIG_WAIT_MS * 1000000ll) == 1,
			  "stuck at %u", done);
	}
	cr_assert(tx_rig_counter(&r, NET_XDP_TX_NO_ROOM) > 0, "the ring was never full");
	cr_assert_eq(tx_rig_collect(&r, ids, 150), 150);
	tx_rig_expect_wire(&r);
	tx_rig_close(&r);
}

// 30: likewise after a tx_poll that drains all
CASE(30, ready_after_the_tx_poll_that_drained_all)
{
	uint32_t completed = 0, ids[SMALL_RING], done;
	struct tx_rig r;

	tx_rig_open(&r, SMALL_RING);
	for (uint32_t i = 0; i < 100; i++)
		tx_rig_add(&r, i, 100, 1);
	done = frontend_tx(&r.x.f, r.q, &r.list, 0, &completed);
	cr_assert_eq(done, SMALL_RING);
	cr_assert_eq(tx_rig_collect(&r, ids, SMALL_RING), SMALL_RING);
	tx_rig_expect_collected(&r);
	/* Nothing is in flight, nothing waits in a ring: room itself must make ready. */
	cr_assert(net_queue_poll_ready(r.q, &r.x.f.pool), "36 packets were refused and would fit");
	cr_assert_eq(frontend_tx(&r.x.f, r.q, &r.list, done, &completed), 36);
	cr_assert_eq(tx_rig_collect(&r, ids, 36), 36);
	tx_rig_expect_wire(&r);
	tx_rig_expect_not_ready(&r);
	tx_rig_close(&r);
}

/* Offer so many packets from *at on; what does not fit is thrown away. */
static void flood_once(struct tx_rig *r, uint32_t *at, uint32_t packets, uint64_t ledger[3])
{
	uint32_t first = *at, end = first, accepted;
	uint64_t before = tx_rig_counter(r, NET_XDP_TX_ACCEPTED);
	bool sync;

	for (uint32_t p = 0; p < packets && end < r->list.count; p++)
		do
			end++;
		while (end < r->list.count && !r->list.segments[end].head);
	accepted = net_queue_tx_avail(r->q, &r->x.f.pool, r->list.segments + first, end - first,
				      &sync);
	cr_assert(accepted <= end - first && !sync);
	for (uint32_t i = 0; i < end - first; i++)
		ledger[i >= accepted] += r->list.segments[first + i].head != NULL;
	cr_assert_eq(tx_rig_counter(r, NET_XDP_TX_ACCEPTED) - before + ledger[2], ledger[0]);
	ledger[2] = ledger[0];
	*at = end;
}

// 43: flood of 10 000: accepted + refused consistent
CASE(43, flood_of_10000_accepted_and_refused_add_up)
{
	uint64_t ledger[3] = {0}, collected = 0, dropped;
	uint32_t at = 0, arrived, ids[256];
	struct tx_rig r;

	tx_rig_open(&r, SMALL_RING);
	for (uint32_t i = 0; i < 10000; i++) {
		struct net_tx_metadata *meta = tx_rig_add(&r, i, 40 + i % 60, 1 + i % 20 % 7);

		meta->flags = i % 97 == 5 ? NET_TX_UDP_SEGMENTATION : 0;
	}
	while (at < r.list.count) {
		flood_once(&r, &at, 1 + frame_random_below(&r.random, 150), ledger);
		net_queue_wait(r.q, &r.x.f.pool,
			       5000000); /* or an emulated NIC has sent hardly any */
		if (frame_random_below(&r.random, 3) == 0)
			collected += (uint64_t)net_queue_tx_poll(
				r.q, &r.x.f.pool, ids, frame_random_below(&r.random, 256));
	}
	cr_assert_eq(ledger[0] + ledger[1], 10000);
	cr_assert(ledger[0] > 1000 && ledger[1] > 1000, "%llu accepted, %llu refused",
		  (unsigned long long)ledger[0], (unsigned long long)ledger[1]);
	while (collected < ledger[0]) {
		uint32_t n = tx_rig_collect(&r, ids, 1);

		cr_assert(n == 1, "%llu completions of %llu", (unsigned long long)collected,
			  (unsigned long long)ledger[0]);
		collected += n;
	}
	tx_rig_expect_collected(&r);
	dropped = tx_rig_counter(&r, NET_XDP_TX_DROP_OFFLOAD);
	arrived = peer_drain(&r.peer);
	cr_assert(dropped > 5, "no packet was dropped");
	tx_rig_expect_counter(&r, NET_XDP_TX_PACKETS, ledger[0] - dropped);
	tx_rig_expect_counter(&r, NET_XDP_TX_LOST, ledger[0] - dropped - arrived);
	tx_rig_close(&r);
}
