// SPDX-License-Identifier: BSD-2-Clause
/*
 * A thread reads the statistics of queues that others drive: of two AF_XDP queues over ring-bench's stand-in
 * for the kernel, and of the loopback and null backends. Built with ThreadSanitizer, under which Criterion
 * does not run. No counter may go back or below zero.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "ring_lane.h"

enum { ROUNDS = 4000, FRAMES = 32, LISTS = 2, QUEUES = 4 };

static const struct options options = {
	.batch = FRAMES, .buffers = 256, .segments = 1, .queues = 2, .frame_bytes = FRAME_BYTES};
static struct net_xdp_endpoint endpoint;
static struct lane
	lanes[2]; /* of the first all buffers are direct, the second also bounces and loses */
static struct net_queue *queues[QUEUES];
static bool done; /* atomic */

static void fail(const char *what)
{
	fprintf(stderr, "stats: %s\n", what);
	exit(1);
}

/* ---- In place of the kernel's calls, for queues without a socket ---------------------------------- */

/* Nothing is sent: the kernel takes what is in the ring, completes it and says that it was lost. */
ssize_t sendto(int fd, const void *bytes, size_t len, int flags, const struct sockaddr *to,
	       socklen_t to_len)
{
	(void)fd, (void)bytes, (void)len, (void)flags, (void)to, (void)to_len;
	lane_transmit(&lanes[1]);
	errno = EBUSY;
	return -1;
}

int getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	(void)fd, (void)level, (void)name;
	memset(value, 0, *len);
	return 0;
}

/* ---- Who reads ------------------------------------------------------------------------------------ */

static void check_grown(const uint64_t *before, const uint64_t *after, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (after[i] < before[i] || after[i] > UINT64_MAX / 2)
			fail("a counter went back");
}

static void *read_all(void *reads)
{
	static struct net_queue_stats seen[QUEUES];
	static struct net_xdp_stats seen_xdp[2];
	struct net_queue_stats stats;
	struct net_xdp_stats xdp;
	uint64_t n = 0;

	for (; !__atomic_load_n(&done, __ATOMIC_ACQUIRE); n++) {
		for (uint32_t i = 0; i < QUEUES; i++) {
			net_queue_stats(queues[i], &stats);
			if (stats.tx_packets > UINT64_MAX / 2)
				fail("packets lost that were not sent");
			stats.tx_packets = 0; /* goes back by those that turn out to be lost */
			check_grown((uint64_t *)&seen[i], (uint64_t *)&stats,
				    sizeof(stats) / sizeof(uint64_t));
			seen[i] = stats;
		}
		for (uint32_t i = 0; i < 2; i++) {
			if (net_xdp_queue_stats(queues[i], &xdp))
				fail("net_xdp_queue_stats");
			check_grown(seen_xdp[i].value, xdp.value, NET_XDP_COUNTERS);
			seen_xdp[i] = xdp;
		}
	}
	*(uint64_t *)reads = n;
	return NULL;
}

/* ---- Who drives ----------------------------------------------------------------------------------- */

static uint32_t fill_list(struct lane *b, uint64_t addr, uint16_t flags)
{
	for (uint32_t p = 0; p < FRAMES; p++) {
		b->packets[p] = (struct net_tx_metadata){
			.id = p, .len_bytes = FRAME_BYTES, .segment_count = 1, .flags = flags};
		b->segments[p] = (struct net_tx_segment){addr, FRAME_BYTES, &b->packets[p]};
	}
	return FRAMES;
}

static void drive(struct lane *b, uint32_t round)
{
	struct net_queue *q = &b->queue.base;
	uint32_t n;
	bool sync;

	lane_receive(b, FRAMES);
	n = net_queue_rx_poll(q, &b->pool, b->ids, BATCH_MAX);
	if (b == &lanes[1]) /* half of them too small */
		for (uint32_t i = 0; i < n; i++)
			b->buffers[b->ids[i]].capacity_bytes = round % 2 ? 1000 : 2000;
	net_queue_rx_avail(q, &b->pool, b->ids, n);
	b->tx.flags = b == &lanes[1] && round % 3 == 0 ? XDP_RING_NEED_WAKEUP : 0;
	n = fill_list(b, round % 5 ? lane_addr(b, 0) : 1, round % 2 ? NET_TX_VLAN : 0);
	net_queue_tx_avail(q, &b->pool, b->segments, n, &sync);
	lane_transmit(b);
	while (net_queue_tx_poll(q, &b->pool, b->ids, BATCH_MAX) > 0)
		;
}

static void *memory_of(struct net_buffer_access *pool, uint64_t addr, uint32_t len)
{
	static uint8_t bytes[1 << 16];

	(void)pool;
	return addr < sizeof(bytes) && len <= sizeof(bytes) - addr ? bytes + addr : NULL;
}

static void small_buffers(struct net_buffer_access *pool, const uint32_t *ids, uint32_t count,
			  struct net_rx_buffer *out)
{
	(void)pool;
	for (uint32_t i = 0; i < count; i++)
		out[i] = (struct net_rx_buffer){.addr = ids[i] * 128ull, .capacity_bytes = 128};
}

static void ignore_metadata(struct net_buffer_access *pool, const uint32_t *ids,
			    const struct net_rx_metadata *metadata, uint32_t count)
{
	(void)pool, (void)ids, (void)metadata, (void)count;
}

static void drive_other(struct net_queue *q, struct lane *list, uint32_t round)
{
	static const struct net_buffer_access_ops ops = {.size_bytes = sizeof(ops),
							 .rx_buffers = small_buffers,
							 .rx_metadata = ignore_metadata,
							 .memory = memory_of};
	struct net_buffer_access pool = {&ops};
	uint32_t ids[FRAMES], n = fill_list(list, 1 << 15, round % 2 ? NET_TX_VLAN : 1);
	bool sync;

	for (uint32_t i = 0; i < FRAMES; i++)
		ids[i] = i;
	net_queue_rx_avail(q, &pool, ids, FRAMES / 2 + round % 2);
	net_queue_tx_avail(q, &pool, list->segments, n, &sync);
	net_queue_rx_poll(q, &pool, ids, FRAMES);
}

static struct net_endpoint *open_other(struct net_endpoint *ep, struct net_queue **q)
{
	struct net_queue_config config = {0};

	if (net_endpoint_get_queues(ep, &config, 1, NULL, q, NULL))
		fail("no queue");
	return ep;
}

int main(void)
{
	struct net_endpoint *loopback = NULL, *null = NULL;
	static struct lane list;
	struct net_error err;
	uint64_t reads = 0;
	pthread_t reader;

	if (lane_open_endpoint(&endpoint, &options, &err) ||
	    lane_open(&lanes[0], 0, &endpoint, &options, &err) ||
	    lane_open(&lanes[1], 1, &endpoint, &options, &err))
		fail(err.message);
	if (net_loopback_open(1, &loopback, &err) || net_null_open(&null, &err))
		fail(err.message);
	open_other(loopback, &queues[2]);
	open_other(null, &queues[3]);
	queues[0] = &lanes[0].queue.base;
	queues[1] = &lanes[1].queue.base;
	if (pthread_create(&reader, NULL, read_all, &reads))
		fail("no thread");
	for (uint32_t round = 0; round < ROUNDS; round++) {
		for (uint32_t i = 0; i < 2; i++)
			drive(&lanes[i], round);
		for (uint32_t i = 2; i < QUEUES; i++)
			drive_other(queues[i], &list, round);
	}
	__atomic_store_n(&done, true, __ATOMIC_RELEASE);
	pthread_join(reader, NULL);
	for (uint32_t i = 2; i < QUEUES; i++)
		net_queue_destroy(queues[i], NULL);
	net_endpoint_destroy(loopback, NULL);
	net_endpoint_destroy(null, NULL);
	printf("read %llu times; received %llu, bounced %llu, lost %llu\n",
	       (unsigned long long)reads,
	       (unsigned long long)lanes[0].queue.counter[NET_XDP_RX_FRAMES],
	       (unsigned long long)lanes[1].queue.counter[NET_XDP_RX_BOUNCED],
	       (unsigned long long)lanes[1].queue.counter[NET_XDP_TX_LOST]);
	return reads < 100 || lanes[1].queue.counter[NET_XDP_RX_BOUNCED] < 1000 ||
	       lanes[1].queue.counter[NET_XDP_TX_LOST] < 1000;
}
