// SPDX-License-Identifier: BSD-2-Clause
/* A guest with two queue pairs on two queues of the interface. */
#include <criterion/criterion.h>

#include "support/vhost_rig.h"

TestSuite(vhost_queues, .timeout = 60);

enum { PAIRS = 2, RING = 64, MTU = 1500, LEN = 300, FRAMES = 100 };

#define BIT(feature) (1ull << (feature))
#define FEATURES     (BIT(32) | BIT(29) | BIT(28) | BIT(22) | BIT(15))

static struct vhost_rig rig;
static struct vhost_guest pairs[PAIRS];
static uint8_t frame[LEN], got[FRAME_MAX_BYTES];
static struct virtio_net_hdr_v1 header;
static char why[FRAME_WHY_BYTES];

static void start(void)
{
	vhost_rig_enter(&rig, PAIRS, MTU);
	rig.opt[0].pairs = PAIRS;
	vhost_rig_start(&rig);
	vhost_guest_open(&pairs[0], RING, FEATURES);
	vhost_guest_connect(&pairs[0], rig.opt[0].socket_path);
	cr_assert(pairs[0].features & BIT(22), "MQ is not offered");
	vhost_guest_add_pair(&pairs[1], &pairs[0], 1);
	vhost_guest_set_both(&pairs[0], &pairs[1]);
	for (uint32_t i = 0; i < PAIRS; i++)
		for (uint32_t ring = 0; ring < 2; ring++)
			vhost_guest_set_ring(&pairs[i], ring);
}

static void stop(void)
{
	for (uint32_t i = PAIRS; i-- > 0;) {
		vhost_guest_stop(&pairs[i]);
		vhost_guest_close(&pairs[i]);
	}
	vhost_rig_stop(&rig);
}

/* Frames of a queue arrive at its pair, from a moment on, and packets of the pair leave. */
static void expect_traffic(uint32_t pair)
{
	struct vhost_guest *g = &pairs[pair];
	bool there = false;

	vhost_guest_post(g, RING);
	peer_use_queue(&rig.peer, pair);
	frame_plain(frame, LEN, pair);
	for (int i = 0; i < 500 && !there; i++) {
		peer_send(&rig.peer, frame, LEN);
		there = vhost_guest_receive(g, &header, got, sizeof(got), 10);
	}
	cr_assert(there, "nothing arrives at pair %u", pair);
	while (vhost_guest_receive(g, &header, got, sizeof(got), 20))
		;
	peer_drain(&rig.peer);
	for (uint32_t i = 0; i < FRAMES; i++) {
		uint32_t n;

		frame_plain(frame, LEN, i);
		peer_send(&rig.peer, frame, LEN);
		n = vhost_guest_receive(g, &header, got, sizeof(got), GUEST_WAIT_MS);
		cr_assert(frame_equal(got, n, frame, LEN, why), "%s", why);
		header = (struct virtio_net_hdr_v1){0};
		vhost_guest_sent(g, vhost_guest_send(g, &header, frame, LEN, 1));
		peer_expect(&rig.peer, frame, LEN, GUEST_WAIT_MS);
	}
}

Test(vhost_queues, each_pair_serves_its_queue)
{
	start();
	for (uint32_t i = 0; i < PAIRS; i++)
		vhost_guest_enable(&pairs[i], true);
	for (int round = 0; round < 3; round++)
		for (uint32_t i = 0; i < PAIRS; i++)
			expect_traffic(i);
	stop();
	for (uint32_t i = 0; i < PAIRS; i++)
		cr_assert_geq(rig.devices[0].pairs[i].pair.counters.rx_frames, 3 * FRAMES);
}

/* Linux enables the second pair when it is told to (ethtool -L), and may take it back. */
Test(vhost_queues, a_pair_comes_and_goes_while_the_other_runs)
{
	start();
	vhost_guest_enable(&pairs[0], true);
	for (int round = 0; round < 5; round++) {
		expect_traffic(0);
		vhost_guest_enable(&pairs[1], true);
		expect_traffic(1);
		expect_traffic(0);
		vhost_guest_enable(&pairs[1], false);
	}
	vhost_guest_enable(&pairs[1], true);
	expect_traffic(1);
	stop();
	cr_assert_eq(rig.devices[0].pairs[0].starts, 1, "the pair that ran was made anew");
	cr_assert_eq(rig.devices[0].pairs[1].starts, 6);
}

Test(vhost_queues, rings_beyond_the_pairs_are_refused)
{
	start();
	cr_assert_neq(vhost_guest_ask_ring(&pairs[0], 8, 2 * PAIRS, RING), 0);
	cr_assert_neq(vhost_guest_ask_ring(&pairs[0], 18, 2 * PAIRS + 1, 1), 0);
	cr_assert_neq(vhost_guest_ask_u64(&pairs[0], 12, 255, pairs[0].kick[0]), 0);
	for (uint32_t i = 0; i < PAIRS; i++)
		vhost_guest_enable(&pairs[i], true);
	expect_traffic(1);
	stop();
}
