// SPDX-License-Identifier: BSD-2-Clause
/* Frames over several receive buffers on real packets (rx_merge). */
#include "support/conformance.h"
#include "support/pieces.h"
#include "support/rx_rig.h"

enum {
	HEADER = FRONTEND_XDP_HEADER_BYTES,
	LEAST = 60,
	LARGEST = 1514,
	SLOT = 1024,
	IDS = 128,
	PLACES = 64,
	SMALL = 128, /* capacity of buffers that are all alike */
};

#define WAIT_NS (RX_RIG_DEADLINE_MS * 1000000ll)

struct merge {
	struct rx_rig r;
	struct pieces pieces[IDS];
	uint32_t
		next; /* id that the next frame begins in: they come in the order they were posted */
};

static void merge_prepare(struct merge *m, bool allowed)
{
	rx_rig_prepare(&m->r, 1, 1500);
	m->r.x.rx_merge = allowed;
	m->next = 0;
}

static void merge_start(struct merge *m, uint32_t buffers)
{
	rx_rig_start(&m->r, 1, 0);
	frontend_poison(&m->r.x.f, 66);
	frontend_post(&m->r.x.f, m->r.x.queues[0], 0, buffers);
}

static void merge_close(struct merge *m, uint32_t sent)
{
	cr_assert_eq(frontend_first_change(&m->r.x.f), 0, "a byte beside the frames changed");
	rx_rig_balance(&m->r, sent);
	rx_rig_close(&m->r);
}

/* Buffers that are all alike. */
static void lay_out_small(struct merge *m)
{
	const uint32_t length = SMALL;

	for (uint32_t id = 0; id < IDS; id++)
		pieces_lay_out(&m->r.x.f, &m->pieces[id], id, FRONTEND_BASE + SLOT * (id + 1),
			       &length, 1, HEADER);
}

/* Buffers of 61 to 250 bytes in one to three pieces. */
static void lay_out_mixed(struct merge *m)
{
	for (uint32_t id = 0; id < IDS; id++) {
		const uint32_t lengths[] = {61 + id * 37 % 70, 1 + id * 11 % 60, 1 + id * 13 % 60};

		pieces_lay_out(&m->r.x.f, &m->pieces[id], id, FRONTEND_BASE + SLOT * (id + 1) + id,
			       lengths, 1 + id % 3, HEADER);
	}
}

/* How many buffers, from the one on, hold so many bytes. */
static uint32_t ids_for(const struct merge *m, uint32_t id, uint32_t len)
{
	uint32_t room = 0, n = 0;

	while (room < len)
		room += pieces_capacity(&m->r.x.f, (id + n++) % IDS);
	return n;
}

/* Frame n, when it begins in this id: it ends around the end of the n-th buffer behind that. */
static uint32_t len_of(const struct merge *m, uint32_t id, uint32_t n)
{
	uint32_t len = 0;

	for (uint32_t i = 0; i <= n % 8; i++)
		len += pieces_capacity(&m->r.x.f, (id + i) % IDS);
	len += n / 8 % 3 - 1;
	return len < LEAST ? LEAST : len > LARGEST ? LARGEST : len;
}

/* What one call returned: whole frames, the first of them this one, each over the ids that it needs, in order.
 * Their ids are posted again. Return: how many frames. */
static uint32_t expect_call(struct merge *m, uint32_t first, const uint32_t *ids, uint32_t n)
{
	uint8_t frame[LARGEST];
	uint32_t at = 0, i = 0;

	for (; at < n; i++) {
		uint32_t len = len_of(m, m->next, first + i), want = ids_for(m, m->next, len);

		cr_assert_leq(at + want, n, "frame %u is split over two calls", first + i);
		for (uint32_t k = 0; k < want; k++, m->next = (m->next + 1) % IDS)
			cr_assert_eq(ids[at + k], m->next, "frame %u: id %u of %u is %u", first + i,
				     k, want, ids[at + k]);
		rx_rig_frame(frame, len, first + i);
		cr_assert_eq(pieces_expect(&m->r.x.f, ids + at, frame, len), want);
		at += want;
	}
	frontend_post_ids(&m->r.x.f, m->r.x.queues[0], ids, n);
	return i;
}

/* Send some frames. Each is as long as it has to be for the id that it will begin in. */
static void send_some(struct merge *m, uint32_t first, uint32_t count)
{
	uint32_t id = m->next;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t len = len_of(m, id, first + i);

		rx_rig_send(&m->r, len, first + i);
		id = (id + ids_for(m, id, len)) % IDS;
	}
}

// 66: a frame over several ids: ids in order, one call, sizes exact
CASE(66, frames_over_several_ids_come_whole_in_order_and_exact)
{
	enum { FRAMES = 240, PORTION = 6 };
	uint32_t ids[PLACES], done = 0;
	struct net_queue *q;
	struct merge m;

	merge_prepare(&m, true);
	lay_out_mixed(&m);
	merge_start(&m, IDS);
	q = m.r.x.queues[0];
	for (uint32_t n = 0; n < FRAMES; n += PORTION) {
		send_some(&m, n, PORTION);
		while (done < n + PORTION) {
			cr_assert_eq(net_queue_wait(q, &m.r.x.f.pool, WAIT_NS), 1, "none came");
			done += expect_call(&m, done, ids, frontend_rx(&m.r.x.f, q, ids, PLACES));
		}
	}
	cr_assert_eq(rx_rig_counter(&m.r, NET_XDP_RX_FRAMES), FRAMES);
	cr_assert_eq(rx_rig_counter(&m.r, NET_XDP_RX_BOUNCED), FRAMES);
	merge_close(&m, FRAMES);
}

/* ---- Places ----------------------------------------------------------------------------------- */

/* One call with so many places: it must return the one frame of this length, over these ids. */
static void expect_one(struct merge *m, uint32_t places, uint32_t len, uint32_t n)
{
	uint32_t ids[PLACES], want = (len + SMALL - 1) / SMALL;
	uint8_t frame[LARGEST];

	cr_assert_eq(net_queue_wait(m->r.x.queues[0], &m->r.x.f.pool, WAIT_NS), 1, "not ready");
	cr_assert_eq(frontend_rx(&m->r.x.f, m->r.x.queues[0], ids, places), want);
	for (uint32_t i = 0; i < want; i++)
		cr_assert_eq(ids[i], m->next++);
	rx_rig_frame(frame, len, n);
	cr_assert_eq(pieces_expect(&m->r.x.f, ids, frame, len), want);
}

// 66: rx_poll offered too few places leaves the frame
CASE(66, frame_whose_ids_do_not_fit_the_call_is_left_for_one_with_room)
{
	uint32_t ids[PLACES];
	struct net_queue *q;
	struct merge m;

	merge_prepare(&m, true);
	lay_out_small(&m);
	merge_start(&m, IDS);
	q = m.r.x.queues[0];
	rx_rig_send(&m.r, SMALL, 0);
	rx_rig_send(&m.r, 1500, 1); /* 12 ids */
	expect_one(&m, 1, SMALL, 0);
	cr_assert_eq(net_queue_wait(q, &m.r.x.f.pool, WAIT_NS), 1);
	cr_assert_eq(frontend_rx(&m.r.x.f, q, ids, 11), 0, "a part of a frame");
	cr_assert_eq(rx_rig_counter(&m.r, NET_XDP_RX_DROP_CAPACITY), 0, "it is lost");
	expect_one(&m, 12, 1500, 1); /* ready told of it, though the ring is empty */
	rx_rig_send(&m.r, SMALL + 1, 2);
	expect_one(&m, 2, SMALL + 1, 2);
	merge_close(&m, 3);
}

/* Frames of one id go through any slice. */
CASE(66, frames_of_one_id_need_one_place)
{
	struct merge m;

	merge_prepare(&m, true);
	lay_out_small(&m);
	merge_start(&m, IDS);
	for (uint32_t n = 0; n < 20; n++)
		rx_rig_send(&m.r, SMALL - n, n);
	for (uint32_t n = 0; n < 20; n++)
		expect_one(&m, 1, SMALL - n, n);
	merge_close(&m, 20);
}

/* ---- Room ------------------------------------------------------------------------------------- */

/* With room for all ids of any frame: none comes, and so many were dropped by then. */
static void expect_drops(struct merge *m, uint64_t drops)
{
	int64_t deadline = frontend_now_ms() + RX_RIG_DEADLINE_MS;
	uint32_t ids[PLACES];

	while (rx_rig_counter(&m->r, NET_XDP_RX_DROP_CAPACITY) < drops &&
	       frontend_now_ms() < deadline)
		cr_assert_eq(frontend_rx(&m->r.x.f, m->r.x.queues[0], ids, PLACES), 0);
	cr_assert_eq(rx_rig_counter(&m->r, NET_XDP_RX_DROP_CAPACITY), drops);
}

// 66: its capacity is the sum of what is posted; one that does not fit takes none of it
CASE(66, frame_over_all_posted_buffers_is_dropped_whole_and_they_take_the_next)
{
	struct merge m;

	merge_prepare(&m, true);
	lay_out_small(&m);
	merge_start(&m, 4);
	rx_rig_send(&m.r, 4 * SMALL + 1, 0);
	expect_drops(&m, 1);
	rx_rig_send(&m.r, 4 * SMALL, 1);
	expect_one(&m, 4, 4 * SMALL, 1);
	merge_close(&m, 2);
}

// 66: not allowed: as case 16
CASE(66, frame_over_one_buffer_is_dropped_when_not_allowed_and_its_buffer_used_again)
{
	struct merge m;

	merge_prepare(&m, false);
	lay_out_small(&m);
	merge_start(&m, 16);
	for (uint32_t n = 0; n < 8; n++) {
		rx_rig_send(&m.r, n % 2 ? LARGEST : SMALL + 1, n);
		expect_drops(&m, n + 1);
	}
	rx_rig_send(&m.r, SMALL, 8);
	expect_one(&m, PLACES, SMALL, 8);
	merge_close(&m, 9);
}
