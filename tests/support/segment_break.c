// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>

#include "support/segment_break.h"

void segment_break_bytes(struct segment_packet *p, struct frame_random *r)
{
	const uint32_t headers = p->l2_len + p->l3_len + p->l4_len;

	for (uint32_t n = frame_random_below(r, 4); n > 0; n--) {
		uint32_t at = frame_random_below(r, headers);

		/* Mostly a bit, so that what is found is not always the first check's. */
		if (frame_random_below(r, 3))
			p->bytes[at] ^= (uint8_t)(1u << frame_random_below(r, 8));
		else
			p->bytes[at] = (uint8_t)frame_random_next(r);
	}
}

void segment_break_request(const struct segment_packet *p, struct frame_random *r,
			   struct segment_request *q)
{
	switch (frame_random_below(r, 12)) {
	case 0:
		q->meta.l2_len_bytes = (uint8_t)frame_random_next(r);
		break;
	case 1:
		q->meta.l3_len_bytes =
			(uint16_t)(frame_random_next(r) >> frame_random_below(r, 32));
		break;
	case 2:
		q->meta.l4_len_bytes = (uint8_t)frame_random_next(r);
		break;
	case 3:
		q->meta.flags = (uint16_t)frame_random_below(r, 2 * NET_TX_PARTIAL_CHECKSUM);
		break;
	case 4:
		q->meta.max_segment_bytes =
			(uint16_t)(frame_random_next(r) >> frame_random_below(r, 32));
		break;
	case 5:
		q->max_frame_bytes = frame_random_next(r) >> frame_random_below(r, 32);
		break;
	case 6:
		q->meta.flags |= NET_TX_PARTIAL_CHECKSUM;
		q->meta.checksum_start_bytes =
			(uint16_t)(frame_random_next(r) >> frame_random_below(r, 32));
		q->meta.checksum_field_bytes =
			(uint16_t)(frame_random_next(r) >> frame_random_below(r, 32));
		break;
	case 7:
		q->meta.len_bytes = frame_random_below(r, p->len + 1);
		break;
	case 8: /* what lies there was sent before */
		q->meta.len_bytes = 65536 + frame_random_below(r, 22);
		break;
	}
}

void segment_expect_tiled(const struct segmenter *s, const struct segment_packet *p,
			  const struct segment_request *q)
{
	static uint8_t out[SEGMENT_PACKET_MAX];
	uint32_t at = s->header_bytes, i;

	cr_assert(s->pieces >= 1 && s->wire_header_bytes <= SEGMENTER_HEADERS_MAX);
	for (i = 0; i < s->pieces; i++) {
		const struct segmenter_piece piece = segmenter_piece(s, i);
		const uint32_t tag = q->meta.flags & NET_TX_VLAN ? 4 : 0;

		cr_assert(piece.payload_at == at);
		cr_assert(piece.payload_bytes || s->pieces == 1);
		cr_assert(piece.summed_bytes <= piece.payload_bytes);
		cr_assert(!s->has_checksum ||
			  s->checksum_start_bytes + s->checksum_field_bytes + 2 <=
				  s->wire_header_bytes);
		cr_assert(segment_wire(s, p->bytes, i, i % 2, out) <=
			  (uint64_t)q->max_frame_bytes + tag);
		at += piece.payload_bytes;
	}
	cr_assert(at == q->meta.len_bytes);
}
