/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's side of the four rings, stepped by hand in the same thread. The queue's data calls are
 * the real ones; only the memory behind the rings is ours. Nothing here reuses the library's ring
 * code: it is the other opinion on the ABI (Documentation/networking/af_xdp.rst).
 */
#ifndef FAKE_KERNEL_H
#define FAKE_KERNEL_H

#include <linux/if_xdp.h>
#include <stdbool.h>
#include <stdint.h>

#include "net_xdp.h"
#include "support/frontend.h"
#include "xdp/endpoint.h"

struct fake_ring {
	uint32_t producer, consumer, flags;
	uint32_t entries;
	void *entry;
};

struct fake_kernel {
	struct net_xdp_endpoint endpoint; /* only what a queue looks at */
	struct net_xdp_queue queue;
	struct fake_ring fill, completion, rx, tx;
	struct frontend *frontend;
};

/* What the kernel took from the TX ring. */
struct fake_packet {
	uint8_t bytes[16384];
	uint32_t len;
	uint32_t descriptors;
	uint64_t address[32];
};

/* A queue over the frontend's memory whose ring indices all start at `start`. The configuration's
 * interface and regions are set here. Ends the test on failure. */
void fake_open(struct fake_kernel *k, struct net_xdp_config config, struct frontend *f,
	       uint32_t start);
void fake_close(struct fake_kernel *k);

/* Chunks that the kernel holds in the fill ring. */
uint32_t fake_filled(const struct fake_kernel *k);
/* Take the next fill entry. Return: false when the ring is empty. */
bool fake_take_fill(struct fake_kernel *k, uint64_t *address);
/* Is a fill entry one that the real kernel would accept? */
bool fake_fill_is_valid(const struct fake_kernel *k, uint64_t address);
/* Put a frame (or a piece of one) into a chunk and its descriptor into the RX ring. shift: how much
 * further back than usual the driver puts it. */
bool fake_receive_into(struct fake_kernel *k, uint64_t fill_address, const void *bytes,
		       uint32_t len, uint32_t options, uint32_t shift);
/* The usual way: next fill entry, one descriptor. Return: false when a ring says no. */
bool fake_receive(struct fake_kernel *k, const void *bytes, uint32_t len);

/* Take one packet from the TX ring as the kernel would, checking every descriptor. */
bool fake_transmit(struct fake_kernel *k, struct fake_packet *packet);
/* Complete one address, with bit 0 cleared as copy mode does. */
void fake_complete(struct fake_kernel *k, uint64_t address);

#endif
