// SPDX-License-Identifier: BSD-2-Clause
/*
 * Packets with requests where room is short, over the fake kernel: what waits, what is joined, what is dropped, and
 * that what the facts promise (tx_max_pieces) is kept.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "host/tx_ways.h"
#include "support/offload_fake.h"
#include "xdp/data/tx.h"

enum { TCP = 6, UDP = 17 };

static struct offload_fake o;

/* Zero copy over rings of 64, four descriptors per wire packet. */
static void start(uint32_t slots)
{
	struct net_xdp_config c = tx_fake_small_rings();

	c.private_tx_frames = slots;
	offload_open(
		&o, (struct offload_way){.zero_copy = true, .software = true, .descriptors = 4}, c);
}

static void end(void)
{
	offload_expect_nothing_out(&o);
	tx_fake_close(&o.t);
}

/* ---- Dropped, joined or waited for ---------------------------------------------------------------- */

/* Rings of 64: of a packet of 40 pieces in two descriptors each they hold 32. It is joined, a descriptor for
 * each piece, if there are as many slots; one of 65 pieces never fits. */
static void small_rings(uint32_t payload, uint32_t slots, enum net_xdp_counter why)
{
	struct segment_spec spec = segment_plain(4, TCP, payload, 1000);

	start(slots);
	if (why == NET_XDP_TX_BOUNCE_SEGMENTS) {
		offload_send(&o, &spec, SEGMENT_FULL, 3, 2);
	} else {
		offload_add(&o, &spec, SEGMENT_FULL, 3, 1);
		offload_expect_dropped(&o, why, 3);
	}
	end();
}

Test(tx_offload_room, packet_that_never_fits_is_joined_or_dropped)
{
	small_rings(40000, 64, NET_XDP_TX_BOUNCE_SEGMENTS);
	cr_assert_eq(o.t.k.queue.counter[NET_XDP_TX_BOUNCE_SEGMENTS], 40);
	small_rings(40000, 39, NET_XDP_TX_DROP_SIZE);
	small_rings(64001, 128, NET_XDP_TX_DROP_SIZE);
}

/* Two packets of which the rings hold one: the second is left, and readiness tells when it fits. */
Test(tx_offload_room, packet_without_room_is_left_until_there_is)
{
	struct segment_spec spec = segment_plain(4, TCP, 25000, 1000);

	start(16);
	for (uint32_t id = 0; id < 2; id++)
		offload_add(&o, &spec, SEGMENT_FULL, id, 1);
	cr_assert_eq(tx_fake_offer(&o.t, 0), 1);
	cr_assert_not(tx_has_room(&o.t.k.queue));
	cr_assert_eq(tx_fake_counter(&o.t, NET_XDP_TX_NO_ROOM), 1);
	offload_expect_completed(&o, 0);
	cr_assert(tx_has_room(&o.t.k.queue));
	cr_assert_eq(tx_fake_offer(&o.t, 1), 1);
	offload_expect_completed(&o, 1);
	end();
}

/* What has completed makes room in the call that needs it: in one descriptor each piece is joined in a slot. */
Test(tx_offload_room, slots_of_completed_packets_are_taken_back_when_they_are_needed)
{
	struct segment_spec spec = segment_plain(4, TCP, 16000, 1000);
	struct net_xdp_config c = net_xdp_config_default();
	struct fake_packet first;
	uint32_t ids[4];
	bool sync;

	c.private_tx_frames = 16;
	offload_open(&o, (struct offload_way){.zero_copy = true, .descriptors = 1}, c);
	frontend_list_frame(&o.t.list, 9, FRONTEND_BASE + TX_FAKE_BYTES / 2, 100);
	cr_assert_eq(tx_fake_offer(&o.t, 0), 1);
	cr_assert(fake_transmit(&o.t.k, &first), "the kernel keeps this one to the end");
	for (uint32_t id = 0; id < 3; id++) {
		frontend_list_clear(&o.t.list);
		offload_add(&o, &spec, SEGMENT_FULL, id, 1);
		cr_assert_eq(tx_avail(o.t.q, &o.t.f.pool, o.t.list.segments, 1, &sync), 1, "%u",
			     id);
		cr_assert_eq(o.t.k.queue.tx_private.free_count, 0, "it takes all slots");
		while (fake_transmit(&o.t.k, &o.t.packet))
			tx_fake_complete(&o.t);
		fake_settle(&o.t.k);
	}
	fake_complete(&o.t.k, first.address[0]);
	fake_settle(&o.t.k);
	cr_assert_eq(net_queue_tx_poll(o.t.q, &o.t.f.pool, ids, 4), 4);
	end();
}

/* A packet that even an empty ring does not hold waits for one in front of it, and not longer: then it is
 * joined if there are as many slots as pieces, else dropped. */
static void behind_another(uint32_t slots, enum net_xdp_counter what, uint64_t times)
{
	struct segment_spec spec = segment_plain(4, TCP, 40000, 1000);

	start(slots);
	frontend_list_frame(&o.t.list, 0, FRONTEND_BASE + TX_FAKE_BYTES / 2, 100);
	offload_add(&o, &spec, SEGMENT_FULL, 1, 1);
	cr_assert_eq(tx_fake_offer(&o.t, 0), 1);
	cr_assert_not(tx_has_room(&o.t.k.queue));
	offload_expect_completed(&o, 0);
	cr_assert(tx_has_room(&o.t.k.queue), "%u slots: no completion will come to tell", slots);
	cr_assert_eq(tx_fake_offer(&o.t, 1), 1);
	cr_assert_eq(tx_fake_counter(&o.t, what), times);
	offload_expect_completed(&o, 1);
	end();
}

Test(tx_offload_room, packet_that_never_fits_does_not_wait_for_ever)
{
	behind_another(64, NET_XDP_TX_BOUNCE_SEGMENTS, 40);
	behind_another(16, NET_XDP_TX_DROP_SIZE, 1);
}

/* Fewer slots than pieces: the others are sent from where they lie, and nothing waits. */
Test(tx_offload_room, copies_without_a_slot_are_sent_in_place)
{
	struct segment_spec spec = segment_plain(6, TCP, 45 * 1400, 1400);
	struct net_xdp_config c = net_xdp_config_default();

	c.private_tx_frames = 16;
	offload_open(&o, (struct offload_way){0}, c);
	cr_assert_eq(offload_send(&o, &spec, SEGMENT_ZERO, 5, 17), 45);
	cr_assert_eq(tx_fake_counter(&o.t, NET_XDP_TX_BOUNCE_SHORT), 16);
	cr_assert_eq(tx_fake_counter(&o.t, NET_XDP_TX_SPLIT), 29);
	end();
}

/* ---- What the facts promise ----------------------------------------------------------------------- */

struct promise {
	const char *what;
	struct offload_way way;
	uint32_t frame_bytes; /* 0: the default */
};

static const struct promise promises[] = {
	{"copy mode", {0}, 0},
	{"software sums", {.software = true}, 0},
	{"aligned chunks", {.aligned = true}, 0},
	{"sealed", {.sealed = true}, 0},
	{"zero copy, one descriptor", {.zero_copy = true, .descriptors = 1}, 0},
	{"zero copy, two descriptors", {.zero_copy = true, .descriptors = 2}, 0},
	{"zero copy, software sums", {.zero_copy = true, .software = true, .descriptors = 5}, 0},
	{"jumbo", {0}, 9018},
	{"jumbo, software sums", {.software = true}, 9018},
	{"jumbo, zero copy", {.zero_copy = true, .descriptors = 18}, 9018},
};

static uint32_t below(uint32_t n)
{
	return frame_random_below(&o.dice, n);
}

/* A packet of just so many wire packets, most of them as long as those of so large a packet can be. */
static struct segment_spec packet_of(uint32_t pieces, uint32_t frame_bytes)
{
	uint32_t most = 60000 / pieces, payload;
	struct segment_spec spec;

	if (most > frame_bytes - 100)
		most = frame_bytes - 100;
	spec = segment_plain(below(2) ? 4 : 6, below(2) ? TCP : UDP, 60000,
			     (uint16_t)(below(4) ? most : 1 + below(most)));
	payload = pieces * spec.mss - below(spec.mss);
	spec.payload_bytes = payload;
	return spec;
}

static void keep_promise(const struct promise *p, uint32_t ring, uint32_t frames)
{
	struct net_xdp_config c = net_xdp_config_default();
	struct tx_facts facts;
	uint32_t most;

	c.tx_ring_frames = c.completion_ring_frames = ring;
	c.private_tx_frames = frames;
	c.max_frame_bytes = p->frame_bytes ? p->frame_bytes : c.max_frame_bytes;
	offload_open(&o, p->way, c);
	facts = queue_tx_facts(&o.t.k.queue);
	most = tx_ways_pieces(&facts);
	cr_assert_gt(most, 0, "%s, ring %u, %u frames", p->what, ring, frames);
	for (uint32_t id = 0; id < 9; id++) {
		const uint32_t pieces = id % 3 ? most : 1 + below(most);
		struct segment_spec spec = packet_of(pieces, c.max_frame_bytes);

		/* With sealed memory the promise is for payload that lies together: one segment, here
		 * after one that ends with the headers or before. */
		cr_assert_eq(offload_send(&o, &spec, SEGMENT_PSEUDO, id,
					  p->way.sealed ? 1 : 1 + below(40)),
			     pieces, "%s, ring %u, %u frames", p->what, ring, frames);
	}
	end();
}

/* The packet is the only one, and is never dropped, however its segments lie. */
Test(tx_offload_room, a_packet_of_as_many_pieces_as_the_facts_say_is_sent)
{
	static const uint32_t rings[] = {32, 64, 256, 1024},
			      frames[] = {1, 4, 33, 63, 64, 300, 2000};

	for (size_t i = 0; i < sizeof(promises) / sizeof(*promises); i++)
		for (size_t k = 0; k < sizeof(rings) / sizeof(*rings); k++)
			for (size_t n = 0; n < sizeof(frames) / sizeof(*frames); n++)
				keep_promise(&promises[i], rings[k], frames[n]);
}
