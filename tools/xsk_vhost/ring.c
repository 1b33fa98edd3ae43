// SPDX-License-Identifier: BSD-2-Clause
#include "xsk_vhost/ring.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- The end before the stop ------------------------------------------------------------------ */

/* Nothing more is popped, as nothing lies before avail_seen, and nothing pushed, as nothing is owned. */
static void end_early(struct ring *r, enum ring_state state)
{
	r->state = state;
	memset(r->owner, RING_NOBODY, r->size);
	r->again_count = 0;
	r->avail_seen = r->next_avail;
	r->next_used = r->published;
	r->call_owed = false;
	/* What the driver makes of this memory after its reset has other heads. */
	if (r->inflight)
		inflight_queue_forget(r->inflight);
}

/* Return: -EPROTO. */
static int __attribute__((format(printf, 2, 3))) ring_break(struct ring *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(r->sentence, sizeof(r->sentence), format, args);
	va_end(args);
	end_early(r, RING_BROKEN);
	return -EPROTO;
}

int ring_break_head(struct ring *r, uint16_t head)
{
	if (head >= r->size)
		return ring_break(r, "head %u in a ring of %u descriptors", head, r->size);
	return ring_break(r, "head %u was posted again while the device has it", head);
}

const char *ring_broken(const struct ring *r)
{
	return r->state == RING_BROKEN ? r->sentence : NULL;
}

/* ---- A chain's descriptors -------------------------------------------------------------------- */

#define DESCRIPTOR_BYTES (uint32_t)sizeof(struct vring_desc)

static uint32_t flags_of(uint64_t word)
{
	return (uint16_t)(word >> 32);
}

static uint32_t next_of(uint64_t word)
{
	return (uint16_t)(word >> 48);
}

/* A driver must not make a chain longer than its ring; Linux does so by an indirect table in a small one. */
static uint32_t longest_chain(const struct ring *r)
{
	return r->size > RING_CHAIN_PIECES ? r->size : RING_CHAIN_PIECES;
}

static int add_piece(struct ring *r, struct ring_chain *chain, uint64_t gpa, uint64_t word)
{
	bool in = flags_of(word) & VRING_DESC_F_WRITE;
	uint32_t *bytes = in ? &chain->in_bytes : &chain->out_bytes;
	uint32_t count = (uint32_t)chain->out + chain->in;
	uint32_t len = (uint32_t)word;

	if (len == 0)
		return ring_break(r, "the chain of head %u has a descriptor of 0 bytes",
				  chain->head);
	if (!in && chain->in)
		return ring_break(r,
				  "the chain of head %u has a buffer to read behind one to write",
				  chain->head);
	if (count == longest_chain(r))
		return ring_break(r, "the chain of head %u loops, or is longer than the ring's %u",
				  chain->head, r->size);
	if (__builtin_add_overflow(*bytes, len, bytes))
		return ring_break(r, "the chain of head %u has more than 4 GiB", chain->head);
	if (count < RING_CHAIN_PIECES)
		chain->piece[count] = (struct ring_piece){.gpa = gpa, .len_bytes = len};
	else
		chain->is_cut = true;
	if (in)
		chain->in++;
	else
		chain->out++;
	return 0;
}

/* The rest of a chain stands in a table elsewhere (virtio 1.2, 2.7.5.3). */
static int read_table(struct ring *r, struct ring_chain *chain, uint64_t gpa, uint64_t word)
{
	uint32_t bytes = (uint32_t)word;
	uint32_t entries = bytes / DESCRIPTOR_BYTES;
	const uint8_t *table;

	if (!r->indirect)
		return ring_break(r, "head %u has an indirect table, which was not negotiated",
				  chain->head);
	if (flags_of(word) & VRING_DESC_F_NEXT)
		return ring_break(r, "the chain of head %u goes on behind its indirect table",
				  chain->head);
	if (entries == 0 || bytes % DESCRIPTOR_BYTES)
		return ring_break(
			r, "head %u has an indirect table of %u bytes, not of whole descriptors",
			chain->head, bytes);
	table = r->translate(r->translate_context, gpa, bytes);
	if (!table)
		return ring_break(r, "head %u has an indirect table outside of the guest's memory",
				  chain->head);
	for (uint32_t i = 0;;) {
		int rc;

		gpa = le64toh(shared_load64_anywhere(table + (uint64_t)i * DESCRIPTOR_BYTES));
		word = le64toh(shared_load64_anywhere(table + (uint64_t)i * DESCRIPTOR_BYTES + 8));
		if (flags_of(word) & VRING_DESC_F_INDIRECT)
			return ring_break(r, "head %u has an indirect table inside another",
					  chain->head);
		rc = add_piece(r, chain, gpa, word);
		if (rc < 0 || !(flags_of(word) & VRING_DESC_F_NEXT))
			return rc;
		i = next_of(word);
		if (i >= entries)
			return ring_break(r, "head %u names entry %u of an indirect table of %u",
					  chain->head, i, entries);
	}
}

int ring_read_chain(struct ring *r, struct ring_chain *chain, uint16_t head)
{
	chain->head = head;
	chain->out = 0;
	chain->in = 0;
	chain->is_cut = false;
	chain->out_bytes = 0;
	chain->in_bytes = 0;
	for (uint32_t i = head;;) {
		const struct vring_desc *d = &r->descriptors[i];
		uint64_t gpa = le64toh(shared_load64(&d->addr));
		uint64_t word = le64toh(shared_load64(&d->len));
		int rc;

		if (flags_of(word) & VRING_DESC_F_INDIRECT)
			return read_table(r, chain, gpa, word);
		rc = add_piece(r, chain, gpa, word);
		if (rc < 0 || !(flags_of(word) & VRING_DESC_F_NEXT))
			return rc;
		i = next_of(word);
		if (i >= r->size)
			return ring_break(r, "head %u names descriptor %u of %u", head, i, r->size);
	}
}

/* ---- Pop and unpop ---------------------------------------------------------------------------- */

/* Heads that were pushed and not published are the driver's for us, but it cannot know that yet: one that posts them
 * again all the same waits for the publication, so that a batch never has more heads than the ring. Without a batch,
 * what a full ring's driver posts is a head that the device has: ring_pop() says so. */
static int limited(const struct ring *r, uint16_t ahead)
{
	uint16_t room = (uint16_t)(r->size - (r->next_avail - r->published - r->lost));

	if (!room && r->next_used == r->published)
		return ahead;
	return ahead <= room ? ahead : room;
}

/* Read the avail index. Return: how many entries may be popped, or how the ring ended. */
static int look(struct ring *r)
{
	/* Entries and descriptors before this index are written: the driver stores them before it,
	 * virtio_wmb() in virtqueue_add_split(). */
	uint16_t avail = le16toh(shared_load16_acquire(&r->avail->idx));
	uint16_t ahead = (uint16_t)(avail - r->next_avail);
	uint16_t back = (uint16_t)(r->next_avail - avail);

	if (ahead <= r->size)
		return limited(r, ahead);
	if (back <= r->size || avail == 0) {
		end_early(r, RING_WITHDRAWN);
		return -ESHUTDOWN;
	}
	return ring_break(r, "the avail index is %u, the device is at %u, in a ring of %u", avail,
			  (uint16_t)r->next_avail, r->size);
}

/* Hand out what was unpopped, or was in flight when a device before us died. */
static int pop_again(struct ring *r, struct ring_chain *chain)
{
	uint16_t head = r->again[r->again_count - 1];
	int rc = ring_read_chain(r, chain, head);

	if (rc < 0)
		return rc;
	r->again_count--;
	r->owner[head] = r->inflight ? RING_DEVICE_TRACKED : RING_DEVICE;
	return 1;
}

int ring_pop_slow(struct ring *r, struct ring_chain *chain)
{
	int ahead, rc;

	if (r->state != RING_LIVE)
		return r->state == RING_BROKEN ? -EPROTO : -ESHUTDOWN;
	if (r->again_count)
		return pop_again(r, chain);
	ahead = look(r);
	if (ahead <= 0)
		return ahead;
	if (!r->inflight) {
		r->avail_seen = r->next_avail + (uint32_t)ahead;
		return ring_pop(r, chain);
	}
	/* One at a time, so that each comes by here and is written down. */
	r->avail_seen = r->next_avail + 1;
	rc = ring_pop(r, chain);
	if (rc == 1) {
		inflight_queue_take(r->inflight, chain->head);
		r->owner[chain->head] = RING_DEVICE_TRACKED;
	}
	return rc;
}

void ring_unpop(struct ring *r, uint16_t head)
{
	if (r->owner[head] != RING_DEVICE && r->owner[head] != RING_DEVICE_TRACKED)
		return;
	r->owner[head] = RING_AGAIN;
	r->again[r->again_count++] = head;
	/* The next ring_pop() is a slow one, which looks here first. */
	r->avail_seen = r->next_avail;
}

void ring_push_slow(struct ring *r, uint16_t head, uint32_t written_bytes)
{
	if (r->owner[head] != RING_DEVICE_TRACKED)
		return;
	r->staged[r->next_used - r->published] = head;
	r->owner[head] = RING_DEVICE;
	ring_push(r, head, written_bytes);
	inflight_queue_give(r->inflight, head);
}

uint32_t ring_return_unused(struct ring *r)
{
	uint32_t count = 0;

	while (r->again_count) {
		uint16_t head = r->again[--r->again_count];

		r->owner[head] = r->inflight ? RING_DEVICE_TRACKED : RING_DEVICE;
	}
	for (uint32_t head = 0; head < r->size; head++) {
		if (r->owner[head] != RING_DEVICE && r->owner[head] != RING_DEVICE_TRACKED)
			continue;
		ring_push(r, (uint16_t)head, 0);
		count++;
	}
	return count;
}

/* ---- Notifications ---------------------------------------------------------------------------- */

bool ring_publish(struct ring *r)
{
	bool wants_call = r->call_owed;
	uint32_t old = r->published;

	r->call_owed = false;
	if (r->next_used == old)
		return wants_call;
	/* The used entries are written before the index. Partner: virtio_rmb() in
	 * virtqueue_get_buf_ctx_split(). */
	shared_store16_release(&r->used->idx, htole16((uint16_t)r->next_used));
	r->published = r->next_used;
	if (r->inflight)
		inflight_queue_published(r->inflight, r->staged, r->published - old,
					 (uint16_t)r->published);
	/* Index stored, then the wish read. Partner: virtio_mb() between the wish and the index in
	 * virtqueue_poll(): one of the two sides sees the other's store. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (r->event_idx) {
		uint16_t event = le16toh(shared_load16(&r->avail->ring[r->size]));

		return vring_need_event(event, (uint16_t)r->published, (uint16_t)old) || wants_call;
	}
	return !(le16toh(shared_load16(&r->avail->flags)) & VRING_AVAIL_F_NO_INTERRUPT) ||
	       wants_call;
}

/* Behind the used ring stands the index at which the driver shall kick. */
static uint16_t *avail_event(struct ring *r)
{
	return (uint16_t *)(void *)&r->used->ring[r->size];
}

bool ring_arm_kick(struct ring *r)
{
	if (r->state != RING_LIVE)
		return false;
	if (r->event_idx)
		shared_store16(avail_event(r), htole16((uint16_t)r->next_avail));
	else
		shared_store16(&r->used->flags, 0);
	/* Wish stored, then the index read. Partner: virtio_mb() between index and wish in
	 * virtqueue_kick_prepare_split(). */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return r->again_count || look(r) != 0;
}

void ring_disarm_kick(struct ring *r)
{
	/* With EVENT_IDX the wish is over by itself: the driver passes the index once. */
	if (r->state == RING_LIVE && !r->event_idx)
		shared_store16(&r->used->flags, htole16(VRING_USED_F_NO_NOTIFY));
}
