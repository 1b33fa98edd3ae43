// SPDX-License-Identifier: BSD-2-Clause
/*
 * A receiver on AF_PACKET with TPACKET_V3, written as its manual asks: a ring of blocks shared with the
 * kernel, poll() while the kernel has them all, a block timeout that bounds the delay, frames walked in
 * place and the block given back. It is what a user without AF_XDP would pick. Each frame is checked as
 * xsk-bench rx checks it, so that processor time compares.
 * Source: Documentation/networking/packet_mmap.rst.
 */
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "xsk_bench/flow.h"
#include "xsk_bench/frame.h"
#include "support/whole_number.h"

#define BLOCKS	    64u
#define BLOCK_BYTES (1u << 18)
#define FRAME_BYTES 2048u

struct receiver {
	int fd;
	uint8_t *ring;
	uint32_t block;
	uint64_t frames, bytes, good, polls;
	struct flow_table flows;
};

static int fail(const char *what)
{
	fprintf(stderr, "peer-packet: %s: %s\n", what, strerror(errno));
	return 1;
}

static int open_receiver(struct receiver *r, const char *ifname, unsigned timeout_ms)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = __builtin_bswap16(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(ifname),
	};
	struct tpacket_req3 req = {
		.tp_block_size = BLOCK_BYTES,
		.tp_block_nr = BLOCKS,
		.tp_frame_size = FRAME_BYTES,
		.tp_frame_nr = BLOCKS * (BLOCK_BYTES / FRAME_BYTES),
		.tp_retire_blk_tov = timeout_ms,
	};
	int version = TPACKET_V3, ignore_outgoing = 1;

	if (!addr.sll_ifindex)
		return fail(ifname);
	/* Protocol 0: nothing is queued before the ring is there. */
	r->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (r->fd < 0)
		return fail("socket");
	if (setsockopt(r->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) ||
	    setsockopt(r->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &ignore_outgoing,
		       sizeof(ignore_outgoing)) ||
	    setsockopt(r->fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)))
		return fail("PACKET_RX_RING");
	r->ring = mmap(NULL, (size_t)BLOCK_BYTES * BLOCKS, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_POPULATE, r->fd, 0);
	if (r->ring == MAP_FAILED)
		return fail("mmap");
	if (bind(r->fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fail("bind");
	return 0;
}

static struct tpacket_block_desc *next_block(const struct receiver *r)
{
	return (struct tpacket_block_desc *)(r->ring + (size_t)r->block * BLOCK_BYTES);
}

/* Walk one block. */
static void take_block(struct receiver *r, struct tpacket_block_desc *b)
{
	uint8_t *at = (uint8_t *)b + b->hdr.bh1.offset_to_first_pkt;
	struct frame_info info;

	for (uint32_t i = 0; i < b->hdr.bh1.num_pkts; i++) {
		const struct tpacket3_hdr *h = (const void *)at;

		r->bytes += h->tp_snaplen;
		if (frame_check(at + h->tp_mac, h->tp_snaplen, &info) == FRAME_GOOD)
			r->good += flow_note(&r->flows, info.run, info.stream, info.sequence) ==
				   FLOW_NEW;
		at += h->tp_next_offset;
	}
	r->frames += b->hdr.bh1.num_pkts;
	__atomic_store_n(&b->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	r->block = (r->block + 1) % BLOCKS;
}

static bool take_ready(struct receiver *r)
{
	bool any = false;

	for (;;) {
		struct tpacket_block_desc *b = next_block(r);

		if (!(__atomic_load_n(&b->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
			return any;
		take_block(r, b);
		any = true;
	}
}

static int receive(struct receiver *r, int signal_fd, int timeout_ms)
{
	struct pollfd fds[] = {
		{.fd = r->fd, .events = POLLIN},
		{.fd = signal_fd, .events = POLLIN},
	};

	while (!fds[1].revents) {
		if (take_ready(r))
			continue;
		r->polls++;
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return fail("poll");
	}
	/* What is in an open block belongs to the count: its timeout closes it. */
	while (poll(fds, 1, 2 * timeout_ms + 10) > 0)
		take_ready(r);
	return 0;
}

int main(int argc, char **argv)
{
	static struct receiver r = {.fd = -1};
	struct tpacket_stats_v3 stats = {0};
	socklen_t len = sizeof(stats);
	int timeout_ms, signal_fd;
	uint32_t given;
	sigset_t set;

	if (argc != 3 || !whole_number32("BLOCK_TIMEOUT_MS", argv[2], 1, 60000, &given)) {
		fputs("usage: peer-packet IF BLOCK_TIMEOUT_MS\n"
		      "Receives until SIGINT or SIGTERM; then one line of JSON.\n",
		      stderr);
		return 2;
	}
	timeout_ms = (int)given;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal_fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (signal_fd < 0)
		return fail("signalfd");
	if (open_receiver(&r, argv[1], (unsigned)timeout_ms))
		return 1;
	fprintf(stderr, "peer-packet: running\n");
	if (receive(&r, signal_fd, timeout_ms))
		return 1;
	if (getsockopt(r.fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len))
		return fail("PACKET_STATISTICS");
	printf("{\"received\": %llu, \"good\": %llu, \"bytes\": %llu, \"dropped\": %u, \"polls\": "
	       "%llu}\n",
	       (unsigned long long)r.frames, (unsigned long long)r.good,
	       (unsigned long long)r.bytes, stats.tp_drops, (unsigned long long)r.polls);
	return 0;
}
