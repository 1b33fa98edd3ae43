// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/checksum.h"
#include "support/segment_case.h"

static uint8_t payload_of_all[SEGMENT_PACKET_MAX];

/* ---- Making -------------------------------------------------------------------------------------------- */

static bool chance(struct frame_random *r, uint32_t one_in)
{
	return frame_random_below(r, one_in) == 0;
}

static void random_ip(struct frame_random *r, struct segment_spec *s)
{
	static const uint8_t types[2] = {0, 60}; /* hop by hop, destination options */

	s->traffic_class = (uint8_t)frame_random_next(r);
	s->hops = (uint8_t)frame_random_next(r);
	s->id = (uint16_t)(chance(r, 4) ? 0xfffe : frame_random_next(r));
	s->ipv4_flags = chance(r, 2) ? 0x4000 : 0;
	s->flow_label = frame_random_next(r) & 0xfffff;
	frame_random_bytes(r, s->addresses, 32);
	if (s->ip_version == 4 && chance(r, 3))
		s->ip_options_bytes = (uint8_t)(4 + 4 * frame_random_below(r, 10));
	memset(s->ip_options, 1, sizeof(s->ip_options)); /* no operation */
	if (s->ip_version == 4 || !chance(r, 3))
		return;
	s->extension_count = (uint8_t)(1 + frame_random_below(r, SEGMENT_EXTENSIONS));
	for (uint32_t i = 0; i < s->extension_count; i++) {
		struct segment_extension *e = &s->extensions[i];

		e->type = types[i ? 1 : frame_random_below(r, 2)];
		e->units = (uint8_t)(1 + frame_random_below(r, 2));
		e->body[0] = 1; /* one padding option */
		e->body[1] = (uint8_t)(e->units * 8u - 4);
	}
}

static void random_l4(struct frame_random *r, struct segment_spec *s)
{
	s->ports[0] = (uint16_t)frame_random_next(r);
	s->ports[1] = (uint16_t)frame_random_next(r);
	s->sequence = chance(r, 4) ? 0xffffff00 : frame_random_next(r);
	s->acknowledged = frame_random_next(r);
	s->tcp_reserved = (uint8_t)frame_random_below(r, 16);
	s->tcp_flags = (uint8_t)(frame_random_next(r) & ~0x22u); /* without SYN and URG */
	s->window = (uint16_t)frame_random_next(r);
	s->urgent = (uint16_t)frame_random_next(r);
	if (chance(r, 2))
		s->tcp_options_bytes = (uint8_t)(4 * frame_random_below(r, 11));
	frame_random_bytes(r, s->tcp_options, sizeof(s->tcp_options));
}

static uint32_t bytes_of_headers(const struct segment_spec *s)
{
	uint32_t len = s->ip_version == 4 ? 20u + s->ip_options_bytes : 40;

	for (uint32_t i = 0; i < s->extension_count; i++)
		len += s->extensions[i].units * 8u;
	return len + (s->protocol == 17 ? 8 : 20u + s->tcp_options_bytes);
}

static void random_payload(struct frame_random *r, struct segment_spec *s, struct segment_wish wish)
{
	uint32_t most = 65535 - bytes_of_headers(s);

	most = wish.payload_most < most ? wish.payload_most : most;
	s->payload_bytes = chance(r, 8) ? most : frame_random_below(r, most + 1);
	s->payload = payload_of_all;
	/* Zeros and ones make the sums that are special. */
	if (chance(r, 4))
		memset(payload_of_all, chance(r, 2) ? 0xff : 0, s->payload_bytes);
	else
		frame_random_bytes(r, payload_of_all, s->payload_bytes);
	if (wish.segmented) {
		s->mss = (uint16_t)(1 +
				    frame_random_below(r, s->payload_bytes > 4000 ? 9000 : 1500));
		if (s->mss < s->payload_bytes / 200)
			s->mss = (uint16_t)(s->mss + 536);
	} else if (chance(r, 3) && s->payload_bytes + 60 < most) {
		s->padding_bytes = frame_random_below(r, 50);
		frame_random_bytes(r, payload_of_all + s->payload_bytes, s->padding_bytes);
	}
}

struct segment_spec segment_random(struct frame_random *r, struct segment_wish wish)
{
	struct segment_spec s = {
		.ip_version = chance(r, 2) ? 4 : 6,
		.protocol = chance(r, 2) ? 6 : 17,
		.tag_count = (uint8_t)frame_random_below(r, 3),
		.has_vlan = chance(r, 3),
		.vlan_tci = (uint16_t)frame_random_next(r),
	};

	frame_random_bytes(r, s.macs, sizeof(s.macs));
	s.tags[0] = (uint16_t)frame_random_next(r);
	s.tags[1] = (uint16_t)frame_random_next(r);
	random_ip(r, &s);
	random_l4(r, &s);
	random_payload(r, &s, wish);
	return s;
}

struct segment_spec segment_plain(uint8_t ip_version, uint8_t protocol, uint32_t payload,
				  uint16_t mss)
{
	struct frame_random r = frame_random(ip_version + protocol);
	struct segment_spec s = {
		.macs = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1},
		.ip_version = ip_version,
		.protocol = protocol,
		.hops = 64,
		.id = 0xffff,
		.ipv4_flags = 0x4000,
		.ports = {1000, 2000},
		.sequence = 0xfffffff0,
		.tcp_flags = 0x10,
		.window = 500,
		.payload = payload_of_all,
		.payload_bytes = payload,
		.mss = mss,
	};

	frame_random_bytes(&r, s.addresses, 32);
	frame_random_bytes(&r, payload_of_all, payload);
	return s;
}

void segment_apply(struct segment_packet *p, const struct segment_spec *spec,
		   enum segment_style style)
{
	const uint32_t ip_length = p->l2_len + (spec->ip_version == 4 ? 2 : 4);
	const uint32_t payload_bytes = p->len - spec->padding_bytes - p->l2_len - p->l3_len;
	uint32_t sum = p->pseudo_sum;

	if (style == SEGMENT_FULL)
		return;
	if (spec->ip_version == 4)
		frame_write16(p->bytes, p->l2_len + 10, 0);
	if (style == SEGMENT_NDIS)
		sum = (sum + 0xffff - payload_bytes) % 0xffff;
	frame_write16(p->bytes, p->l4_field, (uint16_t)(style == SEGMENT_ZERO ? 0 : sum));
	if (style == SEGMENT_PSEUDO)
		return;
	frame_write16(p->bytes, ip_length, 0);
	if (spec->protocol == 17)
		frame_write16(p->bytes, p->l2_len + p->l3_len + 4, 0);
}

struct segment_request segment_request(const struct segment_packet *p,
				       const struct segment_spec *spec)
{
	const bool tcp = spec->protocol == 6;
	struct segment_request r = {
		.max_frame_bytes = 65535 + 22,
		.meta.len_bytes = p->len,
		.meta.l2_len_bytes = (uint8_t)p->l2_len,
		.meta.l3_len_bytes = (uint16_t)p->l3_len,
		.meta.vlan_tci = spec->vlan_tci,
	};

	r.meta.flags = (uint16_t)(spec->ip_version == 4 ? NET_TX_IPV4 : NET_TX_IPV6);
	if (spec->has_vlan)
		r.meta.flags |= NET_TX_VLAN;
	if (spec->mss) {
		r.meta.flags |= tcp ? NET_TX_TCP_SEGMENTATION : NET_TX_UDP_SEGMENTATION;
		r.meta.l4_len_bytes = (uint8_t)p->l4_len;
		r.meta.max_segment_bytes = spec->mss;
	} else {
		r.meta.flags |= tcp ? NET_TX_TCP_CHECKSUM : NET_TX_UDP_CHECKSUM;
		if (spec->ip_version == 4)
			r.meta.flags |= NET_TX_IP_CHECKSUM;
	}
	return r;
}

/* ---- Judging and comparing --------------------------------------------------------------------------- */

enum segmenter_verdict segment_judge(const uint8_t *bytes, uint32_t present,
				     const struct segment_request *r)
{
	uint8_t *copy = malloc(present ? present : 1);
	enum segmenter_verdict verdict;
	struct segmenter s;

	memcpy(copy, bytes, present);
	verdict = segmenter_judge(&s, copy, present, &r->meta, r->max_frame_bytes);
	free(copy);
	return verdict;
}

enum segmenter_verdict segment_judge_packet(const struct segment_packet *p,
					    const struct segment_request *r)
{
	const uint32_t wanted = segmenter_header_bytes(&r->meta);

	return segment_judge(p->bytes, wanted < p->len ? wanted : p->len, r);
}

/* In two parts, as from two segments of a list. */
static uint64_t payload_sum(const uint8_t *payload, uint32_t len)
{
	const uint32_t first = len / 3;
	uint64_t sum = checksum_add(0, payload, first, 0);

	return checksum_add(sum, payload + first, len - first, first);
}

/* What lies in the field is the pseudo-header's sum: the sum of everything completes it. */
static void complete_as_kernel(const struct segmenter *s, uint8_t *out, uint32_t end)
{
	uint32_t start = s->checksum_start_bytes;
	uint16_t sum = (uint16_t)~segment_oracle_sum(out + start, end - start);

	if (!sum && s->protocol != 6)
		sum = 0xffff;
	frame_write16(out, start + s->checksum_field_bytes, sum);
}

uint32_t segment_wire(const struct segmenter *s, const uint8_t *packet, uint32_t i, bool by_others,
		      uint8_t *out)
{
	const struct segmenter_piece piece = segmenter_piece(s, i);
	uint8_t *headers = malloc(s->wire_header_bytes);

	cr_assert(piece.payload_at + piece.payload_bytes <= s->len_bytes);
	segmenter_write(s, i, headers);
	if (s->has_checksum && !by_others)
		segmenter_complete(s, headers,
				   payload_sum(packet + piece.payload_at, piece.summed_bytes));
	memcpy(out, headers, s->wire_header_bytes);
	free(headers);
	memcpy(out + s->wire_header_bytes, packet + piece.payload_at, piece.payload_bytes);
	if (s->has_checksum && by_others)
		complete_as_kernel(s, out, s->wire_header_bytes + piece.summed_bytes);
	return s->wire_header_bytes + piece.payload_bytes;
}

static void expect_pieces(const struct segmenter *s, const struct segment_packet *p,
			  const struct segment_spec *spec, bool by_others, const char *what)
{
	struct segment_oracle oracle = segment_oracle_start(spec);
	static struct segment_packet want;
	static uint8_t got[SEGMENT_PACKET_MAX];
	char why[FRAME_WHY_BYTES];
	uint32_t i = 0, len;

	for (; segment_oracle_next(&oracle, &want); i++) {
		cr_assert(i < s->pieces, "%s: %u pieces", what, s->pieces);
		len = segment_wire(s, p->bytes, i, by_others, got);
		cr_assert(frame_equal(got, len, want.bytes, want.len, why),
			  "%s, piece %u of %u: %s", what, i, s->pieces, why);
	}
	cr_assert(i == s->pieces, "%s: %u pieces, want %u", what, s->pieces, i);
}

void segment_expect(const struct segment_packet *p, const struct segment_request *r,
		    const struct segment_spec *spec, const char *what)
{
	const uint32_t wanted = segmenter_header_bytes(&r->meta);
	enum segmenter_verdict verdict;
	struct segmenter s;
	uint8_t *copy;

	cr_assert(wanted <= p->len, "%s", what);
	copy = malloc(wanted);
	memcpy(copy, p->bytes, wanted);
	verdict = segmenter_judge(&s, copy, wanted, &r->meta, r->max_frame_bytes);
	cr_assert(verdict == SEGMENTER_OK, "%s: verdict %d", what, verdict);
	expect_pieces(&s, p, spec, false, what);
	expect_pieces(&s, p, spec, true, what);
	free(copy);
}
