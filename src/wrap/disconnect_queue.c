// SPDX-License-Identifier: BSD-2-Clause
/*
 * A queue of the disconnectable wrapper. It has three states:
 *
 *     connected   each call goes to the inner queue, after one comparison
 *     unplugged   made without an inner endpoint: ids are noted in a bitmap, packets are dropped
 *     stale       there was a swap since the queue was made: what arrived before is still delivered,
 *                 packets are dropped, and one data call returns NET_TRY_RESTART
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend/count.h"
#include "backend/inspect.h"
#include "base/error.h"
#include "base/grow.h"
#include "wrap/disconnect.h"

enum { BATCH = 64, WORD_BITS = 64 };

static struct disconnect_queue *queue_of(struct net_queue *q)
{
	return (struct disconnect_queue *)q;
}

static inline bool is_stale(const struct disconnect_queue *q)
{
	return __builtin_expect(
		q->generation != __atomic_load_n(&q->endpoint->generation, __ATOMIC_ACQUIRE), 0);
}

/* Return: true if this call is to return NET_TRY_RESTART: the first that asks. */
static bool tell(struct disconnect_queue *q)
{
	bool now = !q->told;

	q->told = true;
	return now;
}

/* ---- Receive ------------------------------------------------------------------------------- */

/* Note that an id is posted. Return: 0 or why the id is refused. */
static enum net_rx_refusal post_one(struct disconnect_queue *q, uint32_t id,
				    const struct net_rx_buffer *buffer)
{
	const uint64_t bit = 1ull << id % WORD_BITS;

	if (id >= UNPLUGGED_IDS || !buffer->capacity_bytes)
		return NET_RX_REFUSED_ID;
	if (q->posted[id / WORD_BITS] & bit)
		return NET_RX_REFUSED_DUPLICATE;
	q->posted[id / WORD_BITS] |= bit;
	return 0;
}

static uint32_t post_unplugged(struct disconnect_queue *q, struct net_buffer_access *pool,
			       const uint32_t *ids, uint32_t count)
{
	struct net_rx_buffer buffers[BATCH];
	uint32_t refused = 0, n;

	for (uint32_t done = 0; done < count; done += n) {
		n = count - done < BATCH ? count - done : BATCH;
		pool->ops->rx_buffers(pool, ids + done, n, buffers);
		for (uint32_t i = 0; i < n; i++) {
			enum net_rx_refusal why = post_one(q, ids[done + i], &buffers[i]);

			if (why && GROW_HAS(pool->ops, rx_refused))
				pool->ops->rx_refused(pool, ids[done + i], why);
			refused += why != 0;
		}
	}
	count_add(&q->rx_refused, refused);
	return refused;
}

/* A stale queue still posts to its inner queue: the ids come back when the queue is destroyed. */
static uint32_t disconnect_rx_avail(struct net_queue *base, struct net_buffer_access *pool,
				    const uint32_t *ids, uint32_t count)
{
	struct disconnect_queue *q = queue_of(base);

	return q->inner ? net_queue_rx_avail(q->inner, pool, ids, count)
			: post_unplugged(q, pool, ids, count);
}

/* Deliver what arrived before the swap, at most UNPLUGGED_DRAIN frames, because a busy wire brings
 * ever more. Then return NET_TRY_RESTART once. */
static __attribute__((noinline)) int stale_rx_poll(struct disconnect_queue *q,
						   struct net_buffer_access *pool, uint32_t *ids,
						   uint32_t count)
{
	int n = 0;

	if (q->inner && q->drain_left && !q->told)
		n = net_queue_rx_poll(q->inner, pool, ids, count);
	if (n > 0) {
		q->drain_left -= (uint32_t)n < q->drain_left ? (uint32_t)n : q->drain_left;
		return n;
	}
	return tell(q) ? NET_TRY_RESTART : 0;
}

static int disconnect_rx_poll(struct net_queue *base, struct net_buffer_access *pool, uint32_t *ids,
			      uint32_t count)
{
	struct disconnect_queue *q = queue_of(base);

	if (is_stale(q))
		return stale_rx_poll(q, pool, ids, count);
	return q->inner ? net_queue_rx_poll(q->inner, pool, ids, count) : 0;
}

/* ---- Transmit ------------------------------------------------------------------------------ */

/* The cable is out: drop and count each packet. All are complete when the call returns. */
static int drop_packets(struct disconnect_queue *q, const struct net_tx_segment *segments,
			uint32_t count, bool *sync)
{
	struct net_tx_iterator it = {.at = segments, .end = segments + count};
	struct net_tx_packet packet;
	uint64_t packets = 0;

	while (net_tx_next(&it, &packet))
		packets++;
	count_add(&q->tx_dropped, packets);
	*sync = true;
	return (int)count;
}

/* Not inlined, so that disconnect_tx_avail() needs no stack when it only passes a call on. */
static __attribute__((noinline)) int stale_tx_avail(struct disconnect_queue *q,
						    const struct net_tx_segment *segments,
						    uint32_t count, bool *sync)
{
	return is_stale(q) && tell(q) ? NET_TRY_RESTART : drop_packets(q, segments, count, sync);
}

static int disconnect_tx_avail(struct net_queue *base, struct net_buffer_access *pool,
			       const struct net_tx_segment *segments, uint32_t count, bool *sync)
{
	struct disconnect_queue *q = queue_of(base);

	if (!is_stale(q) && q->inner)
		return net_queue_tx_avail(q->inner, pool, segments, count, sync);
	return stale_tx_avail(q, segments, count, sync);
}

/* Deliver the completions of packets that were accepted before the swap. Then return NET_TRY_RESTART
 * once. */
static __attribute__((noinline)) int stale_tx_poll(struct disconnect_queue *q,
						   struct net_buffer_access *pool, uint32_t *ids,
						   uint32_t count)
{
	int n = q->inner ? net_queue_tx_poll(q->inner, pool, ids, count) : 0;

	if (n > 0 || !is_stale(q))
		return n;
	return tell(q) ? NET_TRY_RESTART : 0;
}

static int disconnect_tx_poll(struct net_queue *base, struct net_buffer_access *pool, uint32_t *ids,
			      uint32_t count)
{
	struct disconnect_queue *q = queue_of(base);

	return !is_stale(q) && q->inner ? net_queue_tx_poll(q->inner, pool, ids, count)
					: stale_tx_poll(q, pool, ids, count);
}

/* ---- Readiness and the rest ---------------------------------------------------------------- */

static bool disconnect_poll_ready(struct net_queue *base, struct net_buffer_access *pool)
{
	struct disconnect_queue *q = queue_of(base);

	if (is_stale(q)) {
		if (!q->told)
			return true;
		/* the frontend was told, so it may sleep */
		disconnect_silence(q->wake_fd);
		return false;
	}
	return q->inner && net_queue_poll_ready(q->inner, pool);
}

static int disconnect_ready_fd(struct net_queue *base)
{
	return queue_of(base)->ready_fd;
}

static void disconnect_update_target_vp(struct net_queue *base, uint32_t cpu)
{
	struct disconnect_queue *q = queue_of(base);

	if (q->inner)
		net_queue_update_target_vp(q->inner, cpu);
}

static void disconnect_queue_stats(struct net_queue *base, struct net_queue_stats *out,
				   size_t size_bytes)
{
	struct disconnect_queue *q = queue_of(base);
	struct net_queue_stats stats = {0};

	if (q->inner)
		net_queue_stats(q->inner, &stats);
	stats.tx_errors += count_read(&q->tx_dropped);
	stats.rx_errors += count_read(&q->rx_refused);
	grow_out(out, size_bytes, &stats, sizeof(stats));
}

static const char *disconnect_error(struct net_queue *base)
{
	struct disconnect_queue *q = queue_of(base);

	if (q->told)
		return "the inner endpoint was disconnected or exchanged: destroy the queues and "
		       "make "
		       "them again";
	return q->inner ? net_queue_error(q->inner) : "";
}

static void disconnect_outstanding(struct net_queue *base, net_outstanding_fn *each, void *context)
{
	struct disconnect_queue *q = queue_of(base);

	if (q->inner) {
		net_queue_outstanding(q->inner, each, context);
		return;
	}
	for (uint32_t word = 0; word < UNPLUGGED_IDS / WORD_BITS; word++)
		for (uint64_t bits = q->posted[word]; bits; bits &= bits - 1)
			each(context, true, word * WORD_BITS + (uint32_t)__builtin_ctzll(bits));
}

static void disconnect_queue_inspect(struct net_queue *base, struct net_inspector *to)
{
	struct disconnect_queue *q = queue_of(base);

	if (q->inner)
		net_queue_inspect(q->inner, to);
	inspect_enter(to, "disconnectable", -1);
	inspect_text(to, "state", is_stale(q) ? "stale" : q->inner ? "connected" : "unplugged");
	inspect_counter(to, "tx_dropped", count_read(&q->tx_dropped), NET_CLASS_TX_LOST, "packets",
			"sent while the cable was out");
	inspect_counter(to, "rx_refused", count_read(&q->rx_refused), NET_CLASS_REFUSED, "ids",
			"refused while the cable was out");
	inspect_leave(to);
}

static struct net_queue *disconnect_queue_inner(struct net_queue *base)
{
	return queue_of(base)->inner;
}

/* ---- Set-up -------------------------------------------------------------------------------- */

const struct net_queue_ops disconnect_queue_ops = {
	.size_bytes = sizeof(struct net_queue_ops),
	.rx_avail = disconnect_rx_avail,
	.rx_poll = disconnect_rx_poll,
	.tx_avail = disconnect_tx_avail,
	.tx_poll = disconnect_tx_poll,
	.poll_ready = disconnect_poll_ready,
	.ready_fd = disconnect_ready_fd,
	.update_target_vp = disconnect_update_target_vp,
	.stats = disconnect_queue_stats,
	.error = disconnect_error,
	.outstanding = disconnect_outstanding,
	.inspect = disconnect_queue_inspect,
	.destroy = disconnect_queue_destroy,
	.inner = disconnect_queue_inner,
};

void disconnect_queue_free(struct disconnect_queue *q)
{
	if (q->posted)
		munmap(q->posted, UNPLUGGED_BYTES);
	if (q->ready_fd >= 0)
		close(q->ready_fd);
	if (q->wake_fd >= 0)
		close(q->wake_fd);
	free(q);
}

static int open_table(struct disconnect_queue *q)
{
	q->posted = mmap(NULL, UNPLUGGED_BYTES, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (q->posted != MAP_FAILED)
		return 0;
	q->posted = NULL;
	return -errno;
}

int disconnect_queue_open(struct disconnect *ep, uint32_t index, struct disconnect_queue **out,
			  struct net_error *err)
{
	struct disconnect_queue *q = calloc(1, sizeof(*q));
	int rc;

	if (!q)
		return error_set(err, -ENOMEM, "get_queues", "queue %u: out of memory", index);
	q->base.ops = &disconnect_queue_ops;
	q->endpoint = ep;
	q->index = index;
	q->generation = ep->generation;
	q->drain_left = UNPLUGGED_DRAIN;
	rc = disconnect_open_fds(&q->ready_fd, &q->wake_fd);
	if (!rc && !ep->inner)
		rc = open_table(q);
	if (rc) {
		disconnect_queue_free(q);
		return error_set(err, rc, "get_queues", "queue %u: %s%s", index, strerror(-rc),
				 error_hint(rc, CALL_OTHER).text);
	}
	*out = q;
	return 0;
}

void disconnect_queue_start(struct disconnect_queue *q, const struct net_queue_config *config)
{
	if (config->initial_rx_count)
		post_unplugged(q, config->pool, config->initial_rx, config->initial_rx_count);
}
