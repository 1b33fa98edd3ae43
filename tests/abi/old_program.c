// SPDX-License-Identifier: BSD-2-Clause
/*
 * Built with the headers as they are, run with a library whose structs have grown: each struct that the
 * library fills has bytes behind it that must stay. usage: old_program INTERFACE
 */
#define _GNU_SOURCE
#include <net_xdp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FRAMES = 64, BUFFER = 2048, BYTES = FRAMES * BUFFER, GUARD = 256 };

static int failures;

static void buffers(struct net_buffer_access *pool, const uint32_t *ids, uint32_t count,
		    struct net_rx_buffer *out)
{
	(void)pool;
	for (uint32_t i = 0; i < count; i++)
		out[i] = (struct net_rx_buffer){.addr = ids[i] * BUFFER, .capacity_bytes = BUFFER};
}

static void metadata(struct net_buffer_access *pool, const uint32_t *ids,
		     const struct net_rx_metadata *frames, uint32_t count)
{
	(void)pool, (void)ids, (void)frames, (void)count;
}

/* A struct of the caller's size with a guard behind it, in memory of its own. */
static void *guarded(size_t bytes)
{
	uint8_t *memory = malloc(bytes + GUARD);

	if (!memory)
		exit(1);
	memset(memory, 0xa5, bytes + GUARD);
	return memory;
}

static void check(const char *what, void *memory, size_t bytes)
{
	const uint8_t *guard = (const uint8_t *)memory + bytes;
	size_t written = 0;

	for (size_t i = 0; i < GUARD; i++)
		written += guard[i] != 0xa5;
	printf("%s: %zu bytes, %zu written behind it\n", what, bytes, written);
	failures += written != 0;
	free(memory);
}

#define CHECK(type, call)                                                                          \
	do {                                                                                       \
		type *out = guarded(sizeof(*out));                                                 \
		call;                                                                              \
		check(#type, out, sizeof(*out));                                                   \
	} while (0)

int main(int argc, char **argv)
{
	struct net_buffer_access_ops ops = {buffers, metadata, NULL, sizeof(ops), NULL, NULL};
	struct net_buffer_access pool = {&ops};
	struct net_xdp_region region = {.size_bytes = BYTES, .fd = memfd_create("frames", 0)};
	struct net_xdp_config config;
	struct net_xdp_device device;
	uint32_t ids[FRAMES];
	struct net_queue_config queue = {
		.pool = &pool, .initial_rx = ids, .initial_rx_count = FRAMES};
	struct net_endpoint *endpoint;
	struct net_error error;
	struct net_queue *q;

	if (argc != 2 || ftruncate(region.fd, BYTES))
		return 2;
	for (uint32_t i = 0; i < FRAMES; i++)
		ids[i] = i;
	CHECK(struct net_xdp_config, net_xdp_config_init(out, sizeof(*out)); config = *out);
	config.ifname = argv[1];
	config.regions = &region;
	config.region_count = 1;
	if (net_xdp_open(&config, &endpoint, &error) ||
	    net_endpoint_get_queues(endpoint, &queue, 1, NULL, &q, &error)) {
		fprintf(stderr, "%s: %s\n", error.step, error.message);
		return 1;
	}
	CHECK(struct net_xdp_stats, net_xdp_queue_stats(q, out));
	CHECK(struct net_queue_stats, net_queue_stats(q, out));
	CHECK(struct net_xdp_report, net_xdp_queue_report(q, out));
	CHECK(struct net_xdp_counter_info, net_xdp_counter_info(0, out));
	CHECK(struct net_xdp_program_stats, net_xdp_program_stats(endpoint, out));
	CHECK(struct net_endpoint_facts, net_endpoint_facts(endpoint, out));
	CHECK(struct net_xdp_device, net_xdp_device_query(argv[1], out, &error); device = *out);
	CHECK(struct net_xdp_prediction, failures += net_xdp_predict(&device, &config, out) != 0 ||
						     out->outcome != NET_XDP_OUTCOME_FAILS ||
						     out->reason != NET_XDP_REASON_PROGRAM);
	CHECK(struct net_xdp_chunk_limits, failures += net_xdp_get_chunk_limits(2048, out) != 0);
	CHECK(struct net_xdp_device_queue, net_xdp_device_queue_query(argv[1], 0, out, &error));
	CHECK(struct net_xdp_steer_report, struct net_xdp_steer plan = net_xdp_steer_default();
	      plan.channels = 1; failures += net_xdp_steer_look(argv[1], &plan, out, &error) != 0 ||
					     out->change_count != 1);
	printf("library %s, header %d.%d.%d\n", net_xdp_version(), NET_XDP_VERSION_MAJOR,
	       NET_XDP_VERSION_MINOR, NET_XDP_VERSION_PATCH);
	failures += net_queue_destroy(q, &error) || net_endpoint_destroy(endpoint, &error);
	return failures != 0;
}
