// SPDX-License-Identifier: BSD-2-Clause
/* Steps that are data calls of one queue. */
#include <errno.h>
#include <string.h>

#include "model/model.h"

enum { BATCH = 64, PIECES = 6, FLAG_NOBODY_OFFERS = 1 << 15 };

uint32_t data_index(const struct model *m, const struct model_queue *q)
{
	return (uint32_t)(q - m->queues);
}

/* Less than 0 from a data call: legal once something has happened. */
static void told(struct model *m, struct model_queue *q, int rc)
{
	cr_assert(rc == NET_TRY_RESTART, "a data call says %d: %s", rc, net_queue_error(q->q));
	cr_assert(m->disturbed, "a restart is asked for, and nothing has happened: %s",
		  net_queue_error(q->q));
	cr_assert(net_queue_error(q->q)[0], "a restart without a sentence");
	q->is_told = true;
}

/* ---- Receive -------------------------------------------------------------------------------------- */

/* Ids that must be refused: unknown, posted already, outside. Return: how many. */
static uint32_t add_bad_ids(struct model *m, uint32_t index, uint32_t *ids, uint32_t seed)
{
	struct frame_random r = frame_random(seed ^ 77);
	uint32_t n = 0, id = frame_random_below(&r, IDS);

	if (seed % 3 == 0)
		ids[n++] = seed % 2 ? IDS + seed % 1000 : UINT32_MAX - seed % 7;
	if (m->cells[id].owner == (int)index)
		ids[n++] = id;
	else if (m->cells[id].owner == NOBODY) {
		m->cells[id].buffer.addr =
			seed % 2 ? GUEST_BASE + REGION_BYTES - 10 : UINT64_MAX - 5;
		m->cells[id].buffer.capacity_bytes = 2000;
		m->cells[id].buffer.header_bytes = 0;
		ids[n++] = id;
	}
	return n;
}

uint32_t data_post(struct model *m, struct model_queue *q, uint32_t count, uint32_t seed,
		   bool honest)
{
	uint32_t ids[BATCH + 4], n = 0, bad = 0, refused, index = data_index(m, q), at = seed;
	uint64_t before = m->rx_refused;

	for (uint32_t i = 0; i < IDS && n < count && n < BATCH; i++, at++) {
		struct cell *c = &m->cells[at % IDS];

		if (c->owner != NOBODY)
			continue;
		guest_draw_buffer(m, at % IDS, honest ? seed : seed + i);
		c->owner = (int)index;
		ids[n++] = at % IDS;
	}
	if (!honest && !q->is_bare)
		bad = add_bad_ids(m, index, ids + n, seed);
	refused = net_queue_rx_avail(q->q, &m->pool, ids, n + bad);
	cr_assert(m->rx_refused - before == refused, "%u ids refused, %llu named", refused,
		  (unsigned long long)(m->rx_refused - before));
	cr_assert(refused >= bad, "%u of %u bad ids were refused", refused, bad);
	cr_assert(refused == bad || m->config.sealed || !m->config.private_rx_chunks,
		  "%u good ids were refused", refused - bad);
	q->refused += refused;
	for (uint32_t i = 0; i < n; i++)
		if (m->cells[ids[i]].refused)
			m->cells[ids[i]].owner = NOBODY;
	for (uint32_t i = 0; i < n + bad; i++)
		if (ids[i] < IDS) {
			m->cells[ids[i]].refused = false;
			if (m->cells[ids[i]].owner == (int)index)
				m->cells[ids[i]].marked = false;
		}
	return n;
}

void data_receive(struct model *m, struct model_queue *q, uint32_t count)
{
	uint32_t ids[BATCH];
	int n;

	count = count > BATCH ? BATCH : count;
	m->serving = q;
	n = net_queue_rx_poll(q->q, &m->pool, ids, count);
	m->serving = NULL;
	if (n < 0) {
		told(m, q, n);
		return;
	}
	cr_assert((uint32_t)n <= count, "%d of %u ids", n, count);
	for (int i = 0; i < n; i++) {
		cr_assert(ids[i] < IDS, "id %u does not exist", ids[i]);
		cr_assert(m->cells[ids[i]].owner == (int)data_index(m, q),
			  "id %u comes back from %u and belongs to %d", ids[i], data_index(m, q),
			  m->cells[ids[i]].owner);
		cr_assert(m->cells[ids[i]].delivered, "id %u comes without metadata", ids[i]);
	}
	for (int i = 0; i < n; q->returned_frames++)
		i += (int)guest_take_frame(m, ids + i, (uint32_t)(n - i));
}

/* ---- Transmit ------------------------------------------------------------------------------------- */

struct list {
	struct net_tx_segment segments[BATCH * PIECES];
	struct net_tx_metadata packets[BATCH];
	uint32_t slot[BATCH];
	uint32_t count, packet_count;
};

static void cut(struct list *l, struct net_tx_metadata *meta, uint64_t addr, uint32_t len,
		struct frame_random *r)
{
	uint32_t pieces = frame_random_below(r, 3) ? 1 : 1 + frame_random_below(r, PIECES);

	meta->segment_count = 0;
	for (uint32_t at = 0; meta->segment_count < pieces; meta->segment_count++) {
		uint32_t part = meta->segment_count + 1u == pieces
					? len - at
					: frame_random_below(r, len - at + 1);

		l->segments[l->count++] =
			(struct net_tx_segment){addr + at, part, meta->segment_count ? NULL : meta};
		at += part;
	}
}

static void spoil(struct list *l, struct net_tx_metadata *meta, uint32_t how)
{
	struct net_tx_segment *head = &l->segments[l->count - meta->segment_count];

	switch (how % 5) {
	case 0:
		meta->len_bytes += 1 + how % 100;
		break;
	case 1:
		head->addr = how % 2 ? GUEST_BASE + REGION_BYTES : UINT64_MAX - how % 100;
		head->len_bytes += 1; /* an empty one is not looked at */
		meta->len_bytes += 1;
		break;
	case 2:
		meta->segment_count = (uint16_t)(how % 2 ? 0 : meta->segment_count + 3);
		break;
	case 3:
		meta->flags |= FLAG_NOBODY_OFFERS;
		break;
	default:
		meta->flags |= NET_TX_TCP_SEGMENTATION | NET_TX_IPV4;
		meta->max_segment_bytes = 0;
	}
}

static enum packet_kind draw_kind(struct model *m, uint32_t slot, struct frame_random *r,
				  bool honest)
{
	struct net_endpoint_facts facts;

	net_endpoint_facts(m->ep, &facts);
	if (guest_slot_bytes(slot) == LARGE_BYTES)
		return !honest && facts.tx_flags & NET_TX_TCP_SEGMENTATION ? PACKET_TCP
									   : PACKET_PLAIN;
	if (!honest && frame_random_below(r, 8) == 0)
		return PACKET_BAD;
	return facts.tx_flags & NET_TX_UDP_CHECKSUM && frame_random_below(r, 3) == 0 ? PACKET_UDP
										     : PACKET_PLAIN;
}

/* Add a packet of a slot that is ours. */
static void add(struct model *m, struct list *l, uint32_t slot, uint32_t queue,
		struct frame_random *r, bool honest)
{
	struct net_tx_metadata *meta = &l->packets[l->packet_count];
	enum packet_kind kind = draw_kind(m, slot, r, honest);
	uint64_t addr = guest_slot_addr(slot), number = m->next_packet++;
	uint32_t len = BYTES_LEAST + frame_random_below(r, honest ? 1400 : 1600);

	if (kind == PACKET_TCP)
		len = 1000 + frame_random_below(r, 60000);
	if (!honest && kind == PACKET_PLAIN && frame_random_below(r, 20) == 0)
		len = 1 + frame_random_below(r, CELL_BYTES - 1);
	if (kind != PACKET_TCP && len > CELL_BYTES)
		len = CELL_BYTES;
	bytes_packet(guest_at(m, addr), len, kind, number);
	*meta = (struct net_tx_metadata){.id = slot | (uint32_t)(number & 0xffff) << 16,
					 .len_bytes = len};
	if (kind == PACKET_UDP || kind == PACKET_TCP) {
		meta->l2_len_bytes = 14;
		meta->l3_len_bytes = 20;
		meta->l4_len_bytes = kind == PACKET_TCP ? 20 : 8;
		meta->flags = NET_TX_IPV4 |
			      (kind == PACKET_UDP ? NET_TX_UDP_CHECKSUM
						  : NET_TX_TCP_SEGMENTATION | NET_TX_TCP_CHECKSUM);
		meta->max_segment_bytes = kind == PACKET_TCP ? 500 + frame_random_below(r, 900) : 0;
	}
	cut(l, meta, addr, len, r);
	if (kind == PACKET_BAD)
		spoil(l, meta, frame_random_next(r));
	m->slots[slot].number = number;
	m->log[number % LOG] = (struct packet){number, len, kind, (uint8_t)queue, false};
	l->slot[l->packet_count++] = slot;
}

/* Segments from head number p on, up to the next head or the end. */
static uint32_t end_of(const struct list *l, uint32_t at)
{
	for (at++; at < l->count && !l->segments[at].head;)
		at++;
	return at;
}

int data_send(struct model *m, struct model_queue *q, uint32_t count, uint32_t seed, bool honest)
{
	struct frame_random r = frame_random(seed);
	uint32_t index = data_index(m, q), at = 0, from = seed;
	static struct list l;
	bool sync = false;
	int rc;

	l.count = l.packet_count = 0;
	for (uint32_t i = 0; i < SLOTS && l.packet_count < count && l.packet_count < BATCH; i++)
		if (m->slots[(from + i) % SLOTS].owner == NOBODY)
			add(m, &l, (from + i) % SLOTS, index, &r, honest);
	rc = net_queue_tx_avail(q->q, &m->pool, l.segments, l.count, &sync);
	if (rc < 0) {
		told(m, q, rc);
		return rc;
	}
	cr_assert((uint32_t)rc <= l.count, "%d segments of %u", rc, l.count);
	for (uint32_t p = 0; p < l.packet_count && at < (uint32_t)rc; p++) {
		at = end_of(&l, at);
		q->accepted++;
		q->completed += sync;
		m->slots[l.slot[p]].owner = sync ? NOBODY : (int)index;
	}
	cr_assert(at == (uint32_t)rc, "%d segments accepted: no packet ends there", rc);
	return rc;
}

void data_complete(struct model *m, struct model_queue *q, uint32_t count)
{
	static uint8_t expected[LARGE_BYTES];
	uint32_t ids[BATCH];
	int n;

	count = count > BATCH ? BATCH : count;
	n = net_queue_tx_poll(q->q, &m->pool, ids, count);
	if (n < 0) {
		told(m, q, n);
		return;
	}
	cr_assert((uint32_t)n <= count, "%d of %u ids", n, count);
	for (int i = 0; i < n; i++) {
		struct slot *s = &m->slots[ids[i] & 0xffff];
		const struct packet *p = &m->log[s->number % LOG];

		cr_assert((ids[i] & 0xffff) < SLOTS && s->owner == (int)data_index(m, q) &&
				  ids[i] >> 16 == (s->number & 0xffff),
			  "tx id 0x%x completes and is not with queue %u", ids[i],
			  data_index(m, q));
		bytes_packet(expected, p->len_bytes, p->kind, p->number);
		cr_assert(!memcmp(guest_at(m, guest_slot_addr(ids[i] & 0xffff)), expected,
				  p->len_bytes),
			  "packet %llu was written to", (unsigned long long)p->number);
		s->owner = NOBODY;
		q->completed++;
	}
}

static void drop_text(void *context, const char *text, size_t len_bytes)
{
	(void)text;
	*(size_t *)context += len_bytes;
}

static void inspect(struct model *m, struct model_queue *q)
{
	struct net_xdp_report report;
	size_t bytes = 0;

	net_inspect_json(m->ep, &q->q, 1, drop_text, &bytes);
	cr_assert(bytes > 100, "nothing to inspect");
	net_inspect_tree(m->ep, &q->q, 1, drop_text, &bytes);
	net_xdp_queue_report(q->q, &report);
}

void data_step(struct model *m, const struct step *step)
{
	struct model_queue *q = &m->queues[step->a % QUEUES];
	uint32_t b = step->b;

	if (!q->q)
		q = &m->queues[0];
	if (!q->q)
		return;
	m->serving = q;
	switch (step->kind) {
	case STEP_RX_AVAIL:
		data_post(m, q, b % 32, b, b % 4);
		break;
	case STEP_RX_POLL:
		data_receive(m, q, b % 40);
		break;
	case STEP_TX_AVAIL:
		data_send(m, q, b % 24, b, false);
		break;
	case STEP_TX_POLL:
		data_complete(m, q, b % 40);
		break;
	case STEP_READY:
		net_queue_poll_ready(q->q, &m->pool);
		break;
	case STEP_WAIT: {
		int rc = net_queue_wait(q->q, &m->pool, b % 2000000);

		cr_assert(rc == 0 || rc == 1, "wait: %s", strerror(-rc));
		break;
	}
	case STEP_STATS:
		data_check_stats(m, q);
		break;
	case STEP_INSPECT:
		inspect(m, q);
		break;
	case STEP_OUTSTANDING:
		data_check_outstanding(m, q);
		break;
	default:
		net_queue_update_target_vp(q->q, b % 3);
	}
	m->serving = NULL;
}
