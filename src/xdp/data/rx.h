/* SPDX-License-Identifier: BSD-2-Clause */
/* Receive: rx_avail.c posts buffers, rx_poll.c and rx_copy.c deliver frames. */
#ifndef NET_XDP_DATA_RX_H
#define NET_XDP_DATA_RX_H

#include "xdp/queue.h"

uint32_t rx_avail(struct net_queue *q, struct net_buffer_access *pool, const uint32_t *ids,
		  uint32_t count);
int rx_poll(struct net_queue *q, struct net_buffer_access *pool, uint32_t *ids, uint32_t count);
/* Wake a driver that asks for it, when there is something in the fill ring: one system call. Return: shall
 * a queue that goes to sleep look again soon? Was there something that the driver had not been told of, or
 * did the wake-up fail? */
bool rx_push(struct net_xdp_queue *q);
/* Before bind: the verdicts need the rings, memory and modes to be set. */
int rx_open(struct net_xdp_queue *q, uint32_t id_limit);
void rx_close(struct net_xdp_queue *q);
/* An id joins a list of parked ones: pending or waiting. */
void rx_park(struct net_xdp_queue *q, struct rx_list *list, uint32_t id, uint64_t offset,
	     uint32_t capacity);
/* Chunks that the kernel holds: in the fill ring, in a driver, in the RX ring. */
static inline uint32_t rx_held(const struct net_xdp_queue *q)
{
	return rx_table_count(&q->rx_ids) + q->rx_private_out;
}
/* Pending ids to post now. While the frontend gives others back, those are posted as they come, warm in
 * the cache, and the pending ones stay until half of the ring is used up. A zero-copy driver takes
 * chunks out long before it fills them: there only the ring itself says how full it is. */
static inline uint32_t rx_pending_wanted(const struct net_xdp_queue *q)
{
	return q->zero_copy || rx_held(q) <= q->xsk.fill.entries / 2 ? q->pending.count : 0;
}
/* May rx_refill() find something to post? */
static inline bool rx_is_parked(const struct net_xdp_queue *q)
{
	return q->waiting.count || (q->pending.count && rx_pending_wanted(q));
}
/* Post what waited for room, publish, and wake the driver if it sleeps. */
void rx_refill(struct net_xdp_queue *q);

#endif
