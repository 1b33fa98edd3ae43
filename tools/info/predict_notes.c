// SPDX-License-Identifier: BSD-2-Clause
/* What else to know before: sizes, joined frames, tags, links, and what the host has there. */
#include <stdarg.h>
#include <string.h>

#include <linux/if_arp.h>

#include "predict.h"

#define LARGEST_FRAME_BYTES 9216     /* of max_frame_bytes */
#define RX_METADATA_VLAN    (1 << 2) /* NETDEV_XDP_RX_METADATA_VLAN_TAG */

/* ---- Frames ----------------------------------------------------------------------------------- */

void mtu_rule(const struct info_facts *f, struct info_prediction *p)
{
	const struct net_xdp_device *d = &f->device;
	struct net_xdp_config config = net_xdp_config_default();
	uint32_t frame = d->mtu_bytes + ETHERNET_BYTES;

	if (p->native && d->mtu_bytes > SINGLE_BUFFER_MTU && !is_driver(f, "veth"))
		unsure(p, "Most drivers refuse a native program for frames in one buffer at "
			  "this MTU: the larger --frame-bytes (max_frame_bytes) gives one for "
			  "several buffers.");
	if (!zero_copy_room(f, p) || frame <= config.max_frame_bytes)
		return;
	if (frame <= info_limit(2048).copy_bytes)
		note(p,
		     "The MTU of %u makes frames of %u bytes, the default takes %u: use "
		     "--frame-bytes %u (max_frame_bytes).",
		     d->mtu_bytes, frame, config.max_frame_bytes, frame);
	else if (frame <= info_limit(4096).copy_bytes)
		note(p,
		     "The MTU of %u makes frames of %u bytes, a chunk of 2048 holds %u: use "
		     "--chunk 4096, which holds %u, and --frame-bytes %u (chunk_bytes, "
		     "max_frame_bytes).",
		     d->mtu_bytes, frame, info_limit(2048).copy_bytes, info_limit(4096).copy_bytes,
		     frame);
	else if (frame > LARGEST_FRAME_BYTES)
		note(p,
		     "The MTU of %u makes frames of %u bytes, an endpoint takes at most %u: "
		     "larger ones are dropped; lower the MTU to %u.",
		     d->mtu_bytes, frame, LARGEST_FRAME_BYTES,
		     LARGEST_FRAME_BYTES - ETHERNET_BYTES);
	else
		note(p,
		     "The MTU of %u makes frames of %u bytes, more than the %u that the largest "
		     "chunk holds: use --frame-bytes %u (max_frame_bytes) and every frame is "
		     "gathered through the private area, or lower the MTU to %u.",
		     d->mtu_bytes, frame, info_limit(4096).copy_bytes, frame,
		     info_limit(4096).copy_bytes - ETHERNET_BYTES);
}

/* A generic program runs behind what joins frames on receive; and what a sender on this host has
 * not yet cut into frames reaches it whole. */
void joined_rule(const struct info_facts *f, struct info_prediction *p)
{
	const char *sender = f->device.link_type == ARPHRD_LOOPBACK ? word(f->device.ifname)
			     : f->peer.ifindex			    ? word(f->peer.ifname)
			     : is_driver(f, "veth")		    ? "PEER"
								    : "SENDER";

	if (p->native && p->sure)
		return;
	if (f->device.has_offloads && !(f->device.offloads & INFO_OFFLOADS_JOIN) &&
	    f->device.has_peer_offloads && !(f->device.peer_offloads & INFO_OFFLOADS_SEGMENT))
		return;
	note(p,
	     "In generic mode frames that were joined arrive as one where it fits, and nothing is "
	     "known of their checksums; else they are dropped as too large. Keep them apart here: "
	     "ethtool -K %s gro off rx-gro-list off rx-udp-gro-forwarding off lro off; and where "
	     "they are sent, if that is on this host: ethtool -K %s tso off tx-udp-segmentation "
	     "off",
	     word(f->device.ifname), sender);
}

/* A veth has no device that takes tags out: they come out of band as the other end sends them. */
void tag_rule(const struct info_facts *f, struct info_prediction *p)
{
	uint64_t on = f->device.offloads & INFO_OFFLOADS_RX_TAG;

	if (is_driver(f, "veth")) {
		if (f->device.has_peer_offloads &&
		    !(f->device.peer_offloads & INFO_OFFLOADS_TX_TAG))
			return;
		note(p,
		     "VLAN tags that the other end leaves to the device (tx-vlan-offload; 802.1ad: "
		     "tx-vlan-stag-hw-insert) arrive beside the frame and are lost without a "
		     "count, whatever rx-vlan-offload is here. Keep them in the frame: ethtool -K "
		     "%s txvlan off tx-vlan-stag-hw-insert off%s; or have a native program report "
		     "them (rx_vlan).",
		     f->peer.ifindex ? word(f->peer.ifname) : "PEER",
		     f->peer.ifindex ? "" : " (in its namespace)");
		return;
	}
	if (!f->device.has_offloads || !on)
		return;
	note(p,
	     "The device takes VLAN tags out of frames (rx-vlan-offload: %s%s%s): they are lost "
	     "without a count. Keep them in the frame: ethtool -K %s rxvlan off "
	     "rx-vlan-stag-hw-parse off%s",
	     on & NET_XDP_OFFLOAD_RX_VLAN ? "802.1Q" : "",
	     on == INFO_OFFLOADS_RX_TAG ? " and " : "",
	     on & NET_XDP_OFFLOAD_RX_STAG ? "802.1ad, rx-vlan-stag-hw-parse" : "",
	     word(f->device.ifname),
	     f->device.rx_metadata_features & RX_METADATA_VLAN
		     ? "; or have them reported (rx_vlan)."
		     : "");
}

void veth_rule(const struct info_facts *f, struct info_prediction *p)
{
	const struct net_xdp_device *d = &f->device;

	if (!is_driver(f, "veth"))
		return;
	if (d->rx_queues > 1 && (!p->native || !p->sure))
		note(p,
		     "In generic mode a veth counts its queues wrong: what was sent on queue i "
		     "may arrive on queue i - 1, and passes to the host where that has no socket. "
		     "Take all %u queues (-n %u), or have one: ethtool -L %s rx 1",
		     d->rx_queues, d->rx_queues, word(d->ifname));
	note(p,
	     "The other end of a veth leaves TCP and UDP checksums unfinished: have them completed "
	     "or reported (rx_checksum), or switch it off there: ethtool -K %s tx off",
	     f->peer.ifindex ? word(f->peer.ifname) : "PEER");
}

/* ---- Links and queues ------------------------------------------------------------------------- */

void link_rule(const struct info_facts *f, struct info_prediction *p)
{
	if (!f->device.up)
		note(p,
		     "The interface is down: a socket can be bound, but no frame moves until: ip "
		     "link set dev %s up",
		     word(f->device.ifname));
	else if (!f->device.carrier)
		note(p, "The interface has no carrier (cable, or the other end is down): frames "
			"to send are lost until it has.");
}

void spread_rule(const struct info_facts *f, struct info_prediction *p)
{
	if (f->device.rx_queues > 1)
		note(p,
		     "The interface spreads frames over %u queues, a socket sees those of its "
		     "own queue: take all of them (-n %u), or steer (ethtool -N), or have one "
		     "(ethtool -L).",
		     f->device.rx_queues, f->device.rx_queues);
}

/* ---- The host --------------------------------------------------------------------------------- */

/* Append to a list that has commas between. */
static void append(char *list, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void append(char *list, size_t size, const char *format, ...)
{
	size_t used = strlen(list);
	va_list args;

	if (used)
		used += (size_t)snprintf(list + used, size - used, ", ");
	va_start(args, format);
	vsnprintf(list + used, size - used, format, args);
	va_end(args);
}

void host_rule(const struct info_facts *f, struct info_prediction *p)
{
	const struct info_link *l = &f->link;
	bool only = l->way.verdict == HOST_ONLY;
	char use[340] = "";

	if (l->addresses[0])
		append(use, sizeof(use), "address %s", l->addresses);
	if (l->default_route)
		append(use, sizeof(use), "default route");
	if (l->uppers[0])
		append(use, sizeof(use), "on top of it %s", l->uppers);
	if (l->master[0])
		append(use, sizeof(use), "port of %s%s%s", l->master_kind,
		       l->master_kind[0] ? " " : "", l->master);
	if (use[0])
		note(p,
		     "The host uses this interface (%s)%s%s. The frames of a queue go to the first "
		     "process that posts buffers there, and the host gets none of them any more; "
		     "with --mac (take_macs) only those to the MACs that are named there.",
		     use, only ? ": " : "", only ? l->way.sentence : "");
}

/* The host keeps its frames as long as no buffer is posted, but for two cases. */
void info_try_warning(const struct info_facts *f, const struct info_prediction *p, char *out,
		      size_t size)
{
	out[0] = '\0';
	if (f->link.way.verdict == HOST_FREE)
		return;
	if (p->mode == INFO_MODE_ZERO_COPY)
		snprintf(out, size,
			 "%s; in zero copy the driver has no buffers but those of the socket, and "
			 "--try posts none: what arrives on queue %u meanwhile is lost",
			 f->link.way.sentence, f->queue);
	else if (!f->device.is_virtual)
		snprintf(out, size,
			 "%s; --try takes none of its frames, but those that arrive while the "
			 "driver changes over may be lost",
			 f->link.way.sentence);
}

void address_rule(const struct info_facts *f, struct info_prediction *p)
{
	/* A veth hands over whatever its other end sends. */
	if (is_driver(f, "veth") || f->device.link_type != ARPHRD_ETHER || f->link.promiscuous)
		return;
	note(p,
	     "AF_XDP sees what the NIC accepts: its own MAC, broadcast, and multicast that "
	     "somebody joined. For more: ip link set dev %s promisc on (or allmulticast on), or "
	     "for one group: ip maddr add MAC dev %s",
	     word(f->device.ifname), word(f->device.ifname));
}
