/* SPDX-License-Identifier: BSD-2-Clause */
/* Receive: rx_avail.c posts buffers, rx_poll.c and rx_copy.c deliver frames. */
#ifndef NET_XDP_DATA_RX_H
#define NET_XDP_DATA_RX_H

#include "xdp/queue.h"

uint32_t rx_avail(struct net_queue *q, struct net_buffer_access *pool, const uint32_t *ids,
		  uint32_t count);
int rx_poll(struct net_queue *q, struct net_buffer_access *pool, uint32_t *ids, uint32_t count);
/* Wake the driver if it asks for it and the fill ring holds entries: one system call. Return: true
 * if the caller should arm its timer before it sleeps, because entries were announced just now or
 * could not be. */
bool rx_push(struct net_xdp_queue *q);
/* Make the tables. Call before bind, once memory and modes are set. Return: 0 or -ENOMEM. */
int rx_open(struct net_xdp_queue *q, uint32_t id_limit);
void rx_close(struct net_xdp_queue *q);
/* Park an id in a list: pending (until the fill ring has room; offset is its chunk's) or waiting
 * (until a frame is copied to its buffer; offset is where the frame is to start). */
void rx_park(struct net_xdp_queue *q, struct rx_list *list, uint32_t id, uint64_t offset,
	     uint32_t capacity);
/* How many chunks the kernel holds: in the fill ring, in the driver, in the RX ring. */
static inline uint32_t rx_held(const struct net_xdp_queue *q)
{
	return rx_table_count(&q->rx_ids) + q->rx_private_out;
}
/* How many pending ids to post now. In copy mode none while the kernel holds more than half a ring:
 * the frontend posts others meanwhile, which are warm in the cache. A zero-copy driver takes entries
 * out of the ring long before it fills their chunks, so there only the ring itself says how full it
 * is. */
static inline uint32_t rx_pending_wanted(const struct net_xdp_queue *q)
{
	return q->zero_copy || rx_held(q) <= q->xsk.fill.entries / 2 ? q->pending.count : 0;
}
/* Return: true if rx_refill() may find something to post. */
static inline bool rx_is_parked(const struct net_xdp_queue *q)
{
	return q->waiting.count || (q->pending.count && rx_pending_wanted(q));
}
/* Post parked ids and private chunks, publish the fill ring, and wake the driver if it sleeps. */
void rx_refill(struct net_xdp_queue *q);

#endif
