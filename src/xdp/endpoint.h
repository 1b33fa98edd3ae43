/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_XDP_ENDPOINT_H
#define NET_XDP_ENDPOINT_H

#include "net_xdp.h"
#include "xdp/host.h"
#include "xdp/memory.h"
#include "xdp/program.h"
#include "xdp/queue.h"

struct net_xdp_endpoint {
	struct net_endpoint base;
	struct net_xdp_config config; /* ifname points at device.ifname */
	struct net_xdp_device device; /* as found when the program was attached */
	struct net_endpoint_facts facts;
	struct host host; /* the network namespace of open: everything is asked there */
	struct memory memory;
	struct program program;
	uint32_t queues_alive; /* atomic: queues end in their own threads */
	int umem_fd;	       /* the first queue's socket while get_queues runs */

	int events_fd;
	bool link_up;	/* as last reported */
	bool link_lost; /* events were lost, and asking again has failed so far */
	bool gone;	/* the restart was asked for */
};

static inline struct net_xdp_endpoint *endpoint_of(struct net_endpoint *ep)
{
	return (struct net_xdp_endpoint *)((char *)ep - offsetof(struct net_xdp_endpoint, base));
}

#endif
