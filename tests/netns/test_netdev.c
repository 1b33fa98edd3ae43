// SPDX-License-Identifier: BSD-2-Clause
/* What the kernel says about a veth pair by netlink, each test in a network namespace of its own. */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/netns.h"
#include "host/netdev.h"

static struct host host;

static void enter(void)
{
	netns_enter();
	cr_assert_eq(host_open(&host), 0);
	netns_veth("v0", "v1", 4, 1500);
}

TestSuite(netdev, .init = enter);

/* Wait for an event of the kind (and link state, for LINK), reading over others. */
static bool saw(int fd, uint32_t ifindex, enum netdev_event_kind kind, bool link_up)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	struct netdev_event event;
	int rc;

	while (poll(&p, 1, 3000) == 1) {
		while ((rc = netdev_events_next(fd, ifindex, &event)) == 1) {
			if (event.kind == kind && event.link_up == link_up)
				return true;
		}
		cr_assert_eq(rc, 0);
	}
	return false;
}

Test(netdev, link_up_pair_is_up)
{
	cr_assert_eq(netdev_link(&host, netns_ifindex("v0")), 1);
}

Test(netdev, link_peer_down_is_down)
{
	netns_down("v1");
	cr_assert_eq(netdev_link(&host, netns_ifindex("v0")), 0);
}

Test(netdev, link_missing_interface_is_enodev)
{
	cr_assert_eq(netdev_link(&host, 4000000), -ENODEV);
}

Test(netdev, events_peer_down_and_up_are_link_events)
{
	uint32_t ifindex = netns_ifindex("v0");
	int fd = netdev_events_open();

	cr_assert_geq(fd, 0);
	netns_down("v1");
	cr_assert(saw(fd, ifindex, NETDEV_EVENT_LINK, false));
	netns_up("v1");
	cr_assert(saw(fd, ifindex, NETDEV_EVENT_LINK, true));
	close(fd);
}

Test(netdev, events_interface_down_and_up_are_link_events)
{
	uint32_t ifindex = netns_ifindex("v0");
	int fd = netdev_events_open();

	netns_down("v0");
	cr_assert(saw(fd, ifindex, NETDEV_EVENT_LINK, false));
	netns_up("v0");
	cr_assert(saw(fd, ifindex, NETDEV_EVENT_LINK, true));
	close(fd);
}

Test(netdev, events_of_others_are_passed_over)
{
	uint32_t ifindex = netns_ifindex("v0");
	struct netdev_event event;
	int fd = netdev_events_open();

	netns_run("ip link add w0 type veth peer name w1 && ip link set w0 up && ip link del w0");
	cr_assert_eq(netdev_events_next(fd, ifindex, &event), 0);
	cr_assert_eq(event.kind, NETDEV_EVENT_NONE);
	close(fd);
}

Test(netdev, events_deleted_interface_is_gone)
{
	uint32_t ifindex = netns_ifindex("v0");
	int fd = netdev_events_open();

	netns_run("ip link del v0");
	cr_assert(saw(fd, ifindex, NETDEV_EVENT_GONE, false));
	cr_assert_eq(netdev_link(&host, ifindex), -ENODEV);
	close(fd);
}

Test(netdev, events_interface_moved_to_another_namespace_is_gone)
{
	uint32_t ifindex = netns_ifindex("v0");
	int other = netns_new(), fd = netdev_events_open();

	netns_move("v0", other);
	cr_assert(saw(fd, ifindex, NETDEV_EVENT_GONE, false));
	cr_assert_eq(netdev_link(&host, ifindex), -ENODEV);
	close(other);
	close(fd);
}

/* The kernel says DELLINK for a port that leaves its bridge, too. */
Test(netdev, events_interface_leaves_a_bridge_is_not_gone)
{
	uint32_t ifindex = netns_ifindex("v0");
	struct netdev_event event;
	int fd;

	if (system("ip link add br0 type bridge 2>/dev/null"))
		cr_skip_test("this kernel has no bridge");
	netns_run("ip link set v0 master br0");
	fd = netdev_events_open();
	netns_run("ip link set v0 nomaster");
	while (netdev_events_next(fd, ifindex, &event) == 1)
		cr_expect_eq(event.kind, NETDEV_EVENT_LINK);
	close(fd);
}

Test(netdev, events_overrun_is_lost_and_then_continues)
{
	uint32_t ifindex = netns_ifindex("v0");
	struct netdev_event event = {0};
	int fd = netdev_events_open();
	int rc;

	/* About 1.5 KiB each: more than the default receive buffer (net.core.rmem_default). */
	netns_run("seq 1 400 | sed 's/.*/link set v1 alias a&/' | ip -batch -");
	rc = netdev_events_next(fd, ifindex, &event);
	cr_assert_eq(rc, 1);
	cr_assert_eq(event.kind, NETDEV_EVENT_LOST);
	netns_down("v1");
	cr_assert(saw(fd, ifindex, NETDEV_EVENT_LINK, false) || netdev_link(&host, ifindex) == 0);
	close(fd);
}

/* 140 names make a link message of 18 KiB. */
Test(netdev, link_with_many_names_is_read_and_its_events_too)
{
	uint32_t ifindex = netns_ifindex("v0");
	struct net_xdp_device device;
	struct net_error err = {0};
	int fd;

	netns_run("for i in $(seq 140); do echo link property add dev v0 altname "
		  "$(printf 'x%%0120d' $i); done | ip -batch -");
	fd = netdev_events_open();
	cr_expect_eq(netdev_link(&host, ifindex), 1);
	cr_expect_eq(net_xdp_device_query("v0", &device, &err), 0, "%s", err.message);
	netns_down("v1");
	cr_expect(saw(fd, ifindex, NETDEV_EVENT_LINK, false));
	cr_expect_eq(netdev_link(&host, ifindex), 0);
	close(fd);
}

Test(netdev, features_of_veth_are_known)
{
	struct netdev_features features;

	cr_assert_eq(netdev_features(&host, netns_ifindex("v0"), &features), 0);
	/* BASIC | REDIRECT | RX_SG; the peer may add NDO_XMIT. No kernel's veth has zero copy. */
	cr_assert_eq(features.xdp & 0x23, 0x23);
	cr_assert_eq(features.xdp & NET_XDP_FEATURE_ZERO_COPY, 0);
	cr_assert_eq(features.xsk, 0);
}

Test(netdev, features_missing_interface_is_enodev)
{
	struct netdev_features features;

	cr_assert_eq(netdev_features(&host, 4000000, &features), -ENODEV);
}

Test(netdev, queue_counts_down_interface_does_not_tell)
{
	uint32_t rx = 0, tx = 0;

	cr_assert_eq(netdev_queue_counts(&host, netns_ifindex("v0"), &rx, &tx), 0);
	cr_assert_eq(rx, 4);
	cr_assert_eq(tx, 4);
	netns_down("v0");
	cr_assert_eq(netdev_queue_counts(&host, netns_ifindex("v0"), &rx, &tx), -EOPNOTSUPP);
}

Test(netdev, has_socket_free_queue_is_0)
{
	cr_assert_eq(netdev_queue_has_socket(&host, netns_ifindex("v0"), 0), 0);
	cr_assert_eq(netdev_queue_has_socket(&host, netns_ifindex("v0"), 4), -EINVAL);
	cr_assert_eq(netdev_queue_has_socket(&host, 4000000, 0), -ENODEV);
	netns_down("v0");
	cr_assert_eq(netdev_queue_has_socket(&host, netns_ifindex("v0"), 0), -EOPNOTSUPP);
}

Test(netdev, queue_napi_of_veth_does_not_tell)
{
	struct netdev_napi napi;

	cr_assert_eq(netdev_queue_napi(&host, netns_ifindex("v0"), 0, &napi), -ENOENT,
		     "none exists");
	netns_run("ethtool -K v0 gro on");
	cr_assert_eq(netdev_queue_napi(&host, netns_ifindex("v0"), 0, &napi), -EOPNOTSUPP,
		     "which?");
	cr_assert_eq(napi.id, 0);
	cr_assert_eq(netdev_queue_sends_apart(&host, netns_ifindex("v0"), 0), -EOPNOTSUPP);
	cr_assert_eq(netdev_queue_sends_apart(&host, netns_ifindex("v0"), 4), -EINVAL);
}

Test(netdev, every_call_leaves_no_descriptor)
{
	struct net_xdp_device_queue queue;
	struct netdev_features features;
	struct net_xdp_device device;
	struct netdev_napi napi;
	uint32_t ifindex = netns_ifindex("v0");
	unsigned int before;
	uint32_t rx, tx;
	int i;

	host_close(&host);
	before = netns_open_fds();
	for (i = 0; i < 3; i++) {
		cr_assert_eq(host_open(&host), 0);
		net_xdp_device_query(i ? "v0" : "nosuch0", &device, NULL);
		net_xdp_device_queue_query(i ? "v0" : "nosuch0", i * 3, &queue, NULL);
		netdev_link(&host, ifindex);
		netdev_features(&host, ifindex, &features);
		netdev_queue_counts(&host, ifindex, &rx, &tx);
		netdev_queue_napi(&host, ifindex, 0, &napi);
		netdev_queue_has_socket(&host, ifindex, 0);
		netdev_queue_sends_apart(&host, ifindex, 0);
		netdev_napi_set(&host, UINT32_MAX, &napi.deferral);
		close(netdev_events_open());
		host_close(&host);
		if (i == 1)
			ifindex = 4000000;
	}
	cr_assert_eq(netns_open_fds(), before);
}
