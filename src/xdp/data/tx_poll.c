// SPDX-License-Identifier: BSD-2-Clause
/*
 * Transmit, the way up: the kick that makes the kernel send, and completions that become ids.
 *
 * The kernel may complete descriptors in any order, and copy mode clears bit 0 of their addresses
 * (seen on 6.18), so struct inflight is keyed by address / 2. Of two descriptors with one key either
 * may be told first.
 */
#include "xdp/data/hot.h"
#include "xdp/queue.h"
#include "xdp/socket.h"
#include "xdp/data/ready.h"
#include "xdp/data/tx.h"

/* ---- Counting wire packets: completed, lost --------------------------------------------------- */

/*
 * A kick that returns EBUSY has lost one wire packet, of a record just that one. TX_LOST counts it
 * now, TX_PACKETS later, when its completion is read; tx_lost_ahead is how many are in TX_LOST and
 * not in TX_PACKETS yet. queue_stats() calls packets sent what is in TX_PACKETS and not lost:
 * TX_PACKETS - (TX_LOST - tx_lost_ahead). Any thread may ask: it loads TX_LOST, tx_lost_ahead,
 * TX_PACKETS in this order and they are stored here in the opposite one, so that the difference is
 * never negative.
 */
static void count_lost(struct net_xdp_queue *q)
{
	uint64_t *lost = &q->counter[NET_XDP_TX_LOST];

	count_add(&q->tx_lost_ahead, 1);
	__atomic_store_n(lost, *lost + 1, __ATOMIC_RELEASE);
}

static void count_lost_as_read(struct net_xdp_queue *q, uint32_t packets)
{
	uint64_t ahead = q->tx_lost_ahead;

	__atomic_store_n(&q->tx_lost_ahead, ahead - (ahead < packets ? ahead : packets),
			 __ATOMIC_RELEASE);
}

static inline void count_completed(struct net_xdp_queue *q, uint32_t packets)
{
	count_up(q, NET_XDP_TX_PACKETS, packets);
	if (unlikely(q->tx_lost_ahead))
		count_lost_as_read(q, packets);
}

/* ---- Completions ------------------------------------------------------------------------------ */

/* Complete the descriptor of an address, wherever it is in struct inflight. Returns true, and *id,
 * when it was the last one of that id. */
static bool complete(struct net_xdp_queue *q, uint64_t address, uint32_t *id)
{
	const struct inflight_entry *e = inflight_take(&q->tx_inflight, address >> 1);
	bool last;

	if (!e) {
		count_up(q, NET_XDP_TX_UNKNOWN, 1);
		return false;
	}
	if (e->record == INFLIGHT_NO_RECORD) {
		*id = e->id;
		return true;
	}
	last = tx_record_complete(&q->tx_records, e->record, id);
	if (unlikely(q->tx_records.more_packets))
		count_completed(q, tx_records_take_more(&q->tx_records));
	return last;
}

/* Returns for how many of the next count completions complete_run() may look: those are contiguous in
 * the ring and in struct inflight, and so many descriptors are in flight. */
static inline uint32_t completion_run(const struct net_xdp_queue *q, uint32_t count)
{
	const struct inflight *t = &q->tx_inflight;

	if (count > t->tail - t->head)
		count = t->tail - t->head;
	return ring_run(q->xsk.completion.mine, q->xsk.completion.mask,
			ring_run(t->head, t->mask, count));
}

/* Complete count descriptors of packets without records that come back in the order they were sent, see
 * completion_run(), and stop at the first that does not, or has a record. Returns how many, each is an
 * id. */
INLINE uint32_t complete_run(struct net_xdp_queue *q, uint32_t *ids, const uint32_t count)
{
	struct inflight *t = &q->tx_inflight;
	const struct inflight_entry *flight = &t->queue[t->head & t->mask];
	const uint64_t *address = ring_address(&q->xsk.completion, q->xsk.completion.mine);
	uint32_t i;

	for (i = 0; i < count; i++) {
		if (unlikely(address[i] >> 1 != flight[i].key ||
			     flight[i].record != INFLIGHT_NO_RECORD))
			break;
		ids[i] = flight[i].id;
	}
	q->xsk.completion.mine += i;
	t->head += i;
	return i;
}

ALONE static uint32_t complete_fast(struct net_xdp_queue *q, uint32_t *ids, uint32_t count)
{
	return complete_run(q, ids, completion_run(q, count));
}

/* Returns how many of count descriptors in flight come back in the order they were sent. */
INLINE uint32_t matches(const struct inflight_entry *flight, const uint64_t *address,
			const uint32_t count)
{
	UNROLL
	for (uint32_t i = 0; i < count; i++)
		if (unlikely(address[i] >> 1 != flight[i].key))
			return i;
	return count;
}

/* The first of count completions is of a record, and there are no strays. Complete all but the last of
 * the record's descriptors that come back in the order they were sent. As they were put in flight
 * together, all that are left of them are next. Returns how many. */
ALONE static uint32_t complete_more(struct tx_record *r, const struct inflight_entry *flight,
				    const uint64_t *address, uint32_t count)
{
	const uint32_t most = (count < r->descriptors ? count : r->descriptors) - 1;
	uint32_t n = 0, step = GROUP;

	flight++;
	address++;
	for (; step == GROUP && most - n >= GROUP; n += step)
		step = matches(flight + n, address + n, GROUP);
	while (n < most && matches(flight + n, address + n, 1))
		n++;
	r->descriptors -= n;
	return n;
}

/* Complete count descriptors as complete_run() does, with records or not; most have one. Returns how
 * many ids were written. */
ALONE static uint32_t complete_records(struct net_xdp_queue *q, uint32_t *ids, uint32_t count)
{
	struct tx_records *records = &q->tx_records;
	struct inflight *t = &q->tx_inflight;
	const struct inflight_entry *flight = &t->queue[t->head & t->mask];
	const uint64_t *address = ring_address(&q->xsk.completion, q->xsk.completion.mine);
	const uint32_t run = completion_run(q, count);
	uint32_t *const first = ids;
	uint32_t left = run;

	for (; left && *address >> 1 == flight->key; left--, flight++, address++) {
		const uint32_t record = flight->record;
		struct tx_record *r;

		if (record == INFLIGHT_NO_RECORD) {
			*ids++ = flight->id;
			continue;
		}
		r = &records->record[record];
		if (unlikely(r->packets > 1) && likely(!t->strays)) {
			const uint32_t more = complete_more(r, flight, address, left);

			left -= more;
			flight += more;
			address += more;
		}
		ids += tx_record_complete(records, record, ids);
	}
	q->xsk.completion.mine += run - left;
	t->head += run - left;
	if (unlikely(records->more_packets))
		count_completed(q, tx_records_take_more(records));
	return (uint32_t)(ids - first);
}

/* Read completions until count ids are found or none is left. Returns how many ids were written. */
INLINE uint32_t reap(struct net_xdp_queue *q, uint32_t *ids, uint32_t count)
{
	const struct inflight *t = &q->tx_inflight;
	uint32_t found = 0, left;

	while (found < count && (left = ring_available(&q->xsk.completion, count - found)) != 0) {
		uint32_t before = q->xsk.completion.mine;

		if (inflight_at(t, t->head)->record == INFLIGHT_NO_RECORD)
			found += complete_fast(q, ids + found, left);
		else
			found += complete_records(q, ids + found, left);
		if (q->xsk.completion.mine == before)
			found += complete(
				q, *ring_address(&q->xsk.completion, q->xsk.completion.mine++),
				&ids[found]);
	}
	if (*q->xsk.completion.own != q->xsk.completion.mine)
		ring_publish(&q->xsk.completion);
	count_completed(q, found);
	return found;
}

/* Read all completions; q->done keeps the ids for the next tx_poll(). */
void tx_reap(struct net_xdp_queue *q)
{
	uint32_t ids[64], n;

	do {
		uint32_t room = q->done_mask + 1 - tx_done_count(q);

		n = reap(q, ids, room < 64 ? room : 64);
		for (uint32_t i = 0; i < n; i++)
			tx_done_push(q, ids[i]);
	} while (n == 64);
}

/* ---- Kick ------------------------------------------------------------------------------------- */

/* Copy mode repeats sendto() while descriptors are left and the consumer index moves. */
INLINE uint32_t kick(struct net_xdp_queue *q, const uint32_t most)
{
	uint32_t calls = 0;

	while (calls < most) {
		uint32_t before = q->xsk.tx.theirs;

		calls++;
		count_up(q, NET_XDP_KICKS, 1);
		switch (xsk_kick_tx(&q->xsk)) {
		case KICK_OK:
			/* With busy polling sendto() has run the driver's NAPI itself: there is no
			 * wake-up whose effect is to be waited for. */
			if (q->zero_copy && !q->xsk.busy_poll)
				q->tx_patience = PATIENCE_LOOKS;
			break;
		case KICK_LOST:
			count_lost(q);
			break;
		case KICK_AGAIN:
			count_up(q, NET_XDP_KICK_AGAIN, 1);
			break;
		case KICK_DOWN:
			count_up(q, NET_XDP_KICK_DOWN, 1);
			return calls;
		case KICK_GONE:
			queue_fail(q);
			return calls;
		}
		/* What sendto() returns does not say how many descriptors the kernel took; the TX ring's
		 * consumer index does. In zero copy the driver takes them at a time of its own. */
		if (q->zero_copy || ring_drained(&q->xsk.tx) || q->xsk.tx.theirs == before)
			break;
	}
	return calls;
}

ALONE void tx_kick(struct net_xdp_queue *q)
{
	kick(q, TX_CALLS);
}

uint32_t tx_kick_most(struct net_xdp_queue *q, uint32_t most)
{
	return kick(q, most);
}

/*
 * In copy mode the kick does the sending, and every call of tx_push() that finds descriptors kicks. A
 * zero-copy driver takes descriptors at a time of its own, and may keep need_wakeup set meanwhile
 * (igb and virtio_net never clear it). So a kick that succeeded sets tx_patience to PATIENCE_LOOKS,
 * each call with an unmoved ring lowers it, and the driver is kicked again when it is 0:
 *
 *     new descriptors                    tx_avail() sets it to 0
 *     the kick failed                    it was not raised
 *     the driver set need_wakeup anew    a call that saw the flag clear set it to 0
 *     the ring has not moved for long    it has counted down; a reset or a link change loses wake-ups
 *     before a sleep                     queue_poll_ready() sets it to 0, and its timer repeats that
 */
static inline void push(struct net_xdp_queue *q)
{
	uint32_t before = q->xsk.tx.theirs;

	if (ring_drained(&q->xsk.tx))
		return;
	if (!tx_wants_kick(q))
		q->tx_patience = 0;
	else if (!q->tx_patience)
		tx_kick(q);
	else
		q->tx_patience = q->xsk.tx.theirs == before ? q->tx_patience - 1 : PATIENCE_LOOKS;
}

void tx_push(struct net_xdp_queue *q)
{
	push(q);
}

/* ---- The call --------------------------------------------------------------------------------- */

/* Collect any number of ids. Returns as tx_poll(). */
ALONE static int poll_any(struct net_xdp_queue *q, uint32_t *ids, uint32_t count)
{
	uint32_t n = 0;

	while (n < count && q->done_head != q->done_tail)
		ids[n++] = q->done[q->done_head++ & q->done_mask];
	n += reap(q, ids + n, count - n);
	if (n == 0) {
		queue_look(q);
		if (unlikely(q->failed)) {
			q->failure_told = true;
			return NET_TRY_RESTART;
		}
	}
	return (int)n;
}

/* Returns true when there is one completion and no other id, and complete_run() with a constant 1, which
 * is the body of the fast path's loop, has written its id. */
static inline bool poll_single(struct net_xdp_queue *q, uint32_t *id, uint32_t count)
{
	return q->done_head == q->done_tail && ring_available(&q->xsk.completion, count) == 1 &&
	       q->tx_inflight.tail != q->tx_inflight.head && complete_run(q, id, 1);
}

int tx_poll(struct net_queue *queue, struct net_buffer_access *pool, uint32_t *ids, uint32_t count)
{
	struct net_xdp_queue *q = queue_of(queue);

	(void)pool;
	/* A deferred kick survives one tx_poll(): this one only clears the flag, and the next
	 * tx_avail(), tx_poll() or queue_poll_ready() kicks. */
	if (q->tx_kick_deferred)
		q->tx_kick_deferred = false;
	else
		push(q);
	if (!poll_single(q, ids, count))
		return poll_any(q, ids, count);
	ring_publish(&q->xsk.completion);
	count_completed(q, 1);
	return 1;
}
