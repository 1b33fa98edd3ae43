// SPDX-License-Identifier: BSD-2-Clause
/* Does the machine need an interface's frames? Facts in, verdict out. */
#include <string.h>

#include <criterion/criterion.h>

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
	      {ETH2, 0, {FREE}, .ssh = BR_VLAN, .verdict = HOST_ONLY, .says = "(br0.7 lies on it)"},
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
