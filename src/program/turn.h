/* SPDX-License-Identifier: BSD-2-Clause */
/* Whose turn is it on an interface? A program of another process may be attached. */
#ifndef NET_XDP_TURN_H
#define NET_XDP_TURN_H

#include "net_xdp.h"
#include "base/deadline.h"

/* Wait until the interface has no program, or a dispatcher that takes ours too. A program of this
 * library is waited for until the deadline, any other not at all. *now: the interface, as it was
 * seen before the call and as it was seen last. Return: 0; -EBUSY another program stays; -EOPNOTSUPP
 * ours can never run there; -errno; err is filled. */
int turn_wait(const struct net_xdp_config *c, struct net_xdp_device *now, struct deadline *until,
	      struct net_error *err);

#endif
