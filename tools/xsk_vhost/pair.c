/* SPDX-License-Identifier: BSD-2-Clause */
#include "pair.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "common/error.h"

/* With fewer buffers than this the guest is asked to say when it posts more; before, frames wake us anyway, and
 * each finds what was posted meanwhile. */
#define RX_KICKS_BELOW 64u

int pair_open(struct pair *p, const struct pair_config *config, struct net_error *err)
{
	p->pool.ops = &pair_rx_ops;
	p->memory = config->memory;
	p->rx = config->rx;
	p->tx = config->tx;
	p->queue = config->queue;
	p->features = request_features(config->features);
	p->rx_call_fd = config->rx_call_fd;
	p->tx_call_fd = config->tx_call_fd;
	p->filters = config->only_mac != NULL;
	if (p->filters)
		memcpy(p->mac, config->only_mac, sizeof(p->mac));
	p->posted = p->filled = p->again_count = p->segment_count = p->packet_count = 0;
	p->end = PAIR_RUNS;
	p->sentence[0] = '\0';
	p->buffers = calloc(p->rx->size, sizeof(*p->buffers));
	p->pieces = calloc((size_t)p->rx->size * RING_CHAIN_PIECES, sizeof(*p->pieces));
	if (p->buffers && p->pieces)
		return 0;
	free(p->buffers);
	free(p->pieces);
	p->buffers = NULL;
	p->pieces = NULL;
	return error_errno(err, -ENOMEM, "memory", "the buffers of a receive ring");
}

void pair_end(struct pair *p, enum pair_end end, const char *sentence)
{
	if (p->end)
		return;
	p->end = end;
	snprintf(p->sentence, sizeof(p->sentence), "%s", sentence);
}

void pair_queue_ended(struct pair *p, int rc)
{
	pair_end(p, rc == NET_TRY_RESTART ? PAIR_QUEUE_ENDED : PAIR_QUEUE_FATAL,
		 net_queue_error(p->queue));
}

void pair_ring_ended(struct pair *p, const struct ring *ring, const char *name, int rc)
{
	char text[sizeof(p->sentence)];

	if (rc == -ESHUTDOWN) {
		pair_end(p, PAIR_RING_WITHDRAWN, "");
		return;
	}
	snprintf(text, sizeof(text), "the guest's %s ring is broken: %s", name, ring_broken(ring));
	pair_end(p, PAIR_RING_BROKEN, text);
}

/* Show the guest what was pushed, and call it if it wants that. */
static void publish(struct pair *p, struct ring *ring, int call_fd)
{
	if (!ring_publish(ring) || call_fd < 0)
		return;
	pair_count(&p->counters.calls, 1);
	/* One that cannot be written, as its counter is full, has been called often enough. */
	eventfd_write(call_fd, 1);
}

static void publish_both(struct pair *p)
{
	publish(p, p->rx, p->rx_call_fd);
	publish(p, p->tx, p->tx_call_fd);
}

bool pair_pass(struct pair *p)
{
	bool busy = pair_receive(p);

	if (!p->end)
		busy |= pair_transmit(p);
	publish_both(p);
	return busy;
}

bool pair_arm(struct pair *p)
{
	bool more = false;

	if (p->posted < RX_KICKS_BELOW)
		more = ring_arm_kick(p->rx);
	else
		ring_disarm_kick(p->rx);
	/* While packets wait for room no more are taken: a kick would say nothing new. */
	if (!p->packet_count)
		more |= ring_arm_kick(p->tx);
	else
		ring_disarm_kick(p->tx);
	return more || net_queue_poll_ready(p->queue, &p->pool);
}

void pair_close(struct pair *p)
{
	ring_return_unused(p->rx);
	ring_return_unused(p->tx);
	publish_both(p);
	free(p->buffers);
	free(p->pieces);
	p->buffers = NULL;
	p->pieces = NULL;
	p->segment_count = p->packet_count = p->posted = 0;
}
