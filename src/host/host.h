/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel, as seen from the network namespace in which an endpoint was opened. A socket belongs to
 * one network namespace for good, whichever namespace the thread that uses it is in. So an endpoint
 * asks all its questions through the sockets of its struct host, in any thread (see netlink.h). What is
 * read in /sys and /proc depends on the mounts, but nothing that we read there differs between network
 * namespaces.
 */
#ifndef NET_XDP_HOST_H
#define NET_XDP_HOST_H

#include <stdbool.h>

#include "host/netlink.h"

/* A network namespace. The number of its inode is used again after its end; its cookie
 * (SO_NETNS_COOKIE, 5.14) is not used again before the next boot. 0: unknown. */
struct netns {
	uint64_t inode;
	uint64_t cookie;
};

struct host {
	struct netlink route; /* rtnetlink; its socket takes ethtool ioctls as well */
	struct netlink generic;
	/* id of the generic netlink family "netdev"; 0 if the kernel has none (before 6.3) */
	uint16_t family;
	struct netns netns;
};

/* Open the sockets in the calling thread's network namespace. Return: 0; -errno, and nothing is
 * open. */
int host_open(struct host *h);

/* Legal after a host_open() that failed. */
void host_close(struct host *h);

/* Return: true if the calling thread is in this network namespace, or the kernel cannot tell (before
 * 5.14). For calls that act on the caller's namespace: making a socket, attaching a program. */
bool host_is_here(const struct host *h);

/* Return: true if the namespace has certainly ended. here: a namespace that lives. */
bool netns_has_ended(const struct netns *netns, const struct netns *here);

#endif
