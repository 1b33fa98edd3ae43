// SPDX-License-Identifier: BSD-2-Clause
/* The receive oracle's judgement of rx_poll(): which ids, in which order, with which bytes and metadata. */
#include <criterion/criterion.h>
#include <string.h>

#include "support/pieces.h"
#include "support/rx_oracle.h"

#define DROPPED 0

/* What one call has returned, and how much of it is accounted for. */
struct answer {
	const uint32_t *ids;
	uint32_t count, most, seen;
};

static uint32_t waiting_id(const struct rx_oracle *r, uint32_t n)
{
	return r->waiting[(r->waiting_first + n) % (ORACLE_IDS + 1)];
}

/* Return: how many ids a frame takes, DROPPED: none. */
static uint32_t ids_for(const struct rx_oracle *r, const struct oracle_sent *s)
{
	const uint32_t most = r->v.merge ? ORACLE_BATCH : 1;
	uint32_t room = 0;

	if (s->frame.len == 0 || (!r->v.jumbo && s->parts > 1) || s->parts > ORACLE_PARTS)
		return DROPPED;
	if (s->chunk.id != ORACLE_PRIVATE_CHUNK)
		return 1;
	for (uint32_t n = 0; n < most && r->waiting_first + n != r->waiting_end; n++) {
		room += r->id[waiting_id(r, n)].room;
		if (room >= s->frame.len)
			return n + 1;
	}
	return DROPPED;
}

/* It makes sense, whatever the guest has made of the frame meanwhile. */
static void expect_sense(const struct rx_oracle *r, const struct net_rx_metadata *m)
{
	const enum net_xdp_rx_checksum how = r->v.checksum;

	cr_assert(m->ip_checksum <= NET_CHECKSUM_BAD && m->l4_checksum <= NET_CHECKSUM_PARTIAL &&
		  m->l4_checksum != NET_CHECKSUM_VALIDATED_BUT_WRONG &&
		  m->l4_protocol <= NET_L4_UDP);
	cr_assert(how != NET_XDP_RX_CHECKSUM_NONE || (!m->ip_checksum && !m->l4_checksum));
	cr_assert(how != NET_XDP_RX_CHECKSUM_PARTIAL || m->l4_checksum == NET_CHECKSUM_PARTIAL ||
		  !m->l4_checksum);
	cr_assert(!m->l4_checksum || m->l4_protocol, "a sum of no protocol");
	if (m->l4_checksum == NET_CHECKSUM_PARTIAL)
		cr_assert(r->source == CHECKSUM_LOCAL && how != NET_XDP_RX_CHECKSUM_COMPLETE &&
				  m->checksum_start_bytes + m->checksum_field_bytes + 2u <=
					  m->len_bytes,
			  "partial at %u + %u of %u bytes", m->checksum_start_bytes,
			  m->checksum_field_bytes, m->len_bytes);
}

/* Return: was the frame's checksum completed? */
static bool expect_told(struct rx_oracle *r, const struct oracle_sent *s,
			const struct net_rx_metadata *m)
{
	struct rx_frame_told told =
		rx_frame_tell(&s->frame, r->v.checksum, r->source, s->first_bytes);

	cr_assert_eq(m->has_vlan, s->tagged, "frame %u: tag %u", s->frame.number, m->has_vlan);
	cr_assert_eq(m->vlan_tci, s->tagged ? s->tci : 0, "frame %u: TCI 0x%04x, not 0x%04x",
		     s->frame.number, m->vlan_tci, s->tci);
	r->tagged += m->has_vlan;
	r->longer_most += told.longer;
	r->longer_least += told.longer && !told.needs_all;
	if (told.needs_all && !m->l4_checksum)
		told = (struct rx_frame_told){0};
	cr_assert(m->ip_checksum == told.ip && m->l4_checksum == told.l4 &&
			  m->l4_protocol == told.protocol,
		  "packet %u, sum %u: IP %u, L4 %u of protocol %u, not %u, %u, %u", s->frame.packet,
		  s->frame.sum, m->ip_checksum, m->l4_checksum, m->l4_protocol, told.ip, told.l4,
		  told.protocol);
	cr_assert(m->checksum_start_bytes == told.start_bytes &&
			  m->checksum_field_bytes == told.field_bytes,
		  "packet %u: sum at %u + %u, not %u + %u", s->frame.packet,
		  m->checksum_start_bytes, m->checksum_field_bytes, told.start_bytes,
		  told.field_bytes);
	return told.completed;
}

/* A copy is looked at where it was made when it has several parts or the buffer has one piece, else before. */
static bool is_looked_at_in_guest(const struct rx_oracle *r, const struct oracle_sent *s)
{
	return s->chunk.id != ORACLE_PRIVATE_CHUNK || s->parts > 1 || !r->v.pieces;
}

/* What metadata tell, and all bytes. took[i] bytes are in ids[i]. */
static void expect_content(struct rx_oracle *r, const struct oracle_sent *s, const uint32_t *ids,
			   const uint32_t *took, uint32_t n)
{
	const struct net_rx_metadata *m = frontend_metadata(&r->f, ids[0]);
	const bool is_torn = r->v.torn && is_looked_at_in_guest(r, s);
	uint8_t want[ORACLE_LARGEST + 4], got[ORACLE_LARGEST + 4], *to = got;

	rx_frame_bytes(&s->frame, want);
	expect_sense(r, m);
	if (is_torn) {
		r->tagged += m->has_vlan;
		r->longer_most++;
	} else if (expect_told(r, s, m)) {
		rx_frame_complete(&s->frame, want);
	}
	for (uint32_t i = 0; i < n; to += took[i++]) {
		pieces_read(&r->f, ids[i], took[i], to);
		pieces_allow(&r->f, ids[i], m->offset_bytes, took[i]);
	}
	cr_assert(is_torn || memcmp(got, want, s->frame.len) == 0,
		  "id %u: not the bytes of frame %u", ids[0], s->frame.number);
}

static void came_back(struct rx_oracle *r, uint32_t id)
{
	cr_assert(r->id[id].posted, "id %u came back, but is the frontend's", id);
	r->id[id].posted = r->id[id].lies = false;
}

static void expect_direct(struct rx_oracle *r, const struct oracle_sent *s, uint32_t id)
{
	const struct net_rx_metadata *m = frontend_metadata(&r->f, id);

	cr_assert_eq(id, s->chunk.id, "frame %u came as id %u, not %u", s->frame.number, id,
		     s->chunk.id);
	cr_assert(m->len_bytes == s->frame.len && m->offset_bytes == s->shift && m->more_ids == 0,
		  "id %u: %u bytes at %u, %u more ids; not %u at %u", id, m->len_bytes,
		  m->offset_bytes, m->more_ids, s->frame.len, s->shift);
	expect_content(r, s, &id, &s->frame.len, 1);
	came_back(r, id);
}

/* How the frame's bytes go to the first n waiting buffers. Return: false when these do not hold it any more, or one
 * is another than was posted: then the frame is lost, and the buffers may have some of its bytes. */
static bool share_out(struct rx_oracle *r, uint32_t len, uint32_t n, uint32_t *took)
{
	uint32_t left = len;
	bool is_true = true;

	for (uint32_t i = 0; i < n; i++) {
		const uint32_t room = rx_oracle_described(r, waiting_id(r, i));

		is_true &= room != 0;
		took[i] = left < room ? left : room;
		left -= took[i];
	}
	if (is_true && !left)
		return true;
	for (uint32_t i = 0; i < n; i++)
		pieces_allow(&r->f, waiting_id(r, i), 0, took[i]);
	return false;
}

static void expect_copied(struct rx_oracle *r, const struct oracle_sent *s, const uint32_t *ids,
			  const uint32_t *took, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct net_rx_metadata *m = frontend_metadata(&r->f, ids[i]);
		const uint32_t len = i ? took[i] : s->frame.len;

		cr_assert_eq(ids[i], waiting_id(r, i), "frame %u came as id %u, not %u",
			     s->frame.number, ids[i], waiting_id(r, i));
		cr_assert(m->len_bytes == len && m->offset_bytes == 0 &&
				  m->more_ids == (i ? 0 : n - 1),
			  "id %u, %u of %u: %u bytes at %u, %u more ids; not %u bytes", ids[i], i,
			  n, m->len_bytes, m->offset_bytes, m->more_ids, len);
	}
	expect_content(r, s, ids, took, n);
	for (uint32_t i = 0; i < n; i++)
		came_back(r, ids[i]);
	r->waiting_first += n;
}

/* A whole frame comes out, or is dropped: also when it needs more than most ids. */
static void expect_frame(struct rx_oracle *r, struct answer *a, const struct oracle_sent *s,
			 uint32_t most)
{
	const bool is_private = s->chunk.id == ORACLE_PRIVATE_CHUNK;
	uint32_t n = ids_for(r, s), took[ORACLE_BATCH];

	if (n > most || (n && is_private && !share_out(r, s->frame.len, n, took)))
		n = DROPPED;
	for (uint32_t i = 0; i < ORACLE_PRIVATE; i++)
		if (r->slot[i] == ORACLE_GATHERED)
			r->slot[i] = ORACLE_FREE;
	if (n == DROPPED) {
		r->dropped++;
		return;
	}
	cr_assert_leq(n, a->count - a->seen, "frame %u did not come", s->frame.number);
	if (is_private)
		expect_copied(r, s, a->ids + a->seen, took, n);
	else
		expect_direct(r, s, a->ids[a->seen]);
	a->seen += n;
	r->delivered++;
	r->bytes += s->frame.len;
}

/* The frame is complete, but the call had no room for all of its ids. */
static void expect_left(struct rx_oracle *r, const struct answer *a, const struct oracle_sent *s)
{
	const uint32_t n = ids_for(r, s);

	cr_assert(n > 1 && (n > a->most - a->seen || a->seen + n > ORACLE_BATCH),
		  "frame %u is left: %u ids, behind %u of %u", s->frame.number, n, a->seen,
		  a->most);
	r->left = *s;
	r->has_left = true;
}

static void expect_descriptor(struct rx_oracle *r, struct answer *a, const struct oracle_sent *s)
{
	const bool is_gathered = r->v.jumbo ? s->part < ORACLE_PARTS : s->parts == 1;

	if (s->chunk.id == ORACLE_PRIVATE_CHUNK)
		r->slot[bounce_slot(&r->q->rx_private, s->chunk.base)] =
			is_gathered ? ORACLE_GATHERED : ORACLE_FREE;
	else
		r->id[s->chunk.id].away = false;
	if (!s->last)
		return;
	if (r->q->gather.left && r->looked + 1 == r->k.rx.consumer)
		expect_left(r, a, s);
	else
		expect_frame(r, a, s, UINT32_MAX);
}

/* Several calls together; or one, where it matters how much room that had. */
static uint32_t poll_once(struct rx_oracle *r, uint32_t *ids, uint32_t most)
{
	uint32_t n;

	if (!r->v.merge)
		return frontend_rx(&r->f, &r->q->base, ids, most);
	while (rx_oracle_below(4) == 0 && fake_publish(&r->k))
		;
	r->q->base.ops = &queue_ops;
	n = frontend_rx(&r->f, &r->q->base, ids, most);
	r->q->base.ops = &fake_calls;
	return n;
}

void rx_oracle_poll(struct rx_oracle *r, uint32_t most)
{
	uint32_t ids[ORACLE_RINGS], n = poll_once(r, ids, most);
	struct answer a = {.ids = ids, .count = n, .most = most};

	if (r->has_left && most) {
		struct oracle_sent s = r->left;

		r->has_left = false;
		expect_frame(r, &a, &s, most < ORACLE_BATCH ? most : ORACLE_BATCH);
	}
	for (; r->looked != r->k.rx.consumer; r->looked++)
		expect_descriptor(r, &a, &r->sent[r->looked % ORACLE_RINGS]);
	cr_assert_eq(a.seen, n, "%u ids too many", n - a.seen);
}
