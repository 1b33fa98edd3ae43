// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <string.h>

#include "support/tx_fake.h"

enum { START = (int)0xfffffff0 };

struct net_xdp_config tx_fake_small_rings(void)
{
	struct net_xdp_config c = net_xdp_config_default();

	c.rx_ring_frames = c.tx_ring_frames = 64;
	c.fill_ring_frames = c.completion_ring_frames = 64;
	c.private_rx_chunks = 16;
	c.private_tx_frames = 16;
	c.rx_id_limit = 64;
	return c;
}

void tx_fake_open(struct tx_fake *r, struct net_xdp_config config)
{
	frontend_open(&r->f, TX_FAKE_BYTES, 64);
	frontend_poison(&r->f, 5);
	fake_open(&r->k, config, &r->f, (uint32_t)START);
	frontend_list_open(&r->list, 2048);
	r->q = &r->k.queue.base;
}

void tx_fake_close(struct tx_fake *r)
{
	cr_assert_eq(frontend_first_change(&r->f), 0, "transmit wrote to the frontend's memory");
	frontend_list_close(&r->list);
	fake_close(&r->k);
	frontend_close(&r->f);
}

uint64_t tx_fake_counter(struct tx_fake *r, enum net_xdp_counter c)
{
	return r->k.queue.counter[c];
}

uint32_t tx_fake_offer(struct tx_fake *r, uint32_t from)
{
	bool sync;

	return net_queue_tx_avail(r->q, &r->f.pool, r->list.segments + from, r->list.count - from,
				  &sync);
}

void tx_fake_expect_wire(struct tx_fake *r, uint32_t first, uint32_t count)
{
	uint32_t at = 0;

	cr_assert(fake_transmit(&r->k, &r->packet), "nothing on the wire");
	for (uint32_t i = first; i < first + count; i++) {
		const struct net_tx_segment *s = &r->list.segments[i];

		if (s->len_bytes == 0)
			continue;
		cr_assert_eq(memcmp(r->packet.bytes + at, frontend_at(&r->f, s->addr, s->len_bytes),
				    s->len_bytes),
			     0, "segment %u differs on the wire", i);
		at += s->len_bytes;
	}
	cr_assert_eq(r->packet.len, at);
}

void tx_fake_complete(struct tx_fake *r)
{
	for (uint32_t i = 0; i < r->packet.descriptors; i++)
		fake_complete(&r->k, r->packet.address[i]);
}

void tx_fake_expect_ids(struct tx_fake *r, const uint32_t *expected, uint32_t count)
{
	uint32_t ids[64];

	cr_assert_eq(net_queue_tx_poll(r->q, &r->f.pool, ids, 64), (int)count);
	for (uint32_t i = 0; i < count; i++)
		cr_assert_eq(ids[i], expected[i], "id %u is %u", i, ids[i]);
}
