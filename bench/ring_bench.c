// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the data calls cost per frame without a kernel: the real calls on real rings, and a stand-in
 * for the kernel that moves descriptors in the same thread, outside what is measured. Beside it the
 * floor: the ring loop that any AF_XDP program has to do, with libxdp's accessors, no ids, no checks.
 *
 * Time is wall time of the measured parts. For instructions, which do not depend on the machine's
 * mood, run it as tools/bench does:
 *
 *     valgrind --tool=callgrind --toggle-collect=measured_rx --toggle-collect=measured_tx ring-bench ...
 */
#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <xdp/xsk.h>

#include "xdp/endpoint.h"

#define GUEST_BASE   0x100000000ull
#define STRIDE	     2048
#define BATCH_MAX    256
#define SEGMENTS_MAX 16
#define QUEUES_MAX   4
#define FRAME_BYTES  60
#define HEADER_BYTES 12

struct options {
	bool tx, floor, aligned, bounced, zero_copy;
	uint32_t batch, buffers, segments, queues;
	uint64_t frames;
};

struct shared_ring {
	uint32_t producer __attribute__((aligned(64)));
	uint32_t consumer __attribute__((aligned(64)));
	uint32_t flags;
	void *entry;
	uint32_t mask;
};

/* One queue with its frontend. The buffers of all queues lie in one memory, behind each other. */
struct bench {
	struct net_buffer_access pool;
	const struct options *o;
	struct net_xdp_endpoint *endpoint;
	struct net_xdp_queue queue;
	struct shared_ring fill, completion, rx, tx;
	struct xsk_ring_prod floor_fill, floor_tx;
	struct xsk_ring_cons floor_rx, floor_completion;
	struct net_rx_buffer *buffers;	  /* by id */
	struct net_rx_metadata *metadata; /* by id */
	uint64_t first_addr;		  /* of its buffers */
	struct net_tx_segment segments[BATCH_MAX * SEGMENTS_MAX];
	struct net_tx_metadata packets[BATCH_MAX];
	uint32_t ids[BATCH_MAX];
	uint32_t next_buffer;
	uint64_t sum; /* of what the floor reads, so that it has to read it */
};

/* ---- The frontend ----------------------------------------------------------------------------- */

static uint64_t buffer_addr(const struct bench *b, uint32_t id)
{
	return b->first_addr + (uint64_t)id * STRIDE + (b->o->aligned ? 0 : id % 61);
}

static void rx_buffers(struct net_buffer_access *pool, const uint32_t *ids, uint32_t count,
		       struct net_rx_buffer *out)
{
	const struct net_rx_buffer *buffers = ((struct bench *)pool)->buffers;

	for (uint32_t i = 0; i < count; i++)
		out[i] = buffers[ids[i]];
}

static void rx_metadata(struct net_buffer_access *pool, const uint32_t *ids,
			const struct net_rx_metadata *metadata, uint32_t count)
{
	struct bench *b = (struct bench *)pool;

	for (uint32_t i = 0; i < count; i++)
		b->metadata[ids[i]] = metadata[i];
}

static const struct net_buffer_access_ops pool_ops = {
	.rx_buffers = rx_buffers,
	.rx_metadata = rx_metadata,
};

/* ---- The kernel's side ------------------------------------------------------------------------ */

static void open_ring(struct shared_ring *s, struct ring *view, uint32_t entries, size_t bytes,
		      bool producer)
{
	s->entry = calloc(entries, bytes);
	s->mask = entries - 1;
	if (!s->entry)
		exit(1);
	*view = (struct ring){
		.mask = entries - 1,
		.entries = entries,
		.entry = s->entry,
		.own = producer ? &s->producer : &s->consumer,
		.other = producer ? &s->consumer : &s->producer,
		.flags = &s->flags,
	};
}

/* Frames arrive in the next count chunks. */
static void step_rx(struct bench *b, uint32_t count)
{
	const struct net_xdp_config *c = &b->endpoint->config;
	uint64_t offset = b->queue.frame_offset, *fill = b->fill.entry;
	struct xdp_desc *rx = b->rx.entry;

	while (count-- && b->fill.consumer != b->fill.producer) {
		uint64_t base = fill[b->fill.consumer++ & b->fill.mask];

		rx[b->rx.producer++ & b->rx.mask] = (struct xdp_desc){
			.addr = c->unaligned ? base | offset << 48 : base + offset,
			.len = FRAME_BYTES,
		};
	}
}

/* Everything in the TX ring is sent and completed. */
static void step_tx(struct bench *b)
{
	const struct xdp_desc *tx = b->tx.entry;
	uint64_t *completion = b->completion.entry;

	while (b->tx.consumer != b->tx.producer)
		completion[b->completion.producer++ & b->completion.mask] =
			tx[b->tx.consumer++ & b->tx.mask].addr & ~1ull;
}

/* ---- What is measured ------------------------------------------------------------------------- */

__attribute__((noinline)) uint32_t measured_rx(struct bench *b, uint32_t batch);
__attribute__((noinline)) uint32_t measured_tx(struct bench *b, uint32_t segments);

static uint32_t floor_rx(struct bench *b, uint32_t batch)
{
	uint32_t rx = 0, fill = 0, n = xsk_ring_cons__peek(&b->floor_rx, batch, &rx);

	if (n && xsk_ring_prod__reserve(&b->floor_fill, n, &fill) != n)
		return 0;
	for (uint32_t i = 0; i < n; i++) {
		const struct xdp_desc *d = xsk_ring_cons__rx_desc(&b->floor_rx, rx + i);

		b->sum += xsk_umem__add_offset_to_addr(d->addr) + d->len;
		*xsk_ring_prod__fill_addr(&b->floor_fill, fill + i) =
			xsk_umem__extract_addr(d->addr);
	}
	xsk_ring_cons__release(&b->floor_rx, n);
	xsk_ring_prod__submit(&b->floor_fill, n);
	return n;
}

static void floor_tx(struct bench *b, uint32_t count)
{
	uint32_t tx = 0;

	if (xsk_ring_prod__reserve(&b->floor_tx, count, &tx) != count)
		return;
	for (uint32_t i = 0; i < count; i++)
		*xsk_ring_prod__tx_desc(&b->floor_tx, tx + i) = (struct xdp_desc){
			.addr = b->segments[i].addr - GUEST_BASE,
			.len = b->segments[i].len_bytes,
		};
	xsk_ring_prod__submit(&b->floor_tx, count);
}

static uint32_t floor_complete(struct bench *b)
{
	uint32_t at = 0, n = xsk_ring_cons__peek(&b->floor_completion, BATCH_MAX, &at);

	for (uint32_t i = 0; i < n; i++)
		b->sum += *xsk_ring_cons__comp_addr(&b->floor_completion, at + i);
	xsk_ring_cons__release(&b->floor_completion, n);
	return n;
}

/* One pass of a receive loop: collect, give back. Return: frames. */
uint32_t measured_rx(struct bench *b, uint32_t batch)
{
	struct net_queue *q = &b->queue.base;
	uint32_t n;

	if (b->o->floor)
		return floor_rx(b, batch);
	n = net_queue_rx_poll(q, &b->pool, b->ids, batch);
	net_queue_rx_avail(q, &b->pool, b->ids, n);
	return n;
}

/* One half of a send loop: segments to send, or 0 to collect completions. Return: packets. */
uint32_t measured_tx(struct bench *b, uint32_t segments)
{
	struct net_queue *q = &b->queue.base;
	bool sync;
	int n;

	if (b->o->floor) {
		if (segments)
			floor_tx(b, segments);
		return segments ? 0 : floor_complete(b);
	}
	if (segments) {
		net_queue_tx_avail(q, &b->pool, b->segments, segments, &sync);
		return 0;
	}
	n = net_queue_tx_poll(q, &b->pool, b->ids, BATCH_MAX);
	return n < 0 ? 0 : (uint32_t)n;
}

/* ---- Runs ------------------------------------------------------------------------------------- */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* The queues take turns, as they do in a process that has several. */
static uint64_t run_rx(struct bench *lanes, const struct options *o, double *seconds)
{
	uint64_t frames = 0;

	for (uint32_t turn = 0; frames < o->frames; turn++) {
		struct bench *b = &lanes[turn % o->queues];
		uint32_t n;

		step_rx(b, b->o->batch);
		*seconds -= now();
		n = measured_rx(b, b->o->batch);
		*seconds += now();
		if (n == 0)
			break;
		frames += n;
	}
	return frames;
}

static void fill_list(struct bench *b)
{
	const struct options *o = b->o;

	for (uint32_t p = 0; p < o->batch; p++) {
		struct net_tx_segment *s = &b->segments[p * o->segments];
		uint64_t addr = buffer_addr(b, b->next_buffer++ % o->buffers) + HEADER_BYTES;

		b->packets[p] = (struct net_tx_metadata){
			.id = p,
			.len_bytes = FRAME_BYTES * o->segments,
			.segment_count = (uint16_t)o->segments,
			.flags = o->bounced ? NET_TX_VLAN : 0,
		};
		for (uint32_t i = 0; i < o->segments; i++)
			s[i] = (struct net_tx_segment){
				.addr = addr + i * FRAME_BYTES,
				.len_bytes = FRAME_BYTES,
				.head = i ? NULL : &b->packets[p],
			};
	}
}

static uint64_t run_tx(struct bench *lanes, const struct options *o, double *seconds)
{
	uint64_t frames = 0;

	for (uint32_t turn = 0; frames < o->frames; turn++) {
		struct bench *b = &lanes[turn % o->queues];
		uint32_t n;

		fill_list(b);
		*seconds -= now();
		measured_tx(b, b->o->batch * b->o->segments);
		*seconds += now();
		step_tx(b);
		*seconds -= now();
		n = measured_tx(b, 0);
		*seconds += now();
		if (n == 0)
			break;
		frames += n;
	}
	return frames;
}

/* ---- Set-up ----------------------------------------------------------------------------------- */

static void open_floor(struct bench *b)
{
#define FLOOR(floor, shared)                                                                       \
	(floor).producer = &(shared).producer;                                                     \
	(floor).consumer = &(shared).consumer;                                                     \
	(floor).flags = &(shared).flags;                                                           \
	(floor).ring = (shared).entry;                                                             \
	(floor).mask = (shared).mask;                                                              \
	(floor).size = (shared).mask + 1
	FLOOR(b->floor_fill, b->fill);
	FLOOR(b->floor_tx, b->tx);
	FLOOR(b->floor_rx, b->rx);
	FLOOR(b->floor_completion, b->completion);
#undef FLOOR
	b->floor_fill.cached_cons = b->floor_fill.size;
	b->floor_tx.cached_cons = b->floor_tx.size;
}

static void post_all(struct bench *b)
{
	const struct options *o = b->o;

	for (uint32_t id = 0; id < o->buffers; id++)
		b->buffers[id] = (struct net_rx_buffer){
			.addr = buffer_addr(b, id),
			.header_bytes = o->aligned ? 256 : HEADER_BYTES,
			.capacity_bytes = o->bounced ? 1000 : b->queue.direct_capacity,
		};
	for (uint32_t id = 0; id < b->o->buffers; id += BATCH_MAX) {
		uint32_t ids[BATCH_MAX];

		for (uint32_t i = 0; i < BATCH_MAX; i++)
			ids[i] = id + i;
		net_queue_rx_avail(&b->queue.base, &b->pool, ids, BATCH_MAX);
	}
	b->floor_fill.cached_prod = b->fill.producer;
}

/* One memory for the buffers of all queues. Return: 0 or -errno with err filled. */
static int open_endpoint(struct net_xdp_endpoint *ep, const struct options *o,
			 struct net_error *err)
{
	struct net_xdp_region region = {
		.guest_addr = GUEST_BASE,
		.size_bytes = ((uint64_t)o->buffers * o->queues + 2) * STRIDE,
		.fd = memfd_create("ring-bench", MFD_CLOEXEC),
	};
	struct net_xdp_config c = net_xdp_config_default();
	int rc;

	region.size_bytes = (region.size_bytes + 4095) & ~4095ull;
	c.ifname = "none";
	c.regions = &region;
	c.region_count = 1;
	c.max_queues = o->queues;
	c.unaligned = !o->aligned;
	c.mode = o->zero_copy ? NET_XDP_MODE_ZERO_COPY : NET_XDP_MODE_COPY;
	/* all of them with the kernel, and the ring is not full */
	while (c.fill_ring_frames <= o->buffers && c.fill_ring_frames < 65536)
		c.fill_ring_frames *= 2;
	snprintf(err->message, sizeof(err->message), "no memory");
	rc = region.fd < 0 || ftruncate(region.fd, (off_t)region.size_bytes);
	if (!rc)
		rc = net_xdp_config_check(&c, err);
	if (!rc)
		rc = memory_open(&ep->memory, &c, err);
	/* As if the driver could, and all of it were one huge page. */
	ep->program.native = o->zero_copy;
	if (o->zero_copy)
		ep->memory.region[0].page_bytes = 1 << 30;
	ep->config = c;
	return rc;
}

static int open_queue(struct bench *b, uint32_t index, struct net_xdp_endpoint *ep,
		      const struct options *o, struct net_error *err)
{
	const struct net_xdp_config *c = &ep->config;
	struct net_xdp_queue *q = &b->queue;

	b->pool.ops = &pool_ops;
	b->o = o;
	b->endpoint = ep;
	b->first_addr = GUEST_BASE + (uint64_t)index * o->buffers * STRIDE;
	b->buffers = calloc(o->buffers, sizeof(*b->buffers));
	b->metadata = calloc(o->buffers, sizeof(*b->metadata));
	if (!b->buffers || !b->metadata)
		return -1;
	q->base.ops = &queue_ops;
	q->endpoint = ep;
	q->index = index;
	q->fd = -1;
	queue_set_facts(q, ep);
	q->tx_max_descriptors = XDP_COPY_TX_DESCRIPTORS;
	open_ring(&b->fill, &q->fill, c->fill_ring_frames, 8, true);
	open_ring(&b->completion, &q->completion, c->completion_ring_frames, 8, false);
	open_ring(&b->rx, &q->rx, c->rx_ring_frames, 16, false);
	open_ring(&b->tx, &q->tx, c->tx_ring_frames, 16, true);
	if (queue_open_tables(q, ep, err))
		return -1;
	open_floor(b);
	post_all(b);
	return 0;
}

/* What the receive tables take of the heap, by receive id. */
static double bookkeeping(const struct bench *b)
{
	static struct net_xdp_queue probe;
	const uint32_t ids = b->endpoint->config.rx_id_limit;
	struct mallinfo2 before, after;

	probe = b->queue;
	before = mallinfo2();
	if (rx_open(&probe, ids))
		return -1;
	after = mallinfo2();
	rx_close(&probe);
	return (double)(after.uordblks + after.hblkhd - before.uordblks - before.hblkhd) / ids;
}

static int fail(const struct net_error *err)
{
	fprintf(stderr, "ring-bench: %s\n", err->message);
	return 1;
}

static int usage(FILE *to, int code)
{
	fputs("usage: ring-bench rx|tx [--batch N] [--buffers N] [--segments N] [--queues N]\n"
	      "                  [--frames N] [--aligned] [--bounced] [--zero-copy] [--floor]\n"
	      "One line of JSON: nanoseconds per frame of the data calls, without a kernel.\n",
	      to);
	return code;
}

static bool parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{"batch", 1, NULL, 'b'},
		{"buffers", 1, NULL, 'n'},
		{"segments", 1, NULL, 's'},
		{"queues", 1, NULL, 'q'},
		{"frames", 1, NULL, 'f'},
		{"aligned", 0, NULL, 'a'},
		{"bounced", 0, NULL, 'B'},
		{"floor", 0, NULL, 'F'},
		{"zero-copy", 0, NULL, 'z'},
		{"help", 0, NULL, 'h'},
		{0},
	};
	int c;

	*o = (struct options){
		.batch = 64, .buffers = 4096, .segments = 1, .queues = 1, .frames = 10000000};
	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		switch (c) {
		case 'b':
			o->batch = (uint32_t)atoi(optarg);
			break;
		case 'n':
			o->buffers = (uint32_t)atoi(optarg);
			break;
		case 's':
			o->segments = (uint32_t)atoi(optarg);
			break;
		case 'q':
			o->queues = (uint32_t)atoi(optarg);
			break;
		case 'f':
			o->frames = (uint64_t)atoll(optarg);
			break;
		case 'a':
			o->aligned = true;
			break;
		case 'B':
			o->bounced = true;
			break;
		case 'z':
			o->zero_copy = true;
			break;
		case 'F':
			o->floor = true;
			break;
		default:
			return false;
		}
	}
	if (optind + 1 != argc || (strcmp(argv[optind], "rx") && strcmp(argv[optind], "tx")))
		return false;
	o->tx = argv[optind][0] == 't';
	return o->queues >= 1 && o->queues <= QUEUES_MAX && o->batch >= 1 &&
	       o->batch <= BATCH_MAX && o->segments >= 1 && o->segments <= SEGMENTS_MAX &&
	       o->buffers >= BATCH_MAX && o->buffers <= 65536 && o->buffers % BATCH_MAX == 0;
}

int main(int argc, char **argv)
{
	static struct bench lanes[QUEUES_MAX];
	static struct net_xdp_endpoint endpoint;
	struct net_error err = {0};
	struct options o;
	double seconds = 0;
	uint64_t frames;

	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return usage(stdout, 0);
	if (!parse(argc, argv, &o))
		return usage(stderr, 2);
	if (open_endpoint(&endpoint, &o, &err))
		return fail(&err);
	for (uint32_t i = 0; i < o.queues; i++)
		if (open_queue(&lanes[i], i, &endpoint, &o, &err))
			return fail(&err);
	frames = o.tx ? run_tx(lanes, &o, &seconds) : run_rx(lanes, &o, &seconds);
	printf("{\"call\": \"%s\", \"floor\": %s, \"batch\": %u, \"buffers\": %u, \"segments\": "
	       "%u, \"queues\": %u, "
	       "\"aligned\": %s, \"bounced\": %s, \"frames\": %llu, \"ns_per_frame\": %.2f, "
	       "\"bookkeeping_bytes\": %.2f}\n",
	       o.tx ? "tx" : "rx", o.floor ? "true" : "false", o.batch, o.buffers, o.segments,
	       o.queues, o.aligned ? "true" : "false", o.bounced ? "true" : "false",
	       (unsigned long long)frames, seconds * 1e9 / (double)(frames ? frames : 1),
	       bookkeeping(&lanes[0]));
	return frames ? 0 : 1;
}
