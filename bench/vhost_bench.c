// SPDX-License-Identifier: BSD-2-Clause
/*
 * What a pass of a queue pair of xsk-vhost costs per frame without a kernel: the real pair and the real data calls on
 * real rings. The guest (vhost_lane.c) and the stand-in for the kernel (ring_lane.c) are in the same thread, outside of
 * what is measured. For instructions, as tests/cost/run counts them:
 *
 *     valgrind --tool=callgrind --toggle-collect=measured_pass vhost-bench rx|tx ...
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ring_lane.h"
#include "support/whole_number.h"
#include "vhost_lane.h"

enum { L4_AT = 34, UDP_CHECKSUM_AT = 6 };

static struct lane lane;

static uint64_t run_rx(uint32_t batch, uint64_t frames)
{
	uint64_t done = 0;
	uint32_t n;

	vhost_lane_post_buffers();
	while (vhost_lane_pass())
		;
	while (done < frames) {
		lane_receive(&lane, batch);
		measured_pass();
		n = vhost_lane_received();
		if (n == 0)
			break;
		done += n;
		vhost_lane_post_buffers();
	}
	return done;
}

/* In copy mode the kernel has sent all when the data call returns; here that is seen by the pass behind. */
static uint64_t run_tx(uint32_t batch, uint64_t frames)
{
	uint64_t done = 0;
	uint32_t n;

	while (done < frames) {
		vhost_lane_post_packets(batch);
		measured_pass();
		lane_transmit(&lane);
		measured_pass();
		n = vhost_lane_sent();
		if (n == 0)
			break;
		done += n;
	}
	return done;
}

static int open_all(struct net_xdp_endpoint *ep, const struct options *o, bool plain,
		    struct net_error *err)
{
	struct vhost_lane_config config = {.queue = &lane.queue.base,
					   .gpa = GUEST_BASE,
					   .packet = lane.frame,
					   .packet_bytes = FRAME_BYTES,
					   .checksum_start_bytes = plain ? 0 : L4_AT,
					   .checksum_field_bytes = plain ? 0 : UDP_CHECKSUM_AT};

	if (lane_open_endpoint(ep, o, err) || lane_open_empty(&lane, 0, ep, o, err))
		return -1;
	config.memory = ep->memory.base + ep->memory.region[0].offset;
	return vhost_lane_open(&config, err);
}

static int usage(FILE *to, int code)
{
	fputs("usage: vhost-bench rx|tx [--batch N] [--frames N] [--plain]\n"
	      "                   --plain  packets of the guest's ask for no checksum\n"
	      "One line of JSON, for callgrind: so many frames of 60 bytes, N (64) at a time.\n",
	      to);
	return code;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{"batch", 1, NULL, 'b'},
		{"frames", 1, NULL, 'f'},
		{"plain", 0, NULL, 'p'},
		{"help", 0, NULL, 'h'},
		{0},
	};
	static struct net_xdp_endpoint endpoint;
	struct options o = {.buffers = VHOST_LANE_BYTES / STRIDE,
			    .segments = 1,
			    .queues = 1,
			    .batch = 64,
			    .frame_bytes = FRAME_BYTES,
			    .checksum = NET_XDP_RX_CHECKSUM_PARTIAL};
	struct net_error err = {0};
	uint64_t frames = 64000, done;
	bool plain = false, good = true;
	int c;

	while (good && (c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (c == 'h')
			return usage(stdout, 0);
		if (c == 'b')
			good = whole_number32("--batch", optarg, 1, VHOST_LANE_BATCH, &o.batch);
		else if (c == 'f')
			good = whole_number("--frames", optarg, 1, UINT64_MAX, &frames);
		else if (c == 'p')
			plain = true;
		else
			return usage(stderr, 2);
	}
	if (!good || optind + 1 != argc ||
	    (strcmp(argv[optind], "rx") && strcmp(argv[optind], "tx")))
		return usage(stderr, 2);
	if (open_all(&endpoint, &o, plain, &err)) {
		fprintf(stderr, "vhost-bench: %s\n", err.message);
		return 1;
	}
	done = argv[optind][0] == 'r' ? run_rx(o.batch, frames) : run_tx(o.batch, frames);
	printf("{\"call\": \"%s\", \"batch\": %u, \"frames\": %llu}\n", argv[optind], o.batch,
	       (unsigned long long)done);
	return done < frames;
}
