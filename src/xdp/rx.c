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
/* A loop that wants all registers for itself: inlined, half of its locals would live on the stack. */
#define ALONE __attribute__((noinline))
/* A loop body for GROUP frames at once or for one: with a constant count the compiler writes the frames
 * out behind each other, and steps through the arrays once per group. */
#define INLINE static inline __attribute__((always_inline))
#define GROUP  8u
#if defined(__clang__)
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 8")
#endif

/* Ids handled per call of the pool's operations; their descriptions live on the stack. */
#define BATCH 64u

/* ---- Parked ids ------------------------------------------------------------------------------- */

static void park(struct net_xdp_queue *q, struct id_list *list, uint32_t id, uint64_t offset,
		 uint32_t capacity)
{
	q->rx_parked[id] = (struct rx_parked){offset, capacity, INFLIGHT_NONE};
	q->rx_owner[id] = list == &q->pending ? RX_PENDING : RX_WAITING;
	if (list->count++ == 0)
		list->first = id;
	else
		q->rx_parked[list->last].next = id;
	list->last = id;
}

static uint32_t unpark(struct net_xdp_queue *q, struct id_list *list)
{
	uint32_t id = list->first;

	list->first = q->rx_parked[id].next;
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

/* Room for chunks of ids: in the fill ring, and in the table of what the kernel holds. */
static uint32_t fill_room(struct net_xdp_queue *q, uint32_t want)
{
	uint32_t room = ring_room(&q->fill, want), table = inflight_room(&q->rx_inflight);

	return room < table ? room : table;
}

/* Hand a chunk to the kernel for id; the caller has seen room. */
static inline void post(struct net_xdp_queue *q, uint32_t id, uint64_t base, uint32_t capacity)
{
	*ring_address(&q->fill, q->fill.mine++) = base;
	q->rx_owner[id] = RX_KERNEL;
	inflight_put(&q->rx_inflight, base, id, capacity);
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

bool rx_push(struct net_xdp_queue *q)
{
	if (!q->zero_copy || ring_drained(&q->fill))
		return false;
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* see ring_needs_wakeup() */
	if (!ring_needs_wakeup(&q->fill))
		return false;
	socket_kick_rx(q);
	return true;
}

/* Post what waited for room. */
static void post_parked(struct net_xdp_queue *q)
{
	uint32_t private = private_wanted(q), room, share;

	room = fill_room(q, q->pending.count + private);
	/* Neither kind may starve the other: up to half of the room is for private chunks. */
	share = room - room / 2 < private ? room - room / 2 : private;
	room -= share;
	for (; q->pending.count && room; room--) {
		uint32_t id = unpark(q, &q->pending);

		post(q, id, q->rx_parked[id].offset, q->rx_parked[id].capacity);
	}
	for (room += share; private && room; private --, room--) {
		*ring_address(&q->fill, q->fill.mine++) = bounce_take(&q->rx_private);
		q->rx_private_out++;
	}
}

/* Post what waited for room, publish, and wake the driver if it sleeps. */
static void refill(struct net_xdp_queue *q)
{
	if (q->pending.count | q->waiting.count)
		post_parked(q);
	if (*q->fill.own == q->fill.mine)
		return;
	ring_publish(&q->fill);
	rx_push(q);
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

/* A buffer that cannot be direct. Return: was it taken? */
static bool take_bounced(struct net_xdp_queue *q, uint32_t id, uint64_t data, uint32_t capacity,
			 enum verdict why)
{
	if (q->sealed || q->rx_private.slots == 0) {
		q->counter[NET_XDP_RX_REFUSED_SEALED]++;
		return false;
	}
	q->counter[bounce_counter[why]]++;
	park(q, &q->waiting, id, data, capacity);
	return true;
}

/* Any id. room: in the fill ring, lowered when it is used. Return: was it taken? */
static bool take(struct net_xdp_queue *q, uint32_t id, const struct net_rx_buffer *buffer,
		 uint32_t *room)
{
	uint64_t data, length = (uint64_t)buffer->header_bytes + buffer->capacity_bytes;
	enum verdict verdict;

	if (id >= q->rx_id_limit || buffer->capacity_bytes == 0) {
		q->counter[NET_XDP_RX_REFUSED_ID]++;
		return false;
	}
	if (q->rx_owner[id] != RX_FRONTEND) {
		q->counter[NET_XDP_RX_REFUSED_DUPLICATE]++;
		return false;
	}
	if (!memory_offset(q->memory, &q->rx_region, buffer->addr, length, &data)) {
		q->counter[NET_XDP_RX_REFUSED_ADDRESS]++;
		return false;
	}
	data += buffer->header_bytes;
	verdict = judge(q, data, buffer);
	if (verdict != DIRECT)
		return take_bounced(q, id, data, buffer->capacity_bytes, verdict);
	if (!q->unaligned && !chunk_take(q, data - q->frame_offset)) {
		q->counter[NET_XDP_RX_REFUSED_DUPLICATE]++;
		return false;
	}
	if (*room && q->pending.count == 0) {
		--*room;
		post(q, id, data - q->frame_offset, buffer->capacity_bytes);
	} else {
		park(q, &q->pending, id, data - q->frame_offset, buffer->capacity_bytes);
	}
	return true;
}

/* Gap and capacity of a buffer in one word, to compare both at once. */
static inline uint64_t shape_of(const struct net_rx_buffer *b)
{
	return b->header_bytes | (uint64_t)b->capacity_bytes << 32;
}

/* What take_usual() knows of all its buffers. */
struct usual {
	uint64_t shape;
	uint64_t guest;	   /* of the region */
	uint64_t last;	   /* place in the region of the last buffer that fits */
	uint64_t chunk;	   /* place + this: UMEM offset of the buffer's chunk */
	uint64_t capacity; /* in the upper half */
	uint32_t limit;
};

/* count of them; it is a constant. Return: how many were posted before one that is not usual. */
INLINE size_t post_usual(const struct usual u, const struct net_rx_buffer *buffer,
			 const uint32_t *ids, uint8_t *owner, uint64_t *fill,
			 struct inflight_entry *flight, const size_t count)
{
	size_t i;

	UNROLL
	for (i = 0; i < count; i++) {
		const uint64_t place = buffer[i].addr - u.guest; /* wraps in front of the region */
		const size_t id = ids[i];

		/* Apart: joined by ||, gcc computes all of them before it jumps once. */
		if (unlikely(shape_of(&buffer[i]) != u.shape))
			break;
		if (unlikely(place > u.last))
			break;
		if (unlikely(id >= u.limit))
			break;
		if (unlikely(owner[id] != RX_FRONTEND))
			break;
		owner[id] = RX_KERNEL;
		fill[i] = place + u.chunk;
		flight[i].key = place + u.chunk;
		flight[i].both = id | u.capacity;
	}
	return i;
}

/*
 * The usual ids: buffers in the region used last, that take() would find direct by capacity alone,
 * and that all have the shape of the first. A frontend's buffers nearly always have, and then gap,
 * capacity and the last address that fits are constants of the loop: one compare tells that they
 * hold, one that the buffer is in the region.
 * Return: how many of the first count (at least 1) were posted before one that needs take(), or a
 * new start with its own shape.
 */
ALONE static uint32_t take_usual(const struct net_xdp_queue *q, const uint32_t *ids,
				 const struct net_rx_buffer *buffer, uint32_t count)
{
	const struct memory_region *r = &q->memory->region[q->rx_region];
	const uint64_t length = (uint64_t)buffer->header_bytes + buffer->capacity_bytes;
	const struct usual u = {
		.shape = shape_of(buffer),
		.guest = r->guest_addr,
		.last = r->bytes - length,
		.chunk = r->offset - q->frame_offset + buffer->header_bytes,
		.capacity = (uint64_t)buffer->capacity_bytes << 32,
		.limit = q->rx_id_limit,
	};
	const struct inflight *t = &q->rx_inflight;
	struct inflight_entry *flight = &t->queue[t->tail & t->mask];
	uint64_t *fill = ring_address(&q->fill, q->fill.mine);
	uint8_t *owner = q->rx_owner;
	size_t n, i = 0, step = GROUP;

	if (unlikely(buffer->capacity_bytes < q->direct_capacity || length > r->bytes))
		return 0;
	n = ring_run(q->fill.mine, q->fill.mask, ring_run(t->tail, t->mask, count));
	for (; n - i >= GROUP && step == GROUP; i += step)
		step = post_usual(u, buffer + i, ids + i, owner, fill + i, flight + i, GROUP);
	for (; i < n && step; i += step)
		step = post_usual(u, buffer + i, ids + i, owner, fill + i, flight + i, 1);
	return (uint32_t)i;
}

uint32_t rx_avail(struct net_queue *queue, struct net_buffer_access *pool, const uint32_t *ids,
		  uint32_t count)
{
	struct net_xdp_queue *q = queue_of(queue);
	struct net_rx_buffer buffers[BATCH];
	/* While private chunks wait for room, refill() shares it out. */
	bool shared = q->waiting.count && private_wanted(q);
	uint32_t refused = 0, room = shared ? 0 : fill_room(q, count);
	bool usual = q->rx_usual && q->pending.count == 0;

	while (count) {
		uint32_t n = count < BATCH ? count : BATCH, i = 0;

		pool->ops->rx_buffers(pool, ids, n, buffers);
		while (i < n) {
			uint32_t most = room < n - i ? room : n - i;
			uint32_t taken =
				usual && most ? take_usual(q, ids + i, buffers + i, most) : 0;

			q->fill.mine += taken;
			q->rx_inflight.tail += taken;
			room -= taken;
			i += taken;
			if (i < n) {
				refused += !take(q, ids[i], &buffers[i], &room);
				i++;
			}
		}
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

/* The kernel's chunk goes back to it: its frame was dropped. */
static void repost(struct net_xdp_queue *q, const struct inflight_entry *e)
{
	park(q, &q->pending, e->id, e->key, e->extra);
}

/* A frame in a buffer of the frontend. where: UMEM offset of its first byte. */
static void direct_frame(struct net_xdp_queue *q, struct burst *b, uint64_t base, uint64_t where,
			 uint32_t len)
{
	const struct inflight_entry *e = inflight_take(&q->rx_inflight, base);
	uint64_t offset = where - base - q->frame_offset;

	if (!e) {
		q->counter[NET_XDP_RX_UNKNOWN]++;
		return;
	}
	/* Drivers may put a frame further back, never in front of its place; then offset is huge. */
	if (len - 1u >= e->extra || offset > e->extra - len) {
		q->counter[len ? NET_XDP_RX_DROP_CAPACITY : NET_XDP_RX_DROP_EMPTY]++;
		repost(q, e);
		return;
	}
	q->rx_owner[e->id] = RX_FRONTEND;
	if (!q->unaligned)
		chunk_give(q, base);
	deliver(b, e->id, (uint32_t)offset, len);
	if (q->inspect)
		look_at(q, &b->metadata[b->count - 1], q->memory->base + where,
			q->memory->base + where - sizeof(struct vlan_hint));
}

/* A piece that only a driver that splits frames unasked delivers, in a buffer of either kind. The
 * frame is dropped when its last piece is here; the buffers go back to the kernel. */
static void split_piece(struct net_xdp_queue *q, uint64_t base, bool continued)
{
	const struct inflight_entry *e = NULL;

	if (bounce_give(&q->rx_private, base))
		q->rx_private_out--;
	else if ((e = inflight_take(&q->rx_inflight, base)) != NULL)
		repost(q, e);
	else
		q->counter[NET_XDP_RX_UNKNOWN]++;
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
	if (g->bytes > q->rx_parked[q->waiting.first].capacity) {
		q->counter[NET_XDP_RX_DROP_CAPACITY]++;
		return;
	}
	id = unpark(q, &q->waiting);
	to = q->memory->base + q->rx_parked[id].offset;
	q->rx_owner[id] = RX_FRONTEND;
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
	if (g->pieces == GATHER_PIECES) {
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

/* Any descriptor. */
static void take_descriptor(struct net_xdp_queue *q, struct burst *b, const struct xdp_desc *d)
{
	/* Unaligned: the high 16 bits are the distance from the posted base. Aligned: they are 0 and
	 * the base is the chunk. */
	uint64_t where = (d->addr & RX_OFFSET) + (d->addr >> 48), base = d->addr & q->base_mask;
	bool continued = d->options & XDP_PKT_CONTD;

	if (!q->jumbo && (continued || q->split))
		split_piece(q, base, continued);
	else if (bounce_owns(&q->rx_private, base))
		private_piece(q, b, where, d->len, continued);
	else
		direct_frame(q, b, base, where, d->len);
}

/* count descriptors, a constant, that should be usual. Return: how many were, before one that is not. */
INLINE size_t deliver_usual(const struct xdp_desc *rx, const struct inflight_entry *flight,
			    uint64_t expected, uint64_t capacity, uint8_t *owner, uint32_t *ids,
			    struct net_rx_metadata *metadata, uint64_t *bytes, const size_t count)
{
	size_t i;

	UNROLL
	for (i = 0; i < count; i++) {
		/* Options, which should be 0, make the length huge. */
		const uint64_t len = rx[i].len | (uint64_t)rx[i].options << 32;
		const size_t id = flight[i].id;

		if (unlikely(rx[i].addr - expected != flight[i].key))
			break;
		/* What was posted has at least this capacity. */
		if (unlikely(len - 1 >= capacity))
			break;
		owner[id] = RX_FRONTEND;
		ids[i] = (uint32_t)id;
		metadata[i] = (struct net_rx_metadata){.len_bytes = (uint32_t)len};
		*bytes += len;
	}
	return i;
}

/*
 * The usual descriptors: whole frames, where they were expected, of the buffers that are next in
 * line. Return: how many of the first n were taken before one that needs take_descriptor().
 */
ALONE static uint32_t take_usual_descriptors(const struct net_xdp_queue *q, struct burst *b,
					     uint32_t most)
{
	const struct inflight *t = &q->rx_inflight;
	const struct inflight_entry *flight = &t->queue[t->head & t->mask];
	const struct xdp_desc *rx = ring_descriptor(&q->rx, q->rx.mine);
	struct net_rx_metadata *metadata = b->metadata + b->count;
	uint32_t *ids = b->ids + b->count;
	const uint64_t expected = q->rx_expected, capacity = q->direct_capacity;
	uint8_t *owner = q->rx_owner;
	uint64_t bytes = 0;
	size_t n, i = 0, step = GROUP;

	if (most > t->tail - t->head)
		most = t->tail - t->head;
	n = ring_run(q->rx.mine, q->rx.mask, ring_run(t->head, t->mask, most));
	for (; n - i >= GROUP && step == GROUP; i += step)
		step = deliver_usual(rx + i, flight + i, expected, capacity, owner, ids + i,
				     metadata + i, &bytes, GROUP);
	for (; i < n && step; i += step)
		step = deliver_usual(rx + i, flight + i, expected, capacity, owner, ids + i,
				     metadata + i, &bytes, 1);
	b->bytes += bytes;
	return (uint32_t)i;
}

/* Turn n descriptors into ids; never more ids than descriptors. */
static void take_descriptors(struct net_xdp_queue *q, struct burst *b, uint32_t n)
{
	while (n) {
		uint32_t taken =
			q->rx_usual_descriptors && !q->split ? take_usual_descriptors(q, b, n) : 0;

		q->rx.mine += taken;
		q->rx_inflight.head += taken;
		b->count += taken;
		n -= taken;
		if (n) {
			take_descriptor(q, b, ring_descriptor(&q->rx, q->rx.mine));
			q->rx.mine++;
			n--;
		}
	}
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
	/* What the kernel may hold: both rings, and what a driver took out to fill its own. */
	uint32_t held = q->fill.entries + q->rx.entries + 8192;
	uint32_t chunks = q->unaligned ? 0 : (uint32_t)(q->umem_bytes / q->chunk_bytes);

	q->rx_id_limit = id_limit;
	q->pending.first = q->waiting.first = INFLIGHT_NONE;
	q->rx_expected = q->unaligned ? (uint64_t)q->frame_offset << 48 : q->frame_offset;
	q->rx_owner = calloc(id_limit, sizeof(*q->rx_owner));
	q->rx_parked = calloc(id_limit, sizeof(*q->rx_parked));
	q->chunk_taken = calloc(chunks / 64 + 1, sizeof(*q->chunk_taken));
	if (!q->rx_owner || !q->rx_parked || !q->chunk_taken)
		return -ENOMEM;
	return inflight_open(&q->rx_inflight, held < id_limit ? held : id_limit);
}

void rx_close(struct net_xdp_queue *q)
{
	free(q->rx_owner);
	free(q->rx_parked);
	free(q->chunk_taken);
	q->rx_owner = NULL;
	q->rx_parked = NULL;
	q->chunk_taken = NULL;
	inflight_close(&q->rx_inflight);
}
