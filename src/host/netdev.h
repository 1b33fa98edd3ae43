/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel says about an interface, over netlink and ethtool: asked of a host, which is to say in
 * the network namespace that it was opened in. Any thread. Cold code only. */
#ifndef NET_XDP_NETDEV_H
#define NET_XDP_NETDEV_H

#include <stdbool.h>
#include <stdint.h>

#include "net_xdp.h"
#include "host/host.h"

/* A host for one question from outside an endpoint. Return: 0; -EINVAL when ifname or out is NULL, -errno; err is
 * filled and nothing is open. */
int netdev_open_host(struct host *h, const char *ifname, const void *out, struct net_error *err);

/* net_xdp_device_query() of a host. */
int netdev_query(struct host *h, const char *ifname, struct net_xdp_device *out,
		 struct net_error *err);

/* ---- netdev.c: links and their events, over rtnetlink ----------------------------------------- */

/* A link or device event of one interface. */
enum netdev_event_kind {
	NETDEV_EVENT_NONE = 0,
	NETDEV_EVENT_LINK, /* carrier and administrative state, combined: up means frames can flow */
	NETDEV_EVENT_GONE, /* removed, or moved to another network namespace */
	NETDEV_EVENT_LOST, /* the kernel dropped events: ask netdev_link() again */
};

struct netdev_event {
	enum netdev_event_kind kind;
	bool link_up;
	uint32_t program_id; /* of the XDP program that runs, 0 none */
};

/* Return: 1 link up, 0 down, -ENODEV gone. One netlink request. */
int netdev_link(struct host *h, uint32_t ifindex);

/* Subscribe to link events of the calling thread's network namespace. Return: non-blocking fd or -errno. */
int netdev_events_open(void);

/* From now on the kernel queues nothing but this interface's link messages, or nothing but its removal:
 * others can neither fill the socket nor wake anybody. Return: 0 or -errno. */
int netdev_events_only(int fd, uint32_t ifindex, bool removal);

/* Have the link's present state come as the next event. Return: 0 or -errno. */
int netdev_events_ask(int fd, uint32_t ifindex);

/* Next event that concerns ifindex; others are read and passed over (at most 64 messages per call,
 * 1024 after a loss).
 * Return: 1 and *out filled, 0 none, -errno. Never blocks. */
int netdev_events_next(int fd, uint32_t ifindex, struct netdev_event *out);

/* ---- netdev_genl.c: features and queues, over the generic netlink family "netdev" (6.3) ------- */

/* How long a NAPI keeps its interrupt off after it has found frames. */
struct netdev_deferral {
	uint32_t hard_irqs;  /* empty polls in a row */
	uint64_t timeout_ns; /* until the next of these polls */
};

/* The kernel's NAPI instance behind a receive queue. */
struct netdev_napi {
	uint32_t id;
	uint32_t irq;	     /* 0 unknown */
	uint32_t thread_pid; /* 0 when NAPI is not threaded */
	bool has_deferral;   /* the kernel has it per NAPI (6.13) */
	struct netdev_deferral deferral;
};

/* The meaning of the bits: net_xdp.h, netdev_uapi.h. */
struct netdev_features {
	uint64_t xdp;
	uint32_t zc_max_segments; /* 0 unknown (before 6.6) */
	uint64_t rx_metadata;
	uint64_t xsk;
};

/* Look up the family for a host that is being opened; 0 when there is none. Return: 0, -errno. */
int netdev_family(struct host *h);

/* Return: 0; -EOPNOTSUPP when the kernel does not tell (before 6.3), -ENODEV, -errno. */
int netdev_features(struct host *h, uint32_t ifindex, struct netdev_features *out);

/* Number of queues in use. Return: 0; -EOPNOTSUPP when the kernel does not tell (before 6.8, or the
 * interface is down), -errno. */
int netdev_queue_counts(struct host *h, uint32_t ifindex, uint32_t *rx, uint32_t *tx);

/* The queue's NAPI as the driver tells it, or the only one of a device with one queue.
 * Return: 0; -ENOENT the interface is up and has none at all; -EOPNOTSUPP when the kernel (before 6.8,
 * or the interface is down) or the driver does not tell, -EINVAL no such queue, -errno. */
int netdev_queue_napi(struct host *h, uint32_t ifindex, uint32_t queue, struct netdev_napi *out);

/* Is the queue's sending done by another NAPI than its receiving, or by one that nobody can poll?
 * Return: 1, 0; -EOPNOTSUPP and others as netdev_queue_napi(). */
int netdev_queue_sends_apart(struct host *h, uint32_t ifindex, uint32_t queue);

/* Return: 0; -EOPNOTSUPP before 6.13, -ENOENT no such NAPI in that network namespace, -EPERM without
 * CAP_NET_ADMIN, -errno. */
int netdev_napi_set(struct host *h, uint32_t napi_id, const struct netdev_deferral *deferral);

/* Does an AF_XDP socket hold this queue, which may be one that only sends? Return: 1, 0, -EOPNOTSUPP
 * when the kernel does not tell (before 6.15, or the interface is down), -EINVAL no such queue, -errno. */
int netdev_queue_has_socket(struct host *h, uint32_t ifindex, uint32_t queue);

#endif
