/* SPDX-License-Identifier: BSD-2-Clause */
/* The operations in which a backend without a NIC does nothing: no completion comes later, there is
 * no interrupt to move, and no link changes. */
#ifndef NET_NOTHING_H
#define NET_NOTHING_H

#include "net_backend.h"

int nothing_tx_poll(struct net_queue *q, struct net_buffer_access *pool, uint32_t *ids,
		    uint32_t count);
void nothing_update_target_vp(struct net_queue *q, uint32_t cpu);
int nothing_poll_action(struct net_endpoint *ep, struct net_action *out);
int nothing_action_fd(struct net_endpoint *ep);
const char *nothing_error(struct net_queue *q);

#endif
