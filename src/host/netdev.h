/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel says of an interface, over netlink and ethtool. A question is put to a struct
 * host, and so to the network namespace in which that was opened. Any thread may ask. Cold code
 * only. */
#ifndef NET_XDP_NETDEV_H
#define NET_XDP_NETDEV_H

#include <stdbool.h>
#include <stdint.h>

#include "net_xdp.h"
#include "host/host.h"

/* Open a host for one question from outside an endpoint. Return: 0; -EINVAL if ifname or out is
 * NULL; -errno; err is filled and nothing is open. */
int netdev_open_host(struct host *h, const char *ifname, const void *out, struct net_error *err);

/* Like net_xdp_device_query(), but asks this host. */
int netdev_query(struct host *h, const char *ifname, struct net_xdp_device *out,
		 struct net_error *err);

/* ---- netdev.c: links and their events, over rtnetlink ----------------------------------------- */

/* What happened to an interface. */
enum netdev_event_kind {
	NETDEV_EVENT_NONE = 0,
	NETDEV_EVENT_LINK, /* link_up is set: true if frames can flow */
	/* the interface was removed, or moved to another network namespace */
	NETDEV_EVENT_GONE,
	NETDEV_EVENT_LOST, /* the kernel dropped events: ask netdev_link() */
};

struct netdev_event {
	enum netdev_event_kind kind;
	bool link_up;
	uint32_t program_id; /* id of the XDP program that runs, 0 none */
};

/* Ask for the link's state, in one netlink request. Return: 1 up, 0 down, -ENODEV gone, -errno. */
int netdev_link(struct host *h, uint32_t ifindex);

/* Subscribe to link events of the calling thread's network namespace. Return: a non-blocking
 * descriptor, or -errno. */
int netdev_events_open(void);

/* Filter the events: from now on the kernel queues only this interface's link messages, or with
 * removal only that of its removal. Other interfaces can neither fill the socket nor wake anybody.
 * Return: 0 or -errno. */
int netdev_events_only(int fd, uint32_t ifindex, bool removal);

/* Make the link's present state the next event. Return: 0 or -errno. */
int netdev_events_ask(int fd, uint32_t ifindex);

/* Read the next event of ifindex, and pass over those of others: at most 64 messages per call, 1024
 * after a loss. Never blocks. Return: 1 and *out filled, 0 none, -errno. */
int netdev_events_next(int fd, uint32_t ifindex, struct netdev_event *out);

/* Where an interface is that has left its namespace. */
struct netdev_left {
	bool moved;	  /* to another namespace; else it was removed */
	uint32_t netnsid; /* of that one, as the namespace that it left numbers it */
	uint32_t ifindex; /* there */
};

/* Read the socket of netdev_events_only() with removal empty: the last message counts. Return: true if the
 * interface has left, though it may be back; and *out. */
bool netdev_events_left(int fd, uint32_t ifindex, struct netdev_left *out);

/* The same of its first message alone, which stays to be read: for a socket that others wait for. */
bool netdev_events_left_first(int fd, uint32_t ifindex, struct netdev_left *out);

/* ---- netdev_genl.c: features and queues, over the generic netlink family "netdev" (6.3) ------- */

/* Deferral: how long a NAPI keeps its interrupt off after it has found frames. */
struct netdev_deferral {
	/* number of empty polls in a row before the interrupt is on again */
	uint32_t hard_irqs;
	uint64_t timeout_ns; /* time to the next of these polls */
};

/* The NAPI instance that serves a receive queue. */
struct netdev_napi {
	uint32_t id;
	uint32_t irq;	     /* 0 unknown */
	uint32_t thread_pid; /* 0 if the NAPI has no thread */
	bool has_deferral;   /* deferral is known: the kernel has it per NAPI (6.13) */
	struct netdev_deferral deferral;
};

/* What a driver can do. The bits are in net_xdp.h and netdev_uapi.h. */
struct netdev_features {
	uint64_t xdp;
	uint32_t zc_max_segments; /* 0 unknown (before 6.6) */
	uint64_t rx_metadata;
	uint64_t xsk;
};

/* Look up the family of a host that is being opened; h->family stays 0 if there is none. Return: 0,
 * -errno. */
int netdev_family(struct host *h);

/* Ask for a driver's features. Return: 0; -EOPNOTSUPP the kernel does not tell (before 6.3);
 * -ENODEV; -errno. */
int netdev_features(struct host *h, uint32_t ifindex, struct netdev_features *out);

/* Ask for the number of queues in use. Return: 0; -EOPNOTSUPP the kernel does not tell (before 6.8,
 * or the interface is down); -errno. */
int netdev_queue_counts(struct host *h, uint32_t ifindex, uint32_t *rx, uint32_t *tx);

/* Ask for a queue's NAPI: the one that the driver links to the queue, or the only one of a device
 * with one queue. Return: 0; -ENOENT the interface is up and has no NAPI; -EOPNOTSUPP the driver or
 * the kernel does not tell (before 6.8, or the interface is down); -EINVAL no such queue; -errno. */
int netdev_queue_napi(struct host *h, uint32_t ifindex, uint32_t queue, struct netdev_napi *out);

/* Return: 1 if another NAPI than the receive queue's, or one that cannot be polled, sends for this
 * queue; 0 if not; -errno as netdev_queue_napi(). */
int netdev_queue_sends_apart(struct host *h, uint32_t ifindex, uint32_t queue);

/* Set a NAPI's deferral. Return: 0; -EOPNOTSUPP before 6.13; -ENOENT no such NAPI in the network
 * namespace; -EPERM without CAP_NET_ADMIN; -errno. */
int netdev_napi_set(struct host *h, uint32_t napi_id, const struct netdev_deferral *deferral);

/* Return: 1 if an AF_XDP socket has this queue, for receive or for sending; 0 if not; -EOPNOTSUPP
 * the kernel does not tell (before 6.15, or the interface is down); -EINVAL no such queue; -errno. */
int netdev_queue_has_socket(struct host *h, uint32_t ifindex, uint32_t queue);

#endif
