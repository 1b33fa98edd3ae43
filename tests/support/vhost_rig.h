/* SPDX-License-Identifier: BSD-2-Clause */
/* Devices of xsk-vhost in this process, on a thread of their own: device 0 on v0, whose other end v1 is a packet socket
 * of the test. */
#ifndef SUPPORT_VHOST_RIG_H
#define SUPPORT_VHOST_RIG_H

#include <pthread.h>

#include "support/peer.h"
#include "support/vhost_guest.h"
#include "xsk_vhost/loop.h"

enum { RIG_DEVICES = 2 };

struct vhost_rig {
	struct device_options opt[RIG_DEVICES];
	struct device devices[RIG_DEVICES];
	uint32_t count;
	int stop_fd;
	pthread_t thread;
	struct net_error err;
	struct peer peer; /* on v1 */
};

/* A namespace with v0 and v1 (support/fixture.h), and socket paths in /tmp; change r->opt before vhost_rig_start(). */
void vhost_rig_enter(struct vhost_rig *r, uint32_t queues, uint32_t mtu);
/* A second device, on w0 with w1 behind it. */
void vhost_rig_add(struct vhost_rig *r);
void vhost_rig_start(struct vhost_rig *r);
/* End the devices' thread, and the devices. Descriptors must be as many as before the start. */
void vhost_rig_stop(struct vhost_rig *r);

/* A guest with rings of so many descriptors connects to a device and starts. */
void vhost_rig_join(struct vhost_rig *r, struct vhost_guest *g, uint32_t device, uint32_t ring_size,
		    uint64_t features);
/* Frames go through both ways, within seconds. */
void vhost_rig_expect_traffic(struct vhost_guest *g, struct peer *peer);
/* So long, the whole process has run on a CPU no longer than that. */
void vhost_rig_expect_idle(int for_ms, int cpu_ms);

/* What a device's pair 0 counted, ended queues included. The thread must not run. */
uint64_t vhost_rig_counter(struct vhost_rig *r, uint32_t device, uint32_t counter);

#endif
