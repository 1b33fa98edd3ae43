// SPDX-License-Identifier: BSD-2-Clause
/*
 * Receive, one id: the verdict on its buffer, and what follows. The id is posted (direct), parked until
 * the fill ring has room, parked until a frame is copied to its buffer (and the reason is counted,
 * rx_bounce_*), or refused.
 */
#include "base/grow.h"
#include "program/vlan_hint.h"
#include "xdp/data/chunk.h"
#include "xdp/data/hot.h"
#include "xdp/data/rx_burst.h"
#include "xdp/data/rx_post.h"

/* ---- The verdict: direct, or why not ---------------------------------------------------------- */

enum verdict { DIRECT, CAPACITY, WINDOW, PLACE, PAGE, GAP, JUMBO };

/* Index by verdict. */
static const enum net_xdp_counter bounce_counter[] = {
	[CAPACITY] = NET_XDP_RX_BOUNCE_CAPACITY, [WINDOW] = NET_XDP_RX_BOUNCE_WINDOW,
	[PLACE] = NET_XDP_RX_BOUNCE_PLACE,	 [PAGE] = NET_XDP_RX_BOUNCE_PAGE,
	[GAP] = NET_XDP_RX_BOUNCE_GAP,		 [JUMBO] = NET_XDP_RX_BOUNCE_JUMBO,
};

/* data: UMEM offset where the frame is to start. A chunk that is judged direct must be one that the
 * kernel accepts: xp_check_unaligned() and xp_check_aligned() (xsk_buff_pool.c) drop others, and no
 * counter says so. */
static enum verdict judge(const struct net_xdp_queue *q, uint64_t data,
			  const struct net_rx_buffer *buffer)
{
	uint64_t base = data - q->frame_offset;

	if (q->jumbo)
		return JUMBO;
	if (buffer->capacity_bytes < q->direct_capacity)
		return CAPACITY;
	if (data < q->frame_offset || base + q->chunk_bytes > q->umem_bytes)
		return WINDOW;
	if (!q->unaligned && base % q->chunk_bytes)
		return PLACE;
	if ((q->rx_vlan && buffer->header_bytes < sizeof(struct vlan_hint)) ||
	    (q->zero_copy && buffer->header_bytes < q->driver_gap_bytes))
		return GAP;
	if (q->zero_copy && memory_contiguous(q->memory, base, q->chunk_bytes) < q->chunk_bytes)
		return PAGE;
	return DIRECT;
}

/* ---- Post, park or refuse ---------------------------------------------------------------------- */

void rx_park(struct net_xdp_queue *q, struct rx_list *list, uint32_t id, uint64_t offset,
	     uint32_t capacity)
{
	struct rx_table *t = &q->rx_ids;

	t->state[id] = offset | rx_tag(list == &q->pending ? RX_PENDING : RX_WAITING, capacity);
	rx_list_put(t, list, id);
}

/* Park an id until a frame is copied to its buffer; all pieces of the buffer count. Return: 0 or why
 * the id is refused. */
static enum net_rx_refusal post_bounced(struct net_xdp_queue *q, struct net_buffer_access *pool,
					uint32_t id, const struct net_rx_buffer *buffer,
					uint64_t data, enum verdict why)
{
	uint64_t capacity;

	if (q->rx_private.slots == 0)
		return NET_RX_REFUSED_COPY;
	capacity = GROW_HAS(pool->ops, rx_pieces) ? rx_whole_capacity(q, pool, id, buffer)
						  : buffer->capacity_bytes;
	if (capacity == 0)
		return NET_RX_REFUSED_ADDRESS;
	count_up(q, bounce_counter[why], 1);
	rx_park(q, &q->waiting, id, data,
		capacity < RX_CAPACITY_MAX ? (uint32_t)capacity : RX_CAPACITY_MAX);
	return 0;
}

/* Post, park or refuse one id. end: see rx_post_any(). Return: 0 or why the id is refused. */
static enum net_rx_refusal post_one(struct net_xdp_queue *q, struct net_buffer_access *pool,
				    uint32_t id, const struct net_rx_buffer *buffer, uint32_t end)
{
	uint64_t data, length = (uint64_t)buffer->header_bytes + buffer->capacity_bytes;
	enum verdict verdict;

	if (id >= q->rx_ids.id_limit || buffer->capacity_bytes == 0)
		return NET_RX_REFUSED_ID;
	if (q->rx_ids.state[id] != RX_FRONTEND)
		return NET_RX_REFUSED_DUPLICATE;
	if (!memory_offset(q->memory, &q->rx_region, buffer->addr, length, &data))
		return NET_RX_REFUSED_ADDRESS;
	data += buffer->header_bytes;
	verdict = judge(q, data, buffer);
	if (verdict != DIRECT)
		return post_bounced(q, pool, id, buffer, data, verdict);
	if (!q->unaligned && !chunk_lend(q->chunk_lent, data - q->frame_offset))
		return NET_RX_REFUSED_DUPLICATE;
	if (q->xsk.fill.mine != end)
		rx_post_chunk(q, id, data - q->frame_offset);
	else
		rx_park(q, &q->pending, id, data - q->frame_offset, 0);
	return 0;
}

/* Index by reason. */
static const enum net_xdp_counter refusal_counter[] = {
	[NET_RX_REFUSED_ID] = NET_XDP_RX_REFUSED_ID,
	[NET_RX_REFUSED_DUPLICATE] = NET_XDP_RX_REFUSED_DUPLICATE,
	[NET_RX_REFUSED_ADDRESS] = NET_XDP_RX_REFUSED_ADDRESS,
	[NET_RX_REFUSED_COPY] = NET_XDP_RX_REFUSED_COPY,
};

uint32_t rx_post_any(struct net_xdp_queue *q, struct net_buffer_access *pool, const uint32_t *ids,
		     const struct net_rx_buffer *buffer, uint32_t count, uint32_t end,
		     uint32_t *refused)
{
	uint32_t i = 0;

	do {
		enum net_rx_refusal why = post_one(q, pool, ids[i], &buffer[i], end);

		if (unlikely(why)) {
			count_up(q, refusal_counter[why], 1);
			++*refused;
			if (GROW_HAS(pool->ops, rx_refused))
				pool->ops->rx_refused(pool, ids[i], why);
		}
	} while (++i < count && buffer[i].capacity_bytes < q->direct_capacity);
	return i;
}
