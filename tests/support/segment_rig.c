// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "support/fixture.h"
#include "support/segment_rig.h"

static struct segment_packet packet, want;

void segment_rig_start(struct tx_rig *r, bool unaligned, enum net_xdp_tx_checksum by)
{
	const uint32_t both = NET_TX_TCP_SEGMENTATION | NET_TX_UDP_SEGMENTATION;
	struct net_endpoint_facts facts;

	tx_rig_prepare(r, 1, fixture_is_veth() ? 2000 : 1500);
	r->x.config.unaligned = unaligned;
	r->x.config.tx_checksum = by;
	r->x.config.tx_segment_here = true;
	tx_rig_start(r, 1);
	net_endpoint_facts(r->x.ep, &facts);
	cr_assert_eq(facts.tx_flags & both, both, "0x%x", facts.tx_flags);
	cr_assert_geq(facts.tx_max_pieces, SEGMENT_RIG_PIECES);
}

uint32_t segment_rig_headers(const struct segment_spec *spec)
{
	segment_oracle_whole(&packet, spec);
	return packet.l2_len + packet.l3_len + packet.l4_len;
}

void segment_rig_fit(struct segment_spec *spec)
{
	uint32_t most;

	spec->tag_count = spec->tag_count > 1 ? 1 : spec->tag_count;
	spec->has_vlan &= spec->tag_count == 0;
	most = SEGMENT_RIG_LONGEST - segment_rig_headers(spec);
	if (spec->mss < spec->payload_bytes / SEGMENT_RIG_PIECES + 1)
		spec->mss = (uint16_t)(spec->payload_bytes / SEGMENT_RIG_PIECES + 1);
	if (spec->mss > most)
		spec->mss = (uint16_t)most;
	/* the kernel, not the driver, drops frames of such hosts */
	spec->macs[0] &= 0xfe;
	spec->macs[6] &= 0xfe;
}

struct net_tx_metadata *segment_rig_add_bytes(struct tx_rig *r, struct net_tx_metadata asked,
					      const struct segment_packet *bytes, uint32_t segments)
{
	struct net_tx_metadata *meta =
		tx_rig_scatter(r, asked.id, bytes->bytes, asked.len_bytes, segments);

	asked.segment_count = meta->segment_count;
	*meta = asked;
	return meta;
}

struct net_tx_metadata *segment_rig_add(struct tx_rig *r, uint32_t id,
					const struct segment_spec *spec, enum segment_style style,
					uint32_t segments)
{
	struct net_tx_metadata asked;

	segment_oracle_whole(&packet, spec);
	segment_apply(&packet, spec, style);
	asked = segment_request(&packet, spec).meta;
	asked.id = id;
	return segment_rig_add_bytes(r, asked, &packet, segments);
}

static int by_number(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

void segment_rig_send(struct tx_rig *r)
{
	const uint32_t count = r->list.packet_count;
	uint32_t *ids = calloc(2 * (size_t)count, sizeof(*ids)), *sent = ids + count;
	uint32_t done = frontend_tx_all(&r->x.f, r->q, &r->list, ids, TX_RIG_WAIT_MS);

	cr_assert_eq(done, count, "%u completions of %u packets", done, count);
	for (uint32_t i = 0; i < count; i++)
		sent[i] = r->list.packets[i].id;
	qsort(ids, count, sizeof(*ids), by_number);
	qsort(sent, count, sizeof(*sent), by_number);
	for (uint32_t i = 0; i < count; i++)
		cr_assert_eq(ids[i], sent[i], "id %u came back, %u was sent", ids[i], sent[i]);
	free(ids);
	tx_rig_expect_collected(r);
}

static void expect_bytes(struct tx_rig *r, uint32_t id)
{
	static uint8_t got[FRAME_MAX_BYTES];
	char why[FRAME_WHY_BYTES];
	uint32_t n = peer_receive(&r->peer, got, sizeof(got), TX_RIG_WAIT_MS);

	cr_assert(n > 0, "packet %u: nothing on the wire", id);
	if (r->peer.partial) {
		cr_assert_eq(r->x.config.tx_checksum, NET_XDP_TX_CHECKSUM_AUTO,
			     "packet %u: the checksum is open", id);
		peer_complete(&r->peer, got, n);
		/* the kernel's 0xffff is the reference's 0 (RFC 1071) */
		if (frame_read16(want.bytes, want.l4_field) == 0)
			frame_write16(want.bytes, want.l4_field, 0xffff);
	}
	cr_assert(frame_equal(got, n, want.bytes, want.len, why), "packet %u: %s", id, why);
}

uint32_t segment_rig_expect(struct tx_rig *r, uint32_t id, const struct segment_spec *spec,
			    uint64_t *bytes)
{
	struct segment_oracle oracle = segment_oracle_start(spec);
	uint32_t pieces = 0;

	for (; segment_oracle_next(&oracle, &want); pieces++) {
		expect_bytes(r, id);
		*bytes += want.len;
	}
	return pieces;
}

void segment_rig_expect_plain(struct tx_rig *r, uint32_t id, uint32_t len)
{
	want.len = len;
	want.l4_field = 0; /* a MAC address, which is not 0 */
	frame_plain(want.bytes, len, id);
	expect_bytes(r, id);
}
