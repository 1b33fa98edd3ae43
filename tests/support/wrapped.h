/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any test's endpoint in a wrapper, to show that nothing but the wrapper's own task changes. The
 * environment says which: NET_XDP_TEST_WRAP unset or "" none,
 *
 *     capture          a capture that is on, of every queue, to /dev/null
 *     capture-off      a capture that is off
 *     disconnectable   a disconnectable whose cable is in
 *     both             a capture that is on around a disconnectable
 */
#ifndef SUPPORT_WRAPPED_H
#define SUPPORT_WRAPPED_H

#include "net_wrap.h"

/* Return: inner, or the wrapper around it, whose end is inner's too. */
struct net_endpoint *wrapped(struct net_endpoint *inner);

/* The queue inside all wrappers, q itself where there is none: for a look inside it. */
struct net_queue *wrapped_inner(struct net_queue *q);
/* The same of an endpoint. */
struct net_endpoint *wrapped_inner_endpoint(struct net_endpoint *ep);

#endif
