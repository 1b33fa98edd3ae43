// SPDX-License-Identifier: BSD-2-Clause
/*
 * Driver and device do one random thing after the other, and both sleep as soon as they may. Known apart from
 * both: what is in each head, who has it, and whether somebody sleeps who should not.
 */
#include "support/vring_rig.h"

#include <criterion/criterion.h>

enum { STEPS = 100000, MOST = 256 };

struct model {
	uint32_t out, in, len; /* of the chain */
	bool is_popped, is_pushed;
	uint32_t written;
};

static struct {
	struct vring_rig g;
	struct frame_random random;
	struct model head[MOST];
	uint16_t held[MOST]; /* popped, the last at the end */
	uint32_t held_count;
	uint64_t next_token; /* of the next chain to pop */
	bool driver_sleeps, device_sleeps;
	uint64_t chains, collected, sleeps;
} w;

static uint32_t below(uint32_t limit)
{
	return frame_random_below(&w.random, limit);
}

/* A few, or all. */
static uint32_t some(void)
{
	return below(3) ? below(6) : MOST;
}

static void driver_posts(void)
{
	for (uint32_t n = below(6); n; n--) {
		uint32_t out = below(4), in = below(3) + !out, len = 1 + below(2000);
		int head = vring_rig_post(&w.g, out, in, len, below(3) == 0);

		if (head < 0)
			break;
		w.head[head] = (struct model){.out = out, .in = in, .len = len};
		w.chains++;
	}
	if (fake_driver_publish(&w.g.driver))
		w.device_sleeps = false;
}

static void driver_collects(void)
{
	struct fake_used used;

	for (uint32_t n = some(); n && vring_rig_collect(&w.g, &used); n--) {
		cr_assert(w.head[used.head].is_pushed);
		cr_assert_eq(used.len, w.head[used.head].written);
		w.head[used.head].is_pushed = false;
		w.collected++;
	}
}

static void driver_step(void)
{
	uint32_t what = below(8);

	if (what < 3)
		driver_posts();
	else if (what < 6)
		driver_collects();
	else if (what == 6)
		fake_driver_disarm_call(&w.g.driver);
	else if (!fake_driver_arm_call(&w.g.driver))
		w.driver_sleeps = true;
}

static void device_pops(void)
{
	struct ring_chain c;

	for (uint32_t n = some(); n && ring_pop(&w.g.ring, &c) == 1; n--) {
		struct model *m = &w.head[c.head];

		cr_assert_eq(w.g.driver.posted[c.head].token, w.next_token++);
		cr_assert(!m->is_popped && !m->is_pushed);
		vring_rig_expect_chain(&w.g, &c, m->out, m->in, m->len);
		m->is_popped = true;
		w.held[w.held_count++] = c.head;
	}
	cr_assert_null(ring_broken(&w.g.ring), "%s", ring_broken(&w.g.ring));
}

/* The last that was popped, if it is held still. */
static void device_unpops(void)
{
	uint16_t head = w.held_count ? w.held[w.held_count - 1] : 0;

	if (!w.held_count || w.g.driver.posted[head].token + 1 != w.next_token)
		return;
	ring_unpop(&w.g.ring, head);
	w.head[head].is_popped = false;
	w.held_count--;
	w.next_token--;
}

static void device_pushes(void)
{
	for (uint32_t n = some(); n && w.held_count; n--) {
		uint32_t i = below(w.held_count);
		struct model *m = &w.head[w.held[i]];

		m->written = below(m->in * m->len + 1);
		m->is_popped = false;
		m->is_pushed = true;
		ring_push(&w.g.ring, w.held[i], m->written);
		for (w.held_count--; i < w.held_count; i++)
			w.held[i] = w.held[i + 1];
	}
}

static void device_publishes(void)
{
	if (ring_publish(&w.g.ring))
		w.driver_sleeps = false;
}

/* Stop, and start where the stop was. */
static void device_restarts(void)
{
	for (uint32_t i = 0; i < w.g.size; i++) {
		if (w.g.ring.owner[i] != RING_DEVICE && w.g.ring.owner[i] != RING_AGAIN)
			continue;
		/* Unpopped ones come back as well. */
		w.next_token += !w.head[i].is_popped;
		w.head[i].is_popped = false;
		w.head[i].is_pushed = true;
		w.head[i].written = 0;
	}
	ring_return_unused(&w.g.ring);
	device_publishes();
	w.held_count = 0;
	vring_rig_reopen(&w.g, ring_base(&w.g.ring));
	w.device_sleeps = false;
	device_publishes();
}

static void device_step(void)
{
	uint32_t what = below(400);

	if (what < 120)
		device_pops();
	else if (what < 140)
		device_unpops();
	else if (what < 250)
		device_pushes();
	else if (what < 330)
		device_publishes();
	else if (what < 350)
		ring_disarm_kick(&w.g.ring);
	else if (what < 399)
		w.device_sleeps = !ring_arm_kick(&w.g.ring);
	else
		device_restarts();
	w.sleeps += w.device_sleeps;
}

/* Nobody sleeps over work that was published. */
static void check(void)
{
	const struct fake_driver *d = &w.g.driver;

	if (w.device_sleeps)
		cr_assert_eq(d->avail->idx, (uint16_t)w.g.ring.next_avail, "a lost kick");
	if (w.driver_sleeps)
		cr_assert_eq(d->used->idx, d->last_used, "a lost call");
}

static void run(uint32_t size, bool event_idx, uint16_t start, uint32_t steps)
{
	uint32_t sleeping = 0;

	w.g = (struct vring_rig){.size = size, .event_idx = event_idx, .start = start};
	w.random = frame_random(size + event_idx);
	w.next_token = 1;
	w.held_count = 0;
	w.chains = w.collected = w.sleeps = 0;
	w.driver_sleeps = w.device_sleeps = false;
	vring_rig_open(&w.g);
	for (uint32_t step = 0; step < steps; step++) {
		bool driver = below(2);

		if (driver && w.driver_sleeps) {
			/* It may post without being called. */
			driver_posts();
		} else if (driver) {
			driver_step();
		} else if (!w.device_sleeps) {
			device_step();
		} else {
			/* What was received or sent wakes it as well. */
			device_pushes();
			device_publishes();
		}
		check();
		sleeping += w.driver_sleeps && w.device_sleeps;
	}
	cr_assert_gt(w.collected, steps / 20);
	cr_assert_gt(w.sleeps, steps / 1000);
	cr_assert_lt(sleeping, steps / 2);
	vring_rig_close(&w.g);
}

Test(vhost_ring_random, model_agrees_and_nobody_oversleeps, .timeout = 60)
{
	static const uint32_t sizes[] = {4, 8, 64, 256};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (int event_idx = 0; event_idx < 2; event_idx++)
			run(sizes[i], event_idx, (uint16_t)(65000 + i), STEPS);
}
