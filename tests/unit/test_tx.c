// SPDX-License-Identifier: BSD-2-Clause
/* Transmit against the fake kernel: every index starts shortly before 2^32. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "support/fake_kernel.h"
#include "xdp/data/tx.h"

enum { START = (int)0xfffffff0, BYTES = 16 << 20 };

struct rig {
	struct frontend f;
	struct fake_kernel k;
	struct net_queue *q;
	struct frontend_list list;
	struct fake_packet packet;
};

static struct net_xdp_config small_rings(void)
{
	struct net_xdp_config c = net_xdp_config_default();

	c.rx_ring_frames = c.tx_ring_frames = 64;
	c.fill_ring_frames = c.completion_ring_frames = 64;
	c.private_rx_chunks = 16;
	c.private_tx_frames = 16;
	c.rx_id_limit = 64;
	return c;
}

static void rig_open(struct rig *r, struct net_xdp_config config)
{
	frontend_open(&r->f, BYTES, 64);
	frontend_poison(&r->f, 5);
	fake_open(&r->k, config, &r->f, (uint32_t)START);
	frontend_list_open(&r->list, 2048);
	r->q = &r->k.queue.base;
}

/* Whatever a test did, the frontend's memory was only read. */
static void rig_close(struct rig *r)
{
	cr_assert_eq(frontend_first_change(&r->f), 0, "transmit wrote to the frontend's memory");
	frontend_list_close(&r->list);
	fake_close(&r->k);
	frontend_close(&r->f);
}

static uint64_t counter(struct rig *r, enum net_xdp_counter c)
{
	return r->k.queue.counter[c];
}

static uint32_t offer(struct rig *r, uint32_t from)
{
	bool sync;

	return net_queue_tx_avail(r->q, &r->f.pool, r->list.segments + from, r->list.count - from,
				  &sync);
}

/* The next packet on the wire is the concatenation of list segments first .. first + count. */
static void expect_wire(struct rig *r, uint32_t first, uint32_t count)
{
	uint32_t at = 0;

	cr_assert(fake_transmit(&r->k, &r->packet), "nothing on the wire");
	for (uint32_t i = first; i < first + count; i++) {
		const struct net_tx_segment *s = &r->list.segments[i];

		if (s->len_bytes == 0)
			continue;
		cr_assert_eq(memcmp(r->packet.bytes + at, frontend_at(&r->f, s->addr, s->len_bytes),
				    s->len_bytes),
			     0, "segment %u differs on the wire", i);
		at += s->len_bytes;
	}
	cr_assert_eq(r->packet.len, at);
}

static void complete(struct rig *r)
{
	for (uint32_t i = 0; i < r->packet.descriptors; i++)
		fake_complete(&r->k, r->packet.address[i]);
}

static void expect_ids(struct rig *r, const uint32_t *expected, uint32_t count)
{
	uint32_t ids[64];

	cr_assert_eq(net_queue_tx_poll(r->q, &r->f.pool, ids, 64), (int)count);
	for (uint32_t i = 0; i < count; i++)
		cr_assert_eq(ids[i], expected[i], "id %u is %u", i, ids[i]);
}

Test(tx, many_rounds_over_the_index_wrap_complete_each_packet_once)
{
	struct rig r;

	rig_open(&r, small_rings());
	for (uint32_t i = 0; i < 5000; i++) {
		frontend_list_clear(&r.list);
		frontend_list_frame(&r.list, i, FRONTEND_BASE + 1 + i * 997 % 1000000,
				    14 + i % 1500);
		cr_assert_eq(offer(&r, 0), 1);
		expect_wire(&r, 0, 1);
		complete(&r);
		expect_ids(&r, &i, 1);
	}
	cr_assert_eq(counter(&r, NET_XDP_TX_DIRECT), 5000);
	rig_close(&r);
}

Test(tx, segments_up_to_18_go_direct_and_more_are_joined)
{
	struct net_xdp_config c = small_rings();
	struct rig r;

	rig_open(&r, c);
	for (uint32_t n = 1; n <= 255; n++) {
		frontend_list_clear(&r.list);
		frontend_list_packet(&r.list, n);
		for (uint32_t i = 0; i < n; i++)
			frontend_list_segment(&r.list, FRONTEND_BASE + (n * 257 + i) * 61 + i,
					      n == 1 ? 60 : i % 5 + 1 + 14 / n);
		cr_assert_eq(offer(&r, 0), n);
		expect_wire(&r, 0, n);
		cr_assert_eq(r.packet.descriptors, n <= 18 ? n : 1);
		complete(&r);
		expect_ids(&r, &n, 1);
	}
	cr_assert_eq(counter(&r, NET_XDP_TX_DIRECT), 18);
	cr_assert_eq(counter(&r, NET_XDP_TX_BOUNCED), 237);
	cr_assert_eq(counter(&r, NET_XDP_TX_BOUNCE_SEGMENTS), 237);
	rig_close(&r);
}

Test(tx, empty_segments_are_skipped)
{
	struct rig r;
	uint32_t id = 9;

	rig_open(&r, small_rings());
	frontend_list_packet(&r.list, id);
	frontend_list_segment(&r.list, 0, 0);
	frontend_list_segment(&r.list, FRONTEND_BASE + 100, 40);
	frontend_list_segment(&r.list, UINT64_MAX, 0);
	frontend_list_segment(&r.list, FRONTEND_BASE + 900, 30);
	cr_assert_eq(offer(&r, 0), 4);
	expect_wire(&r, 0, 4);
	cr_assert_eq(r.packet.descriptors, 2);
	complete(&r);
	expect_ids(&r, &id, 1);
	rig_close(&r);
}

Test(tx, full_ring_accepts_whole_packets_only_and_says_when_there_is_room)
{
	struct rig r;
	uint32_t ids[64], done = 0, accepted;

	rig_open(&r, small_rings());
	for (uint32_t p = 0; p < 30; p++) {
		frontend_list_packet(&r.list, p);
		for (uint32_t i = 0; i < 3; i++)
			frontend_list_segment(&r.list, FRONTEND_BASE + p * 300 + i * 77, 50);
	}
	accepted = offer(&r, 0);
	cr_assert_eq(accepted, 63, "21 packets of 3 fit 64 entries, not %u segments", accepted);
	cr_assert_eq(counter(&r, NET_XDP_TX_REFUSED), 1);
	cr_assert_not(tx_has_room(&r.k.queue));
	cr_assert_eq(offer(&r, accepted), 0);
	/* taken by the kernel, not completed: descriptors in flight stay bounded */
	for (uint32_t p = 0; p < 21; p++)
		expect_wire(&r, p * 3, 3);
	cr_assert_not(tx_has_room(&r.k.queue));
	complete(&r);
	cr_assert(net_queue_poll_ready(r.q, NULL));
	cr_assert_eq(net_queue_tx_poll(r.q, &r.f.pool, ids, 64), 1);
	fake_settle(&r.k);
	cr_assert(tx_has_room(&r.k.queue), "the packet that was left would fit now");
	cr_assert_eq(offer(&r, accepted), 3);
	expect_wire(&r, 63, 3);
	(void)done;
	rig_close(&r);
}

Test(tx, completions_in_any_order_with_bit_0_cleared_find_their_ids)
{
	struct rig r;
	uint64_t held[64];
	uint32_t held_count = 0, sent = 0, finished = 0;
	uint8_t seen[20000] = {0};

	srand(11);
	rig_open(&r, small_rings());
	while (finished < 20000) {
		uint32_t ids[64];
		int n;

		if (sent < 20000 && held_count < 60 && rand() % 2) {
			frontend_list_clear(&r.list);
			/* few addresses: the same one is often in flight twice */
			frontend_list_frame(&r.list, sent, FRONTEND_BASE + (uint64_t)(rand() % 40),
					    60);
			if (offer(&r, 0)) {
				sent++;
				expect_wire(&r, 0, 1);
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
	cr_assert_eq(counter(&r, NET_XDP_TX_UNKNOWN), 0);
	rig_close(&r);
}

Test(tx, packet_completes_with_its_last_descriptor)
{
	struct rig r;
	uint32_t id = 3;

	rig_open(&r, small_rings());
	frontend_list_packet(&r.list, id);
	for (uint32_t i = 0; i < 3; i++)
		frontend_list_segment(&r.list, FRONTEND_BASE + 1000 * i, 100);
	cr_assert_eq(offer(&r, 0), 3);
	expect_wire(&r, 0, 3);
	fake_complete(&r.k, r.packet.address[2]);
	expect_ids(&r, NULL, 0);
	fake_complete(&r.k, r.packet.address[0]);
	expect_ids(&r, NULL, 0);
	fake_complete(&r.k, r.packet.address[1]);
	expect_ids(&r, &id, 1);
	cr_assert_eq(inflight_count(&r.k.queue.tx_inflight), 0);
	cr_assert_eq(r.k.queue.tx_records.free_count, 64);
	rig_close(&r);
}

Test(tx, completion_of_unknown_address_is_counted)
{
	struct rig r;

	rig_open(&r, small_rings());
	fake_complete(&r.k, 4096);
	expect_ids(&r, NULL, 0);
	cr_assert_eq(counter(&r, NET_XDP_TX_UNKNOWN), 1);
	rig_close(&r);
}

Test(tx, bad_packets_cost_only_themselves)
{
	struct rig r;
	uint32_t ids[16];

	rig_open(&r, small_rings());
	frontend_list_frame(&r.list, 0, FRONTEND_BASE, 60);
	frontend_list_frame(&r.list, 1, FRONTEND_BASE - 1, 60);
	frontend_list_frame(&r.list, 2, FRONTEND_BASE + BYTES - 59, 60);
	frontend_list_frame(&r.list, 3, UINT64_MAX - 30, 60);
	frontend_list_frame(&r.list, 4, FRONTEND_BASE, 13);
	frontend_list_frame(&r.list, 5, FRONTEND_BASE, 1519);
	frontend_list_frame(&r.list, 6, FRONTEND_BASE, 60)->flags = NET_TX_TCP_SEGMENTATION;
	frontend_list_frame(&r.list, 7, FRONTEND_BASE, 60)->len_bytes = 61;
	frontend_list_frame(&r.list, 8, FRONTEND_BASE, 60)->segment_count = 0;
	frontend_list_frame(&r.list, 9, FRONTEND_BASE, 60)->segment_count = 60000;
	frontend_list_frame(&r.list, 10, FRONTEND_BASE + 14, 60);
	cr_assert_eq(offer(&r, 0), 11);
	expect_wire(&r, 0, 1);
	complete(&r);
	expect_wire(&r, 10, 1);
	complete(&r);
	cr_assert_not(fake_transmit(&r.k, &r.packet));
	cr_assert_eq(net_queue_tx_poll(r.q, &r.f.pool, ids, 16), 11);
	cr_assert_eq(counter(&r, NET_XDP_TX_DROP_ADDRESS), 3);
	cr_assert_eq(counter(&r, NET_XDP_TX_DROP_SIZE), 2);
	cr_assert_eq(counter(&r, NET_XDP_TX_DROP_OFFLOAD), 1);
	cr_assert_eq(counter(&r, NET_XDP_TX_DROP_MALFORMED), 3);
	cr_assert_eq(counter(&r, NET_XDP_TX_ACCEPTED), 11);
	rig_close(&r);
}

/* A guest may send nothing but bad packets and never collect an id. */
Test(tx, dropped_packets_are_accepted_only_while_their_ids_have_room)
{
	struct rig r;
	uint32_t ids[64], accepted = 0, collected = 0;

	rig_open(&r, small_rings());
	for (uint32_t i = 0; i < 500; i++)
		frontend_list_frame(&r.list, i, 0, 60);
	accepted = offer(&r, 0);
	cr_assert_lt(accepted, 500);
	while (collected < 500) {
		int n = net_queue_tx_poll(r.q, &r.f.pool, ids, 64);

		for (int i = 0; i < n; i++)
			cr_assert_eq(ids[i], collected++);
		if (accepted < 500)
			accepted += offer(&r, accepted);
	}
	cr_assert_eq(accepted, 500);
	rig_close(&r);
}

Test(tx, vlan_tag_is_inserted_once_in_a_copy)
{
	struct rig r;
	struct net_tx_metadata *m;
	const uint8_t *frame;
	uint32_t id = 1;

	rig_open(&r, small_rings());
	m = frontend_list_frame(&r.list, id, FRONTEND_BASE + 333, 100);
	m->flags = NET_TX_VLAN;
	m->vlan_tci =
		net_vlan_tci((struct net_vlan){.id = 0x123, .priority = 5, .drop_eligible = 1});
	cr_assert_eq(offer(&r, 0), 1);
	cr_assert(fake_transmit(&r.k, &r.packet));
	frame = frontend_at(&r.f, FRONTEND_BASE + 333, 100);
	cr_assert_eq(r.packet.len, 104);
	cr_assert_eq(memcmp(r.packet.bytes, frame, 12), 0);
	cr_assert_eq(memcmp(r.packet.bytes + 12, "\x81\x00\xb1\x23", 4), 0);
	cr_assert_eq(memcmp(r.packet.bytes + 16, frame + 12, 88), 0);
	complete(&r);
	expect_ids(&r, &id, 1);
	cr_assert_eq(counter(&r, NET_XDP_TX_VLAN), 1);
	cr_assert_eq(r.k.queue.tx_private.free_count, 16, "the private slot came back");
	rig_close(&r);
}

Test(tx, private_slots_used_up_leave_packets_until_one_is_back)
{
	struct rig r;
	uint32_t accepted, ids[64];

	rig_open(&r, small_rings());
	for (uint32_t i = 0; i < 20; i++)
		frontend_list_frame(&r.list, i, FRONTEND_BASE + i * 100, 100)->flags = NET_TX_VLAN;
	accepted = offer(&r, 0);
	cr_assert_eq(accepted, 16);
	cr_assert_not(tx_has_room(&r.k.queue));
	for (uint32_t i = 0; i < 16; i++) {
		cr_assert(fake_transmit(&r.k, &r.packet));
		complete(&r);
	}
	cr_assert_eq(net_queue_tx_poll(r.q, &r.f.pool, ids, 64), 16);
	fake_settle(&r.k);
	cr_assert(tx_has_room(&r.k.queue));
	cr_assert_eq(offer(&r, accepted), 4);
	rig_close(&r);
}

Test(tx, aligned_frames_are_cut_at_chunk_borders)
{
	struct net_xdp_config c = small_rings();
	struct rig r;

	c.unaligned = false;
	rig_open(&r, c);
	frontend_list_frame(&r.list, 0, FRONTEND_BASE + 2048 - 100, 1000);
	frontend_list_frame(&r.list, 1, FRONTEND_BASE + 4096, 1518);
	cr_assert_eq(offer(&r, 0), 2);
	expect_wire(&r, 0, 1);
	cr_assert_eq(r.packet.descriptors, 2);
	expect_wire(&r, 1, 1);
	cr_assert_eq(r.packet.descriptors, 1);
	rig_close(&r);
}

Test(tx, jumbo_frames_are_direct_in_pieces_and_joined_when_they_must_change)
{
	struct net_xdp_config c = small_rings();
	struct rig r;

	c.max_frame_bytes = 9018;
	rig_open(&r, c);
	frontend_list_frame(&r.list, 0, FRONTEND_BASE + 1, 9000);
	frontend_list_frame(&r.list, 1, FRONTEND_BASE + 1, 9000)->flags = NET_TX_VLAN;
	cr_assert_eq(offer(&r, 0), 2);
	expect_wire(&r, 0, 1);
	cr_assert_eq(r.packet.descriptors, 5);
	cr_assert(fake_transmit(&r.k, &r.packet));
	cr_assert_eq(r.packet.len, 9004);
	cr_assert_eq(memcmp(r.packet.bytes + 16, frontend_at(&r.f, FRONTEND_BASE + 13, 8988), 8988),
		     0);
	rig_close(&r);
}

Test(tx, sealed_sends_direct_and_drops_what_would_bounce)
{
	struct net_xdp_config c = small_rings();
	struct rig r;
	uint32_t ids[4];

	c.sealed = true;
	rig_open(&r, c);
	frontend_list_frame(&r.list, 0, FRONTEND_BASE + 1, 900);
	frontend_list_frame(&r.list, 1, FRONTEND_BASE + 1, 900)->flags = NET_TX_VLAN;
	cr_assert_eq(offer(&r, 0), 2);
	expect_wire(&r, 0, 1);
	cr_assert_not(fake_transmit(&r.k, &r.packet));
	complete(&r);
	cr_assert_eq(net_queue_tx_poll(r.q, &r.f.pool, ids, 4), 2);
	cr_assert_eq(counter(&r, NET_XDP_TX_DROP_SEALED), 1);
	rig_close(&r);
}
