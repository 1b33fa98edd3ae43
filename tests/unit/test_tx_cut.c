// SPDX-License-Identifier: BSD-2-Clause
/* What comes back of packets that were cut: their descriptors in portions, mostly in order, between
 * those of plain packets. An id is complete when the last one of its descriptors is, not before, and
 * once. */
#include <criterion/criterion.h>
#include <string.h>

#include "support/segment_case.h"
#include "support/tx_fake.h"
#include "xdp/data/tx.h"

enum { STEPS = 4000, OUT_MAX = 60, IDS = 64, PLACE_BYTES = 128 * 1024 };

struct held {
	uint64_t address;
	uint32_t id;
};

static struct tx_fake r;
static struct frame_random dice;
static struct segment_packet packet;
static struct held held[4096]; /* by the kernel, oldest first */
static uint32_t held_count, out, next_id, cut_in_order;
static uint32_t pending[IDS]; /* descriptors, by id modulo IDS */
static bool is_out[IDS];

static uint32_t below(uint32_t n)
{
	return frame_random_below(&dice, n);
}

/* The kernel takes the wire packets of the packet that was accepted last. */
static uint32_t take_all(uint32_t id)
{
	uint32_t descriptors = 0;

	while (fake_transmit(&r.k, &r.packet)) {
		for (uint32_t i = 0; i < r.packet.descriptors; i++)
			held[held_count++] = (struct held){r.packet.address[i], id};
		descriptors += r.packet.descriptors;
	}
	return descriptors;
}

/* Each packet that is out has a place of its own: no address is in flight twice. */
static void list_packet(uint32_t id, bool is_cut)
{
	const struct segment_spec spec =
		segment_plain(4, 6, is_cut ? 1 + below(30000) : 100, is_cut ? 1000 : 0);
	const uint64_t place = FRONTEND_BASE + 4096 + (uint64_t)(id % IDS) * PLACE_BYTES;
	struct net_tx_metadata *meta;
	uint32_t at = 0, n;

	segment_oracle_whole(&packet, &spec);
	frontend_list_clear(&r.list);
	meta = frontend_list_packet(&r.list, id);
	memcpy(frontend_at(&r.f, place, packet.len), packet.bytes, packet.len);
	frontend_allow(&r.f, place, packet.len);
	for (; at < packet.len; at += n) {
		n = is_cut && packet.len - at > 3000 ? 3000 : packet.len - at;
		frontend_list_segment(&r.list, place + at, n);
	}
	if (is_cut) {
		const uint16_t segments = meta->segment_count;

		*meta = segment_request(&packet, &spec).meta;
		meta->id = id;
		meta->segment_count = segments;
	}
}

static void send_packet(void)
{
	const uint32_t id = next_id;

	if (out == OUT_MAX || is_out[id % IDS])
		return;
	list_packet(id, below(2));
	if (!tx_fake_offer(&r, 0)) {
		cr_assert_gt(held_count, 0, "packet %u is left though nothing is out", id);
		return;
	}
	pending[id % IDS] = take_all(id);
	cr_assert_gt(pending[id % IDS], 0);
	is_out[id % IDS] = true;
	out++;
	next_id++;
}

/* Some in order, behind a few of the oldest that the kernel keeps for a while. */
static void complete_some(void)
{
	static uint32_t kept;
	uint32_t n = below(40), ids[8];

	if (below(8) == 0)
		kept = below(2) * below(4);
	while (n-- && held_count) {
		const uint32_t i = kept < held_count ? kept : 0;

		fake_complete(&r.k, held[i].address);
		cut_in_order += i + 1 < held_count && held[i].id == held[i + 1].id;
		pending[held[i].id % IDS]--;
		memmove(&held[i], &held[i + 1], (--held_count - i) * sizeof(held[0]));
	}
	n = (uint32_t)net_queue_tx_poll(r.q, &r.f.pool, ids, 1 + below(8));
	for (uint32_t i = 0; i < n; i++) {
		cr_assert(is_out[ids[i] % IDS], "id %u came back twice", ids[i]);
		cr_assert_eq(pending[ids[i] % IDS], 0, "id %u came back, %u descriptors did not",
			     ids[i], pending[ids[i] % IDS]);
		is_out[ids[i] % IDS] = false;
		out--;
	}
}

static void portions(uint64_t seed, bool zero_copy)
{
	struct net_xdp_config c = tx_fake_small_rings();
	struct net_xdp_queue *q = &r.k.queue;

	c.tx_ring_frames = c.completion_ring_frames = 256;
	c.private_tx_frames = 64;
	dice = frame_random(seed);
	tx_fake_open(&r, c);
	queue_set_zero_copy(q, zero_copy);
	queue_set_tx(q, 6);
	for (uint32_t i = 0; i < STEPS; i++) {
		if (below(2))
			send_packet();
		else
			complete_some();
	}
	for (uint32_t i = 0; i < STEPS && out; i++)
		complete_some();
	cr_assert_eq(out, 0, "%u ids did not come back", out);
	cr_assert_gt(next_id, STEPS / 4);
	cr_assert_gt(cut_in_order, STEPS, "few descriptors of one record in a row");
	cr_assert_eq(inflight_count(&q->tx_inflight), 0);
	cr_assert_eq(q->tx_headers.free_count, q->tx_headers.slots);
	cr_assert_eq(q->tx_private.free_count, q->tx_private.slots);
	cr_assert_eq(q->tx_records.free_count, q->tx_records.size);
	tx_fake_close(&r);
}

Test(tx_cut, ids_of_split_packets_come_back_with_their_last_descriptor)
{
	portions(21, true);
	cr_assert_gt(r.k.queue.counter[NET_XDP_TX_SPLIT], STEPS);
	cr_assert_gt(r.k.queue.counter[NET_XDP_TX_NO_ROOM], 0);
	cr_assert_eq(r.k.queue.counter[NET_XDP_TX_BOUNCE_SEGMENTS], 0,
		     "a lack of room is no reason");
}

Test(tx_cut, ids_of_copied_packets_come_back_with_their_last_descriptor)
{
	portions(22, false);
	cr_assert_gt(r.k.queue.counter[NET_XDP_TX_BOUNCE_SHORT], STEPS);
}
