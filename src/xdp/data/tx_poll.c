// SPDX-License-Identifier: BSD-2-Clause
/*
 * Transmit, the way up: the kick that makes the kernel send, and completions that become ids.
 *
 * Completions may come in any order, and copy mode clears bit 0 of their addresses (seen on 6.18),
 * so they are matched by address / 2; two packets at one address are interchangeable.
 */
#include "xdp/data/hot.h"
#include "xdp/queue.h"
#include "xdp/socket.h"
#include "xdp/data/ready.h"
#include "xdp/data/tx.h"

/* System calls of one kick: enough to send a ring in the kernel's default portions of 32 while they
 * make progress, and a bound when every frame is lost one by one. */
#define KICK_CALLS 64

/* ---- Wire packets that were completed, and that were lost ------------------------------------- */

/*
 * A lost packet is counted when the kick says EBUSY, before its completion is read, and is none that
 * was sent: queue_stats() takes the lost ones whose completions were read, TX_LOST less
 * tx_lost_ahead, from TX_PACKETS. It reads the three in that order, in any thread, and they are
 * stored in the other order here: what is taken is never more than TX_PACKETS. All three count wire
 * packets: the kick loses one of a record's, not all.
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

/* Any completed descriptor. Return: true and *id when it was its packet's last. */
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

/* The usual completions: in the order they were sent. records, a constant: of packets with a record too?
 * Reads at most count, before one that needs complete(). Return: ids written. */
INLINE uint32_t complete_run(struct net_xdp_queue *q, uint32_t *ids, uint32_t count,
			     const bool records)
{
	struct inflight *t = &q->tx_inflight;
	const struct inflight_entry *flight = &t->queue[t->head & t->mask];
	const uint64_t *address = ring_address(&q->xsk.completion, q->xsk.completion.mine);
	uint32_t i, found = 0;

	if (count > t->tail - t->head)
		count = t->tail - t->head;
	count = ring_run(q->xsk.completion.mine, q->xsk.completion.mask,
			 ring_run(t->head, t->mask, count));
	for (i = 0; i < count; i++) {
		if (unlikely(address[i] >> 1 != flight[i].key ||
			     (!records && flight[i].record != INFLIGHT_NO_RECORD)))
			break;
		if (records && flight[i].record != INFLIGHT_NO_RECORD)
			found += tx_record_complete(&q->tx_records, flight[i].record, &ids[found]);
		else
			ids[records ? found++ : i] = flight[i].id;
	}
	q->xsk.completion.mine += i;
	t->head += i;
	return records ? found : i;
}

ALONE static uint32_t complete_fast(struct net_xdp_queue *q, uint32_t *ids, uint32_t count)
{
	return complete_run(q, ids, count, false);
}

ALONE static uint32_t complete_records(struct net_xdp_queue *q, uint32_t *ids, uint32_t count)
{
	uint32_t found = complete_run(q, ids, count, true);

	if (unlikely(q->tx_records.more_packets))
		count_completed(q, tx_records_take_more(&q->tx_records));
	return found;
}

/* Read completions until count ids are found. Return: ids written. */
static uint32_t reap(struct net_xdp_queue *q, uint32_t *ids, uint32_t count)
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

/* Make room: keep the ids for the next tx_poll. */
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

ALONE static void kick(struct net_xdp_queue *q)
{
	for (uint32_t calls = 0; calls < KICK_CALLS; calls++) {
		uint32_t before = q->xsk.tx.theirs;

		count_up(q, NET_XDP_KICKS, 1);
		switch (xsk_kick_tx(&q->xsk)) {
		case KICK_OK:
			if (q->zero_copy && !q->xsk.busy_poll) /* a busy poll is work, not a word */
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
			return;
		case KICK_GONE:
			q->failed = true;
			return;
		}
		/* Neither success nor failure says how much was taken; the consumer index does. In
		 * zero copy the driver takes it when it likes. */
		if (q->zero_copy || ring_drained(&q->xsk.tx) || q->xsk.tx.theirs == before)
			return;
	}
}

static bool wants_kick(const struct net_xdp_queue *q)
{
	if (q->zero_copy)
		__atomic_thread_fence(__ATOMIC_SEQ_CST); /* see ring_needs_wakeup() */
	return ring_needs_wakeup(&q->xsk.tx) || q->xsk.busy_poll;
}

/*
 * In copy mode the kick does the sending. A zero-copy driver takes what it was told of when it likes,
 * and may ask to be told all the while (igb and virtio_net never stop). It is told once, and again
 * only
 *
 *     of new frames                      tx_avail ends the patience
 *     when the kick failed               then there was none
 *     when it asks anew                  it did not for a while: the driver was awake, and stopped
 *     when it takes nothing for long     a wake-up may get lost: link down, NIC or NAPI in between
 *     before a sleep                     poll_ready ends the patience, and its timer repeats that
 */
void tx_push(struct net_xdp_queue *q)
{
	uint32_t before = q->xsk.tx.theirs;

	if (ring_drained(&q->xsk.tx))
		return;
	if (!wants_kick(q))
		q->tx_patience = 0;
	else if (!q->tx_patience)
		kick(q);
	else
		q->tx_patience = q->xsk.tx.theirs == before ? q->tx_patience - 1 : PATIENCE_LOOKS;
}

int tx_poll(struct net_queue *queue, struct net_buffer_access *pool, uint32_t *ids, uint32_t count)
{
	struct net_xdp_queue *q = queue_of(queue);
	uint32_t n = 0;

	(void)pool;
	/* The tail is never left behind: the next call but this one pushes it, and so does poll_ready
	 * before anybody sleeps. */
	if (q->tx_kick_deferred)
		q->tx_kick_deferred = false;
	else
		tx_push(q);
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
