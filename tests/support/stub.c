// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "backend/inspect.h"
#include "backend/lifecycle.h"
#include "backend/nothing.h"
#include "base/grow.h"
#include "support/frame.h"
#include "support/stub.h"

const char stub_sentence[] = "the stub was told to fail";

struct wire_frame {
	uint32_t len;
	uint64_t seed;
};

/* Ids first .. last of a ring that never wraps round itself: an id is in one list at a time. */
struct id_list {
	uint32_t ids[STUB_IDS];
	uint32_t first, last;
};

struct stub {
	struct net_endpoint base;
	struct net_queue queue;
	int ready_fd;
	bool is_alive, is_made;
	int failure;	    /* to be told, 0 none */
	const char *reason; /* of what was told */
	bool has_completion;
	uint32_t completion;
	struct wire_frame wire[STUB_FRAMES];
	uint32_t wire_taken, wire_put; /* put: atomic */
	struct id_list posted, filled;
	struct net_rx_buffer buffer[STUB_IDS];
	uint8_t *at[STUB_IDS]; /* where a frame begins in it */
	struct net_queue_stats stats;
	int target; /* the CPU that was told last, -1 none */
};

static struct stub *stub_of(struct net_endpoint *ep)
{
	return (struct stub *)ep;
}

static struct stub *stub_of_queue(struct net_queue *q)
{
	return (struct stub *)((char *)q - offsetof(struct stub, queue));
}

static void put(struct id_list *list, uint32_t id)
{
	list->ids[list->last++ % STUB_IDS] = id;
}

static uint32_t take(struct id_list *list)
{
	return list->ids[list->first++ % STUB_IDS];
}

/* Return: what a data call has to say, 0 nothing. */
static int tell(struct stub *s)
{
	int code = s->failure;

	s->failure = 0;
	if (code)
		s->reason = stub_sentence;
	return code;
}

/* ---- Data calls ------------------------------------------------------------------------------- */

static uint32_t stub_rx_avail(struct net_queue *q, struct net_buffer_access *pool,
			      const uint32_t *ids, uint32_t count)
{
	struct stub *s = stub_of_queue(q);

	for (uint32_t i = 0; i < count; i++) {
		struct net_rx_buffer *b = &s->buffer[ids[i]];

		cr_assert(ids[i] < STUB_IDS, "id %u", ids[i]);
		pool->ops->rx_buffers(pool, &ids[i], 1, b);
		s->at[ids[i]] =
			pool->ops->memory(pool, b->addr + b->header_bytes, b->capacity_bytes);
		cr_assert(s->at[ids[i]] != NULL);
		put(&s->posted, ids[i]);
	}
	return 0;
}

static int stub_rx_poll(struct net_queue *q, struct net_buffer_access *pool, uint32_t *ids,
			uint32_t count)
{
	struct stub *s = stub_of_queue(q);
	int code = tell(s);
	uint32_t n = 0;

	(void)pool;
	while (!code && n < count && s->filled.first != s->filled.last)
		ids[n++] = take(&s->filled);
	return code ? code : (int)n;
}

static int stub_tx_avail(struct net_queue *q, struct net_buffer_access *pool,
			 const struct net_tx_segment *segments, uint32_t count, bool *sync)
{
	int code = tell(stub_of_queue(q));

	(void)pool, (void)segments;
	*sync = true;
	return code ? code : (int)count;
}

static int stub_tx_poll(struct net_queue *q, struct net_buffer_access *pool, uint32_t *ids,
			uint32_t count)
{
	struct stub *s = stub_of_queue(q);
	int code = tell(s);

	(void)pool;
	if (code || !count || !s->has_completion)
		return code;
	s->has_completion = false;
	ids[0] = s->completion;
	return 1;
}

/* The next frame of the wire into the next buffer. */
static void deliver(struct stub *s, struct net_buffer_access *pool)
{
	const struct wire_frame *f = &s->wire[s->wire_taken++];
	const uint32_t id = take(&s->posted);
	const struct net_rx_metadata m = {.len_bytes = f->len};

	frame_plain(s->at[id], f->len, f->seed);
	pool->ops->rx_metadata(pool, &id, &m, 1);
	put(&s->filled, id);
	s->stats.rx_packets++;
}

static bool stub_poll_ready(struct net_queue *q, struct net_buffer_access *pool)
{
	struct stub *s = stub_of_queue(q);
	uint64_t count;

	cr_assert(pool != NULL, "poll_ready without a pool");
	if (read(s->ready_fd, &count, sizeof(count)) < 0)
		count = 0;
	while (s->wire_taken != __atomic_load_n(&s->wire_put, __ATOMIC_ACQUIRE) &&
	       s->posted.first != s->posted.last)
		deliver(s, pool);
	return s->failure || s->filled.first != s->filled.last;
}

/* ---- The rest of a queue ---------------------------------------------------------------------- */

static int stub_ready_fd(struct net_queue *q)
{
	return stub_of_queue(q)->ready_fd;
}

static void stub_stats(struct net_queue *q, struct net_queue_stats *out, size_t size_bytes)
{
	grow_out(out, size_bytes, &stub_of_queue(q)->stats, sizeof(struct net_queue_stats));
}

static const char *stub_error(struct net_queue *q)
{
	return stub_of_queue(q)->reason;
}

static void stub_outstanding(struct net_queue *q, net_outstanding_fn *each, void *context)
{
	struct stub *s = stub_of_queue(q);

	for (uint32_t i = s->filled.first; i != s->filled.last; i++)
		each(context, true, s->filled.ids[i % STUB_IDS]);
	for (uint32_t i = s->posted.first; i != s->posted.last; i++)
		each(context, true, s->posted.ids[i % STUB_IDS]);
}

static void stub_update_target_vp(struct net_queue *q, uint32_t cpu)
{
	stub_of_queue(q)->target = (int)cpu;
}

static int stub_queue_destroy(struct net_queue *q, struct net_error *err)
{
	(void)err;
	stub_of_queue(q)->is_alive = false;
	return 0;
}

static const struct net_queue_ops queue_ops = {
	.size_bytes = sizeof(struct net_queue_ops),
	.rx_avail = stub_rx_avail,
	.rx_poll = stub_rx_poll,
	.tx_avail = stub_tx_avail,
	.tx_poll = stub_tx_poll,
	.poll_ready = stub_poll_ready,
	.ready_fd = stub_ready_fd,
	.update_target_vp = stub_update_target_vp,
	.stats = stub_stats,
	.error = stub_error,
	.outstanding = stub_outstanding,
	.inspect = inspect_queue_stats,
	.destroy = stub_queue_destroy,
};

/* ---- Endpoint --------------------------------------------------------------------------------- */

static void stub_facts(struct net_endpoint *ep, struct net_endpoint_facts *out, size_t size_bytes)
{
	const struct net_endpoint_facts facts = {
		.type = "stub", .is_ordered = true, .tx_fast_completions = true, .max_queues = 1};

	(void)ep;
	grow_out(out, size_bytes, &facts, sizeof(facts));
}

static int make_queue(struct stub *s, const struct net_queue_config *config,
		      struct net_queue **queue)
{
	s->queue.ops = &queue_ops;
	s->is_alive = s->is_made = true;
	s->failure = 0;
	s->target = -1;
	s->reason = "";
	s->posted.first = s->posted.last = s->filled.first = s->filled.last = 0;
	*queue = &s->queue;
	stub_rx_avail(*queue, config->pool, config->initial_rx, config->initial_rx_count);
	return 0;
}

static int stub_get_queues(struct net_endpoint *ep, const struct net_queue_config *configs,
			   uint32_t count, const struct net_rss_config *rss,
			   struct net_queue **queues, struct net_error *err)
{
	int rc = lifecycle_get_queues(configs, count, 1, stub_of(ep)->is_alive, err);

	(void)rss;
	return rc ? rc : make_queue(stub_of(ep), configs, queues);
}

static int stub_get_queue(struct net_endpoint *ep, uint32_t index,
			  const struct net_queue_config *config, struct net_queue **queue,
			  struct net_error *err)
{
	struct stub *s = stub_of(ep);
	int rc = lifecycle_get_queue(index, config, s->is_made, s->is_alive, err);

	return rc ? rc : make_queue(s, config, queue);
}

static int stub_stop(struct net_endpoint *ep)
{
	return stub_of(ep)->is_alive ? -EBUSY : 0;
}

static int stub_destroy(struct net_endpoint *ep, struct net_error *err)
{
	struct stub *s = stub_of(ep);
	int rc = lifecycle_destroy(s->is_alive, err);

	if (rc)
		return rc;
	close(s->ready_fd);
	free(s);
	return 0;
}

static const struct net_endpoint_ops endpoint_ops = {
	.size_bytes = sizeof(struct net_endpoint_ops),
	.facts = stub_facts,
	.get_queues = stub_get_queues,
	.get_queue = stub_get_queue,
	.stop = stub_stop,
	.poll_action = nothing_poll_action,
	.action_fd = nothing_action_fd,
	.inspect = inspect_facts,
	.destroy = stub_destroy,
};

struct net_endpoint *stub_open(void)
{
	struct stub *s = calloc(1, sizeof(*s));

	cr_assert(s != NULL);
	s->base.ops = &endpoint_ops;
	s->ready_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	cr_assert(s->ready_fd >= 0);
	return &s->base;
}

/* ---- What the test does to it ----------------------------------------------------------------- */

static void wake(struct stub *s)
{
	uint64_t one = 1;

	if (write(s->ready_fd, &one, sizeof(one)) < 0)
		abort(); /* the counter is far from its end */
}

void stub_arrive(struct net_endpoint *stub, uint32_t len, uint64_t seed)
{
	struct stub *s = stub_of(stub);

	if (s->wire_put == STUB_FRAMES)
		abort();
	s->wire[s->wire_put] = (struct wire_frame){len, seed};
	__atomic_store_n(&s->wire_put, s->wire_put + 1, __ATOMIC_RELEASE);
	wake(s);
}

void stub_complete(struct net_endpoint *stub, uint32_t id)
{
	stub_of(stub)->completion = id;
	stub_of(stub)->has_completion = true;
	wake(stub_of(stub));
}

void stub_fail(struct net_endpoint *stub, int code)
{
	stub_of(stub)->failure = code;
	wake(stub_of(stub));
}

int stub_target(struct net_endpoint *stub)
{
	return stub_of(stub)->target;
}
