// SPDX-License-Identifier: BSD-2-Clause
/* Receive frames into memory of our own: receive INTERFACE COUNT */
#include <net_slots.h>
#include <net_xdp.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	struct net_xdp_config config = net_xdp_config_default();
	int left = argc == 3 ? atoi(argv[2]) : 0;
	struct net_endpoint *endpoint;
	struct net_slots *slots;
	struct net_error error;
	struct net_queue *q;
	uint32_t ids[64];

	if (left <= 0 || net_slots_open(64, 2048, 0, &slots, &error))
		return fprintf(stderr, "%s\n", left > 0 ? error.message : "usage: IF COUNT"), 2;
	struct net_buffer_access *pool = net_slots_pool(slots);
	struct net_xdp_region region = {.size_bytes = net_slots_bytes(slots),
					.fd = net_slots_fd(slots)};
	struct net_queue_config queue = {
		.pool = pool, .initial_rx = net_slots_ids(slots), .initial_rx_count = 64};
	config.ifname = argv[1], config.regions = &region, config.region_count = 1;
	if (net_xdp_open(&config, &endpoint, &error) ||
	    net_endpoint_get_queues(endpoint, &queue, 1, NULL, &q, &error))
		return fprintf(stderr, "%s: %s\n", error.step, error.message), 1;
	for (int n; left && net_queue_wait(q, pool, -1) == 1; left -= n) {
		if (net_queue_tx_poll(q, pool, ids, 64) < 0) /* says when the NIC is gone */
			return fprintf(stderr, "%s\n", net_queue_error(q)), 1;
		n = net_queue_rx_poll(q, pool, ids, left < 64 ? left : 64);
		for (int i = 0; i < n; i++)
			printf("slot %u: %u bytes\n", ids[i],
			       net_slots_metadata(slots, ids[i])->len_bytes);
		net_queue_rx_avail(q, pool, ids, n);
	}
	return net_queue_destroy(q, &error) || net_endpoint_destroy(endpoint, &error);
}
