// SPDX-License-Identifier: BSD-2-Clause
/*
 * Receive, from the frontend to the kernel: ids become entries of the fill ring.
 *
 * A buffer that a whole chunk may cover is *direct*: its fill entry makes the kernel write the frame at
 * the buffer's address plus its header gap. Any other buffer *waits*: for each waiting buffer the
 * kernel gets a private chunk (rx_frame_chunks of them with jumbo), and rx_copy.c copies the frame that
 * arrives there to the buffer that has waited longest. Jumbo endpoints receive all frames that way.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "xdp/data/chunk.h"
#include "xdp/data/hot.h"
#include "xdp/data/rx_post.h"
#include "xdp/socket.h"
#include "xdp/data/rx.h"

/* ---- Fill ------------------------------------------------------------------------------------- */

/* Entries of the fill ring that stay free: two cache lines. Without them the entry that is written
 * next and the entry that the kernel reads next share a cache line when the ring is full, and that
 * line moves between the two processors for each frame. */
#define FILL_GAP 16u

/*
 * Room in the fill ring, at least want if there is that much. The kernel holds every entry of the ring,
 * so the ring is never fuller than rx_held() and the dead entries of a kept socket. While that number
 * leaves room enough, the kernel's consumer index is not read: the kernel writes its cache line for each
 * frame, and reading would move the line to us and back.
 *
 * An entry may be written again as soon as its chunk has come back: the chunk's RX descriptor was
 * published after the fill entry was read, and ring_available() has acquired the RX ring's index. The
 * consumer index alone may also say too little: the kernel publishes it after the RX ring's index.
 */
static inline uint32_t fill_room(struct net_xdp_queue *q, uint32_t want)
{
	uint32_t entries = q->xsk.fill.entries, chunks = rx_held(q) + q->fill_dead, most, now;

	if (chunks + FILL_GAP <= entries && want <= entries - (chunks + FILL_GAP))
		return entries - (chunks + FILL_GAP);
	most = entries > 8 * FILL_GAP ? entries - FILL_GAP : entries;
	if (chunks <= most && want <= most - chunks)
		return most - chunks;
	now = ring_room_now(&q->xsk.fill, entries - most);
	if (q->fill_dead && (int32_t)(q->xsk.fill.theirs - q->fill_end) >= 0)
		q->fill_dead = 0;
	return chunks <= most && now < most - chunks ? most - chunks : now;
}

/* Private chunks to post now: rx_frame_chunks for each waiting buffer, less those that the kernel
 * has, as far as there are free ones. */
static uint32_t private_wanted(const struct net_xdp_queue *q)
{
	uint64_t wanted = (uint64_t)q->waiting.count * q->rx_frame_chunks;

	if (wanted <= q->rx_private_out)
		return 0;
	wanted -= q->rx_private_out;
	return wanted < q->rx_private.free_count ? (uint32_t)wanted : q->rx_private.free_count;
}

/* A driver that is short of buffers keeps XDP_RING_NEED_WAKEUP set, and the fill ring's consumer
 * index moves only when a frame arrives (xsk_flush()), not when the driver takes entries: neither
 * says that the driver knows of them. rx_announced does, the producer index at the last wake-up.
 * Return: as rx_push(). */
ALONE static bool wake(struct net_xdp_queue *q)
{
	bool is_news = q->rx_wake_failed || q->rx_announced != q->xsk.fill.mine;

	q->rx_announced = q->xsk.fill.mine;
	q->rx_wake_failed = queue_kick_rx(q) != KICK_OK;
	return is_news || q->rx_wake_failed;
}

bool rx_push(struct net_xdp_queue *q)
{
	if (!q->zero_copy || ring_drained(&q->xsk.fill))
		return false;
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* see ring_needs_wakeup() */
	return ring_needs_wakeup(&q->xsk.fill) && wake(q);
}

/* Post the parked ids and private chunks for which the ring has room. */
static void post_parked(struct net_xdp_queue *q)
{
	uint32_t chunks = private_wanted(q), pending = rx_pending_wanted(q), room, share;

	room = fill_room(q, pending + chunks);
	/* Pending ids and private chunks may not starve each other: up to half of the room is for
	 * private chunks. */
	share = room - room / 2 < chunks ? room - room / 2 : chunks;
	room -= share;
	for (; pending && room; pending--, room--) {
		uint32_t id = rx_list_take(&q->rx_ids, &q->pending);

		rx_post_chunk(q, id, rx_offset(&q->rx_ids, id));
	}
	room += share;
	chunks = chunks < room ? chunks : room;
	q->rx_private_out += chunks;
	while (chunks--)
		*ring_address(&q->xsk.fill, q->xsk.fill.mine++) = bounce_take(&q->rx_private);
}

/* Show the kernel the entries that were written. */
static inline void publish(struct net_xdp_queue *q)
{
	ring_publish(&q->xsk.fill);
	if (q->zero_copy)
		rx_push(q);
	if (unlikely(q->outside))
		queue_enter(q);
}

static inline void refill(struct net_xdp_queue *q)
{
	if (unlikely(rx_is_parked(q)))
		post_parked(q);
	if (*q->xsk.fill.own != q->xsk.fill.mine)
		publish(q);
}

void rx_refill(struct net_xdp_queue *q)
{
	refill(q);
}

/* ---- The fast path --------------------------------------------------------------------------- */

/* header_bytes and capacity_bytes of a buffer in one word, to compare them at once. */
static inline uint64_t shape_of(const struct net_rx_buffer *b)
{
	uint64_t shape;

	memcpy(&shape, &b->header_bytes, sizeof(shape));
	return shape;
}

/* The constants of one post_run(): its buffers lie in one region and have one shape. */
struct fast_post {
	uint64_t shape;
	uint64_t guest; /* guest address of the region's first byte */
	uint64_t last;	/* largest offset in the region at which a buffer of this shape fits */
	uint64_t chunk; /* offset in the region + this: UMEM offset of the buffer's chunk */
	uint64_t tag;	/* of the state of a posted id */
	uint32_t limit; /* of ids */
	uint64_t *state;
	uint32_t *next;
	struct page_rule pages;
	uint32_t chunk_bytes;
	uint64_t *lent; /* aligned only */
};

/* Post count buffers. The arguments count, paged (chunks may not cross a page boundary) and aligned
 * are constants, so each caller gets a loop of its own. Return: how many were posted before one that
 * the fast path cannot post. */
INLINE size_t post_group(const struct fast_post fast, const struct net_rx_buffer *buffer,
			 const uint32_t *ids, uint64_t *fill, uint32_t **link, const bool paged,
			 const bool aligned, const size_t count)
{
	size_t i;

	UNROLL
	for (i = 0; i < count; i++) {
		/* offset in the region; huge in front of it */
		const uint64_t at = buffer[i].addr - fast.guest;
		const size_t id = ids[i];

		if (unlikely(shape_of(&buffer[i]) != fast.shape))
			break;
		if (unlikely(at > fast.last))
			break;
		if (paged && unlikely(page_crossed(fast.pages, at + fast.chunk, fast.chunk_bytes)))
			break;
		if (unlikely(id >= fast.limit))
			break;
		if (unlikely(fast.state[id] != RX_FRONTEND))
			break;
		if (aligned && unlikely(!chunk_lend(fast.lent, at + fast.chunk)))
			break;
		fill[i] = at + fast.chunk;
		fast.state[id] = (at + fast.chunk) | fast.tag;
		**link = (uint32_t)id;
		*link = &fast.next[id];
	}
	return i;
}

/*
 * The fast path: post buffers that lie in the region used last, have the shape (gap and capacity) of
 * the first of them, and are direct. A frontend's buffers nearly always are all three. Then one compare
 * of the shape and one of the offset in the region say what judge() and memory_offset() would.
 * The entries of the fill ring for count buffers (at least 1) are contiguous.
 * Return: how many of the first count were posted. The next one needs rx_post_any(), or another
 * post_run() with its own shape.
 */
INLINE uint32_t post_run(struct net_xdp_queue *q, const uint32_t *ids,
			 const struct net_rx_buffer *buffer, const uint32_t count, const bool paged,
			 const bool aligned)
{
	const struct memory_region *r = &q->memory->region[q->rx_region];
	const uint64_t length = (uint64_t)buffer->header_bytes + buffer->capacity_bytes;
	const uint32_t *id = ids, *end = ids + count;
	struct rx_table *t = &q->rx_ids;
	uint32_t *link = rx_list_end(t, &t->fifo), posted;
	struct fast_post fast;
	uint64_t *fill;
	size_t step;

	if (unlikely(buffer->capacity_bytes < q->direct_capacity || length > r->bytes ||
		     (paged && q->zero_copy && buffer->header_bytes < q->driver_gap_bytes)))
		return 0;
	fast = (struct fast_post){
		.shape = shape_of(buffer),
		.guest = r->guest_addr,
		.last = r->bytes - length,
		.chunk = r->offset - q->frame_offset + buffer->header_bytes,
		/* This is rx_tag(RX_KERNEL, 0). Written as a constant, gcc would load it for each
		 * buffer. */
		.tag = q->rx_fast_key ^ q->rx_fast_offset,
		.limit = t->id_limit,
		.state = t->state,
		.next = t->next,
		.chunk_bytes = q->chunk_bytes,
		.pages = queue_page_rule(q, r),
		.lent = q->chunk_lent,
	};
	fill = ring_address(&q->xsk.fill, q->xsk.fill.mine);
	for (; end - id >= (ptrdiff_t)GROUP; id += GROUP, buffer += GROUP, fill += GROUP) {
		step = post_group(fast, buffer, id, fill, &link, paged, aligned, GROUP);
		if (unlikely(step != GROUP)) {
			id += step;
			goto out;
		}
	}
	for (; id < end; id++, buffer++, fill++)
		if (unlikely(!post_group(fast, buffer, id, fill, &link, paged, aligned, 1)))
			break;
out:
	posted = (uint32_t)(id - ids);
	if (posted) {
		q->xsk.fill.mine += posted;
		t->fifo.count += posted;
		t->fifo.last = id[-1];
	}
	return posted;
}

ALONE static uint32_t post_fast_anywhere(struct net_xdp_queue *q, const uint32_t *ids,
					 const struct net_rx_buffer *buffer, uint32_t count)
{
	return post_run(q, ids, buffer, count, false, false);
}

ALONE static uint32_t post_fast_paged(struct net_xdp_queue *q, const uint32_t *ids,
				      const struct net_rx_buffer *buffer, uint32_t count)
{
	return post_run(q, ids, buffer, count, true, false);
}

ALONE static uint32_t post_fast_aligned(struct net_xdp_queue *q, const uint32_t *ids,
					const struct net_rx_buffer *buffer, uint32_t count)
{
	return post_run(q, ids, buffer, count, true, true);
}

/* end: the fill ring's producer index where its room ends. Return: as post_run(); 0 when the fast
 * path may not be used. */
static uint32_t post_fast(struct net_xdp_queue *q, const uint32_t *ids,
			  const struct net_rx_buffer *buffer, uint32_t count, uint32_t end)
{
	if (count > end - q->xsk.fill.mine)
		count = end - q->xsk.fill.mine;
	if (!q->rx_fast || count == 0)
		return 0;
	count = ring_run(q->xsk.fill.mine, q->xsk.fill.mask, count);
	if (!q->paged)
		return post_fast_anywhere(q, ids, buffer, count);
	return q->unaligned ? post_fast_paged(q, ids, buffer, count)
			    : post_fast_aligned(q, ids, buffer, count);
}

/* Post n ids (at least 1) in any way that works. end: as in post_fast(). *refused grows by the ids
 * that were refused. */
INLINE void post_buffers(struct net_xdp_queue *q, struct net_buffer_access *pool,
			 const uint32_t *ids, const struct net_rx_buffer *buffers, uint32_t n,
			 uint32_t end, uint32_t *refused)
{
	uint32_t i = 0;

	do {
		i += post_fast(q, ids + i, buffers + i, n - i, end);
		if (i < n && !memory_turn(q->memory, &q->rx_region, buffers[i].addr,
					  buffers[i].capacity_bytes))
			i += rx_post_any(q, pool, ids + i, buffers + i, n - i, end, refused);
	} while (i < n);
}

/* Post any number of ids. */
ALONE static uint32_t avail_any(struct net_xdp_queue *q, struct net_buffer_access *pool,
				const uint32_t *ids, uint32_t count)
{
	struct net_rx_buffer buffers[BATCH];
	/* While private chunks are to be posted, nothing is posted here: rx_refill() divides the
	 * room. */
	bool shared = q->waiting.count && private_wanted(q);
	uint32_t refused = 0, end = q->xsk.fill.mine + (shared ? 0 : fill_room(q, count));

	while (count) {
		uint32_t n = count < BATCH ? count : BATCH;

		pool->ops->rx_buffers(pool, ids, n, buffers);
		post_buffers(q, pool, ids, buffers, n, end, &refused);
		ids += n;
		count -= n;
	}
	refill(q);
	return refused;
}

/* Post one id whose buffer the fast path does not take, or which lies in another region. */
ALONE static uint32_t avail_known(struct net_xdp_queue *q, struct net_buffer_access *pool,
				  const uint32_t *id, struct net_rx_buffer buffer)
{
	uint32_t refused = 0;

	post_buffers(q, pool, id, &buffer, 1, q->xsk.fill.mine + 1, &refused);
	refill(q);
	return refused;
}

/*
 * Post one id: a guest that answers gives its buffers back one by one. post_run() with a constant 1 is
 * the body of the fast path's loop. Return: as rx_avail().
 */
INLINE uint32_t avail_single(struct net_xdp_queue *q, struct net_buffer_access *pool,
			     const uint32_t *id, const bool paged, const bool aligned)
{
	struct net_rx_buffer buffer;

	pool->ops->rx_buffers(pool, id, 1, &buffer);
	if (unlikely(!post_run(q, id, &buffer, 1, paged, aligned)))
		return avail_known(q, pool, id, buffer);
	publish(q);
	return 0;
}

ALONE static uint32_t avail_single_anywhere(struct net_xdp_queue *q, struct net_buffer_access *pool,
					    const uint32_t *id)
{
	return avail_single(q, pool, id, false, false);
}

ALONE static uint32_t avail_single_paged(struct net_xdp_queue *q, struct net_buffer_access *pool,
					 const uint32_t *id)
{
	return avail_single(q, pool, id, true, false);
}

ALONE static uint32_t avail_single_aligned(struct net_xdp_queue *q, struct net_buffer_access *pool,
					   const uint32_t *id)
{
	return avail_single(q, pool, id, true, true);
}

uint32_t rx_avail(struct net_queue *queue, struct net_buffer_access *pool, const uint32_t *ids,
		  uint32_t count)
{
	struct net_xdp_queue *q = queue_of(queue);

	/* For avail_single() nothing that is parked goes first, and there is room without a look at
	 * the kernel's index. */
	if (count != 1 || !q->rx_fast || (q->waiting.count | q->pending.count) ||
	    unlikely(rx_held(q) + q->fill_dead + FILL_GAP >= q->xsk.fill.entries))
		return avail_any(q, pool, ids, count);
	if (!q->paged)
		return avail_single_anywhere(q, pool, ids);
	return q->unaligned ? avail_single_paged(q, pool, ids) : avail_single_aligned(q, pool, ids);
}

/* ---- Set-up ----------------------------------------------------------------------------------- */

int rx_open(struct net_xdp_queue *q, uint32_t id_limit)
{
	q->chunk_lent =
		calloc(q->unaligned ? 1 : chunk_words(q->umem_bytes), sizeof(*q->chunk_lent));
	if (!q->chunk_lent)
		return -ENOMEM;
	return rx_table_open(&q->rx_ids, id_limit);
}

void rx_close(struct net_xdp_queue *q)
{
	free(q->chunk_lent);
	q->chunk_lent = NULL;
	rx_table_close(&q->rx_ids);
}
