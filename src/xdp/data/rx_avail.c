// SPDX-License-Identifier: BSD-2-Clause
/*
 * Receive, the way down: ids become fill entries.
 *
 * A buffer that a chunk may cover is *direct*: its fill entry places the frame exactly at the
 * buffer's address plus its header gap. Any other buffer *waits*; for each waiting buffer at most one
 * private chunk is with the kernel, and a frame that arrives there is copied to the buffer that has
 * waited longest. Jumbo endpoints receive everything that way, in pieces.
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

/* Entries that stay free: two cache lines. In a ring that is full to the brim the entry that is written
 * next lies in the line that the kernel reads from, and that line changes hands with each frame. */
#define FILL_GAP 16u

/*
 * Room in the fill ring. What is in it the kernel holds, so the ring is never fuller than that: as long
 * as this leaves enough room, the kernel's index is not looked at. Its line too, which the kernel writes
 * for each frame, would move to us and back. A chunk comes back in the RX ring, whose index
 * ring_available() has acquired, after the kernel has read its fill entry, so the entry may be written
 * again. Nor is the index the whole truth: it is published after that of the RX ring, and says meanwhile
 * that there is less room than there is.
 */
static inline uint32_t fill_room(struct net_xdp_queue *q, uint32_t want)
{
	uint32_t gap = q->xsk.fill.entries > 8 * FILL_GAP ? FILL_GAP : 0;
	uint32_t most = q->xsk.fill.entries - gap, chunks = rx_held(q), now;

	if (chunks <= most && want <= most - chunks)
		return most - chunks;
	now = ring_room_now(&q->xsk.fill, gap);
	return chunks <= most && now < most - chunks ? most - chunks : now;
}

/* Private chunks wanted with the kernel: one per waiting buffer, or what its frame may span. */
static uint32_t private_wanted(const struct net_xdp_queue *q)
{
	uint64_t wanted = (uint64_t)q->waiting.count * q->rx_frame_chunks;

	if (wanted <= q->rx_private_out)
		return 0;
	wanted -= q->rx_private_out;
	return wanted < q->rx_private.free_count ? (uint32_t)wanted : q->rx_private.free_count;
}

/* A driver that is short of buffers keeps XDP_RING_NEED_WAKEUP set, and the fill ring's consumer index moves
 * only when a frame arrives (xsk_flush()), not when the driver takes entries: neither says that the driver
 * knows of them. rx_announced does, the producer index at the last wake-up. Return: as rx_push(). */
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

/* Post what waited for room. */
static void post_parked(struct net_xdp_queue *q)
{
	uint32_t chunks = private_wanted(q), pending = rx_pending_wanted(q), room, share;

	room = fill_room(q, pending + chunks);
	/* Neither kind may starve the other: up to half of the room is for private chunks. */
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

static inline void refill(struct net_xdp_queue *q)
{
	if (unlikely(rx_is_parked(q)))
		post_parked(q);
	if (*q->xsk.fill.own == q->xsk.fill.mine)
		return;
	ring_publish(&q->xsk.fill);
	rx_push(q);
	if (unlikely(q->outside))
		queue_enter(q);
}

void rx_refill(struct net_xdp_queue *q)
{
	refill(q);
}

/* ---- The fast path --------------------------------------------------------------------------- */

/* All of a buffer but its address in one word, to compare it at once: gap, flag and capacity. */
static inline uint64_t shape_of(const struct net_rx_buffer *b)
{
	uint64_t shape;

	memcpy(&shape, &b->header_bytes, sizeof(shape));
	return shape;
}

/* What post_fast() knows of all its buffers. */
struct fast_post {
	uint64_t shape;
	uint64_t guest; /* of the region */
	uint64_t last;	/* at in the region of the last buffer that fits */
	uint64_t chunk; /* at + this: UMEM offset of the buffer's chunk */
	uint64_t tag;	/* of their states */
	uint32_t limit;
	struct page_rule pages;
	uint32_t chunk_bytes;
	uint64_t *lent; /* aligned only */
};

/* count of them; it is a constant, and so are paged (is there something to cross?) and aligned. Return:
 * how many were posted before one that is not usual. */
INLINE size_t post_group(const struct fast_post fast, const struct net_rx_buffer *buffer,
			 const uint32_t *ids, uint64_t *state, uint64_t *fill, uint32_t *next,
			 uint32_t **link, const bool paged, const bool aligned, const size_t count)
{
	size_t i;

	UNROLL
	for (i = 0; i < count; i++) {
		const uint64_t at = buffer[i].addr - fast.guest; /* wraps in front of the region */
		const size_t id = ids[i];

		if (unlikely(shape_of(&buffer[i]) != fast.shape))
			break;
		if (unlikely(at > fast.last))
			break;
		if (paged && unlikely(page_crossed(fast.pages, at + fast.chunk, fast.chunk_bytes)))
			break;
		if (unlikely(id >= fast.limit))
			break;
		if (unlikely(state[id] != RX_FRONTEND))
			break;
		if (aligned && unlikely(!chunk_lend(fast.lent, at + fast.chunk)))
			break;
		fill[i] = at + fast.chunk;
		state[id] = (at + fast.chunk) | fast.tag;
		**link = (uint32_t)id;
		*link = &next[id];
	}
	return i;
}

/*
 * The usual ids: buffers in the region used last, that rx_post_any() would find direct by capacity alone,
 * and that all have the shape of the first. A frontend's buffers nearly always have, and then gap,
 * capacity and the last address that fits are constants of the loop: one compare tells that they
 * hold, one that the buffer is in the region.
 * Return: how many of the first count (at least 1) were posted before one that needs rx_post_any(), or a
 * new start with its own shape.
 */
INLINE uint32_t post_run(struct net_xdp_queue *q, const uint32_t *ids,
			 const struct net_rx_buffer *buffer, uint32_t count, const bool paged,
			 const bool aligned)
{
	const struct memory_region *r = &q->memory->region[q->rx_region];
	const uint64_t length = (uint64_t)buffer->header_bytes + buffer->capacity_bytes;
	const struct fast_post fast = {
		.shape = shape_of(buffer),
		.guest = r->guest_addr,
		.last = r->bytes - length,
		.chunk = r->offset - q->frame_offset + buffer->header_bytes,
		/* rx_tag(RX_KERNEL, 0); were it a constant, gcc would load it for each buffer. */
		.tag = q->rx_fast_key ^ q->rx_fast_offset,
		.limit = q->rx_ids.id_limit,
		.chunk_bytes = q->chunk_bytes,
		.pages = queue_page_rule(q, r),
		.lent = q->chunk_lent,
	};
	struct rx_table *t = &q->rx_ids;
	uint64_t *fill = ring_address(&q->xsk.fill, q->xsk.fill.mine), *state = t->state;
	uint32_t *next = t->next, *link = rx_list_end(t, &t->fifo);
	const uint32_t *id = ids, *end = ids + ring_run(q->xsk.fill.mine, q->xsk.fill.mask, count);
	uint32_t posted;
	size_t step;

	if (unlikely(buffer->capacity_bytes < q->direct_capacity || length > r->bytes ||
		     (paged && q->zero_copy && buffer->header_bytes < q->driver_gap_bytes)))
		return 0;
	for (; end - id >= (ptrdiff_t)GROUP; id += GROUP, buffer += GROUP, fill += GROUP) {
		step = post_group(fast, buffer, id, state, fill, next, &link, paged, aligned,
				  GROUP);
		if (unlikely(step != GROUP)) {
			id += step;
			goto out;
		}
	}
	for (; id < end; id++, buffer++, fill++)
		if (unlikely(!post_group(fast, buffer, id, state, fill, next, &link, paged, aligned,
					 1)))
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

/* end: of the room in the fill ring. Return: as post_run(), 0 when nothing is usual here. */
static uint32_t post_fast(struct net_xdp_queue *q, const uint32_t *ids,
			  const struct net_rx_buffer *buffer, uint32_t count, uint32_t end)
{
	if (count > end - q->xsk.fill.mine)
		count = end - q->xsk.fill.mine;
	if (!q->rx_fast || count == 0)
		return 0;
	if (!q->paged)
		return post_fast_anywhere(q, ids, buffer, count);
	return q->unaligned ? post_fast_paged(q, ids, buffer, count)
			    : post_fast_aligned(q, ids, buffer, count);
}

uint32_t rx_avail(struct net_queue *queue, struct net_buffer_access *pool, const uint32_t *ids,
		  uint32_t count)
{
	struct net_xdp_queue *q = queue_of(queue);
	struct net_rx_buffer buffers[BATCH];
	/* While private chunks wait for room, rx_refill() shares it out. */
	bool shared = q->waiting.count && private_wanted(q);
	uint32_t refused = 0, end = q->xsk.fill.mine + (shared ? 0 : fill_room(q, count));

	while (count) {
		uint32_t n = count < BATCH ? count : BATCH, i = 0;

		pool->ops->rx_buffers(pool, ids, n, buffers);
		while (i < n) {
			i += post_fast(q, ids + i, buffers + i, n - i, end);
			if (i < n && !memory_turn(q->memory, &q->rx_region, buffers[i].addr,
						  buffers[i].capacity_bytes))
				i += rx_post_any(q, pool, ids + i, buffers + i, n - i, end,
						 &refused);
		}
		ids += n;
		count -= n;
	}
	refill(q);
	return refused;
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
