// SPDX-License-Identifier: BSD-2-Clause
/*
 * Headers, checksums and the segmenter over bytes that are alone on the heap. What is said of a frame is compared
 * with sums made by the reference; packets for the segmenter with the reference segmenter's; broken ones are cut
 * into pieces that are within the packet. Frames lie in a guest's memory: half of them change while they are read.
 *
 * Subjects: src/base/headers.c src/base/checksum.c src/base/segmenter.c src/base/segmenter.h src/base/segmenter_judge.c
 * Longest: 300
 */
#include <criterion/criterion.h>

#include "base/checksum.h"
#include "base/headers.h"
#include "fuzz/fuzz.h"
#include "fuzz/torn.h"
#include "support/segment_break.h"

static struct segment_packet packet;

/* ---- Frames ----------------------------------------------------------------------------------- */

/* Of a transport packet and its pseudo-header: 0xffff if its checksum is right. */
static uint16_t l4_sum(const uint8_t *frame, const struct headers *h)
{
	const uint8_t *addresses = frame + h->l3 + (h->ip_version == 4 ? 12 : 8);
	uint32_t sum = segment_oracle_sum(addresses, h->ip_version == 4 ? 8 : 32);

	sum += h->protocol + (h->l4_len_bytes >> 16) + (h->l4_len_bytes & 0xffff);
	sum += segment_oracle_sum(frame + h->l4, h->l4_len_bytes);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void expect_inside(const struct headers *h, uint32_t present, uint32_t len)
{
	if (h->ip_version == 0)
		return;
	cr_assert(h->ip_version == 4 || h->ip_version == 6);
	cr_assert(h->l3 >= 14 && h->l3 <= 22 && h->l3_len_bytes >= 20);
	cr_assert(h->l3 + h->l3_len_bytes <= present);
	if (h->protocol == 0)
		return;
	cr_assert(h->protocol == HEADERS_TCP || h->protocol == HEADERS_UDP);
	cr_assert_eq(h->l4, h->l3 + h->l3_len_bytes);
	cr_assert(h->l4_len_bytes >= (h->protocol == HEADERS_TCP ? 20 : 8));
	cr_assert(h->l4 + (h->protocol == HEADERS_TCP ? 20 : 8) <= present);
	cr_assert(h->l4 + h->l4_len_bytes <= len);
}

static void expect_true(const uint8_t *frame, uint32_t len, enum checksum_source source,
			const struct net_rx_metadata *m)
{
	const struct headers h = headers_find(frame, len, len);

	if (m->ip_checksum == NET_CHECKSUM_GOOD || m->ip_checksum == NET_CHECKSUM_BAD) {
		const uint32_t header = (frame[h.l3] & 15u) * 4;

		cr_assert_eq(h.ip_version, 4);
		cr_assert_eq(segment_oracle_sum(frame + h.l3, header) == 0xffff,
			     m->ip_checksum == NET_CHECKSUM_GOOD);
	}
	if (m->l4_checksum == NET_CHECKSUM_UNKNOWN)
		return;
	cr_assert_neq(h.protocol, 0);
	cr_assert_eq(m->l4_protocol, h.protocol == HEADERS_TCP ? NET_L4_TCP : NET_L4_UDP);
	if (m->l4_checksum == NET_CHECKSUM_PARTIAL) {
		cr_assert_neq(source, CHECKSUM_WIRE);
		cr_assert_eq(m->checksum_start_bytes, h.l4);
		cr_assert_eq(m->checksum_field_bytes, h.protocol == HEADERS_TCP ? 16 : 6);
	} else if (h.protocol == HEADERS_UDP && frame_read16(frame, h.l4 + 6) == 0) {
		cr_assert_neq(m->l4_checksum, NET_CHECKSUM_BAD, "UDP without a checksum");
	} else {
		cr_assert_eq(l4_sum(frame, &h) == 0xffff, m->l4_checksum == NET_CHECKSUM_GOOD);
	}
}

/* All that is asked of a frame, on one that may change meanwhile. */
static void ask(uint8_t *frame, uint32_t len, uint32_t more, enum checksum_source source,
		bool complete, bool changes)
{
	struct net_rx_metadata m = {.len_bytes = len};
	uint8_t *before = malloc(len + 1);
	struct headers h = headers_find(frame, len, len + more);
	uint32_t differs = 0;

	memcpy(before, frame, len);
	expect_inside(&h, len, len + more);
	checksum_partial(frame, len, len + more, &m);
	cr_assert(m.l4_checksum == NET_CHECKSUM_UNKNOWN || m.l4_checksum == NET_CHECKSUM_PARTIAL);
	if (m.l4_checksum == NET_CHECKSUM_PARTIAL)
		cr_assert(m.checksum_start_bytes + m.checksum_field_bytes + 2u <= len);
	cr_assert(changes || memcmp(before, frame, len) == 0, "looking wrote");
	m = (struct net_rx_metadata){.len_bytes = len};
	checksum_inspect(frame, len, source, complete, &m);
	if (m.l4_checksum == NET_CHECKSUM_PARTIAL)
		cr_assert(m.checksum_start_bytes + m.checksum_field_bytes + 2u <= len);
	if (!changes) {
		for (uint32_t i = 0; i < len; i++)
			differs += frame[i] != before[i];
		cr_assert(differs <= (complete ? 2 : 0), "%u bytes were written", differs);
		expect_true(frame, len, source, &m);
	}
	free(before);
}

static void fuzz_frame(struct script *s, bool changes)
{
	const uint8_t how = script_u8(s);
	const uint32_t more = script_u16(s) & 0xfff, len = (uint32_t)s->left;
	uint8_t *frame = malloc(len ? len : 1);
	const size_t *changed;

	memcpy(frame, s->at, len);
	if (changes) {
		torn_start(frame, len, how, 1 + how % 32);
		ask(frame, len, how & 64 ? more : 0, how % 3, how & 128, true);
		torn_stop(&changed);
	} else {
		ask(frame, len, how & 64 ? more : 0, how % 3, how & 128, false);
	}
	free(frame);
}

/* ---- Packets for the segmenter ---------------------------------------------------------------- */

/* Changes of header bytes and of what is asked for. */
static bool spoil(struct script *s, struct segment_request *q)
{
	struct net_tx_metadata *m = &q->meta;
	bool spoilt = false;

	for (; s->left; spoilt = true) {
		const uint8_t what = script_u8(s);

		switch (what) {
		case 240:
			m->l2_len_bytes = script_u8(s);
			break;
		case 241:
			m->l3_len_bytes = script_u16(s);
			break;
		case 242:
			m->l4_len_bytes = script_u8(s);
			break;
		case 243:
			m->flags = script_u16(s);
			break;
		case 244:
			m->max_segment_bytes = script_u16(s);
			break;
		case 245:
			q->max_frame_bytes = script_u32(s);
			break;
		case 246:
			m->flags |= NET_TX_PARTIAL_CHECKSUM;
			m->checksum_start_bytes = script_u16(s);
			m->checksum_field_bytes = script_u16(s);
			break;
		case 247: /* what lies behind the packet was sent before */
			m->len_bytes = script_u32(s) % (65536 + 22);
			break;
		default:
			packet.bytes[what] = script_u8(s);
		}
	}
	return spoilt;
}

static void fuzz_packet(struct script *s, bool segmented)
{
	const uint32_t most = script_u8(s);
	struct frame_random r = frame_random(script_u16(s));
	const enum segment_style style = script_u8(s) % SEGMENT_STYLES;
	const struct segment_spec spec = segment_random(
		&r, (struct segment_wish){.segmented = segmented, .payload_most = most * 8});
	struct segment_request q;
	struct segmenter judged;
	uint32_t present;
	uint8_t *copy;

	segment_oracle_whole(&packet, &spec);
	segment_apply(&packet, &spec, segmented ? style : SEGMENT_FULL);
	q = segment_request(&packet, &spec);
	if (!spoil(s, &q)) {
		segment_expect(&packet, &q, &spec, "as it should be");
		return;
	}
	present = segmenter_header_bytes(&q.meta);
	present = present < q.meta.len_bytes ? present : q.meta.len_bytes;
	copy = malloc(present ? present : 1);
	memcpy(copy, packet.bytes, present);
	if (segmenter_judge(&judged, copy, present, &q.meta, q.max_frame_bytes) == SEGMENTER_OK)
		segment_expect_tiled(&judged, &packet, &q);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script s = {data, size};
	const uint8_t kind = script_u8(&s) % 4;

	if (kind < 2)
		fuzz_frame(&s, kind == 1);
	else
		fuzz_packet(&s, kind == 3);
	return 0;
}
