// SPDX-License-Identifier: BSD-2-Clause
/*
 * The device is killed after each of its stores, and another one goes on. No buffer is lost, and none is used
 * twice. The driver runs meanwhile, between any two stores.
 *
 * Tokens count the posted chains, so chains are popped in the order of their tokens: by one device, and by the
 * one after it from the first that was not given back.
 */
#include "support/vring_rig.h"

#include <criterion/criterion.h>
#include <setjmp.h>
#include <string.h>

enum { SIZE = 8, STEPS = 60, KILLS = 4, TOKENS = 1000 };

static struct {
	struct vring_rig g;
	struct inflight_area area;
	struct inflight_queue queue;
	struct frame_random random, driver_random;
	uint64_t used[TOKENS]; /* how often */
	uint64_t kill_in;      /* so many stores; 0 never */
	uint64_t stores;
	uint64_t last_popped;
	uint16_t held[SIZE];
	uint32_t held_count;
	jmp_buf killed;
} world;

static uint32_t room(uint64_t token)
{
	return 100 + (uint32_t)token;
}

static void driver_posts(void)
{
	if (world.g.token + 1 < TOKENS &&
	    vring_rig_post(&world.g, 0, 1, room(world.g.token + 1),
			   frame_random_below(&world.driver_random, 2)) >= 0)
		fake_driver_publish(&world.g.driver);
}

static void driver_collects(void)
{
	struct fake_used used;

	while (vring_rig_collect(&world.g, &used)) {
		cr_assert_eq(used.len, room(used.token), "token %lu", used.token);
		cr_assert_eq(++world.used[used.token], 1, "token %lu", used.token);
	}
}

void device_stored(void)
{
	world.stores++;
	if (world.kill_in && --world.kill_in == 0)
		longjmp(world.killed, 1);
	if (frame_random_below(&world.driver_random, 3) == 0)
		driver_collects();
	if (frame_random_below(&world.driver_random, 3) == 0)
		driver_posts();
}

static bool device_pops(void)
{
	struct ring_chain c;
	uint64_t token;
	int rc = ring_pop(&world.g.ring, &c);

	cr_assert_geq(rc, 0, "%s", ring_broken(&world.g.ring));
	if (rc == 0)
		return false;
	cr_assert(world.g.driver.posted[c.head].is_out);
	token = world.g.driver.posted[c.head].token;
	cr_assert_eq(c.in_bytes, room(token));
	cr_assert_gt(token, world.last_popped);
	world.last_popped = token;
	world.held[world.held_count++] = c.head;
	return true;
}

static void device_unpops(void)
{
	uint16_t head = world.held[world.held_count - 1];

	/* Only the last that was popped may go back, and only while it is held. */
	if (world.g.driver.posted[head].token != world.last_popped)
		return;
	world.held_count--;
	world.last_popped--;
	ring_unpop(&world.g.ring, head);
}

static void device_pushes(uint32_t i)
{
	uint16_t head = world.held[i];
	uint32_t len = room(world.g.driver.posted[head].token);

	for (world.held_count--; i < world.held_count; i++)
		world.held[i] = world.held[i + 1];
	ring_push(&world.g.ring, head, len);
}

static void device_step(void)
{
	switch (frame_random_below(&world.random, 6)) {
	case 0:
	case 1:
		while (device_pops() && frame_random_below(&world.random, 3))
			;
		break;
	case 2:
		if (world.held_count)
			device_unpops();
		break;
	case 3:
	case 4:
		for (uint32_t n = frame_random_below(&world.random, 5); n && world.held_count; n--)
			device_pushes(frame_random_below(&world.random, world.held_count));
		break;
	default:
		ring_publish(&world.g.ring);
		ring_arm_kick(&world.g.ring);
	}
}

/* What the region says is in flight. */
static uint32_t in_flight(void)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < SIZE; i++)
		count += world.queue.region->desc[i].inflight;
	return count;
}

/* A device starts, maybe behind one that was killed. Its memory is all that the dead one leaves behind. */
static void device_starts(uint16_t base)
{
	struct ring_config config;
	struct net_error err = {0};

	ring_close(&world.g.ring);
	world.held_count = 0;
	world.last_popped = 0;
	cr_assert_eq(inflight_queue_open(&world.queue, &world.area, 1, SIZE, &err), 0, "%s",
		     err.message);
	config = vring_rig_config(&world.g, base);
	cr_assert_eq(ring_open(&world.g.ring, &config, &err), 0, "%s", err.message);
	cr_assert_eq(ring_owned(&world.g.ring), in_flight());
	/* Each of the driver's heads is in flight, in the avail ring, or used and not yet collected. */
	cr_assert_eq(in_flight() + (uint16_t)(world.g.driver.avail->idx - world.g.ring.next_avail) +
			     (uint16_t)(world.g.driver.used->idx - world.g.driver.last_used),
		     world.g.driver.outstanding);
}

/* Everything that was posted is used in the end, once. */
static void finish(void)
{
	world.kill_in = 0;
	do {
		while (device_pops())
			;
		while (world.held_count)
			device_pushes(0);
		ring_publish(&world.g.ring);
		driver_collects();
	} while (world.g.driver.outstanding);
	for (uint64_t token = 1; token <= world.g.token; token++)
		cr_assert_eq(world.used[token], 1, "token %lu", token);
	cr_assert_eq(in_flight(), 0);
	cr_assert_eq(ring_base(&world.g.ring), world.g.driver.avail_idx);
	cr_assert_eq(world.queue.region->used_idx, world.g.driver.used->idx);
}

/* One life of a guest, whose first device dies after kill_in stores. Return: how many stores there were. */
static uint64_t live(uint64_t seed, uint64_t kill_in)
{
	volatile uint32_t kills = 0, step = 0;
	uint16_t start = (uint16_t)(65530 + seed);
	struct net_error err = {0};

	memset(&world, 0, sizeof(world));
	world.g = (struct vring_rig){.size = SIZE, .start = start, .event_idx = true};
	vring_rig_open(&world.g);
	ring_close(&world.g.ring);
	cr_assert_eq(inflight_area_create(&world.area, 2, SIZE, &err), 0, "%s", err.message);
	world.g.inflight = &world.queue;
	world.random = frame_random(seed);
	world.driver_random = frame_random(seed + 1000);
	world.kill_in = kill_in;
	if (setjmp(world.killed)) {
		kills++;
		/* Those who follow die soon, some while they recover. */
		world.kill_in = kill_in && kills < KILLS
					? 1 + frame_random_below(&world.driver_random, 40)
					: 0;
	}
	/* What a front end knows of a dead device: nothing but the used index. */
	device_starts(world.g.driver.used->idx);
	for (; step < STEPS; step++) {
		driver_posts();
		device_step();
	}
	finish();
	ring_close(&world.g.ring);
	inflight_area_close(&world.area);
	vring_rig_close(&world.g);
	return world.stores;
}

Test(vhost_inflight_kill, killed_after_each_store_loses_and_doubles_nothing, .timeout = 100)
{
	uint64_t runs = 0;

	for (uint64_t seed = 1; seed <= 12; seed++) {
		uint64_t stores = live(seed, 0);

		for (uint64_t k = 1; k <= stores; k++, runs++)
			live(seed, k);
	}
	cr_assert_gt(runs, 2000);
}
