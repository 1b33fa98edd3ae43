/* SPDX-License-Identifier: BSD-2-Clause */
/* Receive: posting ids one by one. rx_avail.c calls rx_post_any() for ids that its fast path leaves. */
#ifndef NET_XDP_RX_POST_H
#define NET_XDP_RX_POST_H

#include "xdp/data/rx.h"

/* Give the kernel the chunk at base for id. The caller has made sure of room in the fill ring. */
static inline void rx_post_chunk(struct net_xdp_queue *q, uint32_t id, uint64_t base)
{
	*ring_address(&q->xsk.fill, q->xsk.fill.mine++) = base;
	q->rx_ids.state[id] = base | rx_tag(RX_KERNEL, 0);
	rx_table_put(&q->rx_ids, id);
}

/*
 * Post at least one of count ids, and those behind it that are too small to be direct. end: the fill
 * ring's producer index where its room ends; direct ids that find no room are parked. *refused grows by
 * the ids that were refused.
 * Return: how many ids were looked at.
 */
uint32_t rx_post_any(struct net_xdp_queue *q, struct net_buffer_access *pool, const uint32_t *ids,
		     const struct net_rx_buffer *buffer, uint32_t count, uint32_t end,
		     uint32_t *refused);

#endif
