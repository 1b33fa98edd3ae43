// SPDX-License-Identifier: BSD-2-Clause
/* What else to know before: sizes, joined frames, tags, links and queues. */
#include <linux/if_arp.h>

#include "host/driver.h"
#include "host/netdev_uapi.h"
#include "host/offload.h"
#include "host/predict.h"
#include "host/rules.h"
#include "host/xdp_uapi.h"

#define SAY PREDICT_SAY

#define RX_TAG (NET_XDP_OFFLOAD_RX_VLAN | NET_XDP_OFFLOAD_RX_STAG)
#define TX_TAG (NET_XDP_OFFLOAD_TX_VLAN | NET_XDP_OFFLOAD_TX_STAG)

static struct net_xdp_finding *note(struct predict *p, enum net_xdp_reason reason)
{
	return predict_finding(p, NET_XDP_FINDING_NOTE, reason, 0);
}

/* ---- Sizes ------------------------------------------------------------------------------------ */

/* In zero copy a rule that knows more may have spoken already. */
void predict_mtu(struct predict *p)
{
	const uint32_t largest_chunk = RULES_LARGEST_CHUNK_BYTES - XDP_FRAME_HEADROOM;
	const struct net_xdp_config *c = p->c;
	uint32_t frame = p->d->mtu_bytes + RULES_ETHERNET_BYTES;
	struct net_xdp_finding *f;

	if (p->told_mtu || frame <= c->max_frame_bytes)
		return;
	f = note(p, NET_XDP_REASON_MTU);
	SAY(f->sentence,
	    "The MTU of %u makes frames of %u bytes, and those over max_frame_bytes %u are dropped",
	    p->d->mtu_bytes, frame, c->max_frame_bytes);
	if (frame <= c->chunk_bytes - XDP_FRAME_HEADROOM)
		SAY(f->remedy, "use max_frame_bytes %u", frame);
	else if (frame <= largest_chunk)
		SAY(f->remedy, "use chunk_bytes 4096, which holds %u, and max_frame_bytes %u",
		    largest_chunk, frame);
	else if (frame <= RULES_LARGEST_FRAME_BYTES)
		SAY(f->remedy,
		    "use max_frame_bytes %u, and every frame is gathered through the private area, "
		    "as no chunk holds more than %u; or lower the MTU to %u",
		    frame, largest_chunk, largest_chunk - RULES_ETHERNET_BYTES);
	else
		SAY(f->remedy, "lower the MTU to %u, as an endpoint takes at most %u",
		    RULES_LARGEST_FRAME_BYTES - RULES_ETHERNET_BYTES, RULES_LARGEST_FRAME_BYTES);
}

void predict_gap(struct predict *p)
{
	uint32_t gap = driver_gap_bytes(p->d);
	struct net_xdp_finding *f;

	if (p->out->outcome != NET_XDP_OUTCOME_ZERO_COPY || !gap)
		return;
	f = note(p, NET_XDP_REASON_GAP);
	f->source = driver_of(p->d)->gap_source;
	SAY(f->sentence,
	    "%s has %u bytes of its own written in front of each frame: buffers with a smaller gap "
	    "there are bounced (rx_bounce_gap), or refused when sealed",
	    p->d->driver, gap);
	SAY(f->remedy, "give header_bytes as many");
}

/* ---- Frames ----------------------------------------------------------------------------------- */

/* A generic program runs behind what joins frames on receive; and what a sender on this host has
 * not yet cut into frames reaches it whole. */
void predict_joined(struct predict *p)
{
	const struct net_xdp_device *d = p->d;
	struct net_xdp_finding *f;

	if ((p->out->native && p->out->sure) || !offload_joins(d))
		return;
	f = note(p, NET_XDP_REASON_JOINED);
	SAY(f->sentence,
	    "In generic mode frames that were joined arrive as one where it fits, and nothing is "
	    "known of their checksums; else they are dropped as too large");
	SAY(f->remedy,
	    "keep them apart here: ethtool -K IF gro off rx-gro-list off rx-udp-gro-forwarding off "
	    "lro off; and where they are sent, if that is on this host: ethtool -K %s tso off "
	    "tx-udp-segmentation off",
	    d->link_type == ARPHRD_LOOPBACK ? "IF"
	    : driver_is(d, "veth")	    ? "PEER"
					    : "SENDER");
}

/* A veth has no device that takes tags out: they come out of band as the other end sends them. */
static void veth_tags(struct predict *p)
{
	struct net_xdp_finding *f;

	if (p->d->has_peer_offloads && !(p->d->peer_offloads & TX_TAG))
		return;
	f = note(p, NET_XDP_REASON_TAGS);
	SAY(f->sentence,
	    "VLAN tags that the other end leaves to the device (tx-vlan-offload; 802.1ad: "
	    "tx-vlan-stag-hw-insert) arrive beside the frame and are lost without a count, whatever "
	    "rx-vlan-offload is here");
	SAY(f->remedy,
	    "keep them in the frame: ethtool -K PEER txvlan off tx-vlan-stag-hw-insert off%s; or "
	    "have a native program report them (rx_vlan)",
	    p->d->peer_ifindex ? "" : " (in its namespace)");
}

void predict_tags(struct predict *p)
{
	uint64_t on = p->d->offloads & RX_TAG;
	struct net_xdp_finding *f;

	if (p->c->rx_vlan)
		return;
	if (driver_is(p->d, "veth")) {
		veth_tags(p);
		return;
	}
	if (!p->d->has_offloads || !on)
		return;
	f = note(p, NET_XDP_REASON_TAGS);
	SAY(f->sentence,
	    "The device takes VLAN tags out of frames (rx-vlan-offload: %s%s%s): they are lost "
	    "without a count",
	    on & NET_XDP_OFFLOAD_RX_VLAN ? "802.1Q" : "", on == RX_TAG ? " and " : "",
	    on & NET_XDP_OFFLOAD_RX_STAG ? "802.1ad, rx-vlan-stag-hw-parse" : "");
	SAY(f->remedy,
	    "keep them in the frame: ethtool -K IF rxvlan off rx-vlan-stag-hw-parse off%s",
	    p->d->rx_metadata_features & NETDEV_RX_METADATA_VLAN
		    ? "; or have them reported (rx_vlan)"
		    : "");
}

void predict_veth(struct predict *p)
{
	uint32_t queues = p->d->rx_queues;
	struct net_xdp_finding *f;

	if (!driver_is(p->d, "veth"))
		return;
	if (queues > 1 && (!p->out->native || !p->out->sure)) {
		f = note(p, NET_XDP_REASON_SPREAD);
		SAY(f->sentence,
		    "In generic mode a veth counts its queues wrong: what was sent on queue i may "
		    "arrive on queue i - 1, and passes to the host where that has no socket");
		SAY(f->remedy,
		    "use max_queues %u to take all of them, or have one: ethtool -L IF rx 1",
		    queues);
	}
	if (p->c->rx_checksum != NET_XDP_RX_CHECKSUM_NONE)
		return;
	f = note(p, NET_XDP_REASON_CHECKSUMS);
	/* In generic mode no rx_checksum knows them from wrong ones: rx_ways_say(). */
	SAY(f->sentence, "The other end of a veth leaves TCP and UDP checksums unfinished");
	SAY(f->remedy, "%sswitch that off there: ethtool -K PEER tx off",
	    p->out->native ? "have them completed, reported or told as partial (rx_checksum), or "
			   : "");
}

/* ---- Links and queues ------------------------------------------------------------------------- */

void predict_link(struct predict *p)
{
	struct net_xdp_finding *f;

	if (p->d->up && p->d->carrier)
		return;
	f = note(p, NET_XDP_REASON_LINK);
	if (p->d->up) {
		SAY(f->sentence, "The interface has no carrier (cable, or the other end is down): "
				 "frames to send are lost until it has");
		return;
	}
	SAY(f->sentence, "The interface is down: a socket can be bound, but no frame moves");
	SAY(f->remedy, "bring it up: ip link set dev IF up");
}

void predict_spread(struct predict *p)
{
	const struct net_xdp_device *d = p->d;
	struct net_xdp_finding *f;

	if (d->rx_queues <= p->c->max_queues)
		return;
	f = note(p, NET_XDP_REASON_SPREAD);
	SAY(f->sentence,
	    "The interface spreads frames over %u queues, and a socket sees those of its own queue",
	    d->rx_queues);
	SAY(f->remedy,
	    "use max_queues %u to take all of them, or steer (ethtool -N), or have one (ethtool -L)",
	    d->rx_queues);
}
