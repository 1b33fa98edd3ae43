/* SPDX-License-Identifier: BSD-2-Clause */
/* An endpoint around another endpoint: forwards every call and counts it. It knows nothing of what
 * is inside, which shows that the contract can be wrapped. */
#ifndef SUPPORT_WRAP_H
#define SUPPORT_WRAP_H

#include <stdint.h>

#include "net_backend.h"

struct wrap_queue {
	struct net_queue base;
	struct net_queue *inner;
	/* calls: */
	uint64_t rx_avail, rx_poll, tx_avail, tx_poll, poll_ready, ready_fd, update_target_vp,
		stats;
};

struct wrap_endpoint {
	struct net_endpoint base;
	struct net_endpoint *inner;
	uint64_t facts, get_queues, stop, poll_action, action_fd;
};

/* Return: the wrapper; destroying it destroys inner. Queues that it makes are struct wrap_queue. */
struct net_endpoint *wrap_open(struct net_endpoint *inner);

#endif
