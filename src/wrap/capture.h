/* SPDX-License-Identifier: BSD-2-Clause */
/* The capture wrapper's state: capture.c has the endpoint, capture_queue.c a queue, tap.c what a
 * queue does while capture is on. */
#ifndef NET_CAPTURE_H
#define NET_CAPTURE_H

#include <pthread.h>

#include "net_wrap.h"
#include "wrap/recorder.h"

/* The pool that the inner queue gets while capture is on. It forwards all operations to the
 * frontend's pool, and reads the frames whose metadata pass. */
struct tap_pool {
	struct net_buffer_access base;
	/* the operations of this pool: those that the frontend's pool has */
	struct net_buffer_access_ops ops;
	struct net_buffer_access *outer; /* the frontend's pool */
	const struct net_buffer_access_ops *outer_ops;
	struct spool *spool; /* set during a data call */
	uint32_t snap_bytes;
	uint32_t queue;
};

extern const struct net_endpoint_ops capture_endpoint_ops;
extern const struct net_queue_ops capture_queue_ops;

struct capture_queue {
	struct net_queue base;
	struct net_queue *inner;
	/* NULL while capture is off; written under the endpoint's lock, read by the queue's thread
	 * without */
	struct spool *spool; /* atomic */
	bool in_use;	     /* atomic: the queue's thread may be using the spool */
	/* a packet with any other flag is dropped by the inner queue */
	uint32_t tx_flags;
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
	struct recorder *recorder;     /* NULL while capture is off */
	struct net_capture_stats last; /* of the last capture that ended */
};

/* ---- capture_queue.c ----------------------------------------------------------------------- */

/* Make a wrapper that has no inner queue yet. Return: NULL if there is no memory. */
struct capture_queue *capture_queue_alloc(struct capture *ep, uint32_t index);
/* Put the wrapper where *queue is, and take *queue as the inner queue. If capture is on, the queue
 * is captured; without memory for that it runs all the same, and the capture ends with -ENOMEM. */
void capture_queue_put(struct capture_queue *q, struct net_queue **queue);

/* ---- tap.c --------------------------------------------------------------------------------- */

/* The data calls of a queue that is being captured, or was when the call began. */
int tap_rx_poll(struct capture_queue *q, struct net_buffer_access *pool, uint32_t *ids,
		uint32_t count);
bool tap_poll_ready(struct capture_queue *q, struct net_buffer_access *pool);
int tap_tx_avail(struct capture_queue *q, struct net_buffer_access *pool,
		 const struct net_tx_segment *segments, uint32_t count, bool *sync);

/* Start capturing the queue, which may be running, to a spool. */
void tap_start(struct capture_queue *q, struct spool *spool, uint32_t snap_bytes);
/* Stop capturing the queue. Return: its spool, which the queue's thread does not use any more. */
struct spool *tap_stop(struct capture_queue *q);

#endif
