// SPDX-License-Identifier: BSD-2-Clause
/*
 * The loopback backend: what is sent on one queue arrives on another, or on the same. This file has the
 * endpoint, loopback_tx.c transmit, loopback_rx.c receive.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "backend/count.h"
#include "backend/inspect.h"
#include "backend/lifecycle.h"
#include "backend/loopback.h"
#include "backend/nothing.h"
#include "backend/tx_flags.h"
#include "base/error.h"
#include "base/grow.h"

/* ---- Readiness and the rest of a queue -------------------------------------------------------- */

static bool loopback_poll_ready(struct net_queue *base, struct net_buffer_access *pool)
{
	struct loopback_queue *q = loopback_queue_of(base);
	uint64_t count;

	(void)pool;
	if (q->filled.first != LOOPBACK_NONE)
		return true;
	/* Silence the descriptor. read() fails with EAGAIN if no frame came, which is just as good. */
	if (!q->armed && read(q->ready_fd, &count, sizeof(count)) >= 0)
		count = 0;
	q->armed = true;
	return false;
}

static int loopback_ready_fd(struct net_queue *q)
{
	return ((struct loopback_queue *)q)->ready_fd;
}

static void loopback_stats(struct net_queue *q, struct net_queue_stats *out, size_t size_bytes)
{
	struct net_queue_stats stats;

	count_snapshot(&loopback_queue_of(q)->stats, &stats);
	grow_out(out, size_bytes, &stats, sizeof(stats));
}

/* No packet is outstanding: tx_avail completes each. */
static void loopback_outstanding(struct net_queue *q, net_outstanding_fn *each, void *context)
{
	loopback_rx_outstanding(loopback_queue_of(q), each, context);
}

static int loopback_queue_destroy(struct net_queue *base, struct net_error *err)
{
	struct loopback_queue *q = loopback_queue_of(base);

	(void)err;
	close(q->ready_fd);
	q->endpoint->queues[q->index] = NULL;
	q->endpoint->alive--;
	free(q);
	return 0;
}

static const struct net_queue_ops loopback_queue_ops = {
	.size_bytes = sizeof(struct net_queue_ops),
	.rx_avail = loopback_rx_avail,
	.rx_poll = loopback_rx_poll,
	.tx_avail = loopback_tx_avail,
	.tx_poll = nothing_tx_poll,
	.poll_ready = loopback_poll_ready,
	.ready_fd = loopback_ready_fd,
	.update_target_vp = nothing_update_target_vp,
	.stats = loopback_stats,
	.error = nothing_error,
	.outstanding = loopback_outstanding,
	.inspect = inspect_queue_stats,
	.destroy = loopback_queue_destroy,
};

/* ---- Endpoint --------------------------------------------------------------------------------- */

static int loopback_queue_open(struct loopback *ep, uint32_t index,
			       const struct net_queue_config *config, struct net_queue **out,
			       struct net_error *err)
{
	struct loopback_queue *q = calloc(1, sizeof(*q));
	int rc;

	if (!q)
		return error_set(err, -ENOMEM, "get_queues", "no memory for queue %u", index);
	q->ready_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (q->ready_fd < 0) {
		rc = -errno;
		free(q);
		return error_set(err, rc, "get_queues", "eventfd of queue %u failed: errno %d%s",
				 index, -rc, error_hint(rc, CALL_OTHER).text);
	}
	q->base.ops = &loopback_queue_ops;
	q->endpoint = ep;
	q->index = index;
	q->rx_merge = config->rx_merge;
	loopback_rx_open(q);
	ep->queues[index] = q;
	ep->alive++;
	*out = &q->base;
	loopback_rx_avail(*out, config->pool, config->initial_rx, config->initial_rx_count);
	return 0;
}

static void loopback_facts(struct net_endpoint *base, struct net_endpoint_facts *out,
			   size_t size_bytes)
{
	const struct net_endpoint_facts facts = {
		.type = "loopback",
		.is_ordered = true,
		.tx_fast_completions = true,
		.tx_flags = TX_FLAGS_ALL,
		.tx_max_pieces = TX_PIECES_MOST,
		.max_queues = ((struct loopback *)base)->max_queues,
		.rss_table_entries = RSS_TABLE_ENTRIES,
		.rss_key_bytes = RSS_KEY_BYTES,
	};

	grow_out(out, size_bytes, &facts, sizeof(facts));
}

static void set_steering(struct loopback *ep, const struct net_rss_config *rss,
			 uint32_t queue_count)
{
	ep->table_entries = 0;
	if (!rss)
		return;
	memcpy(ep->key, rss->key, RSS_KEY_BYTES);
	rss_copy_table(rss, queue_count, ep->table);
	ep->table_entries = rss->table_entries;
}

static int loopback_get_queues(struct net_endpoint *base, const struct net_queue_config *configs,
			       uint32_t count, const struct net_rss_config *rss,
			       struct net_queue **queues, struct net_error *err)
{
	struct loopback *ep = (struct loopback *)base;
	struct net_endpoint_facts facts;
	uint32_t made = 0;
	int rc;

	loopback_facts(base, &facts, sizeof(facts));
	rc = lifecycle_get_queues(configs, count, ep->max_queues, ep->alive, err);
	if (!rc && rss)
		rc = rss_check(rss, &facts, err);
	if (rc)
		return rc;
	set_steering(ep, rss, count);
	while (!rc && made < count) {
		rc = loopback_queue_open(ep, made, &configs[made], &queues[made], err);
		if (!rc)
			made++;
	}
	while (rc && made)
		loopback_queue_destroy(queues[--made], NULL);
	ep->made = made;
	return rc;
}

static int loopback_get_queue(struct net_endpoint *base, uint32_t index,
			      const struct net_queue_config *config, struct net_queue **queue,
			      struct net_error *err)
{
	struct loopback *ep = (struct loopback *)base;
	int rc = lifecycle_get_queue(index, config, ep->made, index < ep->made && ep->queues[index],
				     err);

	return rc ? rc : loopback_queue_open(ep, index, config, queue, err);
}

static int loopback_stop(struct net_endpoint *ep)
{
	return ((struct loopback *)ep)->alive ? -EBUSY : 0;
}

static int loopback_destroy(struct net_endpoint *base, struct net_error *err)
{
	struct loopback *ep = (struct loopback *)base;
	int rc = lifecycle_destroy(ep->alive, err);

	if (!rc)
		free(ep);
	return rc;
}

static const struct net_endpoint_ops loopback_endpoint_ops = {
	.size_bytes = sizeof(struct net_endpoint_ops),
	.facts = loopback_facts,
	.get_queues = loopback_get_queues,
	.get_queue = loopback_get_queue,
	.stop = loopback_stop,
	.poll_action = nothing_poll_action,
	.action_fd = nothing_action_fd,
	.inspect = inspect_facts,
	.destroy = loopback_destroy,
};

int net_loopback_open(uint32_t max_queues, struct net_endpoint **out, struct net_error *err)
{
	struct loopback *ep;

	if (max_queues < 1 || max_queues > LOOPBACK_MAX_QUEUES)
		return error_set(err, -EINVAL, "open", "max_queues %u: must be 1 to %d", max_queues,
				 LOOPBACK_MAX_QUEUES);
	ep = calloc(1, sizeof(*ep));
	if (!ep)
		return error_set(err, -ENOMEM, "open", "no memory for a loopback endpoint");
	ep->base.ops = &loopback_endpoint_ops;
	ep->max_queues = max_queues;
	*out = &ep->base;
	return 0;
}
