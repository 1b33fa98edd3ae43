// SPDX-License-Identifier: BSD-2-Clause
/*
 * A guest on xsk-vhost, on veth and on a zero-copy NIC. Its buffers are a Linux guest's with HASH_REPORT: 20 bytes of
 * header and 1580 of room, which is enough for zero copy (1536) where the usual 1524 are not.
 */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "support/fixture.h"
#include "support/frontend.h"
#include "support/vhost_rig.h"

TestSuite(vhost_guest, .timeout = 120);

enum { RING = 256, MTU = 1500, FRAMES = 500, SHORTEST = 60, DEADLINE_MS = 20000 };

#define BIT(feature) (1ull << (feature))
#define FEATURES     (BIT(32) | BIT(29) | BIT(28) | BIT(15))
#define HASH_REPORT  BIT(57)

static struct vhost_rig rig;
static struct vhost_guest guest;
static uint8_t frame[FRAME_MAX_BYTES], got[FRAME_MAX_BYTES];
static struct virtio_net_hdr_v1 header;
static char why[FRAME_WHY_BYTES];

static void start(uint64_t features, enum guest_layout layout)
{
	vhost_rig_enter(&rig, 1, MTU);
	rig.opt[0].hash_report = OPTIONS_HASH_ON;
	vhost_rig_start(&rig);
	vhost_guest_open(&guest, RING, features);
	vhost_guest_connect(&guest, rig.opt[0].socket_path);
	vhost_guest_start(&guest);
	guest.layout = layout;
	vhost_guest_post(&guest, RING);
}

static void stop(void)
{
	vhost_guest_stop(&guest);
	vhost_guest_close(&guest);
	vhost_rig_stop(&rig);
}

/* Until one arrives frames are the host's. */
static void await_first(void)
{
	int64_t deadline = frontend_now_ms() + DEADLINE_MS;

	frame_plain(frame, SHORTEST, 0);
	do {
		cr_assert(frontend_now_ms() < deadline, "nothing arrives at the guest");
		peer_send(&rig.peer, frame, SHORTEST);
	} while (!vhost_guest_receive(&guest, &header, got, sizeof(got), 50));
	while (vhost_guest_receive(&guest, &header, got, sizeof(got), 200))
		;
}

static void to_guest(uint32_t count)
{
	struct frame_random random = frame_random(41);

	for (uint32_t i = 1; i <= count; i++) {
		uint32_t len = SHORTEST + frame_random_below(&random, MTU + 15 - SHORTEST), n;

		frame_plain(frame, len, i);
		peer_send(&rig.peer, frame, len);
		n = vhost_guest_receive(&guest, &header, got, sizeof(got), DEADLINE_MS);
		cr_assert(frame_equal(got, n, frame, len, why), "frame %u: %s", i, why);
	}
}

static void from_guest(uint32_t count)
{
	struct frame_random random = frame_random(42);

	header = (struct virtio_net_hdr_v1){0};
	peer_drain(&rig.peer);
	for (uint32_t i = 1; i <= count; i++) {
		uint32_t len = SHORTEST + frame_random_below(&random, MTU + 15 - SHORTEST);
		uint64_t token;

		frame_plain(frame, len, i);
		token = vhost_guest_send(&guest, &header, frame, len, 1);
		peer_expect(&rig.peer, frame, len, DEADLINE_MS);
		vhost_guest_sent(&guest, token);
	}
}

Test(vhost_guest, frames_go_both_ways_between_guest_and_nic_without_a_copy)
{
	start(FEATURES | HASH_REPORT, GUEST_LARGE);
	cr_assert_eq(guest.header_bytes, 20);
	await_first();
	to_guest(FRAMES);
	from_guest(FRAMES);
	stop();
	cr_assert_eq(rig.devices[0].pairs[0].zero_copy, !fixture_is_veth());
	cr_assert_geq(vhost_rig_counter(&rig, 0, NET_XDP_RX_DIRECT), FRAMES);
	cr_assert_eq(vhost_rig_counter(&rig, 0, NET_XDP_RX_BOUNCED), 0);
	cr_assert_geq(vhost_rig_counter(&rig, 0, NET_XDP_TX_DIRECT), FRAMES);
	cr_assert_eq(vhost_rig_counter(&rig, 0, NET_XDP_TX_BOUNCED), 0);
}

/* The usual buffers hold any frame as well: in zero copy by a copy, which is counted. */
Test(vhost_guest, buffers_that_are_too_small_for_the_mode_get_copies)
{
	start(FEATURES, GUEST_ONE);
	await_first();
	to_guest(FRAMES);
	stop();
	cr_assert_eq(vhost_rig_counter(&rig, 0, NET_XDP_RX_BOUNCED) > 0, !fixture_is_veth());
}

/* What has stopped is stopped: frames that come now change no byte of the guest. */
static void expect_untouched(void)
{
	uint8_t *before = malloc(guest.bytes);

	memcpy(before, guest.memory, guest.bytes);
	for (int i = 0; i < 200; i++)
		peer_send(&rig.peer, frame, SHORTEST);
	frontend_sleep_ms(fixture_is_veth() ? 10 : 500);
	cr_assert_eq(memcmp(before, guest.memory, guest.bytes), 0,
		     "the guest's memory was written");
	free(before);
}

/* The guest's driver is unloaded and loaded again, with frames on their way. */
Test(vhost_guest, rings_stop_and_start_under_traffic)
{
	start(FEATURES | HASH_REPORT, GUEST_LARGE);
	cr_assert_eq(guest.header_bytes, 20);
	await_first();
	for (int i = 0; i < 5; i++) {
		for (int k = 0; k < 100; k++)
			peer_send(&rig.peer, frame, SHORTEST);
		vhost_guest_stop(&guest);
		expect_untouched();
		vhost_guest_start(&guest);
		vhost_guest_post(&guest, RING);
		await_first();
		from_guest(20);
	}
	stop();
}
