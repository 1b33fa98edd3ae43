/* SPDX-License-Identifier: BSD-2-Clause */
/* What this machine has in the caller's network namespace: links, addresses, ways out of it. */
#ifndef COMMON_HOST_NET_H
#define COMMON_HOST_NET_H

#include <stdbool.h>
#include <stdint.h>

struct host_link {
	uint32_t ifindex;
	uint32_t master; /* ifindex of the bridge, bond, ... that it is a port of; 0 none */
	uint32_t below;	 /* ifindex of the device that a VLAN, macvlan, ... lies on; 0 none */
	bool addressed;	 /* has an address of the host that others can reach */
	bool promiscuous;
	bool has_mac;
	uint8_t mac[6];
	char name[16];
	char port_kind[16]; /* what the master is: "bridge", "bond", ...; "" no master */
};

struct host_address {
	uint32_t ifindex;
	char text[52]; /* "192.0.2.1/24" */
};

struct host_net {
	struct host_link *links;
	uint32_t link_count;
	struct host_address *addresses; /* all but IPv6 link-local ones */
	uint32_t address_count;
	uint32_t *exits; /* ifindex for each next hop of each default route, v4 and v6, any table */
	uint32_t exit_count;
	uint32_t ssh_exit; /* ifindex of the route back to the SSH client; 0: none, or no SSH */
	uint16_t ssh_port; /* of the server, at this end; 0 unknown */
	char ssh_client[64];
};

/* Return: 0 and *net, to be freed by host_net_free(); -errno, then *net is empty. */
int host_net_read(struct host_net *net);
void host_net_free(struct host_net *net);

/* NULL: no such interface */
const struct host_link *host_net_link(const struct host_net *net, uint32_t ifindex);

/* Does the device get its frames through the interface? So does what is above it: a bridge or bond
 * that it is a port of, a VLAN or macvlan on it, and so on upwards; and itself. */
bool host_net_lies_on(const struct host_net *net, uint32_t device, uint32_t ifindex);

#endif
