// SPDX-License-Identifier: BSD-2-Clause
/* Receive ids on real packets: posting, polling, running out of buffers. Where the bytes land is
 * test_rx_memory.c's, bad ids are test_rx_ids.c's. */
#include <poll.h>
#include <string.h>
#include <time.h>

#include "support/conformance.h"
#include "support/rx_rig.h"
#include "support/wrapped.h"
#include "xdp/queue.h"

enum { HEADER = FRONTEND_XDP_HEADER_BYTES };

/* Frames first .. first + count of random lengths, sent and received in portions that fit any ring
 * used here; each must arrive exact and in order. Each id goes back at once when repost says so. */
static void flow(struct rx_rig *r, uint32_t first, uint32_t count, uint32_t portion, bool repost)
{
	uint32_t ids[256];

	for (uint32_t done = 0; done < count; done += portion) {
		for (uint32_t i = 0; i < portion; i++)
			rx_rig_send(r, rx_rig_len(first + done + i, 14, 1514), first + done + i);
		rx_rig_receive(r, 0, ids, portion);
		for (uint32_t i = 0; i < portion; i++)
			rx_rig_expect(r, ids[i], rx_rig_len(first + done + i, 14, 1514),
				      first + done + i);
		if (repost)
			frontend_post_ids(&r->x.f, r->x.queues[0], ids, portion);
	}
}

/* 09: empty rx_avail is a no-op */
CASE(09, rx_avail_empty_is_a_noop)
{
	struct net_xdp_stats before, after;
	struct rx_rig r;
	uint64_t calls;
	uint32_t none;

	rx_rig_prepare(&r, 1, 1500);
	rx_rig_start(&r, 1, 64);
	flow(&r, 0, 16, 16, true);
	calls = r.x.f.rx_buffers_calls;
	before = frontend_xdp_stats(&r.x, 0);
	for (int i = 0; i < 100; i++) {
		cr_assert(net_queue_rx_avail(r.x.queues[0], &r.x.f.pool, &none, 0) == 0);
		cr_assert(net_queue_rx_avail(r.x.queues[0], &r.x.f.pool, NULL, 0) == 0);
	}
	after = frontend_xdp_stats(&r.x, 0);
	cr_assert(memcmp(&before, &after, sizeof(before)) == 0, "a counter moved");
	cr_assert(r.x.f.rx_buffers_calls == calls, "the pool was asked about no id");
	flow(&r, 16, 64, 32, true);
	rx_rig_balance(&r, 80);
	rx_rig_close(&r);
}

/* 10: many more ids than the fill ring: all usable in time, ring never overrun */
CASE(10, rx_avail_many_more_ids_than_the_fill_ring_holds)
{
	enum { RING = 64, IDS = 2000, PORTION = 20 };
	const struct ring *fill;
	bool seen[IDS] = {false};
	uint32_t ids[PORTION];
	struct rx_rig r;

	rx_rig_prepare(&r, 1, 1500);
	r.x.config.fill_ring_frames = r.x.config.rx_ring_frames = RING;
	rx_rig_start(&r, 1, 0);
	fill = &queue_of(wrapped_inner(r.x.queues[0]))->xsk.fill;
	frontend_post(&r.x.f, r.x.queues[0], 0, IDS);
	for (uint32_t n = 0; n < IDS; n += PORTION) {
		uint32_t held = *fill->own - __atomic_load_n(fill->other, __ATOMIC_ACQUIRE);

		cr_assert(held <= RING, "%u entries in a fill ring of %u", held, RING);
		for (uint32_t i = 0; i < PORTION; i++)
			rx_rig_send(&r, rx_rig_len(n + i, 14, 1514), n + i);
		rx_rig_receive(&r, 0, ids, PORTION);
		for (uint32_t i = 0; i < PORTION; i++) {
			rx_rig_expect(&r, ids[i], rx_rig_len(n + i, 14, 1514), n + i);
			cr_assert(ids[i] < IDS && !seen[ids[i]], "id %u again", ids[i]);
			seen[ids[i]] = true;
		}
	}
	/* All are used: the next frame finds none. */
	rx_rig_send(&r, 100, IDS);
	rx_rig_expect_no_buffer(&r, 1);
	rx_rig_balance(&r, IDS + 1);
	rx_rig_close(&r);
}

/* 12: ordered mode returns posting order, or the endpoint says unordered. What it says must be what
 * it does: two kinds of buffers are served from two sources, and overtake each other. */
CASE(12, endpoint_says_unordered_and_buffers_overtake)
{
	enum { COUNT = 32 };
	struct net_endpoint_facts facts;
	bool in_order = true;
	uint32_t ids[COUNT];
	struct rx_rig r;

	rx_rig_prepare(&r, 1, 1500);
	frontend_xdp_layout(&r.x, HEADER);
	for (uint32_t id = 0; id < COUNT; id += 2)
		r.x.f.ids[id].buffer.capacity_bytes = 1000; /* these bounce */
	rx_rig_start(&r, 1, 0);
	net_endpoint_facts(r.x.ep, &facts);
	frontend_post(&r.x.f, r.x.queues[0], 0, COUNT);
	for (uint32_t n = 0; n < COUNT; n++)
		rx_rig_send(&r, 200, n);
	rx_rig_receive(&r, 0, ids, COUNT);
	for (uint32_t n = 0; n < COUNT; n++) {
		rx_rig_expect(&r, ids[n], 200,
			      n); /* frames keep the order of the wire all the same */
		in_order &= ids[n] == n;
	}
	cr_assert(in_order || !facts.is_ordered, "says ordered and is not");
	cr_assert(!in_order, "the mixture was to show that order is not kept");
	rx_rig_close(&r);
}

static bool fd_is_readable(struct net_queue *q)
{
	struct pollfd pfd = {.fd = net_queue_ready_fd(q), .events = POLLIN};

	return poll(&pfd, 1, 0) == 1;
}

/* 13: a slice of 1 returns one, and ready stays until drained */
CASE(13, rx_poll_slice_of_one_stays_ready_until_drained)
{
	enum { COUNT = 50 };
	struct rx_rig r;
	uint32_t id;

	rx_rig_prepare(&r, 1, 1500);
	rx_rig_start(&r, 1, 128);
	for (uint32_t n = 0; n < COUNT; n++)
		rx_rig_send(&r, rx_rig_len(n, 14, 1514), n);
	for (uint32_t n = 0; n < COUNT; n++) {
		cr_assert(net_queue_wait(r.x.queues[0], &r.x.f.pool,
					 RX_RIG_DEADLINE_MS * 1000000ll) == 1);
		cr_assert(net_queue_poll_ready(r.x.queues[0], &r.x.f.pool),
			  "not ready before frame %u", n);
		cr_assert(fd_is_readable(r.x.queues[0]), "fd not readable before frame %u", n);
		cr_assert(frontend_rx(&r.x.f, r.x.queues[0], &id, 1) == 1);
		rx_rig_expect(&r, id, rx_rig_len(n, 14, 1514), n);
	}
	cr_assert(frontend_rx(&r.x.f, r.x.queues[0], &id, 1) == 0);
	cr_assert(!net_queue_poll_ready(r.x.queues[0], &r.x.f.pool), "ready with nothing left");
	cr_assert(!fd_is_readable(r.x.queues[0]), "fd readable with nothing left");
	rx_rig_balance(&r, COUNT);
	rx_rig_close(&r);
}

/* 14: a slice of 0 loses nothing */
CASE(14, rx_poll_slice_of_zero_loses_nothing)
{
	enum { COUNT = 60 };
	uint32_t ids[COUNT], got = 0;
	struct rx_rig r;

	rx_rig_prepare(&r, 1, 1500);
	rx_rig_start(&r, 1, 128);
	for (uint32_t n = 0; n < COUNT; n++) {
		rx_rig_send(&r, rx_rig_len(n, 14, 1514), n);
		cr_assert(net_queue_rx_poll(r.x.queues[0], &r.x.f.pool, NULL, 0) == 0);
	}
	while (got < COUNT) {
		cr_assert(net_queue_rx_poll(r.x.queues[0], &r.x.f.pool, NULL, 0) == 0);
		rx_rig_receive(&r, 0, ids + got, 5);
		got += 5;
	}
	for (uint32_t n = 0; n < COUNT; n++)
		rx_rig_expect(&r, ids[n], rx_rig_len(n, 14, 1514), n);
	rx_rig_balance(&r, COUNT);
	rx_rig_close(&r);
}

/* 20: re-post in the same pass works */
CASE(20, repost_in_the_same_pass_keeps_few_buffers_going)
{
	struct rx_rig r;

	rx_rig_prepare(&r, 1, 1500);
	rx_rig_start(&r, 1, 16);
	flow(&r, 0, 4000, 16, true); /* every pass uses every buffer */
	cr_assert(rx_rig_counter(&r, NET_XDP_RX_KERNEL_DROPPED) == 0);
	rx_rig_balance(&r, 4000);
	rx_rig_close(&r);
}

/* 22: ids parked for long: the others keep flowing. Parked with the frontend */
CASE(22, ids_kept_by_the_frontend_do_not_stop_the_others)
{
	uint32_t parked[32];
	struct rx_rig r;

	rx_rig_prepare(&r, 1, 1500);
	rx_rig_start(&r, 1, 64);
	for (uint32_t n = 0; n < 32; n++)
		rx_rig_send(&r, 500, n);
	rx_rig_receive(&r, 0, parked, 32);
	flow(&r, 100, 3200, 32, true);
	for (uint32_t n = 0; n < 32; n++)
		rx_rig_expect(&r, parked[n], 500, n); /* nobody wrote to them meanwhile */
	frontend_post_ids(&r.x.f, r.x.queues[0], parked, 32);
	flow(&r, 5000, 64, 64, true);
	rx_rig_balance(&r, 32 + 3200 + 64);
	rx_rig_close(&r);
}

/* 22: the same, parked with the backend */
CASE(22, ids_kept_by_a_silent_queue_do_not_stop_the_others)
{
	uint32_t ids[64];
	struct rx_rig r;

	NEEDS_VETH("two queues");
	rx_rig_prepare(&r, 2, 1500);
	rx_rig_start(&r, 2, 64); /* ids 64..127 are on queue 1, where nothing comes */
	rx_rig_use_queue(&r, 0);
	flow(&r, 0, 3200, 32, true);
	cr_assert(frontend_xdp_counter(&r.x, 1, NET_XDP_RX_FRAMES) == 0);
	rx_rig_use_queue(&r, 1);
	for (uint32_t n = 0; n < 64; n++)
		rx_rig_send(&r, 600, 4000 + n);
	rx_rig_receive(&r, 1, ids, 64);
	for (uint32_t n = 0; n < 64; n++) {
		cr_assert(ids[n] >= 64 && ids[n] < 128, "id %u on queue 1", ids[n]);
		rx_rig_expect(&r, ids[n], 600, 4000 + n);
	}
	rx_rig_balance(&r, 3264);
	rx_rig_close(&r);
}

/* ---- Out of buffers, out of room ------------------------------------------------------------------ */

static int64_t cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* 17: no buffers: drops counted, no busy loop, RX resumes after the next rx_avail even without
 * poll_ready */
static void without_buffers(enum net_xdp_attach attach)
{
	enum { BUFFERS = 10, SENT = 150 };
	uint32_t ids[BUFFERS];
	uint64_t kicks;
	struct rx_rig r;
	int64_t cpu;

	rx_rig_prepare(&r, 1, 1500);
	r.x.config.attach = attach;
	rx_rig_start(&r, 1, BUFFERS);
	for (uint32_t n = 0; n < SENT; n++)
		rx_rig_send(&r, 300, n);
	rx_rig_wait_counter(&r, NET_XDP_RX_KERNEL_DROPPED, SENT - BUFFERS);
	rx_rig_receive(&r, 0, ids, BUFFERS);
	for (uint32_t n = 0; n < BUFFERS; n++)
		rx_rig_expect(&r, ids[n], 300, n);
	rx_rig_balance(&r, SENT);
	cr_assert(rx_rig_counter(&r, NET_XDP_RX_KERNEL_FILL_EMPTY) == SENT - BUFFERS);

	kicks = rx_rig_counter(&r, NET_XDP_KICKS);
	cpu = cpu_ms();
	cr_assert(net_queue_wait(r.x.queues[0], &r.x.f.pool, 300 * 1000000ll) == 0,
		  "ready without a buffer");
	cr_assert(cpu_ms() - cpu < 100, "%lld ms of CPU for 300 ms of sleep",
		  (long long)(cpu_ms() - cpu));
	cr_assert(rx_rig_counter(&r, NET_XDP_KICKS) <= kicks + 2, "system calls while idle");

	frontend_post_ids(&r.x.f, r.x.queues[0], ids, BUFFERS);
	for (uint32_t n = 0; n < BUFFERS; n++)
		rx_rig_send(&r, 400, SENT + n);
	for (uint32_t got = 0, pass = 0; got < BUFFERS; pass++) { /* without poll_ready */
		cr_assert(pass < RX_RIG_DEADLINE_MS, "%u of %d frames came", got, BUFFERS);
		got += frontend_rx(&r.x.f, r.x.queues[0], ids + got, BUFFERS - got);
		frontend_sleep_ms(1);
	}
	for (uint32_t n = 0; n < BUFFERS; n++)
		rx_rig_expect(&r, ids[n], 400, SENT + n);
	rx_rig_balance(&r, SENT + BUFFERS);
	rx_rig_close(&r);
}

CASE(17, without_buffers_drops_are_counted_and_rx_resumes_native)
{
	NEEDS_VETH("a kernel that drops what finds no buffer");
	without_buffers(NET_XDP_ATTACH_NATIVE);
}

CASE(17, without_buffers_drops_are_counted_and_rx_resumes_generic)
{
	NEEDS_VETH("generic attach");
	without_buffers(NET_XDP_ATTACH_GENERIC);
}

/* The other way to lose frames, with its own counter: nobody polls and the RX ring is full. No
 * buffer may be lost with them. */
CASE(57, rx_ring_full_is_counted_exactly_and_costs_no_buffer)
{
	enum { RING = 64, BUFFERS = 256, SENT = 200 };
	uint32_t ids[BUFFERS];
	struct rx_rig r;

	rx_rig_prepare(&r, 1, 1500);
	r.x.config.rx_ring_frames = RING;
	r.x.config.fill_ring_frames = BUFFERS;
	rx_rig_start(&r, 1, BUFFERS);
	for (uint32_t n = 0; n < SENT; n++)
		rx_rig_send(&r, rx_rig_len(n, 14, 1514), n);
	rx_rig_wait_counter(&r, NET_XDP_RX_KERNEL_RING_FULL, SENT - RING);
	rx_rig_receive(&r, 0, ids, RING);
	for (uint32_t n = 0; n < RING; n++)
		rx_rig_expect(&r, ids[n], rx_rig_len(n, 14, 1514), n);
	cr_assert(rx_rig_counter(&r, NET_XDP_RX_KERNEL_DROPPED) == 0);
	rx_rig_balance(&r, SENT);
	/* Every buffer but those that were returned is still there to be used. */
	flow(&r, 1000, BUFFERS - RING, RING / 2, false);
	rx_rig_send(&r, 100, 2000);
	rx_rig_expect_no_buffer(&r, 1);
	rx_rig_balance(&r, SENT + BUFFERS - RING + 1);
	rx_rig_close(&r);
}
