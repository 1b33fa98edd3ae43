/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's side of the four rings, stepped by hand in the same thread. The queue's data calls are
 * the real ones; only the memory behind the rings is ours. Nothing here reuses the library's ring
 * code: it is the other opinion on the ABI (Documentation/networking/af_xdp.rst).
 *
 * Indices are published late. What the functions below do is done in the rings' entries and in the
 * kernel's own indices at once; the shared word of each ring follows later, one store at a time, before,
 * between and after the data calls: the queue's operations (fake_kernel_calls.c) make each call of a test
 * into several, until what that call is about was seen. A kernel publishes in its own order (RX ring, fill
 * ring; completion ring, TX ring: xsk_flush(), xsk_generic_xmit()) or, as another processor may see it, in
 * any order and index by index. Seed and order are drawn in fake_open() and printed; FAKE_KERNEL_SEED
 * repeats them. A test that looks behind the calls, or counts system calls, says fake_settle() first.
 */
#ifndef FAKE_KERNEL_H
#define FAKE_KERNEL_H

#include <linux/if_xdp.h>
#include <stdbool.h>
#include <stdint.h>

#include "net_xdp.h"
#include "support/frame.h"
#include "support/frontend.h"
#include "xdp/endpoint.h"

struct fake_ring {
	uint32_t producer, consumer, flags; /* shared words */
	uint32_t kernel; /* the kernel's own index: what will be in its shared word */
	uint32_t *published;
	uint32_t entries;
	void *entry;
};

#define FAKE_RINGS 4

struct fake_kernel {
	struct net_xdp_endpoint endpoint; /* only what a queue looks at */
	struct net_xdp_queue queue;
	struct fake_ring fill, completion, rx, tx;
	struct frontend *frontend;
	struct fake_ring *ring[FAKE_RINGS]; /* in the order in which the kernel publishes */
	bool any_order;
	uint32_t lateness; /* of so many chances to publish one is used */
	struct frame_random random;
	uint64_t stores; /* so far */
};

/* What the kernel took from the TX ring. */
struct fake_packet {
	uint8_t bytes[16384];
	uint32_t len;
	uint32_t descriptors;
	uint32_t requests; /* checksums that the kernel was asked for */
	uint64_t address[32];
};

/* A queue over the frontend's memory whose ring indices all start at `start`. The configuration's
 * interface and regions are set here. Ends the test on failure. */
void fake_open(struct fake_kernel *k, struct net_xdp_config config, struct frontend *f,
	       uint32_t start);
void fake_close(struct fake_kernel *k);
/* From now on each fake_open() takes this seed, and prints none. */
void fake_use_seed(uint64_t seed);

/* How many steps a test of random ones takes: usual, or FAKE_KERNEL_STEPS. */
uint64_t fake_steps(uint64_t usual);
/* One store of an index that the kernel has not published yet. Return: false when there is none. */
bool fake_publish(struct fake_kernel *k);
/* All of them. What the kernel does within a system call of ours is seen when the call returns. */
void fake_settle(struct fake_kernel *k);
/* What the queue's data calls are in a test. */
extern const struct net_queue_ops fake_calls;

/* Chunks that the kernel holds in the fill ring. */
uint32_t fake_filled(const struct fake_kernel *k);
/* Take the next fill entry. Return: false when the ring is empty. */
bool fake_take_fill(struct fake_kernel *k, uint64_t *address);
/* Is a fill entry one that the real kernel would accept? */
bool fake_fill_is_valid(const struct fake_kernel *k, uint64_t address);
/* Where the bytes of a UMEM offset are for a second opinion: through the frontend's mapping when it
 * is its memory, so that a sealed one can be looked at. */
uint8_t *fake_view(const struct fake_kernel *k, uint64_t offset);
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
