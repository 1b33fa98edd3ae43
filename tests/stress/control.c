// SPDX-License-Identifier: BSD-2-Clause
/*
 * Clients ask at the control socket without end while queues work on a thread of their own, and while endpoints are
 * shown, taken out and destroyed. Built with ThreadSanitizer, under which Criterion does not run.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "asker.h"
#include "net_control.h"

enum { ASKERS = 3, LIVES = 800, ROUNDS = 200, FRAMES = 16, QUEUES = 2, FRAME_BYTES = 64 };

static char path[64];
static bool done; /* atomic */
static struct net_control *control;

static void fail(const char *what)
{
	fprintf(stderr, "control: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- Who asks --------------------------------------------------------------------------------- */

static void *ask_on(void *answers)
{
	uint64_t n;

	for (n = 0; !__atomic_load_n(&done, __ATOMIC_ACQUIRE); n++)
		asker_ask(path, n % 2);
	*(uint64_t *)answers = n;
	return NULL;
}

/* ---- Who works -------------------------------------------------------------------------------- */

struct pool {
	struct net_buffer_access access;
	uint8_t bytes[FRAMES * FRAME_BYTES];
};

static void *memory(struct net_buffer_access *a, uint64_t guest_addr, uint32_t len)
{
	(void)len;
	return ((struct pool *)a)->bytes + guest_addr;
}

static const struct net_buffer_access_ops pool_ops = {.size_bytes = sizeof(pool_ops),
						      .memory = memory};

static void *work(void *arg)
{
	struct net_queue *q = arg;
	struct pool pool = {.access.ops = &pool_ops};
	struct net_tx_metadata packets[FRAMES];
	struct net_tx_segment segments[FRAMES];
	uint32_t ids[FRAMES];
	bool sync;

	for (uint32_t i = 0; i < FRAMES; i++) {
		packets[i] = (struct net_tx_metadata){
			.id = i, .len_bytes = FRAME_BYTES, .segment_count = 1};
		segments[i] = (struct net_tx_segment){(uint64_t)i * FRAME_BYTES, FRAME_BYTES,
						      &packets[i]};
	}
	for (uint32_t round = 0; round < ROUNDS; round++) {
		net_queue_tx_avail(q, &pool.access, segments, FRAMES, &sync);
		while (net_queue_tx_poll(q, &pool.access, ids, FRAMES) > 0)
			;
	}
	return NULL;
}

static void tell(void *context, struct net_inspector *to)
{
	const struct net_field f = {.name = "life",
				    .kind = NET_FIELD_NUMBER,
				    .unit = "",
				    .meaning = "",
				    .number =
					    __atomic_load_n((uint64_t *)context, __ATOMIC_RELAXED)};

	to->ops->field(to, &f);
}

/* An endpoint comes, is shown, works, and ends. */
static void live(void)
{
	struct net_queue_config configs[QUEUES] = {0};
	struct net_queue *queues[QUEUES];
	pthread_t workers[QUEUES];
	struct net_endpoint *ep;

	if (net_null_open(&ep, NULL) ||
	    net_endpoint_get_queues(ep, configs, QUEUES, NULL, queues, NULL))
		fail("an endpoint");
	if (net_control_set(control, "null", ep, queues, QUEUES))
		fail("net_control_set");
	for (int i = 0; i < QUEUES; i++)
		if (pthread_create(&workers[i], NULL, work, queues[i]))
			fail("a thread");
	for (int i = 0; i < QUEUES; i++)
		pthread_join(workers[i], NULL);
	net_control_set(control, "null", NULL, NULL, 0);
	for (int i = 0; i < QUEUES; i++)
		net_queue_destroy(queues[i], NULL);
	net_endpoint_destroy(ep, NULL);
}

int main(void)
{
	struct net_control_config config = net_control_config_default();
	uint64_t answers[ASKERS] = {0}, all = 0, lives = 0;
	pthread_t askers[ASKERS];
	struct net_error err;

	snprintf(path, sizeof(path), "/tmp/net_xdp.%d.control", (int)getpid());
	config.path = path;
	if (net_control_open(&config, &control, &err))
		fail(err.message);
	net_control_tell(control, tell, &lives);
	for (int i = 0; i < ASKERS; i++)
		if (pthread_create(&askers[i], NULL, ask_on, &answers[i]))
			fail("a thread");
	for (uint64_t i = 0; i < LIVES; i++) {
		live();
		__atomic_store_n(&lives, i, __ATOMIC_RELAXED);
	}
	__atomic_store_n(&done, true, __ATOMIC_RELEASE);
	for (int i = 0; i < ASKERS; i++) {
		pthread_join(askers[i], NULL);
		all += answers[i];
		if (!answers[i])
			fail("somebody was never answered");
	}
	net_control_close(control);
	printf("%d lives, %llu answers\n", LIVES, (unsigned long long)all);
	return 0;
}
