/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net_xdp_steer.h - which frames of an interface come to which of its queues, set so that it can be undone.
 * Part of net_xdp.h, which includes it.
 *
 * A plan names what is to be changed and nothing else: how many queues there are (ethtool -L), over which of
 * them the NIC spreads what no rule names (ethtool -X), rules that send frames to a queue (ethtool -N), and
 * which frames the NIC accepts (ip link set IF promisc on, ip maddr add). Before the first change every old
 * value is written to /run/net_xdp (as with napi_defer_hard_irqs), so that they can be put back by whoever
 * comes next, after SIGKILL too. Only what is still as it was set is put back: what somebody else has changed
 * since is left, and said so.
 *
 * As struct net_xdp_config.steer a plan holds from net_xdp_open() to the endpoint's destroy; with
 * net_xdp_steer_apply() until net_xdp_steer_restore(), whatever becomes of the process. One plan per interface
 * at a time. Needs CAP_NET_ADMIN. Some drivers take the link down for a moment at each of these changes.
 *
 * An interface that was moved to another network namespace is followed by destroy and put back there: it needs
 * CAP_SYS_ADMIN, and to see the namespace, by a process in /proc or a name in /run/netns. Else destroy returns -EXDEV
 * and says so, and the record stays for when the interface is back.
 *
 * All goes by ioctl(SIOCETHTOOL), promiscuous and all_multicast aside: netlink sets the table since Linux 6.17
 * and rules not at all (6.18).
 */
#ifndef NET_XDP_STEER_H
#define NET_XDP_STEER_H

#include <string.h>

#include "net_backend.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- The plan --------------------------------------------------------------------------------- */

enum net_xdp_steer_match {
	NET_XDP_STEER_MAC = 0, /* destination MAC */
	NET_XDP_STEER_VLAN,    /* VLAN id of the outer tag */
	NET_XDP_STEER_UDP4,    /* destination port, over IPv4 */
	NET_XDP_STEER_UDP6,
	NET_XDP_STEER_TCP4,
	NET_XDP_STEER_TCP6,
};

/* Stays as it is, because it stands in an array. */
struct net_xdp_steer_rule {
	enum net_xdp_steer_match match;
	uint32_t queue;
	uint16_t number; /* VLAN id or port */
	uint8_t mac[6];
};

#define NET_XDP_STEER_QUEUES 64
#define NET_XDP_STEER_RULES  32
#define NET_XDP_STEER_GROUPS 16

/* Start from net_xdp_steer_default(), which changes nothing. */
struct net_xdp_steer {
	size_t size_bytes; /* sizeof(struct net_xdp_steer) */
	/* Queues, 0: as many as there are. Combined ones where the driver has these, else so many for receive
	 * and so many for transmit. */
	uint32_t channels;
	uint32_t rx_channels; /* of their own; 0: as many as there are */
	uint32_t tx_channels;
	/* How many shares of the frames that no rule names each queue gets, from queue 0 on; queues behind
	 * them get none. {1, 1} keeps the host on queues 0 and 1. 0 weights: the table stays. */
	uint32_t weight_count;
	uint32_t weights[NET_XDP_STEER_QUEUES];
	uint32_t rule_count;
	struct net_xdp_steer_rule rules[NET_XDP_STEER_RULES];
	uint32_t group_count; /* multicast MACs to accept */
	uint8_t groups[NET_XDP_STEER_GROUPS][6];
	bool promiscuous;
	bool all_multicast;
};

static inline struct net_xdp_steer net_xdp_steer_default(void)
{
	struct net_xdp_steer steer;

	memset(&steer, 0, sizeof(steer));
	steer.size_bytes = sizeof(steer);
	return steer;
}

/* ---- What comes of it ------------------------------------------------------------------------- */

enum net_xdp_steer_kind {
	NET_XDP_STEER_KIND_CHANNELS = 0,
	NET_XDP_STEER_KIND_TABLE,  /* RSS indirection */
	NET_XDP_STEER_KIND_NTUPLE, /* the feature that rules need in some drivers */
	NET_XDP_STEER_KIND_RULE,
	NET_XDP_STEER_KIND_PROMISCUOUS,
	NET_XDP_STEER_KIND_ALL_MULTICAST,
	NET_XDP_STEER_KIND_GROUP,
};

enum net_xdp_steer_outcome {
	NET_XDP_STEER_SAME = 0, /* it is so already, and stays when all else is put back */
	NET_XDP_STEER_WOULD,	/* would be changed, as far as can be known without trying */
	NET_XDP_STEER_CHANGED,
	NET_XDP_STEER_REFUSED,	/* cannot be changed: error and why */
	NET_XDP_STEER_PUT_BACK, /* is as it was before */
	NET_XDP_STEER_LEFT,	/* somebody else has changed it since */
};

/* Stays as it is, because it stands in an array. */
struct net_xdp_steer_change {
	enum net_xdp_steer_kind kind;
	enum net_xdp_steer_outcome outcome;
	int error;	/* 0 or -errno */
	char what[48];	/* "channels", "rule udp4-port=4789:2" */
	char from[104]; /* the value before it */
	char to[104];	/* and behind it */
	char why[232];	/* "", or a sentence: why it is refused, and what would help */
};

#define NET_XDP_STEER_CHANGES (5 + NET_XDP_STEER_RULES + NET_XDP_STEER_GROUPS)

/* 26 KiB: mind a small stack. */
struct net_xdp_steer_report {
	char ifname[16];
	char driver[32];
	/* Who has steered the interface, and until when: "steered by process 77, which has ended"; "" nobody. */
	char state[160];
	bool left; /* by a process that has ended, to be put back */
	uint32_t change_count;
	struct net_xdp_steer_change changes[NET_XDP_STEER_CHANGES];
};

/*
 * What a plan would change, and what the driver cannot. steer may be NULL: who has steered the interface?
 * Return: 0 and *out, also when something would be refused; -EINVAL the plan makes no sense, -ENODEV, -errno,
 * err filled. Changes nothing. Blocks: some netlink requests and ioctls.
 */
NET_PUBLIC int net_xdp_steer_look_sized(const char *ifname, const struct net_xdp_steer *steer,
					struct net_xdp_steer_report *out, size_t size_bytes,
					struct net_error *err);
static inline int net_xdp_steer_look(const char *ifname, const struct net_xdp_steer *steer,
				     struct net_xdp_steer_report *out, struct net_error *err)
{
	return net_xdp_steer_look_sized(ifname, steer, out, sizeof(*out), err);
}

/*
 * Change it, until net_xdp_steer_restore(). All of it, or nothing: what was done before a refusal is put back.
 * Return: 0. Errors, err and *out filled: -EBUSY the interface is steered already · -EOPNOTSUPP the driver
 * cannot · -EAGAIN somebody else changes it at the moment · -EPERM · -EINVAL, -ENODEV, -errno. Blocks: until the
 * driver has done it.
 */
NET_PUBLIC int net_xdp_steer_apply_sized(const char *ifname, const struct net_xdp_steer *steer,
					 struct net_xdp_steer_report *out, size_t size_bytes,
					 struct net_error *err);
static inline int net_xdp_steer_apply(const char *ifname, const struct net_xdp_steer *steer,
				      struct net_xdp_steer_report *out, struct net_error *err)
{
	return net_xdp_steer_apply_sized(ifname, steer, out, sizeof(*out), err);
}

/*
 * Put back what net_xdp_steer_apply() has changed, or an endpoint whose process was killed (opening an
 * endpoint there does that as well).
 * Return: 1 put back; 0 there was nothing; -EBUSY an endpoint that lives has steered it; -errno with err
 * filled, and what could not be put back is recorded further on.
 */
NET_PUBLIC int net_xdp_steer_restore_sized(const char *ifname, struct net_xdp_steer_report *out,
					   size_t size_bytes, struct net_error *err);
static inline int net_xdp_steer_restore(const char *ifname, struct net_xdp_steer_report *out,
					struct net_error *err)
{
	return net_xdp_steer_restore_sized(ifname, out, sizeof(*out), err);
}

#ifdef __cplusplus
}
#endif

#endif
