// SPDX-License-Identifier: BSD-2-Clause
/* Case 77: what comes without an Ethernet header is not for us. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_tun.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "support/conformance.h"
#include "support/footprint.h"
#include "support/netns.h"
#include "support/refused.h"
#include "support/traffic.h"

static struct rig rig;

static void prepare(void)
{
	rig_prepare(&rig, 1);
	refused_prepare(&rig.x);
	rig.x.config.release_timeout_ms = 10000; /* the machine may be busy */
}

/* A tun or tap device, up, which can say that it is of any link type. Return: what keeps it. */
static int tun_open(const char *ifname, short kind, int link_type)
{
	struct ifreq request = {.ifr_flags = (short)(kind | IFF_NO_PI)};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	strcpy(request.ifr_name, ifname);
	cr_assert(fd >= 0 && ioctl(fd, TUNSETIFF, &request) == 0, "tun: %s", strerror(errno));
	if (link_type >= 0)
		cr_assert(ioctl(fd, TUNSETLINK, link_type) == 0, "%s", strerror(errno));
	netns_run("ip link set %s up", ifname);
	return fd;
}

static void expect_refused(const char *ifname)
{
	struct net_xdp_device device;

	rig.x.config.ifname = ifname;
	cr_assert_eq(net_xdp_device_query(ifname, &device, NULL), 0);
	cr_expect_not(device.has_ethernet);
	for (int attach = NET_XDP_ATTACH_AUTO; attach <= NET_XDP_ATTACH_GENERIC; attach++) {
		rig.x.config.attach = (enum net_xdp_attach)attach;
		refused(&rig.x, -EOPNOTSUPP, "attach", ifname, "no Ethernet header");
		cr_assert_eq(netns_program_id(ifname), 0);
	}
	rig.x.config.attach = NET_XDP_ATTACH_AUTO;
}

static void expect_taken(const char *ifname)
{
	struct net_xdp_device device;

	rig.x.config.ifname = ifname;
	cr_assert_eq(net_xdp_device_query(ifname, &device, NULL), 0);
	cr_expect(device.has_ethernet);
	frontend_xdp_open(&rig.x);
	frontend_xdp_start(&rig.x, 1, 16);
	frontend_xdp_stop(&rig.x);
	cr_assert_eq(net_endpoint_destroy(rig.x.ep, NULL), 0);
	rig.x.ep = NULL;
}

// 77: an interface whose frames have no Ethernet header is refused with a sentence
CASE(77, tun_device_is_refused)
{
	int fd;

	NEEDS_VETH("an interface of its own");
	prepare();
	fd = tun_open("tun0", IFF_TUN, -1);
	expect_refused("tun0");
	close(fd);
}

CASE(77, each_link_type_without_an_ethernet_header_is_refused)
{
	static const int types[] = {ARPHRD_INFINIBAND,
				    ARPHRD_CAN,
				    ARPHRD_PPP,
				    ARPHRD_RAWIP,
				    ARPHRD_TUNNEL,
				    ARPHRD_TUNNEL6,
				    ARPHRD_SIT,
				    ARPHRD_IPGRE,
				    ARPHRD_IP6GRE,
				    ARPHRD_IEEE80211,
				    ARPHRD_IEEE80211_RADIOTAP,
				    ARPHRD_NETLINK,
				    ARPHRD_VOID,
				    ARPHRD_NONE};

	NEEDS_VETH("an interface of its own");
	prepare();
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		int fd = tun_open("tun0", IFF_TUN, types[i]);

		expect_refused("tun0");
		close(fd);
	}
}

CASE(77, tap_and_loopback_are_taken)
{
	int fd;

	NEEDS_VETH("an interface of its own");
	prepare();
	fd = tun_open("tap0", IFF_TAP, -1);
	expect_taken("tap0");
	expect_taken("lo");
	close(fd);
}

CASE(77, interface_that_returns_without_a_header_is_refused_until_it_has_one)
{
	int fd;

	NEEDS_VETH("an interface that can be deleted");
	prepare();
	frontend_xdp_open(&rig.x);
	frontend_xdp_start(&rig.x, 1, 16);
	frontend_xdp_stop(&rig.x);
	peer_close(&rig.peer);
	netns_run("ip link del v0");
	fd = tun_open("v0", IFF_TUN, -1);
	cr_assert_eq(frontend_xdp_try_start(&rig.x, 1, 16), -EOPNOTSUPP);
	cr_assert(strstr(rig.x.err.message, "no Ethernet header"), "%s", rig.x.err.message);
	close(fd);
	netns_veth("v0", "v1", 1, 1500);
	peer_open(&rig.peer, "v1");
	frontend_xdp_start(&rig.x, 1, 64);
	traffic_both_ways(&rig.x, &rig.peer);
	rig_close(&rig);
}
