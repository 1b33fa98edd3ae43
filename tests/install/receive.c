// SPDX-License-Identifier: BSD-2-Clause
/* Receive frames into memory of our own: receive INTERFACE COUNT */
#define _GNU_SOURCE
#include <net_xdp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FRAMES = 64, BUFFER = 2048, BYTES = FRAMES * BUFFER };

static void buffers(struct net_buffer_access *pool, const uint32_t *ids, uint32_t count,
		    struct net_rx_buffer *out)
{
	for (uint32_t i = 0; i < count; i++)
		out[i] = (struct net_rx_buffer){.addr = ids[i] * BUFFER, .capacity_bytes = BUFFER};
}

static void metadata(struct net_buffer_access *pool, const uint32_t *ids,
		     const struct net_rx_metadata *frames, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		printf("buffer %u: %u bytes\n", ids[i], frames[i].len_bytes);
}

int main(int argc, char **argv)
{
	struct net_buffer_access_ops ops = {sizeof(ops), buffers, metadata};
	struct net_buffer_access pool = {&ops};
	struct net_xdp_region region = {.size_bytes = BYTES, .fd = memfd_create("frames", 0)};
	struct net_xdp_config config = net_xdp_config_default();
	uint32_t ids[FRAMES], left = argc == 3 ? atoi(argv[2]) : 0;
	struct net_queue_config queue = {&pool, ids, FRAMES};
	struct net_endpoint *endpoint;
	struct net_error error;
	struct net_queue *q;

	if (!left || ftruncate(region.fd, BYTES))
		return 2;
	config.ifname = argv[1], config.regions = &region, config.region_count = 1;
	for (uint32_t i = 0; i < FRAMES; i++)
		ids[i] = i;
	if (net_xdp_open(&config, &endpoint, &error) ||
	    net_endpoint_get_queues(endpoint, &queue, 1, NULL, &q, &error))
		return fprintf(stderr, "%s: %s\n", error.step, error.message), 1;
	for (uint32_t n; left && net_queue_wait(q, &pool, -1) == 1; left -= n) {
		n = net_queue_rx_poll(q, &pool, ids, left < FRAMES ? left : FRAMES);
		net_queue_rx_avail(q, &pool, ids, n);
	}
	return net_queue_destroy(q, &error) || net_endpoint_destroy(endpoint, &error);
}
