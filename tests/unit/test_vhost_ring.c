// SPDX-License-Identifier: BSD-2-Clause
/* The device's side of a virtqueue against a driver that keeps the rules. */
#include "support/vring_rig.h"

#include <criterion/criterion.h>
#include <string.h>

enum { SIZE = 8 };

Test(vhost_ring, pop_direct_chain_tells_its_pieces)
{
	struct vring_rig g = {.size = SIZE, .start = 65534};
	struct ring_chain c;

	vring_rig_open(&g);
	for (uint32_t round = 0; round < 40; round++) {
		uint32_t out = round % 4, in = round % 3 + !out;
		int head = vring_rig_post(&g, out, in, 100 + round, false);

		cr_assert_geq(head, 0);
		cr_assert_eq(ring_pop(&g.ring, &c), 0, "seen before it was published");
		fake_driver_publish(&g.driver);
		cr_assert_eq(ring_pop(&g.ring, &c), 1);
		cr_assert_eq(c.head, head);
		vring_rig_expect_chain(&g, &c, out, in, 100 + round);
		cr_assert_eq(ring_pop(&g.ring, &c), 0);
		cr_assert_eq(ring_owned(&g.ring), 1);
		ring_push(&g.ring, (uint16_t)head, in ? 7 : 0);
		cr_assert_eq(ring_owned(&g.ring), 0);
		cr_assert_eq(vring_rig_collect(&g, NULL), 0, "seen before it was published");
		ring_publish(&g.ring);
		cr_assert_eq(vring_rig_collect(&g, NULL), 1);
	}
	vring_rig_close(&g);
}

Test(vhost_ring, pop_indirect_chain_tells_its_pieces)
{
	struct vring_rig g = {.size = SIZE, .start = 65530};
	struct ring_chain c;

	vring_rig_open(&g);
	for (uint32_t pieces = 1; pieces <= RING_CHAIN_PIECES; pieces++) {
		uint32_t in = pieces / 2, out = pieces - in;
		int head = vring_rig_post(&g, out, in, 10, true);

		fake_driver_publish(&g.driver);
		cr_assert_eq(ring_pop(&g.ring, &c), 1, "%s", ring_broken(&g.ring));
		vring_rig_expect_chain(&g, &c, out, in, 10);
		cr_assert(!c.is_cut);
		ring_push(&g.ring, (uint16_t)head, 0);
		ring_publish(&g.ring);
		cr_assert_eq(vring_rig_collect(&g, NULL), 1);
	}
	vring_rig_close(&g);
}

/* virtio 1.2, 2.7.5.3.2: the device handles direct descriptors before an indirect one. */
Test(vhost_ring, pop_table_behind_direct_pieces_tells_all)
{
	struct vring_rig g = {.size = SIZE};
	struct vring_desc *table;
	struct ring_chain c;
	int head;

	vring_rig_open(&g);
	head = vring_rig_post(&g, 2, 0, 50, false);
	table = fake_driver_table(&g.driver, 5);
	table[0] = (struct vring_desc){
		.addr = g.buffers, .len = 30, .flags = VRING_DESC_F_NEXT, .next = 2};
	table[2] =
		(struct vring_desc){.addr = g.buffers + 64, .len = 40, .flags = VRING_DESC_F_WRITE};
	g.driver.desc[1] = (struct vring_desc){
		.addr = fake_driver_table_gpa(&g.driver, 5),
		.len = 48,
		/* The device ignores the flag of writing here. */
		.flags = VRING_DESC_F_INDIRECT | VRING_DESC_F_WRITE,
	};
	fake_driver_publish(&g.driver);
	cr_assert_eq(ring_pop(&g.ring, &c), 1, "%s", ring_broken(&g.ring));
	cr_assert_eq(c.head, head);
	cr_assert_eq(c.out, 2);
	cr_assert_eq(c.in, 1);
	cr_assert_eq(c.out_bytes, 80);
	cr_assert_eq(c.in_bytes, 40);
	cr_assert_eq(c.piece[1].gpa, g.buffers);
	cr_assert_eq(c.piece[2].gpa, g.buffers + 64);
	vring_rig_close(&g);
}

Test(vhost_ring, pop_table_at_odd_address_is_read)
{
	struct vring_rig g = {.size = SIZE};
	struct vring_desc entry;
	struct ring_chain c;

	vring_rig_open(&g);
	vring_rig_post(&g, 1, 0, 50, false);
	entry = (struct vring_desc){.addr = g.buffers + 1, .len = 33};
	memcpy(fake_driver_at(&g.driver, g.buffers + 5), &entry, sizeof(entry));
	g.driver.desc[0] = (struct vring_desc){
		.addr = g.buffers + 5, .len = 16, .flags = VRING_DESC_F_INDIRECT};
	fake_driver_publish(&g.driver);
	cr_assert_eq(ring_pop(&g.ring, &c), 1, "%s", ring_broken(&g.ring));
	cr_assert_eq(c.out_bytes, 33);
	cr_assert_eq(c.piece[0].gpa, g.buffers + 1);
	vring_rig_close(&g);
}

/* Linux posts more pieces than a small ring has descriptors by a table. */
Test(vhost_ring, pop_chain_longer_than_a_small_ring_is_taken)
{
	struct vring_rig g = {.size = 4};
	struct ring_chain c;

	vring_rig_open(&g);
	vring_rig_post(&g, 19, 0, 10, true);
	fake_driver_publish(&g.driver);
	cr_assert_eq(ring_pop(&g.ring, &c), 1, "%s", ring_broken(&g.ring));
	cr_assert_eq(c.out, 19);
	vring_rig_close(&g);
}

Test(vhost_ring, pop_very_long_chain_is_cut_and_counted)
{
	struct vring_rig g = {.size = 256};
	struct ring_chain c;

	vring_rig_open(&g);
	for (int indirect = 0; indirect < 2; indirect++) {
		vring_rig_post(&g, 40, 60, 10, indirect);
		fake_driver_publish(&g.driver);
		cr_assert_eq(ring_pop(&g.ring, &c), 1, "%s", ring_broken(&g.ring));
		cr_assert(c.is_cut);
		cr_assert_eq(c.out, 40);
		cr_assert_eq(c.in, 60);
		cr_assert_eq(c.out_bytes, 400);
		cr_assert_eq(c.in_bytes, 600);
		cr_assert_eq(c.piece[RING_CHAIN_PIECES - 1].len_bytes, 10);
		ring_push(&g.ring, c.head, 0);
		ring_publish(&g.ring);
		cr_assert_eq(vring_rig_collect(&g, NULL), 1);
	}
	vring_rig_close(&g);
}

Test(vhost_ring, push_in_any_order_gives_each_head_back_once)
{
	struct vring_rig g = {.size = SIZE, .start = 65533};
	struct ring_chain c;
	struct fake_used used;

	vring_rig_open(&g);
	for (uint32_t round = 0; round < 5000; round++) {
		uint16_t head[SIZE];

		for (uint32_t i = 0; i < SIZE; i++)
			vring_rig_post(&g, 0, 1, 64, false);
		cr_assert_eq(vring_rig_post(&g, 0, 1, 64, false), -ENOSPC, "the ring is full");
		fake_driver_publish(&g.driver);
		for (uint32_t i = 0; i < SIZE; i++) {
			cr_assert_eq(ring_pop(&g.ring, &c), 1);
			head[i] = c.head;
		}
		cr_assert_eq(ring_pop(&g.ring, &c), 0);
		for (uint32_t i = 0; i < SIZE; i++)
			ring_push(&g.ring, head[(i * 3 + round) % SIZE], i);
		ring_publish(&g.ring);
		for (uint32_t i = 0; i < SIZE; i++) {
			cr_assert_eq(vring_rig_collect(&g, &used), 1);
			cr_assert_eq(used.head, head[(i * 3 + round) % SIZE]);
			cr_assert_eq(used.len, i);
		}
	}
	cr_assert_eq(ring_base(&g.ring), (uint16_t)(65533 + 5000 * SIZE));
	vring_rig_close(&g);
}

Test(vhost_ring, push_head_that_is_not_owned_is_passed_over)
{
	struct vring_rig g = {.size = SIZE};
	struct ring_chain c;

	vring_rig_open(&g);
	vring_rig_post(&g, 0, 1, 64, false);
	fake_driver_publish(&g.driver);
	ring_push(&g.ring, 0, 1);
	cr_assert_eq(ring_pop(&g.ring, &c), 1);
	ring_push(&g.ring, 0, 2);
	ring_push(&g.ring, 0, 3);
	ring_push(&g.ring, 3, 4);
	ring_push(&g.ring, 60000, 5);
	ring_publish(&g.ring);
	cr_assert_eq(g.driver.used->idx, 1);
	cr_assert_eq(g.driver.used->ring[0].len, 2);
	vring_rig_close(&g);
}

Test(vhost_ring, unpop_several_hands_them_out_again_in_order)
{
	struct vring_rig g = {.size = SIZE, .start = 65535};
	struct ring_chain c;

	vring_rig_open(&g);
	for (uint32_t i = 0; i < 5; i++)
		vring_rig_post(&g, 1, 0, 10 + i, false);
	fake_driver_publish(&g.driver);
	for (uint32_t i = 0; i < 4; i++)
		cr_assert_eq(ring_pop(&g.ring, &c), 1);
	for (uint16_t head = 3; head >= 2; head--)
		ring_unpop(&g.ring, head);
	ring_unpop(&g.ring, 3); /* it is not popped now */
	ring_unpop(&g.ring, 6);
	cr_assert_eq(ring_owned(&g.ring), 4);
	cr_assert(ring_arm_kick(&g.ring), "there is something to pop");
	ring_push(&g.ring, 3, 0); /* it is not popped now */
	cr_assert_eq(ring_owned(&g.ring), 4);
	for (uint32_t i = 2; i < 5; i++) {
		cr_assert_eq(ring_pop(&g.ring, &c), 1);
		cr_assert_eq(c.head, i);
		cr_assert_eq(c.out_bytes, 10 + i);
	}
	cr_assert_eq(ring_pop(&g.ring, &c), 0);
	cr_assert(!ring_arm_kick(&g.ring));
	for (uint16_t i = 0; i < 5; i++)
		ring_push(&g.ring, i, 0);
	ring_publish(&g.ring);
	for (uint32_t i = 0; i < 5; i++)
		cr_assert_eq(vring_rig_collect(&g, NULL), 1);
	vring_rig_close(&g);
}

Test(vhost_ring, stop_returns_what_was_not_used_and_the_next_ring_goes_on)
{
	struct vring_rig g = {.size = SIZE, .start = 65535};
	struct ring_chain c;
	struct fake_used used;

	vring_rig_open(&g);
	for (uint32_t i = 0; i < 6; i++)
		vring_rig_post(&g, 0, 1, 64, false);
	fake_driver_publish(&g.driver);
	for (uint32_t i = 0; i < 4; i++)
		cr_assert_eq(ring_pop(&g.ring, &c), 1);
	ring_push(&g.ring, 2, 9);
	ring_unpop(&g.ring, 3);
	cr_assert_eq(ring_return_unused(&g.ring), 3);
	ring_publish(&g.ring);
	cr_assert_eq(ring_owned(&g.ring), 0);
	cr_assert_eq(ring_base(&g.ring), 3);
	for (uint32_t i = 0; i < 4; i++) {
		cr_assert_eq(vring_rig_collect(&g, &used), 1);
		cr_assert_eq(used.len, used.head == 2 ? 9 : 0);
	}
	vring_rig_reopen(&g, ring_base(&g.ring));
	for (uint32_t i = 4; i < 6; i++) {
		cr_assert_eq(ring_pop(&g.ring, &c), 1);
		cr_assert_eq(c.head, i);
	}
	cr_assert_eq(ring_pop(&g.ring, &c), 0);
	vring_rig_close(&g);
}

/* A device before us lost two heads: nobody gives them back, and the base goes on counting them. */
Test(vhost_ring, open_behind_lost_heads_keeps_the_distance)
{
	struct vring_rig g = {.size = SIZE, .start = 65535};
	struct ring_chain c;

	vring_rig_open(&g);
	for (uint32_t i = 0; i < 4; i++)
		vring_rig_post(&g, 0, 1, 64, false);
	fake_driver_publish(&g.driver);
	vring_rig_reopen(&g, 1);
	cr_assert_eq(ring_owned(&g.ring), 0);
	cr_assert_eq(ring_pop(&g.ring, &c), 1);
	cr_assert_eq(c.head, 2);
	cr_assert_eq(ring_owned(&g.ring), 1);
	ring_push(&g.ring, 2, 0);
	ring_publish(&g.ring);
	cr_assert_eq(ring_base(&g.ring), 2);
	vring_rig_close(&g);
}

/* Linux at a reset of the driver: virtqueue_detach_unused_buf() before virtio_uml says a word. */
Test(vhost_ring, driver_that_takes_back_ends_the_ring_without_a_fault)
{
	for (uint32_t popped = 1; popped <= 6; popped++) {
		for (int armed = 0; armed < 2; armed++) {
			struct vring_rig g = {.size = SIZE, .start = 3};
			struct ring_chain c;

			vring_rig_open(&g);
			for (uint32_t i = 0; i < 6; i++)
				vring_rig_post(&g, 0, 1, 64, false);
			fake_driver_publish(&g.driver);
			for (uint32_t i = 0; i < 6; i++)
				cr_assert_eq(ring_pop(&g.ring, &c), 1);
			ring_push(&g.ring, 0, 1);
			for (uint32_t i = 0; i < popped; i++)
				fake_driver_take_back(&g.driver);
			if (armed)
				cr_assert(ring_arm_kick(&g.ring), "ring_pop() has news");
			cr_assert_eq(ring_pop(&g.ring, &c), -ESHUTDOWN);
			cr_assert(ring_is_withdrawn(&g.ring));
			cr_assert_null(ring_broken(&g.ring));
			vring_rig_expect_ended(&g, -ESHUTDOWN);
			vring_rig_close(&g);
		}
	}
}

Test(vhost_ring, avail_index_set_to_zero_ends_the_ring_without_a_fault)
{
	struct vring_rig g = {.size = SIZE, .start = 3000};
	struct ring_chain c;

	vring_rig_open(&g);
	g.driver.avail->idx = 0;
	cr_assert_eq(ring_pop(&g.ring, &c), -ESHUTDOWN);
	cr_assert_null(ring_broken(&g.ring));
	vring_rig_close(&g);
}

Test(vhost_ring, open_refuses_sizes_and_alignment)
{
	static const struct {
		uint32_t size, desc, avail, used;
	} wrong[] = {
		{0, 0, 0, 0}, {3, 0, 0, 0}, {65536, 0, 0, 0}, {40000, 0, 0, 0},
		{4, 8, 0, 0}, {4, 0, 1, 0}, {4, 0, 0, 2},
	};
	struct vring_rig g = {.size = SIZE};

	vring_rig_open(&g);
	ring_close(&g.ring);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct ring_config config = vring_rig_config(&g, 0);
		struct net_error err = {0};

		config.size = wrong[i].size;
		config.descriptors = (const char *)config.descriptors + wrong[i].desc;
		config.avail = (const char *)config.avail + wrong[i].avail;
		config.used = (char *)config.used + wrong[i].used;
		cr_assert_eq(ring_open(&g.ring, &config, &err), -EINVAL, "case %zu", i);
		cr_assert_eq(err.code, -EINVAL);
		cr_assert_neq(err.message[0], 0);
		ring_close(&g.ring);
	}
	vring_rig_close(&g);
}

Test(vhost_ring, largest_and_smallest_ring_work_when_full)
{
	static const uint32_t sizes[] = {1, 2, RING_MAX_SIZE};

	for (size_t s = 0; s < 3; s++) {
		struct vring_rig g = {.size = sizes[s], .start = 65500};
		struct ring_chain c;

		vring_rig_open(&g);
		for (uint32_t round = 0; round < 3; round++) {
			for (uint32_t i = 0; i < g.size; i++)
				cr_assert_geq(vring_rig_post(&g, 0, 1, 64, false), 0);
			fake_driver_publish(&g.driver);
			for (uint32_t i = 0; i < g.size; i++)
				cr_assert_eq(ring_pop(&g.ring, &c), 1);
			cr_assert_eq(ring_pop(&g.ring, &c), 0);
			cr_assert_eq(ring_owned(&g.ring), g.size);
			cr_assert_eq(ring_return_unused(&g.ring), g.size);
			ring_publish(&g.ring);
			for (uint32_t i = 0; i < g.size; i++)
				cr_assert_eq(vring_rig_collect(&g, NULL), 1);
		}
		vring_rig_close(&g);
	}
}
