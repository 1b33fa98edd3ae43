// SPDX-License-Identifier: BSD-2-Clause
/*
 * Receive: ids become fill entries, descriptors become ids.
 *
 * A buffer that a chunk may cover is *direct*: its fill entry places the frame exactly at the
 * buffer's address plus its header gap. Any other buffer *waits*; for each waiting buffer at most one
 * private chunk is with the kernel, and a frame that arrives there is copied to the buffer that has
 * waited longest. Jumbo endpoints receive everything that way, in pieces.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net_xdp.h" /* the program's struct vlan_hint is below */
#include "xdp/checksum.h"
#include "xdp/queue.h"
#include "xdp/socket.h"
#include "xdp/vlan_hint.h"

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* Ids handled per call of the pool's operations; their descriptions live on the stack. */
#define BATCH 64u

/* ---- Lists of ids ----------------------------------------------------------------------------- */

static void list_append(struct net_xdp_queue *q, struct id_list *list, uint32_t id)
{
	q->rx_ids.slot[id].next = INFLIGHT_NONE;
	if (list->count++ == 0)
		list->first = id;
	else
		q->rx_ids.slot[list->last].next = id;
	list->last = id;
}

static uint32_t list_pop(struct net_xdp_queue *q, struct id_list *list)
{
	uint32_t id = list->first;

	list->first = q->rx_ids.slot[id].next;
	list->count--;
	return id;
}

/* ---- Fill ------------------------------------------------------------------------------------- */

/* Aligned chunks only: the kernel keeps one head per chunk and must never be given one twice. */
static bool chunk_take(struct net_xdp_queue *q, uint64_t base)
{
	uint64_t chunk = base / q->chunk_bytes, bit = 1ull << (chunk & 63);

	if (q->chunk_taken[chunk >> 6] & bit)
		return false;
	q->chunk_taken[chunk >> 6] |= bit;
	return true;
}

static void chunk_give(struct net_xdp_queue *q, uint64_t base)
{
	uint64_t chunk = base / q->chunk_bytes;

	q->chunk_taken[chunk >> 6] &= ~(1ull << (chunk & 63));
}

/* Hand the chunk behind a pending id to the kernel; the caller has seen room in the fill ring. */
static void post(struct net_xdp_queue *q, uint32_t id, uint64_t base)
{
	*ring_address(&q->fill, q->fill.mine++) = base;
	q->rx_ids.slot[id].key = RX_POSTED | base;
	inflight_put(&q->rx_ids, id);
}

/* Private chunks wanted with the kernel: one per waiting buffer, or what its frame may span. */
static uint32_t private_wanted(const struct net_xdp_queue *q)
{
	uint32_t pieces = q->jumbo ? (q->max_frame_bytes - 1) / q->direct_capacity + 1 : 1;
	uint64_t wanted = (uint64_t)q->waiting.count * pieces;

	if (wanted <= q->rx_private_out)
		return 0;
	wanted -= q->rx_private_out;
	return wanted < q->rx_private.free_count ? (uint32_t)wanted : q->rx_private.free_count;
}

/* Post what waited for room, publish, and wake the driver if it sleeps. */
static void refill(struct net_xdp_queue *q)
{
	uint32_t private = private_wanted(q), room, share;

	if (q->pending.count | private) {
		room = ring_room(&q->fill, q->pending.count + private);
		/* Neither kind may starve the other: up to half of the room is for private chunks. */
		share = room - room / 2 < private ? room - room / 2 : private;
		room -= share;
		for (; q->pending.count && room; room--) {
			uint32_t id = list_pop(q, &q->pending);

			post(q, id, q->rx_ids.slot[id].key & RX_OFFSET);
		}
		for (room += share; private && room; private--, room--) {
			*ring_address(&q->fill, q->fill.mine++) = bounce_take(&q->rx_private);
			q->rx_private_out++;
		}
	}
	if (*q->fill.own == q->fill.mine)
		return;
	ring_publish(&q->fill);
	if (q->zero_copy) {
		__atomic_thread_fence(__ATOMIC_SEQ_CST); /* see ring_needs_wakeup() */
		if (ring_needs_wakeup(&q->fill))
			socket_kick_rx(q);
	}
}

/* ---- The verdict: direct, or why not ---------------------------------------------------------- */

enum verdict { DIRECT, CAPACITY, WINDOW, PLACE, PAGE, GAP, JUMBO };

/* Index by verdict. */
static const enum net_xdp_counter bounce_counter[] = {
	[CAPACITY] = NET_XDP_RX_BOUNCE_CAPACITY, [WINDOW] = NET_XDP_RX_BOUNCE_WINDOW,
	[PLACE] = NET_XDP_RX_BOUNCE_PLACE,	 [PAGE] = NET_XDP_RX_BOUNCE_PAGE,
	[GAP] = NET_XDP_RX_BOUNCE_GAP,		 [JUMBO] = NET_XDP_RX_BOUNCE_JUMBO,
};

/* data: UMEM offset where the frame shall start. What the kernel would refuse without a word
 * (xsk_buff_pool.c, xp_check_unaligned and xp_check_aligned) must never be posted. */
static enum verdict judge(const struct net_xdp_queue *q, uint64_t data,
			  const struct net_rx_buffer *buffer)
{
	uint64_t base = data - q->frame_offset;

	if (likely(!q->zero_copy && !q->inspect && !q->jumbo && q->unaligned)) {
		if (unlikely(buffer->capacity_bytes < q->direct_capacity))
			return CAPACITY;
		return likely(data >= q->frame_offset && base + q->chunk_bytes <= q->umem_bytes)
			       ? DIRECT
			       : WINDOW;
	}
	if (q->jumbo)
		return JUMBO;
	if (buffer->capacity_bytes < q->direct_capacity)
		return CAPACITY;
	if (data < q->frame_offset || base + q->chunk_bytes > q->umem_bytes)
		return WINDOW;
	if (!q->unaligned && base % q->chunk_bytes)
		return PLACE;
	if (q->rx_vlan && buffer->header_bytes < sizeof(struct vlan_hint))
		return GAP;
	if (q->zero_copy && memory_contiguous(q->memory, base, q->chunk_bytes) < q->chunk_bytes)
		return PAGE;
	return DIRECT;
}

/* A buffer that cannot be direct. Return: was it taken? */
static bool take_bounced(struct net_xdp_queue *q, uint32_t id, uint64_t data, uint32_t capacity,
			 enum verdict why)
{
	if (q->sealed || q->rx_private.slots == 0) {
		q->counter[NET_XDP_RX_REFUSED_SEALED]++;
		return false;
	}
	q->counter[bounce_counter[why]]++;
	q->rx_ids.slot[id].key = RX_WAITING | data;
	q->rx_ids.slot[id].value = capacity;
	list_append(q, &q->waiting, id);
	return true;
}

/* Take one id. room: in the fill ring, lowered when it is used. Return: was it taken? */
static bool take(struct net_xdp_queue *q, uint32_t id, const struct net_rx_buffer *buffer,
		 uint32_t *room)
{
	uint64_t data, length = (uint64_t)buffer->header_bytes + buffer->capacity_bytes;
	struct inflight_slot *slot;
	enum verdict verdict;

	if (unlikely(id >= q->rx_id_limit || buffer->capacity_bytes == 0)) {
		q->counter[NET_XDP_RX_REFUSED_ID]++;
		return false;
	}
	slot = &q->rx_ids.slot[id];
	if (unlikely(slot->key)) {
		q->counter[NET_XDP_RX_REFUSED_DUPLICATE]++;
		return false;
	}
	if (unlikely(!memory_offset(q->memory, &q->rx_region, buffer->addr, length, &data))) {
		q->counter[NET_XDP_RX_REFUSED_ADDRESS]++;
		return false;
	}
	data += buffer->header_bytes;
	verdict = judge(q, data, buffer);
	if (unlikely(verdict != DIRECT))
		return take_bounced(q, id, data, buffer->capacity_bytes, verdict);
	if (!q->unaligned && !chunk_take(q, data - q->frame_offset)) {
		q->counter[NET_XDP_RX_REFUSED_DUPLICATE]++;
		return false;
	}
	slot->value = buffer->capacity_bytes;
	if (likely(*room && q->pending.count == 0)) {
		--*room;
		post(q, id, data - q->frame_offset);
	} else {
		slot->key = RX_PENDING | (data - q->frame_offset);
		list_append(q, &q->pending, id);
	}
	return true;
}

uint32_t rx_avail(struct net_queue *queue, struct net_buffer_access *pool, const uint32_t *ids,
		  uint32_t count)
{
	struct net_xdp_queue *q = queue_of(queue);
	struct net_rx_buffer buffers[BATCH];
	/* While private chunks wait for room, refill() shares it out. */
	uint32_t refused = 0, room = private_wanted(q) ? 0 : ring_room(&q->fill, count);

	while (count) {
		uint32_t n = count < BATCH ? count : BATCH;

		pool->ops->rx_buffers(pool, ids, n, buffers);
		for (uint32_t i = 0; i < n; i++)
			refused += !take(q, ids[i], &buffers[i], &room);
		ids += n;
		count -= n;
	}
	refill(q);
	return refused;
}

/* ---- Frames ----------------------------------------------------------------------------------- */

/* One call's results before they are delivered. */
struct burst {
	uint32_t *ids;
	uint32_t count;
	uint64_t bytes;
	uint32_t bounced;
	struct net_rx_metadata metadata[BATCH];
};

static void deliver(struct burst *b, uint32_t id, uint32_t offset, uint32_t len)
{
	b->metadata[b->count] = (struct net_rx_metadata){.offset_bytes = offset, .len_bytes = len};
	b->bytes += len;
	b->ids[b->count++] = id;
}

/* What the configuration wants to know of the frame, which is in our view at these addresses. */
static void look_at(struct net_xdp_queue *q, struct net_rx_metadata *metadata, uint8_t *frame,
		    const uint8_t *hint)
{
	struct vlan_hint vlan;

	if (q->rx_vlan) {
		memcpy(&vlan, hint, sizeof(vlan));
		if (vlan.state == VLAN_HINT_PRESENT) {
			metadata->has_vlan = 1;
			metadata->vlan = net_vlan_from_tci(vlan.tci);
			q->counter[NET_XDP_RX_VLAN]++;
		}
	}
	if (q->rx_checksum != NET_XDP_RX_CHECKSUM_NONE)
		checksum_inspect(frame, metadata->len_bytes, q->partial_possible,
				 q->rx_checksum == NET_XDP_RX_CHECKSUM_COMPLETE, metadata);
}

/* A frame in a buffer of the frontend. where: UMEM offset of its first byte. */
static void direct_frame(struct net_xdp_queue *q, struct burst *b, uint64_t base, uint64_t where,
			 uint32_t len)
{
	uint32_t id = inflight_take(&q->rx_ids, RX_POSTED | base);
	uint64_t offset = where - base - q->frame_offset;
	struct inflight_slot *slot;

	if (unlikely(id == INFLIGHT_NONE)) {
		q->counter[NET_XDP_RX_UNKNOWN]++;
		return;
	}
	slot = &q->rx_ids.slot[id];
	/* Drivers may put a frame further back, never in front of its place; then offset is huge. */
	if (unlikely(len - 1u >= slot->value || offset > slot->value - len)) {
		q->counter[len ? NET_XDP_RX_DROP_CAPACITY : NET_XDP_RX_DROP_EMPTY]++;
		slot->key = RX_PENDING | base;
		list_append(q, &q->pending, id);
		return;
	}
	slot->key = 0;
	if (!q->unaligned)
		chunk_give(q, base);
	deliver(b, id, (uint32_t)offset, len);
	if (unlikely(q->inspect))
		look_at(q, &b->metadata[b->count - 1], q->memory->base + where,
			q->memory->base + where - sizeof(struct vlan_hint));
}

/* A piece in a buffer of the frontend, which only a driver that splits frames unasked delivers. The
 * frame is dropped when its last piece is here; the buffers go back to the kernel. */
static void split_piece(struct net_xdp_queue *q, uint64_t base, bool continued)
{
	uint32_t id = inflight_take(&q->rx_ids, RX_POSTED | base);

	if (id == INFLIGHT_NONE) {
		q->counter[NET_XDP_RX_UNKNOWN]++;
	} else {
		q->rx_ids.slot[id].key = RX_PENDING | base;
		list_append(q, &q->pending, id);
	}
	q->split = continued;
	if (!continued)
		q->counter[NET_XDP_RX_DROP_SPLIT]++;
}

/* All pieces are here: copy them to the buffer that has waited longest. */
static void gather_finish(struct net_xdp_queue *q, struct burst *b)
{
	struct gather *g = &q->gather;
	uint8_t *to;
	uint32_t id;

	if (g->broken) {
		q->counter[NET_XDP_RX_DROP_SPLIT]++;
		return;
	}
	if (g->bytes == 0) {
		q->counter[NET_XDP_RX_DROP_EMPTY]++;
		return;
	}
	if (q->waiting.count == 0) {
		q->counter[NET_XDP_RX_DROP_BUFFER]++;
		return;
	}
	if (g->bytes > q->rx_ids.slot[q->waiting.first].value) {
		q->counter[NET_XDP_RX_DROP_CAPACITY]++;
		return;
	}
	id = list_pop(q, &q->waiting);
	to = q->memory->base + (q->rx_ids.slot[id].key & RX_OFFSET);
	q->rx_ids.slot[id].key = 0;
	for (uint32_t i = 0, at = 0; i < g->pieces; at += g->len[i++])
		memcpy(to + at, q->memory->base + g->where[i], g->len[i]);
	deliver(b, id, 0, g->bytes);
	b->bounced++;
	if (q->inspect)
		look_at(q, &b->metadata[b->count - 1], to,
			q->memory->base + g->where[0] - sizeof(struct vlan_hint));
}

/* A piece in a private chunk: usually a whole frame. */
static void private_piece(struct net_xdp_queue *q, struct burst *b, uint64_t where, uint32_t len,
			  bool continued)
{
	struct gather *g = &q->gather;

	if (!bounce_owns(&q->rx_private, where + len - (len != 0)) ||
	    !q->rx_private.taken[(where - q->rx_private.offset) >> q->rx_private.slot_shift]) {
		q->counter[NET_XDP_RX_UNKNOWN]++;
		return;
	}
	if (g->pieces == GATHER_PIECES || (continued && !q->jumbo)) {
		g->broken = true;
		bounce_give(&q->rx_private, where);
		q->rx_private_out--;
	} else {
		g->where[g->pieces] = where;
		g->len[g->pieces++] = len;
		g->bytes += len;
	}
	if (continued)
		return;
	gather_finish(q, b);
	for (uint32_t i = 0; i < g->pieces; i++) {
		bounce_give(&q->rx_private, g->where[i]);
		q->rx_private_out--;
	}
	q->gather = (struct gather){0};
}

/* Turn up to n descriptors into ids; never more ids than descriptors. */
static void take_descriptors(struct net_xdp_queue *q, struct burst *b, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct xdp_desc *d = ring_descriptor(&q->rx, q->rx.mine + i);
		/* Unaligned: the high 16 bits are the distance from the posted base. Aligned: they
		 * are 0 and the base is the chunk. */
		uint64_t where = (d->addr & RX_OFFSET) + (d->addr >> 48);
		uint64_t base = d->addr & q->base_mask;

		if (unlikely(bounce_owns(&q->rx_private, base)))
			private_piece(q, b, where, d->len, d->options & XDP_PKT_CONTD);
		else if (likely(!(d->options & XDP_PKT_CONTD) && !q->split))
			direct_frame(q, b, base, where, d->len);
		else
			split_piece(q, base, d->options & XDP_PKT_CONTD);
	}
	q->rx.mine += n;
	ring_publish(&q->rx);
}

uint32_t rx_poll(struct net_queue *queue, struct net_buffer_access *pool, uint32_t *ids,
		 uint32_t count)
{
	struct net_xdp_queue *q = queue_of(queue);
	uint32_t done = 0, looked = 0;

	/* Dropped frames and pieces give no id; what one call looks at stays bounded all the same. */
	while (done < count && looked <= 2 * (count | BATCH)) {
		uint32_t left = count - done;
		uint32_t n = ring_available(&q->rx, left < BATCH ? left : BATCH);
		struct burst b;

		if (n == 0)
			break;
		b.ids = ids + done;
		b.count = 0;
		b.bytes = 0;
		b.bounced = 0;
		take_descriptors(q, &b, n);
		if (b.count)
			pool->ops->rx_metadata(pool, b.ids, b.metadata, b.count);
		q->counter[NET_XDP_RX_FRAMES] += b.count;
		q->counter[NET_XDP_RX_BYTES] += b.bytes;
		q->counter[NET_XDP_RX_DIRECT] += b.count - b.bounced;
		q->counter[NET_XDP_RX_BOUNCED] += b.bounced;
		done += b.count;
		looked += n;
	}
	if (looked == 0 && unlikely(q->busy_poll))
		socket_kick_rx(q);
	if (q->pending.count | q->waiting.count)
		refill(q);
	return done;
}

/* ---- Set-up ----------------------------------------------------------------------------------- */

int rx_open(struct net_xdp_queue *q, uint32_t id_limit)
{
	q->rx_id_limit = id_limit;
	q->pending.first = q->waiting.first = INFLIGHT_NONE;
	if (!q->unaligned) {
		q->chunk_taken = calloc(q->umem_bytes / q->chunk_bytes / 64 + 1, sizeof(uint64_t));
		if (!q->chunk_taken)
			return -ENOMEM;
	}
	return inflight_open(&q->rx_ids, id_limit);
}

void rx_close(struct net_xdp_queue *q)
{
	free(q->chunk_taken);
	q->chunk_taken = NULL;
	inflight_close(&q->rx_ids);
}
