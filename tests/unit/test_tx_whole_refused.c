// SPDX-License-Identifier: BSD-2-Clause
/*
 * Packets to be cut that the kernel is not given whole, or refuses, over the fake kernel and a fake packet socket: each
 * is sent all the same, and counted for what it is.
 */
#include <criterion/criterion.h>
#include <errno.h>

#include "support/whole_fake.h"

Test(tx_whole_refused, is_cut_while_the_ring_holds_what_was_sent_before)
{
	const struct segment_spec spec = whole_fake_large();
	uint32_t ids[WHOLE_FAKE_IDS];

	whole_fake_start();
	fake.ring_busy = true;
	whole_fake_add_plain(1, 60);
	whole_fake_add(2, &spec, SEGMENT_ZERO, 2);
	cr_assert_eq(tx_fake_offer(&fake.r, 0), fake.r.list.count);
	cr_assert_eq(fake.attempts, 0);
	cr_assert_eq(tx_fake_counter(&fake.r, NET_XDP_TX_WHOLE_REFUSED), 0, "it was not offered");
	fake.ring_busy = false;
	cr_assert_eq(whole_fake_collect(ids), 2);
	cr_assert_eq(fake.wire_count, 21);
	cr_assert_eq(fake.wire[0], 60);

	/* That was no refusal of the device's: the next one goes fake.whole. */
	frontend_list_clear(&fake.r.list);
	whole_fake_add(3, &spec, SEGMENT_ZERO, 2);
	cr_assert_eq(tx_fake_offer(&fake.r, 0), fake.r.list.count);
	cr_assert_eq(fake.attempts, 1);
	whole_fake_expect_id(3);
	tx_fake_close(&fake.r);
}

/* Each refused packet is sent all the same, and the kernel is asked ever less often. */
Test(tx_whole_refused, refused_packets_are_cut_and_refusals_get_rare)
{
	whole_fake_start();
	fake.refusal = ENOBUFS;
	for (uint32_t id = 0; id < 5000; id++) {
		whole_fake_send_large(id);
		cr_assert_eq(fake.wire_count, 20, "packet %u", id);
	}
	cr_assert(fake.attempts >= 10 && fake.attempts <= 20, "%u attempts", fake.attempts);
	cr_assert_eq(tx_fake_counter(&fake.r, NET_XDP_TX_WHOLE_REFUSED), fake.attempts);

	/* The device cuts again: that is found out, and from then on all go fake.whole. */
	fake.refusal = 0;
	for (uint32_t id = 0; id < 1025; id++)
		whole_fake_send_large(id);
	cr_assert_eq(fake.wire_count, 1);
	fake.refusal = ENOBUFS;
	whole_fake_send_large(0);
	fake.refusal = 0;
	fake.attempts = 0;
	whole_fake_send_large(1);
	cr_assert_eq(fake.attempts, 0, "a packet is cut after a refusal");
	whole_fake_send_large(2);
	cr_assert_eq(fake.attempts, 1, "and the next one tried");
	tx_fake_close(&fake.r);
}

Test(tx_whole_refused, much_on_its_way_is_no_refusal)
{
	whole_fake_start();
	fake.refusal = EAGAIN;
	for (uint32_t id = 0; id < 50; id++) {
		whole_fake_send_large(id);
		cr_assert_eq(fake.wire_count, 20);
	}
	cr_assert_eq(fake.attempts, 50);
	tx_fake_close(&fake.r);
}

/* virtio_net_hdr, headers and 62 pieces of payload are what one call takes. */
Test(tx_whole_refused, packet_in_more_segments_than_one_call_takes_is_not_offered)
{
	const struct segment_spec spec = whole_fake_large();

	whole_fake_start();
	for (uint32_t segments = 60; segments < 70; segments++) {
		fake.wire_count = 0;
		frontend_list_clear(&fake.r.list);
		whole_fake_add(segments, &spec, SEGMENT_ZERO, segments);
		cr_assert_eq(tx_fake_offer(&fake.r, 0), fake.r.list.count);
		whole_fake_expect_id(segments);
		cr_assert(fake.wire_count == 1 || fake.wire_count == 20);
	}
	cr_assert(fake.attempts > 0 && fake.attempts < 10, "%u attempts", fake.attempts);
	cr_assert_eq(tx_fake_counter(&fake.r, NET_XDP_TX_WHOLE), fake.attempts);
	cr_assert_eq(tx_fake_counter(&fake.r, NET_XDP_TX_WHOLE_REFUSED), 0);
	tx_fake_close(&fake.r);
}

/* The kernel has much on its way of both kinds: a packet is refused whole, and there is no room for its pieces. It is
 * offered again and again, and is one packet. */
Test(tx_whole_refused, packet_that_is_refused_each_time_it_is_offered_counts_once)
{
	struct net_xdp_config c = net_xdp_config_default();
	const struct segment_spec spec = whole_fake_large();
	uint32_t ids[WHOLE_FAKE_IDS];

	c.tx_ring_frames = c.completion_ring_frames = 64;
	whole_fake_open(c);
	fake.holding = true;
	for (uint32_t id = 0; id < 60; id++)
		whole_fake_add_plain(id, 60);
	cr_assert_eq(tx_fake_offer(&fake.r, 0), fake.r.list.count);
	fake.refusal = EAGAIN;
	frontend_list_clear(&fake.r.list);
	whole_fake_add(60, &spec, SEGMENT_ZERO, 1);
	for (uint32_t i = 0; i < 5; i++)
		cr_assert_eq(tx_fake_offer(&fake.r, 0), 0);
	cr_assert_geq(fake.attempts, 5);
	fake.holding = false;
	cr_assert_eq(whole_fake_collect(ids), 60);
	cr_assert_eq(tx_fake_offer(&fake.r, 0), fake.r.list.count);
	whole_fake_expect_id(60);
	cr_assert_eq(tx_fake_counter(&fake.r, NET_XDP_TX_WHOLE_REFUSED), 1);

	/* The last offer of one more is taken whole: nothing was cut for it. */
	fake.holding = true;
	frontend_list_clear(&fake.r.list);
	for (uint32_t id = 0; id < 60; id++)
		whole_fake_add_plain(id, 60);
	cr_assert_eq(tx_fake_offer(&fake.r, 0), fake.r.list.count);
	frontend_list_clear(&fake.r.list);
	whole_fake_add(61, &spec, SEGMENT_ZERO, 1);
	cr_assert_eq(tx_fake_offer(&fake.r, 0), 0);
	fake.refusal = 0;
	cr_assert_eq(tx_fake_offer(&fake.r, 0), fake.r.list.count);
	cr_assert_eq(tx_fake_counter(&fake.r, NET_XDP_TX_WHOLE), 1);
	fake.holding = false;
	cr_assert_eq(whole_fake_collect(ids), 61);
	whole_fake_send_large(62);
	cr_assert_eq(tx_fake_counter(&fake.r, NET_XDP_TX_WHOLE_REFUSED), 1);
	tx_fake_close(&fake.r);
}

Test(tx_whole_refused, payload_outside_of_the_memory_is_dropped)
{
	const struct segment_spec spec = whole_fake_large();

	whole_fake_start();
	whole_fake_add(1, &spec, SEGMENT_ZERO, 3);
	fake.r.list.segments[2].addr = FRONTEND_BASE + TX_FAKE_BYTES - 100;
	cr_assert_eq(tx_fake_offer(&fake.r, 0), fake.r.list.count);
	whole_fake_expect_id(1);
	cr_assert(fake.attempts == 0 && fake.wire_count == 0);
	cr_assert_eq(tx_fake_counter(&fake.r, NET_XDP_TX_DROP_ADDRESS), 1);
	cr_assert_eq(tx_fake_counter(&fake.r, NET_XDP_TX_WHOLE_REFUSED), 0);
	tx_fake_close(&fake.r);
}

/* Ids that nobody collects have their place: what has none is left to the frontend, and not lost. */
Test(tx_whole_refused, ids_that_nobody_collects_are_not_overrun)
{
	const struct segment_spec spec = whole_fake_large();
	uint32_t sent = 0, got = 0, ids[WHOLE_FAKE_IDS], n;

	whole_fake_start();
	for (uint32_t i = 0; i < 3 * (fake.r.k.queue.done_mask + 1); i++) {
		frontend_list_clear(&fake.r.list);
		whole_fake_add(i, &spec, SEGMENT_ZERO, 1);
		if (!tx_fake_offer(&fake.r, 0))
			break;
		sent++;
	}
	cr_assert_gt(sent, fake.r.k.queue.done_mask);
	while ((n = whole_fake_collect(ids)) != 0)
		for (uint32_t i = 0; i < n; i++)
			cr_assert_eq(ids[i], got++);
	cr_assert_eq(got, sent);
	tx_fake_close(&fake.r);
}
