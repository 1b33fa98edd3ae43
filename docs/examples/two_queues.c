// SPDX-License-Identifier: BSD-2-Clause
/*
 * Two queues of one interface, a thread each, over one memory: two_queues INTERFACE SECONDS
 *
 * Each thread drives its own queue; main asks for their statistics meanwhile, which any thread may.
 */
#include <net_slots.h>
#include <net_xdp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { QUEUES = 2, SLOTS = 256, BATCH = 64 };

static struct net_slots *slots;
static atomic_bool stop;

static void *drive(void *argument)
{
	struct net_buffer_access *pool = net_slots_pool(slots);
	struct net_queue *q = argument;
	struct net_error error;
	uint32_t ids[BATCH];

	while (!atomic_load(&stop)) {
		net_queue_wait(q, pool, 100000000);
		for (int n; (n = net_queue_rx_poll(q, pool, ids, BATCH)) > 0;)
			net_queue_rx_avail(q, pool, ids, (uint32_t)n);
		if (net_queue_tx_poll(q, pool, ids, BATCH) < 0) { /* says when the NIC is gone */
			fprintf(stderr, "%s\n", net_queue_error(q));
			break;
		}
	}
	return net_queue_destroy(q, &error) ? argument : NULL;
}

int main(int argc, char **argv)
{
	struct net_xdp_config config = net_xdp_config_default();
	struct net_queue_config configs[QUEUES];
	struct net_queue *queues[QUEUES];
	struct net_endpoint *endpoint;
	struct net_queue_stats stats;
	struct net_xdp_region region;
	pthread_t threads[QUEUES];
	struct net_error error;
	void *failed;

	if (argc != 3)
		return fprintf(stderr, "usage: two_queues INTERFACE SECONDS\n"), 2;
	if (net_slots_open(QUEUES * SLOTS, 2048, 0, &slots, &error))
		goto fail;
	region = (struct net_xdp_region){.size_bytes = net_slots_bytes(slots),
					 .fd = net_slots_fd(slots)};
	config.ifname = argv[1];
	config.max_queues = QUEUES;
	config.regions = &region;
	config.region_count = 1;
	for (int i = 0; i < QUEUES; i++) /* each queue its own share of the slots */
		configs[i] =
			(struct net_queue_config){.pool = net_slots_pool(slots),
						  .initial_rx = net_slots_ids(slots) + i * SLOTS,
						  .initial_rx_count = SLOTS};
	if (net_xdp_open(&config, &endpoint, &error) ||
	    net_endpoint_get_queues(endpoint, configs, QUEUES, NULL, queues, &error))
		goto fail;
	for (int i = 0; i < QUEUES; i++)
		if (pthread_create(&threads[i], NULL, drive, queues[i]))
			return 1;
	sleep((unsigned)atoi(argv[2]));
	for (int i = 0; i < QUEUES; i++) {
		net_queue_stats(queues[i], &stats);
		printf("queue %d: %llu frames\n", i, (unsigned long long)stats.rx_packets);
	}
	atomic_store(&stop, true);
	for (int i = 0; i < QUEUES; i++) {
		pthread_join(threads[i], &failed);
		if (failed)
			return 1;
	}
	if (net_endpoint_destroy(endpoint, &error))
		goto fail;
	net_slots_close(slots);
	return 0;

fail:
	fprintf(stderr, "two_queues: %s: %s\n", error.step, error.message);
	return 1;
}
