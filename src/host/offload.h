/* SPDX-License-Identifier: BSD-2-Clause */
/* What an interface does to frames before we get them, and what that costs. */
#ifndef NET_XDP_OFFLOAD_H
#define NET_XDP_OFFLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net_xdp.h"

/* Run an ethtool ioctl. fd: any socket of the interface's network namespace. A netlink socket will
 * do, so no socket of a protocol is needed that may not be built in or not be allowed. Return: 0 or
 * -errno. */
int offload_ethtool(int fd, const char *ifname, void *command);

/* Fill in the offloads of device and of its peer_ifindex. Those that the kernel does not tell stay
 * unknown. */
void offload_query(int fd, struct net_xdp_device *device);

/* Say which VLAN tags arrive outside their frame and are lost, and what to do; "" if none are.
 * generic: the program runs in generic mode, which has no rx_vlan. */
void offload_say_vlan(const struct net_xdp_device *device, bool rx_vlan, bool generic, char *out,
		      size_t size);

/* Return: true if one frame may be several packets in generic mode: joined on this side of the wire,
 * or never cut by a local sender. What is not known counts as switched on. */
bool offload_joins(const struct net_xdp_device *device);

/* Say what is different in generic mode: "; ..." to append to a sentence, or "". */
void offload_say_generic(const struct net_xdp_device *device, char *out, size_t size);

#endif
