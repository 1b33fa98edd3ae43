// SPDX-License-Identifier: BSD-2-Clause
/*
 * Count frames for some seconds, through whatever happens to the interface: restart INTERFACE SECONDS
 *
 * The loop that a program needs which outlives its NIC: an action or a data call asks for a restart, the
 * queue ends, its buffers are ours again, and get_queues is tried until the interface is back.
 */
#include <net_slots.h>
#include <net_xdp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SLOTS = 256, BATCH = 64 };

static struct net_slots *slots;
static struct net_error error;
static unsigned long frames;

/* Take what came, until the queue has to be made again or the time is over. */
static void run(struct net_endpoint *endpoint, struct net_queue *q, time_t end)
{
	struct net_buffer_access *pool = net_slots_pool(slots);
	struct net_action action;
	uint32_t ids[BATCH];

	while (time(NULL) < end) {
		while (net_endpoint_poll_action(endpoint, &action) == 1) {
			if (action.kind == NET_ACTION_RESTART_REQUIRED)
				return;
			printf("link %s\n", action.link_up ? "up" : "down");
		}
		net_queue_wait(q, pool, 100000000);
		for (int n; (n = net_queue_rx_poll(q, pool, ids, BATCH)) > 0; frames += (unsigned)n)
			net_queue_rx_avail(q, pool, ids, (uint32_t)n);
		if (net_queue_tx_poll(q, pool, ids, BATCH) == NET_TRY_RESTART) {
			printf("restart: %s\n", net_queue_error(q));
			return;
		}
	}
}

/* Make the queue. All slots are ours: none is with the kernel when no queue is. */
static struct net_queue *start(struct net_endpoint *endpoint)
{
	struct net_queue_config config = {.pool = net_slots_pool(slots),
					  .initial_rx = net_slots_ids(slots),
					  .initial_rx_count = SLOTS};
	struct net_queue *q;

	return net_endpoint_get_queues(endpoint, &config, 1, NULL, &q, &error) ? NULL : q;
}

int main(int argc, char **argv)
{
	struct net_xdp_config config = net_xdp_config_default();
	time_t end = time(NULL) + (argc == 3 ? atoi(argv[2]) : 0);
	struct net_endpoint *endpoint;
	struct net_xdp_region region;
	struct net_queue *q;

	if (argc != 3)
		return fprintf(stderr, "usage: restart INTERFACE SECONDS\n"), 2;
	setlinebuf(stdout);
	if (net_slots_open(SLOTS, 2048, 0, &slots, &error))
		goto fail;
	region = (struct net_xdp_region){.size_bytes = net_slots_bytes(slots),
					 .fd = net_slots_fd(slots)};
	config.ifname = argv[1];
	config.regions = &region;
	config.region_count = 1;
	if (net_xdp_open(&config, &endpoint, &error))
		goto fail;
	while (time(NULL) < end) {
		q = start(endpoint);
		if (!q) {
			printf("waiting: %s\n", error.message);
			nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
			continue;
		}
		printf("running\n");
		run(endpoint, q, end);
		if (net_queue_destroy(q, &error))
			goto fail; /* -ETIMEDOUT: the kernel may still write to the slots */
	}
	printf("%lu frames\n", frames);
	if (net_endpoint_destroy(endpoint, &error))
		goto fail;
	net_slots_close(slots);
	return 0;

fail:
	fprintf(stderr, "restart: %s: %s\n", error.step, error.message);
	return 1;
}
