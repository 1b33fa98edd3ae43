/* SPDX-License-Identifier: BSD-2-Clause */
/* What an interface does to frames before they reach us, and what that costs. */
#ifndef NET_XDP_OFFLOAD_H
#define NET_XDP_OFFLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net_xdp.h"

/* fd: any socket of the interface's network namespace. A netlink socket will do, so that none of
 * a protocol is needed that may not be built in, or not be allowed. Return: 0 or -errno. */
int offload_ethtool(int fd, const char *ifname, void *command);

/* Fill in the offloads of device, and of its peer_ifindex. What the kernel does not tell stays
 * unknown. */
void offload_query(int fd, struct net_xdp_device *device);

/* Tags that come out of band and are lost: which, and what to do; "" when there are none.
 * generic: the program runs there, where rx_vlan is not to be had. */
void offload_say_vlan(const struct net_xdp_device *device, bool rx_vlan, bool generic, char *out,
		      size_t size);

/* What is different in generic mode: "; ..." behind a sentence, or "". */
void offload_say_generic(const struct net_xdp_device *device, char *out, size_t size);

#endif
