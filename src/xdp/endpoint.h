/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_XDP_ENDPOINT_H
#define NET_XDP_ENDPOINT_H

#include <pthread.h>

#include "net_xdp.h"
#include "xdp/attach.h"
#include "xdp/keep.h"
#include "xdp/memory.h"
#include "program/program.h"
#include "xdp/queue.h"
#include "xdp/release.h"

enum { ENDPOINT_QUEUES = 64 }; /* the most that max_queues may be */

struct net_xdp_endpoint {
	struct net_endpoint base;
	struct net_xdp_config config;  /* ifname points at name */
	char name[NET_XDP_NAME_BYTES]; /* as it was asked for; device.ifname is the first one */
	struct net_xdp_steer steer;    /* config.steer points at it, or at nothing */
	struct net_endpoint_facts facts;
	struct attachment attached;
	struct memory memory;
	struct kept kept;      /* under sockets_lock */
	uint32_t queues_alive; /* atomic: queues end in their own threads */
	int umem_fd;	       /* a socket with the UMEM, to share it, while queues are made */
	uint32_t made;	       /* queues of the last get_queues */
	/* The sockets of the queues that are alive, -1 none. The lock is for what ends beside get_queue. */
	pthread_mutex_t sockets_lock;
	int sockets[ENDPOINT_QUEUES];
	/* The last end of each queue, written by the queue that ends. */
	struct release ended[ENDPOINT_QUEUES];

	int action_fd;	    /* epoll over the next two */
	int events_fd;	    /* netlink: the interface's link events */
	int pulse_fd;	    /* a timer: when to look whether the program is still attached */
	uint64_t looked_ms; /* when that was done last */
	int removal_fd;	    /* netlink: the interface's removal; not read, so it never overflows */
	int lost_fd;	    /* an eventfd, set together with gone: it wakes the queues */
	bool link_up;	    /* as last reported */
	bool link_lost;	    /* events were lost, and asking again has failed so far */
	bool program_lost;  /* why gone: not the device. Written before it */
	bool gone; /* atomic, queues read it: device or program went, the restart was asked for */
};

static inline uint32_t endpoint_alive(const struct net_xdp_endpoint *ep)
{
	return __atomic_load_n(&ep->queues_alive, __ATOMIC_ACQUIRE);
}

/* get_queues.c */
int endpoint_get_queues(struct net_endpoint *endpoint, const struct net_queue_config *configs,
			uint32_t count, const struct net_rss_config *rss, struct net_queue **queues,
			struct net_error *err);
int endpoint_get_queue(struct net_endpoint *endpoint, uint32_t index,
		       const struct net_queue_config *config, struct net_queue **queue,
		       struct net_error *err);
/* A queue has its socket, or (-1) is about to close it. */
void endpoint_set_socket(struct net_xdp_endpoint *ep, uint32_t index, int fd);

/* inspect.c */
void endpoint_inspect(struct net_endpoint *ep, struct net_inspector *to);
static inline bool endpoint_is_lost(const struct net_xdp_endpoint *ep)
{
	return __atomic_load_n(&ep->gone, __ATOMIC_ACQUIRE);
}

static inline struct net_xdp_endpoint *endpoint_of(struct net_endpoint *ep)
{
	return (struct net_xdp_endpoint *)((char *)ep - offsetof(struct net_xdp_endpoint, base));
}

#endif
