// SPDX-License-Identifier: BSD-2-Clause
/* The null backend sends to nowhere and receives nothing. It is the smallest implementor of the
 * contract. */
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "backend/count.h"
#include "backend/inspect.h"
#include "backend/lifecycle.h"
#include "backend/nothing.h"
#include "backend/rss.h"
#include "backend/tx_flags.h"
#include "base/error.h"
#include "net_backend.h"
#include "base/grow.h"

enum { NULL_MAX_QUEUES = 64 };

struct null_endpoint {
	struct net_endpoint base;
	uint32_t made;	/* number of queues that the last get_queues made */
	uint32_t alive; /* atomic, because queues are destroyed in their own threads */
	struct null_queue *queues[NULL_MAX_QUEUES]; /* NULL if the queue was destroyed */
};

struct null_queue {
	struct net_queue base;
	struct null_endpoint *endpoint;
	uint32_t index;
	/* an eventfd that nobody writes: a sleep on it lasts until the deadline */
	int never_fd;
	struct net_queue_stats stats;
};

static uint32_t alive(const struct null_endpoint *endpoint)
{
	return __atomic_load_n(&endpoint->alive, __ATOMIC_ACQUIRE);
}

static uint32_t null_rx_avail(struct net_queue *q, struct net_buffer_access *pool,
			      const uint32_t *ids, uint32_t count)
{
	(void)q, (void)pool, (void)ids, (void)count;
	return 0;
}

static int null_rx_poll(struct net_queue *q, struct net_buffer_access *pool, uint32_t *ids,
			uint32_t count)
{
	(void)q, (void)pool, (void)ids, (void)count;
	return 0;
}

static int null_tx_avail(struct net_queue *q, struct net_buffer_access *pool,
			 const struct net_tx_segment *segments, uint32_t count, bool *sync)
{
	struct null_queue *queue = (struct null_queue *)q;
	struct net_tx_iterator it = {.at = segments, .end = segments + count};
	struct net_tx_packet packet;

	(void)pool;
	while (net_tx_next(&it, &packet)) {
		/* No packet reaches a wire, so no request can be honoured wrongly. */
		if (packet.fault != NET_TX_OK || packet.meta->flags & ~TX_FLAGS_ALL) {
			count_add(&queue->stats.tx_errors, 1);
			continue;
		}
		count_add(&queue->stats.tx_packets, 1);
		if (packet.meta->flags & NET_TX_VLAN)
			count_add(&queue->stats.tx_vlan_packets, 1);
	}
	*sync = true;
	return (int)count;
}

static bool null_poll_ready(struct net_queue *q, struct net_buffer_access *pool)
{
	(void)q, (void)pool;
	return false;
}

static int null_ready_fd(struct net_queue *q)
{
	return ((struct null_queue *)q)->never_fd;
}

static void null_stats(struct net_queue *q, struct net_queue_stats *out, size_t size_bytes)
{
	struct net_queue_stats stats;

	count_snapshot(&((struct null_queue *)q)->stats, &stats);
	grow_out(out, size_bytes, &stats, sizeof(stats));
}

/* No id is outstanding: null_rx_avail() forgets ids, as nothing is ever written to their buffers. */
static void null_outstanding(struct net_queue *q, net_outstanding_fn *each, void *context)
{
	(void)q, (void)each, (void)context;
}

static int null_queue_destroy(struct net_queue *q, struct net_error *err)
{
	struct null_queue *queue = (struct null_queue *)q;
	struct null_endpoint *endpoint;

	(void)err;
	close(queue->never_fd);
	endpoint = queue->endpoint;
	endpoint->queues[queue->index] = NULL;
	free(queue);
	/* The last store: once alive is 0 another thread may destroy the endpoint. */
	__atomic_sub_fetch(&endpoint->alive, 1, __ATOMIC_RELEASE);
	return 0;
}

static const struct net_queue_ops null_queue_ops = {
	.size_bytes = sizeof(struct net_queue_ops),
	.rx_avail = null_rx_avail,
	.rx_poll = null_rx_poll,
	.tx_avail = null_tx_avail,
	.tx_poll = nothing_tx_poll,
	.poll_ready = null_poll_ready,
	.ready_fd = null_ready_fd,
	.update_target_vp = nothing_update_target_vp,
	.stats = null_stats,
	.error = nothing_error,
	.outstanding = null_outstanding,
	.inspect = inspect_queue_stats,
	.destroy = null_queue_destroy,
};

static int null_queue_open(struct null_endpoint *endpoint, uint32_t index, struct net_queue **out,
			   struct net_error *err)
{
	struct null_queue *queue = calloc(1, sizeof(*queue));
	int rc;

	if (!queue)
		return error_set(err, -ENOMEM, "get_queues", "no memory for a queue");
	queue->never_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (queue->never_fd < 0) {
		rc = -errno;
		free(queue);
		return error_set(err, rc, "get_queues", "eventfd failed: errno %d%s", -rc,
				 error_hint(rc, CALL_OTHER).text);
	}
	queue->base.ops = &null_queue_ops;
	queue->endpoint = endpoint;
	queue->index = index;
	endpoint->queues[index] = queue;
	__atomic_add_fetch(&endpoint->alive, 1, __ATOMIC_RELAXED);
	*out = &queue->base;
	return 0;
}

static void null_facts(struct net_endpoint *ep, struct net_endpoint_facts *out, size_t size_bytes)
{
	const struct net_endpoint_facts facts = {
		.type = "null",
		.is_ordered = true,
		.tx_fast_completions = true,
		.tx_flags = TX_FLAGS_ALL,
		.tx_max_pieces = TX_PIECES_MOST,
		.max_queues = NULL_MAX_QUEUES,
	};

	(void)ep;
	grow_out(out, size_bytes, &facts, sizeof(facts));
}

static int null_get_queues(struct net_endpoint *ep, const struct net_queue_config *configs,
			   uint32_t count, const struct net_rss_config *rss,
			   struct net_queue **queues, struct net_error *err)
{
	struct null_endpoint *endpoint = (struct null_endpoint *)ep;
	struct net_endpoint_facts facts;
	uint32_t made = 0;
	int rc;

	(void)configs;
	null_facts(ep, &facts, sizeof(facts));
	rc = lifecycle_get_queues(configs, count, NULL_MAX_QUEUES, alive(endpoint), err);
	if (!rc && rss)
		rc = rss_check(rss, &facts, err);
	while (!rc && made < count) {
		rc = null_queue_open(endpoint, made, &queues[made], err);
		if (!rc)
			made++;
	}
	while (rc && made)
		null_queue_destroy(queues[--made], NULL);
	endpoint->made = made;
	return rc;
}

static int null_get_queue(struct net_endpoint *ep, uint32_t index,
			  const struct net_queue_config *config, struct net_queue **queue,
			  struct net_error *err)
{
	struct null_endpoint *endpoint = (struct null_endpoint *)ep;
	int rc = lifecycle_get_queue(index, config, endpoint->made,
				     index < endpoint->made && endpoint->queues[index], err);

	(void)config;
	return rc ? rc : null_queue_open(endpoint, index, queue, err);
}

static int null_stop(struct net_endpoint *ep)
{
	return alive((struct null_endpoint *)ep) ? -EBUSY : 0;
}

static int null_destroy(struct net_endpoint *ep, struct net_error *err)
{
	struct null_endpoint *endpoint = (struct null_endpoint *)ep;
	int rc = lifecycle_destroy(alive(endpoint), err);

	if (!rc)
		free(endpoint);
	return rc;
}

static const struct net_endpoint_ops null_endpoint_ops = {
	.size_bytes = sizeof(struct net_endpoint_ops),
	.facts = null_facts,
	.get_queues = null_get_queues,
	.get_queue = null_get_queue,
	.stop = null_stop,
	.poll_action = nothing_poll_action,
	.action_fd = nothing_action_fd,
	.inspect = inspect_facts,
	.destroy = null_destroy,
};

int net_null_open(struct net_endpoint **out, struct net_error *err)
{
	struct null_endpoint *endpoint = calloc(1, sizeof(*endpoint));

	if (!endpoint)
		return error_set(err, -ENOMEM, "open", "no memory for a null endpoint");
	endpoint->base.ops = &null_endpoint_ops;
	*out = &endpoint->base;
	return 0;
}
