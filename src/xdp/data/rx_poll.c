// SPDX-License-Identifier: BSD-2-Clause
/*
 * Receive, from the kernel to the frontend: descriptors of the RX ring become ids. A frame in a buffer
 * of the frontend is delivered as it is; one in a private chunk is copied (rx_copy.c), and the chunk is
 * posted again by rx_refill().
 */
#include <string.h>

#include "xdp/data/chunk.h"
#include "xdp/data/rx_burst.h"
#include "xdp/socket.h"
#include "program/vlan_hint.h"
#include "xdp/data/ready.h"

/* Post the chunk of id again: the frame in it was dropped. */
static void repost(struct net_xdp_queue *q, uint32_t id)
{
	rx_park(q, &q->pending, id, rx_offset(&q->rx_ids, id), 0);
}

/* Deliver a frame that lies in a buffer of the frontend. base: UMEM offset of the chunk, data: of
 * the frame. */
static void deliver_direct(struct net_xdp_queue *q, struct burst *b, uint64_t base, uint64_t data,
			   uint32_t len)
{
	uint64_t offset = data - base - q->frame_offset;
	uint32_t id = rx_table_take(&q->rx_ids, base);

	if (id == RX_NONE) {
		count_up(q, NET_XDP_RX_UNKNOWN, 1);
		return;
	}
	/* A driver may put a frame further back than frame_offset. In front of it offset wraps and
	 * is huge. */
	if (len - 1u >= q->direct_capacity || offset > q->direct_capacity - len) {
		count_up(q, len ? NET_XDP_RX_DROP_CAPACITY : NET_XDP_RX_DROP_EMPTY, 1);
		repost(q, id);
		return;
	}
	q->rx_ids.state[id] = RX_FRONTEND;
	if (!q->unaligned)
		chunk_return(q->chunk_lent, base);
	burst_add(b, id, (uint32_t)offset, len);
	count_up(q, NET_XDP_RX_DIRECT, 1);
	if (q->inspect)
		rx_look_at(q, &b->metadata[b->count - 1], q->memory->base + data, len,
			   q->memory->base + data - sizeof(struct vlan_hint));
}

/*
 * An endpoint that is not jumbo drops frames that a driver splits over several chunks: their buffers
 * are posted again, and the frame is counted once, with its last part. Most drivers set XDP_PKT_CONTD
 * on every part but the last. Some do not (rx_silent_split); then a part that fills what the NIC knows
 * of its chunk is not the last.
 * Return: true if the descriptor was such a part, and was dealt with.
 */
ALONE static bool drop_split_part(struct net_xdp_queue *q, uint64_t base, uint64_t end,
				  bool continued)
{
	uint32_t id;

	if (q->rx_silent_split && end - base >= q->rx_silent_end)
		continued = true;
	if (!continued && !q->rx_dropping)
		return false;
	if (bounce_give(&q->rx_private, base))
		q->rx_private_out--;
	else if ((id = rx_table_take(&q->rx_ids, base)) != RX_NONE)
		repost(q, id);
	else
		count_up(q, NET_XDP_RX_UNKNOWN, 1);
	q->rx_dropping = continued;
	if (!continued)
		count_up(q, NET_XDP_RX_DROP_SPLIT, 1);
	return true;
}

/* Deliver or drop what one descriptor says. Return: true if it was a private chunk's and no frame is
 * left for the next call: the next descriptor may be a private chunk's too. */
static bool deliver_one(struct net_xdp_queue *q, struct burst *b, const struct xdp_desc *d)
{
	/* With unaligned chunks the kernel has the chunk's base in the low 48 bits, the distance of
	 * the data in the high 16 (XSK_UNALIGNED_BUF_OFFSET_SHIFT). With aligned chunks the high
	 * bits are 0 and base_mask gives the chunk. */
	uint64_t data = (d->addr & RX_OFFSET) + (d->addr >> 48), base = d->addr & q->base_mask;
	bool continued = d->options & XDP_PKT_CONTD;

	if (unlikely(!q->jumbo && (continued | q->rx_dropping | q->rx_silent_split)) &&
	    drop_split_part(q, base, data + d->len, continued))
		return false;
	if (!bounce_owns(&q->rx_private, base)) {
		deliver_direct(q, b, base, data, d->len);
		return false;
	}
	rx_private_part(q, b, base, data, d->len, continued);
	return !q->gather.left;
}

/* Return: for how many of n descriptors the burst has room, with one id each. */
static uint32_t room_for(const struct burst *b, uint32_t n)
{
	uint32_t room = (b->left < BATCH ? b->left : BATCH) - b->count;

	return n < room ? n : room;
}

/* Deliver at least one of n descriptors, and go on while they are private chunks'. Return: how many
 * of the n are left to deliver: fewer when frames over several buffers used up the room for ids, 0
 * when a frame has to wait for the next call. */
ALONE static uint32_t deliver_any(struct net_xdp_queue *q, struct burst *b, uint32_t n)
{
	bool more;

	do
		more = deliver_one(q, b, ring_descriptor(&q->xsk.rx, q->xsk.rx.mine++));
	while (--n && more && likely(!b->more));
	if (unlikely(b->more))
		n = room_for(b, n);
	return likely(!q->gather.left) ? n : 0;
}

/* The constants of one deliver_run(). */
struct fast_delivery {
	const uint32_t *next;
	uint64_t *state;
	uint64_t key, capacity;
	/* frame_offset, in the place where deliver_group() subtracts it; aligned only */
	uint64_t offset;
	uint64_t *lent; /* aligned only */
};

/* Deliver count descriptors to the ids of the fifo from *first on. The arguments count and aligned
 * are constants, so each caller gets a loop of its own. Return: how many were delivered before one
 * that the fast path cannot deliver. */
INLINE size_t deliver_group(const struct fast_delivery fast, const struct xdp_desc *rx,
			    size_t *first, uint32_t *ids, struct net_rx_metadata *metadata,
			    uint64_t *bytes, const bool aligned, const size_t count)
{
	size_t i;

	UNROLL
	for (i = 0; i < count; i++) {
		/* options must be 0. Anything else makes the length huge. */
		const uint64_t len = rx[i].len | (uint64_t)rx[i].options << 32;
		const size_t id = *first;

		/* One compare says that the kernel had this id's chunk and that the frame lies at
		 * frame_offset in it. Low 48 bits: the two addresses are equal, or differ by
		 * frame_offset with aligned chunks. Above: rx_tag(RX_KERNEL, 0) and, with unaligned
		 * chunks, frame_offset, which are in the key. */
		if (unlikely((rx[i].addr ^ fast.state[id]) != fast.key))
			break;
		if (unlikely(len - 1 >= fast.capacity))
			break;
		fast.state[id] = RX_FRONTEND;
		if (aligned)
			chunk_return(fast.lent, rx[i].addr - fast.offset);
		*first = fast.next[id];
		ids[i] = (uint32_t)id;
		metadata[i] = (struct net_rx_metadata){.len_bytes = (uint32_t)len};
		*bytes += len;
	}
	return i;
}

/*
 * The fast path: deliver whole frames that lie at frame_offset in the chunks that come next in the
 * fifo. n descriptors are contiguous in the ring, and the fifo has as many ids. *bytes grows by their
 * bytes.
 * Return: how many of the n were delivered. The next one needs deliver_one().
 */
INLINE uint32_t deliver_run(struct net_xdp_queue *q, uint32_t *ids,
			    struct net_rx_metadata *metadata, uint64_t *bytes, const uint32_t n,
			    const bool aligned)
{
	struct rx_table *t = &q->rx_ids;
	const struct xdp_desc *first = ring_descriptor(&q->xsk.rx, q->xsk.rx.mine), *rx = first;
	const struct xdp_desc *end = rx + n;
	const struct fast_delivery fast = {
		.next = t->next,
		.state = t->state,
		.key = q->rx_fast_key,
		.capacity = q->rx_fast_capacity,
		.lent = q->chunk_lent,
		.offset = q->rx_fast_offset,
	};
	size_t next = t->fifo.first, step;
	uint64_t sum = 0;
	uint32_t delivered;

	for (; end - rx >= (ptrdiff_t)GROUP; rx += GROUP, ids += GROUP, metadata += GROUP) {
		step = deliver_group(fast, rx, &next, ids, metadata, &sum, aligned, GROUP);
		if (unlikely(step != GROUP)) {
			rx += step;
			goto out;
		}
	}
	for (; rx != end; rx++, ids++, metadata++)
		if (!deliver_group(fast, rx, &next, ids, metadata, &sum, aligned, 1))
			break;
out:
	delivered = (uint32_t)(rx - first);
	t->fifo.first = (uint32_t)next;
	t->fifo.count -= delivered;
	q->xsk.rx.mine += delivered;
	*bytes += sum;
	count_up(q, NET_XDP_RX_DIRECT, delivered);
	return delivered;
}

/* Add what deliver_run() delivers of most descriptors to a burst. */
INLINE uint32_t burst_run(struct net_xdp_queue *q, struct burst *b, uint32_t most,
			  const bool aligned)
{
	uint32_t known = q->rx_ids.fifo.count;
	uint32_t n = ring_run(q->xsk.rx.mine, q->xsk.rx.mask, most < known ? most : known);

	n = deliver_run(q, b->ids + b->count, b->metadata + b->count, &b->bytes, n, aligned);
	b->count += n;
	return n;
}

ALONE static uint32_t deliver_fast_unaligned(struct net_xdp_queue *q, struct burst *b,
					     uint32_t most)
{
	return burst_run(q, b, most, false);
}

ALONE static uint32_t deliver_fast_aligned(struct net_xdp_queue *q, struct burst *b, uint32_t most)
{
	return burst_run(q, b, most, true);
}

static uint32_t deliver_fast(struct net_xdp_queue *q, struct burst *b, uint32_t most)
{
	if (q->rx_dropping)
		return 0;
	return q->unaligned ? deliver_fast_unaligned(q, b, most) : deliver_fast_aligned(q, b, most);
}

/* Deliver n descriptors, or as many as the burst has room for. */
static void deliver_all(struct net_xdp_queue *q, struct burst *b, uint32_t n)
{
	if (unlikely(q->inspect))
		rx_prefetch(q, n);
	while (n) {
		uint32_t done = deliver_fast(q, b, n);

		if (unlikely(q->inspect))
			rx_look_at_last(q, &b->metadata[b->count - done], done);
		n -= done;
		if (n)
			n = deliver_any(q, b, n);
	}
	ring_publish(&q->xsk.rx);
}

/* When all buffers are in the fill ring, no rx_avail() follows that would wake the driver, and a
 * frontend that polls does not sleep either. A driver that sets XDP_RING_NEED_WAKEUP late, or lost
 * its wake-up, would wait for ever: so it is woken again every PATIENCE_LOOKS empty polls. */
static void nothing_came(struct net_xdp_queue *q)
{
	if (q->xsk.busy_poll)
		queue_kick_rx(q);
	else if (q->zero_copy && ++q->rx_empty_polls % PATIENCE_LOOKS == 0)
		rx_push(q);
	queue_look(q);
}

/*
 * Any number of descriptors. Frames that were dropped and parts of frames give no ids; the second
 * condition of the loop bounds the call all the same.
 */
ALONE static int poll_any(struct net_xdp_queue *q, struct net_buffer_access *pool, uint32_t *ids,
			  uint32_t count)
{
	uint32_t done = 0, looked = 0;

	while (done < count && looked <= 2 * (count | BATCH)) {
		uint32_t left = count - done;
		uint32_t n = ring_available(&q->xsk.rx, left < BATCH ? left : BATCH);
		struct burst b;

		b.pool = pool;
		b.ids = ids + done;
		b.count = b.more = 0;
		b.left = left;
		b.bytes = 0;
		if (unlikely(q->gather.left)) {
			if (looked)
				break;
			rx_deliver_left(q, &b);
			n = room_for(&b, n);
		} else if (n == 0) {
			break;
		}
		deliver_all(q, &b, n);
		if (b.count)
			pool->ops->rx_metadata(pool, b.ids, b.metadata, b.count);
		count_up(q, NET_XDP_RX_FRAMES, b.count - b.more);
		count_up(q, NET_XDP_RX_BYTES, b.bytes);
		done += b.count;
		looked += n | 1;
	}
	if (looked == 0)
		nothing_came(q);
	if (rx_is_parked(q))
		rx_refill(q);
	return (int)done;
}

/*
 * The only frame that has come: a guest that answers gets its frames one by one. It needs no burst and
 * no loop: deliver_run() with a constant 1 is the body of the fast path's loop.
 * Return: as rx_poll().
 */
INLINE int poll_single(struct net_xdp_queue *q, struct net_buffer_access *pool, uint32_t *ids,
		       uint32_t count, const bool aligned, const bool inspect)
{
	struct net_rx_metadata metadata;
	uint64_t bytes = 0;

	if (unlikely(!deliver_run(q, ids, &metadata, &bytes, 1, aligned)))
		return poll_any(q, pool, ids, count);
	if (inspect)
		rx_look_at_last(q, &metadata, 1);
	count_up(q, NET_XDP_RX_BYTES, bytes);
	ring_publish(&q->xsk.rx);
	count_up(q, NET_XDP_RX_FRAMES, 1);
	pool->ops->rx_metadata(pool, ids, &metadata, 1);
	return 1;
}

ALONE static int poll_single_aligned(struct net_xdp_queue *q, struct net_buffer_access *pool,
				     uint32_t *ids, uint32_t count)
{
	return poll_single(q, pool, ids, count, true, false);
}

ALONE static int poll_single_looked_at(struct net_xdp_queue *q, struct net_buffer_access *pool,
				       uint32_t *ids, uint32_t count)
{
	return q->unaligned ? poll_single(q, pool, ids, count, false, true)
			    : poll_single(q, pool, ids, count, true, true);
}

/* Return: true if there is more to do than to deliver a frame, or deliver_run() may not be used. (While
 * gather.left, buffers wait: the frame needs several.) */
static inline bool is_special(const struct net_xdp_queue *q)
{
	return (q->waiting.count | q->pending.count) != 0 || q->rx_dropping ||
	       q->rx_ids.fifo.count == 0;
}

int rx_poll(struct net_queue *queue, struct net_buffer_access *pool, uint32_t *ids, uint32_t count)
{
	struct net_xdp_queue *q = queue_of(queue);

	if (ring_available(&q->xsk.rx, count) != 1 || unlikely(is_special(q)))
		return poll_any(q, pool, ids, count);
	if (unlikely(q->inspect))
		return poll_single_looked_at(q, pool, ids, count);
	return q->unaligned ? poll_single(q, pool, ids, count, false, false)
			    : poll_single_aligned(q, pool, ids, count);
}
