/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's driver of one split virtqueue, stepped by hand over memory that a device sees too. Nothing here
 * reuses the device's code: it is the other opinion on virtio 1.2, 2.7. It checks what the device gives back,
 * and can break each of the driver's rules.
 *
 *     | descriptors | avail ring | used ring | indirect tables, one a head | the caller's buffers ...
 */
#ifndef SUPPORT_FAKE_DRIVER_H
#define SUPPORT_FAKE_DRIVER_H

#include <linux/virtio_ring.h>
#include <stdbool.h>
#include <stdint.h>

#include "support/frame.h"

enum { FAKE_DRIVER_TABLE = 128 }; /* most entries of an indirect table */

struct fake_driver_config {
	uint8_t *memory; /* page-aligned, fake_driver_bytes() and what the buffers need */
	uint64_t gpa;	 /* the guest's address of memory */
	uint32_t size;
	uint16_t start; /* all indices begin here */
	bool event_idx;
};

struct fake_piece {
	uint64_t gpa;
	uint32_t len;
	bool write;
};

/* What the driver knows about a head that the device has. */
struct fake_posted {
	bool is_out;
	uint64_t token;
	uint32_t in_bytes;
	uint16_t descriptors; /* of the table that it uses */
};

struct fake_used {
	uint16_t head;
	uint64_t token;
	uint32_t len;
};

struct fake_driver {
	struct fake_driver_config config;
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	struct fake_posted *posted;
	uint16_t *next_free;
	uint16_t first_free;
	uint32_t free_descriptors, outstanding;
	uint16_t avail_idx;  /* with what is staged */
	uint16_t kicked_idx; /* at the last fake_driver_publish() */
	uint16_t last_used;
	char fault[160]; /* what the device did wrong */
};

/* How many bytes rings and tables take; the first of the caller's buffers may stand behind them. */
uint64_t fake_driver_bytes(uint32_t size);

void fake_driver_open(struct fake_driver *d, const struct fake_driver_config *config);
void fake_driver_close(struct fake_driver *d);

void *fake_driver_at(const struct fake_driver *d, uint64_t gpa);
struct vring_desc *fake_driver_table(const struct fake_driver *d, uint16_t head);
uint64_t fake_driver_table_gpa(const struct fake_driver *d, uint16_t head);

/* Post a chain, staged. Return: its head, or -ENOSPC. */
int fake_driver_post(struct fake_driver *d, const struct fake_piece *pieces, uint32_t count,
		     bool indirect, uint64_t token);
/* Let the device see what was posted. Return: true when it wants a kick. */
bool fake_driver_publish(struct fake_driver *d);

/* Collect one used entry. Return: 1; 0 none; -EPROTO: d->fault says what the device did wrong. */
int fake_driver_collect(struct fake_driver *d, struct fake_used *out);

/* Ask for a call at the next used entry, and look again. Return: true when there is one already. */
bool fake_driver_arm_call(struct fake_driver *d);
void fake_driver_disarm_call(struct fake_driver *d);

/* What Linux does at a reset (virtqueue_detach_unused_buf): take a buffer back, lower the avail index. */
void fake_driver_take_back(struct fake_driver *d);

/* ---- Lies: fake_driver_lies.c ----------------------------------------------------------------- */

enum fake_lie {
	FAKE_LIE_HEAD_TOO_LARGE,
	FAKE_LIE_HEAD_TWICE,
	FAKE_LIE_AVAIL_JUMP,
	FAKE_LIE_NEXT_TOO_LARGE,
	FAKE_LIE_LOOP,
	FAKE_LIE_LOOP_OF_ONE,
	FAKE_LIE_NO_BYTES,
	FAKE_LIE_NO_BYTES_LATER,
	FAKE_LIE_READ_BEHIND_WRITE,
	FAKE_LIE_TOO_MANY_BYTES,
	FAKE_LIE_TABLE_EMPTY,
	FAKE_LIE_TABLE_ODD,
	FAKE_LIE_TABLE_OUTSIDE,
	FAKE_LIE_TABLE_WRAPS,
	FAKE_LIE_TABLE_IN_TABLE,
	FAKE_LIE_TABLE_AND_NEXT,
	FAKE_LIE_TABLE_NEXT_TOO_LARGE,
	FAKE_LIE_TABLE_LOOP,
	FAKE_LIE_TABLE_READ_BEHIND_WRITE,
	FAKE_LIE_TABLE_NO_BYTES,
	FAKE_LIES,
};

const char *fake_lie_name(enum fake_lie lie);
/* Needs a size of 4 or more, and a driver that has posted nothing but what the device took. Published. The
 * driver's own books are of no use afterwards. */
void fake_driver_lie(struct fake_driver *d, enum fake_lie lie);

/* Overwrite one word of descriptors, tables, avail ring or used ring with something likely to hurt. */
void fake_driver_scribble(struct fake_driver *d, struct frame_random *random);

#endif
