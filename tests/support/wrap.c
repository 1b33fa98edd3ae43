// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>

#include "support/wrap.h"

static uint32_t wrap_rx_avail(struct net_queue *base, struct net_buffer_access *pool,
			      const uint32_t *ids, uint32_t count)
{
	struct wrap_queue *q = (struct wrap_queue *)base;

	q->rx_avail++;
	return net_queue_rx_avail(q->inner, pool, ids, count);
}

static int wrap_rx_poll(struct net_queue *base, struct net_buffer_access *pool, uint32_t *ids,
			uint32_t count)
{
	struct wrap_queue *q = (struct wrap_queue *)base;

	q->rx_poll++;
	return net_queue_rx_poll(q->inner, pool, ids, count);
}

static int wrap_tx_avail(struct net_queue *base, struct net_buffer_access *pool,
			 const struct net_tx_segment *segments, uint32_t count, bool *sync)
{
	struct wrap_queue *q = (struct wrap_queue *)base;

	q->tx_avail++;
	return net_queue_tx_avail(q->inner, pool, segments, count, sync);
}

static int wrap_tx_poll(struct net_queue *base, struct net_buffer_access *pool, uint32_t *ids,
			uint32_t count)
{
	struct wrap_queue *q = (struct wrap_queue *)base;

	q->tx_poll++;
	return net_queue_tx_poll(q->inner, pool, ids, count);
}

static bool wrap_poll_ready(struct net_queue *base, struct net_buffer_access *pool)
{
	struct wrap_queue *q = (struct wrap_queue *)base;

	q->poll_ready++;
	return net_queue_poll_ready(q->inner, pool);
}

static int wrap_ready_fd(struct net_queue *base)
{
	struct wrap_queue *q = (struct wrap_queue *)base;

	q->ready_fd++;
	return net_queue_ready_fd(q->inner);
}

static void wrap_update_target_vp(struct net_queue *base, uint32_t cpu)
{
	struct wrap_queue *q = (struct wrap_queue *)base;

	q->update_target_vp++;
	net_queue_update_target_vp(q->inner, cpu);
}

static void wrap_stats(struct net_queue *base, struct net_queue_stats *out, size_t size_bytes)
{
	struct wrap_queue *q = (struct wrap_queue *)base;

	q->stats++;
	q->inner->ops->stats(q->inner, out, size_bytes);
}

static const char *wrap_error(struct net_queue *base)
{
	return net_queue_error(((struct wrap_queue *)base)->inner);
}

static void wrap_outstanding(struct net_queue *base, net_outstanding_fn *each, void *context)
{
	net_queue_outstanding(((struct wrap_queue *)base)->inner, each, context);
}

static void wrap_queue_inspect(struct net_queue *base, struct net_inspector *to)
{
	net_queue_inspect(((struct wrap_queue *)base)->inner, to);
}

static int wrap_queue_destroy(struct net_queue *base, struct net_error *err)
{
	struct wrap_queue *q = (struct wrap_queue *)base;
	int rc = net_queue_destroy(q->inner, err);

	free(q);
	return rc;
}

static const struct net_queue_ops wrap_queue_ops = {
	.size_bytes = sizeof(struct net_queue_ops),
	.rx_avail = wrap_rx_avail,
	.rx_poll = wrap_rx_poll,
	.tx_avail = wrap_tx_avail,
	.tx_poll = wrap_tx_poll,
	.poll_ready = wrap_poll_ready,
	.ready_fd = wrap_ready_fd,
	.update_target_vp = wrap_update_target_vp,
	.stats = wrap_stats,
	.error = wrap_error,
	.outstanding = wrap_outstanding,
	.inspect = wrap_queue_inspect,
	.destroy = wrap_queue_destroy,
};

static void wrap_facts(struct net_endpoint *base, struct net_endpoint_facts *out, size_t size_bytes)
{
	struct wrap_endpoint *ep = (struct wrap_endpoint *)base;

	ep->facts++;
	ep->inner->ops->facts(ep->inner, out, size_bytes);
}

static void wrap_queue(struct net_queue **queue)
{
	struct wrap_queue *q = calloc(1, sizeof(*q));

	if (!q)
		abort();
	q->base.ops = &wrap_queue_ops;
	q->inner = *queue;
	*queue = &q->base;
}

static int wrap_get_queues(struct net_endpoint *base, const struct net_queue_config *configs,
			   uint32_t count, const struct net_rss_config *rss,
			   struct net_queue **queues, struct net_error *err)
{
	struct wrap_endpoint *ep = (struct wrap_endpoint *)base;
	int rc;

	ep->get_queues++;
	rc = net_endpoint_get_queues(ep->inner, configs, count, rss, queues, err);
	for (uint32_t i = 0; !rc && i < count; i++)
		wrap_queue(&queues[i]);
	return rc;
}

static int wrap_get_queue(struct net_endpoint *base, uint32_t index,
			  const struct net_queue_config *config, struct net_queue **queue,
			  struct net_error *err)
{
	struct wrap_endpoint *ep = (struct wrap_endpoint *)base;
	int rc = net_endpoint_get_queue(ep->inner, index, config, queue, err);

	if (!rc)
		wrap_queue(queue);
	return rc;
}

static int wrap_stop(struct net_endpoint *base)
{
	struct wrap_endpoint *ep = (struct wrap_endpoint *)base;

	ep->stop++;
	return net_endpoint_stop(ep->inner);
}

static int wrap_poll_action(struct net_endpoint *base, struct net_action *out)
{
	struct wrap_endpoint *ep = (struct wrap_endpoint *)base;

	ep->poll_action++;
	return net_endpoint_poll_action(ep->inner, out);
}

static int wrap_action_fd(struct net_endpoint *base)
{
	struct wrap_endpoint *ep = (struct wrap_endpoint *)base;

	ep->action_fd++;
	return net_endpoint_action_fd(ep->inner);
}

static int wrap_destroy(struct net_endpoint *base, struct net_error *err)
{
	struct wrap_endpoint *ep = (struct wrap_endpoint *)base;
	int rc = net_endpoint_destroy(ep->inner, err);

	if (rc != -EBUSY)
		free(ep);
	return rc;
}

static void wrap_inspect(struct net_endpoint *base, struct net_inspector *to)
{
	net_endpoint_inspect(((struct wrap_endpoint *)base)->inner, to);
}

static const struct net_endpoint_ops wrap_endpoint_ops = {
	.size_bytes = sizeof(struct net_endpoint_ops),
	.facts = wrap_facts,
	.get_queues = wrap_get_queues,
	.get_queue = wrap_get_queue,
	.stop = wrap_stop,
	.poll_action = wrap_poll_action,
	.action_fd = wrap_action_fd,
	.inspect = wrap_inspect,
	.destroy = wrap_destroy,
};

struct net_endpoint *wrap_open(struct net_endpoint *inner)
{
	struct wrap_endpoint *ep = calloc(1, sizeof(*ep));

	if (!ep)
		abort();
	ep->base.ops = &wrap_endpoint_ops;
	ep->inner = inner;
	return &ep->base;
}
