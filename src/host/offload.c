// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/sockios.h>

#include "host/netdev_uapi.h"
#include "host/offload.h"

/* ---- Asking ----------------------------------------------------------------------------------- */

/* The kernel's names of features (netdev_features_strings in net/ethtool/common.c), and our bits. */
static const struct {
	const char *name;
	uint64_t bit;
} features[] = {
	{"rx-vlan-hw-parse", NET_XDP_OFFLOAD_RX_VLAN},
	{"rx-vlan-stag-hw-parse", NET_XDP_OFFLOAD_RX_STAG},
	{"tx-vlan-hw-insert", NET_XDP_OFFLOAD_TX_VLAN},
	{"tx-vlan-stag-hw-insert", NET_XDP_OFFLOAD_TX_STAG},
	{"rx-gro", NET_XDP_OFFLOAD_GRO},
	{"rx-gro-list", NET_XDP_OFFLOAD_GRO_LIST},
	{"rx-udp-gro-forwarding", NET_XDP_OFFLOAD_GRO_UDP},
	{"rx-gro-hw", NET_XDP_OFFLOAD_GRO_HARDWARE},
	{"rx-lro", NET_XDP_OFFLOAD_LRO},
	{"tx-tcp-segmentation", NET_XDP_OFFLOAD_TSO},
	{"tx-tcp-ecn-segmentation", NET_XDP_OFFLOAD_TSO},
	{"tx-tcp-mangleid-segmentation", NET_XDP_OFFLOAD_TSO},
	{"tx-tcp6-segmentation", NET_XDP_OFFLOAD_TSO},
	{"tx-udp-segmentation", NET_XDP_OFFLOAD_UDP_SEGMENT},
	{"rx-ntuple-filter", NET_XDP_OFFLOAD_NTUPLE},
};

static uint64_t bit_of(const char *name)
{
	for (size_t i = 0; i < sizeof(features) / sizeof(*features); i++)
		if (strncmp(name, features[i].name, ETH_GSTRING_LEN) == 0)
			return features[i].bit;
	return 0;
}

int offload_ethtool(int fd, const char *ifname, void *command)
{
	struct ifreq request = {0};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", ifname);
	request.ifr_data = command;
	return ioctl(fd, SIOCETHTOOL, &request) < 0 ? -errno : 0;
}

/* Ask how many features this kernel has. */
static int feature_count(int fd, const char *ifname, uint32_t *out)
{
	union {
		struct ethtool_sset_info head;
		uint8_t bytes[sizeof(struct ethtool_sset_info) + sizeof(uint32_t)];
	} info = {.head = {.cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ull << ETH_SS_FEATURES}};
	int rc = offload_ethtool(fd, ifname, &info);

	memcpy(out, info.head.data, sizeof(*out));
	return rc || (info.head.sset_mask && *out && *out < 1024) ? rc : -EOPNOTSUPP;
}

/* Read an interface's features as NET_XDP_OFFLOAD_* bits: *on those in use, *fixed those that cannot
 * be changed. Return: 0 or -errno. */
static int read_features(int fd, const char *ifname, uint64_t *on, uint64_t *fixed)
{
	struct ethtool_gstrings *names;
	struct ethtool_gfeatures *state;
	uint32_t count, words;
	int rc = feature_count(fd, ifname, &count);

	*on = *fixed = 0;
	if (rc)
		return rc;
	words = (count + 31) / 32;
	names = calloc(1, sizeof(*names) + (size_t)count * ETH_GSTRING_LEN);
	state = calloc(1, sizeof(*state) + words * sizeof(state->features[0]));
	rc = names && state ? 0 : -ENOMEM;
	if (!rc) {
		*names = (struct ethtool_gstrings){
			.cmd = ETHTOOL_GSTRINGS, .string_set = ETH_SS_FEATURES, .len = count};
		*state = (struct ethtool_gfeatures){.cmd = ETHTOOL_GFEATURES, .size = words};
		rc = offload_ethtool(fd, ifname, names);
	}
	if (!rc)
		rc = offload_ethtool(fd, ifname, state);
	for (uint32_t i = 0; !rc && i < count; i++) {
		const struct ethtool_get_features_block *block = &state->features[i / 32];
		uint64_t bit = bit_of((const char *)names->data + (size_t)i * ETH_GSTRING_LEN);
		uint32_t mask = 1u << i % 32;

		*on |= block->active & mask ? bit : 0;
		*fixed |= !(block->available & mask) || block->never_changed & mask ? bit : 0;
	}
	free(names);
	free(state);
	return rc;
}

/* Look up the name of an ifindex. Return: 0 or -errno. */
static int name_of(int fd, uint32_t ifindex, char *out, size_t size)
{
	struct ifreq request = {.ifr_ifindex = (int)ifindex};

	if (ioctl(fd, SIOCGIFNAME, &request) < 0)
		return -errno;
	snprintf(out, size, "%.*s", (int)size - 1, request.ifr_name);
	return 0;
}

void offload_query(int fd, struct net_xdp_device *device)
{
	uint64_t fixed;

	device->has_offloads =
		read_features(fd, device->ifname, &device->offloads, &device->offloads_fixed) == 0;
	device->has_peer_offloads =
		device->peer_ifindex &&
		name_of(fd, device->peer_ifindex, device->peer_ifname,
			sizeof(device->peer_ifname)) == 0 &&
		read_features(fd, device->peer_ifname, &device->peer_offloads, &fixed) == 0;
}

/* ---- Saying ----------------------------------------------------------------------------------- */

static bool is_veth(const struct net_xdp_device *d)
{
	return strcmp(d->driver, "veth") == 0;
}

/* Return: the features that decide about VLAN tags, and *known. On a veth the sending end takes tags
 * out of the frame, and the other end passes on what comes. Where the program runs above another
 * device (a bridge, macvlan), that device may have taken tags out. Features that are not known count
 * as on. */
static uint64_t tag_features(const struct net_xdp_device *d, bool above, bool *known,
			     const char **where)
{
	*known = is_veth(d) ? d->has_peer_offloads : d->has_offloads && !above;
	*where = is_veth(d) ? (*known ? d->peer_ifname : "IF (the other end)")
		 : above    ? "IF (underneath)"
			    : d->ifname;
	return !*known ? UINT64_MAX : is_veth(d) ? d->peer_offloads : d->offloads;
}

void offload_say_vlan(const struct net_xdp_device *d, bool rx_vlan, bool generic, char *out,
		      size_t size)
{
	bool veth = is_veth(d), known;
	bool above = generic && d->is_virtual && d->link_type != ARPHRD_LOOPBACK;
	const char *where;
	uint64_t on = tag_features(d, above, &known, &where);
	bool ctag = on & (veth ? NET_XDP_OFFLOAD_TX_VLAN : NET_XDP_OFFLOAD_RX_VLAN);
	bool stag = on & (veth ? NET_XDP_OFFLOAD_TX_STAG : NET_XDP_OFFLOAD_RX_STAG);
	bool tells = !generic && d->rx_metadata_features & NETDEV_RX_METADATA_VLAN;

	out[0] = 0;
	if (rx_vlan || !(ctag || stag))
		return;
	snprintf(out, size,
		 "VLAN tags (%s%s%s) %s out of the frames%s and are lost; use %sethtool -K %s%s%s",
		 ctag ? "802.1Q" : "", ctag && stag ? ", " : "", stag ? "802.1ad" : "",
		 known ? "are taken" : "may be taken", veth ? " by the sending end" : "",
		 tells ? "rx_vlan, or: " : "", where,
		 !ctag	? ""
		 : veth ? " txvlan off"
			: " rxvlan off",
		 !stag	? ""
		 : veth ? " tx-vlan-stag-hw-insert off"
			: " rx-vlan-stag-hw-parse off");
}

bool offload_joins(const struct net_xdp_device *d)
{
	const uint64_t receiver = NET_XDP_OFFLOAD_GRO | NET_XDP_OFFLOAD_GRO_LIST |
				  NET_XDP_OFFLOAD_GRO_UDP | NET_XDP_OFFLOAD_GRO_HARDWARE |
				  NET_XDP_OFFLOAD_LRO;
	const uint64_t sender = NET_XDP_OFFLOAD_TSO | NET_XDP_OFFLOAD_UDP_SEGMENT;

	if (!d->has_offloads || d->offloads & receiver)
		return true;
	if (is_veth(d) && d->has_peer_offloads)
		return d->peer_offloads & sender;
	return d->is_virtual;
}

/* In generic mode a frame's queue is the one that the driver recorded. On a veth the sender's queue
 * n comes out as n - 1: skb_get_rx_queue() reads the sender's queue_mapping as if a receiver had
 * recorded it. */
void offload_say_generic(const struct net_xdp_device *d, char *out, size_t size)
{
	int len = 0;

	out[0] = 0;
	if (offload_joins(d))
		len = snprintf(
			out, size,
			"; joined frames (GRO, LRO, a local sender's TSO or UDP_SEGMENT) arrive as "
			"one, use: ethtool -K %s gro off rx-gro-list off rx-udp-gro-forwarding off "
			"lro off; at a local sender: ethtool -K %s tso off tx-udp-segmentation off",
			d->ifname, d->peer_ifname[0] ? d->peer_ifname : "IF");
	if (d->rx_queues > 1)
		snprintf(out + len, size - len,
			 is_veth(d)
				 ? "; what was sent on queue n > 0 arrives on n - 1: take all %u "
				   "queues"
				 : "; a driver that records no queue delivers all on queue 0: take "
				   "all %u queues",
			 d->rx_queues);
}
