/* SPDX-License-Identifier: BSD-2-Clause */
/* A loopback endpoint, in a wrapper where the environment says so (support/wrapped.h), and its frontend. */
#ifndef SUPPORT_LOOP_H
#define SUPPORT_LOOP_H

#include "net_backend.h"
#include "support/frontend.h"

#define LOOP_MEMORY  (1u << 20)
#define LOOP_IDS     512u
#define LOOP_BUFFER  1024u /* stride of the receive buffers: 12 of header, 1000 of capacity */
#define LOOP_TX_BASE (FRONTEND_BASE + 768 * 1024)

struct loop {
	struct frontend f;
	struct net_endpoint *ep;
	struct net_queue *queues[8];
	uint32_t queue_count;
	struct frontend_list list;
	uint32_t ids[LOOP_IDS];
};

void loop_open(struct loop *x, uint32_t queues, const struct net_rss_config *rss);
void loop_close(struct loop *x);
/* Make the queues, and destroy those that there are. */
void loop_start(struct loop *x, const struct net_rss_config *rss);
void loop_stop(struct loop *x);

/* Put a seeded frame at a place of the transmit area and name it in the list. */
struct net_tx_metadata *loop_put(struct loop *x, uint32_t place, uint32_t len, uint64_t seed);
/* The id has the frame of this seed. */
void loop_expect(struct loop *x, uint32_t id, uint32_t len, uint64_t seed);
struct net_queue_stats loop_stats(struct net_queue *q);

#endif
