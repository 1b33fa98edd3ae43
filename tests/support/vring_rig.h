/* SPDX-License-Identifier: BSD-2-Clause */
/* A driver and a device of one ring over the same memory. */
#ifndef SUPPORT_VRING_RIG_H
#define SUPPORT_VRING_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "support/fake_driver.h"
#include "xsk_vhost/ring.h"

enum { VRING_RIG_BUFFERS = 1 << 20 };

struct vring_rig {
	/* Set by the test */
	uint32_t size;
	uint16_t start;
	bool event_idx, no_indirect;
	struct inflight_queue *inflight;

	struct fake_driver driver;
	struct ring ring;
	uint8_t *memory;
	uint64_t bytes;
	uint64_t buffers; /* the guest's address of memory for buffers */
	uint64_t token;	  /* of the last chain posted */
	void (*on_translate)(struct vring_rig *g);
};

/* Ends the test on failure. The memory ends at a page that nobody may touch. */
void vring_rig_open(struct vring_rig *g);
void vring_rig_close(struct vring_rig *g);
struct ring_config vring_rig_config(struct vring_rig *g, uint16_t base);
/* The device is gone without a word; another one comes. */
void vring_rig_reopen(struct vring_rig *g, uint16_t base);

/* Post out + in pieces of len bytes each, staged. Return: the head, or -ENOSPC. */
int vring_rig_post(struct vring_rig *g, uint32_t out, uint32_t in, uint32_t len, bool indirect);
/* Is the chain what vring_rig_post() posted? */
void vring_rig_expect_chain(const struct vring_rig *g, const struct ring_chain *c, uint32_t out,
			    uint32_t in, uint32_t len);
/* Collect one used entry; ends the test if the device did something wrong. used may be NULL. */
int vring_rig_collect(struct vring_rig *g, struct fake_used *used);
/* The ring has ended: nothing is popped, and not one byte of the memory is written. */
void vring_rig_expect_ended(struct vring_rig *g, int rc);

#endif
