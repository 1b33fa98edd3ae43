// SPDX-License-Identifier: BSD-2-Clause
/* What net_xdp_device_query() and net_xdp_device_queue_query() say about a veth pair, with and without an
 * endpoint on it; each test in a network namespace of its own. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "net_xdp_device.h"
#include "support/frontend_xdp.h"
#include "support/netns.h"

static void enter(void)
{
	netns_enter();
	netns_veth("v0", "v1", 4, 1500);
}

TestSuite(netdev, .init = enter);

Test(netdev, query_veth_tells_the_facts)
{
	struct net_xdp_device device;
	struct net_error err;

	netns_run("ip link set v0 mtu 3000");
	cr_assert_eq(net_xdp_device_query("v0", &device, &err), 0, "%s", err.message);
	cr_assert_str_eq(device.ifname, "v0");
	cr_assert_str_eq(device.driver, "veth");
	cr_assert_eq(device.ifindex, netns_ifindex("v0"));
	cr_assert_eq(device.mtu_bytes, 3000);
	cr_assert(device.up);
	cr_assert(device.carrier);
	cr_assert(device.has_features);
	cr_assert_eq(device.xdp_features & 0x23, 0x23);
	cr_assert_eq(device.link_speed_bps, 10000000000ull);
	cr_assert_eq(device.program_id, 0);
	cr_assert_str_eq(device.program_mode, "none");
	cr_assert_not(device.is_bond);
	cr_assert_eq(device.peer_ifindex, netns_ifindex("v1"));
}

Test(netdev, query_veth_with_its_peer_elsewhere_tells_no_peer)
{
	struct net_xdp_device device;
	int other = netns_new();

	netns_move("v1", other);
	cr_assert_eq(net_xdp_device_query("v0", &device, NULL), 0);
	cr_assert_eq(device.peer_ifindex, 0);
	close(other);
}

static bool is_stacked(const char *ifname)
{
	struct net_xdp_device device;
	struct net_error err;

	cr_assert_eq(net_xdp_device_query(ifname, &device, &err), 0, "%s", err.message);
	return device.is_stacked;
}

/* A veth names its peer where others name the interface below, and a bridge or a bond names none. */
Test(netdev, query_tells_whether_another_interface_is_below)
{
	netns_run("ip link add m0 link v0 type macvlan && "
		  "ip link add br0 type bridge && ip link add x0 type vxlan id 3 dstport 4789 && "
		  "ip tuntap add tap0 mode tap");
	cr_expect(is_stacked("m0"));
	cr_expect(is_stacked("x0"));
	cr_expect(is_stacked("br0"));
	cr_expect_not(is_stacked("v0"));
	cr_expect_not(is_stacked("lo"));
	cr_expect_not(is_stacked("tap0"));
	netns_move("v1", netns_new());
	cr_expect_not(is_stacked("v0"), "its peer is in another namespace");
}

/* How a caller looks again: with the name that the last answer holds. */
Test(netdev, query_with_the_name_in_its_own_answer_asks_again)
{
	struct net_xdp_device device;

	cr_assert_eq(net_xdp_device_query("v0", &device, NULL), 0);
	netns_run("ip link set v0 mtu 2000");
	cr_assert_eq(net_xdp_device_query(device.ifname, &device, NULL), 0);
	cr_assert_str_eq(device.ifname, "v0");
	cr_assert_eq(device.mtu_bytes, 2000);
	netns_run("ip link del v0");
	cr_assert_eq(net_xdp_device_query(device.ifname, &device, NULL), -ENODEV);
	cr_assert_str_eq(device.ifname, "v0");
}

/* Allocated are 4, in use are 2. */
/* What predictions depend on beyond the interface itself. */
Test(netdev, query_tells_the_kernel_and_the_other_end_of_a_veth)
{
	struct net_xdp_device device;
	struct net_error err;
	struct utsname name;
	char release[16];

	netns_run("ip link set v1 mtu 3000");
	cr_assert_eq(net_xdp_device_query("v0", &device, &err), 0, "%s", err.message);
	cr_expect_eq(device.peer_mtu_bytes, 3000);
	cr_expect_eq(device.mtu_bytes, 1500);
	cr_assert_eq(uname(&name), 0);
	snprintf(release, sizeof(release), "%u.%u", device.kernel_release >> 16,
		 device.kernel_release & 0xffff);
	cr_expect_eq(strncmp(name.release, release, strlen(release)), 0, "%s", release);
	cr_expect_not(device.has_virtio);
	cr_assert_eq(net_xdp_device_query("lo", &device, &err), 0, "%s", err.message);
	cr_expect_eq(device.peer_mtu_bytes, 0);
}

Test(netdev, query_fewer_channels_tells_the_queues_in_use)
{
	struct net_xdp_device device;

	netns_run("ethtool -L v1 tx 2 && ethtool -L v0 rx 2");
	cr_assert_eq(net_xdp_device_query("v0", &device, NULL), 0);
	cr_assert_eq(device.rx_queues, 2);
	cr_assert_eq(device.tx_queues, 4);
}

Test(netdev, query_down_interface_tells_down)
{
	struct net_xdp_device device;

	netns_down("v0");
	cr_assert_eq(net_xdp_device_query("v0", &device, NULL), 0);
	cr_assert_not(device.up);
	cr_assert_not(device.carrier);
	cr_assert_eq(device.rx_queues, 4);
}

Test(netdev, query_missing_interface_is_enodev_with_a_sentence)
{
	struct net_xdp_device device;
	struct net_error err = {0};

	cr_assert_eq(net_xdp_device_query("nosuch0", &device, &err), -ENODEV);
	cr_assert_eq(err.code, -ENODEV);
	cr_assert_str_eq(err.step, "query");
	cr_assert_not_null(strstr(err.message, "nosuch0"), "%s", err.message);
	cr_assert_not_null(strstr(err.message, "ip link"), "%s", err.message);
	cr_assert_eq(net_xdp_device_query("longer-than-a-name-can-be", &device, &err), -ENODEV);
	cr_assert_eq(net_xdp_device_query("", &device, &err), -ENODEV);
	cr_assert_eq(net_xdp_device_query(NULL, &device, &err), -EINVAL);
}

Test(netdev, queue_query_free_queue_tells_so)
{
	struct net_xdp_device_queue queue;
	struct net_error err = {0};

	cr_assert_eq(net_xdp_device_queue_query("v0", 3, &queue, &err), 0, "%s", err.message);
	cr_assert(queue.has_state);
	cr_assert_not(queue.has_socket);
	netns_down("v0");
	cr_assert_eq(net_xdp_device_queue_query("v0", 3, &queue, &err), 0, "%s", err.message);
	cr_assert_not(queue.has_state);
}

Test(netdev, queue_query_missing_queue_is_einval_with_a_sentence)
{
	struct net_xdp_device_queue queue;
	struct net_error err = {0};

	cr_assert_eq(net_xdp_device_queue_query("v0", 4, &queue, &err), -EINVAL);
	cr_assert_not_null(strstr(err.message, "use 0 to 3"), "%s", err.message);
	cr_assert_eq(net_xdp_device_queue_query("nosuch0", 0, &queue, &err), -ENODEV);
}

/* ---- With an endpoint on the interface -------------------------------------------------------- */

static void expect_attached(enum net_xdp_attach attach, const char *mode)
{
	struct net_xdp_device device;
	struct frontend_xdp x;

	frontend_xdp_prepare(&x, "v0");
	x.config.attach = attach;
	frontend_xdp_open(&x);
	cr_assert_eq(net_xdp_device_query("v0", &device, NULL), 0);
	cr_expect_str_eq(device.program_mode, mode);
	cr_expect_eq(device.program_id, netns_program_id("v0"));
	cr_expect_str_eq(device.program_name, "net_xdp");
	frontend_xdp_close(&x);
	cr_assert_eq(net_xdp_device_query("v0", &device, NULL), 0);
	cr_expect_str_eq(device.program_mode, "none");
	cr_expect_eq(device.program_id, 0);
}

Test(netdev, query_attached_program_tells_id_name_and_mode)
{
	expect_attached(NET_XDP_ATTACH_NATIVE, "native");
	expect_attached(NET_XDP_ATTACH_GENERIC, "generic");
}

Test(netdev, queue_query_bound_queue_tells_so_until_it_is_destroyed)
{
	struct net_xdp_device_queue queue;
	struct frontend_xdp x;

	frontend_xdp_prepare(&x, "v0");
	x.config.first_queue = 2;
	frontend_xdp_open(&x);
	frontend_xdp_start(&x, 1, 16);
	cr_assert_eq(net_xdp_device_queue_query("v0", 2, &queue, NULL), 0);
	cr_expect(queue.has_state);
	cr_expect(queue.has_socket);
	cr_assert_eq(net_xdp_device_queue_query("v0", 1, &queue, NULL), 0);
	cr_expect_not(queue.has_socket);
	frontend_xdp_stop(&x);
	cr_assert_eq(net_xdp_device_queue_query("v0", 2, &queue, NULL), 0);
	cr_expect_not(queue.has_socket);
	frontend_xdp_close(&x);
}

Test(netdev, queue_query_queue_that_only_sends_tells_its_socket)
{
	struct net_xdp_device_queue queue;
	struct frontend_xdp x;

	netns_run("ethtool -L v0 rx 1 tx 4");
	frontend_xdp_prepare(&x, "v0");
	x.config.first_queue = 2;
	frontend_xdp_open(&x);
	frontend_xdp_start(&x, 1, 0);
	for (uint32_t i = 1; i <= 2; i++) {
		cr_assert_eq(net_xdp_device_queue_query("v0", i, &queue, NULL), 0);
		cr_expect(queue.has_state, "queue %u", i);
		cr_expect_eq(queue.has_socket, i == 2, "queue %u", i);
	}
	frontend_xdp_close(&x);
	/* Nothing of the destroyed queue is in the way. */
	netns_run("ethtool -L v0 rx 1 tx 2");
}
