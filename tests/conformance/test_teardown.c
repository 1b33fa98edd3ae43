// SPDX-License-Identifier: BSD-2-Clause
/* Cases 5 to 7: what destroy promises about the memory and the ids. */
#include <errno.h>
#include <string.h>

#include "support/conformance.h"
#include "support/frame.h"
#include "support/netns.h"
#include "support/traffic.h"
#include "support/tx_rig.h"

// 05: after destroy poisoned buffers stay untouched under traffic for 1 s
CASE(05, destroy_under_a_flood_poisoned_buffers_stay_untouched)
{
	enum { FLOOD = 1000 }; /* frames */
	const uint32_t queues = fixture_queues(2);
	int64_t end, deadline;
	struct flood flood;
	struct rig r;

	rig_open(&r, queues);
	flood_start(&flood, "v1");
	deadline = frontend_now_ms() + 20000;
	for (int with_endpoint = 1; with_endpoint >= 0; with_endpoint--) {
		uint32_t id;

		frontend_xdp_start(&r.x, queues, 1024);
		while (!frontend_rx(&r.x.f, r.x.queues[0], &id, 1) &&
		       !frontend_rx(&r.x.f, r.x.queues[queues - 1], &id, 1))
			;
		frontend_xdp_stop(&r.x);
		if (!with_endpoint) {
			cr_assert_eq(net_endpoint_destroy(r.x.ep, &r.x.err), 0);
			r.x.ep = NULL;
		}
		frontend_poison(&r.x.f, (uint64_t)with_endpoint);
		/* A second, and more where the flood is slow (an emulated machine). */
		for (end = frontend_now_ms() + 1000;
		     frontend_now_ms() < end ||
		     (flood_sent(&flood) <= FLOOD && frontend_now_ms() < deadline);) {
			frontend_sleep_ms(100);
			cr_assert_eq(frontend_first_change(&r.x.f), 0, "0x%llx changed",
				     (unsigned long long)frontend_first_change(&r.x.f));
		}
	}
	cr_assert_gt(flood_stop(&flood), FLOOD, "that was no flood");
	rig_close(&r);
}

/* A permutation of first .. first + count. */
static void shuffle(uint32_t *ids, uint32_t first, uint32_t count)
{
	struct frame_random random = frame_random(6);

	for (uint32_t i = 0; i < count; i++)
		ids[i] = first + i;
	for (uint32_t i = count - 1; i; i--) {
		uint32_t j = frame_random_below(&random, i + 1), id = ids[i];

		ids[i] = ids[j];
		ids[j] = id;
	}
}

// 06: all ids re-posted after a restart, other order, other queue: none returned twice, none lost
CASE(06, restart_ids_in_other_order_on_other_queue_each_comes_once)
{
	enum { IDS = 512, SENT = 100 };
	const uint32_t queues = fixture_queues(2), other = queues - 1;
	uint32_t ids[IDS], back[IDS];
	bool seen[IDS] = {false};
	uint8_t frame[100];
	struct rig r;

	rig_open(&r, queues);
	frontend_xdp_start(&r.x, 1, IDS);
	peer_use_queue(&r.peer, 0);
	frame_plain(frame, sizeof(frame), 1);
	/* Some are returned, some hold a frame that nobody collected, most wait for one. */
	for (int i = 0; i < SENT; i++)
		peer_send(&r.peer, frame, sizeof(frame));
	cr_assert_eq(frontend_rx_wait(&r.x.f, r.x.queues[0], back, SENT / 2, 5000), SENT / 2);
	frontend_xdp_stop(&r.x);

	frontend_xdp_start(&r.x, queues, 0);
	shuffle(ids, 0, IDS);
	frontend_post_ids(&r.x.f, r.x.queues[other], ids, IDS);
	peer_use_queue(&r.peer, other);
	for (int i = 0; i < IDS; i++) {
		frame_plain(frame, sizeof(frame), (uint64_t)i);
		peer_send(&r.peer, frame, sizeof(frame));
	}
	cr_assert_eq(frontend_rx_wait(&r.x.f, r.x.queues[other], back, IDS, 10000), IDS);
	for (uint32_t i = 0; i < IDS; i++) {
		cr_assert(back[i] < IDS && !seen[back[i]], "id %u", back[i]);
		seen[back[i]] = true;
		frame_plain(frame, sizeof(frame), i);
		frontend_expect_frame(&r.x.f, back[i], frame, sizeof(frame));
	}
	cr_assert_eq(frontend_rx(&r.x.f, r.x.queues[0], back, IDS), 0);
	cr_assert_eq(frontend_rx(&r.x.f, r.x.queues[other], back, IDS), 0);
	rig_close(&r);
}

// 07: destroy with TX in flight: no use after free
CASE(07, destroy_with_tx_queued_frees_everything)
{
	struct frontend_list list;
	struct rig r;

	rig_open(&r, 1);
	frontend_list_open(&list, 400);
	for (uint32_t i = 0; i < 400; i++)
		traffic_put(&r.x, &list, i, 60 + i);
	for (int cycle = 0; cycle < 10; cycle++) {
		uint32_t completed = 0;

		frontend_xdp_start(&r.x, 1, 64);
		/* While the interface is down nothing leaves the ring. */
		netns_run("ip link set v0 down");
		cr_assert_eq(frontend_tx(&r.x.f, r.x.queues[0], &list, 0, &completed), 400);
		cr_assert_eq(completed, 0);
		frontend_xdp_stop(&r.x);
		rig_up();
	}
	peer_drain(&r.peer);
	frontend_xdp_start(&r.x, 1, 64);
	traffic_both_ways(&r.x, &r.peer);
	frontend_list_close(&list);
	rig_close(&r);
}

// 07: frames that the kernel still holds keep destroy waiting; past its deadline it says so
CASE(07, destroy_with_tx_held_by_the_kernel_is_told)
{
	struct frontend_list list;
	uint32_t completed = 0;
	struct rig r;

	NEEDS_VETH("a receiver that holds what is sent");
	rig_prepare(&r, 1);
	r.x.config.release_timeout_ms = 300;
	frontend_xdp_open(&r.x);
	frontend_xdp_start(&r.x, 1, 64);
	traffic_hold("v1");
	frontend_list_open(&list, 8);
	for (uint32_t i = 0; i < 8; i++)
		traffic_put(&r.x, &list, i, 1400);
	cr_assert_eq(frontend_tx(&r.x.f, r.x.queues[0], &list, 0, &completed), 8);
	cr_assert_eq(net_queue_destroy(r.x.queues[0], &r.x.err), -ETIMEDOUT);
	cr_assert(strstr(r.x.err.message, "v0 queue 0"), "%s", r.x.err.message);
	r.x.queues[0] = NULL;
	cr_assert_eq(net_endpoint_stop(r.x.ep), 0, "the queue is gone all the same");
	traffic_release();
	frontend_xdp_start(&r.x, 1, 64);
	peer_drain(&r.peer);
	traffic_both_ways(&r.x, &r.peer);
	frontend_list_close(&list);
	rig_close(&r);
}

/* A stream's kick waits for the next call; there is none. */
CASE(07, destroy_sends_what_the_last_call_accepted)
{
	enum { STREAM = 64 };
	struct tx_rig r;
	bool sync;

	NEEDS_VETH("copy mode");
	tx_rig_open(&r, 256);
	for (uint32_t i = 0; i < STREAM; i++)
		tx_rig_add(&r, i, 200, 1);
	cr_assert_eq(net_queue_tx_avail(r.q, &r.x.f.pool, r.list.segments, r.list.count, &sync),
		     STREAM);
	frontend_xdp_stop(&r.x);
	tx_rig_expect_wire(&r);
	frontend_xdp_start(&r.x, 1, 0);
	tx_rig_close(&r);
}
