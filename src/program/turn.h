/* SPDX-License-Identifier: BSD-2-Clause */
/* Whose turn is it on an interface? An XDP program of another process may be there. */
#ifndef NET_XDP_TURN_H
#define NET_XDP_TURN_H

#include "net_xdp.h"
#include "base/deadline.h"

/* Wait until the interface has no program, or a dispatcher that takes ours too; a program of this library
 * is waited for until the deadline. now: as it is seen, and as it was seen last. Return: 0; -EBUSY, or
 * -EOPNOTSUPP where ours can never run, -errno, with err filled. */
int turn_wait(const struct net_xdp_config *c, struct net_xdp_device *now, struct deadline *until,
	      struct net_error *err);

#endif
