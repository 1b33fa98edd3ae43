// SPDX-License-Identifier: BSD-2-Clause
/* Loopback: buffers of several pieces, frames over several ids, ids refused by name, queues one
 * by one, ids that are outstanding; and net_tx_keep(), which any frontend uses. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "support/frame.h"
#include "support/frontend.h"
#include "support/wrapped.h"

#define MEMORY	   (1u << 20)
#define IDS	   600u
#define STRIDE	   1024u
#define PIECE_BASE (FRONTEND_BASE + 640 * 1024)
#define TX_BASE	   (FRONTEND_BASE + 768 * 1024)

enum { QUEUES = 3 };

struct rig {
	struct frontend f;
	struct net_endpoint *ep;
	struct net_queue *queues[QUEUES];
	struct frontend_list list;
	uint32_t ids[IDS];
};

static void rig_open(struct rig *r, bool merge, uint32_t capacity)
{
	struct net_queue_config configs[QUEUES] = {0};
	struct net_error err = {0};

	memset(r, 0, sizeof(*r));
	frontend_open(&r->f, MEMORY, IDS);
	frontend_layout(&r->f, 0, IDS, FRONTEND_BASE, STRIDE, 0, capacity);
	frontend_list_open(&r->list, IDS);
	for (int i = 0; i < QUEUES; i++)
		configs[i].rx_merge = merge;
	cr_assert(net_loopback_open(QUEUES, &r->ep, &err) == 0, "%s", err.message);
	r->ep = wrapped(r->ep);
	cr_assert(net_endpoint_get_queues(r->ep, configs, QUEUES, NULL, r->queues, &err) == 0, "%s",
		  err.message);
}

static void rig_close(struct rig *r)
{
	for (int i = 0; i < QUEUES; i++)
		if (r->queues[i])
			cr_assert(net_queue_destroy(r->queues[i], NULL) == 0);
	cr_assert(net_endpoint_destroy(r->ep, NULL) == 0);
	frontend_list_close(&r->list);
	frontend_close(&r->f);
}

static struct net_queue_stats stats_of(struct net_queue *q)
{
	struct net_queue_stats stats;

	net_queue_stats(q, &stats);
	return stats;
}

/* Send one seeded frame through queue 0. */
static void send_frame(struct rig *r, uint32_t len, uint64_t seed)
{
	frame_plain(frontend_at(&r->f, TX_BASE, len), len, seed);
	frontend_list_clear(&r->list);
	frontend_list_frame(&r->list, 0, TX_BASE, len);
	cr_assert(frontend_tx_all(&r->f, r->queues[0], &r->list, NULL, 1000) == 1);
}

/* ---- Pieces -------------------------------------------------------------------------------- */

// 65: buffers of 1 to 19 pieces: every length exact over the pieces, capacity is the sum
Test(loopback_ids, buffer_of_pieces_takes_every_length_and_nothing_beside_changes)
{
	struct net_rx_piece pieces[18];
	uint8_t want[512], got[512];
	uint32_t capacity = 10, at;
	struct rig r;

	rig_open(&r, false, 10);
	for (uint32_t i = 0; i < 18; i++) {
		pieces[i] = (struct net_rx_piece){
			.addr = PIECE_BASE + i * 100,
			.len_bytes = i % 5 == 3 ? 0 : 1 + i * 2,
		};
		capacity += pieces[i].len_bytes;
	}
	r.f.ids[0].buffer.header_bytes = 12;
	r.f.ids[0].pieces = pieces;
	r.f.ids[0].piece_count = 18;
	for (uint32_t len = 14; len <= capacity + 1; len++) {
		frontend_snapshot(&r.f);
		frontend_post(&r.f, r.queues[0], 0, 1);
		send_frame(&r, len, len);
		frontend_allow(&r.f, TX_BASE, len);
		cr_assert(frontend_rx(&r.f, r.queues[0], r.ids, 1) == (len <= capacity),
			  "%u bytes in %u", len, capacity);
		if (len > capacity)
			break;
		cr_assert(frontend_metadata(&r.f, 0)->len_bytes == len);
		at = len < 10 ? len : 10;
		memcpy(got, frontend_at(&r.f, FRONTEND_BASE + 12, at), at);
		frontend_allow(&r.f, FRONTEND_BASE + 12, at);
		for (uint32_t i = 0; i < 18 && at < len; i++) {
			uint32_t n = pieces[i].len_bytes;

			n = n < len - at ? n : len - at;
			memcpy(got + at, frontend_at(&r.f, pieces[i].addr, n), n);
			frontend_allow(&r.f, pieces[i].addr, n);
			at += n;
		}
		frame_plain(want, len, len);
		cr_assert(at == len && memcmp(got, want, len) == 0, "%u bytes", len);
		cr_assert(frontend_first_change(&r.f) == 0, "%u bytes: changed at 0x%llx", len,
			  (unsigned long long)frontend_first_change(&r.f));
	}
	cr_assert(stats_of(r.queues[0]).rx_errors == 1, "one byte too many");
	rig_close(&r);
}

/* What another pool said before does not count. */
Test(loopback_ids, pool_that_tells_no_pieces_has_none)
{
	const struct net_rx_piece piece = {.addr = PIECE_BASE, .len_bytes = 100};
	struct net_buffer_access_ops plain;
	struct rig r;

	rig_open(&r, false, 100);
	for (uint32_t id = 0; id < 2; id++) {
		r.f.ids[id].pieces = &piece;
		r.f.ids[id].piece_count = 1;
	}
	plain = *r.f.pool.ops;
	plain.rx_pieces = NULL;
	for (uint32_t id = 0; id < 2; id++) {
		if (id == 1)
			r.f.pool.ops = &plain;
		frontend_post(&r.f, r.queues[0], id, 1);
	}
	send_frame(&r, 101, 1);
	cr_assert(frontend_rx(&r.f, r.queues[0], r.ids, IDS) == 1 && r.ids[0] == 0);
	send_frame(&r, 101, 2);
	cr_assert(frontend_rx(&r.f, r.queues[0], r.ids, IDS) == 0);
	cr_assert(stats_of(r.queues[0]).rx_errors == 1);
	rig_close(&r);
}

/* The table of pieces is finite: ids beyond it are refused, and come back when others have. */
Test(loopback_ids, more_pieces_than_the_backend_holds_are_refused_and_given_back)
{
	enum { MANY = 60 };
	static struct net_rx_piece pieces[MANY];
	static uint32_t many[1200];
	uint32_t refused;
	struct rig r;

	rig_open(&r, false, 10);
	r.f.ids = realloc(r.f.ids, 1200 * sizeof(*r.f.ids));
	cr_assert(r.f.ids != NULL);
	for (uint32_t i = 0; i < MANY; i++)
		pieces[i] = (struct net_rx_piece){.addr = PIECE_BASE, .len_bytes = 1};
	for (uint32_t i = 0; i < 1200; i++) {
		r.f.ids[i] = (struct frontend_id){
			.buffer = {.addr = FRONTEND_BASE, .capacity_bytes = 10},
			.pieces = pieces,
			.piece_count = MANY,
		};
		many[i] = i;
	}
	r.f.id_count = 1200;
	refused = net_queue_rx_avail(r.queues[0], &r.f.pool, many, 1200);
	cr_assert(refused == 1200 - 65536 / MANY, "%u", refused);
	cr_assert(r.f.ids[1199].refused == NET_RX_REFUSED_COPY && r.f.ids[0].refused == 0);
	send_frame(&r, 60, 1);
	cr_assert(frontend_rx(&r.f, r.queues[0], r.ids, 1) == 1 && r.ids[0] == 0);
	cr_assert(net_queue_rx_avail(r.queues[0], &r.f.pool, many, 1) == 0);
	rig_close(&r);
}

/* ---- Several ids --------------------------------------------------------------------------- */

static void expect_over_ids(uint32_t len)
{
	const uint32_t n = (len + 99) / 100;
	uint8_t want[1000];
	struct rig r;

	rig_open(&r, true, 100);
	frontend_post(&r.f, r.queues[0], 0, 12);
	send_frame(&r, len, len);
	send_frame(&r, 99, 5);
	frame_plain(want, len, len);
	cr_assert(frontend_rx(&r.f, r.queues[0], r.ids, IDS) == n + 1, "%u bytes", len);
	cr_assert(frontend_metadata(&r.f, 0)->len_bytes == len);
	cr_assert(frontend_metadata(&r.f, 0)->more_ids == n - 1);
	for (uint32_t i = 0; i < n; i++) {
		const uint32_t part = i < n - 1 ? 100 : len - 100 * i;

		cr_assert(r.ids[i] == i && frontend_metadata(&r.f, i)->offset_bytes == 0);
		if (i)
			cr_assert(frontend_metadata(&r.f, i)->len_bytes == part &&
				  frontend_metadata(&r.f, i)->more_ids == 0);
		cr_assert(memcmp(frontend_at(&r.f, FRONTEND_BASE + i * STRIDE, part),
				 want + 100 * i, part) == 0);
	}
	cr_assert(frontend_metadata(&r.f, n)->len_bytes == 99, "the next frame has the next id");
	cr_assert(stats_of(r.queues[0]).rx_packets == 2);
	rig_close(&r);
}

// 66: a frame over several ids, when allowed: ids in order, one call, sizes exact
Test(loopback_ids, frame_over_several_ids_fills_each_before_the_next)
{
	for (uint32_t len = 14; len <= 1000; len += 43)
		expect_over_ids(len);
	expect_over_ids(100);
	expect_over_ids(101);
	expect_over_ids(1000);
}

Test(loopback_ids, frame_over_several_ids_comes_in_one_call_or_not_yet)
{
	struct rig r;

	rig_open(&r, true, 100);
	frontend_post(&r.f, r.queues[0], 0, 64);
	send_frame(&r, 60, 1);
	send_frame(&r, 450, 2);
	cr_assert(frontend_rx(&r.f, r.queues[0], r.ids, 5) == 1, "the second does not fit whole");
	cr_assert(net_queue_poll_ready(r.queues[0], &r.f.pool));
	cr_assert(frontend_rx(&r.f, r.queues[0], r.ids, 4) == 0);
	cr_assert(frontend_rx(&r.f, r.queues[0], r.ids, 5) == 5);
	cr_assert(!net_queue_poll_ready(r.queues[0], &r.f.pool));
	rig_close(&r);
}

Test(loopback_ids, frame_over_as_many_ids_as_metadata_can_say_comes_and_a_longer_one_is_dropped)
{
	struct rig r;

	rig_open(&r, true, 4);
	frontend_post(&r.f, r.queues[0], 0, 300);
	send_frame(&r, 1025, 1);
	cr_assert(frontend_rx(&r.f, r.queues[0], r.ids, IDS) == 0);
	cr_assert(stats_of(r.queues[0]).rx_errors == 1);
	send_frame(&r, 1024, 2);
	cr_assert(frontend_rx(&r.f, r.queues[0], r.ids, IDS) == 256);
	cr_assert(frontend_metadata(&r.f, 0)->more_ids == 255);
	rig_close(&r);
}

// 66: not allowed: as case 16
Test(loopback_ids, frame_over_one_buffer_without_leave_to_merge_is_dropped_and_the_buffer_stays)
{
	struct rig r;

	rig_open(&r, false, 100);
	frontend_post(&r.f, r.queues[0], 0, 4);
	send_frame(&r, 101, 1);
	cr_assert(stats_of(r.queues[0]).rx_errors == 1);
	send_frame(&r, 100, 2);
	cr_assert(frontend_rx(&r.f, r.queues[0], r.ids, IDS) == 1 && r.ids[0] == 0);
	rig_close(&r);
}

/* ---- Refused, by name ---------------------------------------------------------------------- */

Test(loopback_ids, each_refused_id_comes_back_with_its_reason)
{
	const struct net_rx_piece outside = {.addr = FRONTEND_BASE + MEMORY - 4, .len_bytes = 5};
	const uint32_t ids[] = {0, 1, 2, 3, 4, 0, 5};
	struct rig r;

	rig_open(&r, false, 100);
	r.f.ids[1].buffer.capacity_bytes = 0;
	r.f.ids[2].buffer.addr = FRONTEND_BASE + MEMORY - 99;
	r.f.ids[3].buffer.addr = UINT64_MAX;
	r.f.ids[3].buffer.header_bytes = 2;
	r.f.ids[4].pieces = &outside;
	r.f.ids[4].piece_count = 1;
	cr_assert(net_queue_rx_avail(r.queues[0], &r.f.pool, ids, 7) == 5);
	cr_assert(r.f.rx_refused_calls == 5);
	cr_assert_eq(r.f.ids[0].refused, NET_RX_REFUSED_DUPLICATE);
	cr_assert_eq(r.f.ids[1].refused, NET_RX_REFUSED_ID);
	cr_assert_eq(r.f.ids[2].refused, NET_RX_REFUSED_ADDRESS);
	cr_assert_eq(r.f.ids[3].refused, NET_RX_REFUSED_ADDRESS);
	cr_assert_eq(r.f.ids[4].refused, NET_RX_REFUSED_ADDRESS);
	cr_assert_eq(r.f.ids[5].refused, 0);
	/* A refused id is the frontend's: mended, it is taken. */
	r.f.ids[4].piece_count = 0;
	frontend_post(&r.f, r.queues[0], 4, 1);
	for (int i = 0; i < 4; i++)
		send_frame(&r, 60, 1);
	cr_assert(frontend_rx(&r.f, r.queues[0], r.ids, IDS) == 3);
	cr_assert(r.ids[0] == 0 && r.ids[1] == 5 && r.ids[2] == 4);
	cr_assert(stats_of(r.queues[0]).rx_errors == 6, "five ids, one frame");
	rig_close(&r);
}

/* ---- Queues one by one, outstanding ids ---------------------------------------------------- */

Test(loopback_ids, single_queue_is_made_again_while_its_neighbours_run)
{
	struct net_queue_config config = {0};
	struct net_error err = {0};
	struct net_queue *q;
	struct rig r;

	rig_open(&r, false, 100);
	frontend_post(&r.f, r.queues[0], 0, 8);
	cr_assert(net_endpoint_get_queue(r.ep, 1, &config, &q, &err) == -EBUSY);
	cr_assert(strstr(err.message, "queue 1 is alive") != NULL, "%s", err.message);
	cr_assert(net_endpoint_get_queue(r.ep, QUEUES, &config, &q, &err) == -EINVAL);
	send_frame(&r, 60, 1);
	cr_assert(net_queue_destroy(r.queues[1], NULL) == 0);
	r.queues[1] = NULL;
	cr_assert(net_endpoint_get_queue(r.ep, 1, &config, &r.queues[1], &err) == 0);
	frontend_post(&r.f, r.queues[1], 64, 1);
	cr_assert(frontend_rx(&r.f, r.queues[0], r.ids, IDS) == 1, "the neighbour's frame");
	for (int i = 0; i < QUEUES; i++)
		cr_assert(net_queue_destroy(r.queues[i], NULL) == 0);
	cr_assert(net_endpoint_stop(r.ep) == 0);
	cr_assert(net_endpoint_get_queue(r.ep, 2, &config, &r.queues[2], NULL) == 0);
	r.queues[0] = r.queues[1] = NULL;
	rig_close(&r);
}

static void note(void *context, bool is_rx, uint32_t id)
{
	cr_assert(is_rx && id < IDS);
	((uint8_t *)context)[id]++;
}

Test(loopback_ids, outstanding_names_posted_and_filled_ids_once_each)
{
	uint8_t seen[IDS] = {0};
	struct rig r;

	rig_open(&r, false, 100);
	net_queue_outstanding(r.queues[0], note, seen);
	frontend_post(&r.f, r.queues[0], 10, 8);
	send_frame(&r, 60, 1);
	send_frame(&r, 60, 2);
	cr_assert(frontend_rx(&r.f, r.queues[0], r.ids, 1) == 1 && r.ids[0] == 10);
	net_queue_outstanding(r.queues[0], note, seen);
	for (uint32_t i = 0; i < IDS; i++)
		cr_assert(seen[i] == (i > 10 && i < 18), "id %u: %u", i, seen[i]);
	rig_close(&r);
}

/* ---- net_tx_keep() ------------------------------------------------------------------------- */

/* count packets of 1, 2, 3, 1, 2, 3 ... segments; packet i has id i. Return: how many segments. */
static uint32_t list_of(struct net_tx_segment *segments, struct net_tx_metadata *packets,
			uint32_t count)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < count; i++) {
		packets[i] =
			(struct net_tx_metadata){.id = i, .segment_count = (uint16_t)(1 + i % 3)};
		for (uint32_t k = 0; k <= i % 3; k++, n++)
			segments[n] =
				(struct net_tx_segment){.addr = n, .head = k ? NULL : &packets[i]};
	}
	return n;
}

Test(tx_keep, rest_of_a_list_is_a_list_wherever_it_was_cut)
{
	struct net_tx_metadata packets[12];
	struct net_tx_segment segments[24];
	uint32_t n, left, kept, at;

	for (uint32_t accepted = 0; accepted <= 12; accepted++) {
		n = list_of(segments, packets, 12);
		at = 0;
		for (uint32_t i = 0; i < accepted; i++)
			at += 1 + i % 3;
		left = net_tx_keep(segments, n, packets, at);
		cr_assert(left == n - at);
		kept = 0;
		for (uint32_t i = 0; i < left; i++) {
			cr_assert(segments[i].addr == at + i);
			if (!segments[i].head)
				continue;
			cr_assert(segments[i].head == &packets[kept]);
			cr_assert(packets[kept].id == accepted + kept);
			kept++;
		}
		cr_assert(kept == 12 - accepted);
	}
}

/* What tx_avail takes as malformed may be cut out of a list as well: a tail without a head. */
Test(tx_keep, tails_without_a_head_are_kept_or_dropped_as_they_are)
{
	struct net_tx_metadata packets[2] = {{.id = 7}, {.id = 8}};
	struct net_tx_segment s[4] = {{.addr = 0},
				      {.addr = 1, .head = &packets[0]},
				      {.addr = 2, .head = &packets[1]},
				      {.addr = 3}};

	cr_assert(net_tx_keep(s, 4, packets, 2) == 2);
	cr_assert(s[0].head == &packets[0] && packets[0].id == 8 && !s[1].head);
	cr_assert(net_tx_keep(s, 2, packets, 2) == 0 && net_tx_keep(s, 0, packets, 0) == 0);
}
