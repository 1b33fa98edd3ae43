// SPDX-License-Identifier: BSD-2-Clause
/* A worker in a stream sleeps by the clock, and otherwise until it is woken. */
#include <time.h>

#include <criterion/criterion.h>

#include "support/vhost_rig.h"
#include "xsk_vhost/pace.h"

TestSuite(vhost_pace, .timeout = 60);

enum { RING = 256, MTU = 1500, FRAMES = 2000, BYTES = 60, SPURIOUS = 100 };

#define BIT(feature) (1ull << (feature))
#define FEATURES     (BIT(32) | BIT(29) | BIT(28) | BIT(16) | BIT(15))

static struct vhost_rig rig;
static struct vhost_guest guest;

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t pauses(void)
{
	return rig.devices[0].pairs[0].pair.counters.pauses;
}

static uint64_t sleeps(void)
{
	return rig.devices[0].pairs[0].pair.counters.sleeps;
}

static void begin(void)
{
	vhost_rig_enter(&rig, 1, MTU);
	vhost_rig_start(&rig);
	vhost_rig_join(&rig, &guest, 0, RING, FEATURES);
	vhost_rig_expect_traffic(&guest, &rig.peer);
}

static void end(void)
{
	vhost_rig_expect_traffic(&guest, &rig.peer);
	vhost_guest_stop(&guest);
	vhost_guest_close(&guest);
	vhost_rig_stop(&rig);
}

/* One frame after the other, each when the one before is with the guest, which answers or does not. */
static void receive_all(bool answers)
{
	struct virtio_net_hdr_v1 header = {0};
	uint8_t frame[BYTES], got[FRAME_MAX_BYTES];

	for (uint32_t i = 0; i < FRAMES; i++) {
		frame_plain(frame, BYTES, i);
		peer_send(&rig.peer, frame, BYTES);
		cr_assert_eq(vhost_guest_receive(&guest, &header, got, sizeof(got), GUEST_WAIT_MS),
			     BYTES);
		header = (struct virtio_net_hdr_v1){0};
		if (answers)
			vhost_guest_sent(&guest,
					 vhost_guest_send(&guest, &header, frame, BYTES, 1));
	}
}

Test(vhost_pace, in_a_stream_wake_ups_are_far_apart)
{
	uint64_t before, ns;

	begin();
	before = sleeps();
	ns = now_ns();
	receive_all(false);
	ns = now_ns() - ns;
	cr_assert_gt(pauses(), 0);
	cr_assert_leq(sleeps() - before, ns / PACE_NS + SPURIOUS);
	end();
}

Test(vhost_pace, a_guest_that_answers_is_never_kept_waiting)
{
	begin();
	receive_all(true);
	cr_assert_eq(pauses(), 0);
	end();
}
