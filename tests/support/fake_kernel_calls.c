// SPDX-License-Identifier: BSD-2-Clause
/*
 * The data calls of a queue over the fake kernel: the real ones, with the kernel's stores in between. A
 * frontend may call as often as it likes, so one call of a test becomes several, and what they give is
 * given together.
 */
#include "support/fake_kernel.h"

static struct fake_kernel *kernel_of(struct net_queue *q)
{
	return (struct fake_kernel *)((char *)q - offsetof(struct fake_kernel, queue.base));
}

static bool is_late(const struct fake_ring *r)
{
	return r->kernel != *r->published;
}

/* Some of the kernel's stores, or none. */
static void drift(struct fake_kernel *k)
{
	while (frame_random_below(&k->random, k->lateness) == 0 && fake_publish(k))
		;
}

static uint32_t calls_rx_avail(struct net_queue *q, struct net_buffer_access *pool,
			       const uint32_t *ids, uint32_t count)
{
	struct fake_kernel *k = kernel_of(q);
	uint32_t refused = 0, n;

	do {
		drift(k);
		n = count && is_late(&k->fill) ? 1 + frame_random_below(&k->random, count) : count;
		refused += queue_ops.rx_avail(q, pool, ids, n);
		ids += n;
		count -= n;
	} while (count);
	return refused;
}

static uint32_t calls_rx_poll(struct net_queue *q, struct net_buffer_access *pool, uint32_t *ids,
			      uint32_t count)
{
	struct fake_kernel *k = kernel_of(q);
	uint32_t done = 0;

	drift(k);
	for (;;) {
		done += queue_ops.rx_poll(q, pool, ids + done, count - done);
		if (done == count || !is_late(&k->rx))
			return done;
		fake_publish(k);
	}
}

static uint32_t calls_tx_avail(struct net_queue *q, struct net_buffer_access *pool,
			       const struct net_tx_segment *segments, uint32_t count, bool *sync)
{
	struct fake_kernel *k = kernel_of(q);
	uint32_t taken = 0;

	drift(k);
	for (;;) {
		taken += queue_ops.tx_avail(q, pool, segments + taken, count - taken, sync);
		if (taken == count || (!is_late(&k->completion) && !is_late(&k->tx)))
			return taken;
		fake_publish(k);
	}
}

static int calls_tx_poll(struct net_queue *q, struct net_buffer_access *pool, uint32_t *ids,
			 uint32_t count)
{
	struct fake_kernel *k = kernel_of(q);
	uint32_t done = 0;
	int n;

	drift(k);
	for (;;) {
		n = queue_ops.tx_poll(q, pool, ids + done, count - done);
		if (n < 0 && done == 0)
			return n;
		done += n > 0 ? (uint32_t)n : 0;
		if (done == count || !is_late(&k->completion))
			return (int)done;
		fake_publish(k);
	}
}

static bool calls_poll_ready(struct net_queue *q)
{
	struct fake_kernel *k = kernel_of(q);

	drift(k);
	while (!queue_ops.poll_ready(q))
		if (!fake_publish(k))
			return false;
	return true;
}

static void calls_stats(struct net_queue *q, struct net_queue_stats *out)
{
	queue_ops.stats(q, out);
}

const struct net_queue_ops fake_calls = {
	.rx_avail = calls_rx_avail,
	.rx_poll = calls_rx_poll,
	.tx_avail = calls_tx_avail,
	.tx_poll = calls_tx_poll,
	.poll_ready = calls_poll_ready,
	.stats = calls_stats,
};
