// SPDX-License-Identifier: BSD-2-Clause
#include <string.h>

#include <criterion/criterion.h>

#include "support/fixture.h"
#include "support/pair.h"

static void prepare_end(struct frontend_xdp *x, const char *ifname, enum net_xdp_attach attach)
{
	frontend_xdp_prepare(x, ifname);
	x->config.attach = attach;
	x->config.max_queues = 1;
}

void pair_prepare(struct pair *p, enum net_xdp_attach attach, unsigned int mtu)
{
	memset(p, 0, sizeof(*p));
	p->place_bytes = mtu > 4000 ? 12288 : 4096;
	fixture_enter(1, mtu);
	prepare_end(&p->tx, "v0", attach);
	prepare_end(&p->rx, "v1", attach);
	frontend_list_open(&p->list, 1024);
}

void pair_open(struct pair *p, uint32_t buffers)
{
	frontend_xdp_open(&p->tx);
	frontend_xdp_open(&p->rx);
	frontend_xdp_start(&p->tx, 1, buffers);
	frontend_xdp_start(&p->rx, 1, buffers);
}

void pair_close(struct pair *p)
{
	frontend_list_close(&p->list);
	frontend_xdp_close(&p->tx);
	frontend_xdp_close(&p->rx);
}

void pair_frame(uint8_t *out, uint32_t len, uint64_t sequence)
{
	frame_plain(out, len, sequence);
	if (len >= 14 + sizeof(sequence))
		memcpy(out + 14, &sequence, sizeof(sequence));
}

uint64_t pair_place(const struct pair *p, uint32_t i)
{
	const struct frontend_region *r = &p->tx.f.regions[0];
	uint64_t at = r->size_bytes / 2 + (uint64_t)i * p->place_bytes;

	cr_assert(at + p->place_bytes <= r->size_bytes, "no place %u for a frame", i);
	return r->guest_addr + at;
}

void pair_add(struct pair *p, uint32_t i, uint32_t len)
{
	uint64_t at = pair_place(p, i);

	pair_frame(frontend_at(&p->tx.f, at, len), len, p->sent);
	frontend_list_frame(&p->list, (uint32_t)p->sent++, at, len);
}

void pair_send(struct pair *p)
{
	uint32_t done =
		frontend_tx_all(&p->tx.f, p->tx.queues[0], &p->list, NULL, PAIR_DEADLINE_MS);

	cr_assert_eq(done, p->list.packet_count, "%u of %u packets completed", done,
		     p->list.packet_count);
	frontend_list_clear(&p->list);
}

void pair_receive(struct pair *p, uint32_t count, uint32_t len)
{
	uint8_t frame[FRAME_MAX_BYTES];
	uint32_t n;

	cr_assert(count <= 2 * PAIR_BATCH);
	n = frontend_rx_wait(&p->rx.f, p->rx.queues[0], p->ids, count, PAIR_DEADLINE_MS);
	cr_assert_eq(n, count, "%u of %u frames arrived", n, count);
	for (uint32_t i = 0; i < count; i++) {
		pair_frame(frame, len, p->received++);
		frontend_expect_frame(&p->rx.f, p->ids[i], frame, len);
	}
}

void pair_repost(struct pair *p, uint32_t count)
{
	frontend_post_ids(&p->rx.f, p->rx.queues[0], p->ids, count);
}

void pair_stream(struct pair *p, uint32_t count, uint32_t len)
{
	for (uint32_t n; count; count -= n) {
		n = count < PAIR_BATCH ? count : PAIR_BATCH;
		for (uint32_t i = 0; i < n; i++)
			pair_add(p, i, len);
		pair_send(p);
		pair_receive(p, n, len);
		pair_repost(p, n);
	}
}
