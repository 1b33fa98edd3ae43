/* SPDX-License-Identifier: BSD-2-Clause */
/* An endpoint's actions: what happens to its interface and its program. */
#ifndef NET_XDP_ACTIONS_H
#define NET_XDP_ACTIONS_H

#include "host/netdev.h"
#include "xdp/endpoint.h"

/* Open the descriptors, which must be -1 before. Return: 0 or -errno. */
int actions_open(struct net_xdp_endpoint *ep);
/* Watch the interface to which the program was attached, in this thread's network namespace. The
 * sockets are made anew: what the old ones hold is of another interface or program. */
int actions_watch(struct net_xdp_endpoint *ep, struct net_error *err);
/* Return: true if the interface has left since it is watched, told or not, though it may be back. */
bool actions_was_away(const struct net_xdp_endpoint *ep);
/* The same, and where it is now. What the watching says of it is read away: only where no queue lives. */
bool actions_left(struct net_xdp_endpoint *ep, struct netdev_left *left);
/* Watch again after a restart was asked for, or another interface was found. The link's state is
 * told anew. */
int actions_resume(struct net_xdp_endpoint *ep, struct net_error *err);
void actions_close(struct net_xdp_endpoint *ep);

/* Operations of struct net_endpoint_ops. */
int actions_poll(struct net_endpoint *endpoint, struct net_action *out);
int actions_fd(struct net_endpoint *endpoint);

#endif
