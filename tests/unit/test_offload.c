// SPDX-License-Identifier: BSD-2-Clause
/* What is said of tags and of joined frames, by what the interface does. */
#include <linux/if_arp.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "host/netdev_uapi.h"
#include "host/offload.h"

#define TAGS (NET_XDP_OFFLOAD_RX_VLAN | NET_XDP_OFFLOAD_RX_STAG)

static struct net_xdp_device interface(const char *driver)
{
	struct net_xdp_device d = {
		.ifname = "v1", .rx_queues = 1, .tx_queues = 1, .has_offloads = true};

	snprintf(d.driver, sizeof(d.driver), "%s", driver);
	return d;
}

static const char *vlan(const struct net_xdp_device *d, bool rx_vlan, bool generic)
{
	static char text[sizeof(((struct net_xdp_report *)0)->vlan_state)];

	offload_say_vlan(d, rx_vlan, generic, text, sizeof(text));
	cr_expect_lt(strlen(text), sizeof(text) - 1, "cut: %s", text);
	return text;
}

static void expect(const char *text, const char *has, const char *lacks)
{
	cr_expect(strstr(text, has), "no \"%s\" in \"%s\"", has, text);
	cr_expect(!lacks || !strstr(text, lacks), "\"%s\" in \"%s\"", lacks, text);
}

Test(offload, tags_of_a_nic_that_strips_are_told_with_the_remedy)
{
	struct net_xdp_device d = interface("ice");

	d.offloads = TAGS;
	expect(vlan(&d, false, false), "802.1Q, 802.1ad", "rx_vlan");
	expect(vlan(&d, false, false), "ethtool -K v1 rxvlan off rx-vlan-stag-hw-parse off", NULL);
	d.rx_metadata_features = NETDEV_RX_METADATA_VLAN;
	expect(vlan(&d, false, false), "use rx_vlan, or: ethtool", "may be");
	expect(vlan(&d, false, true), "use ethtool", "rx_vlan");
	d.offloads = NET_XDP_OFFLOAD_RX_STAG;
	expect(vlan(&d, false, false), "(802.1ad)", "rxvlan off");
	cr_expect_str_eq(vlan(&d, true, false), "");
	d.offloads = NET_XDP_OFFLOAD_TX_VLAN;
	cr_expect_str_eq(vlan(&d, false, false), "");
	d.has_offloads = false;
	expect(vlan(&d, false, false), "may be taken", NULL);
}

Test(offload, tags_above_another_device_may_be_taken_out_there)
{
	struct net_xdp_device d = interface("bridge");

	d.is_virtual = true;
	expect(vlan(&d, false, true), "may be taken", "v1");
	expect(vlan(&d, false, true), "ethtool -K IF (underneath) rxvlan off", "txvlan");
	cr_expect_str_eq(vlan(&d, false, false), "");
	d.link_type = ARPHRD_LOOPBACK;
	cr_expect_str_eq(vlan(&d, false, true), "");
}

Test(offload, tags_on_a_veth_are_the_other_ends_affair)
{
	struct net_xdp_device d = interface("veth");

	d.offloads = TAGS;
	d.has_peer_offloads = true;
	snprintf(d.peer_ifname, sizeof(d.peer_ifname), "v0");
	cr_expect_str_eq(vlan(&d, false, false), "");
	d.peer_offloads = NET_XDP_OFFLOAD_TX_VLAN | NET_XDP_OFFLOAD_TX_STAG;
	expect(vlan(&d, false, false), "ethtool -K v0 txvlan off tx-vlan-stag-hw-insert off",
	       "may");
	d.has_peer_offloads = false;
	memset(d.peer_ifname, 0, sizeof(d.peer_ifname));
	expect(vlan(&d, false, false), "may be taken", "v1");
}

static const char *generic(const struct net_xdp_device *d)
{
	static char text[sizeof(((struct net_xdp_rung *)0)->sentence) - 56];

	offload_say_generic(d, text, sizeof(text));
	cr_expect_lt(strlen(text), sizeof(text) - 1, "cut: %s", text);
	return text;
}

Test(offload, generic_names_both_remedies_while_something_joins)
{
	struct net_xdp_device d = interface("veth");

	snprintf(d.ifname, sizeof(d.ifname), "a-15-char-name0");
	snprintf(d.peer_ifname, sizeof(d.peer_ifname), "a-15-char-name1");
	d.is_virtual = true;
	d.rx_queues = 4000000000u;
	expect(generic(&d), "arrive as one", NULL); /* the other end is not known */
	expect(generic(&d), "gro off rx-gro-list off rx-udp-gro-forwarding off lro off", NULL);
	expect(generic(&d), "ethtool -K a-15-char-name1 tso off tx-udp-segmentation off", NULL);
	d.has_peer_offloads = true;
	expect(generic(&d), "n - 1", "arrive as one");
	d.peer_offloads = NET_XDP_OFFLOAD_UDP_SEGMENT;
	expect(generic(&d), "arrive as one", NULL);
	d.peer_offloads = NET_XDP_OFFLOAD_TX_VLAN;
	d.offloads = NET_XDP_OFFLOAD_GRO_LIST;
	expect(generic(&d), "arrive as one", NULL);
}

Test(offload, generic_on_a_nic_that_joins_nothing_says_nothing)
{
	struct net_xdp_device d = interface("e1000e");

	d.offloads = TAGS | NET_XDP_OFFLOAD_TSO;
	cr_expect_str_eq(generic(&d), "");
	d.offloads |= NET_XDP_OFFLOAD_LRO;
	expect(generic(&d), "lro off", NULL);
	d.has_offloads = false;
	expect(generic(&d), "lro off", NULL);
}

Test(offload, generic_on_several_queues_says_which_to_take)
{
	struct net_xdp_device d = interface("e1000e");

	d.rx_queues = 4;
	expect(generic(&d), "take all 4 queues", "n - 1");
	snprintf(d.driver, sizeof(d.driver), "veth");
	d.has_peer_offloads = true;
	expect(generic(&d), "arrives on n - 1: take all 4 queues", NULL);
}
