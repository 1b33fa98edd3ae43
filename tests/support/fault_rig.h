/* SPDX-License-Identifier: BSD-2-Clause */
/* An endpoint on v0, whose life is lived again and again while one thing fails in it. With one queue v0's only NAPI is
 * known, so that its deferral can be set, and leases are made in a /run of the test's own. */
#ifndef SUPPORT_FAULT_RIG_H
#define SUPPORT_FAULT_RIG_H

#include "support/frontend_xdp.h"

/* A namespace with v0 and v1, so many queues each. */
void fault_rig_enter(uint32_t queue_count);
/* An endpoint with so much memory, and one life in which nothing fails. configure: NULL none. */
void fault_rig_here(struct frontend_xdp *x, uint64_t bytes,
		    void (*configure)(struct net_xdp_config *));
/* Both. */
void fault_rig_prepare(struct frontend_xdp *x, uint32_t queue_count,
		       void (*configure)(struct net_xdp_config *));

/* Open and start; on success, end it again. Return: the result of what failed first. */
int fault_rig_life(struct frontend_xdp *x);

/* A result less than 0 has its sentence, and nothing is left: descriptors, mappings, program, lease. what: for the
 * message. */
void fault_rig_expect(struct frontend_xdp *x, int rc, const char *what, unsigned int k);

/* The k-th call fails, for each k there is (call NULL: of any name, see support/fault.h); at least so many of them
 * must matter. */
void fault_rig_each(const char *call, int error, uint32_t queue_count,
		    void (*configure)(struct net_xdp_config *), unsigned int least);

/* No call fails, but in front of the k-th one descriptor 0 becomes free, for each k there is: whoever gets it uses it
 * like any other, and gives it back. */
void fault_rig_each_descriptor_0(uint32_t queue_count, void (*configure)(struct net_xdp_config *));

#endif
