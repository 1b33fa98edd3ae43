/* SPDX-License-Identifier: BSD-2-Clause */
/* What a packet goes through that is not sent by the fast path: tx_plan.c sends it as it is or joins it,
 * tx_offload.c changes it. */
#ifndef NET_XDP_TX_PACKET_H
#define NET_XDP_TX_PACKET_H

#include "xdp/queue.h"

/* What becomes of a packet. */
enum tx_verdict {
	TX_SEND,
	TX_LATER, /* there is no room now: the packet stays with the frontend */
	/* The packet is dropped: accepted, counted and completed. */
	TX_BAD_LIST,
	TX_BAD_SIZE,
	TX_BAD_ADDRESS,
	TX_BAD_OFFLOAD,
	TX_SEALED,
};

/* What a packet waits for. */
struct tx_need {
	uint32_t descriptors, frames, headers; /* the latter: private slots */
};

/* Drop a packet: accept, count and complete it. meta is NULL when the list has none for it: then
 * nobody waits for an id. Returns false when the id has no room in q->done until the frontend
 * collects some. */
bool tx_drop(struct net_xdp_queue *q, const struct net_tx_metadata *meta, enum tx_verdict why);

/* Leave a packet to the frontend until that is free. Returns false, as tx_send_any() does. */
bool tx_later(struct net_xdp_queue *q, struct tx_need need);

/* Leave a packet to the frontend, which may offer it again at once: it is not for want of room. Returns
 * false. */
bool tx_again(struct net_xdp_queue *q);

/* Send a packet that asks for checksums, a tag or segmentation. Returns as tx_send_any(). */
bool tx_send_changed(struct net_xdp_queue *q, struct net_buffer_access *pool,
		     const struct net_tx_packet *packet);

/* ---- The bytes of a packet ------------------------------------------------------------------------- */

/* Where a walk over a packet's bytes is. */
struct tx_walk {
	const struct net_tx_segment *segment;
	uint32_t at; /* in the segment */
};

/* The next of at most most bytes that lie together. There are most bytes behind the walk. Returns how many,
 * and their guest address. */
static inline uint32_t tx_walk(struct tx_walk *w, uint32_t most, uint64_t *addr)
{
	uint32_t n;

	while (w->at == w->segment->len_bytes) {
		w->segment++;
		w->at = 0;
	}
	n = w->segment->len_bytes - w->at;
	if (n > most)
		n = most;
	*addr = w->segment->addr + w->at;
	w->at += n;
	return n;
}

/* Copy the next len bytes of a packet through our mapping. Returns false when a byte lies outside. */
bool tx_copy(struct net_xdp_queue *q, struct tx_walk *w, uint32_t len, uint8_t *out);

/* ---- Descriptors ----------------------------------------------------------------------------------- */

/* The private area is no region of the frontend's, but queue_page_rule() asks for one: it has small
 * pages. */
extern const struct memory_region tx_private_area;

/* Returns how many of len bytes at a UMEM offset of a region go into one descriptor; *page when the next
 * page, which is not contiguous for DMA, is why not more. */
static inline uint32_t tx_piece(const struct net_xdp_queue *q, const struct memory_region *region,
				uint64_t offset, uint32_t len, bool *page)
{
	uint32_t n = len < q->tx_piece_bytes ? len : q->tx_piece_bytes;

	if (q->paged) {
		const struct page_rule pages = queue_page_rule(q, region);

		if (page_crossed(pages, offset, n)) {
			n = (uint32_t)page_left(pages, offset);
			*page = q->unaligned;
		}
	}
	return n;
}

#endif
