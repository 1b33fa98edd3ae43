// SPDX-License-Identifier: BSD-2-Clause
/* The end of a queue of the disconnectable wrapper: what the frontend did not collect is counted as
 * lost. */
#include <string.h>

#include "wrap/disconnect.h"

/* Ids of one rx_poll call. A frame has at most 256: more_ids is a byte. */
enum { DISCARD_IDS = 256 };

static void no_buffers(struct net_buffer_access *pool, const uint32_t *ids, uint32_t count,
		       struct net_rx_buffer *out)
{
	(void)pool, (void)ids;
	memset(out, 0, count * sizeof(*out));
}

/* A pool that counts what it is told of. */
struct counting {
	struct net_buffer_access base;
	uint64_t frames, ids;
};

static void count_frames(struct net_buffer_access *pool, const uint32_t *ids,
			 const struct net_rx_metadata *metadata, uint32_t count)
{
	struct counting *counting = (struct counting *)pool;

	(void)ids;
	counting->ids += count;
	for (uint32_t i = 0; i < count; i += 1u + metadata[i].more_ids)
		counting->frames++;
}

/* Collect what has arrived, and throw it away. Return: how many frames. If poll_ready has delivered
 * a frame's metadata already, only its ids come: each counts as a frame then. */
static uint64_t discard(struct net_queue *inner)
{
	static const struct net_buffer_access_ops ops = {
		.size_bytes = sizeof(ops),
		.rx_buffers = no_buffers,
		.rx_metadata = count_frames,
	};
	struct counting pool = {.base.ops = &ops};
	uint32_t ids[DISCARD_IDS]; /* enough for the ids of any frame */
	uint64_t returned = 0;
	int n;

	/* The loop ends, because no id is posted any more. */
	while ((n = net_queue_rx_poll(inner, &pool.base, ids, DISCARD_IDS)) > 0)
		returned += (uint32_t)n;
	return pool.frames + (returned > pool.ids ? returned - pool.ids : 0);
}

static void count_tx(void *context, bool is_rx, uint32_t id)
{
	(void)id;
	*(uint64_t *)context += !is_rx;
}

int disconnect_queue_destroy(struct net_queue *base, struct net_error *err)
{
	struct disconnect_queue *q = (struct disconnect_queue *)base, **link;
	struct disconnect *ep = q->endpoint;
	struct disconnect_losses lost = {.tx_dropped = q->tx_dropped};
	int rc = 0;

	if (q->inner) {
		lost.rx_discarded = discard(q->inner);
		net_queue_outstanding(q->inner, count_tx, &lost.tx_unfinished);
		rc = net_queue_destroy(q->inner, err);
	}
	pthread_mutex_lock(&ep->lock);
	for (link = &ep->queues; *link != q; link = &(*link)->next)
		;
	*link = q->next;
	ep->lost.rx_discarded += lost.rx_discarded;
	ep->lost.tx_unfinished += lost.tx_unfinished;
	ep->lost.tx_dropped += lost.tx_dropped;
	ep->alive--;
	ep->alive_on_inner -= q->inner != NULL;
	pthread_cond_broadcast(&ep->queue_gone);
	pthread_mutex_unlock(&ep->lock);
	disconnect_queue_free(q);
	return rc;
}
