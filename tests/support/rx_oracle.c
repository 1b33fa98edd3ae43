// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "support/rx_oracle.h"
#include "xdp/data/rx.h"

enum { START = (int)0xfffffff0, SLOT = 16384, BYTES = ORACLE_IDS * SLOT, LARGEST = ORACLE_LARGEST };

#define IS_PRIVATE UINT32_MAX

static uint8_t noise[65536 + LARGEST];

uint32_t rx_oracle_below(uint32_t n)
{
	return (uint32_t)rand() % n;
}

static void frame_bytes(uint32_t number, uint8_t *out, uint32_t len)
{
	memcpy(out, noise + (number * 2654435761u >> 16), len);
	memcpy(out, &number, len < 4 ? len : 4);
}

void rx_oracle_open(struct rx_oracle *r, struct oracle_variant v)
{
	struct net_xdp_config c = net_xdp_config_default();
	struct frame_random random;

	memset(r, 0, sizeof(*r));
	r->v = v;
	c.unaligned = v.unaligned;
	c.rx_ring_frames = c.fill_ring_frames = v.ring;
	c.private_rx_chunks = ORACLE_PRIVATE;
	c.rx_id_limit = ORACLE_IDS;
	c.max_frame_bytes = v.jumbo ? LARGEST : 1518;
	frontend_open(&r->f, BYTES, ORACLE_IDS + 10);
	fake_open(&r->k, c, &r->f, (uint32_t)START);
	r->q = &r->k.queue;
	queue_set_zero_copy(r->q, v.zero_copy);
	r->looked = (uint32_t)START;
	srand(frame_random_next(&r->k.random));
	if (!noise[0]) {
		random = frame_random(1);
		frame_random_bytes(&random, noise, sizeof(noise));
		noise[0] = 1;
	}
}

/* ---- Posting ---------------------------------------------------------------------------------- */

static struct net_rx_buffer buffer(uint64_t addr, uint32_t header_bytes, uint32_t capacity_bytes)
{
	return (struct net_rx_buffer){.addr = addr,
				      .header_bytes = (uint16_t)header_bytes,
				      .capacity_bytes = capacity_bytes};
}

static struct net_rx_buffer bad_buffer(void)
{
	switch (rx_oracle_below(6)) {
	case 0:
		return buffer(FRONTEND_BASE - 1, 0, 2000);
	case 1:
		return buffer(FRONTEND_BASE + BYTES - 1999, 0, 2000);
	case 2:
		return buffer(UINT64_MAX - rx_oracle_below(3000), rx_oracle_below(100), 2000);
	case 3:
		return buffer(FRONTEND_BASE + BYTES - 2000, UINT16_MAX - rx_oracle_below(2), 2000);
	case 4:
		return buffer(FRONTEND_BASE, 0, UINT32_MAX - rx_oracle_below(2));
	default:
		return buffer(FRONTEND_BASE, 12, 0);
	}
}

/* Somewhere in the id's own part of the memory, with its chunk. */
static struct net_rx_buffer good_buffer(struct rx_oracle *r, uint32_t id)
{
	const uint64_t slot = FRONTEND_BASE + (uint64_t)id * SLOT;
	const uint32_t room = r->q->direct_capacity;
	struct net_rx_buffer b = {.header_bytes = rx_oracle_below(4) ? 12 : rx_oracle_below(70)};
	uint64_t data = slot + 4096 * (1 + rx_oracle_below(2)) + r->q->frame_offset;

	if (rx_oracle_below(4) == 0)
		data += r->v.unaligned ? rx_oracle_below(3000) : 1 + rx_oracle_below(100);
	else if (r->v.zero_copy) /* else its chunk begins with a page */
		data += rx_oracle_below(2) && r->v.unaligned ? rx_oracle_below(2049) : 0;
	b.addr = data - b.header_bytes;
	switch (rx_oracle_below(8)) {
	case 0:
		b.capacity_bytes = 1 + rx_oracle_below(room);
		break;
	case 1:
		b.capacity_bytes = room - 1 + rx_oracle_below(2);
		break;
	case 2:
		b.capacity_bytes = room + (1u << rx_oracle_below(9));
		break;
	default:
		b.capacity_bytes = room;
		break;
	}
	if (r->v.jumbo && rx_oracle_below(3))
		b.capacity_bytes = rx_oracle_below(2) ? 1 + rx_oracle_below(4000) : 5000;
	return b;
}

static bool is_inside(const struct net_rx_buffer *b)
{
	const uint64_t len = (uint64_t)b->header_bytes + b->capacity_bytes;

	return b->capacity_bytes && b->addr >= FRONTEND_BASE && b->addr - FRONTEND_BASE < BYTES &&
	       len <= BYTES - (b->addr - FRONTEND_BASE);
}

static bool is_direct(const struct rx_oracle *r, const struct net_rx_buffer *b, uint64_t base)
{
	const uint32_t chunk = r->k.endpoint.config.chunk_bytes;

	return !r->v.jumbo && b->capacity_bytes >= r->q->direct_capacity &&
	       (r->v.unaligned || base % chunk == 0) &&
	       (!r->v.zero_copy || base % 4096 + chunk <= 4096);
}

/* The next id of a list. Return: is it taken? */
static bool expect_taken(struct rx_oracle *r, uint32_t id)
{
	const struct net_rx_buffer *b = &r->f.ids[id].buffer;
	struct oracle_id *i;

	if (id >= ORACLE_IDS || r->id[id].posted || !is_inside(b))
		return false;
	i = &r->id[id];
	i->posted = true;
	i->base = r->k.endpoint.memory.region[0].offset + (b->addr - FRONTEND_BASE) +
		  b->header_bytes - r->q->frame_offset;
	i->direct = is_direct(r, b, i->base);
	if (!i->direct)
		r->waiting[r->waiting_end++ % (ORACLE_IDS + 1)] = id;
	return true;
}

void rx_oracle_post(struct rx_oracle *r)
{
	uint32_t ids[64], n = 1 + rx_oracle_below(rx_oracle_below(2) ? 64 : 6), expected = 0,
			  from = rx_oracle_below(ORACLE_IDS);

	for (uint32_t i = 0; i < n; i++) {
		/* mostly behind each other, as a frontend hands them out */
		uint32_t id = rx_oracle_below(10) ? (from + i) % ORACLE_IDS
						  : rx_oracle_below(ORACLE_IDS + 10);

		ids[i] = id;
		if (id < ORACLE_IDS && r->id[id].posted)
			continue; /* its buffer stays as it is */
		if (id < ORACLE_IDS)
			r->f.ids[id].buffer =
				rx_oracle_below(12) ? good_buffer(r, id) : bad_buffer();
		else
			r->f.ids[id].buffer = good_buffer(r, 0);
		for (uint32_t j = 0; j < i; j++) /* twice in one list: one buffer */
			if (ids[j] == id)
				ids[i] = ORACLE_IDS + 1;
	}
	if (n > 1 && rx_oracle_below(10) == 0)
		ids[n - 1] = ids[0];
	for (uint32_t i = 0; i < n; i++)
		expected += !expect_taken(r, ids[i]);
	cr_assert_eq(net_queue_rx_avail(&r->q->base, &r->f.pool, ids, n), expected,
		     "not %u of %u ids were refused", expected, n);
	r->refused += expected;
}

/* ---- The kernel ------------------------------------------------------------------------------- */

/* Whose chunk is this? The kernel must not have it, nor may the frontend. */
static struct oracle_held owner_of(struct rx_oracle *r, uint64_t base)
{
	struct bounce *area = &r->q->rx_private;
	struct oracle_held h = {base, IS_PRIVATE};

	if (bounce_owns(area, base)) {
		bool *away = &r->slot_away[bounce_slot(area, base)];

		cr_assert_eq((base - area->offset) % (1u << area->slot_shift), 0);
		cr_assert_not(*away, "a private chunk was posted twice");
		*away = true;
		return h;
	}
	h.id = (uint32_t)((base - r->k.endpoint.memory.region[0].offset) / SLOT);
	cr_assert(h.id < ORACLE_IDS && r->id[h.id].posted && r->id[h.id].direct,
		  "a chunk was posted that is the frontend's");
	cr_assert_eq(r->id[h.id].base, base, "id %u: another chunk was posted", h.id);
	cr_assert_not(r->id[h.id].away, "the chunk of id %u was posted twice", h.id);
	r->id[h.id].away = true;
	return h;
}

void rx_oracle_take(struct rx_oracle *r, uint32_t count)
{
	uint64_t base;

	while (count-- && r->held_count < ORACLE_HELD && fake_take_fill(&r->k, &base))
		r->held[r->held_count++] = owner_of(r, base);
}

static bool rx_has_room(const struct rx_oracle *r, uint32_t pieces)
{
	return r->held_count >= pieces &&
	       r->k.rx.entries - (r->k.rx.kernel - r->k.rx.consumer) >= pieces;
}

/* One descriptor: bytes into one of the chunks that the kernel holds, in order or any. */
static struct oracle_sent *fill_chunk(struct rx_oracle *r, const uint8_t *bytes, uint32_t len,
				      bool more, uint32_t shift)
{
	uint32_t pick = r->number / 4096 % 4 ? 0 : rx_oracle_below(r->held_count);
	struct oracle_sent *s = &r->sent[r->k.rx.kernel % ORACLE_RINGS];

	*s = (struct oracle_sent){.chunk = r->held[pick], .number = r->number, .shift = shift};
	s->last = !more;
	s->pieces = 1;
	r->held_count--;
	memmove(&r->held[pick], &r->held[pick + 1], (r->held_count - pick) * sizeof(r->held[0]));
	cr_assert(fake_receive_into(&r->k, s->chunk.base, bytes, len, more ? XDP_PKT_CONTD : 0,
				    shift));
	return s;
}

bool rx_oracle_receive(struct rx_oracle *r, uint32_t len, uint32_t piece_bytes, uint32_t shift)
{
	uint32_t pieces = len ? (len - 1) / piece_bytes + 1 : 1;
	uint8_t bytes[LARGEST + 4];
	struct oracle_sent *s = NULL;

	if (!rx_has_room(r, pieces))
		return false;
	r->number++;
	frame_bytes(r->number, bytes, len);
	for (uint32_t i = 0; i < pieces; i++) {
		uint32_t n = len < piece_bytes ? len : piece_bytes;

		s = fill_chunk(r, bytes + i * piece_bytes, n, len > n, shift);
		len -= n;
	}
	s->pieces = pieces;
	s->len = (pieces - 1) * piece_bytes;
	s->len += ((struct xdp_desc *)r->k.rx.entry)[(r->k.rx.kernel - 1) % r->k.rx.entries].len;
	return true;
}

void rx_oracle_receive_some(struct rx_oracle *r, uint32_t count)
{
	const uint32_t room = r->q->direct_capacity;

	while (count--) {
		uint32_t shift =
			r->v.zero_copy && rx_oracle_below(3) == 0 ? 1u << rx_oracle_below(8) : 0;
		uint32_t len = rx_oracle_below(20) ? 1 + rx_oracle_below(600)
						   : rx_oracle_below(room - shift + 1);
		uint32_t piece = room - shift;

		if (r->v.jumbo) {
			shift = 0;
			piece = room;
			len = rx_oracle_below(4) ? len : 1 + rx_oracle_below(LARGEST);
			if (rx_oracle_below(50) == 0) /* more pieces than can be gathered */
				piece = 1, len = 9 + rx_oracle_below(3);
		} else if (rx_oracle_below(50) ==
			   0) { /* a frame in pieces, which nobody asked for */
			piece = 1 + len / (2 + rx_oracle_below(3));
		}
		if (!rx_oracle_receive(r, len, piece, shift))
			return;
	}
}

/* ---- Polling ---------------------------------------------------------------------------------- */

/* The buffer that this descriptor's frame is in, ORACLE_IDS when it is dropped. */
static uint32_t expected_id(struct rx_oracle *r, const struct oracle_sent *s)
{
	uint32_t id;

	if (!s->last || s->len == 0 || (!r->v.jumbo && s->pieces > 1) || s->pieces > 8)
		return ORACLE_IDS;
	if (s->chunk.id != IS_PRIVATE)
		return s->chunk.id;
	if (r->waiting_first == r->waiting_end)
		return ORACLE_IDS;
	id = r->waiting[r->waiting_first % (ORACLE_IDS + 1)];
	if (s->len > r->f.ids[id].buffer.capacity_bytes)
		return ORACLE_IDS;
	r->waiting_first++;
	return id;
}

static void expect_frame(struct rx_oracle *r, uint32_t id, const struct oracle_sent *s)
{
	const struct net_rx_metadata *m = frontend_metadata(&r->f, id);
	uint8_t bytes[LARGEST + 4];

	frame_bytes(s->number, bytes, s->len);
	cr_assert_eq(m->len_bytes, s->len, "id %u: %u bytes, not %u", id, m->len_bytes, s->len);
	cr_assert_eq(m->offset_bytes, s->chunk.id == IS_PRIVATE ? 0 : s->shift, "id %u: offset %u",
		     id, m->offset_bytes);
	cr_assert_eq(memcmp(frontend_frame(&r->f, id), bytes, s->len), 0,
		     "id %u: not the bytes of frame %u", id, s->number);
	cr_assert(r->id[id].posted, "id %u came back, but is the frontend's", id);
	r->id[id].posted = false;
	r->delivered++;
}

void rx_oracle_poll(struct rx_oracle *r, uint32_t most)
{
	uint32_t ids[ORACLE_RINGS], n = frontend_rx(&r->f, &r->q->base, ids, most), seen = 0;

	for (; r->looked != r->k.rx.consumer; r->looked++) {
		const struct oracle_sent *s = &r->sent[r->looked % ORACLE_RINGS];
		uint32_t id = expected_id(r, s);

		if (s->chunk.id == IS_PRIVATE)
			r->slot_away[bounce_slot(&r->q->rx_private, s->chunk.base)] = false;
		else
			r->id[s->chunk.id].away = false;
		if (id == ORACLE_IDS) {
			r->dropped += s->last;
			continue;
		}
		cr_assert_lt(seen, n, "frame %u did not come", s->number);
		cr_assert_eq(ids[seen], id, "frame %u came as id %u, not %u", s->number, ids[seen],
			     id);
		expect_frame(r, id, s);
		seen++;
	}
	cr_assert_eq(seen, n, "%u ids too many", n - seen);
}

/* ---- As a whole ------------------------------------------------------------------------------- */

void rx_oracle_balance(const struct rx_oracle *r)
{
	uint32_t there = fake_filled(&r->k) + r->held_count + (r->k.rx.kernel - r->k.rx.consumer);

	cr_assert_eq(rx_held(r->q), there + r->q->gather.parts, "%u chunks, not %u", rx_held(r->q),
		     there + r->q->gather.parts);
}

void rx_oracle_drain(struct rx_oracle *r)
{
	for (uint32_t idle = 0; idle < 10; idle++) {
		uint64_t before = r->delivered;

		rx_oracle_take(r, ORACLE_HELD);
		while (rx_oracle_receive(r, 1, 1, 0))
			;
		rx_oracle_poll(r, ORACLE_RINGS);
		fake_settle(&r->k);
		if (r->delivered != before)
			idle = 0;
	}
	for (uint32_t id = 0; id < ORACLE_IDS; id++)
		cr_assert_not(r->id[id].posted, "id %u is lost", id);
	cr_assert_eq(r->waiting_first, r->waiting_end);
	cr_assert_eq(r->q->waiting.count + r->q->pending.count, 0);
	cr_assert_eq(rx_table_count(&r->q->rx_ids), 0);
	rx_oracle_balance(r);
}
