// SPDX-License-Identifier: BSD-2-Clause
/*
 * Random transmit lists, some packets of them bad, against an oracle, over a kernel that publishes its
 * indices late: every packet is on the wire or dropped, in order and by itself, and completes once.
 *
 * FAKE_KERNEL_STEPS=10000000 unit_test_tx_lists   takes longer; FAKE_KERNEL_SEED repeats a run.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "support/fake_kernel.h"

enum {
	START = (int)0xfffffff0,
	BYTES = 1 << 20,
	STEPS = 100000,
	LIST = 100,
	RING = 64,
	FLIGHT = 256
};
enum { IDS = 4096 /* more than there can be at the same time */, LARGEST = 9018 };

#define OTHER_REGION (FRONTEND_BASE + 5ull * BYTES)

enum fate { COMPLETED, OFFERED, DROPPED, SENT };

/* A packet in the TX ring, as it should be on the wire. */
struct expected {
	uint32_t id, len;
	uint8_t bytes[LARGEST + 4];
};

struct variant {
	bool unaligned, zero_copy, jumbo;
	uint32_t flight; /* entries of the completion ring: so many descriptors in flight */
};

struct rig {
	struct frontend f;
	struct fake_kernel k;
	struct frontend_list list;
	uint32_t largest;
	uint32_t offered;	    /* segments of the list that were accepted */
	struct expected sent[RING]; /* a ring: not yet seen on the wire */
	uint32_t sent_first, sent_end;
	uint64_t held[FLIGHT]; /* addresses that the kernel took */
	uint32_t held_count;
	enum fate fate[IDS];		   /* by id, modulo IDS */
	uint32_t ids, accepted, completed; /* packets so far */
	uint64_t wire;
};

static void rig_open(struct rig *r, struct variant v)
{
	struct net_xdp_config c = net_xdp_config_default();

	memset(r, 0, sizeof(*r));
	r->largest = v.jumbo ? LARGEST : 1518;
	c.unaligned = v.unaligned;
	c.max_frame_bytes = r->largest;
	c.rx_ring_frames = c.tx_ring_frames = RING;
	c.fill_ring_frames = RING;
	c.completion_ring_frames = v.flight;
	c.private_tx_frames = 8;
	frontend_open(&r->f, BYTES, 1);
	frontend_add_region(&r->f, OTHER_REGION, BYTES, -1);
	frontend_poison(&r->f, 5);
	fake_open(&r->k, c, &r->f, (uint32_t)START);
	queue_set_zero_copy(&r->k.queue, v.zero_copy);
	frontend_list_open(&r->list, 10000);
	srand(frame_random_next(&r->k.random));
}

static void rig_close(struct rig *r)
{
	cr_assert_eq(frontend_first_change(&r->f), 0, "transmit wrote to the frontend's memory");
	frontend_list_close(&r->list);
	fake_close(&r->k);
	frontend_close(&r->f);
}

/* ---- Lists ------------------------------------------------------------------------------------ */

static uint32_t below(uint32_t n)
{
	return (uint32_t)rand() % n;
}

/* Mostly anywhere in a region, sometimes up to its last byte, or empty and nowhere. */
static void add_segment(struct rig *r, uint32_t most)
{
	uint32_t len = below(most + 1), pick = below(12);
	uint64_t addr = below(20) ? FRONTEND_BASE : OTHER_REGION;

	addr += pick ? below(BYTES - len + 1) : BYTES - len;
	if (r->list.count > 1 && below(30) == 0) /* in flight twice, or but for bit 0 */
		addr = (r->list.segments[r->list.count - 1].addr ^ below(2)) - below(2) * 2;
	if (pick == 1)
		addr = (uint64_t)rand() << 40, len = 0;
	frontend_list_segment(&r->list, addr, len);
}

/* Break a packet in one of the ways a guest can. */
static void spoil(struct net_tx_metadata *meta, struct net_tx_segment *s)
{
	switch (below(8)) {
	case 0:
		s->addr = FRONTEND_BASE - 1;
		break;
	case 1:
		s->addr = FRONTEND_BASE + BYTES - s->len_bytes + 1;
		break;
	case 2:
		s->addr = UINT64_MAX - below(100);
		break;
	case 3:
		s->len_bytes = UINT32_MAX - below(2);
		break;
	case 4:
		meta->len_bytes += 1 - 2 * below(2);
		break;
	case 5:
		meta->segment_count = below(2) ? 0 : 60000;
		break;
	case 6:
		meta->segment_count += 1 - 2 * below(2);
		break;
	default:
		meta->flags |= NET_TX_TCP_SEGMENTATION;
		break;
	}
}

static void make_list(struct rig *r)
{
	const uint32_t long_one = r->largest > 4000 ? 2500 : 300;

	frontend_list_clear(&r->list);
	r->offered = 0;
	for (uint32_t i = 0; i < LIST; i++) {
		uint32_t pick = below(100), first = r->list.count;
		uint32_t count = pick < 50 ? 1 : pick < 98 ? 2 + below(4) : 19 + below(3);
		struct net_tx_metadata *meta = frontend_list_packet(&r->list, r->ids);

		cr_assert_eq(r->fate[r->ids % IDS], COMPLETED, "packet %u is lost", r->ids - IDS);
		r->fate[r->ids++ % IDS] = OFFERED;
		for (uint32_t left = count; left; left--)
			add_segment(r, count > 18 ? 60 : long_one);
		if (below(10) == 0)
			meta->flags = NET_TX_VLAN; /* the tag of an id 0 */
		if (below(10) == 0)
			spoil(meta, &r->list.segments[first + below(r->list.count - first)]);
		if (i && below(20) == 0) { /* the packet before claims this one's first segment */
			meta[-1].segment_count++;
			meta[-1].len_bytes += r->list.segments[first].len_bytes;
		}
	}
}

/* ---- The oracle ------------------------------------------------------------------------------- */

static bool is_inside(const struct net_tx_segment *s, uint64_t region)
{
	return s->addr >= region && s->addr - region <= BYTES &&
	       s->len_bytes <= BYTES - (s->addr - region);
}

static bool is_good(const struct rig *r, const struct net_tx_packet *p)
{
	const struct net_tx_metadata *meta = p->meta;

	if (p->fault != NET_TX_OK || meta->len_bytes < 14 || meta->len_bytes > r->largest ||
	    (meta->flags & ~NET_TX_VLAN))
		return false;
	for (uint32_t i = 0; i < p->segment_count; i++) {
		const struct net_tx_segment *s = &p->segments[i];

		if (s->len_bytes && !is_inside(s, FRONTEND_BASE) && !is_inside(s, OTHER_REGION))
			return false;
	}
	return true;
}

static void expect_on_wire(struct rig *r, const struct net_tx_packet *p)
{
	struct expected *e = &r->sent[r->sent_end++ % RING];

	e->id = p->meta->id;
	e->len = 0;
	for (uint32_t i = 0; i < p->segment_count; i++) {
		const struct net_tx_segment *s = &p->segments[i];

		if (s->len_bytes)
			memcpy(e->bytes + e->len, frontend_at(&r->f, s->addr, s->len_bytes),
			       s->len_bytes);
		e->len += s->len_bytes;
	}
	if (p->meta->flags & NET_TX_VLAN) {
		memmove(e->bytes + 16, e->bytes + 12, e->len - 12);
		memcpy(e->bytes + 12, "\x81\x00\x00\x00", 4);
		e->len += 4;
	}
}

/* ---- Steps ------------------------------------------------------------------------------------ */

/* Offer what is left of the list; of what was accepted the oracle says what it is. */
static void offer(struct rig *r)
{
	const struct net_tx_segment *from = r->list.segments + r->offered;
	struct net_tx_iterator it = {from, r->list.segments + r->list.count};
	struct net_tx_packet p;
	bool sync;

	it.end = from + net_queue_tx_avail(&r->k.queue.base, &r->f.pool, from,
					   r->list.count - r->offered, &sync);
	r->offered = (uint32_t)(it.end - r->list.segments);
	while (net_tx_next(&it, &p)) {
		if (p.meta) {
			r->fate[p.meta->id % IDS] = is_good(r, &p) ? SENT : DROPPED;
			r->accepted++;
		}
		if (is_good(r, &p))
			expect_on_wire(r, &p);
	}
}

/* The kernel takes some packets from the ring: they are the next ones that were accepted. */
static void transmit(struct rig *r, uint32_t count)
{
	static struct fake_packet got;

	for (; count && r->sent_first != r->sent_end; count--, r->wire++) {
		const struct expected *e = &r->sent[r->sent_first++ % RING];

		cr_assert(fake_transmit(&r->k, &got), "packet %u is not sent", e->id);
		cr_assert_eq(got.len, e->len, "packet %u: length %u, not %u; %u descriptors", e->id,
			     got.len, e->len, got.descriptors);
		cr_assert_eq(memcmp(got.bytes, e->bytes, e->len), 0, "packet %u differs", e->id);
		for (uint32_t i = 0; i < got.descriptors; i++)
			r->held[r->held_count++] = got.address[i];
	}
	if (r->sent_first == r->sent_end)
		cr_assert_not(fake_transmit(&r->k, &got), "more is sent than should be");
}

/* It gives some addresses back: in order, or in any. */
static void complete(struct rig *r, uint32_t count, bool ordered)
{
	while (count-- && r->held_count) {
		uint32_t pick = ordered ? 0 : below(r->held_count);

		fake_complete(&r->k, r->held[pick]);
		r->held_count--;
		memmove(&r->held[pick], &r->held[pick + 1],
			(r->held_count - pick) * sizeof(r->held[0]));
	}
}

static uint32_t collect(struct rig *r, uint32_t most)
{
	uint32_t ids[RING];
	int n = net_queue_tx_poll(&r->k.queue.base, &r->f.pool, ids, most);

	cr_assert(n >= 0);
	for (int i = 0; i < n; i++) {
		enum fate *fate = &r->fate[ids[i] % IDS];

		cr_assert(*fate == SENT || *fate == DROPPED, "id %u: fate %d", ids[i], *fate);
		*fate = COMPLETED;
	}
	r->completed += (uint32_t)n;
	return (uint32_t)n;
}

static void step(struct rig *r)
{
	switch (below(8)) {
	case 0:
	case 1:
		if (r->offered == r->list.count)
			make_list(r);
		offer(r);
		break;
	case 2:
	case 3:
		transmit(r, 1 + below(RING));
		break;
	case 4:
	case 5: /* long stretches in order, which are what is usual, and some that are not */
		complete(r, 1 + below(RING), r->ids / 2000 % 4 != 3);
		break;
	case 6:
		fake_publish(&r->k);
		break;
	default:
		collect(r, 1 + below(RING));
		break;
	}
	/* What the queue thinks is in flight the kernel has, in one ring or the other. */
	cr_assert_leq(r->held_count, inflight_count(&r->k.queue.tx_inflight));
}

static void drain(struct rig *r)
{
	for (uint32_t idle = 0; idle < 10; idle++) {
		offer(r);
		transmit(r, RING);
		complete(r, RING, true);
		fake_settle(&r->k);
		if (collect(r, RING))
			idle = 0;
	}
	cr_assert_eq(r->offered, r->list.count);
}

static void run(struct variant v)
{
	static struct rig r;
	const uint64_t *c = r.k.queue.counter;
	uint64_t steps = fake_steps(STEPS);

	rig_open(&r, v);
	for (uint64_t i = 0; i < steps; i++)
		step(&r);
	drain(&r);
	cr_assert_eq(r.completed, r.ids, "%u of %u packets completed", r.completed, r.ids);
	cr_assert_eq(r.accepted, r.ids);
	cr_assert_eq(c[NET_XDP_TX_PACKETS], r.wire);
	cr_assert_eq(c[NET_XDP_TX_DIRECT] + c[NET_XDP_TX_SPLIT] + c[NET_XDP_TX_BOUNCED], r.wire);
	cr_assert_eq(c[NET_XDP_TX_ACCEPTED], r.ids);
	cr_assert_gt(c[NET_XDP_TX_BOUNCED], steps / 100);
	cr_assert_gt(r.wire, steps / 4, "%lu packets", r.wire);
	cr_assert_eq(c[NET_XDP_TX_UNKNOWN], 0);
	cr_assert_eq(inflight_count(&r.k.queue.tx_inflight), 0);
	cr_assert_eq(r.k.queue.tx_records.free_count, v.flight, "every record came back");
	cr_assert_eq(r.k.queue.tx_private.free_count, 8, "every private slot came back");
	rig_close(&r);
}

Test(tx_lists, random_lists_unaligned)
{
	run((struct variant){.unaligned = true, .flight = RING});
}

Test(tx_lists, random_lists_unaligned_zero_copy)
{
	run((struct variant){.unaligned = true, .zero_copy = true, .flight = FLIGHT});
}

Test(tx_lists, random_lists_aligned)
{
	run((struct variant){.flight = 2 * RING});
}

Test(tx_lists, random_lists_jumbo)
{
	run((struct variant){.unaligned = true, .jumbo = true, .flight = FLIGHT});
}
