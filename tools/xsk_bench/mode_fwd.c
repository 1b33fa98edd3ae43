/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fwd: the receive buffer is the send buffer. A frame's id travels rx_poll -> tx_avail -> tx_poll ->
 * rx_avail and no user-space code copies a byte. Direction i takes from port i and sends on the next
 * port, which with one port is the same.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "worker.h"

/* Frames of one direction that are received and not yet accepted; room for every buffer. */
struct lane {
	uint32_t from;
	uint32_t to;
	uint32_t head;
	uint32_t count;
	struct net_tx_segment *segments;
	struct net_tx_metadata *metadata;
};

static int open_lane(struct lane *l, struct worker *w, uint32_t from)
{
	uint32_t n = w->pools[from].shape.rx_count;

	l->from = from;
	l->to = (from + 1) % w->run->port_count;
	l->segments = calloc(n, sizeof(*l->segments));
	l->metadata = calloc(n, sizeof(*l->metadata));
	return l->segments && l->metadata ? 0 : -ENOMEM;
}

/* Buffers whose frame was sent receive again. Return: completions, or a negative error. */
static int recycle(struct worker *w, struct lane *l)
{
	struct pool *p = &w->pools[l->from];
	uint32_t ids[WORKER_MAX_BATCH];
	int n = net_queue_tx_poll(w->q[l->to], &p->access, ids, w->run->opt->batch);

	if (n < 0)
		return worker_tx_error(w, n, l->to);
	w->tally.completed += (uint32_t)n;
	if (n)
		w->tally.refused += net_queue_rx_avail(w->q[l->from], &p->access, ids, (uint32_t)n);
	return n;
}

/* Append a received frame to the lane. */
static void enqueue(struct worker *w, struct lane *l, uint32_t id)
{
	struct pool *p = &w->pools[l->from];
	const struct pool_frame *f = &p->received[id];
	uint32_t at;

	if (l->head + l->count == p->shape.rx_count) {
		/* Each buffer is here at most once, so there is room in front. */
		memmove(l->segments, l->segments + l->head, l->count * sizeof(*l->segments));
		memmove(l->metadata, l->metadata + l->head, l->count * sizeof(*l->metadata));
		for (uint32_t i = 0; i < l->count; i++)
			l->segments[i].head = &l->metadata[i];
		l->head = 0;
	}
	at = l->head + l->count++;
	l->metadata[at] = (struct net_tx_metadata){
		.id = id,
		.len_bytes = f->len_bytes,
		.segment_count = 1,
	};
	l->segments[at] = (struct net_tx_segment){
		.addr = pool_addr(p, id) + f->offset_bytes,
		.len_bytes = f->len_bytes,
		.head = &l->metadata[at],
	};
	w->tally.received++;
	w->tally.received_bytes += f->len_bytes;
	if (l->from == l->to && f->len_bytes >= 12)
		frame_reflect(pool_at(p, id) + f->offset_bytes, w->run->ports[l->from].device.mac);
}

static uint32_t take(struct worker *w, struct lane *l)
{
	uint32_t ids[WORKER_MAX_BATCH];
	uint32_t n = net_queue_rx_poll(w->q[l->from], &w->pools[l->from].access, ids,
				       w->run->opt->batch);

	for (uint32_t i = 0; i < n; i++)
		enqueue(w, l, ids[i]);
	return n;
}

/* Offer what waits. Return: frames accepted. */
static uint32_t give(struct worker *w, struct lane *l)
{
	struct pool *p = &w->pools[l->from];
	bool sync = false;
	uint32_t n;

	if (!l->count)
		return 0;
	n = net_queue_tx_avail(w->q[l->to], &p->access, l->segments + l->head, l->count, &sync);
	for (uint32_t i = l->head; i < l->head + n; i++) {
		w->tally.generated_bytes += l->metadata[i].len_bytes;
		if (sync)
			w->tally.refused += net_queue_rx_avail(w->q[l->from], &p->access,
							       &l->metadata[i].id, 1);
	}
	w->tally.generated += n;
	if (sync)
		w->tally.completed += n;
	l->count -= n;
	l->head = l->count ? l->head + n : 0;
	return n;
}

static int forward(struct worker *w, struct lane *lanes)
{
	while (!worker_stopped(w)) {
		uint32_t done = 0;

		for (uint32_t i = 0; i < w->run->port_count; i++) {
			int rc = recycle(w, &lanes[i]);

			if (rc < 0)
				return rc;
			done += (uint32_t)rc + take(w, &lanes[i]);
			done += give(w, &lanes[i]);
		}
		if (done)
			worker_publish(w, now_ns());
		else
			worker_wait(w, WORKER_NEVER);
	}
	return 0;
}

/* Everything received so far still goes out; nothing more is taken. */
static int finish(struct worker *w, struct lane *lanes)
{
	uint64_t end = now_ns() + DRAIN_NS;
	struct tally *t = &w->tally;

	while (t->received != t->completed && now_ns() < end) {
		for (uint32_t i = 0; i < w->run->port_count; i++) {
			int rc = recycle(w, &lanes[i]);

			if (rc < 0)
				return rc;
			give(w, &lanes[i]);
		}
		relax();
	}
	return 0;
}

int run_fwd(struct worker *w)
{
	struct lane lanes[RUN_MAX_PORTS] = {0};
	int rc = 0;

	for (uint32_t i = 0; !rc && i < w->run->port_count; i++)
		rc = open_lane(&lanes[i], w, i);
	if (rc)
		w->failure = (struct net_error){rc, "memory", "no memory for the lanes"};
	else
		rc = forward(w, lanes);
	if (!rc)
		rc = finish(w, lanes);
	for (uint32_t i = 0; i < RUN_MAX_PORTS; i++) {
		free(lanes[i].segments);
		free(lanes[i].metadata);
	}
	return rc;
}
