// SPDX-License-Identifier: BSD-2-Clause
#include <inttypes.h>
#include <stdio.h>

#include <criterion/criterion.h>

#include "soak/soak.h"

const char *const loss_names[LOSSES] = {
	[LOSS_TX_LIBRARY] = "tx_drop",	 [LOSS_TX_QUEUE] = "tx_queue_ended",
	[LOSS_TX_DEVICE] = "tx_dropped", [LOSS_LINK] = "link_down",
	[LOSS_RX_DEVICE] = "rx_dropped", [LOSS_HOST] = "host",
	[LOSS_RX_LIBRARY] = "rx_drop",	 [LOSS_RX_QUEUE] = "rx_queue_ended",
};
const char *const loss_meanings[LOSSES] = {
	[LOSS_TX_LIBRARY] = "the library dropped them at the sender",
	[LOSS_TX_QUEUE] = "in the TX ring of a queue that ended or was killed",
	[LOSS_TX_DEVICE] = "the device: the other end was full, or had no carrier",
	[LOSS_LINK] = "between the ends when a link went down",
	[LOSS_RX_DEVICE] = "the device: no buffer, RX ring full, or the socket had just gone",
	[LOSS_HOST] = "to the host: no queue took frames then",
	[LOSS_RX_LIBRARY] = "the library dropped them at the receiver",
	[LOSS_RX_QUEUE] = "in the RX ring of a queue that ended or was killed",
};

struct balance_start balance_begin(const struct soak *s)
{
	struct balance_start b;

	for (int i = 0; i < 2; i++) {
		const struct side_shared *c = s->sides[i].shared;

		b.ends[i] = world_counts(i);
		b.accepted[i] = c->accepted;
		b.completed[i] = c->completed;
		b.offered[i] = c->offered;
		b.received[i] = c->received;
		b.tx_dropped[i] = c->tx_dropped;
		b.rx_dropped[i] = c->rx_dropped;
		b.rx_kernel[i] = c->rx_kernel;
		b.unfinished[i] = c->unfinished;
		b.queues_ended[i] = c->queues_ended;
	}
	return b;
}

/* One direction, in frames since the step began. */
struct direction {
	int64_t sent, received;
	int64_t loss[LOSSES];
	int64_t most[LOSSES]; /* of those that are remainders */
};

static void finding(const struct soak *s, const struct direction *d, int from, const char *what,
		    const char *rule)
{
	fprintf(stderr,
		"FINDING in step %" PRIu64 " (%s), %c to %c: %s\n  sent %" PRId64
		", received %" PRId64,
		s->steps, what, 'A' + from, 'B' - from, rule, d->sent, d->received);
	for (int i = 0; i < LOSSES; i++)
		fprintf(stderr, ", %s %" PRId64, loss_names[i], d->loss[i]);
	fprintf(stderr, "\n");
	cr_assert_fail("to see it again: sudo tools/soak --seed %" PRIu64 " --steps %" PRIu64,
		       s->seed, s->steps + 1);
}

static struct direction measure(const struct soak *s, const struct balance_start *b, int from,
				bool receiver_died)
{
	int to = 1 - from;
	const struct side_shared *tx = s->sides[from].shared, *rx = s->sides[to].shared;
	struct link_counts source = world_counts(from), target = world_counts(to);
	struct direction d = {0};
	int64_t taken = (int64_t)(target.rx_packets - b->ends[to].rx_packets);

	d.received = (int64_t)(rx->received - b->received[to]);
	d.loss[LOSS_TX_DEVICE] = (int64_t)(source.tx_dropped - b->ends[from].tx_dropped);
	d.loss[LOSS_TX_LIBRARY] = (int64_t)(tx->tx_dropped - b->tx_dropped[from]);
	d.loss[LOSS_RX_DEVICE] = (int64_t)(target.rx_dropped - b->ends[to].rx_dropped);
	d.loss[LOSS_HOST] = (int64_t)(target.host - b->ends[to].host);
	d.loss[LOSS_RX_LIBRARY] = (int64_t)(rx->rx_dropped - b->rx_dropped[to]);
	d.sent = (int64_t)(tx->accepted - b->accepted[from]);
	d.most[LOSS_TX_QUEUE] = (int64_t)(tx->unfinished - b->unfinished[from]);
	if (receiver_died || rx->queues_ended != b->queues_ended[to])
		d.most[LOSS_RX_QUEUE] =
			(int64_t)(rx->queues_ended - b->queues_ended[to] + receiver_died) *
			(SOAK_RING + SOAK_BATCH);
	d.loss[LOSS_LINK] = d.sent - d.loss[LOSS_TX_LIBRARY] - d.loss[LOSS_TX_DEVICE] - taken;
	d.loss[LOSS_RX_QUEUE] = taken - d.loss[LOSS_RX_DEVICE] - d.loss[LOSS_HOST] -
				d.loss[LOSS_RX_LIBRARY] - d.received;
	return d;
}

/* The kernel counts a frame twice that is on its way into an end just when that is taken down: its NAPI has gone, so
 * it goes to the backlog, which refuses it and counts it as that end's rx_dropped (enqueue_to_backlog(), a device that
 * does not run), upon which veth_xmit() counts it as the sender's tx_dropped. A sender has one frame in hand. The
 * socket's counters, compared below, do not have it. */
static void count_once(struct direction *d, uint32_t link_downs)
{
	int64_t twice = -d->loss[LOSS_RX_QUEUE];

	if (twice > 0 && twice <= (int64_t)link_downs && twice <= d->loss[LOSS_TX_DEVICE] &&
	    twice <= d->loss[LOSS_RX_DEVICE]) {
		d->loss[LOSS_RX_DEVICE] -= twice;
		d->loss[LOSS_RX_QUEUE] = 0;
	}
}

void balance_check(struct soak *s, const struct balance_start *b, int from, bool sender_died,
		   bool receiver_died, uint32_t link_downs, const char *what)
{
	struct direction d = measure(s, b, from, receiver_died);
	const struct side_shared *rx = s->sides[1 - from].shared;
	int64_t link_most = (int64_t)link_downs * SOAK_VETH_QUEUE;

	/* Who was killed in tx_avail may have sent some of what it had not counted yet. */
	if (sender_died && d.loss[LOSS_LINK] < 0) {
		int64_t more = -d.loss[LOSS_LINK];

		if (more > SOAK_BATCH)
			finding(s, &d, from, what, "more came than was offered");
		d.sent += more;
		d.loss[LOSS_LINK] = 0;
	}
	d.loss[LOSS_TX_QUEUE] = d.loss[LOSS_LINK] - link_most;
	if (d.loss[LOSS_TX_QUEUE] < 0)
		d.loss[LOSS_TX_QUEUE] = 0;
	if (!link_downs && d.loss[LOSS_LINK] <= d.most[LOSS_TX_QUEUE])
		d.loss[LOSS_TX_QUEUE] = d.loss[LOSS_LINK];
	d.loss[LOSS_LINK] -= d.loss[LOSS_TX_QUEUE];
	count_once(&d, link_downs);
	if (d.loss[LOSS_LINK] < 0 || d.loss[LOSS_LINK] > link_most ||
	    d.loss[LOSS_TX_QUEUE] > d.most[LOSS_TX_QUEUE])
		finding(s, &d, from, what, "sent frames that neither arrived nor have a name");
	if (d.loss[LOSS_RX_QUEUE] < 0 || d.loss[LOSS_RX_QUEUE] > d.most[LOSS_RX_QUEUE])
		finding(s, &d, from, what,
			"frames that arrived and were neither received nor have a name");
	/* The socket's counters say the same as the device's while there is a socket. */
	if (!d.most[LOSS_RX_QUEUE] && !receiver_died &&
	    (int64_t)(rx->rx_kernel - b->rx_kernel[1 - from]) != d.loss[LOSS_RX_DEVICE])
		finding(s, &d, from, what,
			"the socket's counters do not say what the device dropped");
	s->sent += (uint64_t)d.sent;
	s->received += (uint64_t)d.received;
	for (int i = 0; i < LOSSES; i++)
		s->losses[i] += (uint64_t)d.loss[i];
}
