// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>

#include "support/rx_fake.h"

enum { START = (int)0xfffffff0 };

struct net_xdp_config rx_fake_small_rings(void)
{
	struct net_xdp_config c = net_xdp_config_default();

	c.rx_ring_frames = c.tx_ring_frames = 64;
	c.fill_ring_frames = c.completion_ring_frames = 64;
	c.private_rx_chunks = 32;
	c.private_tx_frames = 16;
	c.rx_id_limit = RX_FAKE_IDS;
	return c;
}

void rx_fake_open(struct rx_fake *r, struct net_xdp_config config)
{
	frontend_open(&r->f, RX_FAKE_BYTES, RX_FAKE_IDS);
	fake_open(&r->k, config, &r->f, (uint32_t)START);
	r->q = &r->k.queue.base;
}

void rx_fake_close(struct rx_fake *r)
{
	fake_close(&r->k);
	frontend_close(&r->f);
}

uint64_t rx_fake_counter(struct rx_fake *r, enum net_xdp_counter c)
{
	return r->k.queue.counter[c];
}

void rx_fake_layout_direct(struct rx_fake *r, uint32_t count)
{
	frontend_layout(&r->f, 0, count, FRONTEND_BASE + 1001, 1601, 12, 1518);
}

void rx_fake_frame(uint8_t *frame, uint32_t len, uint32_t seed)
{
	for (uint32_t i = 0; i < len; i++)
		frame[i] = (uint8_t)(seed * 31 + i * 7 + (i >> 8));
}

uint32_t rx_fake_pass(struct rx_fake *r, uint32_t len, uint32_t seed)
{
	uint8_t frame[9216];
	uint32_t id;

	rx_fake_frame(frame, len, seed);
	cr_assert(fake_receive(&r->k, frame, len));
	cr_assert_eq(frontend_rx(&r->f, r->q, &id, 1), 1);
	frontend_expect_frame(&r->f, id, frame, len);
	return id;
}
