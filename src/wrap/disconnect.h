/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The disconnectable wrapper's state: disconnect.c has the endpoint, disconnect_swap.c the swaps,
 * disconnect_queue.c a queue, disconnect_queue_end.c a queue's end.
 *
 * Each swap of the inner endpoint begins a generation. A queue belongs to the generation in which it
 * was made. Its data calls compare the two numbers, and a swap has nothing else to do to a queue.
 */
#ifndef NET_DISCONNECT_H
#define NET_DISCONNECT_H

#include <pthread.h>

#include "net_wrap.h"

enum {
	/* A queue without an inner queue takes receive ids below this number, the most that AF_XDP
	 * takes too. It has one bit for each, in memory that the kernel gives when it is touched. */
	UNPLUGGED_IDS = 1 << 24,
	UNPLUGGED_BYTES = UNPLUGGED_IDS / 8,
	/* Most frames that a queue still delivers after a swap before it returns NET_TRY_RESTART. */
	UNPLUGGED_DRAIN = 4096,
};

/* What swaps have cost, over all queues that there ever were. */
struct disconnect_losses {
	uint64_t rx_discarded; /* frames that had arrived when their queue was destroyed */
	/* packets accepted whose completion had not come when their queue was destroyed */
	uint64_t tx_unfinished;
	uint64_t tx_dropped; /* packets dropped while the cable was out */
};

struct disconnect {
	struct net_endpoint base;
	struct net_endpoint_facts facts;
	uint32_t generation; /* atomic; written under the lock */

	pthread_mutex_t lock; /* of all members below; no data call takes it */
	pthread_cond_t queue_gone;
	struct net_endpoint *inner;   /* NULL while the cable is out */
	struct net_endpoint *leaving; /* disconnected and not handed back yet */
	struct disconnect_queue *queues;
	/* what the last get_queues made, and in which generation */
	uint32_t made, made_generation;
	uint32_t alive;
	uint32_t alive_on_inner; /* of these: with an inner queue */
	int action_fd;		 /* an epoll instance over wake_fd and the inner's */
	int wake_fd;
	bool link_told; /* link state that the frontend was told last */
	bool link_up;	/* link state that the inner endpoint said last */
	/* the cable was out after the frontend was told that the link is up */
	bool link_flapped;
	bool restart_due;
	uint64_t connects, disconnects;
	struct disconnect_losses lost;
};

struct disconnect_queue {
	struct net_queue base;
	struct net_queue *inner; /* NULL if the queue was made while the cable was out */
	uint32_t generation;
	bool told;	     /* NET_TRY_RESTART was returned */
	uint32_t drain_left; /* see UNPLUGGED_DRAIN */
	uint64_t tx_dropped; /* atomic */
	uint64_t rx_refused; /* atomic */
	uint64_t *posted;    /* without inner: one bit per receive id that is posted */
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

/* Open an eventfd and an epoll instance over it. Return: 0; -errno, and neither is open. */
int disconnect_open_fds(int *epoll_fd, int *wake_fd);
int disconnect_watch(int epoll_fd, int fd);
void disconnect_wake(int wake_fd);
void disconnect_silence(int wake_fd);

/* Make the wrapper of a queue; the inner queue comes later. Return: 0 or -errno with err filled. */
int disconnect_queue_open(struct disconnect *ep, uint32_t index, struct disconnect_queue **out,
			  struct net_error *err);
/* Post the initial ids of a queue without an inner queue. */
void disconnect_queue_start(struct disconnect_queue *q, const struct net_queue_config *config);
void disconnect_queue_free(struct disconnect_queue *q);
/* The destroy operation: what the inner queue still had is counted as lost. */
int disconnect_queue_destroy(struct net_queue *base, struct net_error *err);

#endif
