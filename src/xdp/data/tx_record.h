/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A transmit record: n wire packets and m private slots that answer to one id.
 *
 *     id ─► record ─┬─ wire packet ── descriptor, descriptor, ...   (each of them has an entry in struct
 *                   ├─ wire packet ── descriptor, ...                inflight, which names the record)
 *                   └─ slot ► slot ► ...                             (chained through next_slot[])
 *
 * A packet that is one descriptor in the frontend's memory has no record: its entry in struct
 * inflight holds the id. Any other packet has one. A record is written as a draft, and goes as a
 * whole or not at all:
 *
 *     tx_record_open(&draft, &records, &ring, &inflight, id, room)
 *     tx_record_add_slot(&draft, bounce_take(...))    a private slot: of headers, or of a copy
 *     tx_record_add_descriptor(&draft, offset, len)   the next descriptor of this wire packet
 *     tx_record_end_packet(&draft)                    what comes next is another wire packet
 *     tx_record_commit(&draft)  or  tx_record_abort(&draft)
 *
 * A draft writes behind the end of the TX ring, which moves when it is committed, and nothing to struct
 * inflight before that. So completions may be read meanwhile, and tx_record_abort() has only slots and
 * the record to give back. A queue has one draft at a time.
 *
 * All slots come back with the record's last descriptor, none before. Kernels up to 6.17 write an
 * address into the completion ring when they take its descriptor, and publish positions as packets
 * complete in any order, so a published address may be that of a descriptor that is still being sent
 * (xsk_cq_reserve_addr_locked(), xsk_destruct_skb()). A slot that is given back for its own address
 * alone could be written again too early. Besides, a slot may have several descriptors and needs no
 * count of them.
 *
 * The frontend may have one address in flight for two records; which of them it completes is not
 * known then. That cannot free a slot too early: a slot's own addresses are in flight once, and it
 * waits for them.
 *
 * What is counted per what: an id is accepted, dropped or left to the frontend (TX_ACCEPTED,
 * TX_DROP_*, TX_NO_ROOM); the kernel completes and loses wire packets (TX_PACKETS, TX_LOST), and does
 * not say whose.
 */
#ifndef NET_XDP_TX_RECORD_H
#define NET_XDP_TX_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "host/xdp_uapi.h"
#include "xdp/data/bounce.h"
#include "xdp/data/inflight.h"
#include "xdp/data/ring.h"

#define TX_PLAIN   UINT32_MAX	    /* in place of a chain: no slot, and one wire packet */
#define TX_NO_SLOT (UINT32_MAX - 1) /* the end of a chain */

struct tx_record {
	uint32_t id;
	uint32_t
		descriptors; /* of all wire packets, not completed yet; 0 when the record is free */
	uint32_t first_slot; /* a slot's number, TX_NO_SLOT or TX_PLAIN */
	uint32_t packets;    /* on the wire */
};

struct tx_records {
	struct tx_record *record;
	uint32_t *free; /* stack */
	uint32_t free_count;
	uint32_t size;
	/* The private slots that a record may have. They are numbered through: the frames' numbers
	 * follow the headers'. */
	struct bounce *headers, *frames;
	uint32_t *next_slot;   /* by a slot's number: the next one of the same record */
	uint32_t more_packets; /* see tx_records_take_more() */
};

/* A record while it is written. */
struct tx_draft {
	struct tx_records *records;
	struct ring *tx;
	struct inflight *inflight;
	struct tx_record record;
	uint32_t index;	      /* of the record */
	uint32_t room;	      /* descriptors that it may have */
	uint32_t descriptors; /* that it has */
	uint32_t ended;	      /* of these, in wire packets that are complete */
};

/* As many records as descriptors can be in flight, since each has at least one. headers and frames are
 * open, stay the caller's and outlive the records. Returns 0 or -ENOMEM. */
int tx_records_open(struct tx_records *t, uint32_t records, struct bounce *headers,
		    struct bounce *frames);
void tx_records_close(struct tx_records *t);

/* Call each() with the id of every record in flight. */
void tx_records_each(const struct tx_records *t, void (*each)(void *context, uint32_t id),
		     void *context);

/* Give back the slots of b that are chained from one on, up to the first that is none. Their numbers begin with
 * from. Returns that one, or TX_NO_SLOT. */
static inline uint32_t tx_record_give(const struct tx_records *t, struct bounce *b, uint32_t from,
				      uint32_t slot)
{
	const uint32_t *const next = t->next_slot;
	uint32_t *const free = b->free, slots = b->slots, count = b->free_count;
	uint8_t *const taken = b->taken;

	for (; slot - from < slots; slot = next[slot]) {
		taken[slot - from] = 0;
		free[count++] = slot - from;
	}
	b->free_count = count;
	return slot;
}

/* Give back the slots chained from first_slot. */
static inline void tx_record_give_slots(struct tx_records *t, uint32_t first_slot)
{
	uint32_t slot = first_slot;

	while (slot != TX_NO_SLOT)
		slot = slot < t->headers->slots
			       ? tx_record_give(t, t->headers, 0, slot)
			       : tx_record_give(t, t->frames, t->headers->slots, slot);
}

/* Begin a record of at most room descriptors; the caller has seen that the TX ring and struct
 * inflight have room for them (tx_room()). Returns false when all records are in use. */
static inline bool tx_record_open(struct tx_draft *d, struct tx_records *t, struct ring *tx,
				  struct inflight *inflight, uint32_t id, uint32_t room)
{
	*d = (struct tx_draft){.records = t, .tx = tx, .inflight = inflight, .room = room};
	d->record = (struct tx_record){.id = id, .first_slot = TX_NO_SLOT};
	if (__builtin_expect(t->free_count == 0, 0))
		return false;
	d->index = t->free[--t->free_count];
	return true;
}

/* The record owns a private slot from now on: the one that bounce_take() gave at a UMEM offset. */
static inline void tx_record_add_slot(struct tx_draft *d, uint64_t offset)
{
	const struct tx_records *t = d->records;
	uint32_t slot = (uint32_t)bounce_slot(t->headers, offset);

	if (!bounce_owns(t->headers, offset))
		slot = t->headers->slots + (uint32_t)bounce_slot(t->frames, offset);
	d->records->next_slot[slot] = d->record.first_slot;
	d->record.first_slot = slot;
}

/* What a slot's number of b is among those of a record. */
static inline uint32_t tx_record_first_of(const struct tx_records *t, const struct bounce *b)
{
	return b == t->headers ? 0 : t->headers->slots;
}

/* Take count slots of b, which are free, for the record. at gets their UMEM offsets. */
static inline void tx_record_take_slots(struct tx_draft *d, struct bounce *b, uint32_t count,
					uint64_t *at)
{
	const uint32_t numbers = tx_record_first_of(d->records, b), shift = b->slot_shift;
	const uint64_t offset = b->offset;
	const uint32_t *free = b->free + b->free_count;
	uint32_t *const next = d->records->next_slot + numbers;
	uint32_t first = d->record.first_slot;
	uint8_t *const taken = b->taken;

	for (uint32_t i = 0; i < count; i++) {
		const uint32_t slot = *--free;

		taken[slot] = 1;
		next[slot] = first;
		first = numbers + slot;
		at[i] = offset + ((uint64_t)slot << shift);
	}
	d->record.first_slot = first;
	b->free_count -= count;
}

/* Give back the count slots that were taken last, which are of b. */
static inline void tx_record_return_slots(struct tx_draft *d, struct bounce *b, uint32_t count)
{
	const uint32_t numbers = tx_record_first_of(d->records, b);

	while (count--) {
		const uint32_t slot = d->record.first_slot;

		d->record.first_slot = d->records->next_slot[slot];
		bounce_give_slot(b, slot - numbers);
	}
}

/* Write the next descriptor of the wire packet as it is; the caller knows that there is room, and which
 * one is the last. Returns where it is. */
static inline struct xdp_desc *tx_record_put(struct tx_draft *d, struct xdp_desc desc)
{
	struct xdp_desc *at = ring_descriptor(d->tx, d->tx->mine + d->descriptors++);

	*at = desc;
	return at;
}

/* Write the next descriptor of the wire packet: len bytes at a UMEM offset, both checked by the
 * caller. Returns false when the record has as many as it may. */
static inline bool tx_record_add_descriptor(struct tx_draft *d, uint64_t offset, uint32_t len)
{
	if (__builtin_expect(d->descriptors == d->room, 0))
		return false;
	tx_record_put(d, (struct xdp_desc){offset, len, XDP_PKT_CONTD});
	return true;
}

/* Forget the descriptors of the wire packet that is being written. */
static inline void tx_record_rewind(struct tx_draft *d)
{
	d->descriptors = d->ended;
}

/* The wire packet is complete: its last descriptor has no XDP_PKT_CONTD. */
static inline void tx_record_next_packet(struct tx_draft *d)
{
	d->ended = d->descriptors;
	d->record.packets++;
}

/* The descriptor written last is the last of its wire packet. Does nothing when none was written
 * since the last call. */
static inline void tx_record_end_packet(struct tx_draft *d)
{
	if (d->descriptors == d->ended)
		return;
	ring_descriptor(d->tx, d->tx->mine + d->descriptors - 1)->options &=
		~(uint32_t)XDP_PKT_CONTD;
	tx_record_next_packet(d);
}

/* Give everything back. */
static inline void tx_record_abort(struct tx_draft *d)
{
	struct tx_records *t = d->records;

	tx_record_give_slots(t, d->record.first_slot);
	t->free[t->free_count++] = d->index;
}

/* Put count descriptors of a record in flight, which begin where the ring's do that were not published.
 * Moves both ends. */
void tx_record_fly(struct ring *tx, struct inflight *inflight, uint32_t count, uint32_t id,
		   uint32_t record);

/* The record goes in flight, with all that was added; the caller publishes the ring. Returns false
 * when there is no descriptor, without which it would never complete: the draft is aborted. */
static inline bool tx_record_commit(struct tx_draft *d)
{
	if (__builtin_expect(d->descriptors == 0, 0)) {
		tx_record_abort(d);
		return false;
	}
	tx_record_end_packet(d);
	d->record.descriptors = d->descriptors;
	d->records->record[d->index] = d->record;
	if (d->descriptors > 1) {
		tx_record_fly(d->tx, d->inflight, d->descriptors, d->record.id, d->index);
		return true;
	}
	inflight_put(d->inflight, ring_descriptor(d->tx, d->tx->mine)->addr >> 1, d->record.id,
		     d->index);
	d->tx->mine++;
	return true;
}

/* A packet of descriptors in the frontend's memory alone, for who writes them without a draft. */
static inline struct tx_record tx_record_plain(uint32_t id, uint32_t descriptors)
{
	return (struct tx_record){id, descriptors, TX_PLAIN, 1};
}

/* One descriptor of a record has completed. Returns true, and *id, when it was the last: the record
 * and its slots are free. */
static inline bool tx_record_complete(struct tx_records *t, uint32_t index, uint32_t *id)
{
	struct tx_record *r = &t->record[index];

	if (--r->descriptors)
		return false;
	*id = r->id;
	if (__builtin_expect(r->first_slot != TX_PLAIN, 0)) {
		t->more_packets += r->packets - 1;
		tx_record_give_slots(t, r->first_slot);
	}
	t->free[t->free_count++] = index;
	return true;
}

/* Wire packets of the records that completed since the last call, without the first of each. */
static inline uint32_t tx_records_take_more(struct tx_records *t)
{
	uint32_t more = t->more_packets;

	t->more_packets = 0;
	return more;
}

#endif
