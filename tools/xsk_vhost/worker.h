/* SPDX-License-Identifier: BSD-2-Clause */
/* The thread of a queue pair. It sleeps on the guest's kicks and the queue's descriptor, and ends when it is told to or
 * when its pair has ended, which it says to who started it. */
#ifndef XSK_VHOST_WORKER_H
#define XSK_VHOST_WORKER_H

#include <pthread.h>

#include "pair.h"

struct worker {
	struct pair *pair;
	pthread_t thread;
	int epoll_fd;
	int stop_fd;
	int notify_fd;
	atomic_bool stop;
	atomic_bool ended; /* by itself: pair->end says why */
};

struct worker_config {
	struct pair *pair; /* open */
	/* The guest's; -1: it makes no kicks. */
	int rx_kick_fd, tx_kick_fd;
	int notify_fd; /* an eventfd that is written when the pair ends by itself */
	int cpu;       /* to run on; -1: anywhere */
};

/* Return: 0; -errno with err filled, nothing runs then. */
int worker_start(struct worker *w, const struct worker_config *config, struct net_error *err);
/* When it returns the thread is gone, and the pair is the caller's. */
void worker_stop(struct worker *w);

static inline bool worker_has_ended(struct worker *w)
{
	return atomic_load_explicit(&w->ended, memory_order_acquire);
}

#endif
