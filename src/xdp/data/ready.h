/* SPDX-License-Identifier: BSD-2-Clause */
/* Readiness: when a frontend may sleep, and what wakes it. */
#ifndef NET_XDP_DATA_READY_H
#define NET_XDP_DATA_READY_H

#include "xdp/queue.h"

bool queue_poll_ready(struct net_queue *q, struct net_buffer_access *pool);
int queue_ready_fd(struct net_queue *q);
int ready_open(struct net_xdp_queue *q, int events_fd);
/* Another descriptor that becomes readable when the device or the program went, and stays so. */
int ready_watch(struct net_xdp_queue *q, int fd);
void ready_close(struct net_xdp_queue *q);
/* A call has found nothing. A frontend that never sleeps hears here that its device went. */
void queue_look_now(struct net_xdp_queue *q);
static inline void queue_look(struct net_xdp_queue *q)
{
	if (__builtin_expect(++q->looks % LOOKS_PER_CLOCK == 0, 0))
		queue_look_now(q);
}

#endif
