// SPDX-License-Identifier: BSD-2-Clause
/* Receive through private chunks when the kernel's answers make no sense: each chunk is ours or the
 * kernel's, once, and nothing outside the private area is read. */
#include <criterion/criterion.h>

#include "support/fake_kernel.h"
#include "xdp/config.h"

enum { IDS = 16, CHUNKS = 8 };

struct rig {
	struct frontend f;
	struct fake_kernel k;
	uint64_t chunk[CHUNKS]; /* all private chunks: the kernel has them */
};

/* More buffers than private chunks, none of which can be direct. */
static void rig_open(struct rig *r, uint32_t max_frame_bytes)
{
	struct net_xdp_config c = net_xdp_config_default();

	c.rx_ring_frames = c.fill_ring_frames = 64;
	c.private_rx_chunks = CHUNKS;
	c.max_frame_bytes = max_frame_bytes;
	frontend_open(&r->f, 1 << 20, IDS);
	frontend_layout(&r->f, 0, IDS, FRONTEND_BASE + 77, 1601, 12, 1500);
	fake_open(&r->k, c, &r->f, 0);
	frontend_post(&r->f, &r->k.queue.base, 0, IDS);
	for (uint32_t i = 0; i < CHUNKS; i++)
		cr_assert(fake_take_fill(&r->k, &r->chunk[i]));
	cr_assert_eq(fake_filled(&r->k), 0);
}

/* As many chunks are with the kernel as there are, none twice. */
static void rig_close(struct rig *r, uint32_t back)
{
	uint64_t chunk, seen = 0;

	cr_assert_eq(fake_filled(&r->k), back);
	while (fake_take_fill(&r->k, &chunk)) {
		uint64_t bit = 1ull << bounce_slot(&r->k.queue.rx_private, chunk);

		cr_assert_not(seen & bit, "a chunk was posted twice");
		seen |= bit;
	}
	cr_assert_eq(r->k.queue.rx_private_out, CHUNKS);
	cr_assert_eq(r->k.queue.rx_private.free_count, 0);
	fake_close(&r->k);
	frontend_close(&r->f);
}

static uint32_t poll(struct rig *r)
{
	uint32_t ids[IDS];

	return frontend_rx(&r->f, &r->k.queue.base, ids, IDS);
}

static uint64_t counter(struct rig *r, enum net_xdp_counter c)
{
	return r->k.queue.counter[c];
}

Test(private, chunk_that_comes_back_twice_is_unknown)
{
	struct rig r;

	rig_open(&r, 1518);
	cr_assert(fake_receive_into(&r.k, r.chunk[3], "fourteen bytes", 14, 0, 0));
	cr_assert(fake_receive_into(&r.k, r.chunk[3], "fourteen bytes", 14, 0, 0));
	cr_assert(fake_receive_into(&r.k, r.chunk[4], "fourteen bytes", 14, 0, 0));
	fake_settle(
		&r.k); /* seen in one call: between two of them the chunk would be given again */
	cr_assert_eq(poll(&r), 2);
	cr_assert_eq(counter(&r, NET_XDP_RX_UNKNOWN), 1);
	cr_assert_eq(counter(&r, NET_XDP_RX_BOUNCED), 2);
	rig_close(&r, 2);
}

Test(private, frame_up_to_behind_the_private_area_is_unknown)
{
	struct xdp_desc *d;
	struct rig r;

	rig_open(&r, 1518);
	d = r.k.rx.entry;
	cr_assert_eq(r.chunk[CHUNKS - 1], r.k.queue.rx_private.offset + (CHUNKS - 1) * 2048,
		     "not the last chunk");
	cr_assert(fake_receive_into(&r.k, r.chunk[CHUNKS - 1], "fourteen bytes", 14, 0, 0));
	d->len = 2048 - 256 + 1;
	cr_assert_eq(poll(&r), 0);
	cr_assert_eq(counter(&r, NET_XDP_RX_UNKNOWN), 1);
	rig_close(&r, 0);
}

static uint64_t end_of(const struct bounce *area)
{
	return area->offset + ((uint64_t)area->slots << area->slot_shift);
}

Test(private, areas_of_a_queue_lie_one_behind_the_other_in_its_share)
{
	const struct net_xdp_queue *q;
	const struct net_xdp_endpoint *ep;
	struct rig r;

	rig_open(&r, 1518);
	q = &r.k.queue;
	ep = &r.k.endpoint;
	cr_assert(q->tx_private.slots && q->rx_private.slots && q->tx_headers.slots);
	cr_assert_geq(q->tx_private.offset, ep->memory.private_offset);
	cr_assert_geq(q->rx_private.offset, end_of(&q->tx_private));
	cr_assert_geq(q->tx_headers.offset, end_of(&q->rx_private));
	cr_assert_leq(end_of(&q->tx_headers),
		      ep->memory.private_offset + config_private_bytes_per_queue(&ep->config));
	rig_close(&r, 0);
}

Test(private, chunk_that_comes_twice_in_one_frame_is_free_once)
{
	struct rig r;

	rig_open(&r, 9018);
	cr_assert(fake_receive_into(&r.k, r.chunk[3], "piece", 5, XDP_PKT_CONTD, 0));
	cr_assert(fake_receive_into(&r.k, r.chunk[3], "piece", 5, XDP_PKT_CONTD, 0));
	cr_assert(fake_receive_into(&r.k, r.chunk[4], "piece", 5, 0, 0));
	cr_assert_eq(poll(&r), 1);
	rig_close(&r, 2);
}
