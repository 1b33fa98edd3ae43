// SPDX-License-Identifier: BSD-2-Clause
/*
 * The backend that is its own wire: what is sent on one queue arrives on another, or on the same.
 *
 * A receive id walks through two lists of its queue, linked through the table of ids:
 *
 *     rx_avail --> posted --(a frame was copied in)--> filled --> rx_poll
 *
 * The pool is only asked during the call that brings it: buffers are looked up when they are posted
 * and metadata waits in the table, so a frame may arrive on a queue nobody is just calling.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "backend/count.h"
#include "backend/headers.h"
#include "backend/lifecycle.h"
#include "backend/nothing.h"
#include "backend/rss.h"
#include "net_backend.h"
#include "xdp/error.h"

enum {
	LOOPBACK_MAX_QUEUES = 64,
	LOOPBACK_IDS = 65536, /* receive ids are below this; it bounds what can wait in a queue */
	LOOPBACK_BATCH = 64,
	LOOPBACK_NONE = LOOPBACK_IDS, /* no id: the end of a list */
	/* A copy of this much of a frame holds every header that the RSS hash looks at. */
	LOOPBACK_HEADERS_BYTES = 256,
	/* The tag travels beside the frame. Checksums stay as they are sent. */
	LOOPBACK_TX_FLAGS = NET_TX_IPV4 | NET_TX_IPV6 | NET_TX_VLAN,
};

struct slot {
	uint8_t *frame; /* where the frame goes; NULL: the id is not ours */
	uint32_t capacity_bytes;
	uint32_t next;
	struct net_rx_metadata metadata; /* of the frame, once the slot is filled */
};

struct list {
	uint32_t first, last;
};

struct loopback {
	struct net_endpoint base;
	uint32_t max_queues;
	uint32_t alive;
	struct loopback_queue *queues[LOOPBACK_MAX_QUEUES]; /* NULL: destroyed */
	uint8_t key[RSS_KEY_BYTES];
	uint16_t table[RSS_TABLE_ENTRIES];
	uint32_t table_entries; /* 0: no steering */
};

struct loopback_queue {
	struct net_queue base;
	struct loopback *endpoint;
	uint32_t index;
	int ready_fd;
	bool armed; /* poll_ready said no: the next frame must wake the sleeper */
	struct list posted, filled;
	struct net_queue_stats stats;
	struct slot slots[LOOPBACK_IDS];
};

/* ---- Lists of ids --------------------------------------------------------------------------------- */

static void list_push(struct loopback_queue *q, struct list *list, uint32_t id)
{
	q->slots[id].next = LOOPBACK_NONE;
	if (list->first == LOOPBACK_NONE)
		list->first = id;
	else
		q->slots[list->last].next = id;
	list->last = id;
}

static uint32_t list_pop(struct loopback_queue *q, struct list *list)
{
	uint32_t id = list->first;

	if (id != LOOPBACK_NONE)
		list->first = q->slots[id].next;
	return id;
}

/* ---- Receive -------------------------------------------------------------------------------------- */

static bool post(struct loopback_queue *q, struct net_buffer_access *pool, uint32_t id,
		 const struct net_rx_buffer *buffer)
{
	struct slot *slot;
	uint64_t addr;

	if (id >= LOOPBACK_IDS || q->slots[id].frame || !buffer->capacity_bytes)
		return false;
	if (__builtin_add_overflow(buffer->addr, buffer->header_bytes, &addr))
		return false;
	slot = &q->slots[id];
	slot->frame = pool->ops->memory(pool, addr, buffer->capacity_bytes);
	if (!slot->frame)
		return false;
	slot->capacity_bytes = buffer->capacity_bytes;
	list_push(q, &q->posted, id);
	return true;
}

static uint32_t loopback_rx_avail(struct net_queue *base, struct net_buffer_access *pool,
				  const uint32_t *ids, uint32_t count)
{
	struct loopback_queue *q = (struct loopback_queue *)base;
	struct net_rx_buffer buffers[LOOPBACK_BATCH];
	uint32_t refused = 0, n;

	for (uint32_t done = 0; done < count; done += n) {
		n = count - done < LOOPBACK_BATCH ? count - done : LOOPBACK_BATCH;
		pool->ops->rx_buffers(pool, ids + done, n, buffers);
		for (uint32_t i = 0; i < n; i++)
			refused += !post(q, pool, ids[done + i], &buffers[i]);
	}
	count_add(&q->stats.rx_errors, refused);
	return refused;
}

static uint32_t loopback_rx_poll(struct net_queue *base, struct net_buffer_access *pool,
				 uint32_t *ids, uint32_t count)
{
	struct loopback_queue *q = (struct loopback_queue *)base;
	struct net_rx_metadata metadata[LOOPBACK_BATCH];
	uint32_t done = 0, n, id;

	do {
		for (n = 0; n < LOOPBACK_BATCH && done + n < count; n++) {
			id = list_pop(q, &q->filled);
			if (id == LOOPBACK_NONE)
				break;
			metadata[n] = q->slots[id].metadata;
			q->slots[id].frame = NULL;
			ids[done + n] = id;
			count_add(&q->stats.rx_packets, 1);
			count_add(&q->stats.rx_vlan_packets, metadata[n].has_vlan);
		}
		if (n)
			pool->ops->rx_metadata(pool, ids + done, metadata, n);
		done += n;
	} while (n == LOOPBACK_BATCH);
	return done;
}

/* ---- Transmit ------------------------------------------------------------------------------------- */

/* A packet whose segments were all found in the memory. */
struct source {
	const struct net_tx_packet *packet;
	struct net_buffer_access *pool;
};

static bool source_is_valid(const struct source *src)
{
	const struct net_tx_segment *s = src->packet->segments;

	for (uint32_t i = 0; i < src->packet->segment_count; i++) {
		if (s[i].len_bytes && !src->pool->ops->memory(src->pool, s[i].addr, s[i].len_bytes))
			return false;
	}
	return true;
}

/* Join the first bytes of the packet. A sender may name a buffer that is posted for receive, so the
 * two may overlap. Return: how many bytes. */
static uint32_t gather(const struct source *src, uint8_t *to, uint32_t limit)
{
	const struct net_tx_segment *s = src->packet->segments;
	uint32_t done = 0, n;

	for (uint32_t i = 0; i < src->packet->segment_count && done < limit; i++) {
		n = s[i].len_bytes < limit - done ? s[i].len_bytes : limit - done;
		if (n)
			memmove(to + done, src->pool->ops->memory(src->pool, s[i].addr, n), n);
		done += n;
	}
	return done;
}

static struct loopback_queue *destination_of(struct loopback_queue *from, const struct source *src)
{
	struct loopback *ep = from->endpoint;
	uint8_t head[LOOPBACK_HEADERS_BYTES];
	uint32_t hash, present;

	if (!ep->table_entries)
		return from;
	present = gather(src, head, sizeof(head));
	hash = rss_hash(ep->key, head, present, src->packet->meta->len_bytes);
	return ep->queues[ep->table[hash % ep->table_entries]];
}

static void wake(struct loopback_queue *q)
{
	uint64_t one = 1;

	if (!q->armed)
		return;
	q->armed = false;
	/* Cannot fail: the counter is 0 or 1 and the descriptor is ours. */
	if (write(q->ready_fd, &one, sizeof(one)) < 0)
		q->armed = true;
}

/* Put the packet into the destination's next buffer, or drop it there. */
static void deliver(struct loopback_queue *to, const struct source *src)
{
	const struct net_tx_metadata *meta = src->packet->meta;
	uint32_t id = to->posted.first;
	struct slot *slot;

	if (id == LOOPBACK_NONE || to->slots[id].capacity_bytes < meta->len_bytes) {
		count_add(&to->stats.rx_errors, 1);
		return;
	}
	list_pop(to, &to->posted);
	slot = &to->slots[id];
	gather(src, slot->frame, meta->len_bytes);
	slot->metadata = (struct net_rx_metadata){.len_bytes = meta->len_bytes};
	if (meta->flags & NET_TX_VLAN) {
		slot->metadata.has_vlan = 1;
		slot->metadata.vlan = meta->vlan;
	}
	list_push(to, &to->filled, id);
	wake(to);
}

static bool send_packet(struct loopback_queue *q, const struct source *src)
{
	const struct net_tx_packet *packet = src->packet;
	struct loopback_queue *to;

	if (packet->fault != NET_TX_OK || packet->meta->flags & ~LOOPBACK_TX_FLAGS ||
	    packet->meta->len_bytes < HEADERS_ETHERNET_BYTES || !source_is_valid(src))
		return false;
	to = destination_of(q, src);
	if (!to)
		return false; /* its queue was destroyed */
	deliver(to, src);
	return true;
}

static uint32_t loopback_tx_avail(struct net_queue *base, struct net_buffer_access *pool,
				  const struct net_tx_segment *segments, uint32_t count, bool *sync)
{
	struct loopback_queue *q = (struct loopback_queue *)base;
	struct net_tx_iterator it = {.at = segments, .end = segments + count};
	struct net_tx_packet packet;
	struct source src = {.packet = &packet, .pool = pool};

	while (net_tx_next(&it, &packet)) {
		if (!send_packet(q, &src)) {
			count_add(&q->stats.tx_errors, 1);
			continue;
		}
		count_add(&q->stats.tx_packets, 1);
		if (packet.meta->flags & NET_TX_VLAN)
			count_add(&q->stats.tx_vlan_packets, 1);
	}
	*sync = true;
	return count;
}

/* ---- Readiness and the rest of a queue --------------------------------------------------------------- */

static bool loopback_poll_ready(struct net_queue *base)
{
	struct loopback_queue *q = (struct loopback_queue *)base;
	uint64_t count;

	if (q->filled.first != LOOPBACK_NONE)
		return true;
	/* Nothing to read is the usual case; either way the descriptor is silent afterwards. */
	if (!q->armed && read(q->ready_fd, &count, sizeof(count)) >= 0)
		count = 0;
	q->armed = true;
	return false;
}

static int loopback_ready_fd(struct net_queue *q)
{
	return ((struct loopback_queue *)q)->ready_fd;
}

static void loopback_stats(struct net_queue *q, struct net_queue_stats *out)
{
	count_snapshot(&((struct loopback_queue *)q)->stats, out);
}

static int loopback_queue_destroy(struct net_queue *base, struct net_error *err)
{
	struct loopback_queue *q = (struct loopback_queue *)base;

	(void)err;
	close(q->ready_fd);
	q->endpoint->queues[q->index] = NULL;
	q->endpoint->alive--;
	free(q);
	return 0;
}

static const struct net_queue_ops loopback_queue_ops = {
	.rx_avail = loopback_rx_avail,
	.rx_poll = loopback_rx_poll,
	.tx_avail = loopback_tx_avail,
	.tx_poll = nothing_tx_poll,
	.poll_ready = loopback_poll_ready,
	.ready_fd = loopback_ready_fd,
	.update_target_vp = nothing_update_target_vp,
	.stats = loopback_stats,
	.destroy = loopback_queue_destroy,
};

/* ---- Endpoint ------------------------------------------------------------------------------------- */

static int loopback_queue_open(struct loopback *ep, uint32_t index, struct net_queue **out,
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
	q->posted.first = LOOPBACK_NONE;
	q->filled.first = LOOPBACK_NONE;
	ep->queues[index] = q;
	ep->alive++;
	*out = &q->base;
	return 0;
}

static void loopback_facts(struct net_endpoint *base, struct net_endpoint_facts *out)
{
	*out = (struct net_endpoint_facts){
		.type = "loopback",
		.is_ordered = true,
		.tx_fast_completions = true,
		.tx_flags = LOOPBACK_TX_FLAGS,
		.max_queues = ((struct loopback *)base)->max_queues,
		.rss_table_entries = RSS_TABLE_ENTRIES,
		.rss_key_bytes = RSS_KEY_BYTES,
	};
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

	loopback_facts(base, &facts);
	rc = lifecycle_get_queues(count, ep->max_queues, ep->alive, err);
	if (!rc && rss)
		rc = rss_check(rss, &facts, err);
	if (rc)
		return rc;
	set_steering(ep, rss, count);
	while (!rc && made < count) {
		rc = loopback_queue_open(ep, made, &queues[made], err);
		if (!rc)
			made++;
	}
	while (rc && made)
		loopback_queue_destroy(queues[--made], NULL);
	for (uint32_t i = 0; i < made; i++)
		loopback_rx_avail(queues[i], configs[i].pool, configs[i].initial_rx,
				  configs[i].initial_rx_count);
	return rc;
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
	.facts = loopback_facts,
	.get_queues = loopback_get_queues,
	.stop = loopback_stop,
	.poll_action = nothing_poll_action,
	.action_fd = nothing_action_fd,
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
