// SPDX-License-Identifier: BSD-2-Clause
/* Does the machine need an interface's frames? Facts in, verdict out. */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "common/host_keep.h"
#include "common/host_way.h"

/* A machine with one of each: bond0 over eth0 and eth1, a VLAN on it, a bridge over eth2 with a VLAN, a
 * macvlan on eth3 with a MAC of its own, a tunnel without any. */
enum { LO = 1, ETH0, ETH1, BOND0, VLAN, ETH2, BR0, BR_VLAN, ETH3, MACVLAN, TUN, FREE };

#define MAC(n) .has_mac = true, .mac = {2, 0, 0, 0, 0, n}

static struct host_link links[] = {
	{LO, .name = "lo"},
	{ETH0, .name = "eth0", .master = BOND0, MAC(1)},
	{ETH1, .name = "eth1", .master = BOND0, MAC(1)},
	{BOND0, .name = "bond0", MAC(1)},
	{VLAN, .name = "bond0.5", .below = BOND0, MAC(1)},
	{ETH2, .name = "eth2", .master = BR0, MAC(2)},
	{BR0, .name = "br0", MAC(2)},
	{BR_VLAN, .name = "br0.7", .below = BR0, MAC(2)},
	{ETH3, .name = "eth3", MAC(3)},
	{MACVLAN, .name = "mv0", .below = ETH3, MAC(33)},
	{TUN, .name = "tun0"},
	{FREE, .name = "free0", MAC(4)},
};

struct row {
	uint32_t ifindex;
	uint32_t addressed; /* ifindex, 0 none */
	uint32_t exits[4];
	uint32_t ssh;
	uint8_t mac; /* last byte of the only one that is taken; 0: all frames */
	enum host_verdict verdict;
	const char *says;
};

static void check(const struct row *row)
{
	uint8_t mac[1][6] = {{2, 0, 0, 0, 0, row->mac}};
	struct host_taken taken = {mac, row->mac ? 1 : 0};
	uint32_t exits[4];
	struct host_net net = {
		.links = links,
		.link_count = sizeof(links) / sizeof(links[0]),
		.exits = exits,
		.ssh_exit = row->ssh,
		.ssh_client = "192.0.2.7",
	};
	struct host_way way;

	memcpy(exits, row->exits, sizeof(exits));
	while (net.exit_count < 4 && row->exits[net.exit_count])
		net.exit_count++;
	for (uint32_t i = 0; i < net.link_count; i++)
		links[i].addressed = links[i].ifindex == row->addressed;
	way = host_way_of(&net, row->ifindex, &taken);
	cr_expect_eq(way.verdict, row->verdict, "%u: %d, %s", row->ifindex, way.verdict,
		     way.sentence);
	cr_expect_eq(way.by_ssh, row->says && strstr(row->says, "SSH"));
	cr_expect(row->says ? strstr(way.sentence, row->says) != NULL : !way.sentence[0],
		  "%u: '%s', not '%s'", row->ifindex, way.sentence, row->says);
}

#define CHECK(...)                                                                                 \
	do {                                                                                       \
		static const struct row rows[] = {__VA_ARGS__};                                    \
                                                                                                   \
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)                        \
			check(&rows[i]);                                                           \
	} while (0)

Test(host_way, interface_that_the_host_does_not_use_is_free)
{
	CHECK({FREE, .verdict = HOST_FREE}, {FREE, ETH3, {ETH3}, .verdict = HOST_FREE},
	      {FREE, ETH3, {ETH3}, .ssh = ETH3, .verdict = HOST_FREE},
	      /* a macvlan lies on it, not it on the macvlan */
	      {MACVLAN, ETH3, {ETH3}, .verdict = HOST_FREE},
	      {ETH0, BR0, {BR0}, .verdict = HOST_FREE});
}

Test(host_way, addresses_are_carried_from_below)
{
	CHECK({ETH3, ETH3, .verdict = HOST_CARRIED, .says = "eth3 carries addresses of the host"},
	      {ETH1, BOND0, .verdict = HOST_CARRIED, .says = "(bond0 lies on it)"},
	      {ETH1, VLAN, .verdict = HOST_CARRIED, .says = "(bond0.5 lies on it)"},
	      {ETH2, BR_VLAN, .verdict = HOST_CARRIED, .says = "(br0.7 lies on it)"},
	      {ETH3, MACVLAN, .verdict = HOST_CARRIED, .says = "(mv0 lies on it)"});
}

Test(host_way, all_default_routes_are_the_only_way_and_some_are_not)
{
	CHECK({ETH3, ETH3, {ETH3}, .verdict = HOST_ONLY, .says = "each default route leaves by it"},
	      {ETH3, 0, {ETH3, ETH3}, .verdict = HOST_ONLY, .says = "each"},
	      {ETH3, 0, {ETH3, MACVLAN}, .verdict = HOST_ONLY, .says = "each"},
	      {ETH2, 0, {BR0}, .verdict = HOST_ONLY, .says = "(br0 lies on it)"},
	      {ETH0, 0, {VLAN}, .verdict = HOST_ONLY, .says = "(bond0.5 lies on it)"},
	      {ETH3, 0, {ETH3, FREE}, .verdict = HOST_CARRIED, .says = "a default route"},
	      {ETH3, ETH3, {FREE}, .verdict = HOST_CARRIED, .says = "addresses"},
	      {TUN, 0, {TUN}, .verdict = HOST_ONLY, .says = "tun0 is the only way"});
}

Test(host_way, ssh_clients_way_is_the_only_way)
{
	CHECK({ETH3, ETH3, .ssh = ETH3, .verdict = HOST_ONLY, .says = "SSH client 192.0.2.7"},
	      {ETH2,
	       0,
	       {FREE},
	       .ssh = BR_VLAN,
	       .verdict = HOST_ONLY,
	       .says = "SSH client 192.0.2.7 (br0.7 lies on it)"},
	      {ETH3, ETH3, {FREE}, .ssh = FREE, .verdict = HOST_CARRIED, .says = "addresses"});
}

Test(host_way, frames_to_macs_that_are_not_the_hosts_are_not_its)
{
	CHECK({ETH3, ETH3, {ETH3}, .ssh = ETH3, .mac = 99, .verdict = HOST_FREE},
	      {ETH3, ETH3, {ETH3}, .mac = 3, .verdict = HOST_ONLY, .says = "each"},
	      /* the interface's own MAC: a macvlan keeps its frames, a VLAN does not */
	      {ETH3, MACVLAN, {MACVLAN}, .mac = 3, .verdict = HOST_FREE},
	      {ETH3, MACVLAN, {MACVLAN}, .mac = 33, .verdict = HOST_ONLY, .says = "mv0"},
	      {ETH0, VLAN, {VLAN}, .mac = 1, .verdict = HOST_ONLY, .says = "bond0.5"},
	      {TUN, 0, {TUN}, .mac = 3, .verdict = HOST_ONLY, .says = "tun0"});
}

Test(host_way, ring_of_devices_ends)
{
	struct host_link ring[] = {
		{1, .master = 2, .name = "a"}, {2, .master = 1, .name = "b"}, {3, .name = "c"}};
	struct host_net net = {
		.links = ring, .link_count = 3, .exits = (uint32_t[]){1}, .exit_count = 1};

	cr_assert_eq(host_way_of(&net, 3, &(struct host_taken){0}).verdict, HOST_FREE);
	cr_assert_eq(host_way_of(&net, 2, &(struct host_taken){0}).verdict, HOST_ONLY);
}

/* ---- What --keep leaves ------------------------------------------------------------------------- */

#define TYPE(n)                                                                                    \
	{                                                                                          \
		NET_XDP_KEEP_ETHERTYPE, n, n, 0                                                    \
	}
#define PROTO(n)                                                                                   \
	{                                                                                          \
		NET_XDP_KEEP_PROTOCOL, n, n, 0                                                     \
	}
#define TCP(a, b)                                                                                  \
	{                                                                                          \
		NET_XDP_KEEP_TCP_PORT, a, b, 0                                                     \
	}
#define ND                                                                                         \
	{                                                                                          \
		NET_XDP_KEEP_ICMPV6, 133, 137, 0                                                   \
	}
#define ARP TYPE(0x0806)

static void expect_missing(const char *client, uint16_t port, struct keep_list keep,
			   const char *want)
{
	struct host_net net = {.ssh_port = port};
	char missing[HOST_KEEP_BYTES];

	while (keep.rules[keep.count].kind)
		keep.count++;
	if (client)
		snprintf(net.ssh_client, sizeof(net.ssh_client), "%s", client);
	host_keep_missing(&net, client != NULL, &keep, missing);
	cr_expect_str_eq(missing, want, "%s %u", client, port);
}

#define MISSING(client, port, want, ...)                                                           \
	expect_missing(client, port, (struct keep_list){.rules = {__VA_ARGS__}}, want)

Test(host_keep, session_needs_its_port_and_its_neighbours)
{
	MISSING("192.0.2.7", 2222, "arp,tcp:2222", {0});
	MISSING("192.0.2.7", 2222, "tcp:2222", ARP, TCP(22, 22));
	MISSING("192.0.2.7", 2222, "arp", ND, TCP(2000, 3000));
	MISSING("192.0.2.7", 2222, "", ARP, TCP(2000, 3000));
	MISSING("192.0.2.7", 2222, "", ARP, PROTO(6));
	MISSING("192.0.2.7", 2222, "", {NET_XDP_KEEP_ETHERTYPE, 0x0800, 0x0806, 0});
	MISSING("192.0.2.7", 22, "tcp:22", ARP, TYPE(0x86dd));
	MISSING("192.0.2.7", 0, "tcp:22", ARP); /* its port is not known */
	MISSING("192.0.2.7", 22, "tcp:22", ARP, {NET_XDP_KEEP_TCP_SOURCE, 22, 22, 0});
	MISSING("192.0.2.7", 65535, "arp,tcp:65535", {NET_XDP_KEEP_ICMP, 0, 255, 0});
}

Test(host_keep, session_over_ipv6_needs_neighbour_discovery)
{
	MISSING("2001:db8::7", 22, "nd", ARP, TCP(22, 22));
	MISSING("2001:db8::7", 22, "", ND, TCP(22, 22));
	MISSING("2001:db8::7", 22, "", PROTO(58), TCP(22, 22));
	MISSING("2001:db8::7", 22, "", TYPE(0x86dd));
	/* without the routers' advertisements the route goes; with all of them, in several rules */
	MISSING("2001:db8::7", 22, "nd", {NET_XDP_KEEP_ICMPV6, 135, 136, 0}, TCP(22, 22));
	MISSING("2001:db8::7", 22, "", {NET_XDP_KEEP_ICMPV6, 135, 136, 0},
		{NET_XDP_KEEP_ICMPV6, 134, 134, 0}, TCP(22, 22));
}

Test(host_keep, without_a_session_some_port_is_a_way_in)
{
	MISSING(NULL, 0, "arp,nd,tcp:22", {0});
	MISSING(NULL, 0, "tcp:22", ARP, ND, {NET_XDP_KEEP_ICMP, 8, 8, 0});
	MISSING(NULL, 0, "arp,nd", TCP(443, 443));
	MISSING(NULL, 0, "", ARP, TCP(443, 443));
	MISSING(NULL, 0, "", ND, PROTO(6));
}
