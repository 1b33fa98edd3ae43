// SPDX-License-Identifier: BSD-2-Clause
/* xsk-info before real interfaces: what it predicts, and what it says of the host that uses them. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "support/frontend_xdp.h"
#include "support/netns.h"
#include "support/tool.h"

#define REFUSED "would fail."

static struct tool c; /* large */

Test(xsk_info_interfaces, interface_without_ethernet_header_is_predicted_to_fail)
{
	netns_enter();
	netns_run("ip tuntap add dev tun0 mode tun");
	netns_run("ip tuntap add dev tap0 mode tap");
	netns_run("ip link set tun0 up && ip link set tap0 up");
	TOOL_RUN(&c, XSK_INFO, "tun0");
	cr_expect(tool_says(c.out, REFUSED));
	cr_expect(tool_says(c.out, "have no Ethernet header"), "%s", c.out);
	TOOL_RUN(&c, XSK_INFO, "tap0");
	cr_expect_not(tool_says(c.out, REFUSED), "%s", c.out);
	TOOL_RUN(&c, XSK_INFO, "lo");
	cr_expect_not(tool_says(c.out, REFUSED), "%s", c.out);
}

Test(xsk_info_interfaces, queue_that_only_receives_is_predicted_as_attach_does)
{
	static const char *const queues[] = {"0", "2"};

	netns_enter();
	netns_veth("v0", "v1", 4, 1500);
	netns_run("ethtool -L v1 rx 1 tx 1");
	netns_run("ethtool -L v0 rx 4 tx 1");
	for (size_t i = 0; i < sizeof(queues) / sizeof(queues[0]); i++) {
		TOOL_RUN(&c, XSK_INFO, "v0", "--queue", queues[i], "--try");
		cr_expect_eq(tool_says(c.out, REFUSED), c.status == 1, "queue %s: %s", queues[i],
			     c.out);
	}
}

Test(xsk_info_interfaces, peer_in_another_namespace_makes_the_prediction_unsure)
{
	int other;

	netns_enter();
	netns_veth("v0", "v1", 1, 8901);
	other = netns_new();
	netns_move("v1", other);
	TOOL_RUN(&c, XSK_INFO, "v0");
	cr_expect(tool_says(c.out, "only an attach can tell"), "%s", c.out);
	cr_expect(tool_says(c.out, "cannot be seen from here"), "%s", c.out);
	cr_expect(tool_says(c.out, "probably get copy mode with a generic program"), "%s", c.out);
	TOOL_RUN(&c, XSK_INFO, "v0", "--json");
	cr_expect_not_null(strstr(c.out, "\"sure\": false"), "%s", c.out);
	close(other);
}

Test(xsk_info_interfaces, generic_mode_names_both_remedies_for_joined_frames)
{
	netns_enter();
	netns_veth("v0", "v1", 4, 8901);
	TOOL_RUN(&c, XSK_INFO, "v0");
	cr_expect(tool_says(c.out, "generic program"), "%s", c.out);
	cr_expect(tool_says(c.out, "ethtool -K v0 gro off rx-gro-list off "
				   "rx-udp-gro-forwarding off lro off"),
		  "%s", c.out);
	cr_expect(tool_says(c.out, "ethtool -K v1 tso off tx-udp-segmentation off"), "%s", c.out);
	cr_expect(tool_says(c.out, "queue i - 1"), "%s", c.out);
	/* They are what ethtool takes, and then there is no more to say. */
	netns_run("ethtool -K v0 gro off rx-gro-list off rx-udp-gro-forwarding off lro off");
	netns_run("ethtool -K v1 tso off tx-udp-segmentation off");
	TOOL_RUN(&c, XSK_INFO, "v0");
	cr_expect_not(tool_says(c.out, "that were joined"), "%s", c.out);
}

Test(xsk_info_interfaces, vlan_offload_is_named_with_its_remedy)
{
	netns_enter();
	netns_veth("v0", "v1", 1, 1500);
	TOOL_RUN(&c, XSK_INFO, "v0");
	cr_expect(tool_says(c.out, "rx-vlan-hw-parse, rx-vlan-stag-hw-parse"), "%s", c.out);
	cr_expect(tool_says(c.out, "ethtool -K v1 txvlan off tx-vlan-stag-hw-insert off"), "%s",
		  c.out);
	netns_run("ethtool -K v1 txvlan off tx-vlan-stag-hw-insert off");
	TOOL_RUN(&c, XSK_INFO, "v0");
	cr_expect_not(tool_says(c.out, "VLAN tags"), "%s", c.out);
}

Test(xsk_info_interfaces, what_the_host_has_on_the_interface_is_named)
{
	netns_enter();
	netns_veth("v0", "v1", 1, 1500);
	TOOL_RUN(&c, XSK_INFO, "v0");
	cr_expect_not(tool_says(c.out, "The host uses"), "%s", c.out);
	netns_run("ip addr add 10.1.2.3/24 dev v0");
	netns_run("ip link add mv0 link v0 type macvlan");
	TOOL_RUN(&c, XSK_INFO, "v0");
	cr_expect(tool_says(c.out, "The host uses this interface (address 10.1.2.3/24, on top of "
				   "it mv0)"),
		  "%s", c.out);
	netns_run("ip link add br0 type bridge && ip link set v1 master br0");
	TOOL_RUN(&c, XSK_INFO, "v1");
	cr_expect(tool_says(c.out, "(port of bridge br0)"), "%s", c.out);
}

Test(xsk_info_interfaces, default_route_is_named_also_where_it_leaves_by_a_bridge)
{
	netns_enter();
	netns_veth("v0", "v1", 1, 1500);
	netns_run("ip addr add 10.1.2.3/24 dev v0 && ip route add default via 10.1.2.9");
	TOOL_RUN(&c, XSK_INFO, "v0");
	cr_expect(tool_says(c.out, "(address 10.1.2.3/24, default route): v0 is the only way to "
				   "this machine"),
		  "%s", c.out);
	TOOL_RUN(&c, XSK_INFO, "v0", "--json");
	cr_expect(tool_is_json(c.out), "%s", c.out);
	cr_expect_not_null(strstr(c.out, "\"default_route\": true"), "%s", c.out);
	netns_run("ip link add br0 type bridge && ip link set br0 up && ip link set v1 master br0");
	netns_run("ip addr add 10.7.0.1/24 dev br0 && ip route add default via 10.7.0.9 metric 7");
	TOOL_RUN(&c, XSK_INFO, "v1");
	cr_expect(tool_says(c.out, "(default route, port of bridge br0)."), "%s", c.out);
}
