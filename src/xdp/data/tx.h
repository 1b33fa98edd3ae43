/* SPDX-License-Identifier: BSD-2-Clause */
/* Transmit: tx_avail.c, tx_plan.c and tx_offload.c send packets, tx_poll.c reads completions and kicks. */
#ifndef NET_XDP_DATA_TX_H
#define NET_XDP_DATA_TX_H

#include "xdp/queue.h"

int tx_avail(struct net_queue *q, struct net_buffer_access *pool,
	     const struct net_tx_segment *segments, uint32_t count, bool *sync);
int tx_poll(struct net_queue *q, struct net_buffer_access *pool, uint32_t *ids, uint32_t count);
int tx_open(struct net_xdp_queue *q);
void tx_close(struct net_xdp_queue *q);
/* System calls that one data call makes at most to send. 64 send a ring of 2048 in the kernel's default
 * portions of 32 (__xsk_generic_xmit()); they bound the time when each call loses one frame (EBUSY). Each
 * packet that goes whole takes one of them (tx_whole.c). */
#define TX_CALLS 64
/* Kick once, at most TX_CALLS system calls, if the TX ring has descriptors, the kernel asks for it and no
 * kick that was made already is to be waited for. */
void tx_push(struct net_xdp_queue *q);
/* Make the kernel send, or wake the driver. */
void tx_kick(struct net_xdp_queue *q);
/* tx_kick() by at most so many system calls. Returns how many were made. */
uint32_t tx_kick_most(struct net_xdp_queue *q, uint32_t most);
/* Returns true if the kernel asks for a kick. */
static inline bool tx_wants_kick(const struct net_xdp_queue *q)
{
	if (q->zero_copy)
		__atomic_thread_fence(__ATOMIC_SEQ_CST); /* see ring_needs_wakeup() */
	return ring_needs_wakeup(&q->xsk.tx) || q->xsk.busy_poll;
}
/* tx_push() right after new descriptors were published, and tx_patience was set to 0 for them. */
static inline void tx_push_new(struct net_xdp_queue *q)
{
	if (!ring_drained(&q->xsk.tx) && tx_wants_kick(q))
		tx_kick(q);
}
/* Read completions to make room in struct inflight; their ids wait in q->done for tx_poll(). */
void tx_reap(struct net_xdp_queue *q);
/* Send any packet, or drop and complete it. Returns false when it stays with the frontend. */
bool tx_send_any(struct net_xdp_queue *q, struct net_buffer_access *pool,
		 const struct net_tx_packet *packet);
/* Returns how many descriptors may be written now: as many as the TX ring has room for, and as the
 * completion ring can hold beside those in flight, so that it is never full. Reads completions and
 * the TX ring's consumer index only when less than want is known to be free. */
static inline uint32_t tx_room(struct net_xdp_queue *q, uint32_t want)
{
	uint32_t ring, flight;

	if (__builtin_expect(inflight_room(&q->tx_inflight) < want, 0))
		tx_reap(q);
	flight = inflight_room(&q->tx_inflight);
	ring = ring_room(&q->xsk.tx, want);
	return ring < flight ? ring : flight;
}
/* Ids that wait for tx_poll(): of completions that were read and of packets that were dropped. */
static inline uint32_t tx_done_count(const struct net_xdp_queue *q)
{
	return q->done_tail - q->done_head;
}
static inline void tx_done_push(struct net_xdp_queue *q, uint32_t id)
{
	q->done[q->done_tail++ & q->done_mask] = id;
}
/* Returns true if the packet that tx_avail() left to the frontend last would fit now, or never will. */
bool tx_has_room(struct net_xdp_queue *q);

#endif
