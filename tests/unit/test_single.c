// SPDX-License-Identifier: BSD-2-Clause
/* Calls with one frame: they do what a batch does besides its frames. */
#include <criterion/criterion.h>
#include <string.h>

#include "program/vlan_hint.h"
#include "support/rx_fake.h"
#include "support/tx_fake.h"

/* In copy mode parked ids are posted once the kernel holds half a ring, here 32 chunks: by rx_poll(),
 * because a frontend that keeps its buffers calls nothing else. */
Test(single, frames_taken_one_by_one_make_room_for_parked_ids)
{
	struct rx_fake r;

	rx_fake_open(&r, rx_fake_small_rings());
	rx_fake_layout_direct(&r, 100);
	frontend_post(&r.f, r.q, 0, 100);
	cr_assert_eq(r.k.queue.pending.count, 36);
	for (uint32_t i = 0; i < 32; i++)
		rx_fake_pass(&r, 60, i);
	fake_settle(&r.k);
	cr_assert_eq(fake_filled(&r.k), 64);
	cr_assert_eq(r.k.queue.pending.count, 4);
	rx_fake_close(&r);
}

/* With rx_vlan a buffer needs a gap for the program's hint, and each frame is looked at. */
Test(single, buffers_and_frames_with_vlan_hints_are_judged)
{
	const struct vlan_hint hint = {.state = VLAN_HINT_PRESENT, .tci = 0x2064};
	struct net_xdp_config c = rx_fake_small_rings();
	const uint64_t addr = FRONTEND_BASE + 40001;
	uint8_t frame[60];
	struct rx_fake r;
	uint32_t id;

	c.rx_vlan = true;
	rx_fake_open(&r, c);
	frontend_set_buffer(&r.f, 0, addr, 12, 1518);
	frontend_post(&r.f, r.q, 0, 1);
	rx_fake_frame(frame, sizeof(frame), 3);
	cr_assert(fake_receive(&r.k, frame, sizeof(frame)));
	memcpy(frontend_at(&r.f, addr + 12 - sizeof(hint), sizeof(hint)), &hint, sizeof(hint));
	cr_assert_eq(frontend_rx(&r.f, r.q, &id, 1), 1);
	cr_assert_eq(rx_fake_counter(&r, NET_XDP_RX_DIRECT), 1);
	cr_assert(frontend_metadata(&r.f, id)->has_vlan);
	cr_assert_eq(frontend_metadata(&r.f, id)->vlan_tci, hint.tci);

	frontend_set_buffer(&r.f, 1, addr + 4000, sizeof(hint) - 1, 1518);
	frontend_post(&r.f, r.q, 1, 1);
	cr_assert_eq(rx_fake_counter(&r, NET_XDP_RX_BOUNCE_GAP), 1);
	rx_fake_close(&r);
}

/* The packet that found no room, and the kick that the call before left, are no longer waited for. */
Test(single, packet_replaces_what_the_calls_before_left)
{
	struct tx_fake r;

	tx_fake_open(&r, tx_fake_small_rings());
	r.k.queue.tx_blocked = 3;
	r.k.queue.tx_kick_deferred = true;
	frontend_list_frame(&r.list, 5, FRONTEND_BASE + 1, 60);
	cr_assert_eq(tx_fake_offer(&r, 0), 1);
	cr_assert_eq(r.k.queue.tx_blocked, 0);
	cr_assert_not(r.k.queue.tx_kick_deferred);
	tx_fake_expect_wire(&r, 0, 1);
	tx_fake_close(&r);
}
