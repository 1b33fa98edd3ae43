// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the data calls cost per frame without a kernel: the real calls on real rings, and a stand-in
 * for the kernel (ring_lane.c) in the same thread, outside what is measured. Beside it the floor: the
 * ring loop that any AF_XDP program has to do, with libxdp's accessors, no ids, no checks.
 *
 * Time is wall time of the measured parts. For instructions, which do not depend on the machine's
 * mood, run it as tools/bench does:
 *
 *     valgrind --tool=callgrind --toggle-collect=measured_rx --toggle-collect=measured_tx ring-bench ...
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ring_lane.h"
#include "support/whole_number.h"

/* ---- What is measured ------------------------------------------------------------------------- */

__attribute__((noinline)) uint32_t measured_rx(struct lane *b, uint32_t batch);
__attribute__((noinline)) uint32_t measured_tx(struct lane *b, uint32_t segments);

static uint32_t floor_rx(struct lane *b, uint32_t batch)
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

static void floor_tx(struct lane *b, uint32_t count)
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

static uint32_t floor_complete(struct lane *b)
{
	uint32_t at = 0, n = xsk_ring_cons__peek(&b->floor_completion, BATCH_MAX, &at);

	for (uint32_t i = 0; i < n; i++)
		b->sum += *xsk_ring_cons__comp_addr(&b->floor_completion, at + i);
	xsk_ring_cons__release(&b->floor_completion, n);
	return n;
}

/* One pass of a receive loop: collect, give back. Return: frames. */
uint32_t measured_rx(struct lane *b, uint32_t batch)
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
uint32_t measured_tx(struct lane *b, uint32_t segments)
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
static uint64_t run_rx(struct lane *lanes, const struct options *o, double *seconds)
{
	uint64_t frames = 0;

	for (uint32_t turn = 0; frames < o->frames; turn++) {
		struct lane *b = &lanes[turn % o->queues];
		uint32_t n;

		lane_receive(b, b->o->batch);
		*seconds -= now();
		n = measured_rx(b, b->o->batch);
		*seconds += now();
		if (n == 0)
			break;
		frames += n;
	}
	return frames;
}

static void fill_list(struct lane *b)
{
	const struct options *o = b->o;

	for (uint32_t p = 0; p < o->batch; p++) {
		struct net_tx_segment *s = &b->segments[p * o->segments];
		uint64_t addr = lane_addr(b, b->next_buffer++ % o->buffers) + HEADER_BYTES;

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

/* One packet of CUT_PIECES full segments of TCP over IPv4, in pages of 4 KiB behind its headers. */
enum { CUT_HEADERS = 66, CUT_MSS = 1448, CUT_PIECES = 45, CUT_BYTES = CUT_PIECES * CUT_MSS };

static uint32_t fill_cut(struct lane *b)
{
	static const uint8_t headers[CUT_HEADERS] = {
		[0] = 2,     [5] = 2,	  [6] = 2,
		[11] = 1,    [12] = 8, /* MACs, type */
		[14] = 0x45, [22] = 64,	  [23] = 6,
		[26] = 10,   [30] = 10,	  /* lengths are left open */
		[46] = 0x80, [47] = 0x18, /* 12 bytes of options, PSH and ACK */
	};
	const uint64_t base = lane_addr(b, 0);
	uint8_t *memory = b->endpoint->memory.base + b->endpoint->memory.region[0].offset +
			  (base - b->endpoint->memory.region[0].guest_addr);
	uint32_t n = 1;

	memcpy(memory, headers, sizeof(headers));
	b->packets[0] = (struct net_tx_metadata){
		.len_bytes = CUT_HEADERS + CUT_BYTES,
		.flags = NET_TX_TCP_SEGMENTATION | NET_TX_IPV4,
		.l2_len_bytes = 14,
		.l3_len_bytes = 20,
		.l4_len_bytes = 32,
		.max_segment_bytes = CUT_MSS,
	};
	b->segments[0] = (struct net_tx_segment){base, CUT_HEADERS, &b->packets[0]};
	for (uint32_t at = 0; at < CUT_BYTES; at += 4096, n++)
		b->segments[n] = (struct net_tx_segment){
			.addr = base + 4096 + at,
			.len_bytes = CUT_BYTES - at < 4096 ? CUT_BYTES - at : 4096,
		};
	b->packets[0].segment_count = (uint16_t)n;
	return n;
}

/* Return: wire packets. */
static uint64_t run_cut(struct lane *lanes, const struct options *o, double *seconds)
{
	uint64_t frames = 0;

	while (frames < o->frames) {
		const uint32_t segments = fill_cut(&lanes[0]);
		uint32_t n;

		*seconds -= now();
		measured_tx(&lanes[0], segments);
		*seconds += now();
		lane_transmit(&lanes[0]);
		*seconds -= now();
		n = measured_tx(&lanes[0], 0);
		*seconds += now();
		if (n != 1)
			break;
		frames += CUT_PIECES;
	}
	return frames;
}

static uint64_t run_tx(struct lane *lanes, const struct options *o, double *seconds)
{
	uint64_t frames = 0;

	for (uint32_t turn = 0; frames < o->frames; turn++) {
		struct lane *b = &lanes[turn % o->queues];
		uint32_t n;

		if (o->sum)
			lane_fill_sums(b);
		else
			fill_list(b);
		*seconds -= now();
		measured_tx(b, b->o->batch * b->o->segments);
		*seconds += now();
		lane_transmit(b);
		*seconds -= now();
		n = measured_tx(b, 0);
		*seconds += now();
		if (n == 0)
			break;
		frames += n;
	}
	return frames;
}

/* ---- Command line ----------------------------------------------------------------------------- */

static int fail(const struct net_error *err)
{
	fprintf(stderr, "ring-bench: %s\n", err->message);
	return 1;
}

static int usage(FILE *to, int code)
{
	fputs("usage: ring-bench rx|tx [--batch N] [--buffers N] [--segments N] [--queues N]\n"
	      "                  [--frames N] [--aligned] [--bounced] [--zero-copy] [--floor]\n"
	      "                  rx: [--frame-bytes N] [--checksum none|report|complete|partial]\n"
	      "                  tx: [--cut]: packets of 65,160 bytes TCP that are cut, one per call\n"
	      "                  tx: [--sum] [--software]: packets of 1514 bytes, UDP checksum by the kernel\n"
	      "                      or by the library; with --zero-copy their payload is not copied\n"
	      "One line of JSON: nanoseconds per frame of the data calls, without a kernel.\n",
	      to);
	return code;
}

static bool parse_checksum(const char *text, enum net_xdp_rx_checksum *out)
{
	static const char *const names[] = {"none", "report", "complete", "partial"};

	for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(text, names[i]) == 0) {
			*out = (enum net_xdp_rx_checksum)i;
			return true;
		}
	return false;
}

static bool parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{"batch", 1, NULL, 'b'},    {"buffers", 1, NULL, 'n'},
		{"segments", 1, NULL, 's'}, {"queues", 1, NULL, 'q'},
		{"frames", 1, NULL, 'f'},   {"frame-bytes", 1, NULL, 'l'},
		{"checksum", 1, NULL, 'c'}, {"aligned", 0, NULL, 'a'},
		{"bounced", 0, NULL, 'B'},  {"cut", 0, NULL, 'C'},
		{"sum", 0, NULL, 'S'},	    {"software", 0, NULL, 'W'},
		{"floor", 0, NULL, 'F'},    {"zero-copy", 0, NULL, 'z'},
		{"help", 0, NULL, 'h'},	    {0},
	};
	bool good = true;
	int c;

	*o = (struct options){.batch = 64,
			      .buffers = 4096,
			      .segments = 1,
			      .queues = 1,
			      .frame_bytes = FRAME_BYTES,
			      .frames = 10000000};
	while (good && (c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		switch (c) {
		case 'b':
			good = whole_number32("--batch", optarg, 1, BATCH_MAX, &o->batch);
			break;
		case 'n':
			good = whole_number32("--buffers", optarg, BATCH_MAX, 65536, &o->buffers);
			break;
		case 's':
			good = whole_number32("--segments", optarg, 1, SEGMENTS_MAX, &o->segments);
			break;
		case 'q':
			good = whole_number32("--queues", optarg, 1, QUEUES_MAX, &o->queues);
			break;
		case 'f':
			good = whole_number("--frames", optarg, 1, UINT64_MAX, &o->frames);
			break;
		case 'l':
			good = whole_number32("--frame-bytes", optarg, FRAME_BYTES, FRAME_MAX,
					      &o->frame_bytes);
			break;
		case 'c':
			good = parse_checksum(optarg, &o->checksum);
			break;
		case 'a':
			o->aligned = true;
			break;
		case 'B':
			o->bounced = true;
			break;
		case 'C':
			o->cut = true;
			break;
		case 'S':
			o->sum = true;
			break;
		case 'W':
			o->software = true;
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
	if (!good || optind + 1 != argc ||
	    (strcmp(argv[optind], "rx") && strcmp(argv[optind], "tx")))
		return false;
	o->tx = argv[optind][0] == 't';
	return o->buffers % BATCH_MAX == 0;
}

int main(int argc, char **argv)
{
	static struct lane lanes[QUEUES_MAX];
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
	if (lane_open_endpoint(&endpoint, &o, &err))
		return fail(&err);
	for (uint32_t i = 0; i < o.queues; i++)
		if (lane_open(&lanes[i], i, &endpoint, &o, &err))
			return fail(&err);
	frames = o.tx && o.cut ? run_cut(lanes, &o, &seconds)
		 : o.tx	       ? run_tx(lanes, &o, &seconds)
			       : run_rx(lanes, &o, &seconds);
	printf("{\"call\": \"%s\", \"floor\": %s, \"batch\": %u, \"buffers\": %u, \"segments\": "
	       "%u, \"queues\": %u, "
	       "\"aligned\": %s, \"bounced\": %s, \"frames\": %llu, \"ns_per_frame\": %.2f, "
	       "\"bookkeeping_bytes\": %.2f}\n",
	       o.tx ? "tx" : "rx", o.floor ? "true" : "false", o.batch, o.buffers, o.segments,
	       o.queues, o.aligned ? "true" : "false", o.bounced ? "true" : "false",
	       (unsigned long long)frames, seconds * 1e9 / (double)(frames ? frames : 1),
	       lane_bookkeeping(&lanes[0]));
	return frames ? 0 : 1;
}
