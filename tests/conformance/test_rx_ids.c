// SPDX-License-Identifier: BSD-2-Clause
/* Receive buffers that are too small, posted twice, or not there. */
#include <string.h>

#include "support/conformance.h"
#include "support/rx_rig.h"
#include "support/wrapped.h"
#include "xdp/queue.h"

enum { HEADER = FRONTEND_XDP_HEADER_BYTES };

static uint32_t avail(struct rx_rig *r, const uint32_t *ids, uint32_t count)
{
	return net_queue_rx_avail(r->x.queues[0], &r->x.f.pool, ids, count);
}

/* 15: no id without metadata, with length 0 or above capacity. Frames and capacities are random; the
 * frontend's pool ends the test on such an id. What fits is told by the buffer that waits longest. */
CASE(15, random_capacities_never_return_more_than_they_hold)
{
	enum { COUNT = 3000, IDS = 64 };
	uint32_t next = 0, dropped = 0, id;
	struct frame_random random = frame_random(15);
	struct rx_rig r;

	rx_rig_prepare(&r, 1, 1500);
	frontend_xdp_layout(&r.x, HEADER);
	for (id = 0; id < IDS; id++)
		r.x.f.ids[id].buffer.capacity_bytes = 14 + frame_random_below(&random, 1504);
	rx_rig_start(&r, 1, IDS);
	for (uint32_t n = 0; n < COUNT; n++) {
		uint32_t len = rx_rig_len(n, 14, 1514);

		rx_rig_send(&r, len, n);
		if (len > r.x.f.ids[next].buffer.capacity_bytes) {
			dropped++;
			rx_rig_poll_drops(&r, NET_XDP_RX_DROP_CAPACITY, dropped);
			continue;
		}
		rx_rig_receive(&r, 0, &id, 1);
		cr_assert(id == next, "id %u, but %u has waited longer", id, next);
		rx_rig_expect(&r, id, len, n);
		frontend_post(&r.x.f, r.x.queues[0], id, 1);
		next = (next + 1) % IDS;
	}
	cr_assert(dropped > COUNT / 8 && dropped < COUNT, "%u dropped: nothing was shown", dropped);
	rx_rig_balance(&r, COUNT);
	rx_rig_close(&r);
}

/* 16: a frame over capacity is dropped, counted, its buffer used again */
static void over_capacity(enum net_xdp_attach attach)
{
	enum { CAPACITY = 500 };
	struct net_queue_stats stats;
	struct rx_rig r;
	uint32_t id;

	rx_rig_prepare(&r, 1, 1500);
	r.x.config.attach = attach;
	frontend_set_buffer(&r.x.f, 0, FRONTEND_BASE + 8191, HEADER, CAPACITY);
	rx_rig_start(&r, 1, 1);
	frontend_poison(&r.x.f, 16);
	for (uint32_t n = 0; n < 100; n++) {
		rx_rig_send(&r, CAPACITY + 1 + n, 2 * n);
		rx_rig_poll_drops(&r, NET_XDP_RX_DROP_CAPACITY, n + 1);
		cr_assert(frontend_first_change(&r.x.f) == 0, "it was written all the same");
		rx_rig_send(&r, CAPACITY - n, 2 * n + 1);
		rx_rig_receive(&r, 0, &id, 1);
		rx_rig_expect(&r, id, CAPACITY - n, 2 * n + 1);
		rx_rig_allow(&r, id);
		frontend_post(&r.x.f, r.x.queues[0], 0, 1);
	}
	cr_assert(rx_rig_counter(&r, NET_XDP_RX_DROP_CAPACITY) == 100);
	net_queue_stats(r.x.queues[0], &stats);
	cr_assert(stats.rx_packets == 100 && stats.rx_errors == 100);
	rx_rig_balance(&r, 200);
	rx_rig_close(&r);
}

CASE(16, frame_over_capacity_is_dropped_and_the_buffer_used_again_native)
{
	over_capacity(NET_XDP_ATTACH_NATIVE);
}

CASE(16, frame_over_capacity_is_dropped_and_the_buffer_used_again_generic)
{
	NEEDS_VETH("generic attach");
	over_capacity(NET_XDP_ATTACH_GENERIC);
}

/* ---- Duplicates ----------------------------------------------------------------------------------- */

/* What the kernel holds in the fill ring must be pairwise different. */
static void expect_distinct_fill(struct rx_rig *r)
{
	struct ring *fill = &queue_of(wrapped_inner(r->x.queues[0]))->xsk.fill;
	uint32_t from = __atomic_load_n(fill->other, __ATOMIC_ACQUIRE), to = *fill->own;

	for (uint32_t i = from; i != to; i++)
		for (uint32_t j = i + 1; j != to; j++)
			cr_assert(*ring_address(fill, i) != *ring_address(fill, j),
				  "the kernel holds 0x%llx twice",
				  (unsigned long long)*ring_address(fill, i));
}

/* 18: a duplicate id is refused and counted; the kernel never holds a chunk twice. Among the ids
 * are ones that the kernel holds, ones that wait for room in the ring, and ones that wait to be
 * copied to. */
CASE(18, duplicate_ids_are_refused_in_every_state)
{
	enum { RING = 64, DIRECT = 200, SMALL = 50, IDS = DIRECT + SMALL };
	uint32_t ids[IDS + 1], refused = 0;
	bool seen[IDS] = {false};
	struct rx_rig r;

	rx_rig_prepare(&r, 1, 1500);
	r.x.config.fill_ring_frames = RING;
	frontend_xdp_layout(&r.x, HEADER);
	for (uint32_t id = DIRECT; id < IDS; id++)
		r.x.f.ids[id].buffer.capacity_bytes = 1514;
	rx_rig_start(&r, 1, 0);
	for (uint32_t id = 0; id < IDS; id++)
		ids[id] = id;
	ids[IDS] = 7; /* within one call, too */
	refused += avail(&r, ids, IDS + 1);
	for (uint32_t round = 0; round < 10; round++)
		refused += avail(&r, ids, IDS);
	cr_assert(refused == 1 + 10 * IDS, "%u refused", refused);
	cr_assert(rx_rig_counter(&r, NET_XDP_RX_REFUSED_DUPLICATE) == refused);
	expect_distinct_fill(&r);
	for (uint32_t n = 0; n < IDS; n++) {
		rx_rig_send(&r, rx_rig_len(n, 14, 1514), n);
		rx_rig_receive(&r, 0, ids, 1);
		rx_rig_expect(&r, ids[0], rx_rig_len(n, 14, 1514), n);
		cr_assert(ids[0] < IDS && !seen[ids[0]], "id %u came back twice", ids[0]);
		seen[ids[0]] = true;
		expect_distinct_fill(&r);
	}
	rx_rig_send(&r, 100, IDS); /* none is left that was counted twice */
	rx_rig_expect_no_buffer(&r, 1);
	rx_rig_balance(&r, IDS + 1);
	/* Returned ones are no duplicates any more. */
	cr_assert(avail(&r, ids, 1) == 0);
	rx_rig_close(&r);
}

/* 18: two ids for one aligned chunk are one chunk: the kernel has one state per chunk */
CASE(18, two_ids_for_one_aligned_chunk_are_refused)
{
	const uint32_t ids[] = {0, 1, 2, 3};
	struct rx_rig r;
	uint32_t id;

	rx_rig_prepare(&r, 1, 1500);
	r.x.config.unaligned = false;
	frontend_xdp_layout(&r.x, HEADER);
	r.x.f.ids[1].buffer = r.x.f.ids[0].buffer;
	r.x.f.ids[3].buffer = r.x.f.ids[2].buffer;
	rx_rig_start(&r, 1, 0);
	cr_assert(avail(&r, ids, 4) == 2);
	cr_assert(rx_rig_counter(&r, NET_XDP_RX_REFUSED_DUPLICATE) == 2);
	expect_distinct_fill(&r);
	for (uint32_t n = 0; n < 100; n++) {
		rx_rig_send(&r, 700, n);
		rx_rig_receive(&r, 0, &id, 1);
		cr_assert(id == 0 || id == 2, "id %u was refused", id);
		rx_rig_expect(&r, id, 700, n);
		frontend_post(&r.x.f, r.x.queues[0], id, 1);
	}
	rx_rig_balance(&r, 100);
	rx_rig_close(&r);
}

/* Unaligned chunks may overlap, and the kernel keeps no state per chunk: two ids at one address harm
 * nobody but the frontend that posted them. Both come back, once each, and nothing else changes. */
CASE(18, two_ids_at_one_unaligned_address_come_back_once_each)
{
	const uint32_t ids[] = {0, 1, 2};
	uint32_t got[3];
	struct rx_rig r;

	rx_rig_prepare(&r, 1, 1500);
	frontend_xdp_layout(&r.x, HEADER);
	r.x.f.ids[1].buffer = r.x.f.ids[0].buffer;
	rx_rig_start(&r, 1, 0);
	frontend_poison(&r.x.f, 18);
	for (uint32_t n = 0; n < 300; n += 3) {
		frontend_post_ids(&r.x.f, r.x.queues[0], ids, 3);
		for (uint32_t i = 0; i < 3; i++) {
			rx_rig_send(&r, rx_rig_len(n + i, 14, 1514), n + i);
			rx_rig_receive(&r, 0, &got[i], 1); /* before the next overwrites it */
			rx_rig_expect(&r, got[i], rx_rig_len(n + i, 14, 1514), n + i);
			rx_rig_allow(&r, got[i]);
		}
		cr_assert(got[0] + got[1] + got[2] == 3 && got[0] != got[1] && got[1] != got[2]);
	}
	cr_assert(frontend_first_change(&r.x.f) == 0, "a byte changed that belongs to no frame");
	rx_rig_balance(&r, 300);
	rx_rig_close(&r);
}

/* ---- Outside -------------------------------------------------------------------------------------- */

enum bad { GOOD, ID, ADDRESS };

/* Make id n of the list bad in the k-th way. Return: what is wrong with it then. */
static enum bad spoil(struct rx_rig *r, uint32_t *id, uint32_t k)
{
	const uint64_t end = FRONTEND_BASE + r->x.f.regions[0].size_bytes;
	struct net_rx_buffer *b = &r->x.f.ids[*id].buffer;

	switch (k) {
	case 0: /* the frontend knows it, but it is over the limit that was agreed */
		*id = r->x.config.rx_id_limit;
		return ID;
	case 1:
		*id = UINT32_MAX;
		return ID;
	case 2:
		b->capacity_bytes = 0; /* "no such id" */
		return ID;
	case 3:
		b->addr = FRONTEND_BASE - 1;
		return ADDRESS;
	case 4:
		b->addr = end - HEADER - 1517; /* its last byte is outside */
		return ADDRESS;
	case 5:
		b->addr = end;
		return ADDRESS;
	case 6:
		b->addr = 0; /* a UMEM offset is no guest address */
		return ADDRESS;
	case 7:
		b->addr = UINT64_MAX - 100; /* wraps */
		return ADDRESS;
	case 8:
		b->addr = end - 1;
		b->header_bytes = UINT16_MAX;
		return ADDRESS;
	case 9:
		b->capacity_bytes = UINT32_MAX;
		return ADDRESS;
	default:
		return GOOD;
	}
}

/* 19: an id or address out of range is refused, its neighbours unaffected */
static void bad_neighbours(bool unaligned)
{
	enum { IDS = 120, WAYS = 10 };
	uint32_t ids[IDS], bad[3] = {0};
	struct rx_rig r;

	rx_rig_prepare(&r, 1, 1500);
	r.x.config.unaligned = unaligned;
	r.x.config.rx_id_limit = 1000; /* the frontend has more */
	frontend_xdp_layout(&r.x, HEADER);
	for (uint32_t i = 0; i < IDS; i++) {
		ids[i] = i;
		bad[spoil(&r, &ids[i], i % 2 ? i / 2 % WAYS : WAYS)]++;
	}
	rx_rig_start(&r, 1, 0);
	frontend_poison(&r.x.f, 19);
	cr_assert(avail(&r, ids, IDS) == bad[ID] + bad[ADDRESS]);
	cr_assert(rx_rig_counter(&r, NET_XDP_RX_REFUSED_ID) == bad[ID]);
	cr_assert(rx_rig_counter(&r, NET_XDP_RX_REFUSED_ADDRESS) == bad[ADDRESS]);
	for (uint32_t n = 0; n < bad[GOOD]; n++)
		rx_rig_send(&r, rx_rig_len(n, 14, 1514), n);
	rx_rig_receive(&r, 0, ids, bad[GOOD]);
	for (uint32_t n = 0; n < bad[GOOD]; n++) {
		cr_assert(ids[n] % 2 == 0, "id %u was refused", ids[n]);
		rx_rig_expect(&r, ids[n], rx_rig_len(n, 14, 1514), n);
		rx_rig_allow(&r, ids[n]);
	}
	rx_rig_send(&r, 100, 1000); /* and no more than these were posted */
	rx_rig_expect_no_buffer(&r, 1);
	cr_assert(frontend_first_change(&r.x.f) == 0, "memory changed outside the frames");
	rx_rig_balance(&r, bad[GOOD] + 1);
	rx_rig_close(&r);
}

CASE(19, bad_ids_and_addresses_are_refused_unaligned)
{
	bad_neighbours(true);
}

CASE(19, bad_ids_and_addresses_are_refused_aligned)
{
	bad_neighbours(false);
}
