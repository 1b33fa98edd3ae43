// SPDX-License-Identifier: BSD-2-Clause
/* The tests' own tools on a real veth pair: if these fail, no other result means anything. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/frame.h"
#include "support/frontend_xdp.h"
#include "support/netns.h"
#include "support/peer.h"

static void setup(void)
{
	netns_enter();
	netns_veth("v0", "v1", 2, 1500);
}

TestSuite(support, .init = setup, .timeout = 30);

Test(support, peer_sends_exact_bytes_both_ways_and_does_not_hear_itself)
{
	struct frame_spec spec = {.ip_version = 4, .protocol = 17, .vlans = {5, 7}};
	uint8_t bytes[1514];
	struct peer a, b;
	struct frame f;

	peer_open(&a, "v0");
	peer_open(&b, "v1");
	cr_assert(a.queues == 2, "%u queues", a.queues);
	for (uint32_t len = 14; len <= sizeof(bytes); len += 100) {
		frame_plain(bytes, len, len);
		peer_send(&a, bytes, len);
		peer_expect(&b, bytes, len, 1000);
		peer_send(&b, bytes, len);
		peer_expect(&a, bytes, len, 1000);
	}
	for (spec.vlan_count = 1; spec.vlan_count <= 2; spec.vlan_count++) {
		frame_build(&f, &spec);
		peer_send(&a, f.bytes, f.len);
		peer_expect(&b, f.bytes, f.len, 1000);
	}
	peer_expect_silence(&a, 20);
	peer_expect_silence(&b, 20);
	peer_close(&a);
	peer_close(&b);
}

Test(support, peer_partial_checksum_stays_partial)
{
	const struct frame_spec spec = {.ip_version = 4, .protocol = 17, .payload_bytes = 30};
	struct peer a, b;
	struct frame f;

	peer_open(&a, "v0");
	peer_open(&b, "v1");
	frame_build(&f, &spec);
	peer_send(&a, f.bytes, f.len);
	peer_expect(&b, f.bytes, f.len, 1000);
	cr_assert(!b.partial);
	frame_write16(f.bytes, f.l4_field, frame_pseudo_sum(&f));
	peer_send_partial(&a, f.bytes, f.len, (uint16_t)(f.l2_len + f.l3_len), 6);
	peer_expect(&b, f.bytes, f.len, 1000);
	cr_assert(b.partial, "the kernel completed the checksum");
	peer_close(&a);
	peer_close(&b);
}

Test(support, peer_pushed_tag_arrives_at_a_packet_socket_in_place)
{
	const struct net_vlan vlan = {.id = 77, .priority = 2};
	uint8_t bytes[100], tagged[104];
	struct peer a, b;

	peer_open(&a, "v0");
	peer_open(&b, "v1");
	peer_push_vlan("v0", vlan);
	frame_plain(bytes, sizeof(bytes), 1);
	memcpy(tagged, bytes, 12);
	frame_write16(tagged, 12, 0x8100);
	frame_write16(tagged, 14, net_vlan_tci(vlan));
	memcpy(tagged + 16, bytes + 12, sizeof(bytes) - 12);
	peer_send(&a, bytes, sizeof(bytes));
	peer_expect(&b, tagged, sizeof(tagged), 1000);
	peer_close(&a);
	peer_close(&b);
}

Test(support, netns_second_one_holds_the_other_end)
{
	int other = netns_new(), before;
	uint8_t bytes[60];
	struct peer a, b;

	netns_move("v1", other);
	before = netns_switch(other);
	netns_run("ip link set v1 up");
	peer_open(&b, "v1");
	close(netns_switch(before));
	netns_up("v0");
	peer_open(&a, "v0");
	frame_plain(bytes, sizeof(bytes), 4);
	peer_send(&a, bytes, sizeof(bytes));
	peer_expect(&b, bytes, sizeof(bytes), 1000);
	peer_close(&a);
	peer_close(&b);
	close(before);
	close(other);
}

static void check_both_ways(struct frontend_xdp *x, uint32_t queues)
{
	uint8_t bytes[1514];
	uint32_t ids[64];
	struct frontend_list list;
	struct peer p;

	peer_open(&p, "v1");
	frontend_list_open(&list, 64);
	frontend_xdp_open(x);
	frontend_xdp_start(x, queues, 128);
	for (uint32_t q = 0; q < queues; q++) {
		peer_use_queue(&p, q);
		frontend_poison(&x->f, q);
		for (uint32_t i = 0; i < 20; i++) {
			frame_plain(bytes, 14 + i * 75, i);
			peer_send(&p, bytes, 14 + i * 75);
		}
		cr_assert(frontend_rx_wait(&x->f, x->queues[q], ids, 20, 2000) == 20, "queue %u",
			  q);
		for (uint32_t i = 0; i < 20; i++) {
			frame_plain(bytes, 14 + i * 75, i);
			frontend_expect_frame(&x->f, ids[i], bytes, 14 + i * 75);
			frontend_allow(&x->f, frontend_frame_addr(&x->f, ids[i]), 14 + i * 75);
		}
		cr_assert(frontend_first_change(&x->f) == 0, "changed at 0x%llx",
			  (unsigned long long)frontend_first_change(&x->f));
		cr_assert(frontend_xdp_counter(x, q, NET_XDP_RX_DIRECT) == 20, "bounced");

		frontend_list_clear(&list);
		for (uint32_t i = 0; i < 20; i++) {
			uint64_t addr = frontend_xdp_tx_addr(x, i);

			frame_plain(frontend_at(&x->f, addr, 60 + i * 70), 60 + i * 70, i);
			frontend_list_frame(&list, i, addr, 60 + i * 70);
		}
		cr_assert(frontend_tx_all(&x->f, x->queues[q], &list, ids, 2000) == 20);
		for (uint32_t i = 0; i < 20; i++) {
			frame_plain(bytes, 60 + i * 70, i);
			peer_expect(&p, bytes, 60 + i * 70, 1000);
		}
	}
	peer_expect_silence(&p, 10);
	frontend_list_close(&list);
	peer_close(&p);
}

Test(support, frontend_unaligned_sends_and_receives_on_each_queue)
{
	struct frontend_xdp x;

	frontend_xdp_prepare(&x, "v0");
	check_both_ways(&x, 2);
	cr_assert(netns_program_id("v0") != 0);
	frontend_xdp_close(&x);
	cr_assert(netns_program_id("v0") == 0, "a program is left on v0");
}

Test(support, frontend_aligned_sends_and_receives_on_each_queue)
{
	struct frontend_xdp x;

	frontend_xdp_prepare(&x, "v0");
	x.config.unaligned = false;
	check_both_ways(&x, 2);
	frontend_xdp_close(&x);
}

Test(support, frontend_closed_leaves_no_descriptor)
{
	unsigned int fds = netns_open_fds();

	for (int i = 0; i < 5; i++) {
		struct frontend_xdp x;

		frontend_xdp_prepare(&x, "v0");
		frontend_xdp_open(&x);
		frontend_xdp_start(&x, 2, 64);
		frontend_xdp_close(&x);
	}
	cr_assert(netns_open_fds() == fds, "%u descriptors, %u before", netns_open_fds(), fds);
}
