/* SPDX-License-Identifier: BSD-2-Clause */
/* A loopback in a capture: what is sent on a queue arrives on it, and both is in the file. */
#ifndef SUPPORT_CAPTURE_RIG_H
#define SUPPORT_CAPTURE_RIG_H

#include "net_wrap.h"
#include "support/frontend.h"
#include "support/pcapng_reader.h"

enum { CAPTURE_RIG_IDS = 512, CAPTURE_RIG_QUEUES = 4, CAPTURE_RIG_CAPACITY = 1000 };

struct capture_rig {
	struct frontend f;
	struct net_endpoint *ep;
	struct net_queue *queues[CAPTURE_RIG_QUEUES];
	uint32_t queue_count;
	struct frontend_list list;
	uint32_t ids[CAPTURE_RIG_IDS];
	char path[64];
	struct net_capture_config config; /* of the next start: path, the rest as by default */
};

void capture_rig_open(struct capture_rig *r, uint32_t queues);
void capture_rig_close(struct capture_rig *r);

void capture_rig_start(struct capture_rig *r);
/* Must end without an error. Return: how it went. */
struct net_capture_stats capture_rig_stop(struct capture_rig *r);

/* Put a frame of the sequence into place and list. Return: its metadata. */
struct net_tx_metadata *capture_rig_put(struct capture_rig *r, uint32_t place, uint32_t len,
					uint64_t seed);
/* Send the list through a queue, take as many frames from it and post their ids again. */
void capture_rig_pass(struct capture_rig *r, uint32_t queue);

/* The packet's bytes are those of capture_rig_put(), but for what is over the snap length. */
void capture_rig_expect(const struct read_packet *p, uint32_t len, uint64_t seed);

#endif
