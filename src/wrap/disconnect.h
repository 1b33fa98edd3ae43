/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The disconnectable wrapper's state: disconnect.c is the endpoint, disconnect_swap.c what happens
 * to it, disconnect_queue.c a queue, disconnect_queue_end.c its end.
 *
 * Each swap begins a generation. A queue belongs to the one it was made in; its data calls compare
 * the two numbers, and that is all that a swap needs to do to it.
 */
#ifndef NET_DISCONNECT_H
#define NET_DISCONNECT_H

#include <pthread.h>

#include "net_wrap.h"

enum {
	/* Of a queue without an inner one: receive ids are below this, as AF_XDP's at most are.
	 * One bit each, in memory that comes when it is touched. */
	UNPLUGGED_IDS = 1 << 24,
	UNPLUGGED_BYTES = UNPLUGGED_IDS / 8,
	/* How many frames a queue still delivers after a swap, before it says that it has to go. */
	UNPLUGGED_DRAIN = 4096,
};

/* What a swap cost, over all queues there ever were. */
struct disconnect_losses {
	uint64_t rx_discarded;	/* frames that had arrived when their queue was destroyed */
	uint64_t tx_unfinished; /* packets accepted whose completion had not come by then */
	uint64_t tx_dropped;	/* packets dropped while the cable was out */
};

struct disconnect {
	struct net_endpoint base;
	struct net_endpoint_facts facts;
	uint32_t generation; /* atomic; written under the lock */

	pthread_mutex_t lock; /* of all below; no data call takes it */
	pthread_cond_t queue_gone;
	struct net_endpoint *inner;   /* NULL: the cable is out */
	struct net_endpoint *leaving; /* disconnected and not handed back yet */
	struct disconnect_queue *queues;
	uint32_t made, made_generation; /* by the last get_queues */
	uint32_t alive;
	uint32_t alive_on_inner; /* of these: on an inner queue */
	int action_fd;		 /* an epoll instance over wake_fd and the inner's */
	int wake_fd;
	bool link_told;	   /* what the frontend believes */
	bool link_up;	   /* what the inner endpoint said last */
	bool link_flapped; /* the cable was out since link_told was true */
	bool restart_due;
	uint64_t connects, disconnects;
	struct disconnect_losses lost;
};

struct disconnect_queue {
	struct net_queue base;
	struct net_queue *inner; /* NULL: made while the cable was out */
	uint32_t generation;
	bool told;	     /* NET_TRY_RESTART was returned */
	uint32_t drain_left; /* see UNPLUGGED_DRAIN */
	uint64_t tx_dropped; /* atomic */
	uint64_t rx_refused; /* atomic */
	uint64_t *posted;    /* without inner: a bit per receive id */
	int ready_fd;	     /* an epoll instance over wake_fd and the inner's */
	int wake_fd;
	uint32_t index;
	struct disconnect *endpoint;
	struct disconnect_queue *next; /* under the endpoint's lock */
};

extern const struct net_endpoint_ops disconnect_endpoint_ops;
extern const struct net_queue_ops disconnect_queue_ops;

static inline struct disconnect *disconnect_of(struct net_endpoint *ep)
{
	return (struct disconnect *)ep;
}

int disconnect_poll_action(struct net_endpoint *ep, struct net_action *out);
int disconnect_action_fd(struct net_endpoint *ep);

/* An eventfd and an epoll instance over it. Return: 0 or -errno, and none is open. */
int disconnect_open_fds(int *epoll_fd, int *wake_fd);
int disconnect_watch(int epoll_fd, int fd);
void disconnect_wake(int wake_fd);
void disconnect_silence(int wake_fd);

/* Make the wrapper of a queue; inner comes later. Return: 0 or -errno with err filled. */
int disconnect_queue_open(struct disconnect *ep, uint32_t index, struct disconnect_queue **out,
			  struct net_error *err);
/* Without inner: post the initial ids. */
void disconnect_queue_start(struct disconnect_queue *q, const struct net_queue_config *config);
void disconnect_queue_free(struct disconnect_queue *q);
/* The queue's destroy operation: what the inner queue still had counts as lost. */
int disconnect_queue_destroy(struct net_queue *base, struct net_error *err);

#endif
