// SPDX-License-Identifier: BSD-2-Clause
/* A driver that breaks the rules of virtio 1.2, 2.7. */
#include "support/fake_driver.h"

#include <endian.h>

static const char *const names[FAKE_LIES] = {
	[FAKE_LIE_HEAD_TOO_LARGE] = "a head that is no descriptor",
	[FAKE_LIE_HEAD_TWICE] = "one head twice",
	[FAKE_LIE_AVAIL_JUMP] = "an avail index far away",
	[FAKE_LIE_NEXT_TOO_LARGE] = "a next that is no descriptor",
	[FAKE_LIE_LOOP] = "a chain of two that loops",
	[FAKE_LIE_LOOP_OF_ONE] = "a descriptor that follows itself",
	[FAKE_LIE_NO_BYTES] = "a descriptor of 0 bytes",
	[FAKE_LIE_NO_BYTES_LATER] = "a second descriptor of 0 bytes",
	[FAKE_LIE_READ_BEHIND_WRITE] = "a buffer to read behind one to write",
	[FAKE_LIE_TOO_MANY_BYTES] = "a chain of more than 4 GiB",
	[FAKE_LIE_TABLE_EMPTY] = "an indirect table of 0 bytes",
	[FAKE_LIE_TABLE_ODD] = "an indirect table of 17 bytes",
	[FAKE_LIE_TABLE_OUTSIDE] = "an indirect table outside of the memory",
	[FAKE_LIE_TABLE_WRAPS] = "an indirect table over the end of all addresses",
	[FAKE_LIE_TABLE_IN_TABLE] = "an indirect table in another",
	[FAKE_LIE_TABLE_AND_NEXT] = "an indirect table with a next",
	[FAKE_LIE_TABLE_NEXT_TOO_LARGE] = "a next behind an indirect table's end",
	[FAKE_LIE_TABLE_LOOP] = "an indirect table that loops",
	[FAKE_LIE_TABLE_READ_BEHIND_WRITE] =
		"a buffer to read behind one to write in an indirect table",
	[FAKE_LIE_TABLE_NO_BYTES] = "a buffer of 0 bytes in an indirect table",
};

const char *fake_lie_name(enum fake_lie lie)
{
	return names[lie];
}

static void set(struct vring_desc *desc, uint64_t gpa, uint32_t len, uint32_t flags, uint32_t next)
{
	*desc = (struct vring_desc){.addr = htole64(gpa),
				    .len = htole32(len),
				    .flags = htole16((uint16_t)flags),
				    .next = htole16((uint16_t)next)};
}

static void post(struct fake_driver *d, uint32_t head)
{
	d->avail->ring[d->avail_idx % d->config.size] = htole16((uint16_t)head);
	d->avail_idx++;
}

static void publish(struct fake_driver *d)
{
	__atomic_store_n(&d->avail->idx, htole16(d->avail_idx), __ATOMIC_RELEASE);
	d->kicked_idx = d->avail_idx;
}

/* Descriptor 0 is what the lie is about; 1 and 2 are good ones to go on to. */
static void lie_of_table(struct fake_driver *d, enum fake_lie lie, uint64_t gpa)
{
	const uint32_t next = VRING_DESC_F_NEXT, write = VRING_DESC_F_WRITE,
		       indirect = VRING_DESC_F_INDIRECT;
	struct vring_desc *table = fake_driver_table(d, 0);
	uint64_t at = fake_driver_table_gpa(d, 0);

	set(&table[0], gpa, 64, 0, 0);
	set(&d->desc[0], at, 32, indirect, 0);
	if (lie == FAKE_LIE_TABLE_EMPTY) {
		set(&d->desc[0], at, 0, indirect, 0);
	} else if (lie == FAKE_LIE_TABLE_ODD) {
		set(&d->desc[0], at, 17, indirect, 0);
	} else if (lie == FAKE_LIE_TABLE_OUTSIDE) {
		set(&d->desc[0], d->config.gpa - 16, 32, indirect, 0);
	} else if (lie == FAKE_LIE_TABLE_WRAPS) {
		set(&d->desc[0], UINT64_MAX - 15, 32, indirect, 0);
	} else if (lie == FAKE_LIE_TABLE_IN_TABLE) {
		set(&table[0], fake_driver_table_gpa(d, 1), 16, indirect, 0);
		set(fake_driver_table(d, 1), gpa, 64, 0, 0);
	} else if (lie == FAKE_LIE_TABLE_AND_NEXT) {
		set(&d->desc[0], at, 16, indirect | next, 1);
	} else if (lie == FAKE_LIE_TABLE_NEXT_TOO_LARGE) {
		set(&table[0], gpa, 64, next, 2);
		set(&table[2], gpa, 64, 0, 0);
	} else if (lie == FAKE_LIE_TABLE_LOOP) {
		set(&table[0], gpa, 64, next, 1);
		set(&table[1], gpa, 64, next, 0);
	} else if (lie == FAKE_LIE_TABLE_READ_BEHIND_WRITE) {
		set(&table[0], gpa, 64, next | write, 1);
		set(&table[1], gpa, 64, 0, 0);
	} else if (lie == FAKE_LIE_TABLE_NO_BYTES) {
		set(&table[0], gpa, 64, next, 1);
		set(&table[1], gpa, 0, 0, 0);
	}
}

void fake_driver_lie(struct fake_driver *d, enum fake_lie lie)
{
	const uint32_t next = VRING_DESC_F_NEXT, write = VRING_DESC_F_WRITE;
	uint64_t gpa = d->config.gpa + fake_driver_bytes(d->config.size);
	uint32_t size = d->config.size, head = 0;

	for (uint32_t i = 0; i < 3; i++)
		set(&d->desc[i], gpa, 64, 0, 0);
	if (lie == FAKE_LIE_HEAD_TOO_LARGE) {
		head = size;
	} else if (lie == FAKE_LIE_HEAD_TWICE) {
		post(d, 0);
	} else if (lie == FAKE_LIE_AVAIL_JUMP) {
		d->avail_idx = (uint16_t)(d->avail_idx + size);
	} else if (lie == FAKE_LIE_NEXT_TOO_LARGE) {
		set(&d->desc[0], gpa, 64, next, size);
	} else if (lie == FAKE_LIE_LOOP) {
		set(&d->desc[0], gpa, 64, next, 1);
		set(&d->desc[1], gpa, 64, next, 0);
	} else if (lie == FAKE_LIE_LOOP_OF_ONE) {
		set(&d->desc[0], gpa, 64, next | write, 0);
	} else if (lie == FAKE_LIE_NO_BYTES) {
		set(&d->desc[0], gpa, 0, 0, 0);
	} else if (lie == FAKE_LIE_NO_BYTES_LATER) {
		set(&d->desc[0], gpa, 64, next, 1);
		set(&d->desc[1], gpa, 0, write, 0);
	} else if (lie == FAKE_LIE_READ_BEHIND_WRITE) {
		set(&d->desc[0], gpa, 64, next | write, 1);
	} else if (lie == FAKE_LIE_TOO_MANY_BYTES) {
		set(&d->desc[0], gpa, UINT32_MAX, next, 1);
		set(&d->desc[1], gpa, 1, 0, 0);
	} else {
		lie_of_table(d, lie, gpa);
	}
	post(d, head);
	publish(d);
}

void fake_driver_scribble(struct fake_driver *d, struct frame_random *random)
{
	uint32_t size = d->config.size, i = frame_random_below(random, size);
	uint16_t small = (uint16_t)frame_random_below(random, size + size / 8 + 1);
	struct vring_desc *desc = &d->desc[i];

	if (frame_random_below(random, 3) == 0)
		desc = &fake_driver_table(d, (uint16_t)i)[frame_random_below(random, 4)];
	switch (frame_random_below(random, 8)) {
	case 0:
		__atomic_store_n(&desc->addr, htole64((uint64_t)frame_random_next(random) << 20),
				 __ATOMIC_RELAXED);
		break;
	case 1:
		__atomic_store_n(&desc->len, htole32(frame_random_below(random, 8) * 16),
				 __ATOMIC_RELAXED);
		break;
	case 2:
	case 3:
		__atomic_store_n(&desc->flags, htole16((uint16_t)frame_random_below(random, 8)),
				 __ATOMIC_RELAXED);
		break;
	case 4:
		__atomic_store_n(&desc->next, htole16(small), __ATOMIC_RELAXED);
		break;
	case 5:
		__atomic_store_n(&d->avail->ring[i], htole16(small), __ATOMIC_RELAXED);
		break;
	case 6:
		__atomic_store_n(&desc->addr,
				 htole64(fake_driver_table_gpa(d, (uint16_t)(small % size))),
				 __ATOMIC_RELAXED);
		break;
	default:
		__atomic_store_n(&d->avail->idx,
				 htole16((uint16_t)(le16toh(d->avail->idx) +
						    frame_random_below(random, size))),
				 __ATOMIC_RELAXED);
	}
}
