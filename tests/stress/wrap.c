// SPDX-License-Identifier: BSD-2-Clause
/*
 * The wrappers between threads, built with ThreadSanitizer, under which Criterion does not run. A
 * frontend's thread drives queues of a loopback; beside it one thread starts and stops a capture,
 * or swaps the inner endpoint, and one reads what the queues and the endpoint tell. What passed
 * must add up.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net_inspect.h"
#include "net_wrap.h"

enum { QUEUES = 2, IDS = 128, SLOT = 2048, BATCH = 16, FRAME = 300, CAPTURES = 200, SWAPS = 300 };

static uint8_t memory[(QUEUES * IDS + BATCH) * SLOT];
static struct net_queue *queues[QUEUES];
static bool done; /* atomic */

static _Noreturn void fail(const char *what, long long number)
{
	fprintf(stderr, "wrap: %s: %lld\n", what, number);
	exit(1);
}

static bool is_done(void)
{
	return __atomic_load_n(&done, __ATOMIC_ACQUIRE);
}

/* ---- A frontend ---------------------------------------------------------------------------- */

static void rx_buffers(struct net_buffer_access *pool, const uint32_t *ids, uint32_t count,
		       struct net_rx_buffer *out)
{
	(void)pool;
	for (uint32_t i = 0; i < count; i++)
		out[i] = (struct net_rx_buffer){.addr = ids[i] * SLOT, .capacity_bytes = SLOT};
}

static void rx_metadata(struct net_buffer_access *pool, const uint32_t *ids,
			const struct net_rx_metadata *metadata, uint32_t count)
{
	(void)pool, (void)ids, (void)metadata, (void)count;
}

static void *pool_memory(struct net_buffer_access *pool, uint64_t addr, uint32_t len_bytes)
{
	(void)pool;
	return addr <= sizeof(memory) && len_bytes <= sizeof(memory) - addr ? memory + addr : NULL;
}

static const struct net_buffer_access_ops pool_ops = {
	.size_bytes = sizeof(pool_ops),
	.rx_buffers = rx_buffers,
	.rx_metadata = rx_metadata,
	.memory = pool_memory,
};
static struct net_buffer_access pool = {.ops = &pool_ops};

static void get_queues(struct net_endpoint *ep)
{
	struct net_queue_config configs[QUEUES] = {0};
	uint32_t ids[QUEUES * IDS];
	struct net_error err;

	for (uint32_t i = 0; i < QUEUES * IDS; i++)
		ids[i] = i;
	for (uint32_t i = 0; i < QUEUES; i++)
		configs[i] = (struct net_queue_config){
			.pool = &pool, .initial_rx = ids + i * IDS, .initial_rx_count = IDS};
	if (net_endpoint_get_queues(ep, configs, QUEUES, NULL, queues, &err))
		fail(err.message, err.code);
}

static void end_queues(void)
{
	for (uint32_t i = 0; i < QUEUES; i++)
		net_queue_destroy(queues[i], NULL);
}

/* One round on one queue. Return: frames that passed both ways, or NET_TRY_RESTART. */
static int drive(struct net_queue *q)
{
	struct net_tx_segment segments[BATCH];
	struct net_tx_metadata packets[BATCH];
	uint32_t ids[BATCH];
	bool sync;
	int sent, n;

	for (uint32_t i = 0; i < BATCH; i++) {
		packets[i] =
			(struct net_tx_metadata){.id = i, .segment_count = 1, .len_bytes = FRAME};
		segments[i] = (struct net_tx_segment){
			.addr = (QUEUES * IDS + i) * SLOT, .len_bytes = FRAME, .head = &packets[i]};
	}
	sent = net_queue_tx_avail(q, &pool, segments, BATCH, &sync);
	if (sent < 0)
		return sent;
	n = net_queue_rx_poll(q, &pool, ids, BATCH);
	if (n < 0)
		return n;
	if (net_queue_rx_avail(q, &pool, ids, (uint32_t)n))
		fail("refused", n);
	net_queue_poll_ready(q, &pool);
	return sent + n;
}

/* ---- Capture ------------------------------------------------------------------------------- */

static void *start_and_stop(void *ep)
{
	struct net_capture_config config = net_capture_config_default();
	struct net_capture_stats s;
	struct net_error err;
	uint64_t frames = 0;

	config.path = "/dev/null";
	for (int i = 0; i < CAPTURES; i++) {
		config.buffer_bytes = i % 2 ? 65536 : 1 << 20;
		if (net_capture_start(ep, &config, &err))
			fail(err.message, err.code);
		if (i % 3)
			poll(NULL, 0, 1);
		if (net_capture_stop(ep) || net_capture_get_stats(ep, &s) || s.error)
			fail("capture", s.error);
		frames += s.frames;
	}
	if (!frames)
		fail("nothing was captured", 0);
	__atomic_store_n(&done, true, __ATOMIC_RELEASE);
	return NULL;
}

static void count_text(void *context, const char *text, size_t len_bytes)
{
	(void)text;
	*(size_t *)context += len_bytes;
}

static void *read_capture(void *ep)
{
	struct net_capture_stats s;
	struct net_queue_stats q;
	size_t bytes = 0;

	while (!is_done()) {
		net_capture_get_stats(ep, &s);
		for (uint32_t i = 0; i < QUEUES; i++)
			net_queue_stats(queues[i], &q);
		net_inspect_json(ep, queues, QUEUES, count_text, &bytes);
	}
	return NULL;
}

static void capture(void)
{
	struct net_endpoint *inner = NULL, *ep = NULL;
	pthread_t threads[2];

	if (net_loopback_open(QUEUES, &inner, NULL) || net_capture_open(inner, &ep, NULL))
		fail("open", 0);
	get_queues(ep);
	done = false;
	pthread_create(&threads[0], NULL, start_and_stop, ep);
	pthread_create(&threads[1], NULL, read_capture, ep);
	for (uint32_t i = 0; !is_done(); i++)
		if (drive(queues[i % QUEUES]) < 0)
			fail("drive", i);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	end_queues();
	net_endpoint_destroy(ep, NULL);
}

/* ---- Disconnectable ------------------------------------------------------------------------ */

static struct net_endpoint *spare;

static void *swap(void *ep)
{
	struct net_endpoint *was;
	int rc;

	for (int i = 0; i < SWAPS; i++) {
		rc = net_disconnectable_disconnect(ep, 20000, &was, NULL);
		if (i % 3 == 0)
			poll(NULL, 0, 1);
		if (rc || net_disconnectable_connect(ep, spare, NULL))
			fail("swap", rc);
		spare = was;
	}
	__atomic_store_n(&done, true, __ATOMIC_RELEASE);
	return NULL;
}

static void disconnectable(void)
{
	struct net_endpoint_facts facts;
	struct net_endpoint *inner = NULL, *ep = NULL;
	struct net_action action;
	uint32_t restarts = 0, downs = 0;
	pthread_t thread;

	if (net_loopback_open(QUEUES, &inner, NULL) || net_loopback_open(QUEUES, &spare, NULL))
		fail("open", 0);
	net_endpoint_facts(inner, &facts);
	if (net_disconnectable_open(&facts, &ep, NULL) ||
	    net_disconnectable_connect(ep, inner, NULL))
		fail("connect", 0);
	get_queues(ep);
	done = false;
	pthread_create(&thread, NULL, swap, ep);
	for (uint32_t i = 0; !is_done(); i++) {
		bool again = drive(queues[i % QUEUES]) == NET_TRY_RESTART;

		while (net_endpoint_poll_action(ep, &action) == 1) {
			again |= action.kind == NET_ACTION_RESTART_REQUIRED;
			downs += action.kind == NET_ACTION_LINK && !action.link_up;
		}
		if (!again)
			continue;
		restarts++;
		end_queues();
		get_queues(ep);
	}
	pthread_join(thread, NULL);
	if (restarts < 10 || downs < 1)
		fail("restarts", restarts);
	end_queues();
	net_endpoint_destroy(ep, NULL);
	net_endpoint_destroy(spare, NULL);
}

int main(void)
{
	capture();
	disconnectable();
	puts("wrap: captures and swaps beside a frontend's thread");
	return 0;
}
