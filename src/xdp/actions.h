/* SPDX-License-Identifier: BSD-2-Clause */
/* An endpoint's actions: what happens to its interface and its program. */
#ifndef NET_XDP_ACTIONS_H
#define NET_XDP_ACTIONS_H

#include "xdp/endpoint.h"

/* The descriptors, which have to be -1 before. Return: 0 or -errno. */
int actions_open(struct net_xdp_endpoint *ep);
/* The program was attached, in this thread's network namespace: look at its interface from now on. With
 * new sockets, because what the old ones hold is of another interface or program. */
int actions_watch(struct net_xdp_endpoint *ep, struct net_error *err);
/* The same, after a restart was asked for or another interface was found: its link is told anew. */
int actions_resume(struct net_xdp_endpoint *ep, struct net_error *err);
void actions_close(struct net_xdp_endpoint *ep);

/* Of struct net_endpoint_ops. */
int actions_poll(struct net_endpoint *endpoint, struct net_action *out);
int actions_fd(struct net_endpoint *endpoint);

#endif
