// SPDX-License-Identifier: BSD-2-Clause
/*
 * The kernel's own AF_XDP tests (tools/testing/selftests/bpf/test_xsk.h of Linux 6.18), as far as they
 * say something about a user of AF_XDP in copy mode, with this library at both ends of a veth pair.
 * A test here has the kernel's name; the one with _skb at the end attaches generic. None of the code
 * is the kernel's.
 *
 *     kernel's test                   mirrored by
 *     SEND_RECEIVE                    send_receive
 *     SEND_RECEIVE_2K_FRAME           send_receive_2k_frame
 *     SEND_RECEIVE_SINGLE_PKT         send_receive_single_pkt
 *     SEND_RECEIVE_UNALIGNED          send_receive_unaligned; 4 KiB pages instead of huge ones, which
 *                                     copy mode does not tell apart
 *     SEND_RECEIVE_9K_PACKETS         send_receive_9k_packets
 *     SEND_RECEIVE_UNALIGNED_9K       send_receive_unaligned_9k_packets
 *     UMEM_HEADROOM                   umem_headroom
 *     TEARDOWN                        teardown
 *     BIDIRECTIONAL                   bidirectional
 *     XDP_SHARED_UMEM                 xdp_shared_umem: two queues; two sockets on one queue is nothing
 *                                     that this library makes
 *     XDP_PROG_CLEANUP                xdp_prog_cleanup
 *     XDP_METADATA_COPY               xdp_metadata_copy, native only: generic cannot hand over tags
 *     XDP_METADATA_COPY_MULTI_BUFF    xdp_metadata_copy_multi_buff: refused by the configuration
 *     HW_SW_MIN_RING_SIZE             hw_sw_min_ring_size; veth has no rings of its own to resize
 *     HW_SW_MAX_RING_SIZE             hw_sw_max_ring_size; likewise
 *   test_selftests_poll.c:
 *     POLL_RX POLL_TX                 poll_rx poll_tx
 *     POLL_RXQ_FULL POLL_TXQ_FULL     poll_rxq_full poll_txq_full
 *     TX_QUEUE_CONSUMER               tx_queue_consumer
 *     STAT_RX_DROPPED STAT_TX_INVALID stat_rx_dropped stat_tx_invalid
 *     STAT_RX_FULL STAT_FILL_EMPTY    stat_rx_full stat_fill_empty
 *     XDP_DROP_HALF                   xdp_drop_half: by the program's length filter
 *   test_selftests_descriptors.c:
 *     ALIGNED_INV_DESC                aligned_inv_desc
 *     ALIGNED_INV_DESC_2K_FRAME_SIZE  aligned_inv_desc_2k_frame_size
 *     UNALIGNED_INV_DESC              unaligned_inv_desc
 *     UNALIGNED_INV_DESC_4001_FRAME   unaligned_inv_desc_4001_frame_size
 *     ALIGNED_INV_DESC_MULTI_BUFF     aligned_inv_desc_multi_buff
 *     UNALIGNED_INV_DESC_MULTI_BUFF   unaligned_inv_desc_multi_buff
 *     TOO_MANY_FRAGS                  too_many_frags
 *
 *   not applicable:
 *     XDP_ADJUST_TAIL_SHRINK, _GROW and their _MULTI_BUFF: our program never changes a frame's length,
 *     and no other one can stand between it and the socket
 *     the zero-copy and busy-poll runs of all: veth has neither; see tools/ for a driver that does
 */
#include <criterion/criterion.h>
#include <string.h>

#include "support/netns.h"
#include "support/pair.h"
#include "support/peer.h"

IN_BOTH_MODES(selftests, send_receive)
{
	struct pair p;

	pair_prepare(&p, attach, 1500);
	p.tx.config.unaligned = p.rx.config.unaligned = false;
	p.tx.config.chunk_bytes = p.rx.config.chunk_bytes = 4096;
	pair_open(&p, 256);
	pair_stream(&p, 4096, 64);
	cr_assert_eq(frontend_xdp_counter(&p.rx, 0, NET_XDP_RX_DIRECT), 4096);
	cr_assert_eq(frontend_xdp_counter(&p.tx, 0, NET_XDP_TX_DIRECT), 4096);
	pair_close(&p);
}

IN_BOTH_MODES(selftests, send_receive_2k_frame)
{
	struct pair p;

	pair_prepare(&p, attach, 1500);
	p.tx.config.unaligned = p.rx.config.unaligned = false;
	p.tx.config.chunk_bytes = p.rx.config.chunk_bytes = 2048;
	pair_open(&p, 256);
	pair_stream(&p, 4096, 64);
	cr_assert_eq(frontend_xdp_counter(&p.rx, 0, NET_XDP_RX_DIRECT), 4096);
	pair_close(&p);
}

IN_BOTH_MODES(selftests, send_receive_single_pkt)
{
	struct pair p;

	pair_prepare(&p, attach, 1500);
	pair_open(&p, 256);
	pair_stream(&p, 1, 64);
	cr_assert_eq(frontend_xdp_counter(&p.rx, 0, NET_XDP_RX_FRAMES), 1);
	cr_assert_eq(frontend_xdp_counter(&p.tx, 0, NET_XDP_TX_PACKETS), 1);
	pair_close(&p);
}

IN_BOTH_MODES(selftests, send_receive_unaligned)
{
	struct pair p;

	pair_prepare(&p, attach, 1500);
	/* Nearly every second buffer crosses a page. */
	frontend_layout(&p.rx.f, 0, 256, p.rx.f.regions[0].guest_addr + 3, 1543, 12, 1518);
	pair_open(&p, 256);
	pair_stream(&p, 4096, 1514);
	cr_assert_eq(frontend_xdp_counter(&p.rx, 0, NET_XDP_RX_DIRECT), 4096);
	pair_close(&p);
}

static void jumbo(struct pair *p, enum net_xdp_attach attach, bool unaligned)
{
	pair_prepare(p, attach, 9000);
	p->tx.config.max_frame_bytes = p->rx.config.max_frame_bytes = 9018;
	p->tx.config.unaligned = p->rx.config.unaligned = unaligned;
	p->tx.config.chunk_bytes = p->rx.config.chunk_bytes = 4096;
	frontend_layout(&p->rx.f, 0, 256, p->rx.f.regions[0].guest_addr + 3, 9037, 12, 9018);
	pair_open(p, 256);
	pair_stream(p, 1024, 9014);
	cr_assert_eq(frontend_xdp_counter(&p->rx, 0, NET_XDP_RX_FRAMES), 1024);
	cr_assert_eq(frontend_xdp_counter(&p->tx, 0, NET_XDP_TX_DIRECT), 1024);
	cr_assert_eq(frontend_xdp_counter(&p->tx, 0, NET_XDP_TX_PACKETS), 1024,
		     "packets, not descriptors");
	pair_close(p);
}

IN_BOTH_MODES(selftests, send_receive_9k_packets)
{
	struct pair p;

	jumbo(&p, attach, false);
}

IN_BOTH_MODES(selftests, send_receive_unaligned_9k_packets)
{
	struct pair p;

	jumbo(&p, attach, true);
}

/* The kernel's value, 128 bytes, is what frames of up to 1664 bytes leave. */
IN_BOTH_MODES(selftests, umem_headroom)
{
	struct pair p;

	pair_prepare(&p, attach, 1500);
	p.rx.config.mode = NET_XDP_MODE_COPY;
	p.rx.config.max_frame_bytes = 1664;
	frontend_layout(&p.rx.f, 0, 128, p.rx.f.regions[0].guest_addr + 4096, 2048, 12, 1700);
	frontend_poison(&p.rx.f, 7);
	pair_open(&p, 128);
	cr_assert_eq(net_xdp_frame_offset(&p.rx.config), 256 + 128);
	for (uint32_t i = 0; i < 128; i++)
		pair_add(&p, i, 64);
	pair_send(&p);
	pair_receive(&p, 128, 64);
	/* pair_receive() has seen the frames where the buffers say; nothing else may have changed. */
	for (uint32_t i = 0; i < 128; i++)
		frontend_allow(&p.rx.f, frontend_frame_addr(&p.rx.f, p.ids[i]), 64);
	cr_assert_eq(frontend_first_change(&p.rx.f), 0);
	pair_close(&p);
}

IN_BOTH_MODES(selftests, teardown)
{
	unsigned int fds = 0;
	struct pair p;

	pair_prepare(&p, attach, 1500);
	for (int i = 0; i < 10; i++) {
		pair_open(&p, 256);
		pair_stream(&p, 256, 64);
		frontend_xdp_stop(&p.tx);
		frontend_xdp_stop(&p.rx);
		cr_assert_eq(net_endpoint_destroy(p.tx.ep, NULL), 0);
		cr_assert_eq(net_endpoint_destroy(p.rx.ep, NULL), 0);
		p.tx.ep = p.rx.ep = NULL;
		cr_assert(i == 0 || netns_open_fds() == fds, "round %d leaves a descriptor", i);
		fds = netns_open_fds();
		cr_assert_eq(netns_program_id("v0"), 0);
	}
	pair_close(&p);
}

/* Each queue sends and receives, in turns. */
IN_BOTH_MODES(selftests, bidirectional)
{
	struct frontend_xdp other;
	struct pair p;

	pair_prepare(&p, attach, 1500);
	pair_open(&p, 256);
	for (int i = 0; i < 16; i++) {
		pair_stream(&p, 256, 64);
		other = p.tx;
		p.tx = p.rx;
		p.rx = other;
	}
	for (int i = 0; i < 2; i++) {
		struct frontend_xdp *x = i ? &p.tx : &p.rx;

		cr_assert_eq(frontend_xdp_counter(x, 0, NET_XDP_RX_FRAMES), 8 * 256);
		cr_assert_eq(frontend_xdp_counter(x, 0, NET_XDP_TX_PACKETS), 8 * 256);
	}
	pair_close(&p);
}

/* Two queues receive at once into one UMEM, each only what came in on it. */
IN_BOTH_MODES(selftests, xdp_shared_umem)
{
	struct frontend_xdp x;
	uint8_t frame[64];
	struct peer peer;
	uint32_t ids[8];

	netns_enter();
	netns_veth("v0", "v1", 2, 1500);
	frontend_xdp_prepare(&x, "v0");
	x.config.attach = attach;
	x.config.max_queues = 2;
	frontend_xdp_open(&x);
	frontend_xdp_start(&x, 2, 64);
	peer_open(&peer, "v1");
	for (uint32_t i = 0; i < 32; i++) {
		/* A generic program on veth is told queue 0 whichever the frame came through. */
		uint32_t queue = attach == NET_XDP_ATTACH_GENERIC ? 0 : i & 1;

		peer_use_queue(&peer, i & 1);
		pair_frame(frame, sizeof(frame), i);
		peer_send(&peer, frame, sizeof(frame));
		cr_assert_eq(frontend_rx_wait(&x.f, x.queues[queue], ids, 1, PAIR_DEADLINE_MS), 1);
		cr_assert_eq(ids[0] / 64, queue, "a buffer of the other queue");
		frontend_expect_frame(&x.f, ids[0], frame, sizeof(frame));
		cr_assert_eq(frontend_rx(&x.f, x.queues[!queue], ids, 8), 0);
	}
	peer_close(&peer);
	frontend_xdp_close(&x);
}

/* One socket after another in the same place of the map. */
IN_BOTH_MODES(selftests, xdp_prog_cleanup)
{
	struct net_xdp_program_stats stats;
	uint32_t program;
	struct pair p;

	pair_prepare(&p, attach, 1500);
	pair_open(&p, 128);
	program = netns_program_id("v1");
	pair_stream(&p, 64, 64);
	frontend_xdp_stop(&p.rx);
	/* No socket: the frame is the host's. */
	pair_add(&p, 0, 64);
	pair_send(&p);
	p.received++;
	cr_assert_eq(net_xdp_program_stats(p.rx.ep, &stats), 0);
	cr_assert_eq(stats.redirected, 64);
	cr_assert_eq(stats.passed, 1);
	frontend_xdp_start(&p.rx, 1, 128);
	pair_stream(&p, 64, 64);
	cr_assert_eq(netns_program_id("v1"), program);
	pair_close(&p);
	cr_assert_eq(netns_program_id("v1"), 0);
}

/* What the program puts in front of the frame is there, and the frame behind it untouched. */
Test(selftests, xdp_metadata_copy, .timeout = 60)
{
	const struct net_vlan vlan = {.id = 59, .priority = 3};
	struct frontend_xdp x;
	uint8_t frame[1200];
	struct peer peer;
	uint32_t id;

	netns_enter();
	netns_veth("v0", "v1", 1, 1500);
	frontend_xdp_prepare(&x, "v0");
	x.config.rx_vlan = true;
	frontend_xdp_open(&x);
	frontend_xdp_start(&x, 1, 64);
	peer_open(&peer, "v1");
	for (uint32_t i = 0; i < 128; i++) {
		if (i == 64)
			peer_push_vlan("v1", vlan);
		pair_frame(frame, sizeof(frame), i);
		peer_send(&peer, frame, sizeof(frame));
		cr_assert_eq(frontend_rx_wait(&x.f, x.queues[0], &id, 1, PAIR_DEADLINE_MS), 1);
		frontend_expect_frame(&x.f, id, frame, sizeof(frame));
		cr_assert_eq(frontend_metadata(&x.f, id)->has_vlan, i >= 64);
		cr_assert(i < 64 || frontend_metadata(&x.f, id)->vlan_tci == net_vlan_tci(vlan));
		frontend_post_ids(&x.f, x.queues[0], &id, 1);
	}
	peer_close(&peer);
	frontend_xdp_close(&x);
}

Test(selftests, xdp_metadata_copy_multi_buff)
{
	struct frontend_xdp x;

	netns_enter();
	netns_veth("v0", "v1", 1, 9000);
	frontend_xdp_prepare(&x, "v0");
	x.config.rx_vlan = true;
	x.config.max_frame_bytes = 9018;
	cr_assert_eq(frontend_xdp_try_open(&x), -22);
	cr_assert_str_eq(x.err.step, "config");
	frontend_close(&x.f);
}

static void ring_size(enum net_xdp_attach attach, uint32_t entries, uint32_t frames)
{
	struct pair p;

	pair_prepare(&p, attach, 1500);
	for (int i = 0; i < 2; i++) {
		struct net_xdp_config *c = i ? &p.tx.config : &p.rx.config;

		c->rx_ring_frames = c->tx_ring_frames = entries;
		c->fill_ring_frames = c->completion_ring_frames = entries;
	}
	pair_open(&p, 256);
	for (uint32_t i = 0; i < frames; i++) {
		/* A ring of one holds one: what waits in software takes its place in time. */
		if (entries == 1)
			pair_stream(&p, 1, 64);
		else
			pair_stream(&p, PAIR_BATCH, 64);
	}
	cr_assert_eq(frontend_xdp_counter(&p.rx, 0, NET_XDP_RX_KERNEL_DROPPED), 0);
	cr_assert_eq(frontend_xdp_counter(&p.rx, 0, NET_XDP_RX_KERNEL_RING_FULL), 0);
	pair_close(&p);
}

IN_BOTH_MODES(selftests, hw_sw_min_ring_size)
{
	ring_size(attach, 1, 1024);
}

IN_BOTH_MODES(selftests, hw_sw_max_ring_size)
{
	ring_size(attach, 65536, 1100);
}
