// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "support/tx_oracle.h"

static uint64_t other_region(const struct tx_oracle *r)
{
	return FRONTEND_BASE + 5ull * r->bytes;
}

void tx_oracle_open(struct tx_oracle *r, struct tx_variant v)
{
	struct net_xdp_config c = net_xdp_config_default();

	memset(r, 0, offsetof(struct tx_oracle, sent));
	r->v = v;
	r->bytes = v.bytes;
	r->packets = v.packets;
	r->largest = v.jumbo ? TX_ORACLE_LARGEST : 1518;
	c.unaligned = v.unaligned;
	c.sealed = v.sealed;
	c.max_frame_bytes = r->largest;
	c.tx_ring_frames = TX_ORACLE_RING;
	c.completion_ring_frames = v.flight;
	c.private_tx_frames = 8;
	/* nothing is received, and all ids are walked */
	c.rx_ring_frames = c.fill_ring_frames = c.private_rx_chunks = 16;
	c.rx_id_limit = 16;
	frontend_open(&r->f, r->bytes, 1);
	frontend_add_region(&r->f, other_region(r), r->bytes, -1);
	frontend_poison(&r->f, 5);
	fake_open(&r->k, c, &r->f, TX_ORACLE_START);
	queue_set_zero_copy(&r->k.queue, v.zero_copy);
	frontend_list_open(&r->list, 10000);
	srand(frame_random_next(&r->k.random));
}

void tx_oracle_close(struct tx_oracle *r)
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
static void add_segment(struct tx_oracle *r, uint32_t most)
{
	uint32_t len = below(most + 1), pick = below(12);
	uint64_t addr = below(20) ? FRONTEND_BASE : other_region(r);

	addr += pick ? below(r->bytes - len + 1) : r->bytes - len;
	if (r->list.count > 1 && below(30) == 0) /* in flight twice, or but for bit 0 */
		addr = (r->list.segments[r->list.count - 1].addr ^ below(2)) - below(2) * 2;
	if (pick == 1)
		addr = (uint64_t)rand() << 40, len = 0;
	frontend_list_segment(&r->list, addr, len);
}

/* Break a packet in one of the ways a guest can. */
static void spoil(const struct tx_oracle *r, struct net_tx_metadata *meta, struct net_tx_segment *s)
{
	switch (below(8)) {
	case 0:
		s->addr = FRONTEND_BASE - 1;
		break;
	case 1:
		s->addr = FRONTEND_BASE + r->bytes - s->len_bytes + 1;
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

void tx_oracle_list(struct tx_oracle *r)
{
	const uint32_t long_one = r->largest > 4000 ? 2500 : 300;

	frontend_list_clear(&r->list);
	r->offered = 0;
	for (uint32_t i = 0; i < r->packets; i++) {
		uint32_t pick = below(100), first = r->list.count;
		uint32_t count = pick < 50 ? 1 : pick < 98 ? 2 + below(4) : 19 + below(3);
		struct net_tx_metadata *meta = frontend_list_packet(&r->list, r->ids);

		cr_assert_eq(r->fate[r->ids % TX_ORACLE_IDS], TX_ORACLE_COMPLETED,
			     "packet %u is lost", r->ids - TX_ORACLE_IDS);
		r->fate[r->ids++ % TX_ORACLE_IDS] = TX_ORACLE_OFFERED;
		for (uint32_t left = count; left; left--)
			add_segment(r, count > 18 ? 60 : long_one);
		if (below(10) == 0)
			meta->flags = NET_TX_VLAN; /* the tag of an id 0 */
		if (below(10) == 0)
			spoil(r, meta, &r->list.segments[first + below(r->list.count - first)]);
		if (i && below(20) == 0) { /* the packet before claims this one's first segment */
			meta[-1].segment_count++;
			meta[-1].len_bytes += r->list.segments[first].len_bytes;
		}
	}
}

/* ---- The oracle ------------------------------------------------------------------------------- */

static bool is_inside(const struct tx_oracle *r, const struct net_tx_segment *s, uint64_t region)
{
	return s->addr >= region && s->addr - region <= r->bytes &&
	       s->len_bytes <= r->bytes - (s->addr - region);
}

/* Descriptors of what is behind the first skip bytes of a packet, each in one piece of memory. */
static uint32_t descriptors(const struct tx_oracle *r, const struct net_tx_packet *p, uint32_t skip)
{
	const uint32_t page = !r->v.unaligned ? 2048 : r->v.zero_copy ? 4096 : 0;
	uint32_t count = 0;

	for (uint32_t i = 0; i < p->segment_count; i++) {
		const struct net_tx_segment *s = &p->segments[i];
		const uint32_t begin = skip < s->len_bytes ? skip : s->len_bytes;
		const uint32_t len = s->len_bytes - begin;

		skip -= begin;
		if (len && page)
			count += (uint32_t)((s->addr + begin) % page + len - 1) / page;
		count += len != 0;
	}
	return count;
}

/* Sealed memory cannot be copied. With a tag the Ethernet header is ours, in a descriptor of its own. */
static bool must_be_copied(const struct tx_oracle *r, const struct net_tx_packet *p)
{
	const bool tagged = p->meta->flags & NET_TX_VLAN;

	return descriptors(r, p, tagged ? 14 : 0) + tagged > r->k.queue.tx_max_descriptors;
}

static bool is_well_formed(const struct tx_oracle *r, const struct net_tx_packet *p)
{
	const struct net_tx_metadata *meta = p->meta;

	if (p->fault != NET_TX_OK || meta->len_bytes < 14 || meta->len_bytes > r->largest ||
	    (meta->flags & ~NET_TX_VLAN))
		return false;
	for (uint32_t i = 0; i < p->segment_count; i++) {
		const struct net_tx_segment *s = &p->segments[i];

		if (s->len_bytes && !is_inside(r, s, FRONTEND_BASE) &&
		    !is_inside(r, s, other_region(r)))
			return false;
	}
	return true;
}

static void expect_on_wire(struct tx_oracle *r, const struct net_tx_packet *p)
{
	struct tx_expected *e = &r->sent[r->sent_end++ % TX_ORACLE_RING];

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
void tx_oracle_offer(struct tx_oracle *r)
{
	const struct net_tx_segment *from = r->list.segments + r->offered;
	struct net_tx_iterator it = {from, r->list.segments + r->list.count};
	struct net_tx_packet p;
	bool sync;

	it.end = from + net_queue_tx_avail(&r->k.queue.base, &r->f.pool, from,
					   r->list.count - r->offered, &sync);
	r->offered = (uint32_t)(it.end - r->list.segments);
	while (net_tx_next(&it, &p)) {
		const bool is_sealed_out =
			is_well_formed(r, &p) && r->v.sealed && must_be_copied(r, &p);
		const bool is_good = is_well_formed(r, &p) && !is_sealed_out;

		r->sealed_out += is_sealed_out;
		if (p.meta) {
			r->fate[p.meta->id % TX_ORACLE_IDS] =
				is_good ? TX_ORACLE_SENT : TX_ORACLE_DROPPED;
			r->accepted++;
		}
		if (is_good)
			expect_on_wire(r, &p);
	}
}

/* The kernel takes some packets from the ring: they are the next ones that were accepted. */
void tx_oracle_transmit(struct tx_oracle *r, uint32_t count)
{
	static struct fake_packet got;

	for (; count && r->sent_first != r->sent_end; count--, r->wire++) {
		const struct tx_expected *e = &r->sent[r->sent_first++ % TX_ORACLE_RING];

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
void tx_oracle_complete(struct tx_oracle *r, uint32_t count, bool ordered)
{
	while (count-- && r->held_count) {
		uint32_t pick = ordered ? 0 : below(r->held_count);

		fake_complete(&r->k, r->held[pick]);
		r->held_count--;
		memmove(&r->held[pick], &r->held[pick + 1],
			(r->held_count - pick) * sizeof(r->held[0]));
	}
}

uint32_t tx_oracle_collect(struct tx_oracle *r, uint32_t most)
{
	uint32_t ids[TX_ORACLE_RING];
	int n = net_queue_tx_poll(&r->k.queue.base, &r->f.pool, ids, most);

	cr_assert(n >= 0);
	for (int i = 0; i < n; i++) {
		enum tx_fate *fate = &r->fate[ids[i] % TX_ORACLE_IDS];

		cr_assert(*fate == TX_ORACLE_SENT || *fate == TX_ORACLE_DROPPED, "id %u: fate %d",
			  ids[i], *fate);
		*fate = TX_ORACLE_COMPLETED;
	}
	r->completed += (uint32_t)n;
	return (uint32_t)n;
}

static bool is_drained(const struct tx_oracle *r)
{
	return r->offered == r->list.count && r->sent_first == r->sent_end && !r->held_count &&
	       r->completed == r->ids;
}

void tx_oracle_drain(struct tx_oracle *r)
{
	for (uint32_t idle = 0; idle < 10; idle++) {
		tx_oracle_offer(r);
		tx_oracle_transmit(r, TX_ORACLE_RING);
		tx_oracle_complete(r, TX_ORACLE_RING, true);
		fake_settle(&r->k);
		if (tx_oracle_collect(r, TX_ORACLE_RING))
			idle = 0;
		if (is_drained(r))
			break;
	}
	cr_assert_eq(r->offered, r->list.count);
}
