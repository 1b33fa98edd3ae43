// SPDX-License-Identifier: BSD-2-Clause
/*
 * Frames on their way past a queue that is being captured. Received frames are read when the inner
 * queue delivers their metadata: their bytes are in place then, and still the backend's. Sent frames
 * are read when the inner queue has accepted them. Each becomes one block in the queue's spool, or is
 * counted as missed.
 */
#include <sched.h>
#include <string.h>

#include "base/grow.h"
#include "base/headers.h"
#include "wrap/capture.h"

enum { PIECES = 64, TAG_AT = 12 };

/* ---- On and off ---------------------------------------------------------------------------- */

/*
 * Load the spool for one data call. tap_stop() may take the spool away at any time, but it is not freed
 * while in_use is set. Each side writes one word and then reads the other's, both with a full fence
 * between: so either the queue's thread sees that the spool has gone, or tap_stop() sees in_use.
 */
static struct spool *enter(struct capture_queue *q)
{
	__atomic_store_n(&q->in_use, true, __ATOMIC_SEQ_CST);
	return __atomic_load_n(&q->spool, __ATOMIC_SEQ_CST);
}

static void leave(struct capture_queue *q)
{
	__atomic_store_n(&q->in_use, false, __ATOMIC_RELEASE);
}

void tap_start(struct capture_queue *q, struct spool *spool, uint32_t snap_bytes)
{
	q->pool.snap_bytes = snap_bytes; /* not read while there is no spool */
	__atomic_store_n(&q->spool, spool, __ATOMIC_SEQ_CST);
}

struct spool *tap_stop(struct capture_queue *q)
{
	struct spool *spool = __atomic_exchange_n(&q->spool, NULL, __ATOMIC_SEQ_CST);

	/* No data call blocks, so this takes no longer than one data call. */
	while (__atomic_load_n(&q->in_use, __ATOMIC_SEQ_CST))
		sched_yield();
	return spool;
}

/* ---- A frame into the spool ---------------------------------------------------------------- */

struct frame {
	struct tap_pool *pool;
	uint32_t left; /* bytes still to capture */
	uint32_t at;   /* offset in the frame as it is on the wire, with its tag */
	bool has_tag;  /* a tag is to be inserted at TAG_AT */
	uint16_t tag;
};

static bool frame_begin(struct frame *f, struct pcapng_packet *packet)
{
	struct tap_pool *pool = f->pool;
	uint8_t head[PCAPNG_HEAD_BYTES];

	if (f->has_tag)
		packet->original_bytes += HEADERS_VLAN_BYTES;
	packet->captured_bytes = packet->original_bytes < pool->snap_bytes ? packet->original_bytes
									   : pool->snap_bytes;
	packet->queue = pool->queue;
	packet->dropped = pool->spool->missed_since;
	f->left = packet->captured_bytes;
	f->at = 0;
	if (!pool->ops.memory || !spool_begin(pool->spool, pcapng_packet_bytes(packet)))
		return false;
	pcapng_packet_head(head, packet);
	spool_put(pool->spool, head, sizeof(head));
	return true;
}

static void frame_tag(struct frame *f)
{
	uint8_t bytes[HEADERS_VLAN_BYTES];
	uint32_t n = f->left < sizeof(bytes) ? f->left : sizeof(bytes);

	headers_write16(bytes, HEADERS_VLAN_TYPE);
	headers_write16(bytes + 2, f->tag);
	spool_put(f->pool->spool, bytes, n);
	f->at += n;
	f->left -= n;
	f->has_tag = false;
}

/* Capture the next len bytes of the frame, which lie at a guest address. Return: false if they
 * cannot be read. */
static bool frame_bytes(struct frame *f, uint64_t addr, uint32_t len)
{
	struct net_buffer_access *outer = f->pool->outer;

	while (len && f->left) {
		uint32_t n = len < f->left ? len : f->left;
		const void *bytes;

		if (f->has_tag && f->at == TAG_AT) {
			frame_tag(f);
			continue;
		}
		if (f->has_tag && n > TAG_AT - f->at)
			n = TAG_AT - f->at;
		bytes = f->pool->outer_ops->memory(outer, addr, n);
		if (!bytes)
			return false;
		spool_put(f->pool->spool, bytes, n);
		f->at += n;
		f->left -= n;
		addr += n;
		len -= n;
	}
	return true;
}

static void frame_end(struct frame *f, const struct pcapng_packet *packet, bool is_whole)
{
	struct spool *spool = f->pool->spool;
	uint8_t tail[PCAPNG_TAIL_BYTES];

	if (!is_whole || f->left) {
		spool_miss(spool);
		return;
	}
	spool_put(spool, tail, pcapng_packet_tail(tail, packet));
	spool_commit(spool);
}

/* ---- Receive ------------------------------------------------------------------------------- */

/* Capture what lies of a frame in one buffer; the buffer's first piece may not hold all of it. */
static bool rx_part(struct frame *f, uint32_t id, const struct net_rx_buffer *buffer,
		    uint32_t offset, uint32_t len)
{
	uint32_t first = buffer->capacity_bytes > offset ? buffer->capacity_bytes - offset : 0, n;
	struct net_rx_piece pieces[PIECES];
	struct net_buffer_access *outer = f->pool->outer;

	if (first > len || !f->pool->ops.rx_pieces)
		first = len;
	if (!frame_bytes(f, buffer->addr + buffer->header_bytes + offset, first))
		return false;
	len -= first;
	if (!len || !f->left)
		return true;
	n = f->pool->outer_ops->rx_pieces(outer, id, pieces, PIECES);
	for (uint32_t i = 0; i < n && len; i++) {
		uint32_t part = pieces[i].len_bytes < len ? pieces[i].len_bytes : len;

		if (!frame_bytes(f, pieces[i].addr, part))
			return false;
		len -= part;
	}
	return true;
}

/* Capture one frame, in ids[0..count). Its first id's metadata has the whole length. */
static void rx_frame(struct tap_pool *pool, const uint32_t *ids, const struct net_rx_metadata *meta,
		     uint32_t count, uint64_t now)
{
	struct pcapng_packet packet = {
		.time_ns = now,
		.original_bytes = meta->len_bytes,
		.direction = PCAPNG_INBOUND,
	};
	struct frame f = {.pool = pool,
			  .has_tag = meta->has_vlan && meta->len_bytes > TAG_AT,
			  .tag = meta->vlan_tci};
	uint32_t first = meta->len_bytes;
	bool is_whole = frame_begin(&f, &packet);

	for (uint32_t i = 1; i < count; i++)
		first -= meta[i].len_bytes;
	for (uint32_t i = 0; is_whole && i < count && f.left; i++) {
		struct net_rx_buffer buffer;

		pool->outer_ops->rx_buffers(pool->outer, &ids[i], 1, &buffer);
		is_whole = rx_part(&f, ids[i], &buffer, meta[i].offset_bytes,
				   i ? meta[i].len_bytes : first);
	}
	frame_end(&f, &packet, is_whole);
}

static struct tap_pool *pool_of(struct net_buffer_access *pool)
{
	return (struct tap_pool *)pool;
}

static void tap_rx_metadata(struct net_buffer_access *base, const uint32_t *ids,
			    const struct net_rx_metadata *metadata, uint32_t count)
{
	struct tap_pool *pool = pool_of(base);
	const uint64_t now = recorder_now_ns();
	uint32_t n;

	for (uint32_t i = 0; i < count; i += n) {
		n = 1u + metadata[i].more_ids;
		if (n > count - i)
			n = count - i;
		rx_frame(pool, ids + i, metadata + i, n, now);
	}
	pool->outer_ops->rx_metadata(pool->outer, ids, metadata, count);
}

/* ---- The rest of the pool: what the frontend's does ---------------------------------------- */

static void tap_rx_buffers(struct net_buffer_access *base, const uint32_t *ids, uint32_t count,
			   struct net_rx_buffer *out)
{
	struct tap_pool *pool = pool_of(base);

	pool->outer_ops->rx_buffers(pool->outer, ids, count, out);
}

static void *tap_memory(struct net_buffer_access *base, uint64_t addr, uint32_t len_bytes)
{
	struct tap_pool *pool = pool_of(base);

	return pool->outer_ops->memory(pool->outer, addr, len_bytes);
}

static uint32_t tap_rx_pieces(struct net_buffer_access *base, uint32_t id, struct net_rx_piece *out,
			      uint32_t max)
{
	struct tap_pool *pool = pool_of(base);

	return pool->outer_ops->rx_pieces(pool->outer, id, out, max);
}

static void tap_rx_refused(struct net_buffer_access *base, uint32_t id, enum net_rx_refusal why)
{
	struct tap_pool *pool = pool_of(base);

	pool->outer_ops->rx_refused(pool->outer, id, why);
}

/* Look up what the frontend's pool offers: once, because a frontend passes the same pool each time. */
static void use_pool(struct tap_pool *pool, struct net_buffer_access *outer, struct spool *spool)
{
	pool->spool = spool;
	if (pool->outer == outer && (!outer || pool->outer_ops == outer->ops))
		return;
	pool->outer = outer;
	pool->outer_ops = outer ? outer->ops : NULL;
	pool->ops = (struct net_buffer_access_ops){
		.size_bytes = sizeof(pool->ops),
		.rx_buffers = tap_rx_buffers,
		.rx_metadata = tap_rx_metadata,
		.memory = outer && outer->ops->memory ? tap_memory : NULL,
		.rx_pieces = outer && GROW_HAS(outer->ops, rx_pieces) ? tap_rx_pieces : NULL,
		.rx_refused = outer && GROW_HAS(outer->ops, rx_refused) ? tap_rx_refused : NULL,
	};
	pool->base.ops = &pool->ops;
}

/* ---- Transmit ------------------------------------------------------------------------------ */

static void tx_frame(struct tap_pool *pool, const struct net_tx_packet *sent, uint64_t now)
{
	const struct net_tx_metadata *meta = sent->meta;
	struct pcapng_packet packet = {
		.time_ns = now,
		.original_bytes = meta->len_bytes,
		.direction = PCAPNG_OUTBOUND,
	};
	struct frame f = {
		.pool = pool, .has_tag = meta->flags & NET_TX_VLAN, .tag = meta->vlan_tci};
	bool is_whole = frame_begin(&f, &packet);

	for (uint32_t i = 0; is_whole && i < sent->segment_count; i++)
		is_whole = frame_bytes(&f, sent->segments[i].addr, sent->segments[i].len_bytes);
	frame_end(&f, &packet, is_whole);
}

/* Return: true if the packet goes to the wire: the backend drops malformed ones, and those with a
 * flag that it does not offer. */
static bool is_sent(const struct capture_queue *q, const struct net_tx_packet *packet)
{
	return packet->fault == NET_TX_OK && !(packet->meta->flags & ~q->tx_flags) &&
	       packet->meta->len_bytes >= HEADERS_ETHERNET_BYTES;
}

/* ---- The data calls ------------------------------------------------------------------------ */

int tap_rx_poll(struct capture_queue *q, struct net_buffer_access *pool, uint32_t *ids,
		uint32_t count)
{
	struct spool *spool = enter(q);
	int n;

	if (spool) {
		use_pool(&q->pool, pool, spool);
		pool = &q->pool.base;
	}
	n = net_queue_rx_poll(q->inner, pool, ids, count);
	leave(q);
	return n;
}

bool tap_poll_ready(struct capture_queue *q, struct net_buffer_access *pool)
{
	struct spool *spool = enter(q);
	bool ready;

	if (spool) {
		use_pool(&q->pool, pool, spool);
		pool = &q->pool.base;
	}
	ready = net_queue_poll_ready(q->inner, pool);
	leave(q);
	return ready;
}

int tap_tx_avail(struct capture_queue *q, struct net_buffer_access *pool,
		 const struct net_tx_segment *segments, uint32_t count, bool *sync)
{
	int accepted = net_queue_tx_avail(q->inner, pool, segments, count, sync);
	struct net_tx_iterator it = {.at = segments,
				     .end = segments + (accepted > 0 ? accepted : 0)};
	struct spool *spool = enter(q);
	struct net_tx_packet packet;
	uint64_t now;

	if (spool && accepted > 0) {
		use_pool(&q->pool, pool, spool);
		now = recorder_now_ns();
		while (net_tx_next(&it, &packet))
			if (is_sent(q, &packet))
				tx_frame(&q->pool, &packet, now);
	}
	leave(q);
	return accepted;
}
