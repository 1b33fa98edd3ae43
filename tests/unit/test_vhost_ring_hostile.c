// SPDX-License-Identifier: BSD-2-Clause
/* A driver that breaks the rules breaks its ring and nothing else. */
#include "support/vring_rig.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

enum { SIZE = 8 };

/* Words of the sentence, so that a lie is refused for what it is. */
static const char *const expected[FAKE_LIES] = {
	[FAKE_LIE_HEAD_TOO_LARGE] = "head 8 in a ring of 8",
	[FAKE_LIE_HEAD_TWICE] = "posted again",
	[FAKE_LIE_AVAIL_JUMP] = "avail index",
	[FAKE_LIE_NEXT_TOO_LARGE] = "descriptor 8 of 8",
	[FAKE_LIE_LOOP] = "loops",
	[FAKE_LIE_LOOP_OF_ONE] = "loops",
	[FAKE_LIE_NO_BYTES] = "0 bytes",
	[FAKE_LIE_NO_BYTES_LATER] = "0 bytes",
	[FAKE_LIE_READ_BEHIND_WRITE] = "to read behind",
	[FAKE_LIE_TOO_MANY_BYTES] = "4 GiB",
	[FAKE_LIE_TABLE_EMPTY] = "table of 0 bytes",
	[FAKE_LIE_TABLE_ODD] = "table of 17 bytes",
	[FAKE_LIE_TABLE_OUTSIDE] = "outside",
	[FAKE_LIE_TABLE_WRAPS] = "outside",
	[FAKE_LIE_TABLE_IN_TABLE] = "inside another",
	[FAKE_LIE_TABLE_AND_NEXT] = "goes on behind",
	[FAKE_LIE_TABLE_NEXT_TOO_LARGE] = "entry 2 of an indirect table of 2",
	[FAKE_LIE_TABLE_LOOP] = "loops",
	[FAKE_LIE_TABLE_READ_BEHIND_WRITE] = "to read behind",
	[FAKE_LIE_TABLE_NO_BYTES] = "0 bytes",
};

Test(vhost_ring_hostile, lie_breaks_the_ring_with_its_sentence)
{
	for (enum fake_lie lie = 0; lie < FAKE_LIES; lie++) {
		struct vring_rig g = {.size = SIZE, .start = 65000};
		struct ring_chain c;
		int rc;

		vring_rig_open(&g);
		fake_driver_lie(&g.driver, lie);
		rc = ring_pop(&g.ring, &c);
		if (lie == FAKE_LIE_HEAD_TWICE) {
			cr_assert_eq(rc, 1);
			ring_unpop(&g.ring, c.head);
			cr_assert_eq(ring_pop(&g.ring, &c), 1);
			rc = ring_pop(&g.ring, &c);
		}
		cr_assert_eq(rc, -EPROTO, "%s", fake_lie_name(lie));
		cr_assert_not_null(ring_broken(&g.ring));
		cr_assert_not_null(strstr(ring_broken(&g.ring), expected[lie]), "%s: %s",
				   fake_lie_name(lie), ring_broken(&g.ring));
		cr_assert(!ring_is_withdrawn(&g.ring));
		vring_rig_expect_ended(&g, -EPROTO);
		vring_rig_close(&g);
	}
}

Test(vhost_ring_hostile, table_that_was_not_negotiated_breaks_the_ring)
{
	struct vring_rig g = {.size = SIZE, .no_indirect = true};
	struct ring_chain c;

	vring_rig_open(&g);
	vring_rig_post(&g, 1, 1, 64, true);
	fake_driver_publish(&g.driver);
	cr_assert_eq(ring_pop(&g.ring, &c), -EPROTO);
	cr_assert_not_null(strstr(ring_broken(&g.ring), "not negotiated"));
	vring_rig_close(&g);
}

/* A chain may be as long as the ring, and not one longer. */
Test(vhost_ring_hostile, chain_of_one_piece_too_many_breaks_the_ring)
{
	struct vring_rig g = {.size = 64};
	struct ring_chain c;

	vring_rig_open(&g);
	vring_rig_post(&g, 30, 34, 64, true);
	vring_rig_post(&g, 30, 35, 64, true);
	fake_driver_publish(&g.driver);
	cr_assert_eq(ring_pop(&g.ring, &c), 1, "%s", ring_broken(&g.ring));
	cr_assert_eq(ring_pop(&g.ring, &c), -EPROTO);
	cr_assert_not_null(strstr(ring_broken(&g.ring), "longer"));
	vring_rig_close(&g);
}

/* A chain that was unpopped is read and judged again. */
Test(vhost_ring_hostile, chain_that_is_changed_while_unpopped_breaks_the_ring)
{
	struct vring_rig g = {.size = SIZE};
	struct ring_chain c;

	vring_rig_open(&g);
	vring_rig_post(&g, 1, 0, 64, false);
	vring_rig_post(&g, 1, 0, 64, false);
	fake_driver_publish(&g.driver);
	cr_assert_eq(ring_pop(&g.ring, &c), 1);
	cr_assert_eq(ring_pop(&g.ring, &c), 1);
	ring_unpop(&g.ring, 1);
	ring_unpop(&g.ring, 0);
	g.driver.desc[0].len = 0;
	cr_assert_eq(ring_pop(&g.ring, &c), -EPROTO);
	vring_rig_expect_ended(&g, -EPROTO);
	vring_rig_close(&g);
}

/* What was staged before the lie does not become visible after it. */
Test(vhost_ring_hostile, lie_after_a_push_leaves_the_used_ring_as_it_is)
{
	for (enum fake_lie lie = 0; lie < FAKE_LIES; lie++) {
		struct vring_rig g = {.size = SIZE};
		struct ring_chain c;

		vring_rig_open(&g);
		for (uint32_t i = 0; i < 5; i++)
			vring_rig_post(&g, 0, 1, 64, false);
		fake_driver_publish(&g.driver);
		for (uint32_t i = 0; i < 5; i++)
			cr_assert_eq(ring_pop(&g.ring, &c), 1);
		for (uint16_t i = 0; i < 4; i++)
			ring_push(&g.ring, i, 1);
		ring_publish(&g.ring);
		ring_push(&g.ring, 4, 1);
		fake_driver_lie(&g.driver, lie);
		while (ring_pop(&g.ring, &c) == 1)
			;
		cr_assert_not_null(ring_broken(&g.ring), "%s", fake_lie_name(lie));
		cr_assert_eq(g.driver.used->idx, 4);
		vring_rig_expect_ended(&g, -EPROTO);
		cr_assert_eq(ring_base(&g.ring), 4);
		vring_rig_close(&g);
	}
}

/* An avail index may be size ahead, and not one more; one that is behind is a driver's that takes back. */
Test(vhost_ring_hostile, avail_index_of_every_distance)
{
	struct vring_rig g = {.size = SIZE, .start = 40000};
	struct ring_chain c;

	vring_rig_open(&g);
	for (uint16_t i = 0; i < SIZE; i++) {
		g.driver.desc[i].len = 1;
		g.driver.avail->ring[i] = i;
	}
	for (uint32_t distance = 0; distance <= UINT16_MAX; distance++) {
		int expect = distance == 0 ? 0 : 1;

		vring_rig_reopen(&g, 40000);
		g.driver.avail->idx = (uint16_t)(40000 + distance);
		if (distance > SIZE)
			expect = -EPROTO;
		if (distance >= 65536 - SIZE || g.driver.avail->idx == 0)
			expect = -ESHUTDOWN;
		cr_assert_eq(ring_pop(&g.ring, &c), expect, "distance %u", distance);
	}
	vring_rig_close(&g);
}

/* The table is changed when the device has looked up where it is, before each read. */
static struct frame_random table_random;

static void change_table(struct vring_rig *g)
{
	for (uint32_t i = 0; i < 5; i++)
		fake_driver_scribble(&g->driver, &table_random);
}

/* What the data path relies on, whatever the driver does. */
static void check_chain(const struct vring_rig *g, const struct ring_chain *c)
{
	uint32_t stored = (uint32_t)c->out + c->in;
	uint64_t out = 0, in = 0;

	cr_assert_lt(c->head, g->size);
	cr_assert_gt(stored, 0);
	cr_assert_leq(stored, g->size > RING_CHAIN_PIECES ? g->size : RING_CHAIN_PIECES);
	cr_assert_eq(c->is_cut, stored > RING_CHAIN_PIECES);
	for (uint32_t i = 0; i < stored && i < RING_CHAIN_PIECES; i++) {
		cr_assert_gt(c->piece[i].len_bytes, 0);
		*(i < c->out ? &out : &in) += c->piece[i].len_bytes;
	}
	if (!c->is_cut) {
		cr_assert_eq(out, c->out_bytes);
		cr_assert_eq(in, c->in_bytes);
	}
}

/* One pass of a device: at most size chains, of which each head is new. Return: whether the ring lives. */
static bool pass(struct vring_rig *g, struct frame_random *random)
{
	uint8_t seen[256] = {0};
	struct ring_chain c;
	uint32_t count = 0;
	int rc;

	while ((rc = ring_pop(&g->ring, &c)) == 1) {
		check_chain(g, &c);
		cr_assert(!seen[c.head]);
		seen[c.head] = 1;
		cr_assert_leq(++count, g->size);
	}
	cr_assert_leq(ring_owned(&g->ring), g->size);
	for (uint32_t head = 0; head < g->size; head++)
		if (seen[head])
			ring_push(&g->ring, (uint16_t)head, frame_random_below(random, 100));
	ring_publish(&g->ring);
	cr_assert_eq(rc == -EPROTO, ring_broken(&g->ring) != NULL);
	ring_arm_kick(&g->ring);
	return rc == 0;
}

Test(vhost_ring_hostile, random_scribbles_never_reach_outside, .timeout = 60)
{
	struct frame_random random = frame_random(1);
	uint32_t lived = 0, ended = 0, chains = 0;

	table_random = frame_random(2);
	for (uint32_t run = 0; run < 3000; run++) {
		struct vring_rig g = {.size = 1u << frame_random_below(&random, 9),
				      .start = (uint16_t)(65536 - frame_random_below(&random, 40)),
				      .event_idx = run & 1,
				      .on_translate = run % 3 ? NULL : change_table};
		bool alive = true;

		vring_rig_open(&g);
		for (uint32_t step = 0; step < 40 && alive; step++) {
			uint32_t pieces = frame_random_below(&random, 4) + 1;
			uint32_t out = frame_random_below(&random, pieces + 1);

			chains += vring_rig_post(&g, out, pieces - out, 64,
						 frame_random_below(&random, 2)) >= 0;
			fake_driver_publish(&g.driver);
			if (run % 4)
				fake_driver_scribble(&g.driver, &random);
			alive = pass(&g, &random);
			lived += alive;
			ended += !alive;
		}
		vring_rig_close(&g);
	}
	cr_log_info("%u chains, %u passes lived, %u ended", chains, lived, ended);
	cr_assert_gt(lived, 10000);
	cr_assert_gt(ended, 1000);
}

struct scribbler {
	struct vring_rig *g;
	bool stop;
};

static void *scribble(void *arg)
{
	struct scribbler *s = arg;
	struct frame_random random = frame_random(3);

	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED))
		fake_driver_scribble(&s->g->driver, &random);
	return NULL;
}

/* Another processor changes the words between any two reads. */
Test(vhost_ring_hostile, scribbles_of_another_thread_never_reach_outside, .timeout = 60)
{
	struct vring_rig g = {.size = 64, .start = 65500};
	struct frame_random random = frame_random(4);
	struct scribbler s = {.g = &g};
	uint32_t lived = 0, ended = 0;
	pthread_t thread;

	vring_rig_open(&g);
	cr_assert_eq(pthread_create(&thread, NULL, scribble, &s), 0);
	for (uint32_t run = 0; run < 20000 || !ended || !lived; run++) {
		for (uint16_t i = 0; i < 64; i++) {
			struct vring_desc good = {.addr = g.buffers, .len = 64};

			__atomic_store(&g.driver.desc[i].addr, &good.addr, __ATOMIC_RELAXED);
			__atomic_store(&g.driver.desc[i].len, &good.len, __ATOMIC_RELAXED);
			__atomic_store(&g.driver.desc[i].flags, &good.flags, __ATOMIC_RELAXED);
			__atomic_store_n(&g.driver.avail->ring[i], i, __ATOMIC_RELAXED);
		}
		vring_rig_reopen(&g, (uint16_t)run);
		__atomic_store_n(&g.driver.avail->idx, (uint16_t)(run + 3), __ATOMIC_RELAXED);
		if (pass(&g, &random))
			lived++;
		else
			ended++;
	}
	__atomic_store_n(&s.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	vring_rig_close(&g);
}

/* A driver that posts a chain again before it can know that it is done: no more heads than the ring has lie between
 * two publications, or what remembers them overflows, and who takes all that is there never ends. */
Test(vhost_ring_hostile, chains_posted_before_they_were_given_back_wait_for_the_publication)
{
	struct vring_rig g = {.size = SIZE, .start = 65530};
	struct ring_chain c;
	uint32_t popped = 0;
	int head;

	vring_rig_open(&g);
	head = vring_rig_post(&g, 1, 0, 100, false);
	fake_driver_publish(&g.driver);
	while (popped < 3 * SIZE && ring_pop(&g.ring, &c) == 1) {
		popped++;
		ring_push(&g.ring, c.head, 0);
		g.driver.avail->ring[(uint16_t)(g.start + popped) % SIZE] = htole16((uint16_t)head);
		g.driver.avail->idx = htole16((uint16_t)(g.start + popped + 1));
	}
	cr_assert_eq(popped, SIZE);
	cr_assert_null(ring_broken(&g.ring));
	ring_publish(&g.ring);
	cr_assert(ring_arm_kick(&g.ring), "nothing would be seen of what waits");
	cr_assert_eq(ring_pop(&g.ring, &c), 1);
	vring_rig_close(&g);
}
