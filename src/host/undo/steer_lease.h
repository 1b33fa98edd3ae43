/* SPDX-License-Identifier: BSD-2-Clause */
/* The lease under which an interface is steered. */
#ifndef NET_XDP_STEER_LEASE_H
#define NET_XDP_STEER_LEASE_H

#include "host/undo/steer.h"

/* Write the record of *s to a lease, and hold it. Return: 0; -EEXIST somebody has one; -errno. All with err
 * filled. */
int steer_lease_make(struct steer *s, const char *directory, struct net_error *err);

#endif
