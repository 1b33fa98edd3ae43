// SPDX-License-Identifier: BSD-2-Clause
/* Receive buffers of several pieces, frames over several buffers, refusals with their reason: the AF_XDP data
 * calls over the fake kernel, with a pool that may answer anything. */
#include <criterion/criterion.h>
#include <string.h>

#include "support/fake_kernel.h"

enum { IDS = 64, PIECES = 19, BYTES = 1 << 20, HEADER = 12 };

struct buffer {
	struct net_rx_buffer first;
	struct net_rx_piece piece[PIECES];
	uint32_t pieces; /* behind the first */
	struct net_rx_metadata metadata;
	enum net_rx_refusal refused;
};

struct rig {
	struct net_buffer_access pool; /* first: the pool is the rig */
	struct frontend f;
	struct fake_kernel k;
	struct net_queue *q;
	struct buffer buffer[IDS];
	uint32_t asked; /* times that pieces were asked for */
};

static void rx_buffers(struct net_buffer_access *pool, const uint32_t *ids, uint32_t count,
		       struct net_rx_buffer *out)
{
	for (uint32_t i = 0; i < count; i++)
		out[i] = ids[i] < IDS ? ((struct rig *)pool)->buffer[ids[i]].first
				      : (struct net_rx_buffer){0};
}

static void rx_metadata(struct net_buffer_access *pool, const uint32_t *ids,
			const struct net_rx_metadata *metadata, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		((struct rig *)pool)->buffer[ids[i]].metadata = metadata[i];
}

static uint32_t rx_pieces(struct net_buffer_access *pool, uint32_t id, struct net_rx_piece *out,
			  uint32_t max)
{
	struct rig *r = (struct rig *)pool;
	uint32_t n = r->buffer[id].pieces < max ? r->buffer[id].pieces : max;

	r->asked++;
	memcpy(out, r->buffer[id].piece, n * sizeof(*out));
	return n;
}

static void rx_refused(struct net_buffer_access *pool, uint32_t id, enum net_rx_refusal why)
{
	if (id < IDS)
		((struct rig *)pool)->buffer[id].refused = why;
}

static const struct net_buffer_access_ops ops = {
	.size_bytes = sizeof(struct net_buffer_access_ops),
	.rx_buffers = rx_buffers,
	.rx_metadata = rx_metadata,
	.rx_pieces = rx_pieces,
	.rx_refused = rx_refused,
};

static void rig_open(struct rig *r, uint32_t max_frame_bytes, bool merge)
{
	struct net_xdp_config c = net_xdp_config_default();

	memset(r, 0, sizeof(*r));
	r->pool.ops = &ops;
	c.max_frame_bytes = max_frame_bytes;
	frontend_open(&r->f, BYTES, 0);
	fake_open(&r->k, c, &r->f, 0);
	r->k.queue.rx_merge = merge;
	r->q = &r->k.queue.base;
	r->q->ops = &queue_ops; /* each call once: a slice means something here */
}

static void rig_close(struct rig *r)
{
	fake_close(&r->k);
	frontend_close(&r->f);
}

/* Buffer id in pieces of these lengths, the first behind a gap, each in a row of its own. */
static void lay_out(struct rig *r, uint32_t id, const uint32_t *lengths, uint32_t count)
{
	struct buffer *b = &r->buffer[id];
	uint64_t at = FRONTEND_BASE + id * 16384ull + 3;

	b->first = (struct net_rx_buffer){
		.addr = at, .header_bytes = HEADER, .capacity_bytes = lengths[0]};
	b->pieces = count - 1;
	for (uint32_t i = 1; i < count; i++) {
		at += lengths[i - 1] + HEADER + 5;
		b->piece[i - 1] = (struct net_rx_piece){.addr = at, .len_bytes = lengths[i]};
	}
}

static void post(struct rig *r, uint32_t first, uint32_t count)
{
	uint32_t ids[IDS];

	for (uint32_t i = 0; i < count; i++)
		ids[i] = first + i;
	cr_assert_eq(net_queue_rx_avail(r->q, &r->pool, ids, count), 0);
}

/* The kernel receives a frame of seeded bytes. */
static void receive(struct rig *r, uint32_t len, uint64_t seed)
{
	uint8_t bytes[2048];

	frame_plain(bytes, len, seed);
	cr_assert(fake_receive(&r->k, bytes, len));
	fake_settle(&r->k);
}

/* Buffers ids[0..count) hold the frame, each filled before the next. */
static void expect(struct rig *r, const uint32_t *ids, uint32_t count, uint32_t len, uint64_t seed)
{
	uint8_t want[2048], got[2048];
	uint32_t n = 0, take;

	frame_plain(want, len, seed);
	for (uint32_t i = 0; i < count; i++) {
		const struct buffer *b = &r->buffer[ids[i]];
		uint32_t here = n;

		for (uint32_t p = 0; p <= b->pieces && n < len; p++) {
			uint64_t at = p ? b->piece[p - 1].addr : b->first.addr + HEADER;
			uint32_t room = p ? b->piece[p - 1].len_bytes : b->first.capacity_bytes;

			take = len - n < room ? len - n : room;
			memcpy(got + n, frontend_at(&r->f, at, take), take);
			n += take;
		}
		cr_assert_eq(b->metadata.len_bytes, i ? n - here : len, "id %u", ids[i]);
		cr_assert_eq(b->metadata.more_ids, i ? 0 : count - 1);
	}
	cr_assert_eq(n, len);
	cr_assert_eq(memcmp(got, want, len), 0);
}

static uint64_t counter(const struct rig *r, enum net_xdp_counter c)
{
	return r->k.queue.counter[c];
}

/* ---- Pieces ----------------------------------------------------------------------------------- */

Test(pieces, frame_of_any_length_is_exact_over_1_to_19_pieces)
{
	struct rig r;
	uint32_t lengths[PIECES], id;

	rig_open(&r, 1518, false);
	for (uint32_t pieces = 1; pieces <= PIECES; pieces++) {
		uint32_t capacity = 0;

		for (uint32_t i = 0; i < pieces; i++)
			capacity += lengths[i] = 1 + (i * 37 + pieces * 13) % 200;
		for (uint32_t len = 60; len <= 1518; len += 81) {
			lay_out(&r, 0, lengths, pieces);
			frontend_poison(&r.f, len);
			post(&r, 0, 1);
			receive(&r, len, len);
			if (len > capacity) {
				cr_assert_eq(net_queue_rx_poll(r.q, &r.pool, &id, 1), 0);
				receive(&r, capacity, 7); /* the buffer is still there */
				cr_assert_eq(net_queue_rx_poll(r.q, &r.pool, &id, 1), 1);
				expect(&r, &id, 1, capacity, 7);
				continue;
			}
			cr_assert_eq(net_queue_rx_poll(r.q, &r.pool, &id, 1), 1);
			expect(&r, &id, 1, len, len);
		}
	}
	rig_close(&r);
}

Test(pieces, first_piece_that_holds_the_frame_is_direct_and_nobody_asks_for_the_rest)
{
	const uint32_t lengths[] = {2048, 2048};
	struct rig r;
	uint32_t id;

	rig_open(&r, 1518, false);
	lay_out(&r, 1, lengths, 2);
	post(&r, 1, 1);
	receive(&r, 1514, 1);
	cr_assert_eq(net_queue_rx_poll(r.q, &r.pool, &id, 1), 1);
	cr_assert_eq(counter(&r, NET_XDP_RX_DIRECT), 1);
	cr_assert_eq(r.asked, 0);
	expect(&r, &id, 1, 1514, 1);
	rig_close(&r);
}

Test(pieces, piece_outside_the_memory_is_refused_by_address)
{
	const uint32_t lengths[] = {100, 100, 100};
	uint32_t id = 2;
	struct rig r;

	rig_open(&r, 1518, false);
	lay_out(&r, 2, lengths, 3);
	r.buffer[2].piece[1].addr = FRONTEND_BASE + BYTES - 99;
	cr_assert_eq(net_queue_rx_avail(r.q, &r.pool, &id, 1), 1);
	cr_assert_eq(r.buffer[2].refused, NET_RX_REFUSED_ADDRESS);
	rig_close(&r);
}

/* A frontend that says something else when the frame is here than when it posted. */
Test(pieces, pieces_that_change_while_posted_cost_the_frame_and_no_byte_elsewhere)
{
	const uint32_t lengths[] = {100, 1500};
	struct rig r;
	uint32_t id;

	rig_open(&r, 1518, false);
	for (uint32_t how = 0; how < 4; how++) {
		lay_out(&r, 0, lengths, 2);
		if (how == 0)
			post(&r, 0, 1);
		frontend_poison(&r.f, how);
		frontend_snapshot(&r.f);
		switch (how) {
		case 0:
			r.buffer[0].piece[0].addr = FRONTEND_BASE + BYTES - 10;
			break;
		case 1:
			r.buffer[0].first.addr += 64;
			break;
		case 2:
			r.buffer[0].first.capacity_bytes = BYTES;
			break;
		default:
			r.buffer[0].pieces = 0;
			frontend_allow(&r.f, r.buffer[0].first.addr + HEADER, 100);
			break;
		}
		receive(&r, 1400, how);
		cr_assert_eq(net_queue_rx_poll(r.q, &r.pool, &id, 1), 0, "way %u", how);
		frontend_allow(&r.f, r.buffer[0].first.addr + HEADER, 100);
		cr_assert_eq(counter(&r, NET_XDP_RX_DROP_CAPACITY), how + 1);
	}
	lay_out(&r, 0, lengths, 2);
	receive(&r, 1400, 9);
	cr_assert_eq(net_queue_rx_poll(r.q, &r.pool, &id, 1), 1);
	expect(&r, &id, 1, 1400, 9);
	rig_close(&r);
}

/* ---- Several ids ------------------------------------------------------------------------------ */

static void post_small(struct rig *r, uint32_t first, uint32_t count)
{
	const uint32_t length = 128;

	for (uint32_t i = 0; i < count; i++)
		lay_out(r, first + i, &length, 1);
	post(r, first, count);
}

Test(merge, frame_goes_on_in_further_buffers_in_order)
{
	uint32_t ids[IDS];
	struct rig r;

	rig_open(&r, 1518, true);
	post_small(&r, 0, 32);
	receive(&r, 1500, 1); /* 12 buffers */
	receive(&r, 128, 2);  /* 1 */
	receive(&r, 129, 3);  /* 2 */
	cr_assert_eq(net_queue_rx_poll(r.q, &r.pool, ids, IDS), 15);
	for (uint32_t i = 0; i < 15; i++)
		cr_assert_eq(ids[i], i);
	expect(&r, ids, 12, 1500, 1);
	expect(&r, ids + 12, 1, 128, 2);
	expect(&r, ids + 13, 2, 129, 3);
	cr_assert_eq(counter(&r, NET_XDP_RX_FRAMES), 3);
	cr_assert_eq(counter(&r, NET_XDP_RX_BYTES), 1500 + 128 + 129);
	cr_assert_eq(counter(&r, NET_XDP_RX_BOUNCED), 3);
	rig_close(&r);
}

Test(merge, frame_whose_ids_do_not_fit_the_call_comes_whole_with_the_next)
{
	uint32_t ids[IDS];
	struct rig r;

	rig_open(&r, 1518, true);
	post_small(&r, 0, 32);
	receive(&r, 128, 1);
	receive(&r, 1500, 2);
	cr_assert_eq(net_queue_rx_poll(r.q, &r.pool, ids, 5), 1);
	expect(&r, ids, 1, 128, 1);
	receive(&r, 100, 3);
	cr_assert_eq(net_queue_rx_poll(r.q, &r.pool, ids, 13), 13);
	expect(&r, ids, 12, 1500, 2);
	expect(&r, ids + 12, 1, 100, 3);
	rig_close(&r);
}

Test(merge, frame_that_no_slice_of_the_frontend_holds_is_dropped_and_the_others_flow)
{
	uint32_t ids[IDS], n = 0;
	struct rig r;

	rig_open(&r, 1518, true);
	post_small(&r, 0, 32);
	receive(&r, 1500, 1);
	receive(&r, 100, 2);
	for (uint32_t calls = 0; calls < 4 && !n; calls++)
		n = (uint32_t)net_queue_rx_poll(r.q, &r.pool, ids, 4);
	cr_assert_eq(n, 1);
	expect(&r, ids, 1, 100, 2);
	cr_assert_eq(counter(&r, NET_XDP_RX_DROP_CAPACITY), 1);
	rig_close(&r);
}

Test(merge, full_ring_of_large_and_small_frames_never_overruns_a_slice)
{
	uint32_t ids[IDS], sum = 0, frames = 0;
	struct rig r;

	for (uint32_t slice = 12; slice <= IDS; slice += 13) {
		rig_open(&r, 1518, true);
		post_small(&r, 0, IDS);
		for (uint32_t i = 0; i < 8; i++)
			receive(&r, i % 2 ? 1500 : 60, i);
		for (uint32_t calls = 0; calls < 20; calls++) {
			uint32_t n = (uint32_t)net_queue_rx_poll(r.q, &r.pool, ids, slice);

			cr_assert_leq(n, slice);
			for (uint32_t i = 0; i < n; i += 1 + r.buffer[ids[i]].metadata.more_ids)
				frames++;
			sum += n;
		}
		cr_assert_eq(sum, 4 * 12 + 4, "slice %u", slice);
		cr_assert_eq(frames, 8);
		sum = frames = 0;
		rig_close(&r);
	}
}

Test(merge, frame_over_the_capacity_is_dropped_when_not_allowed)
{
	uint32_t ids[IDS];
	struct rig r;

	rig_open(&r, 1518, false);
	post_small(&r, 0, 32);
	receive(&r, 129, 1);
	receive(&r, 128, 2);
	cr_assert_eq(net_queue_rx_poll(r.q, &r.pool, ids, IDS), 1);
	expect(&r, ids, 1, 128, 2);
	cr_assert_eq(counter(&r, NET_XDP_RX_DROP_CAPACITY), 1);
	rig_close(&r);
}

/* ---- Refusals --------------------------------------------------------------------------------- */

Test(refusal, each_id_comes_back_with_its_reason)
{
	const uint32_t length = 2048;
	uint32_t ids[] = {0, IDS, 1, 0, 2, 3};
	struct rig r;

	rig_open(&r, 1518, false);
	for (uint32_t i = 0; i < 4; i++)
		lay_out(&r, i, &length, 1);
	r.buffer[1].first.addr = FRONTEND_BASE + BYTES;
	r.buffer[2].first.capacity_bytes = 0;
	cr_assert_eq(net_queue_rx_avail(r.q, &r.pool, ids, 6), 4);
	cr_assert_eq(r.buffer[0].refused, NET_RX_REFUSED_DUPLICATE);
	cr_assert_eq(r.buffer[1].refused, NET_RX_REFUSED_ADDRESS);
	cr_assert_eq(r.buffer[2].refused, NET_RX_REFUSED_ID);
	cr_assert_eq(r.buffer[3].refused, 0);
	rig_close(&r);
}

/* A program that was built with a header that ended after the first operations, or that says no size. */
Test(refusal, pool_of_an_older_program_is_not_asked_for_what_it_does_not_have)
{
	static const size_t sizes[] = {0, offsetof(struct net_buffer_access_ops, rx_pieces)};
	struct net_buffer_access_ops older = ops;
	const uint32_t length = 200;
	struct rig r;

	for (size_t i = 0; i < 2; i++) {
		uint32_t ids[] = {0, IDS};

		older.size_bytes = sizes[i];
		rig_open(&r, 1518, false);
		r.pool.ops = &older;
		lay_out(&r, 0, &length, 1);
		cr_assert_eq(net_queue_rx_avail(r.q, &r.pool, ids, 2), 1);
		receive(&r, 200, 1);
		cr_assert_eq(net_queue_rx_poll(r.q, &r.pool, ids, 1), 1);
		cr_assert_eq(r.asked, 0);
		rig_close(&r);
	}
}
