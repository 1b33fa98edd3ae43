// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <string.h>

#include "support/pool_rig.h"

static void rx_buffers(struct net_buffer_access *pool, const uint32_t *ids, uint32_t count,
		       struct net_rx_buffer *out)
{
	for (uint32_t i = 0; i < count; i++)
		out[i] = ids[i] < POOL_IDS ? ((struct pool_rig *)pool)->buffer[ids[i]].first
					   : (struct net_rx_buffer){0};
}

static void rx_metadata(struct net_buffer_access *pool, const uint32_t *ids,
			const struct net_rx_metadata *metadata, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		((struct pool_rig *)pool)->buffer[ids[i]].metadata = metadata[i];
}

static uint32_t rx_pieces(struct net_buffer_access *pool, uint32_t id, struct net_rx_piece *out,
			  uint32_t max)
{
	struct pool_rig *r = (struct pool_rig *)pool;
	uint32_t n = r->buffer[id].pieces < max ? r->buffer[id].pieces : max;

	r->asked++;
	memcpy(out, r->buffer[id].piece, n * sizeof(*out));
	return n;
}

static void rx_refused(struct net_buffer_access *pool, uint32_t id, enum net_rx_refusal why)
{
	if (id < POOL_IDS)
		((struct pool_rig *)pool)->buffer[id].refused = why;
}

const struct net_buffer_access_ops pool_rig_ops = {
	.size_bytes = sizeof(struct net_buffer_access_ops),
	.rx_buffers = rx_buffers,
	.rx_metadata = rx_metadata,
	.rx_pieces = rx_pieces,
	.rx_refused = rx_refused,
};

void pool_rig_open(struct pool_rig *r, uint32_t max_frame_bytes, bool merge)
{
	struct net_xdp_config c = net_xdp_config_default();

	memset(r, 0, sizeof(*r));
	r->pool.ops = &pool_rig_ops;
	c.max_frame_bytes = max_frame_bytes;
	frontend_open(&r->f, POOL_BYTES, 0);
	fake_open(&r->k, c, &r->f, 0);
	r->k.queue.rx_merge = merge;
	r->q = &r->k.queue.base;
	r->q->ops = &queue_ops; /* each call once: a slice means something here */
}

void pool_rig_close(struct pool_rig *r)
{
	fake_close(&r->k);
	frontend_close(&r->f);
}

void pool_rig_lay_out(struct pool_rig *r, uint32_t id, const uint32_t *lengths, uint32_t count)
{
	struct pool_buffer *b = &r->buffer[id];
	uint64_t at = FRONTEND_BASE + id * 16384ull + 3;

	b->first = (struct net_rx_buffer){
		.addr = at, .header_bytes = POOL_HEADER, .capacity_bytes = lengths[0]};
	b->pieces = count - 1;
	for (uint32_t i = 1; i < count; i++) {
		at += lengths[i - 1] + POOL_HEADER + 5;
		b->piece[i - 1] = (struct net_rx_piece){.addr = at, .len_bytes = lengths[i]};
	}
}

void pool_rig_post(struct pool_rig *r, uint32_t first, uint32_t count)
{
	uint32_t ids[POOL_IDS];

	for (uint32_t i = 0; i < count; i++)
		ids[i] = first + i;
	cr_assert_eq(net_queue_rx_avail(r->q, &r->pool, ids, count), 0);
}

void pool_rig_receive(struct pool_rig *r, uint32_t len, uint64_t seed)
{
	uint8_t bytes[2048];

	frame_plain(bytes, len, seed);
	cr_assert(fake_receive(&r->k, bytes, len));
	fake_settle(&r->k);
}

void pool_rig_expect(struct pool_rig *r, const uint32_t *ids, uint32_t count, uint32_t len,
		     uint64_t seed)
{
	uint8_t want[2048], got[2048];
	uint32_t n = 0, take;

	frame_plain(want, len, seed);
	for (uint32_t i = 0; i < count; i++) {
		const struct pool_buffer *b = &r->buffer[ids[i]];
		uint32_t here = n;

		for (uint32_t p = 0; p <= b->pieces && n < len; p++) {
			uint64_t at = p ? b->piece[p - 1].addr : b->first.addr + POOL_HEADER;
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

uint64_t pool_rig_counter(const struct pool_rig *r, enum net_xdp_counter c)
{
	return r->k.queue.counter[c];
}
