// SPDX-License-Identifier: BSD-2-Clause
/*
 * Transmit, the way down: packets become descriptors in the TX ring. The loops here are the fast path;
 * tx_plan.c takes any other packet.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/headers.h"
#include "xdp/data/hot.h"
#include "xdp/queue.h"
#include "xdp/data/tx.h"

/* A call that adds at least STREAM_FRAMES descriptors is one of a stream: its kick may wait for the
 * next calls, until the TX ring holds KICK_FRAMES. A smaller batch is kicked at once, because
 * somebody may wait for it. */
#define STREAM_FRAMES 64
#define KICK_FRAMES   256

/* Flags that describe a packet and ask for no change of it. */
#define UNCHANGED_FLAGS (NET_TX_IPV4 | NET_TX_IPV6)

/* ---- The fast path ---------------------------------------------------------------------------- */

/* The region that the last packet was in, as send_run() needs it. */
struct last_region {
	uint64_t guest;
	uint64_t
		bytes; /* at least a page, so bytes - len does not wrap for what the fast path sends */
	uint64_t offset; /* of its first byte in the UMEM */
	struct page_rule pages;
};

/* Write a segment's descriptor and its entry in struct inflight. Returns false when the segment is
 * not in the region, or crosses what page_crossed() tells. */
INLINE bool put_segment(const struct last_region w, const struct net_tx_segment *s,
			struct xdp_desc *tx, struct inflight_entry *flight, uint32_t id,
			uint32_t record, const uint32_t options, const bool paged)
{
	const uint64_t at = s->addr - w.guest; /* huge when s->addr is in front of the region */
	const uint32_t len = s->len_bytes;

	if (unlikely(at > w.bytes - len))
		return false;
	if (paged && unlikely(page_crossed(w.pages, at + w.offset, len)))
		return false;
	*tx = (struct xdp_desc){.addr = at + w.offset, .len = len, .options = options};
	flight->key = (at + w.offset) >> 1;
	flight->id = id;
	flight->record = record;
	return true;
}

/* Write the n segments of a packet. Returns false when they do not add up to bytes, when one after
 * the first is a head or one is empty, or when put_segment() returns false. */
INLINE bool put_packet(const struct last_region w, const struct net_tx_segment *s, uint32_t n,
		       uint32_t bytes, struct xdp_desc *tx, struct inflight_entry *flight,
		       uint32_t record, const bool paged)
{
	uint32_t left = bytes;

	for (uint32_t i = 0; i < n; i++) {
		if (unlikely(s[i].len_bytes - 1 >= left || (s[i].head && i)))
			return false;
		if (!put_segment(w, &s[i], &tx[i], &flight[i], 0, record, XDP_PKT_CONTD, paged))
			return false;
		left -= s[i].len_bytes;
	}
	tx[n - 1].options = 0;
	return left == 0;
}

/* Returns true if a segment begins a packet that send_run() may send, as far as its metadata says.
 * most: the longest frame, less HEADERS_ETHERNET_BYTES. */
INLINE bool is_plain(const struct net_tx_segment *s, uint32_t most, const bool several)
{
	const struct net_tx_metadata *meta = s->head;

	return meta && (several || meta->segment_count == 1) &&
	       (several || meta->len_bytes == s->len_bytes) && !(meta->flags & ~UNCHANGED_FLAGS) &&
	       meta->len_bytes - HEADERS_ETHERNET_BYTES <= most;
}

/*
 * Send packets that need no change and lie in the region used last, a descriptor for each segment.
 * What is the same for the whole list stays in locals. paged and several are constants: with paged a
 * segment may cross pages (queue_page_rule()); with several each packet has a record and any number
 * of segments, without it just one. The entries for count segments are contiguous in the TX ring and in
 * struct inflight. Returns how many of the count segments were sent, all those before a packet that is
 * not so.
 */
INLINE uint32_t send_run(struct net_xdp_queue *q, const struct net_tx_segment *s,
			 const uint32_t count, const bool paged, const bool several)
{
	const struct memory_region *r = &q->memory->region[q->tx_region];
	const struct last_region w = {r->guest_addr, r->bytes, r->offset, queue_page_rule(q, r)};
	const uint32_t most = q->max_frame_bytes - HEADERS_ETHERNET_BYTES;
	const uint32_t limit = q->tx_max_descriptors;
	const uint32_t *const records = q->tx_records.free + q->tx_records.free_count;
	const uint32_t *record = records;
	struct inflight *t = &q->tx_inflight;
	struct inflight_entry *flight = inflight_at(t, t->tail);
	struct xdp_desc *tx = ring_descriptor(&q->xsk.tx, q->xsk.tx.mine);
	uint32_t i, n = 1, packets;
	uint64_t bytes = 0;

	for (i = 0; i < count; i += n) {
		const struct net_tx_metadata *meta = s[i].head;

		if (unlikely(!is_plain(&s[i], most, several)))
			break;
		if (several) {
			n = meta->segment_count;
			if (n - 1 >= limit || n > count - i)
				break;
			if (!put_packet(w, &s[i], n, meta->len_bytes, &tx[i], &flight[i],
					record[-1], paged))
				break;
			q->tx_records.record[*--record] = tx_record_plain(meta->id, n);
		} else if (!put_segment(w, &s[i], &tx[i], &flight[i], meta->id, INFLIGHT_NO_RECORD,
					0, paged)) {
			break;
		}
		bytes += meta->len_bytes;
	}
	packets = several ? (uint32_t)(records - record) : i;
	if (several)
		q->tx_records.free_count -= packets;
	q->xsk.tx.mine += i;
	t->tail += i;
	count_up(q, NET_XDP_TX_BYTES, bytes);
	count_up(q, NET_XDP_TX_ACCEPTED, packets);
	count_up(q, NET_XDP_TX_DIRECT, packets);
	return i;
}

ALONE static uint32_t send_fast_unpaged(struct net_xdp_queue *q, const struct net_tx_segment *s,
					uint32_t count)
{
	return send_run(q, s, count, false, false);
}

ALONE static uint32_t send_fast_paged(struct net_xdp_queue *q, const struct net_tx_segment *s,
				      uint32_t count)
{
	return send_run(q, s, count, true, false);
}

ALONE static uint32_t send_several_unpaged(struct net_xdp_queue *q, const struct net_tx_segment *s,
					   uint32_t count)
{
	return send_run(q, s, count, false, true);
}

ALONE static uint32_t send_several_paged(struct net_xdp_queue *q, const struct net_tx_segment *s,
					 uint32_t count)
{
	return send_run(q, s, count, true, true);
}

/* Send packets by the fast path while it takes them. Returns how many of the count segments were
 * sent: 0 when the first packet is none for it or has no room. */
static uint32_t send_fast(struct net_xdp_queue *q, const struct net_tx_segment *s, uint32_t count)
{
	const struct net_tx_metadata *meta = s->head;
	uint32_t room;

	/* send_run() writes one descriptor for a segment: a chunk must be as long as the longest
	 * frame. */
	if (!meta || (meta->flags & ~UNCHANGED_FLAGS) || q->max_frame_bytes > q->tx_piece_bytes)
		return 0;
	room = tx_room(q, count);
	if (room < count)
		count = room;
	count = ring_run(q->tx_inflight.tail, q->tx_inflight.mask, count);
	count = ring_run(q->xsk.tx.mine, q->xsk.tx.mask, count);
	if (meta->segment_count == 1)
		return q->paged ? send_fast_paged(q, s, count) : send_fast_unpaged(q, s, count);
	return q->paged ? send_several_paged(q, s, count) : send_several_unpaged(q, s, count);
}

/* Returns true if the kick for so many new descriptors may wait for the next call. It may in copy
 * mode only, where sendto() does the sending and one call is shared by all that is in the ring. */
static bool may_wait(const struct net_xdp_queue *q, uint32_t frames)
{
	return frames >= STREAM_FRAMES && q->xsk.tx.mine - q->xsk.tx.theirs < KICK_FRAMES &&
	       !q->zero_copy && !q->xsk.busy_poll;
}

/* ---- The calls -------------------------------------------------------------------------------- */

/* Show the kernel the descriptors that were written. */
static inline void publish(struct net_xdp_queue *q)
{
	ring_publish(&q->xsk.tx);
	q->tx_patience = 0;
}

/* Kick for what was written, by the system calls that packets which went whole have left of this call's. */
static void push_new(struct net_xdp_queue *q)
{
	if (likely(q->whole.calls == TX_CALLS))
		tx_push(q);
	else if (!ring_drained(&q->xsk.tx))
		tx_kick_most(q, q->whole.calls);
}

/* Send any number of segments. Returns as tx_avail(). */
ALONE static int avail_any(struct net_xdp_queue *q, struct net_buffer_access *pool,
			   const struct net_tx_segment *segments, uint32_t count)
{
	struct net_tx_iterator it = {segments, segments + count};
	uint32_t before = q->xsk.tx.mine;
	struct net_tx_packet packet;
	bool more = true;

	if (count) /* an empty list does not replace the packet that readiness waits for */
		q->tx_blocked = 0;
	q->whole.calls = TX_CALLS;
	while (it.at != it.end && more) {
		uint32_t sent = send_fast(q, it.at, (uint32_t)(it.end - it.at));

		it.at += sent;
		if (it.at == it.end ||
		    memory_turn(q->memory, &q->tx_region, it.at->addr, it.at->len_bytes))
			continue;
		if (sent == 0 && net_tx_next(&it, &packet)) {
			more = tx_send_any(q, pool, &packet);
			it.at = more ? it.at : packet.segments;
		}
	}
	if (*q->xsk.tx.own != q->xsk.tx.mine)
		publish(q);
	q->tx_kick_deferred = more && may_wait(q, q->xsk.tx.mine - before);
	if (!q->tx_kick_deferred)
		push_new(q);
	return (int)(it.at - segments);
}

/* Returns true if one more descriptor may be written, as far as is known without a look at the kernel's
 * index. */
static inline bool has_known_room(const struct net_xdp_queue *q)
{
	return inflight_room(&q->tx_inflight) != 0 &&
	       q->xsk.tx.mine - q->xsk.tx.theirs < q->xsk.tx.entries;
}

/*
 * Send a list of one segment: a guest that answers sends its packets one by one. send_run() with a
 * constant 1 is the body of the fast path's loop. What send_run() finds out with is_plain() is asked
 * before: the compiler asks once, and loads nothing for a packet that is not for the fast path. Returns
 * as tx_avail().
 */
INLINE int avail_single(struct net_xdp_queue *q, struct net_buffer_access *pool,
			const struct net_tx_segment *s, const bool paged)
{
	if (unlikely(!is_plain(s, q->max_frame_bytes - HEADERS_ETHERNET_BYTES, false)) ||
	    unlikely(q->max_frame_bytes > q->tx_piece_bytes) || unlikely(!has_known_room(q)) ||
	    unlikely(!send_run(q, s, 1, paged, false)))
		return avail_any(q, pool, s, 1);
	q->tx_blocked = 0;
	q->tx_kick_deferred = false;
	publish(q);
	tx_push_new(q);
	return 1;
}

ALONE static int avail_single_unpaged(struct net_xdp_queue *q, struct net_buffer_access *pool,
				      const struct net_tx_segment *s)
{
	return avail_single(q, pool, s, false);
}

ALONE static int avail_single_paged(struct net_xdp_queue *q, struct net_buffer_access *pool,
				    const struct net_tx_segment *s)
{
	return avail_single(q, pool, s, true);
}

int tx_avail(struct net_queue *queue, struct net_buffer_access *pool,
	     const struct net_tx_segment *segments, uint32_t count, bool *sync)
{
	struct net_xdp_queue *q = queue_of(queue);

	*sync = false;
	if (count != 1)
		return avail_any(q, pool, segments, count);
	return q->paged ? avail_single_paged(q, pool, segments)
			: avail_single_unpaged(q, pool, segments);
}

bool tx_has_room(struct net_xdp_queue *q)
{
	/* A packet may need more than there is. With nothing on its way it is offered to be joined or dropped
	 * (write_packet()): no completion will come to tell its frontend. */
	if (inflight_count(&q->tx_inflight) == 0 && ring_drained(&q->xsk.tx))
		return true;
	return inflight_room(&q->tx_inflight) >= q->tx_blocked &&
	       ring_room(&q->xsk.tx, q->tx_blocked) >= q->tx_blocked &&
	       q->tx_private.free_count >= q->tx_blocked_frames &&
	       q->tx_headers.free_count >= q->tx_blocked_headers;
}

/* ---- Set-up ----------------------------------------------------------------------------------- */

int tx_open(struct net_xdp_queue *q)
{
	uint32_t flight = q->xsk.completion.entries;

	q->done_mask = 2 * flight - 1;
	q->done = calloc(2 * flight, sizeof(*q->done));
	if (!q->done || tx_records_open(&q->tx_records, flight, &q->tx_headers, &q->tx_private))
		return -ENOMEM;
	return inflight_open(&q->tx_inflight, flight);
}

void tx_close(struct net_xdp_queue *q)
{
	tx_records_close(&q->tx_records);
	free(q->done);
	q->done = NULL;
	inflight_close(&q->tx_inflight);
}
