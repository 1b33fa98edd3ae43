/* SPDX-License-Identifier: BSD-2-Clause */
/* A walk over the payload of a packet that is cut: over ranges of the UMEM that are contiguous for DMA,
 * each segment's addresses looked at once. */
#ifndef NET_XDP_TX_PAYLOAD_H
#define NET_XDP_TX_PAYLOAD_H

#include "xdp/data/hot.h"
#include "xdp/queue.h"

struct tx_payload {
	const struct net_tx_segment *next; /* the segment behind this one */
	uint64_t offset;		   /* of the next byte, in the UMEM */
	uint32_t together;		   /* bytes from there on that are contiguous for DMA */
	uint32_t behind;		   /* and those of the segment behind them */
};

/* What is together of a segment's bytes behind. */
static inline void tx_payload_find(const struct net_xdp_queue *q, struct tx_payload *p)
{
	uint64_t most = p->behind;

	if (q->paged)
		most = page_left(queue_page_rule(q, &q->memory->region[q->tx_region]), p->offset);
	p->together = p->behind < most ? p->behind : (uint32_t)most;
	p->behind -= p->together;
}

/* Go on to a segment, from a byte on. Returns false when a byte of the segment lies outside. */
static inline bool tx_payload_enter(struct net_xdp_queue *q, struct tx_payload *p,
				    const struct net_tx_segment *s, uint32_t at)
{
	const uint32_t len = s->len_bytes;

	if (!memory_offset(q->memory, &q->tx_region, s->addr, len, &p->offset))
		return false;
	p->next = s + 1;
	p->offset += at;
	p->behind = len - at;
	tx_payload_find(q, p);
	return true;
}

/* Go on when nothing together is left. There are bytes behind. Returns false when they lie outside. */
INLINE bool tx_payload_go_on(struct net_xdp_queue *q, struct tx_payload *p)
{
	const struct net_tx_segment *s = p->next;

	if (p->behind) {
		tx_payload_find(q, p);
		return true;
	}
	while (!s->len_bytes)
		s++;
	return tx_payload_enter(q, p, s, 0);
}

/* Go back by len bytes, which the walk has gone. */
static inline void tx_payload_go_back(struct net_xdp_queue *q, struct tx_payload *p, uint32_t len)
{
	const struct net_tx_segment *s = p->next - 1;
	uint32_t at = s->len_bytes - p->together - p->behind;

	while (len > at) {
		len -= at;
		at = (--s)->len_bytes;
	}
	tx_payload_enter(q, p, s, at - len);
}

/* Take up to most of the bytes together, of which there are some. Returns how many; *offset in the
 * UMEM. */
static inline uint32_t tx_payload_take(struct tx_payload *p, uint32_t most, uint64_t *offset)
{
	const uint32_t n = most < p->together ? most : p->together;

	*offset = p->offset;
	p->offset += n;
	p->together -= n;
	return n;
}

#endif
