// SPDX-License-Identifier: BSD-2-Clause
/* What the kernel does to frames before they reach us: read, and said before it bites. */
#include <string.h>

#include <criterion/criterion.h>

#include "support/frame.h"
#include "support/netns.h"
#include "support/traffic.h"

TestSuite(offload, .timeout = 60);

static struct rig rig;

static struct net_xdp_device query(const char *ifname)
{
	struct net_xdp_device device;
	struct net_error err;

	cr_assert_eq(net_xdp_device_query(ifname, &device, &err), 0, "%s", err.message);
	cr_assert(device.has_offloads);
	return device;
}

static void expect_bit(uint64_t bit, const char *keyword)
{
	netns_run("ethtool -K v0 %s on", keyword);
	cr_expect(query("v0").offloads & bit, "%s is on", keyword);
	cr_expect(query("v1").peer_offloads & bit, "%s is on at the other end", keyword);
	netns_run("ethtool -K v0 %s off", keyword);
	cr_expect_not(query("v0").offloads & bit, "%s is off", keyword);
	cr_expect_not(query("v1").peer_offloads & bit, "%s is off at the other end", keyword);
	cr_expect_not(query("v0").offloads_fixed & bit, "%s can be changed", keyword);
}

Test(offload, query_tells_each_feature_as_it_is_switched)
{
	netns_enter();
	netns_veth("v0", "v1", 1, 1500);
	expect_bit(NET_XDP_OFFLOAD_RX_VLAN, "rxvlan");
	expect_bit(NET_XDP_OFFLOAD_RX_STAG, "rx-vlan-stag-hw-parse");
	expect_bit(NET_XDP_OFFLOAD_TX_VLAN, "txvlan");
	expect_bit(NET_XDP_OFFLOAD_TX_STAG, "tx-vlan-stag-hw-insert");
	expect_bit(NET_XDP_OFFLOAD_GRO, "gro");
	expect_bit(NET_XDP_OFFLOAD_GRO_LIST, "rx-gro-list");
	expect_bit(NET_XDP_OFFLOAD_GRO_UDP, "rx-udp-gro-forwarding");
	expect_bit(NET_XDP_OFFLOAD_TSO, "tso");
	expect_bit(NET_XDP_OFFLOAD_UDP_SEGMENT, "tx-udp-segmentation");
	cr_expect(query("v0").offloads_fixed & NET_XDP_OFFLOAD_LRO, "a veth has no LRO");
	cr_expect_str_eq(query("v0").peer_ifname, "v1");
	cr_expect(query("v0").is_virtual);
	cr_expect(query("lo").is_virtual);
}

static struct net_xdp_report report(void)
{
	struct net_xdp_report r;

	frontend_xdp_open(&rig.x);
	frontend_xdp_start(&rig.x, 1, 64);
	r = frontend_xdp_report(&rig.x, 0);
	frontend_xdp_stop(&rig.x);
	cr_assert_eq(net_endpoint_destroy(rig.x.ep, NULL), 0);
	rig.x.ep = NULL;
	return r;
}

Test(offload, report_says_that_tags_are_lost_until_the_remedy_is_used)
{
	static const char remedy[] = "ethtool -K v1 txvlan off tx-vlan-stag-hw-insert off";
	struct net_xdp_report r;

	rig_prepare(&rig, 1);
	r = report();
	cr_expect(strstr(r.vlan_state, "802.1Q, 802.1ad"), "%s", r.vlan_state);
	cr_expect(strstr(r.vlan_state, "rx_vlan"), "%s", r.vlan_state);
	cr_expect(strstr(r.vlan_state, remedy), "%s", r.vlan_state);
	rig.x.config.attach = NET_XDP_ATTACH_GENERIC;
	r = report();
	cr_expect(strstr(r.vlan_state, remedy), "%s", r.vlan_state);
	cr_expect(!strstr(r.vlan_state, "rx_vlan"), "not to be had there: %s", r.vlan_state);
	netns_run("%s", remedy);
	r = report();
	cr_expect_str_eq(r.vlan_state, "");
}

Test(offload, report_with_rx_vlan_says_nothing_of_tags)
{
	struct net_xdp_report r;

	rig_prepare(&rig, 1);
	rig.x.config.rx_vlan = true;
	r = report();
	cr_expect_str_eq(r.vlan_state, "");
}

Test(offload, generic_rung_says_that_joined_frames_arrive_as_one)
{
	struct net_xdp_report r;

	rig_prepare(&rig, 1);
	r = report();
	cr_expect(!strstr(r.rungs[0].sentence, "as one"), "%s", r.rungs[0].sentence);
	rig.x.config.attach = NET_XDP_ATTACH_GENERIC;
	r = report();
	cr_assert_str_eq(r.rungs[0].asked, "generic attach");
	cr_expect(strstr(r.rungs[0].sentence, "arrive as one"), "%s", r.rungs[0].sentence);
	cr_expect(strstr(r.rungs[0].sentence,
			 "ethtool -K v0 gro off rx-gro-list off rx-udp-gro-forwarding off lro off"),
		  "%s", r.rungs[0].sentence);
	cr_expect(strstr(r.rungs[0].sentence, "ethtool -K v1 tso off tx-udp-segmentation off"),
		  "%s", r.rungs[0].sentence);
	/* The remedies are what they say. */
	netns_run("ethtool -K v0 gro off rx-gro-list off rx-udp-gro-forwarding off lro off");
	netns_run("ethtool -K v1 tso off tx-udp-segmentation off");
	r = report();
	cr_expect(!strstr(r.rungs[0].sentence, "as one"), "%s", r.rungs[0].sentence);
}

/* Where what was sent on queue sent arrives, with sockets on all four. */
static uint32_t arrives_on(uint32_t sent)
{
	uint8_t frame[100];
	uint32_t id;

	peer_use_queue(&rig.peer, sent);
	frame_plain(frame, sizeof(frame), sent);
	peer_send(&rig.peer, frame, sizeof(frame));
	for (int round = 0; round < 200; round++)
		for (uint32_t q = 0; q < 4; q++)
			if (frontend_rx_wait(&rig.x.f, rig.x.queues[q], &id, 1, 10) == 1)
				return q;
	return UINT32_MAX;
}

Test(offload, generic_on_several_queues_says_on_which_frames_arrive)
{
	struct net_xdp_report r;

	rig_prepare(&rig, 4);
	rig.x.config.attach = NET_XDP_ATTACH_GENERIC;
	frontend_xdp_open(&rig.x);
	frontend_xdp_start(&rig.x, 4, 64);
	r = frontend_xdp_report(&rig.x, 0);
	cr_expect(strstr(r.rungs[0].sentence, "arrives on n - 1: take all 4 queues"), "%s",
		  r.rungs[0].sentence);
	for (uint32_t q = 1; q < 4; q++)
		cr_expect_eq(arrives_on(q), q - 1, "the sentence is not true of queue %u", q);
	rig_close(&rig);
}
