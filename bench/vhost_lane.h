/* SPDX-License-Identifier: BSD-2-Clause */
/* A queue pair of xsk-vhost for vhost-bench, with a guest whose steps are made in the same thread. In a file of its own
 * because net_xdp and xsk-vhost each have a struct ring. */
#ifndef BENCH_VHOST_LANE_H
#define BENCH_VHOST_LANE_H

#include "net_xdp.h"

enum {
	VHOST_LANE_BATCH = 64,
	VHOST_LANE_BYTES = 4 << 20, /* of guest memory */
};

struct vhost_lane_config {
	struct net_queue *queue;
	uint64_t gpa;
	uint8_t *memory;
	const uint8_t *packet; /* what the guest sends, and to whom it listens */
	uint32_t packet_bytes;
	uint32_t checksum_start_bytes, checksum_field_bytes; /* 0, 0: the guest asks for none */
};

/* There is one. Return: 0, or -errno with err filled. */
int vhost_lane_open(const struct vhost_lane_config *config, struct net_error *err);

/* The guest: post receive buffers that it has, or so many packets. */
void vhost_lane_post_buffers(void);
void vhost_lane_post_packets(uint32_t count);
/* Take back what the device has used. Return: how many. A device that breaks the rules ends the program. */
uint32_t vhost_lane_received(void);
uint32_t vhost_lane_sent(void);

/* One pass of the pair. Return: was there anything to do? */
bool vhost_lane_pass(void);
/* The same: what is measured. */
bool measured_pass(void);

#endif
