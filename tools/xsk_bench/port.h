/* SPDX-License-Identifier: BSD-2-Clause */
/* One interface of a run: endpoint, queues, and what they say when they end. */
#ifndef BENCH_PORT_H
#define BENCH_PORT_H

#include "options.h"
#include "pool.h"

/* What is kept of a queue after its end. */
struct port_queue {
	struct net_queue *q; /* NULL: not made, or ended */
	struct net_xdp_report report;
	struct net_xdp_stats stats;
};

struct port {
	const char *ifname;
	uint8_t mac[6];
	struct net_endpoint *ep; /* NULL: not open */
	struct net_endpoint_facts facts;
	struct port_queue queues[BENCH_MAX_QUEUES];
	uint32_t queue_count;
	struct net_xdp_program_stats program;
};

/* The backend's configuration for these options; memory may be NULL to check or measure only. */
struct net_xdp_config port_config(const struct options *opt, const char *ifname, uint32_t rx_ids,
				  struct net_xdp_region *region);

/* Open the endpoint. Return: 0, -errno with err filled and nothing left behind. */
int port_open(struct port *p, const struct net_xdp_config *config, struct net_error *err);

/* Make the queues; every receive id of pools[i] is posted on queue i. Return: 0, -errno. */
int port_start(struct port *p, struct pool *const *pools, uint32_t count, struct net_error *err);

/* Read the last counters, end the queues and the endpoint. Return: 0, or the first -errno with err
 * filled; everything is given back either way. */
int port_close(struct port *p, struct net_error *err);

#endif
