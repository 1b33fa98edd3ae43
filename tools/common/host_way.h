/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Does this machine need an interface's frames for itself? A tool that takes them all cuts off
 * whoever is logged in over it. Addresses and routes of devices above an interface count, see
 * host_net_lies_on().
 */
#ifndef COMMON_HOST_WAY_H
#define COMMON_HOST_WAY_H

#include "host_net.h"

enum host_verdict {
	HOST_FREE,    /* nothing of the host comes through the interface */
	HOST_CARRIED, /* its addresses, or some of its ways to the world */
	HOST_ONLY,    /* all of its default routes, or the SSH client's way */
};

struct host_way {
	enum host_verdict verdict;
	bool by_ssh;	    /* HOST_ONLY, because an SSH client is reached by it */
	char sentence[200]; /* why; "" when HOST_FREE */
};

/* Which frames are taken: count 0, all; else those to these destination MACs. */
struct host_taken {
	const uint8_t (*macs)[6];
	uint32_t count;
};

/* Pure: asks nobody but net. */
struct host_way host_way_of(const struct host_net *net, uint32_t ifindex,
			    const struct host_taken *taken);

#endif
