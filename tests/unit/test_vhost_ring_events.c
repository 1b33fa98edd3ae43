// SPDX-License-Identifier: BSD-2-Clause
/* Who is to be told of what: calls, kicks, and EVENT_IDX in both directions. */
#include "support/vring_rig.h"

#include <criterion/criterion.h>

enum { SIZE = 8 };

/* Post one buffer, let the device use it. Return: whether it wants to call. */
static bool use_one(struct vring_rig *g)
{
	struct ring_chain c;

	cr_assert_geq(vring_rig_post(g, 0, 1, 64, false), 0);
	fake_driver_publish(&g->driver);
	cr_assert_eq(ring_pop(&g->ring, &c), 1);
	ring_push(&g->ring, c.head, 1);
	return ring_publish(&g->ring);
}

Test(vhost_ring_events, publish_follows_the_drivers_flag)
{
	struct vring_rig g = {.size = SIZE};

	vring_rig_open(&g);
	cr_assert(use_one(&g));
	fake_driver_disarm_call(&g.driver);
	cr_assert(!use_one(&g));
	cr_assert(fake_driver_arm_call(&g.driver), "two wait");
	cr_assert(use_one(&g));
	cr_assert(!ring_publish(&g.ring), "there was nothing to publish");
	vring_rig_close(&g);
}

/* By the words of virtio 1.2, 2.7.7.2: call if the entry that stands at used_event is among the new ones. */
static bool is_among(uint16_t event, uint16_t old, uint16_t count)
{
	for (uint16_t i = 0; i < count; i++)
		if ((uint16_t)(old + i) == event)
			return true;
	return false;
}

Test(vhost_ring_events, publish_with_event_idx_matches_its_definition)
{
	static const uint16_t starts[] = {0, 1, 100, 32767, 32768, 65529, 65534, 65535};

	for (size_t s = 0; s < sizeof(starts) / sizeof(starts[0]); s++) {
		for (uint16_t count = 1; count <= SIZE; count++) {
			struct vring_rig g = {.size = SIZE, .start = starts[s], .event_idx = true};
			struct ring_chain c;
			uint16_t old = starts[s];

			vring_rig_open(&g);
			ring_publish(&g.ring); /* what is owed */
			for (int32_t distance = -40; distance <= 40; distance++) {
				uint16_t event = (uint16_t)(old + distance);

				for (uint16_t i = 0; i < count; i++)
					vring_rig_post(&g, 0, 1, 64, false);
				fake_driver_publish(&g.driver);
				g.driver.avail->ring[SIZE] = event;
				while (ring_pop(&g.ring, &c) == 1)
					ring_push(&g.ring, c.head, 0);
				cr_assert_eq(ring_publish(&g.ring), is_among(event, old, count));
				while (vring_rig_collect(&g, NULL))
					;
				old = (uint16_t)(old + count);
			}
			vring_rig_close(&g);
		}
	}
}

/* Each distance of the event index and each size of a batch, while the indices go round. */
Test(vhost_ring_events, publish_with_every_event_index)
{
	struct vring_rig g = {.size = 4, .start = 65534, .event_idx = true};
	struct ring_chain c;

	vring_rig_open(&g);
	ring_publish(&g.ring);
	for (uint32_t i = 0; i < 4 * 65536; i++) {
		uint16_t old = g.driver.used->idx, count = (uint16_t)(i % 4 + 1);
		uint16_t event = (uint16_t)(old + i / 4);

		for (uint16_t j = 0; j < count; j++)
			vring_rig_post(&g, 0, 1, 64, false);
		fake_driver_publish(&g.driver);
		g.driver.avail->ring[4] = event;
		while (ring_pop(&g.ring, &c) == 1)
			ring_push(&g.ring, c.head, 0);
		cr_assert_eq(ring_publish(&g.ring), is_among(event, old, count));
		while (vring_rig_collect(&g, NULL))
			;
	}
	vring_rig_close(&g);
}

Test(vhost_ring_events, publish_of_a_whole_ring_of_the_largest_size)
{
	struct vring_rig g = {.size = RING_MAX_SIZE, .event_idx = true};
	struct ring_chain c;

	vring_rig_open(&g);
	for (uint32_t i = 0; i < g.size; i++)
		vring_rig_post(&g, 0, 1, 64, false);
	fake_driver_publish(&g.driver);
	g.driver.avail->ring[g.size] = 32767;
	while (ring_pop(&g.ring, &c) == 1)
		ring_push(&g.ring, c.head, 0);
	cr_assert(ring_publish(&g.ring));
	vring_rig_close(&g);
}

/* The device before us may have died between its store of the used index and its call. */
Test(vhost_ring_events, open_behind_another_device_owes_a_call)
{
	struct vring_rig g = {.size = SIZE, .event_idx = true};

	vring_rig_open(&g);
	cr_assert(!ring_publish(&g.ring), "a new ring owes nothing");
	use_one(&g);
	fake_driver_disarm_call(&g.driver);
	vring_rig_reopen(&g, 1);
	cr_assert(ring_publish(&g.ring));
	cr_assert(!ring_publish(&g.ring), "once");
	vring_rig_reopen(&g, 1);
	cr_assert(use_one(&g));
	cr_assert(!use_one(&g));
	vring_rig_close(&g);
}

/* Arm, post, kick: for each way in which the driver is told. */
static void kicks(bool event_idx)
{
	struct vring_rig g = {.size = SIZE, .start = 65530, .event_idx = event_idx};
	struct ring_chain c;

	vring_rig_open(&g);
	for (uint32_t round = 0; round < 300; round++) {
		uint32_t batch = round % 3 + 1;

		cr_assert(!ring_arm_kick(&g.ring));
		for (uint32_t i = 0; i < batch; i++)
			vring_rig_post(&g, 1, 0, 64, false);
		cr_assert(fake_driver_publish(&g.driver), "armed, and no kick");
		ring_disarm_kick(&g.ring);
		vring_rig_post(&g, 1, 0, 64, false);
		cr_assert(!fake_driver_publish(&g.driver), "disarmed, and a kick");
		cr_assert(ring_arm_kick(&g.ring), "something was posted before we armed");
		for (uint32_t i = 0; i <= batch; i++) {
			cr_assert_eq(ring_pop(&g.ring, &c), 1);
			ring_push(&g.ring, c.head, 0);
			cr_assert_eq(ring_arm_kick(&g.ring), i < batch);
		}
		ring_disarm_kick(&g.ring);
		ring_publish(&g.ring);
		while (vring_rig_collect(&g, NULL))
			;
	}
	vring_rig_close(&g);
}

Test(vhost_ring_events, arm_kick_by_flag_is_kicked)
{
	kicks(false);
}

Test(vhost_ring_events, arm_kick_by_event_idx_is_kicked)
{
	kicks(true);
}

/* Without EVENT_IDX the words behind the rings are nobody's. */
Test(vhost_ring_events, without_event_idx_no_event_is_written_or_read)
{
	struct vring_rig g = {.size = SIZE, .start = 9};
	uint16_t *behind;

	vring_rig_open(&g);
	behind = (uint16_t *)(void *)&g.driver.used->ring[SIZE];
	*behind = 0x5aa5;
	g.driver.avail->ring[SIZE] = 9;
	ring_publish(&g.ring);
	ring_arm_kick(&g.ring);
	fake_driver_disarm_call(&g.driver);
	cr_assert(!use_one(&g));
	cr_assert_eq(*behind, 0x5aa5);
	vring_rig_close(&g);
}

Test(vhost_ring_events, with_event_idx_no_flag_is_written_or_read)
{
	struct vring_rig g = {.size = SIZE, .start = 9, .event_idx = true};

	vring_rig_open(&g);
	ring_publish(&g.ring);
	g.driver.used->flags = 0x4000;
	g.driver.avail->flags = VRING_AVAIL_F_NO_INTERRUPT;
	g.driver.avail->ring[SIZE] = 9;
	ring_disarm_kick(&g.ring);
	ring_arm_kick(&g.ring);
	cr_assert(use_one(&g));
	cr_assert_eq(g.driver.used->flags, 0x4000);
	vring_rig_close(&g);
}
