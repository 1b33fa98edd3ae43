// SPDX-License-Identifier: BSD-2-Clause
/* What the kernel says of a network namespace, and what is made of it. */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "support/frontend.h"
#include "support/netns.h"
#include "common/host_way.h"

static void setup(void)
{
	unsetenv("SSH_CONNECTION");
	netns_enter();
	netns_veth("v0", "v1", 1, 1500);
	netns_veth("w0", "w1", 1, 1500);
}

TestSuite(host_way_read, .init = setup, .timeout = 30);

static enum host_verdict verdict(const char *ifname)
{
	struct host_net net;
	struct host_way way;
	int rc = host_net_read(&net);

	cr_assert_eq(rc, 0, "%s", strerror(-rc));
	way = host_way_of(&net, if_nametoindex(ifname), &(struct host_taken){0});
	host_net_free(&net);
	return way.verdict;
}

Test(host_way_read, address_makes_an_interface_the_hosts_and_its_peer_not)
{
	cr_assert_eq(verdict("v0"), HOST_FREE);
	netns_run("ip addr add 192.0.2.1/24 dev v0");
	cr_assert_eq(verdict("v0"), HOST_CARRIED);
	cr_assert_eq(verdict("v1"), HOST_FREE, "the peer of a veth does not lie on it");
	cr_assert_eq(verdict("w0"), HOST_FREE);
}

Test(host_way_read, ipv6_counts_but_for_link_local_addresses)
{
	netns_run("echo 0 > /proc/sys/net/ipv6/conf/v0/disable_ipv6");
	netns_run("ip addr add fe80::1/64 dev v0 nodad");
	cr_assert_eq(verdict("v0"), HOST_FREE);
	netns_run("ip addr add 2001:db8::1/64 dev v0 nodad");
	cr_assert_eq(verdict("v0"), HOST_CARRIED);
	netns_run("ip -6 route add default via 2001:db8::2 dev v0");
	cr_assert_eq(verdict("v0"), HOST_ONLY);
}

Test(host_way_read, second_default_route_is_another_way_while_it_leads_somewhere)
{
	netns_run("ip addr add 192.0.2.1/24 dev v0");
	netns_run("ip addr add 198.51.100.1/24 dev w0");
	netns_run("ip route add default via 192.0.2.2");
	cr_assert_eq(verdict("v0"), HOST_ONLY);
	cr_assert_eq(verdict("w0"), HOST_CARRIED);
	netns_run("ip route add default via 198.51.100.2 metric 500");
	cr_assert_eq(verdict("v0"), HOST_CARRIED);
	netns_down("w1");
	/* The routes hear of it a moment later (linkwatch_event()). */
	for (int i = 0; i < 5000 && verdict("v0") != HOST_ONLY; i++)
		frontend_sleep_ms(1);
	cr_assert_eq(verdict("v0"), HOST_ONLY, "w0 has no link");
}

Test(host_way_read, default_routes_of_several_hops_and_of_other_tables_count)
{
	netns_run("ip addr add 192.0.2.1/24 dev v0");
	netns_run("ip addr add 198.51.100.1/24 dev w0");
	netns_run("ip route add default nexthop via 192.0.2.2 nexthop via 192.0.2.3");
	cr_assert_eq(verdict("v0"), HOST_ONLY);
	netns_run("ip route replace default nexthop via 192.0.2.2 nexthop via 198.51.100.2");
	cr_assert_eq(verdict("v0"), HOST_CARRIED);
	netns_run("ip route replace default via 192.0.2.2");
	cr_assert_eq(verdict("v0"), HOST_ONLY);
	netns_run("ip route add default via 198.51.100.2 table 100");
	cr_assert_eq(verdict("v0"), HOST_CARRIED);
	netns_run("ip route replace unreachable default table 100");
	cr_assert_eq(verdict("v0"), HOST_ONLY, "unreachable is no way");
}

Test(host_way_read, port_of_a_bridge_carries_what_lies_on_the_bridge)
{
	netns_run("ip link add br0 type bridge");
	netns_run("ip link set br0 up");
	netns_run("ip link set v0 master br0");
	netns_run("ip addr add 192.0.2.1/24 dev br0");
	cr_assert_eq(verdict("v0"), HOST_CARRIED);
	netns_run("ip route add default via 192.0.2.2");
	cr_assert_eq(verdict("v0"), HOST_ONLY);
	cr_assert_eq(verdict("w0"), HOST_FREE);
}

Test(host_way_read, macvlan_lies_on_its_parent_and_has_a_mac_of_its_own)
{
	struct host_net net;
	struct host_taken own = {.count = 1};
	const struct host_link *link;

	netns_run("ip link add mv0 link v0 type macvlan");
	netns_run("ip link set mv0 up");
	netns_run("ip addr add 192.0.2.1/24 dev mv0");
	cr_assert_eq(verdict("v0"), HOST_CARRIED);
	cr_assert_eq(verdict("v1"), HOST_FREE);
	cr_assert_eq(host_net_read(&net), 0);
	link = host_net_link(&net, if_nametoindex("v0"));
	cr_assert(link && link->has_mac && !strcmp(link->name, "v0"));
	own.macs = &link->mac;
	cr_assert_eq(host_way_of(&net, link->ifindex, &own).verdict, HOST_FREE);
	host_net_free(&net);
}

Test(host_way_read, route_to_the_ssh_client_is_the_kernels_choice)
{
	struct host_net net;

	netns_run("ip addr add 192.0.2.1/24 dev v0");
	netns_run("ip addr add 198.51.100.1/24 dev w0");
	setenv("SSH_CONNECTION", "203.0.113.9 40000 192.0.2.1 22", 1);
	cr_assert_eq(verdict("v0"), HOST_CARRIED, "no route to the client");
	netns_run("ip route add 203.0.113.0/24 via 192.0.2.2");
	cr_assert_eq(verdict("v0"), HOST_ONLY);
	cr_assert_eq(host_net_read(&net), 0);
	cr_assert_eq(net.ssh_port, 22);
	host_net_free(&net);
	cr_assert_eq(verdict("w0"), HOST_CARRIED);
	setenv("SSH_CONNECTION", "fe80::9%w0 40000 fe80::1%w0 22", 1);
	cr_assert_eq(verdict("w0"), HOST_ONLY);
	setenv("SSH_CONNECTION", "nonsense", 1);
	cr_assert_eq(verdict("w0"), HOST_CARRIED);
	setenv("SSH_CONNECTION", "", 1);
	cr_assert_eq(verdict("w0"), HOST_CARRIED);
}
