// SPDX-License-Identifier: BSD-2-Clause
/* The inflight area: layout, sizes, what a successor makes of it. The kills are in test_vhost_inflight_kill.c. */
#include "support/vring_rig.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SIZE = 8 };

/* As the specification counts bytes, "Inflight I/O tracking", split virtqueue. */
Test(vhost_inflight, layout_is_the_specifications)
{
	cr_assert_eq(sizeof(struct inflight_head), 16);
	cr_assert_eq(offsetof(struct inflight_head, inflight), 0);
	cr_assert_eq(offsetof(struct inflight_head, next), 6);
	cr_assert_eq(offsetof(struct inflight_head, counter), 8);
	cr_assert_eq(offsetof(struct inflight_region, version), 8);
	cr_assert_eq(offsetof(struct inflight_region, desc_num), 10);
	cr_assert_eq(offsetof(struct inflight_region, last_batch_head), 12);
	cr_assert_eq(offsetof(struct inflight_region, used_idx), 14);
	cr_assert_eq(offsetof(struct inflight_region, desc), 16);
	cr_assert_eq(inflight_area_bytes(1, 1), 64);
	cr_assert_eq(inflight_area_bytes(1, 3), 64);
	cr_assert_eq(inflight_area_bytes(3, 4), 3 * 128);
	cr_assert_eq(inflight_area_bytes(256, 32768), 256 * (32768 * 16 + 64));
}

Test(vhost_inflight, create_gives_memory_that_nobody_can_shrink)
{
	struct inflight_area area, other;
	struct net_error err = {0};

	cr_assert_eq(inflight_area_create(&area, 2, 256, &err), 0, "%s", err.message);
	cr_assert_eq(area.bytes, inflight_area_bytes(2, 256));
	cr_assert_lt(ftruncate(area.fd, 0), 0);
	cr_assert_lt(fcntl(area.fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
	cr_assert_eq(errno, EPERM);
	cr_assert(fcntl(area.fd, F_GETFD) & FD_CLOEXEC);
	cr_assert_eq(inflight_area_take(&other, area.fd, area.bytes, 0, 2, 256, &err), 0, "%s",
		     err.message);
	cr_assert_eq(other.fd, -1);
	((uint8_t *)area.memory)[area.bytes - 1] = 77;
	cr_assert_eq(((uint8_t *)other.memory)[other.bytes - 1], 77);
	inflight_area_close(&other);
	inflight_area_close(&area);
	inflight_area_close(&area);
	cr_assert_eq(area.fd, -1);
}

Test(vhost_inflight, sizes_are_judged)
{
	static const struct {
		uint64_t bytes, offset;
		uint32_t queues, size;
	} wrong[] = {
		{8192, 0, 0, 16},
		{8192, 0, 257, 16},
		{8192, 0, 2, 0},
		{UINT64_MAX, 0, 2, 32769},
		{639, 0, 2, 16},
		{0, 0, 1, 1},
		{8192, 4096, 2, 16},
		{8193, 0, 2, 16},
		{4096, 8192, 2, 16},
		{4096, 2048, 2, 16},
		{4096, UINT64_MAX - 4095, 2, 16},
		{UINT64_MAX, 4096, 2, 16},
	};
	int fd = memfd_create("area", MFD_CLOEXEC);
	struct inflight_area area;
	struct net_error err;

	cr_assert_eq(ftruncate(fd, 8192), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		memset(&err, 0, sizeof(err));
		cr_assert_eq(inflight_area_take(&area, fd, wrong[i].bytes, wrong[i].offset,
						wrong[i].queues, wrong[i].size, &err),
			     -EINVAL, "case %zu", i);
		cr_assert_eq(err.code, -EINVAL);
		cr_assert_neq(err.message[0], 0);
		cr_assert_null(area.memory);
		inflight_area_close(&area);
	}
	cr_assert_eq(inflight_area_take(&area, fd, 640, 4096, 2, 16, &err), 0);
	inflight_area_close(&area);
	cr_assert_eq(inflight_area_create(&area, 0, 16, &err), -EINVAL);
	cr_assert_eq(inflight_area_create(&area, 1, 40000, &err), -EINVAL);
	cr_assert_eq(inflight_area_take(&area, -1, 640, 0, 2, 16, &err), -EBADF);
	close(fd);
}

/* A ring with the second region of an area of two. */
struct scene {
	struct vring_rig g;
	struct inflight_area area;
	struct inflight_queue queue;
	struct inflight_region *region;
};

static void bind(struct scene *s)
{
	struct net_error err = {0};

	cr_assert_eq(inflight_queue_open(&s->queue, &s->area, 1, SIZE, &err), 0, "%s", err.message);
	s->region = s->queue.region;
}

static void open_scene(struct scene *s, uint16_t start)
{
	struct net_error err = {0};

	*s = (struct scene){.g = {.size = SIZE, .start = start}};
	cr_assert_eq(inflight_area_create(&s->area, 2, SIZE + 2, &err), 0, "%s", err.message);
	bind(s);
	s->g.inflight = &s->queue;
	vring_rig_open(&s->g);
}

static void close_scene(struct scene *s)
{
	vring_rig_close(&s->g);
	inflight_area_close(&s->area);
}

static void post(struct scene *s, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		cr_assert_geq(vring_rig_post(&s->g, 0, 1, 64, false), 0);
	fake_driver_publish(&s->g.driver);
}

static void pop(struct scene *s, uint32_t count)
{
	struct ring_chain c;

	for (uint32_t i = 0; i < count; i++)
		cr_assert_eq(ring_pop(&s->g.ring, &c), 1, "%s", ring_broken(&s->g.ring));
}

static int try_open(struct scene *s, uint16_t base, struct net_error *err)
{
	struct ring_config config;

	ring_close(&s->g.ring);
	bind(s);
	config = vring_rig_config(&s->g, base);
	memset(err, 0, sizeof(*err));
	return ring_open(&s->g.ring, &config, err);
}

Test(vhost_inflight, pop_and_publish_write_the_specifications_fields)
{
	struct scene s;

	open_scene(&s, 65534);
	cr_assert_eq(s.region->version, 1);
	cr_assert_eq(s.region->desc_num, SIZE + 2);
	cr_assert_eq(s.region->used_idx, 65534);
	cr_assert_eq(((struct inflight_region *)s.area.memory)->version, 0, "the other ring's");
	post(&s, 5);
	/* The wish for kicks reads the avail index; that must not hide the pops behind it. */
	cr_assert(ring_arm_kick(&s.g.ring));
	pop(&s, 5);
	for (uint64_t i = 0; i < 5; i++) {
		cr_assert_eq(s.region->desc[i].inflight, 1);
		cr_assert_eq(s.region->desc[i].counter, i);
	}
	cr_assert_eq(s.region->desc[5].inflight, 0);
	ring_push(&s.g.ring, 3, 1);
	ring_push(&s.g.ring, 1, 1);
	ring_push(&s.g.ring, 4, 1);
	cr_assert_eq(s.region->last_batch_head, 4);
	cr_assert_eq(s.region->desc[4].next, 1);
	cr_assert_eq(s.region->desc[1].next, 3);
	cr_assert_eq(s.region->desc[3].inflight, 1);
	ring_publish(&s.g.ring);
	for (uint32_t i = 0; i < 5; i++)
		cr_assert_eq(s.region->desc[i].inflight, i == 0 || i == 2);
	cr_assert_eq(s.region->used_idx, 1);
	close_scene(&s);
}

Test(vhost_inflight, heads_in_flight_come_first_and_in_their_order)
{
	struct scene s;
	struct net_error err;
	struct ring_chain c;
	static const uint16_t order[] = {5, 2, 7, 0};

	open_scene(&s, 65530);
	post(&s, 8);
	pop(&s, 6);
	for (uint16_t i = 0; i < 8; i++)
		s.region->desc[i].inflight = 0;
	for (uint16_t i = 0; i < 4; i++) {
		s.region->desc[order[i]].inflight = 1;
		s.region->desc[order[i]].counter = ((uint64_t)1 << 40) + i;
	}
	/* The front end's base does not matter. */
	cr_assert_eq(try_open(&s, 12345, &err), 0, "%s", err.message);
	cr_assert_eq(ring_owned(&s.g.ring), 4);
	cr_assert_eq(s.queue.counter, ((uint64_t)1 << 40) + 4);
	for (uint16_t i = 0; i < 4; i++) {
		cr_assert_eq(ring_pop(&s.g.ring, &c), 1);
		cr_assert_eq(c.head, order[i]);
		cr_assert_eq(s.region->desc[order[i]].counter, ((uint64_t)1 << 40) + i);
	}
	cr_assert_eq(s.g.ring.next_avail % 65536, 65534);
	close_scene(&s);
}

/* Died between used->idx and the rest. */
Test(vhost_inflight, last_batch_is_settled)
{
	struct scene s;
	struct net_error err;

	open_scene(&s, 65534);
	post(&s, 6);
	pop(&s, 6);
	ring_push(&s.g.ring, 3, 1);
	ring_push(&s.g.ring, 1, 1);
	ring_push(&s.g.ring, 4, 1);
	s.g.driver.used->idx = 1;
	cr_assert_eq(try_open(&s, 0, &err), 0, "%s", err.message);
	cr_assert_eq(ring_owned(&s.g.ring), 3);
	cr_assert_eq(s.region->used_idx, 1);
	for (uint32_t i = 0; i < 6; i++)
		cr_assert_eq(s.region->desc[i].inflight, i == 0 || i == 2 || i == 5);
	for (uint32_t i = 0; i < 3; i++)
		cr_assert_eq(vring_rig_collect(&s.g, NULL), 1);
	close_scene(&s);
}

Test(vhost_inflight, region_that_does_not_fit_is_refused)
{
	struct scene s;
	struct net_error err;
	struct inflight_queue q;

	open_scene(&s, 0);
	cr_assert_eq(inflight_queue_open(&q, &s.area, 2, SIZE, &err), -EINVAL);
	cr_assert_eq(inflight_queue_open(&q, &s.area, 0, 16, &err), -EINVAL);
	s.region->version = 2;
	cr_assert_eq(inflight_queue_open(&q, &s.area, 1, SIZE, &err), -EPROTO);
	s.region->version = 1;
	s.region->features = 1;
	cr_assert_eq(inflight_queue_open(&q, &s.area, 1, SIZE, &err), -EPROTO);
	s.region->features = 0;
	s.region->desc_num = SIZE;
	cr_assert_eq(inflight_queue_open(&q, &s.area, 1, SIZE, &err), -EPROTO);
	s.region->desc_num = SIZE + 2;
	cr_assert_eq(inflight_queue_open(&q, &s.area, 1, SIZE, &err), 0);
	cr_assert(q.is_used);

	s.region->desc[SIZE].inflight = 1;
	cr_assert_eq(try_open(&s, 0, &err), -EPROTO);
	cr_assert_not_null(strstr(err.message, "head 8"));
	s.region->desc[SIZE].inflight = 0;
	s.g.driver.used->idx = 2;
	s.region->last_batch_head = SIZE;
	cr_assert_eq(try_open(&s, 0, &err), -EPROTO);
	cr_assert_not_null(strstr(err.message, "head 8"));
	s.region->last_batch_head = 0;
	s.region->desc[0].next = 65535;
	cr_assert_eq(try_open(&s, 0, &err), -EPROTO);
	cr_assert_not_null(strstr(err.message, "head 65535"));
	close_scene(&s);
}

/* What is not known to be in flight cannot be gone on with, later. */
Test(vhost_inflight, new_region_behind_lost_heads_is_refused)
{
	struct scene s;
	struct net_error err;

	open_scene(&s, 7);
	memset(s.area.memory, 0, s.area.bytes);
	cr_assert_eq(try_open(&s, 8, &err), -EPROTO);
	memset(s.area.memory, 0, s.area.bytes);
	cr_assert_eq(try_open(&s, 7, &err), 0);
	close_scene(&s);
}

/* After a reset of the driver nothing of the old ring is in flight. */
Test(vhost_inflight, reset_of_the_driver_forgets)
{
	struct scene s;
	struct net_error err;
	struct ring_chain c;

	/* The device saw the driver take its buffers back. */
	open_scene(&s, 3);
	post(&s, 6);
	pop(&s, 6);
	fake_driver_take_back(&s.g.driver);
	cr_assert_eq(ring_pop(&s.g.ring, &c), -ESHUTDOWN);
	for (uint32_t i = 0; i < SIZE; i++)
		cr_assert_eq(s.region->desc[i].inflight, 0);
	close_scene(&s);

	/* It was dead meanwhile: more in flight than posted, or than a batch can be. */
	open_scene(&s, 30000);
	post(&s, 6);
	pop(&s, 6);
	s.g.driver.used->idx = 0;
	s.g.driver.avail->idx = 5;
	cr_assert_eq(try_open(&s, 0, &err), 0, "%s", err.message);
	cr_assert_eq(ring_owned(&s.g.ring), 0);
	for (uint32_t i = 0; i < SIZE; i++)
		cr_assert_eq(s.region->desc[i].inflight, 0);
	pop(&s, 5);
	close_scene(&s);

	/* One more than a batch can be: the list is not looked at. */
	open_scene(&s, 0);
	s.g.driver.used->idx = SIZE + 1;
	s.g.driver.avail->idx = SIZE + 1;
	s.region->last_batch_head = 65535;
	cr_assert_eq(try_open(&s, 0, &err), 0, "%s", err.message);
	cr_assert_eq(s.region->used_idx, SIZE + 1);
	close_scene(&s);
}

Test(vhost_inflight, stop_leaves_nothing_in_flight)
{
	struct scene s;
	struct net_error err;

	open_scene(&s, 65533);
	post(&s, 8);
	pop(&s, 6);
	ring_unpop(&s.g.ring, 5);
	cr_assert_eq(ring_return_unused(&s.g.ring), 6);
	ring_publish(&s.g.ring);
	for (uint32_t i = 0; i < SIZE; i++)
		cr_assert_eq(s.region->desc[i].inflight, 0);
	cr_assert_eq(try_open(&s, ring_base(&s.g.ring), &err), 0);
	cr_assert_eq(ring_owned(&s.g.ring), 0);
	pop(&s, 2);
	for (uint32_t i = 0; i < 6; i++)
		cr_assert_eq(vring_rig_collect(&s.g, NULL), 1);
	close_scene(&s);
}
