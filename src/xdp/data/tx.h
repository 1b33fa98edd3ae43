/* SPDX-License-Identifier: BSD-2-Clause */
/* Transmit: tx_avail.c and tx_plan.c send packets, tx_poll.c reads completions and kicks. */
#ifndef NET_XDP_DATA_TX_H
#define NET_XDP_DATA_TX_H

#include "xdp/queue.h"

int tx_avail(struct net_queue *q, struct net_buffer_access *pool,
	     const struct net_tx_segment *segments, uint32_t count, bool *sync);
int tx_poll(struct net_queue *q, struct net_buffer_access *pool, uint32_t *ids, uint32_t count);
int tx_open(struct net_xdp_queue *q);
void tx_close(struct net_xdp_queue *q);
/* Tell the kernel about what is in the TX ring, if it wants to be told and does not know: one bounded
 * kick. */
void tx_push(struct net_xdp_queue *q);
/* Read completions to make room; their ids wait for tx_poll. */
void tx_reap(struct net_xdp_queue *q);
/* Send any packet, or drop and complete it. Returns false when it stays with the frontend. */
bool tx_send_any(struct net_xdp_queue *q, const struct net_tx_packet *packet);
/* Descriptors that may be written now: room in the TX ring, and in flight no more than the completion
 * ring holds, so that it can never be full. Looks at the kernel's side only when want is not there. */
static inline uint32_t tx_room(struct net_xdp_queue *q, uint32_t want)
{
	uint32_t ring, flight;

	if (__builtin_expect(inflight_room(&q->tx_inflight) < want, 0))
		tx_reap(q);
	flight = inflight_room(&q->tx_inflight);
	ring = ring_room(&q->xsk.tx, want);
	return ring < flight ? ring : flight;
}
/* Ids that wait for tx_poll: read completions and dropped packets. */
static inline uint32_t tx_done_count(const struct net_xdp_queue *q)
{
	return q->done_tail - q->done_head;
}
static inline void tx_done_push(struct net_xdp_queue *q, uint32_t id)
{
	q->done[q->done_tail++ & q->done_mask] = id;
}
/* Would the packet that was refused last fit now? */
bool tx_has_room(struct net_xdp_queue *q);

#endif
