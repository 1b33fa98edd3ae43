/* SPDX-License-Identifier: BSD-2-Clause */
/* The capture wrapper's state: capture.c is the endpoint, capture_queue.c a queue, tap.c what a
 * queue does while capture is on. */
#ifndef NET_CAPTURE_H
#define NET_CAPTURE_H

#include <pthread.h>

#include "net_wrap.h"
#include "wrap/recorder.h"

/* The frontend's pool as the inner queue sees it while capture is on: it forwards everything,
 * and reads the frames whose metadata pass. */
struct tap_pool {
	struct net_buffer_access base;
	struct net_buffer_access_ops ops; /* those that the frontend's pool has */
	struct net_buffer_access *outer;  /* the frontend's */
	const struct net_buffer_access_ops *outer_ops;
	struct spool *spool; /* during a call */
	uint32_t snap_bytes;
	uint32_t queue;
};

extern const struct net_endpoint_ops capture_endpoint_ops;
extern const struct net_queue_ops capture_queue_ops;

struct capture_queue {
	struct net_queue base;
	struct net_queue *inner;
	/* NULL while capture is off. Written under the endpoint's lock. */
	struct spool *spool; /* atomic */
	bool in_use;	     /* atomic: the queue's thread may be using the spool */
	uint32_t tx_flags;   /* packets with others are dropped, not sent */
	struct tap_pool pool;
	uint32_t index;
	struct capture *endpoint;
	struct capture_queue *next; /* under the endpoint's lock */
};

struct capture {
	struct net_endpoint base;
	struct net_endpoint *inner;
	pthread_mutex_t lock; /* of the members below; no data call takes it */
	struct capture_queue *queues;
	struct recorder *recorder;     /* NULL: off */
	struct net_capture_stats last; /* of the capture before */
};

/* ---- capture_queue.c ----------------------------------------------------------------------- */

/* A wrapper without an inner queue. Return: NULL without memory. */
struct capture_queue *capture_queue_alloc(struct capture *ep, uint32_t index);
/* Put the wrapper in the place of the inner queue, captured if capture is on: without memory for
 * that it runs all the same, and is not in the file. */
void capture_queue_put(struct capture_queue *q, struct net_queue **queue);

/* ---- tap.c --------------------------------------------------------------------------------- */

/* The data calls of a queue that is being captured, or was until a moment ago. */
int tap_rx_poll(struct capture_queue *q, struct net_buffer_access *pool, uint32_t *ids,
		uint32_t count);
bool tap_poll_ready(struct capture_queue *q, struct net_buffer_access *pool);
int tap_tx_avail(struct capture_queue *q, struct net_buffer_access *pool,
		 const struct net_tx_segment *segments, uint32_t count, bool *sync);

/* Give the queue a spool. The queue may be running. */
void tap_start(struct capture_queue *q, struct spool *spool, uint32_t snap_bytes);
/* Take it away: when this returns the queue's thread does not use it any more. */
struct spool *tap_stop(struct capture_queue *q);

#endif
