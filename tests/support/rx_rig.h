/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Receiving on real interfaces: an endpoint on v0, a packet socket on v1 that sends numbered frames.
 *
 *     struct rx_rig r;
 *     rx_rig_prepare(&r, 1, 1500);          a namespace, 1 queue; change r.x.config
 *     rx_rig_start(&r, 1, 256);             one queue of ours, ids 0..255 posted
 *     rx_rig_send(&r, 100, 7);              frame 7, of 100 bytes
 *     rx_rig_receive(&r, 0, ids, 1);        must come
 *     rx_rig_expect(&r, ids[0], 100, 7);
 *     rx_rig_balance(&r, 1);                1 frame was sent: received, or in a named counter
 *     rx_rig_close(&r);
 */
#ifndef SUPPORT_RX_RIG_H
#define SUPPORT_RX_RIG_H

#include "support/frame.h"
#include "support/frontend_xdp.h"
#include "support/netns.h"
#include "support/peer.h"

/* No test depends on speed: this long is only waited when something is wrong. */
#define RX_RIG_DEADLINE_MS 20000

struct rx_rig {
	struct frontend_xdp x;
	struct peer peer;
	uint32_t waiting; /* frames that rx_rig_expect_no_buffer() has left on the wire */
};

void rx_rig_prepare(struct rx_rig *r, unsigned int queues, unsigned int mtu);
/* Replace the frontend's memory by one with this much, and ids 0..id_count-1. */
void rx_rig_memory(struct rx_rig *r, uint64_t size_bytes, uint32_t id_count);
void rx_rig_start(struct rx_rig *r, uint32_t queues, uint32_t buffers);
void rx_rig_close(struct rx_rig *r);

/* Frame n: its bytes depend on n and len alone, n is its source address; len >= 14. */
void rx_rig_frame(uint8_t *out, uint32_t len, uint32_t n);
/* A length from min to max that depends on n alone. */
uint32_t rx_rig_len(uint32_t n, uint32_t min, uint32_t max);

void rx_rig_send(struct rx_rig *r, uint32_t len, uint32_t n);
/* From now on frames arrive at this hardware queue of v0. With generic attach the veth pair needs one
 * queue more than are used. */
void rx_rig_use_queue(struct rx_rig *r, uint32_t hardware_queue);
/* Poll until count frames are here; they must come. */
void rx_rig_receive(struct rx_rig *r, uint32_t queue, uint32_t *ids, uint32_t count);
/* The number of a received frame, as it says itself. */
uint32_t rx_rig_number(struct rx_rig *r, uint32_t id);
/* It must be frame n, exact to the byte. */
void rx_rig_expect(struct rx_rig *r, uint32_t id, uint32_t len, uint32_t n);
/* What was received in this buffer may be in the memory: the frame, and what a driver writes in front
 * of it. */
void rx_rig_allow(struct rx_rig *r, uint32_t id);

uint64_t rx_rig_counter(struct rx_rig *r, enum net_xdp_counter counter); /* of queue 0 */
struct net_xdp_program_stats rx_rig_program(struct rx_rig *r);

/* Wait until the counter of queue 0 is this; it must not be more. */
void rx_rig_wait_counter(struct rx_rig *r, enum net_xdp_counter counter, uint64_t value);
/* So many frames have found no buffer of queue 0 so far: the kernel drops and counts them on veth; a
 * NIC leaves them on the wire until there is one. */
void rx_rig_expect_no_buffer(struct rx_rig *r, uint32_t frames);
/* Poll queue 0 until this counter of frames that we drop has the value; no id may come. */
void rx_rig_poll_drops(struct rx_rig *r, enum net_xdp_counter counter, uint64_t value);

/* So many frames were sent in all: do received frames and named counters add up to that by now? */
bool rx_rig_is_balanced(struct rx_rig *r, uint64_t sent);
/* So many frames were sent in all, and what arrived has been polled: wait until received frames and
 * named counters add up to that number, which they must. */
void rx_rig_balance(struct rx_rig *r, uint64_t sent);

#endif
