// SPDX-License-Identifier: BSD-2-Clause
/* What an endpoint and its queues tell of themselves. Numbers that a running queue changes are read once,
 * each whole; the walk as a whole is no snapshot. */
#include "backend/inspect.h"
#include "xdp/endpoint.h"

const char *queue_error(struct net_queue *queue)
{
	return queue_of(queue)->failed ? "the device is gone: it was removed, or moved to another "
					 "network namespace"
				       : "";
}

void queue_outstanding(struct net_queue *queue, net_outstanding_fn *each, void *context)
{
	(void)queue, (void)each, (void)context;
}

void queue_inspect(struct net_queue *queue, struct net_inspector *to)
{
	inspect_queue_stats(queue, to);
}

void endpoint_inspect(struct net_endpoint *endpoint, struct net_inspector *to)
{
	inspect_facts(endpoint, to);
}
