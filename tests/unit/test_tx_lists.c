// SPDX-License-Identifier: BSD-2-Clause
/* Random transmit lists, some packets of them bad, against an oracle: every packet is on the wire or
 * dropped, in order and by itself, and completes once. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "support/fake_kernel.h"

enum { START = (int)0xfffffff0, BYTES = 1 << 20, PACKETS = 40000, LIST = 100, RING = 64 };

#define OTHER_REGION (FRONTEND_BASE + 5ull * BYTES)

enum fate { NOT_OFFERED, DROPPED, SENT, COMPLETED };

struct rig {
	struct frontend f;
	struct fake_kernel k;
	struct frontend_list list;
	uint32_t offered; /* segments of the list that were accepted */
	uint64_t held[RING];
	uint32_t held_count;
	enum fate fate[PACKETS];
	uint32_t ids, wire, completed; /* packets so far: made, seen on the wire, completed */
};

static void rig_open(struct rig *r, bool unaligned, bool zero_copy)
{
	struct net_xdp_config c = net_xdp_config_default();

	memset(r, 0, sizeof(*r));
	c.unaligned = unaligned;
	c.rx_ring_frames = c.tx_ring_frames = RING;
	c.fill_ring_frames = c.completion_ring_frames = RING;
	c.private_tx_frames = 8;
	frontend_open(&r->f, BYTES, 1);
	frontend_add_region(&r->f, OTHER_REGION, BYTES, -1);
	frontend_poison(&r->f, 5);
	fake_open(&r->k, c, &r->f, (uint32_t)START);
	queue_set_zero_copy(&r->k.queue, zero_copy);
	frontend_list_open(&r->list, 10000);
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
	frontend_list_clear(&r->list);
	r->offered = 0;
	for (uint32_t i = 0; i < LIST && r->ids < PACKETS; i++) {
		uint32_t pick = below(100), first = r->list.count;
		uint32_t count = pick < 50 ? 1 : pick < 98 ? 2 + below(4) : 19 + below(3);
		struct net_tx_metadata *meta = frontend_list_packet(&r->list, r->ids++);

		for (uint32_t left = count; left; left--)
			add_segment(r, count > 18 ? 60 : 300);
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

static bool is_good(const struct net_tx_packet *p)
{
	const struct net_tx_metadata *meta = p->meta;

	if (p->fault != NET_TX_OK || meta->len_bytes < 14 || meta->len_bytes > 1518 ||
	    (meta->flags & ~NET_TX_VLAN))
		return false;
	for (uint32_t i = 0; i < p->segment_count; i++) {
		const struct net_tx_segment *s = &p->segments[i];

		if (s->len_bytes && !is_inside(s, FRONTEND_BASE) && !is_inside(s, OTHER_REGION))
			return false;
	}
	return true;
}

/* The packet that the kernel took is this one. */
static void expect_bytes(struct rig *r, const struct net_tx_packet *p,
			 const struct fake_packet *got)
{
	uint8_t bytes[1518 + 4];
	uint32_t len = 0;

	for (uint32_t i = 0; i < p->segment_count; i++) {
		const struct net_tx_segment *s = &p->segments[i];

		if (s->len_bytes)
			memcpy(bytes + len, frontend_at(&r->f, s->addr, s->len_bytes),
			       s->len_bytes);
		len += s->len_bytes;
	}
	if (p->meta->flags & NET_TX_VLAN) {
		memmove(bytes + 16, bytes + 12, len - 12);
		memcpy(bytes + 12, "\x81\x00\x00\x00", 4);
		len += 4;
	}
	cr_assert_eq(got->len, len, "packet %u: length %u", p->meta->id, got->len);
	cr_assert_eq(memcmp(got->bytes, bytes, len), 0, "packet %u differs", p->meta->id);
}

/* ---- Steps ------------------------------------------------------------------------------------ */

/* Offer what is left of the list; what was accepted is what the oracle says, and on the wire at once. */
static void offer(struct rig *r)
{
	const struct net_tx_segment *from = r->list.segments + r->offered;
	struct net_tx_iterator it = {from, r->list.segments + r->list.count};
	struct fake_packet got;
	struct net_tx_packet p;
	bool sync;

	it.end = from + net_queue_tx_avail(&r->k.queue.base, &r->f.pool, from,
					   r->list.count - r->offered, &sync);
	r->offered = (uint32_t)(it.end - r->list.segments);
	while (net_tx_next(&it, &p)) {
		if (p.meta)
			r->fate[p.meta->id] = is_good(&p) ? SENT : DROPPED;
		if (!is_good(&p))
			continue;
		cr_assert(fake_transmit(&r->k, &got), "packet %u is not sent", p.meta->id);
		expect_bytes(r, &p, &got);
		r->wire++;
		for (uint32_t i = 0; i < got.descriptors; i++)
			r->held[r->held_count++] = got.address[i];
	}
	cr_assert_not(fake_transmit(&r->k, &got), "more is sent than should be");
}

/* The kernel gives some addresses back: in order, or in any. */
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
		cr_assert(r->fate[ids[i]] == SENT || r->fate[ids[i]] == DROPPED, "id %u: fate %d",
			  ids[i], r->fate[ids[i]]);
		r->fate[ids[i]] = COMPLETED;
	}
	r->completed += (uint32_t)n;
	return (uint32_t)n;
}

static void run(bool unaligned, bool zero_copy)
{
	static struct rig r;
	const uint64_t *c = r.k.queue.counter;

	srand(9);
	rig_open(&r, unaligned, zero_copy);
	while (r.ids < PACKETS || r.offered < r.list.count) {
		if (r.offered == r.list.count)
			make_list(&r);
		offer(&r);
		/* long stretches in order, which are what is usual, and some that are not */
		complete(&r, below(RING), r.ids / 2000 % 4 != 3);
		collect(&r, 1 + below(RING));
	}
	do
		complete(&r, RING, true);
	while (collect(&r, RING));
	cr_assert_eq(r.completed, PACKETS);
	cr_assert_eq(c[NET_XDP_TX_PACKETS], r.wire);
	cr_assert_eq(c[NET_XDP_TX_DIRECT] + c[NET_XDP_TX_BOUNCED], r.wire);
	cr_assert_gt(c[NET_XDP_TX_BOUNCED], 100);
	cr_assert_gt(r.wire, PACKETS / 2);
	cr_assert_eq(c[NET_XDP_TX_UNKNOWN], 0);
	cr_assert_eq(inflight_count(&r.k.queue.tx_inflight), 0);
	cr_assert_eq(r.k.queue.tx_packet_free_count, RING, "every record came back");
	cr_assert_eq(r.k.queue.tx_private.free_count, 8, "every private slot came back");
	rig_close(&r);
}

Test(tx_lists, random_lists_unaligned)
{
	run(true, false);
}

Test(tx_lists, random_lists_unaligned_zero_copy)
{
	run(true, true);
}

Test(tx_lists, random_lists_aligned)
{
	run(false, false);
}
