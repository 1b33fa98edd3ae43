// SPDX-License-Identifier: BSD-2-Clause
/* Frames larger than a chunk: gathered into one buffer, or dropped as a whole. */
#include <string.h>

#include "support/conformance.h"
#include "support/rx_rig.h"

enum {
	HEADER = FRONTEND_XDP_HEADER_BYTES,
	MTU = 9000,
	LARGEST = MTU + 14,
	SLOT = 9216,
	IDS = 1000
};

static void jumbo_prepare(struct rx_rig *r, enum net_xdp_attach attach, bool unaligned,
			  uint32_t chunk_bytes)
{
	rx_rig_prepare(r, 1, MTU);
	r->x.config.attach = attach;
	r->x.config.unaligned = unaligned;
	r->x.config.chunk_bytes = chunk_bytes;
	r->x.config.max_frame_bytes = MTU + 18;
	frontend_layout(&r->x.f, 0, IDS, FRONTEND_BASE + 1, SLOT, HEADER, MTU + 18);
}

static void expect_next(struct rx_rig *r, uint32_t len, uint32_t n)
{
	uint32_t id;

	rx_rig_receive(r, 0, &id, 1);
	rx_rig_expect(r, id, len, n);
	frontend_allow(&r->x.f, frontend_frame_addr(&r->x.f, id), len);
	frontend_post(&r->x.f, r->x.queues[0], id, 1);
}

/* Lengths around every border between chunks, then random ones. */
static uint32_t jumbo_len(uint32_t n, uint32_t chunk_bytes)
{
	uint32_t piece = chunk_bytes - 256, borders = LARGEST / piece;

	if (n < 3 * borders)
		return (n / 3 + 1) * piece + n % 3 - 1;
	return n == 3 * borders ? LARGEST : rx_rig_len(n, 14, LARGEST);
}

/* 23: a multi-descriptor frame is delivered as one packet or dropped whole */
static void up_to_9000(enum net_xdp_attach attach, bool unaligned, uint32_t chunk_bytes)
{
	enum { COUNT = 600 };
	struct rx_rig r;

	jumbo_prepare(&r, attach, unaligned, chunk_bytes);
	rx_rig_start(&r, 1, 64);
	cr_assert(frontend_xdp_report(&r.x, 0).multi_buffer);
	frontend_poison(&r.x.f, 23);
	for (uint32_t n = 0; n < COUNT; n += 4) {
		for (uint32_t i = 0; i < 4; i++)
			rx_rig_send(&r, jumbo_len(n + i, chunk_bytes), n + i);
		for (uint32_t i = 0; i < 4; i++)
			expect_next(&r, jumbo_len(n + i, chunk_bytes), n + i);
	}
	cr_assert(frontend_first_change(&r.x.f) == 0, "a byte changed that belongs to no frame");
	cr_assert(rx_rig_counter(&r, NET_XDP_RX_BOUNCED) == COUNT);
	cr_assert(rx_rig_counter(&r, NET_XDP_RX_BOUNCE_JUMBO) == 64 + COUNT);
	cr_assert(rx_rig_counter(&r, NET_XDP_RX_DROP_SPLIT) == 0);
	rx_rig_balance(&r, COUNT);
	rx_rig_close(&r);
}

CASE(23, jumbo_unaligned_chunks_of_2048_deliver_one_frame_native)
{
	NEEDS_VETH("frames over one chunk");
	up_to_9000(NET_XDP_ATTACH_NATIVE, true, 2048);
}

CASE(23, jumbo_unaligned_chunks_of_2048_deliver_one_frame_generic)
{
	NEEDS_VETH("frames over one chunk");
	up_to_9000(NET_XDP_ATTACH_GENERIC, true, 2048);
}

CASE(23, jumbo_unaligned_chunks_of_4096_deliver_one_frame_native)
{
	NEEDS_VETH("frames over one chunk");
	up_to_9000(NET_XDP_ATTACH_NATIVE, true, 4096);
}

CASE(23, jumbo_aligned_chunks_of_4096_deliver_one_frame_generic)
{
	NEEDS_VETH("frames over one chunk");
	up_to_9000(NET_XDP_ATTACH_GENERIC, false, 4096);
}

CASE(23, jumbo_aligned_chunks_of_2048_deliver_one_frame_native)
{
	NEEDS_VETH("frames over one chunk");
	up_to_9000(NET_XDP_ATTACH_NATIVE, false, 2048);
}

enum { CAPACITY = 4000 };

/* Just fits, just does not, and random ones. */
static uint32_t len_around_capacity(uint32_t n)
{
	return n % 8 < 2 ? CAPACITY + n % 8 : rx_rig_len(n, 14, LARGEST);
}

/* 23: dropped whole where the buffer is too small, and the next one that fits is delivered into it */
static void capacity_4000(enum net_xdp_attach attach, uint32_t chunk_bytes)
{
	enum { COUNT = 400, PORTION = 8 };
	struct rx_rig r;
	uint32_t fit = 0;

	jumbo_prepare(&r, attach, true, chunk_bytes);
	frontend_layout(&r.x.f, 0, IDS, FRONTEND_BASE + 1, SLOT, HEADER, CAPACITY);
	rx_rig_start(&r, 1, 32);
	frontend_poison(&r.x.f, 4000);
	for (uint32_t n = 0; n < COUNT; n += PORTION) {
		for (uint32_t i = n; i < n + PORTION; i++)
			rx_rig_send(&r, len_around_capacity(i), i);
		for (uint32_t i = n; i < n + PORTION; i++) {
			if (len_around_capacity(i) > CAPACITY)
				continue;
			expect_next(&r, len_around_capacity(i), i);
			fit++;
		}
	}
	cr_assert(fit > COUNT / 4 && fit < COUNT * 3 / 4, "%u fit: nothing was shown", fit);
	rx_rig_poll_drops(&r, NET_XDP_RX_DROP_CAPACITY, COUNT - fit);
	cr_assert(frontend_first_change(&r.x.f) == 0, "a part of a dropped frame was written");
	rx_rig_balance(&r, COUNT);
	rx_rig_close(&r);
}

CASE(23, jumbo_over_a_capacity_of_4000_is_dropped_whole_chunks_2048)
{
	NEEDS_VETH("frames over one chunk");
	capacity_4000(NET_XDP_ATTACH_NATIVE, 2048);
}

CASE(23, jumbo_over_a_capacity_of_4000_is_dropped_whole_chunks_4096)
{
	NEEDS_VETH("frames over one chunk");
	capacity_4000(NET_XDP_ATTACH_NATIVE, 4096);
}

CASE(23, jumbo_over_a_capacity_of_4000_is_dropped_whole_generic)
{
	NEEDS_VETH("frames over one chunk");
	capacity_4000(NET_XDP_ATTACH_GENERIC, 2048);
}

/* 23: a descriptor at a time, a frame's pieces come in by several calls */
CASE(23, jumbo_polled_by_slices_of_one_is_still_one_frame)
{
	enum { COUNT = 60 };
	uint32_t id, got = 0;
	struct rx_rig r;

	NEEDS_VETH("frames over one chunk");
	jumbo_prepare(&r, NET_XDP_ATTACH_NATIVE, true, 2048);
	rx_rig_start(&r, 1, COUNT);
	for (uint32_t n = 0; n < COUNT; n++)
		rx_rig_send(&r, rx_rig_len(n, 5000, LARGEST), n);
	for (int64_t until = frontend_now_ms() + RX_RIG_DEADLINE_MS; got < COUNT;) {
		cr_assert(frontend_now_ms() < until, "%u of %u came", got, COUNT);
		if (frontend_rx(&r.x.f, r.x.queues[0], &id, 1) == 0)
			continue;
		rx_rig_expect(&r, id, rx_rig_len(got, 5000, LARGEST), got);
		got++;
	}
	rx_rig_balance(&r, COUNT);
	rx_rig_close(&r);
}

/* Frames of a flood come in the order of their numbers, with gaps. */
struct flood {
	uint32_t sent, received, last;
};

static void flood_poll(struct rx_rig *r, struct flood *f)
{
	uint32_t ids[32], count, n;

	while ((count = frontend_rx(&r->x.f, r->x.queues[0], ids, 32))) {
		for (uint32_t i = 0; i < count; i++, f->received++) {
			n = rx_rig_number(r, ids[i]);
			cr_assert(n < f->sent && (n > f->last || !f->received), "frame %u after %u",
				  n, f->last);
			rx_rig_expect(r, ids[i], rx_rig_len(n, 14, LARGEST), n);
			f->last = n;
		}
		frontend_post_ids(&r->x.f, r->x.queues[0], ids, count);
	}
}

/* 23: no room, in every place where it can lack: the kernel drops whole frames, and so do we. After
 * the flood the buffers are all still there. */
static void flood(struct rx_rig *r, uint32_t buffers)
{
	enum { ROUNDS = 20, BURST = 40 };
	int64_t deadline = frontend_now_ms() + 2 * RX_RIG_DEADLINE_MS;
	struct flood f = {0};
	uint32_t id;

	for (uint32_t round = 0; round < ROUNDS; round++) {
		for (uint32_t i = 0; i < BURST; i++, f.sent++)
			rx_rig_send(r, rx_rig_len(f.sent, 14, LARGEST), f.sent);
		flood_poll(r, &f);
	}
	while (!rx_rig_is_balanced(r, f.sent) && frontend_now_ms() < deadline)
		flood_poll(r, &f); /* what a busy machine delivers late */
	rx_rig_balance(r, f.sent);
	cr_assert(f.received && f.received < f.sent, "%u of %u received: nothing was short",
		  f.received, f.sent);
	for (uint32_t i = 0; i < buffers; i++, f.sent++) {
		rx_rig_send(r, LARGEST, f.sent);
		rx_rig_receive(r, 0, &id, 1);
		rx_rig_expect(r, id, LARGEST, f.sent);
	}
	rx_rig_balance(r, f.sent);
}

CASE(23, jumbo_flood_with_few_buffers_adds_up)
{
	struct rx_rig r;

	NEEDS_VETH("frames over one chunk");
	jumbo_prepare(&r, NET_XDP_ATTACH_NATIVE, true, 2048);
	rx_rig_start(&r, 1, 5);
	flood(&r, 5);
	cr_assert(rx_rig_counter(&r, NET_XDP_RX_KERNEL_DROPPED) > 0);
	rx_rig_close(&r);
}

CASE(23, jumbo_flood_with_few_private_chunks_adds_up)
{
	struct rx_rig r;

	NEEDS_VETH("frames over one chunk");
	jumbo_prepare(&r, NET_XDP_ATTACH_NATIVE, true, 4096);
	r.x.config.private_rx_chunks = 8;
	rx_rig_start(&r, 1, 30);
	flood(&r, 30);
	cr_assert(rx_rig_counter(&r, NET_XDP_RX_KERNEL_DROPPED) > 0);
	rx_rig_close(&r);
}

CASE(23, jumbo_flood_over_a_short_rx_ring_adds_up)
{
	struct rx_rig r;

	NEEDS_VETH("frames over one chunk");
	jumbo_prepare(&r, NET_XDP_ATTACH_GENERIC, true, 2048);
	r.x.config.rx_ring_frames = 16;
	rx_rig_start(&r, 1, 30);
	flood(&r, 30);
	cr_assert(rx_rig_counter(&r, NET_XDP_RX_KERNEL_RING_FULL) > 0);
	rx_rig_close(&r);
}

/* The largest frame of the configuration passes, one byte more is the program's to drop. */
CASE(23, jumbo_over_max_frame_bytes_is_dropped_and_counted)
{
	enum { MAX = 5000 };
	struct rx_rig r;

	NEEDS_VETH("frames over one chunk");
	jumbo_prepare(&r, NET_XDP_ATTACH_NATIVE, true, 2048);
	r.x.config.max_frame_bytes = MAX;
	rx_rig_start(&r, 1, 16);
	frontend_snapshot(&r.x.f);
	for (uint32_t n = 0; n < 100; n += 2) {
		rx_rig_send(&r, MAX - n, n);
		rx_rig_send(&r, MAX + 1 + n * 40, n + 1);
		expect_next(&r, MAX - n, n);
	}
	rx_rig_balance(&r, 100);
	cr_assert(rx_rig_program(&r).dropped_too_long == 50);
	rx_rig_close(&r);
}
