/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Does this machine need an interface's frames for itself? A tool that takes them all cuts off
 * whoever is logged in over it. For xsk-bench and xsk-info.
 *
 * host_net_read() asks rtnetlink about the caller's network namespace, host_way_of() judges: the
 * second is pure. Devices above an interface (a bridge or bond that it is a port of, a VLAN or
 * macvlan on it, and so on upwards) get their frames through it, so their addresses and routes count.
 */
#ifndef COMMON_HOST_WAY_H
#define COMMON_HOST_WAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct host_link {
	uint32_t ifindex;
	uint32_t master; /* ifindex of the bridge, bond, ... that it is a port of; 0 none */
	uint32_t below;	 /* ifindex of the device that a VLAN, macvlan, ... lies on; 0 none */
	bool addressed;	 /* has an address of the host that others can reach */
	bool has_mac;
	uint8_t mac[6];
	char name[16];
};

struct host_net {
	struct host_link *links;
	uint32_t link_count;
	uint32_t *exits; /* ifindex for each next hop of each default route, v4 and v6, any table */
	uint32_t exit_count;
	uint32_t ssh_exit; /* ifindex of the route back to the SSH client; 0: none, or no SSH */
	char ssh_client[64];
};

enum host_verdict {
	HOST_FREE,    /* nothing of the host comes through the interface */
	HOST_CARRIED, /* its addresses, or some of its ways to the world */
	HOST_ONLY,    /* all of its default routes, or the SSH client's way */
};

struct host_way {
	enum host_verdict verdict;
	char sentence[200]; /* why; "" when HOST_FREE */
};

/* Which frames are taken: count 0, all; else those to these destination MACs. */
struct host_taken {
	const uint8_t (*macs)[6];
	uint32_t count;
};

/* Return: 0 and *net, to be freed by host_net_free(); -errno, then *net is empty. */
int host_net_read(struct host_net *net);
void host_net_free(struct host_net *net);

/* NULL: no such interface */
const struct host_link *host_net_link(const struct host_net *net, uint32_t ifindex);

struct host_way host_way_of(const struct host_net *net, uint32_t ifindex,
			    const struct host_taken *taken);

#endif
