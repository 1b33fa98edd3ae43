/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel as the network namespace knows it that an endpoint was opened in. A socket belongs to its
 * namespace for good, whichever namespace the thread is in that uses it; so everything that is asked
 * later is asked here, by any thread (see netlink.h). What reads /sys and /proc goes by the mounts, and
 * nothing read there by us differs between network namespaces.
 */
#ifndef NET_XDP_HOST_H
#define NET_XDP_HOST_H

#include <stdbool.h>

#include "host/netlink.h"

/* Which network namespace. The number of its inode is used again when it has ended, its cookie
 * (SO_NETNS_COOKIE, 5.14) is not, until the next boot. 0: not known. */
struct netns {
	uint64_t inode;
	uint64_t cookie;
};

struct host {
	struct netlink route; /* its socket takes the ethtool ioctl as well */
	struct netlink generic;
	uint16_t family; /* of generic netlink: "netdev"; 0: the kernel has none (before 6.3) */
	struct netns netns;
};

/* In the namespace of the calling thread. Return: 0 or -errno; after an error nothing is open. */
int host_open(struct host *h);

/* Legal after a host_open() that failed. */
void host_close(struct host *h);

/* Is the calling thread in this namespace? For calls that the kernel refers to the caller's: a socket
 * that is made, a program that is attached. Before 5.14 nobody can tell, and true. */
bool host_is_here(const struct host *h);

/* Has that namespace ended, for certain? here: a living one. */
bool netns_has_ended(const struct netns *netns, const struct netns *here);

#endif
