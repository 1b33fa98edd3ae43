// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "program/vlan_hint.h"
#include "support/rx_oracle.h"
#include "xdp/data/rx.h"

enum { START = (int)0xfffffff0 };

/* What the frontend's memory has to be. */
static uint8_t memory[ORACLE_BYTES];

uint32_t rx_oracle_below(uint32_t n)
{
	return (uint32_t)rand() % n;
}

/* The queue as bind makes it, on a device with this driver. */
static void set_device(struct rx_oracle *r)
{
	struct net_xdp_endpoint *ep = &r->k.endpoint;

	r->source = CHECKSUM_JOINED;
	if (r->v.driver) {
		r->source = strcmp(r->v.driver, "veth") == 0  ? CHECKSUM_LOCAL
			    : strcmp(r->v.driver, "tun") == 0 ? CHECKSUM_JOINED
							      : CHECKSUM_WIRE;
		snprintf(ep->attached.device.driver, sizeof(ep->attached.device.driver), "%s",
			 r->v.driver);
		ep->attached.program.native = true;
		queue_set_facts(r->q, ep);
	}
	r->q->rx_merge = r->v.merge;
	r->q->socket_watched = true; /* there is none, and it says nothing */
	queue_set_zero_copy(r->q, r->v.zero_copy);
}

void rx_oracle_open(struct rx_oracle *r, struct oracle_variant v)
{
	struct net_xdp_config c = net_xdp_config_default();

	memset(r, 0, offsetof(struct rx_oracle, held));
	r->v = v;
	if (!v.ids)
		r->v.ids = ORACLE_IDS;
	c.unaligned = v.unaligned;
	c.sealed = v.sealed;
	c.rx_vlan = v.vlan;
	c.rx_checksum = v.checksum;
	c.rx_ring_frames = c.fill_ring_frames = v.ring;
	c.private_rx_chunks = ORACLE_PRIVATE;
	/* nothing is sent */
	c.tx_ring_frames = c.completion_ring_frames = 16;
	c.private_tx_frames = 1;
	c.rx_id_limit = r->v.ids;
	c.max_frame_bytes = v.jumbo ? ORACLE_LARGEST : 1518;
	frontend_open(&r->f, ORACLE_BYTES, r->v.ids + ORACLE_STRANGERS);
	r->f.regions[0].snapshot = memory;
	r->ops = *r->f.pool.ops;
	if (!v.pieces)
		r->ops.rx_pieces = NULL;
	r->f.pool.ops = &r->ops;
	fake_open(&r->k, c, &r->f, (uint32_t)START);
	r->q = &r->k.queue;
	set_device(r);
	r->looked = (uint32_t)START;
	srand(frame_random_next(&r->k.random));
}

/* ---- Posting ---------------------------------------------------------------------------------- */

static bool is_direct(const struct rx_oracle *r, const struct net_rx_buffer *b, uint64_t base)
{
	const uint32_t chunk = r->k.endpoint.config.chunk_bytes;

	return !r->v.jumbo && b->capacity_bytes >= r->q->direct_capacity &&
	       (r->v.unaligned || base % chunk == 0) &&
	       (!r->v.vlan || b->header_bytes >= sizeof(struct vlan_hint)) &&
	       (!r->v.zero_copy || base % 4096 + chunk <= 4096);
}

/* The next id of a list. Return: 0: it is taken; or why not. */
static enum net_rx_refusal expect_taken(struct rx_oracle *r, uint32_t id)
{
	const struct net_rx_buffer *b = &r->f.ids[id].buffer;
	struct oracle_id *i;

	if (id >= r->v.ids || b->capacity_bytes == 0)
		return NET_RX_REFUSED_ID;
	i = &r->id[id];
	if (i->posted)
		return NET_RX_REFUSED_DUPLICATE;
	if (!rx_oracle_is_inside(b->addr, (uint64_t)b->header_bytes + b->capacity_bytes))
		return NET_RX_REFUSED_ADDRESS;
	i->base = r->k.endpoint.memory.region[0].offset + (b->addr - FRONTEND_BASE) +
		  b->header_bytes - r->q->frame_offset;
	i->direct = is_direct(r, b, i->base);
	i->lies = false;
	if (!i->direct) {
		if (r->v.sealed)
			return NET_RX_REFUSED_COPY;
		i->room = rx_oracle_room(r, id);
		if (!i->room)
			return NET_RX_REFUSED_ADDRESS;
		r->waiting[r->waiting_end++ % (ORACLE_IDS + 1)] = id;
	}
	i->posted = true;
	return 0;
}

/* Mostly behind each other, as a frontend hands them out. Return: how many. */
static uint32_t choose_ids(struct rx_oracle *r, uint32_t *ids)
{
	const uint32_t n = 1 + rx_oracle_below(rx_oracle_below(2) ? 64 : 6);
	const uint32_t from = rx_oracle_below(r->v.ids);

	for (uint32_t i = 0; i < n; i++) {
		const uint32_t id = rx_oracle_below(10)
					    ? (from + i) % r->v.ids
					    : rx_oracle_below(r->v.ids + ORACLE_STRANGERS);

		ids[i] = id;
		if (id < r->v.ids && r->id[id].posted)
			continue; /* its buffer stays as it is */
		rx_oracle_describe(r, id);
		for (uint32_t j = 0; j < i; j++) /* twice in one list: one buffer */
			if (ids[j] == id)
				ids[i] = r->v.ids + 1;
	}
	if (n > 1 && rx_oracle_below(10) == 0)
		ids[n - 1] = ids[0];
	return n;
}

void rx_oracle_post(struct rx_oracle *r)
{
	enum net_rx_refusal why[ORACLE_IDS + ORACLE_STRANGERS] = {0};
	uint32_t ids[64], n = choose_ids(r, ids), expected = 0, got;

	for (uint32_t i = 0; i < n; i++) {
		enum net_rx_refusal refused = expect_taken(r, ids[i]);

		if (!refused)
			continue;
		why[ids[i]] = refused;
		r->refused[refused]++;
		expected++;
	}
	got = net_queue_rx_avail(&r->q->base, &r->f.pool, ids, n);
	cr_assert_eq(got, expected, "%u of %u ids were refused, not %u", got, n, expected);
	for (uint32_t i = 0; i < n; i++)
		cr_assert(!why[ids[i]] || r->f.ids[ids[i]].refused == why[ids[i]],
			  "id %u was refused for reason %u, not %u", ids[i],
			  r->f.ids[ids[i]].refused, why[ids[i]]);
}

/* ---- The kernel ------------------------------------------------------------------------------- */

/* Whose chunk is this? The kernel must not have it, nor may the frontend. */
static struct oracle_held owner_of(struct rx_oracle *r, uint64_t base)
{
	struct bounce *area = &r->q->rx_private;
	struct oracle_held h = {base, ORACLE_PRIVATE_CHUNK};

	if (bounce_owns(area, base)) {
		enum oracle_slot *slot = &r->slot[bounce_slot(area, base)];

		cr_assert_eq((base - area->offset) % (1u << area->slot_shift), 0);
		cr_assert_eq(*slot, ORACLE_FREE, "a private chunk was posted that is %s",
			     *slot == ORACLE_AWAY ? "the kernel's" : "a frame's");
		*slot = ORACLE_AWAY;
		return h;
	}
	h.id = (uint32_t)((base - r->k.endpoint.memory.region[0].offset) / ORACLE_SLOT);
	cr_assert(h.id < r->v.ids && r->id[h.id].posted && r->id[h.id].direct,
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

static bool rx_has_room(const struct rx_oracle *r, uint32_t parts)
{
	return r->held_count >= parts &&
	       r->k.rx.entries - (r->k.rx.kernel - r->k.rx.consumer) >= parts;
}

/* The program's word in front of a frame. A private chunk may have one from earlier, which means nothing when no
 * program writes it. */
static void write_hint(struct rx_oracle *r, const struct oracle_sent *s)
{
	const struct vlan_hint hint = {
		.state = s->tagged || !r->v.vlan ? VLAN_HINT_PRESENT : VLAN_HINT_NONE,
		.tci = s->tci,
	};

	if (r->v.vlan || s->chunk.id == ORACLE_PRIVATE_CHUNK)
		memcpy(fake_view(&r->k,
				 s->chunk.base + r->q->frame_offset + s->shift - sizeof(hint)),
		       &hint, sizeof(hint));
}

/* One descriptor: bytes into one of the chunks that the kernel holds, in order or any. */
static void fill_chunk(struct rx_oracle *r, struct oracle_sent s, const uint8_t *bytes,
		       uint32_t len)
{
	const uint32_t pick =
		r->v.ordered || r->number / 4096 % 4 ? 0 : rx_oracle_below(r->held_count);
	uint32_t hint_bytes = 0;

	s.chunk = r->held[pick];
	s.last = s.part + 1 == s.parts;
	r->held_count--;
	memmove(&r->held[pick], &r->held[pick + 1], (r->held_count - pick) * sizeof(r->held[0]));
	if (s.part == 0) {
		hint_bytes = r->v.vlan ? sizeof(struct vlan_hint) : 0;
		write_hint(r, &s);
	}
	r->sent[r->k.rx.kernel % ORACLE_RINGS] = s;
	cr_assert(fake_receive_into(&r->k, s.chunk.base, bytes, len, s.last ? 0 : XDP_PKT_CONTD,
				    s.shift));
	if (s.chunk.id != ORACLE_PRIVATE_CHUNK)
		frontend_allow(&r->f,
			       FRONTEND_BASE - r->k.endpoint.memory.region[0].offset +
				       s.chunk.base + r->q->frame_offset + s.shift - hint_bytes,
			       len + hint_bytes);
}

/* A frame in parts of so many bytes. Return: did it fit the rings? */
static bool receive(struct rx_oracle *r, struct rx_frame f, uint32_t part_bytes, uint32_t shift)
{
	struct oracle_sent s = {
		.frame = f,
		.shift = shift,
		.parts = f.len ? (f.len - 1) / part_bytes + 1 : 1,
		.first_bytes = f.len < part_bytes ? f.len : part_bytes,
	};
	uint8_t bytes[ORACLE_LARGEST + 4];

	if (!rx_has_room(r, s.parts))
		return false;
	s.frame.number = ++r->number;
	s.tci = (uint16_t)rx_oracle_below(65536);
	s.tagged = r->v.vlan && s.tci % 2;
	rx_frame_bytes(&s.frame, bytes);
	for (; s.part < s.parts; s.part++) {
		const uint32_t at = s.part * part_bytes;

		fill_chunk(r, s, bytes + at, f.len - at < part_bytes ? f.len - at : part_bytes);
	}
	return true;
}

/* Noise, or a packet if somebody looks at it. */
static struct rx_frame choose_frame(struct rx_oracle *r, uint32_t len, uint32_t most)
{
	if (!len || !(r->v.checksum || r->v.vlan) || rx_oracle_below(8) == 0)
		return (struct rx_frame){.len = len};
	return rx_frame_packet((uint32_t)rand(), rx_oracle_below(4) ? most : 1 + len);
}

void rx_oracle_receive_some(struct rx_oracle *r, uint32_t count)
{
	const uint32_t room = r->q->direct_capacity;

	while (count--) {
		uint32_t shift =
			r->v.zero_copy && rx_oracle_below(3) == 0 ? 1u << rx_oracle_below(8) : 0;
		uint32_t len = rx_oracle_below(20) ? 1 + rx_oracle_below(600)
						   : rx_oracle_below(room - shift + 1);
		uint32_t part = room - shift;
		struct rx_frame f;

		if (r->v.jumbo) {
			shift = 0;
			part = room;
			len = rx_oracle_below(4) ? len : 1 + rx_oracle_below(ORACLE_LARGEST);
			f = choose_frame(r, len, ORACLE_LARGEST);
			if (rx_oracle_below(50) == 0) /* more parts than can be gathered */
				part = 1, f = (struct rx_frame){.len = 9 + rx_oracle_below(3)};
			else if (rx_oracle_below(20) == 0) /* and smaller ones than have to be */
				part = 1 + (f.len - 1) / (2 + rx_oracle_below(ORACLE_PARTS - 1));
			part = part < room ? part : room;
		} else {
			f = choose_frame(r, len, part);
			if (rx_oracle_below(50) == 0) /* in parts, which nobody asked for */
				part = 1 + f.len / (2 + rx_oracle_below(3));
		}
		if (!receive(r, f, part, shift))
			return;
	}
}

/* ---- As a whole ------------------------------------------------------------------------------- */

void rx_oracle_balance(const struct rx_oracle *r)
{
	uint32_t there = fake_filled(&r->k) + r->held_count + (r->k.rx.kernel - r->k.rx.consumer);

	cr_assert_eq(rx_held(r->q), there + r->q->gather.parts, "%u chunks, not %u", rx_held(r->q),
		     there + r->q->gather.parts);
}

static bool is_drained(const struct rx_oracle *r)
{
	return rx_table_count(&r->q->rx_ids) + r->q->waiting.count + r->q->pending.count == 0 &&
	       r->looked == r->k.rx.kernel && !r->has_left;
}

void rx_oracle_drain(struct rx_oracle *r)
{
	rx_oracle_recant(r);
	for (uint32_t idle = 0; idle < 10; idle++) {
		uint64_t before = r->delivered;

		rx_oracle_take(r, ORACLE_HELD);
		while (receive(r, (struct rx_frame){.len = 1}, 1, 0))
			;
		rx_oracle_poll(r, ORACLE_RINGS);
		fake_settle(&r->k);
		if (is_drained(r))
			break;
		if (r->delivered != before)
			idle = 0;
	}
	for (uint32_t id = 0; id < r->v.ids; id++)
		cr_assert_not(r->id[id].posted, "id %u is lost", id);
	cr_assert(!r->has_left && r->waiting_first == r->waiting_end);
	cr_assert_eq(r->q->waiting.count + r->q->pending.count, 0);
	cr_assert_eq(rx_table_count(&r->q->rx_ids), 0);
	rx_oracle_balance(r);
}

static void expect_counters(const struct rx_oracle *r)
{
	const uint64_t *c = r->q->counter;
	uint64_t drops = 0;

	for (uint32_t i = NET_XDP_RX_DROP_CAPACITY; i <= NET_XDP_RX_DROP_BUFFER; i++)
		drops += c[i];
	cr_assert_eq(drops, r->dropped, "%lu drops, not %lu", drops, r->dropped);
	cr_assert_eq(c[NET_XDP_RX_FRAMES], r->delivered);
	cr_assert_eq(c[NET_XDP_RX_BYTES], r->bytes);
	cr_assert_eq(c[NET_XDP_RX_DIRECT] + c[NET_XDP_RX_BOUNCED], r->delivered);
	cr_assert_eq(c[NET_XDP_RX_VLAN], r->tagged);
	cr_assert(c[NET_XDP_RX_LONGER] >= r->longer_least && c[NET_XDP_RX_LONGER] <= r->longer_most,
		  "%lu longer, not %lu to %lu", c[NET_XDP_RX_LONGER], r->longer_least,
		  r->longer_most);
	cr_assert_eq(c[NET_XDP_RX_UNKNOWN], 0);
	cr_assert_eq(c[NET_XDP_RX_REFUSED_ID], r->refused[NET_RX_REFUSED_ID]);
	cr_assert_eq(c[NET_XDP_RX_REFUSED_DUPLICATE], r->refused[NET_RX_REFUSED_DUPLICATE]);
	cr_assert_eq(c[NET_XDP_RX_REFUSED_ADDRESS], r->refused[NET_RX_REFUSED_ADDRESS]);
	cr_assert_eq(c[NET_XDP_RX_REFUSED_COPY], r->refused[NET_RX_REFUSED_COPY]);
}

/* Only pages that somebody touched are there to be looked at. */
static void expect_memory(const struct rx_oracle *r)
{
	const struct frontend_region *region = &r->f.regions[0];
	off_t at = lseek(region->fd, 0, SEEK_DATA), end;

	for (; at >= 0; at = lseek(region->fd, end, SEEK_DATA)) {
		end = lseek(region->fd, at, SEEK_HOLE);
		if (memcmp(region->bytes + at, memory + at, (size_t)(end - at)) != 0) {
			while (region->bytes[at] == memory[at])
				at++;
			cr_assert_fail("a byte of id %u's memory was written: at %u",
				       (uint32_t)at / ORACLE_SLOT, (uint32_t)at % ORACLE_SLOT);
		}
		memset(memory + at, 0, (size_t)(end - at));
	}
}

void rx_oracle_close(struct rx_oracle *r)
{
	expect_counters(r);
	expect_memory(r);
	r->f.regions[0].snapshot = NULL;
	fake_close(&r->k);
	frontend_close(&r->f);
}
