// SPDX-License-Identifier: BSD-2-Clause
/*
 * What a region costs: the time to make it a UMEM, the kernel's memory for it, and whether a frame costs
 * more because the buffers are spread over it.
 *
 *     region-bench IF MIB SECONDS     one line of JSON; "running" on stderr when frames may come
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "net_xdp.h"
#include "support/whole_number.h"

#define GUEST_ADDR   (1ull << 32)
#define BUFFERS	     4096u
#define HEADER_BYTES 12u
#define BATCH	     64u

struct region_bench {
	struct net_buffer_access pool;
	uint64_t stride_bytes;
	uint32_t capacity_bytes;
	uint64_t bytes;
};

static void rx_buffers(struct net_buffer_access *pool, const uint32_t *ids, uint32_t count,
		       struct net_rx_buffer *out)
{
	const struct region_bench *b = (const struct region_bench *)pool;

	for (uint32_t i = 0; i < count; i++)
		out[i] = (struct net_rx_buffer){
			.addr = GUEST_ADDR + ids[i] * b->stride_bytes,
			.header_bytes = HEADER_BYTES,
			.capacity_bytes = b->capacity_bytes,
		};
}

static void rx_metadata(struct net_buffer_access *pool, const uint32_t *ids,
			const struct net_rx_metadata *metadata, uint32_t count)
{
	struct region_bench *b = (struct region_bench *)pool;

	(void)ids;
	for (uint32_t i = 0; i < count; i++)
		b->bytes += metadata[i].len_bytes;
}

static const struct net_buffer_access_ops pool_ops = {
	.size_bytes = sizeof(struct net_buffer_access_ops),
	.rx_buffers = rx_buffers,
	.rx_metadata = rx_metadata,
};

static double seconds_now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* A line of /proc/meminfo in KiB. */
static int64_t meminfo(const char *name)
{
	FILE *f = fopen("/proc/meminfo", "re");
	char line[128];
	int64_t value = -1;

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ':')
			value = atoll(line + strlen(name) + 1);
	fclose(f);
	return value;
}

static int fail(const char *step, const char *why)
{
	fprintf(stderr, "region-bench: %s: %s\n", step, why);
	return 1;
}

/* Epoll-like receiving: sleep when there is nothing. Return: frames. */
static uint64_t receive(struct region_bench *b, struct net_queue *q, double seconds, double *cpu)
{
	double end = seconds_now(CLOCK_MONOTONIC) + seconds;
	uint32_t ids[BATCH], n;
	uint64_t frames = 0;

	*cpu = -seconds_now(CLOCK_PROCESS_CPUTIME_ID);
	while (seconds_now(CLOCK_MONOTONIC) < end) {
		n = net_queue_rx_poll(q, &b->pool, ids, BATCH);
		net_queue_rx_avail(q, &b->pool, ids, n);
		frames += n;
		if (n == 0)
			net_queue_wait(q, NULL, 50000000);
	}
	*cpu += seconds_now(CLOCK_PROCESS_CPUTIME_ID);
	return frames;
}

int main(int argc, char **argv)
{
	uint64_t bytes, mib = 0, frames;
	struct region_bench b = {.pool.ops = &pool_ops};
	struct net_xdp_region region = {.guest_addr = GUEST_ADDR};
	struct net_xdp_config c = net_xdp_config_default();
	struct net_queue_config qc = {.pool = &b.pool, .initial_rx_count = BUFFERS};
	struct net_endpoint *ep = NULL;
	struct net_queue *q = NULL;
	struct net_error err = {0};
	static uint32_t ids[BUFFERS];
	double at[5], cpu, seconds;
	int64_t available[2], unevictable[2];
	void *touched;

	if (argc != 4 || !whole_number("MIB", argv[2], BUFFERS * 4096ull >> 20, 1 << 30, &mib) ||
	    !seconds_number("SECONDS", argv[3], &seconds)) {
		fputs("usage: region-bench IF MIB SECONDS (MIB at least 16)\n", stderr);
		return 2;
	}
	region.size_bytes = bytes = mib << 20;
	region.fd = memfd_create("region-bench", MFD_CLOEXEC);
	if (region.fd < 0 || ftruncate(region.fd, (off_t)bytes))
		return fail("memfd", strerror(errno));
	/* A running guest has touched its memory: what is measured is what we add. */
	touched =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, region.fd, 0);
	if (touched == MAP_FAILED)
		return fail("mmap", strerror(errno));
	c.ifname = argv[1];
	c.regions = &region;
	c.region_count = 1;
	b.stride_bytes = bytes / BUFFERS;
	b.capacity_bytes = net_xdp_direct_capacity(&c);
	for (uint32_t i = 0; i < BUFFERS; i++)
		ids[i] = i;
	qc.initial_rx = ids;
	available[0] = meminfo("MemAvailable");
	unevictable[0] = meminfo("Unevictable");
	at[0] = seconds_now(CLOCK_MONOTONIC);
	if (net_xdp_open(&c, &ep, &err))
		return fail(err.step, err.message);
	at[1] = seconds_now(CLOCK_MONOTONIC);
	if (net_endpoint_get_queues(ep, &qc, 1, NULL, &q, &err)) {
		fail(err.step, err.message);
		net_endpoint_destroy(ep, &err);
		return 1;
	}
	at[2] = seconds_now(CLOCK_MONOTONIC);
	available[1] = meminfo("MemAvailable");
	unevictable[1] = meminfo("Unevictable");
	fprintf(stderr, "region-bench: running\n");
	frames = receive(&b, q, seconds, &cpu);
	at[3] = seconds_now(CLOCK_MONOTONIC);
	if (net_queue_destroy(q, &err))
		fprintf(stderr, "region-bench: %s: %s\n", err.step, err.message);
	net_endpoint_destroy(ep, &err);
	at[4] = seconds_now(CLOCK_MONOTONIC);
	printf("{\"mib\": %" PRIu64 ", \"open_ms\": %.3f, \"queues_ms\": %.3f, \"close_ms\": %.3f, "
	       "\"kernel_mib\": %.1f, \"unevictable_mib\": %.1f, \"frames\": %" PRIu64
	       ", \"cpu_ns_per_frame\": %.1f}\n",
	       bytes >> 20, (at[1] - at[0]) * 1e3, (at[2] - at[1]) * 1e3, (at[4] - at[3]) * 1e3,
	       (double)(available[0] - available[1]) / 1024,
	       (double)(unevictable[1] - unevictable[0]) / 1024, frames,
	       frames ? cpu * 1e9 / (double)frames : 0.0);
	return 0;
}
