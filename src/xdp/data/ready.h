/* SPDX-License-Identifier: BSD-2-Clause */
/* Readiness: when a frontend may sleep, and what wakes it. */
#ifndef NET_XDP_DATA_READY_H
#define NET_XDP_DATA_READY_H

#include "xdp/queue.h"

bool queue_poll_ready(struct net_queue *q, struct net_buffer_access *pool);
int queue_ready_fd(struct net_queue *q);
int ready_open(struct net_xdp_queue *q, int events_fd);
/* Make fd a member: a descriptor that becomes readable when device or program have gone, and stays
 * so. */
int ready_watch(struct net_xdp_queue *q, int fd);
void ready_close(struct net_xdp_queue *q);
/* A data call found nothing. Every few such calls look whether device and program are still there,
 * for a frontend that polls and never sleeps. queue_look_now(): if the last look is LOOK_MS ago. */
void queue_look_now(struct net_xdp_queue *q);
static inline void queue_look(struct net_xdp_queue *q)
{
	if (__builtin_expect(++q->looks % LOOKS_PER_CLOCK == 0, 0))
		queue_look_now(q);
}

#endif
