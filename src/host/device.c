// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>

#include "base/error.h"
#include "base/grow.h"
#include "host/dma.h"
#include "host/netdev.h"
#include "host/netlink.h"
#include "host/offload.h"
#include "host/virtio.h"

/* The name that libxdp gives its dispatcher (lib/libxdp/xdp-dispatcher.c.in). */
#define DISPATCHER_NAME "xdp_dispatcher"

/* What one RTM_NEWLINK reply says of a link. */
struct link {
	/* the interface's first name, if ifname is an alternative one */
	char ifname[IFNAMSIZ];
	uint32_t ifindex;
	uint32_t type; /* ARPHRD_* */
	uint8_t mac[6];
	bool has_kind;
	uint32_t flags;
	uint32_t mtu;
	uint32_t rx_queues; /* queues allocated; fewer may be in use */
	uint32_t tx_queues;
	bool is_bond;
	bool is_veth;
	bool is_last; /* of a kind that sends by itself, or to a peer: no interface is below it */
	bool peer_is_elsewhere;
	uint32_t peer;	      /* IFLA_LINK: of a veth its peer, of others the interface below */
	uint8_t xdp_attached; /* XDP_ATTACHED_* */
	uint32_t xdp_program; /* id of the program, if only one is attached */
	uint32_t xdp_driver_program;
	uint32_t xdp_generic_program;
	uint32_t xdp_hardware_program;
};

/* ---- rtnetlink -------------------------------------------------------------------------------- */

static int on_xdp_attribute(const struct nlattr *attr, void *data)
{
	struct link *link = data;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_XDP_ATTACHED:
		if (mnl_attr_validate(attr, MNL_TYPE_U8) == 0)
			link->xdp_attached = mnl_attr_get_u8(attr);
		break;
	case IFLA_XDP_PROG_ID:
		link->xdp_program = netlink_u32(attr);
		break;
	case IFLA_XDP_DRV_PROG_ID:
		link->xdp_driver_program = netlink_u32(attr);
		break;
	case IFLA_XDP_SKB_PROG_ID:
		link->xdp_generic_program = netlink_u32(attr);
		break;
	case IFLA_XDP_HW_PROG_ID:
		link->xdp_hardware_program = netlink_u32(attr);
		break;
	}
	return MNL_CB_OK;
}

static void note_kind(struct link *link, const char *kind)
{
	static const char *const last[] = {"veth", "netkit", "dummy", "tun"};

	link->has_kind = true;
	link->is_bond = strcmp(kind, "bond") == 0;
	link->is_veth = strcmp(kind, "veth") == 0;
	for (size_t i = 0; i < sizeof(last) / sizeof(*last); i++)
		link->is_last |= strcmp(kind, last[i]) == 0;
}

static int on_kind_attribute(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == IFLA_INFO_KIND &&
	    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0)
		note_kind(data, mnl_attr_get_str(attr));
	return MNL_CB_OK;
}

/* Is an interface below this one, or may one be? IFLA_LINK alone does not say: a veth has its peer there, a bond
 * nothing. It does for a NIC, which has no kind: a port of a switch (DSA) names the interface it is behind. */
static bool is_stacked(const struct link *link)
{
	return link->has_kind ? !link->is_last : link->peer && link->peer != link->ifindex;
}

static int on_link_attribute(const struct nlattr *attr, void *data)
{
	struct link *link = data;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_IFNAME:
		if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0)
			snprintf(link->ifname, sizeof(link->ifname), "%s", mnl_attr_get_str(attr));
		break;
	case IFLA_ADDRESS:
		if (mnl_attr_get_payload_len(attr) == sizeof(link->mac))
			memcpy(link->mac, mnl_attr_get_payload(attr), sizeof(link->mac));
		break;
	case IFLA_MTU:
		link->mtu = netlink_u32(attr);
		break;
	case IFLA_NUM_RX_QUEUES:
		link->rx_queues = netlink_u32(attr);
		break;
	case IFLA_NUM_TX_QUEUES:
		link->tx_queues = netlink_u32(attr);
		break;
	case IFLA_LINK:
		link->peer = netlink_u32(attr);
		break;
	case IFLA_LINK_NETNSID: /* present only if the peer is in another namespace */
		link->peer_is_elsewhere = true;
		break;
	case IFLA_LINKINFO:
		return mnl_attr_parse_nested(attr, on_kind_attribute, link);
	case IFLA_XDP:
		return mnl_attr_parse_nested(attr, on_xdp_attribute, link);
	}
	return MNL_CB_OK;
}

static int on_link(const struct nlmsghdr *header, void *data)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(header);
	struct link *link = data;

	if (header->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(header) < sizeof(*info))
		return MNL_CB_OK;
	link->ifindex = (uint32_t)info->ifi_index;
	link->type = info->ifi_type;
	link->flags = info->ifi_flags;
	return mnl_attr_parse(header, sizeof(*info), on_link_attribute, link);
}

static int query_link(struct netlink *nl, const char *ifname, struct link *out)
{
	char buffer[NETLINK_REQUEST_BYTES] __attribute__((aligned(NLMSG_ALIGNTO))) = {0};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	int rc;

	*out = (struct link){0};
	request->nlmsg_type = RTM_GETLINK;
	mnl_nlmsg_put_extra_header(request, sizeof(struct ifinfomsg));
	/* Ask for a short name as IFLA_IFNAME: the kernel finds alternative names by that too. */
	mnl_attr_put_strz(request, strlen(ifname) < IFNAMSIZ ? IFLA_IFNAME : IFLA_ALT_IFNAME,
			  ifname);
	rc = netlink_request(nl, request, on_link, out);
	/* Kernels before 5.5 have no alternative names. */
	if ((rc == 0 && !out->ifindex) || (rc == -EINVAL && strlen(ifname) >= IFNAMSIZ))
		rc = -ENODEV;
	return rc;
}

/* ---- ethtool ---------------------------------------------------------------------------------- */

static void query_driver(int fd, struct net_xdp_device *device)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};

	if (offload_ethtool(fd, device->ifname, &info) == 0)
		snprintf(device->driver, sizeof(device->driver), "%.*s",
			 (int)sizeof(device->driver) - 1, info.driver);
	else
		info.bus_info[0] = 0;
	info.bus_info[sizeof(info.bus_info) - 1] = 0;
	device->dma_per_page = dma_is_per_page("/sys/bus/pci/devices", info.bus_info);
}

/* Fill in the number of queues in use: channels if the driver has them, else the queues that the
 * kernel lists, else those that were allocated. */
static void query_queues(struct host *h, const struct link *link, struct net_xdp_device *device)
{
	struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};

	if (offload_ethtool(h->route.fd, device->ifname, &channels) != 0)
		channels = (struct ethtool_channels){0};
	device->channels = channels.combined_count;
	device->most_channels = channels.max_combined;
	if (channels.combined_count + channels.rx_count > 0) {
		device->rx_queues = channels.combined_count + channels.rx_count;
		device->tx_queues = channels.combined_count + channels.tx_count;
		return;
	}
	if (netdev_queue_counts(h, link->ifindex, &device->rx_queues, &device->tx_queues) == 0)
		return;
	device->rx_queues = link->rx_queues;
	device->tx_queues = link->tx_queues;
}

/* Fill in the link speed. The first call asks how long the link mode masks are, the second has room
 * for them (linux/ethtool.h). */
static void query_speed(int fd, struct net_xdp_device *device)
{
	union {
		struct ethtool_link_settings head;
		/* behind the struct three masks of at most 127 words each: the length is an __s8 */
		uint8_t bytes[sizeof(struct ethtool_link_settings) + 3 * 127 * sizeof(uint32_t)];
	} settings = {.head = {.cmd = ETHTOOL_GLINKSETTINGS}};

	if (offload_ethtool(fd, device->ifname, &settings) < 0 ||
	    settings.head.link_mode_masks_nwords >= 0)
		return;
	settings.head.cmd = ETHTOOL_GLINKSETTINGS;
	settings.head.link_mode_masks_nwords = (__s8)-settings.head.link_mode_masks_nwords;
	if (offload_ethtool(fd, device->ifname, &settings) < 0 ||
	    settings.head.speed == (uint32_t)SPEED_UNKNOWN)
		return;
	device->link_speed_bps = settings.head.speed * 1000000ull;
}

/* ---- What rules depend on ------------------------------------------------------------------- */

static void query_peer_mtu(int fd, struct net_xdp_device *device)
{
	struct ifreq request = {0};

	if (!device->peer_ifname[0])
		return;
	memcpy(request.ifr_name, device->peer_ifname, sizeof(request.ifr_name));
	if (ioctl(fd, SIOCGIFMTU, &request) == 0)
		device->peer_mtu_bytes = (uint32_t)request.ifr_mtu;
}

static void query_machine(struct net_xdp_device *device)
{
	unsigned int major, minor;
	struct utsname name;

	if (uname(&name) == 0 && sscanf(name.release, "%u.%u", &major, &minor) == 2)
		device->kernel_release = NET_XDP_KERNEL(major, minor);
	if (strcmp(device->driver, "virtio_net") != 0)
		return;
	device->processors = (uint32_t)sysconf(_SC_NPROCESSORS_CONF);
	device->has_virtio = virtio_read_features("/sys/class/net", device->ifname, device->ifindex,
						  &device->virtio_features);
}

/* ---- The attached program --------------------------------------------------------------------- */

/* Fill in the program's name. It stays "" without CAP_SYS_ADMIN, which the kernel asks for to open a
 * program by id. */
static void query_program_name(struct net_xdp_device *device)
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);
	int fd;

	fd = bpf_prog_get_fd_by_id(device->program_id);
	if (fd < 0)
		return;
	if (bpf_obj_get_info_by_fd(fd, &info, &size) == 0)
		snprintf(device->program_name, sizeof(device->program_name), "%s", info.name);
	close(fd);
}

static void query_program(const struct link *link, struct net_xdp_device *device)
{
	if (link->xdp_attached == XDP_ATTACHED_NONE)
		return;
	/* Of several programs (XDP_ATTACHED_MULTI) report the driver's: AF_XDP's would collide with
	 * that one. */
	if (link->xdp_attached == XDP_ATTACHED_DRV || link->xdp_driver_program) {
		device->program_mode = "native";
		device->program_id = link->xdp_driver_program;
	} else if (link->xdp_attached == XDP_ATTACHED_SKB || link->xdp_generic_program) {
		device->program_mode = "generic";
		device->program_id = link->xdp_generic_program;
	} else {
		device->program_mode = "offloaded";
		device->program_id = link->xdp_hardware_program;
	}
	/* Kernels before 4.19 report IFLA_XDP_PROG_ID only. */
	if (!device->program_id)
		device->program_id = link->xdp_program;
	query_program_name(device);
	if (strcmp(device->program_name, DISPATCHER_NAME) == 0)
		device->program_mode = "dispatcher";
}

/* ---- The query -------------------------------------------------------------------------------- */

/* Ask for the link with this name. Return: 0; -errno with err filled. */
static int find_link(struct netlink *nl, const char *ifname, struct link *link,
		     struct net_error *err)
{
	int rc;

	if (!ifname[0] || strlen(ifname) >= NET_XDP_NAME_BYTES)
		return error_set(err, -ENODEV, "query",
				 "interface \"%.40s\": a name has 1 to %d characters, an "
				 "alternative one up to %d%s",
				 ifname, IFNAMSIZ - 1, NET_XDP_NAME_BYTES - 1,
				 error_hint(-ENODEV, CALL_NETLINK).text);
	rc = query_link(nl, ifname, link);
	if (rc == -ENODEV)
		error_set(err, rc, "query",
			  "interface %s: there is none in this network namespace%s", ifname,
			  error_hint(rc, CALL_NETLINK).text);
	else if (rc < 0)
		error_set(err, rc, "query",
			  "interface %s: the kernel does not describe it: %s%s%s%s", ifname,
			  strerror(-rc), nl->why[0] ? ": " : "", nl->why,
			  error_hint(rc, CALL_NETLINK).text);
	return rc;
}

/* *out is written at the end, because ifname may be the name in *out. */
int netdev_query(struct host *h, const char *ifname, struct net_xdp_device *out,
		 struct net_error *err)
{
	struct net_xdp_device device = {.program_mode = "none"};
	struct netdev_features features;
	struct link link;
	int rc;

	rc = find_link(&h->route, ifname, &link, err);
	if (rc < 0)
		return rc;
	snprintf(device.ifname, sizeof(device.ifname), "%s", link.ifname);
	device.ifindex = link.ifindex;
	memcpy(device.mac, link.mac, sizeof(device.mac));
	device.link_type = link.type;
	device.has_ethernet = link.type == ARPHRD_ETHER || link.type == ARPHRD_LOOPBACK;
	device.is_virtual = link.has_kind || link.type == ARPHRD_LOOPBACK;
	device.mtu_bytes = link.mtu;
	device.up = link.flags & IFF_UP;
	device.carrier = link.flags & IFF_LOWER_UP;
	device.is_bond = link.is_bond;
	device.is_stacked = is_stacked(&link);
	if (link.is_veth && !link.peer_is_elsewhere)
		device.peer_ifindex = link.peer;
	query_driver(h->route.fd, &device);
	query_queues(h, &link, &device);
	query_speed(h->route.fd, &device);
	offload_query(h->route.fd, &device);
	query_peer_mtu(h->route.fd, &device);
	query_machine(&device);
	query_program(&link, &device);

	/* A kernel before 6.3 does not answer. That is no error: has_features stays false. */
	rc = netdev_features(h, link.ifindex, &features);
	if (rc < 0 && rc != -EOPNOTSUPP)
		return error_set(err, rc, "query", "interface %s: reading its XDP features: %s%s",
				 ifname, strerror(-rc), error_hint(rc, CALL_NETLINK).text);
	if (rc == 0) {
		device.has_features = true;
		device.xdp_features = features.xdp;
		device.zc_max_segments = features.zc_max_segments;
		device.rx_metadata_features = features.rx_metadata;
		device.xsk_features = features.xsk;
	}
	*out = device;
	return 0;
}

int netdev_open_host(struct host *h, const char *ifname, const void *out, struct net_error *err)
{
	int rc;

	if (!ifname || !out)
		return error_set(err, -EINVAL, "query", "ifname and out must not be NULL");
	rc = host_open(h);
	return rc ? error_set(err, rc, "query", "interface %s: cannot open a netlink socket: %s%s",
			      ifname, strerror(-rc), error_hint(rc, CALL_NETLINK).text)
		  : 0;
}

int net_xdp_device_query_sized(const char *ifname, struct net_xdp_device *out, size_t size_bytes,
			       struct net_error *err)
{
	struct net_xdp_device device;
	struct host h;
	int rc = netdev_open_host(&h, ifname, out, err);

	if (rc)
		return rc;
	rc = netdev_query(&h, ifname, &device, err);
	host_close(&h);
	if (!rc)
		grow_out(out, size_bytes, &device, sizeof(device));
	return rc;
}
