// SPDX-License-Identifier: BSD-2-Clause
/* Transmit of packets that go out from a private slot, because they are changed or have too many pieces. */
#include <criterion/criterion.h>
#include <string.h>

#include "support/tx_fake.h"
#include "xdp/data/tx.h"

Test(tx, segments_up_to_18_go_direct_and_more_are_joined)
{
	struct net_xdp_config c = tx_fake_small_rings();
	struct tx_fake r;

	tx_fake_open(&r, c);
	for (uint32_t n = 1; n <= 255; n++) {
		frontend_list_clear(&r.list);
		frontend_list_packet(&r.list, n);
		for (uint32_t i = 0; i < n; i++)
			frontend_list_segment(&r.list, FRONTEND_BASE + (n * 257 + i) * 61 + i,
					      n == 1 ? 60 : i % 5 + 1 + 14 / n);
		cr_assert_eq(tx_fake_offer(&r, 0), n);
		tx_fake_expect_wire(&r, 0, n);
		cr_assert_eq(r.packet.descriptors, n <= 18 ? n : 1);
		tx_fake_complete(&r);
		tx_fake_expect_ids(&r, &n, 1);
	}
	cr_assert_eq(tx_fake_counter(&r, NET_XDP_TX_DIRECT), 18);
	cr_assert_eq(tx_fake_counter(&r, NET_XDP_TX_BOUNCED), 237);
	cr_assert_eq(tx_fake_counter(&r, NET_XDP_TX_BOUNCE_SEGMENTS), 237);
	tx_fake_close(&r);
}

Test(tx, vlan_tag_is_inserted_once_in_a_copy)
{
	struct tx_fake r;
	struct net_tx_metadata *m;
	const uint8_t *frame;
	uint32_t id = 1;

	tx_fake_open(&r, tx_fake_small_rings());
	m = frontend_list_frame(&r.list, id, FRONTEND_BASE + 333, 100);
	m->flags = NET_TX_VLAN;
	m->vlan_tci =
		net_vlan_tci((struct net_vlan){.id = 0x123, .priority = 5, .drop_eligible = 1});
	cr_assert_eq(tx_fake_offer(&r, 0), 1);
	cr_assert(fake_transmit(&r.k, &r.packet));
	frame = frontend_at(&r.f, FRONTEND_BASE + 333, 100);
	cr_assert_eq(r.packet.len, 104);
	cr_assert_eq(memcmp(r.packet.bytes, frame, 12), 0);
	cr_assert_eq(memcmp(r.packet.bytes + 12, "\x81\x00\xb1\x23", 4), 0);
	cr_assert_eq(memcmp(r.packet.bytes + 16, frame + 12, 88), 0);
	tx_fake_complete(&r);
	tx_fake_expect_ids(&r, &id, 1);
	cr_assert_eq(tx_fake_counter(&r, NET_XDP_TX_VLAN), 1);
	cr_assert_eq(r.k.queue.tx_private.free_count, 16, "the private slot came back");
	tx_fake_close(&r);
}

Test(tx, private_slots_used_up_leave_packets_until_one_is_back)
{
	struct tx_fake r;
	uint32_t accepted, ids[64];

	tx_fake_open(&r, tx_fake_small_rings());
	for (uint32_t i = 0; i < 20; i++) {
		frontend_list_packet(&r.list, i);
		for (uint32_t n = 0; n < 19; n++) /* one more than the kernel takes */
			frontend_list_segment(&r.list, FRONTEND_BASE + i * 100 + n, 20);
	}
	accepted = tx_fake_offer(&r, 0);
	cr_assert_eq(accepted, 16 * 19);
	cr_assert_not(tx_has_room(&r.k.queue));
	for (uint32_t i = 0; i < 16; i++) {
		cr_assert(fake_transmit(&r.k, &r.packet));
		tx_fake_complete(&r);
	}
	cr_assert_eq(net_queue_tx_poll(r.q, &r.f.pool, ids, 64), 16);
	fake_settle(&r.k);
	cr_assert(tx_has_room(&r.k.queue));
	cr_assert_eq(tx_fake_offer(&r, accepted), 4 * 19);
	tx_fake_close(&r);
}

Test(tx, jumbo_frames_are_direct_in_pieces_and_joined_when_they_must_change)
{
	struct net_xdp_config c = tx_fake_small_rings();
	struct tx_fake r;

	c.max_frame_bytes = 9018;
	tx_fake_open(&r, c);
	frontend_list_frame(&r.list, 0, FRONTEND_BASE + 1, 9000);
	frontend_list_frame(&r.list, 1, FRONTEND_BASE + 1, 9000)->flags = NET_TX_VLAN;
	cr_assert_eq(tx_fake_offer(&r, 0), 2);
	tx_fake_expect_wire(&r, 0, 1);
	cr_assert_eq(r.packet.descriptors, 5);
	cr_assert(fake_transmit(&r.k, &r.packet));
	cr_assert_eq(r.packet.len, 9004);
	cr_assert_eq(memcmp(r.packet.bytes + 16, frontend_at(&r.f, FRONTEND_BASE + 13, 8988), 8988),
		     0);
	tx_fake_close(&r);
}

Test(tx, sealed_sends_direct_and_drops_what_would_bounce)
{
	struct net_xdp_config c = tx_fake_small_rings();
	struct tx_fake r;
	uint32_t ids[4];

	c.sealed = true;
	tx_fake_open(&r, c);
	frontend_list_frame(&r.list, 0, FRONTEND_BASE + 1, 900);
	frontend_list_packet(&r.list, 1);
	for (uint32_t n = 0; n < 19; n++)
		frontend_list_segment(&r.list, FRONTEND_BASE + n, 20);
	cr_assert_eq(tx_fake_offer(&r, 0), 20);
	tx_fake_expect_wire(&r, 0, 1);
	cr_assert_not(fake_transmit(&r.k, &r.packet));
	tx_fake_complete(&r);
	cr_assert_eq(net_queue_tx_poll(r.q, &r.f.pool, ids, 4), 2);
	cr_assert_eq(tx_fake_counter(&r, NET_XDP_TX_DROP_SEALED), 1);
	tx_fake_close(&r);
}
