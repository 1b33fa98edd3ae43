// SPDX-License-Identifier: BSD-2-Clause
/* A queue of the capture wrapper. It forwards all operations; the data calls test one pointer
 * before. */
#include <errno.h>
#include <stdlib.h>

#include "backend/inspect.h"
#include "wrap/capture.h"

static struct capture_queue *queue_of(struct net_queue *q)
{
	return (struct capture_queue *)q;
}

/* Return: true if the queue is being captured. This is the one branch that an idle capture costs.
 * Nothing is read through the pointer here: tap.c loads it again. */
static inline bool is_captured(const struct capture_queue *q)
{
	return __builtin_expect(__atomic_load_n(&q->spool, __ATOMIC_RELAXED) != NULL, 0);
}

static uint32_t capture_rx_avail(struct net_queue *base, struct net_buffer_access *pool,
				 const uint32_t *ids, uint32_t count)
{
	return net_queue_rx_avail(queue_of(base)->inner, pool, ids, count);
}

static int capture_rx_poll(struct net_queue *base, struct net_buffer_access *pool, uint32_t *ids,
			   uint32_t count)
{
	struct capture_queue *q = queue_of(base);

	return is_captured(q) ? tap_rx_poll(q, pool, ids, count)
			      : net_queue_rx_poll(q->inner, pool, ids, count);
}

static int capture_tx_avail(struct net_queue *base, struct net_buffer_access *pool,
			    const struct net_tx_segment *segments, uint32_t count, bool *sync)
{
	struct capture_queue *q = queue_of(base);

	return is_captured(q) ? tap_tx_avail(q, pool, segments, count, sync)
			      : net_queue_tx_avail(q->inner, pool, segments, count, sync);
}

static int capture_tx_poll(struct net_queue *base, struct net_buffer_access *pool, uint32_t *ids,
			   uint32_t count)
{
	return net_queue_tx_poll(queue_of(base)->inner, pool, ids, count);
}

static bool capture_poll_ready(struct net_queue *base, struct net_buffer_access *pool)
{
	struct capture_queue *q = queue_of(base);

	return is_captured(q) ? tap_poll_ready(q, pool) : net_queue_poll_ready(q->inner, pool);
}

static int capture_ready_fd(struct net_queue *base)
{
	return net_queue_ready_fd(queue_of(base)->inner);
}

static void capture_update_target_vp(struct net_queue *base, uint32_t cpu)
{
	net_queue_update_target_vp(queue_of(base)->inner, cpu);
}

static void capture_queue_stats(struct net_queue *base, struct net_queue_stats *out,
				size_t size_bytes)
{
	struct net_queue *inner = queue_of(base)->inner;

	inner->ops->stats(inner, out, size_bytes);
}

static const char *capture_error(struct net_queue *base)
{
	return net_queue_error(queue_of(base)->inner);
}

static void capture_outstanding(struct net_queue *base, net_outstanding_fn *each, void *context)
{
	net_queue_outstanding(queue_of(base)->inner, each, context);
}

/* Any thread may call this: the lock keeps the spool alive. */
static void capture_queue_inspect(struct net_queue *base, struct net_inspector *to)
{
	struct capture_queue *q = queue_of(base);
	uint64_t missed = 0;
	bool on;

	net_queue_inspect(q->inner, to);
	pthread_mutex_lock(&q->endpoint->lock);
	on = q->spool != NULL;
	if (on)
		missed = spool_missed(q->spool);
	pthread_mutex_unlock(&q->endpoint->lock);
	inspect_enter(to, "capture", -1);
	inspect_flag(to, "on", on);
	inspect_counter(to, "missed", missed, NET_CLASS_NOTE, "frames",
			"passed while capture was on and are not in the file");
	inspect_leave(to);
}

static struct net_queue *capture_queue_inner(struct net_queue *base)
{
	return queue_of(base)->inner;
}

static int capture_queue_destroy(struct net_queue *base, struct net_error *err)
{
	struct capture_queue *q = queue_of(base), **link;
	struct capture *ep = q->endpoint;
	struct net_queue *inner = q->inner;
	struct spool *spool;

	pthread_mutex_lock(&ep->lock);
	for (link = &ep->queues; *link != q; link = &(*link)->next)
		;
	*link = q->next;
	spool = tap_stop(q);
	if (spool)
		recorder_retire(spool);
	pthread_mutex_unlock(&ep->lock);
	free(q);
	return net_queue_destroy(inner, err);
}

const struct net_queue_ops capture_queue_ops = {
	.size_bytes = sizeof(struct net_queue_ops),
	.rx_avail = capture_rx_avail,
	.rx_poll = capture_rx_poll,
	.tx_avail = capture_tx_avail,
	.tx_poll = capture_tx_poll,
	.poll_ready = capture_poll_ready,
	.ready_fd = capture_ready_fd,
	.update_target_vp = capture_update_target_vp,
	.stats = capture_queue_stats,
	.error = capture_error,
	.outstanding = capture_outstanding,
	.inspect = capture_queue_inspect,
	.destroy = capture_queue_destroy,
	.inner = capture_queue_inner,
};

/* ---- Set-up -------------------------------------------------------------------------------- */

struct capture_queue *capture_queue_alloc(struct capture *ep, uint32_t index)
{
	struct capture_queue *q = calloc(1, sizeof(*q));
	struct net_endpoint_facts facts;

	if (!q)
		return NULL;
	net_endpoint_facts(ep->inner, &facts);
	q->base.ops = &capture_queue_ops;
	q->endpoint = ep;
	q->index = q->pool.queue = index;
	q->tx_flags = facts.tx_flags;
	return q;
}

void capture_queue_put(struct capture_queue *q, struct net_queue **queue)
{
	struct capture *ep = q->endpoint;
	struct spool *spool;

	q->inner = *queue;
	*queue = &q->base;
	pthread_mutex_lock(&ep->lock);
	q->next = ep->queues;
	ep->queues = q;
	if (ep->recorder) {
		spool = recorder_add(ep->recorder);
		if (spool)
			tap_start(q, spool, ep->recorder->snap_bytes);
		else
			recorder_fail(ep->recorder, -ENOMEM);
	}
	pthread_mutex_unlock(&ep->lock);
}
