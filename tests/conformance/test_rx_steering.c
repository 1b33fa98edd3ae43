// SPDX-License-Identifier: BSD-2-Clause
/* Which frames come to which queue, which go to the host, which are too long: and all are counted. */
#include <string.h>

#include "support/conformance.h"
#include "support/rx_rig.h"

TestSuite(steering, .timeout = CASE_TIMEOUT_SECONDS);

/* ---- Queues --------------------------------------------------------------------------------------- */

/* Frames go to one queue at a time, in turn; each has its own frames, buffers and counters. */
static void each_queue(uint32_t queues, enum net_xdp_attach attach, bool unaligned)
{
	enum { ROUNDS = 3, PORTION = 40, BUFFERS = 64 };
	struct net_queue_stats stats;
	uint32_t ids[PORTION], n = 0;
	struct rx_rig r;

	rx_rig_prepare(&r, queues + (attach == NET_XDP_ATTACH_GENERIC), 1500);
	r.x.config.attach = attach;
	r.x.config.unaligned = unaligned;
	rx_rig_start(&r, queues, BUFFERS);
	frontend_poison(&r.x.f, queues);
	for (uint32_t turn = 0; turn < ROUNDS * queues; turn++) {
		uint32_t q = turn % queues;

		rx_rig_use_queue(&r, q);
		for (uint32_t i = 0; i < PORTION; i++)
			rx_rig_send(&r, rx_rig_len(n + i, 14, 1514), n + i);
		rx_rig_receive(&r, q, ids, PORTION);
		for (uint32_t i = 0; i < PORTION; i++, n++) {
			cr_assert(ids[i] / BUFFERS == q, "queue %u returned id %u", q, ids[i]);
			rx_rig_expect(&r, ids[i], rx_rig_len(n, 14, 1514), n);
			rx_rig_allow(&r, ids[i]);
		}
		frontend_post_ids(&r.x.f, r.x.queues[q], ids, PORTION);
	}
	for (uint32_t q = 0; q < queues; q++) {
		cr_assert(frontend_rx(&r.x.f, r.x.queues[q], ids, 1) == 0, "more on queue %u", q);
		cr_assert(frontend_xdp_counter(&r.x, q, NET_XDP_RX_FRAMES) == ROUNDS * PORTION);
		cr_assert(frontend_xdp_counter(&r.x, q, NET_XDP_RX_DIRECT) == ROUNDS * PORTION);
		cr_assert(frontend_xdp_report(&r.x, q).hardware_queue == q);
		net_queue_stats(r.x.queues[q], &stats);
		cr_assert(stats.rx_packets == ROUNDS * PORTION && stats.rx_errors == 0);
	}
	cr_assert(frontend_first_change(&r.x.f) == 0, "a byte changed that belongs to no frame");
	rx_rig_balance(&r, n);
	rx_rig_close(&r);
}

CASE(11, one_queue_native)
{
	each_queue(1, NET_XDP_ATTACH_NATIVE, true);
	each_queue(1, NET_XDP_ATTACH_NATIVE, false);
}

CASE(11, one_queue_generic)
{
	NEEDS_VETH("generic attach");
	each_queue(1, NET_XDP_ATTACH_GENERIC, false);
}

CASE(11, two_queues_each_its_own_frames_native)
{
	NEEDS_VETH("two queues");
	each_queue(2, NET_XDP_ATTACH_NATIVE, true);
}

CASE(11, two_queues_each_its_own_frames_generic)
{
	NEEDS_VETH("generic attach");
	each_queue(2, NET_XDP_ATTACH_GENERIC, true);
}

CASE(11, four_queues_each_its_own_frames_native)
{
	NEEDS_VETH("four queues");
	each_queue(4, NET_XDP_ATTACH_NATIVE, true);
}

CASE(11, four_queues_each_its_own_frames_generic)
{
	NEEDS_VETH("generic attach");
	each_queue(4, NET_XDP_ATTACH_GENERIC, true);
}

CASE(11, four_queues_of_aligned_chunks_each_their_own_frames)
{
	NEEDS_VETH("four queues");
	each_queue(4, NET_XDP_ATTACH_NATIVE, false);
}

/* Bounced frames of several queues: each has its own part of the private area. */
CASE(11, four_queues_bounce_into_their_own_buffers)
{
	enum { QUEUES = 4, COUNT = 200 };
	uint32_t ids[COUNT];
	struct rx_rig r;

	NEEDS_VETH("four queues");
	rx_rig_prepare(&r, QUEUES, 1500);
	frontend_layout(&r.x.f, 0, QUEUES * COUNT, FRONTEND_BASE + 1, 2001,
			FRONTEND_XDP_HEADER_BYTES, 1517);
	rx_rig_start(&r, QUEUES, COUNT);
	for (uint32_t q = 0; q < QUEUES; q++) {
		rx_rig_use_queue(&r, q);
		for (uint32_t n = 0; n < COUNT; n++)
			rx_rig_send(&r, 1000 + q, q * COUNT + n);
	}
	for (uint32_t q = 0; q < QUEUES; q++) {
		rx_rig_receive(&r, q, ids, COUNT);
		for (uint32_t n = 0; n < COUNT; n++) {
			cr_assert(ids[n] / COUNT == q);
			rx_rig_expect(&r, ids[n], 1000 + q, q * COUNT + n);
		}
		cr_assert(frontend_xdp_counter(&r.x, q, NET_XDP_RX_BOUNCED) == COUNT);
	}
	rx_rig_balance(&r, QUEUES * COUNT);
	rx_rig_close(&r);
}

/* ---- The host's frames ---------------------------------------------------------------------------- */

/* So many frames of our side's numbers must come to the host, exact and in order. */
static void expect_at_host(struct peer *host, uint32_t first, uint32_t count)
{
	uint8_t frame[FRAME_MAX_BYTES];

	for (uint32_t n = first; n < first + count; n++) {
		rx_rig_frame(frame, rx_rig_len(n, 14, 1514), n);
		peer_expect(host, frame, rx_rig_len(n, 14, 1514), RX_RIG_DEADLINE_MS);
	}
}

static void send_many(struct rx_rig *r, uint32_t first, uint32_t count)
{
	for (uint32_t n = first; n < first + count; n++)
		rx_rig_send(r, rx_rig_len(n, 14, 1514), n);
}

/* Before the first queue, on a queue that we have not, and after the last one. */
static void without_socket(enum net_xdp_attach attach)
{
	uint32_t ids[50];
	struct peer host;
	struct rx_rig r;

	rx_rig_prepare(&r, attach == NET_XDP_ATTACH_GENERIC ? 3 : 2, 1500);
	peer_open(&host, "v0");
	r.x.config.attach = attach;
	r.x.config.first_queue = 1; /* hardware queue 0 stays the host's */
	frontend_xdp_open(&r.x);
	rx_rig_use_queue(&r, 1);
	send_many(&r, 0, 50);
	expect_at_host(&host, 0, 50);

	frontend_xdp_start(&r.x, 1, 128);
	send_many(&r, 50, 50);
	rx_rig_receive(&r, 0, ids, 50);
	for (uint32_t i = 0; i < 50; i++)
		rx_rig_expect(&r, ids[i], rx_rig_len(50 + i, 14, 1514), 50 + i);
	cr_assert(frontend_xdp_report(&r.x, 0).hardware_queue == 1);
	rx_rig_use_queue(&r, 0);
	send_many(&r, 100, 50);
	expect_at_host(&host, 100, 50);
	rx_rig_balance(&r, 150);
	cr_assert(rx_rig_program(&r).passed == 100);

	frontend_xdp_stop(&r.x);
	rx_rig_use_queue(&r, 1);
	send_many(&r, 150, 50);
	expect_at_host(&host, 150, 50);
	cr_assert(rx_rig_program(&r).passed == 150);
	peer_expect_silence(&host, 20);
	peer_close(&host);
	rx_rig_close(&r);
}

Test(steering, queue_without_a_socket_passes_to_the_host_native)
{
	NEEDS_VETH("two queues");
	without_socket(NET_XDP_ATTACH_NATIVE);
}

Test(steering, queue_without_a_socket_passes_to_the_host_generic)
{
	NEEDS_VETH("generic attach");
	without_socket(NET_XDP_ATTACH_GENERIC);
}

/* The n-th destination: 0..15 are in the list, the others differ from these in one bit. */
static void mac_of(uint8_t *mac, uint32_t n)
{
	const uint8_t base[6] = {2, 0x10, 0x20, 0x30, 0x40, 0};

	memcpy(mac, base, 6);
	mac[5] = (uint8_t)(n % 16 * 2);
	if (n >= 16)
		mac[n % 6] ^= 1;
}

static void keep_list(enum net_xdp_attach attach, uint32_t macs)
{
	enum { COUNT = 96 };
	uint8_t frame[1514];
	struct peer host;
	struct rx_rig r;
	uint32_t id, taken = 0;

	rx_rig_prepare(&r, 1, 1500);
	peer_open(&host, "v0");
	r.x.config.attach = attach;
	r.x.config.take_mac_count = macs;
	for (uint32_t i = 0; i < macs; i++)
		mac_of(r.x.config.take_macs[i], i);
	rx_rig_start(&r, 1, 128);
	for (uint32_t n = 0; n < COUNT; n++) {
		uint32_t len = rx_rig_len(n, 14, 1514);

		rx_rig_frame(frame, len, n);
		mac_of(frame, n % 32);
		if (n % 32 == 31)
			memset(frame, 0xff, 6); /* broadcast is not in the list */
		peer_send(&r.peer, frame, len);
		if (n % 32 >= macs) {
			peer_expect(&host, frame, len, RX_RIG_DEADLINE_MS);
			continue;
		}
		rx_rig_receive(&r, 0, &id, 1);
		frontend_expect_frame(&r.x.f, id, frame, len);
		taken++;
	}
	cr_assert(taken == rx_rig_program(&r).redirected && taken > 0);
	cr_assert(rx_rig_program(&r).kept == COUNT - taken);
	peer_expect_silence(&host, 20);
	rx_rig_balance(&r, COUNT);
	peer_close(&host);
	rx_rig_close(&r);
}

Test(steering, take_macs_keeps_all_other_frames_with_the_host)
{
	keep_list(NET_XDP_ATTACH_NATIVE, NET_XDP_TAKE_MACS);
	keep_list(NET_XDP_ATTACH_NATIVE, 1);
}

Test(steering, take_macs_keeps_all_other_frames_with_the_host_generic)
{
	NEEDS_VETH("generic attach");
	keep_list(NET_XDP_ATTACH_GENERIC, 5);
}

/* ---- Lengths at the border ------------------------------------------------------------------------ */

/* Around the largest frame: what the wire carries is received up to max_frame_bytes, and dropped by
 * the program, and counted, from there on. */
static void around_largest(enum net_xdp_attach attach, uint32_t mtu, uint32_t chunk,
			   uint32_t largest)
{
	const uint32_t from = largest - 6, to = mtu + 14;
	uint32_t id, long_ones = 0, n = 0;
	struct rx_rig r;

	rx_rig_prepare(&r, 1, mtu);
	r.x.config.attach = attach;
	r.x.config.chunk_bytes = chunk;
	r.x.config.max_frame_bytes = largest;
	rx_rig_start(&r, 1, 64);
	for (uint32_t len = from; len <= to; len++, n++) {
		rx_rig_send(&r, len, n);
		if (len > largest) {
			long_ones++;
			continue;
		}
		rx_rig_receive(&r, 0, &id, 1);
		rx_rig_expect(&r, id, len, n);
		frontend_post(&r.x.f, r.x.queues[0], id, 1);
	}
	rx_rig_balance(&r, n);
	cr_assert(rx_rig_program(&r).dropped_too_long == long_ones);
	cr_assert(rx_rig_counter(&r, NET_XDP_RX_KERNEL_DROPPED) == 0);
	cr_assert(rx_rig_counter(&r, NET_XDP_RX_BOUNCED) == 0);
	/* No buffer went with the dropped frames. */
	for (uint32_t i = 0; i < 64; i++, n++) {
		rx_rig_send(&r, largest, n);
		rx_rig_receive(&r, 0, &id, 1);
		rx_rig_expect(&r, id, largest, n);
	}
	rx_rig_close(&r);
}

Test(steering, frames_up_to_the_mtu_are_received)
{
	around_largest(NET_XDP_ATTACH_NATIVE, 1500, 2048, 1514);
}

Test(steering, frames_longer_than_max_frame_bytes_are_dropped)
{
	NEEDS_VETH("an MTU over max_frame_bytes");
	around_largest(NET_XDP_ATTACH_NATIVE, 1600, 2048, 1518);
	around_largest(NET_XDP_ATTACH_GENERIC, 1600, 2048, 1518);
}

Test(steering, frames_up_to_the_whole_chunk_are_received_and_longer_ones_dropped)
{
	NEEDS_VETH("an MTU over max_frame_bytes");
	around_largest(NET_XDP_ATTACH_NATIVE, 1900, 2048, 2048 - 256);
	around_largest(NET_XDP_ATTACH_NATIVE, 3506, 4096, 3506 + 14); /* the most without frags */
	around_largest(NET_XDP_ATTACH_GENERIC, 4000, 4096, 4096 - 256);
}

/* A tag makes a frame of the largest MTU four bytes longer; the default has room for that. */
Test(steering, full_frame_with_a_tag_is_received)
{
	struct frame_spec spec = {
		.ip_version = 4,
		.protocol = 17,
		.vlan_count = 1,
		.vlans = {7},
		.payload_bytes = 1500 - 28,
	};
	struct rx_rig r;
	struct frame f;
	uint32_t id;

	rx_rig_prepare(&r, 1, 1500);
	rx_rig_start(&r, 1, 64);
	for (spec.seed = 0; spec.seed < 20; spec.seed++) {
		frame_build(&f, &spec);
		cr_assert(f.len == 1518);
		peer_send(&r.peer, f.bytes, f.len);
		rx_rig_receive(&r, 0, &id, 1);
		frontend_expect_frame(&r.x.f, id, f.bytes, f.len);
	}
	cr_assert(rx_rig_counter(&r, NET_XDP_RX_DIRECT) == 20);
	rx_rig_balance(&r, 20);
	rx_rig_close(&r);
}
