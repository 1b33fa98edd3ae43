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

struct teller {
	net_outstanding_fn *each;
	void *context;
};

/* A packet of its own record is told once, by that. */
static void tell_entry(void *context, const struct inflight_entry *entry)
{
	const struct teller *to = context;

	if (entry->extra == INFLIGHT_NONE)
		to->each(to->context, false, entry->id);
}

void queue_outstanding(struct net_queue *queue, net_outstanding_fn *each, void *context)
{
	const struct net_xdp_queue *q = queue_of(queue);
	struct teller to = {each, context};

	for (uint32_t id = 0; id < q->rx_ids.id_limit; id++)
		if (q->rx_ids.record[id] != RX_FRONTEND)
			each(context, true, id);
	for (uint32_t i = q->done_head; i != q->done_tail; i++)
		each(context, false, q->done[i & q->done_mask]);
	inflight_each(&q->tx_inflight, tell_entry, &to);
	for (uint32_t i = 0; i < q->completion.entries; i++)
		if (q->tx_packet[i].descriptors)
			each(context, false, q->tx_packet[i].id);
}

void queue_inspect(struct net_queue *queue, struct net_inspector *to)
{
	inspect_queue_stats(queue, to);
}

void endpoint_inspect(struct net_endpoint *endpoint, struct net_inspector *to)
{
	inspect_facts(endpoint, to);
}
