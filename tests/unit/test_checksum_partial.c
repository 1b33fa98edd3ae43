// SPDX-License-Identifier: BSD-2-Clause
/* Which frames of a local sender are partial, found from their headers alone. The frames and the sums of their
 * pseudo-headers are the reference segmenter's. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/checksum.h"
#include "support/checksums.h"
#include "support/segment_case.h"

enum { TCP = 6, TCP_BYTES = 20, UDP_BYTES = 8 };

/* ---- Looking ---------------------------------------------------------------------------------------- */

/* What is told of the first present of len bytes: alone on the heap, so that a byte read behind them is found. */
static struct net_rx_metadata look(const uint8_t *bytes, uint32_t present, uint32_t len)
{
	uint8_t *copy = malloc(present ? present : 1);
	struct net_rx_metadata meta;

	memset(&meta, 0xa5, sizeof(meta));
	memcpy(copy, bytes, present);
	checksum_partial(copy, present, len, &meta);
	free(copy);
	cr_assert_eq(meta.ip_checksum, NET_CHECKSUM_UNKNOWN);
	return meta;
}

static void expect_nothing(const struct net_rx_metadata *m, const char *what, uint32_t at)
{
	cr_assert(m->l4_checksum == NET_CHECKSUM_UNKNOWN && m->l4_protocol == NET_L4_UNKNOWN,
		  "%s at %u: l4 %u, protocol %u", what, at, m->l4_checksum, m->l4_protocol);
}

static void expect_partial(const struct net_rx_metadata *m, const struct segment_packet *p,
			   const struct segment_spec *spec, const char *what, uint32_t at)
{
	const uint32_t start = p->l2_len + p->l3_len;

	cr_assert(m->l4_checksum == NET_CHECKSUM_PARTIAL, "%s at %u: l4 %u", what, at,
		  m->l4_checksum);
	cr_assert_eq(m->l4_protocol, spec->protocol == TCP ? NET_L4_TCP : NET_L4_UDP);
	cr_assert_eq(m->checksum_start_bytes, start);
	cr_assert_eq(m->checksum_field_bytes, p->l4_field - start);
}

static void make(struct segment_packet *p, const struct segment_spec *spec)
{
	segment_oracle_whole(p, spec);
	frame_write16(p->bytes, p->l4_field, p->pseudo_sum);
}

static struct segment_spec random_frame(struct frame_random *r, uint32_t most)
{
	struct segment_spec spec = segment_random(r, (struct segment_wish){.payload_most = most});

	spec.padding_bytes = 0;
	return spec;
}

/* A frontend's completion: start, field and the frame's end are all that it knows. */
static uint16_t completed(const uint8_t *frame, uint32_t len, const struct net_rx_metadata *m)
{
	uint32_t start = m->checksum_start_bytes;
	uint16_t sum = (uint16_t)~segment_oracle_sum(frame + start, len - start);

	return !sum && m->l4_protocol == NET_L4_UDP ? 0xffff : sum;
}

/* ---- What is partial -------------------------------------------------------------------------------- */

Test(checksum_partial, pseudo_header_sum_is_told_with_its_place)
{
	struct frame_random r = frame_random(31);

	for (uint32_t round = 0; round < 5000; round++) {
		const struct segment_spec spec = random_frame(&r, round % 8 ? 1500 : 9000);
		struct segment_packet right, p;
		struct net_rx_metadata m;

		segment_oracle_whole(&right, &spec);
		m = look(right.bytes, right.len, right.len);
		expect_nothing(&m, "a completed sum, round", round);
		make(&p, &spec);
		m = look(p.bytes, p.len, p.len);
		expect_partial(&m, &p, &spec, "round", round);
		cr_assert_eq(completed(p.bytes, p.len, &m),
			     frame_read16(right.bytes, right.l4_field));
	}
}

/* The payload of each frame begins with a page that nobody may read. */
Test(checksum_partial, no_byte_of_the_payload_is_read)
{
	const long page = sysconf(_SC_PAGESIZE);
	uint8_t *pages = mmap(NULL, 3 * (size_t)page, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct frame_random r = frame_random(38);

	cr_assert(pages != MAP_FAILED && !mprotect(pages + page, 2 * (size_t)page, PROT_NONE));
	for (uint32_t round = 0; round < 1000; round++) {
		const struct segment_spec spec = random_frame(&r, 4000);
		struct net_rx_metadata m = {0};
		struct segment_packet p;
		uint32_t headers;

		make(&p, &spec);
		headers = p.len - spec.payload_bytes;
		memcpy(pages + page - headers, p.bytes, headers);
		checksum_partial(pages + page - headers, p.len, p.len, &m);
		expect_partial(&m, &p, &spec, "round", round);
	}
	munmap(pages, 3 * (size_t)page);
}

/* Every other number in the field. 0 in UDP: no checksum. */
Test(checksum_partial, any_other_field_tells_nothing)
{
	for (uint32_t i = 0; i < 4; i++) {
		const struct segment_spec spec =
			segment_plain(i % 2 ? 4 : 6, i / 2 ? TCP : 17, 100, 0);
		struct segment_packet p;

		make(&p, &spec);
		for (uint32_t field = 0; field <= 0xffff; field++) {
			struct net_rx_metadata m;

			frame_write16(p.bytes, p.l4_field, (uint16_t)field);
			m = look(p.bytes, p.len, p.len);
			if (field == p.pseudo_sum)
				expect_partial(&m, &p, &spec, "field", field);
			else
				expect_nothing(&m, "field", field);
		}
	}
}

/* A completed sum that is the pseudo-header's by chance: completing it once more changes nothing. */
Test(checksum_partial, right_sum_that_is_the_pseudo_headers_is_completed_to_itself)
{
	struct frame_random r = frame_random(32);

	for (uint32_t round = 0; round < 2000; round++) {
		const struct segment_spec spec = random_frame(&r, 200);
		struct segment_packet p;
		struct net_rx_metadata m;
		uint16_t right;

		/* P + F + S = 0 with F = P: the source port makes S what it has to be. */
		segment_oracle_whole(&p, &spec);
		frame_write16(p.bytes, p.l4_field, p.pseudo_sum);
		frame_write16(p.bytes, p.l2_len + p.l3_len, 0);
		right = segment_oracle_sum(p.bytes + p.l2_len + p.l3_len,
					   p.len - p.l2_len - p.l3_len);
		frame_write16(p.bytes, p.l2_len + p.l3_len,
			      (uint16_t)((2u * 0xffff - right - p.pseudo_sum) % 0xffff));
		m = look(p.bytes, p.len, p.len);
		expect_partial(&m, &p, &spec, "round", round);
		cr_assert_eq(completed(p.bytes, p.len, &m), p.pseudo_sum, "round %u", round);
	}
}

/* ---- Headers that lie ------------------------------------------------------------------------------- */

/* An extension header of so many units may swallow those behind it, but not the last. */
static bool ends_another(const struct segment_spec *s, uint32_t i, uint32_t units)
{
	uint32_t sum = 0;

	for (; i + 1u < s->extension_count; i++) {
		sum += s->extensions[i].units;
		if (sum == units)
			return true;
	}
	return false;
}

/* Is the value one that may stand at this byte of the headers in place of the other? Ports, sequence, tags'
 * numbers and so on are no part of what is looked for; lengths, addresses, types are. */
static bool may_be(const struct segment_packet *p, const struct segment_spec *s, uint32_t at,
		   uint8_t value)
{
	const uint32_t l3 = p->l2_len, l4 = p->l2_len + p->l3_len;
	uint32_t type_at = l3 + 6, extension = l3 + 40;

	if (at < 12)
		return true;
	if (at < l3) /* tags: type, number, type, ... */
		return (at - 12) % 4 >= 2;
	if (at >= l4)
		return at != p->l4_field && at != p->l4_field + 1 &&
		       (s->protocol == TCP || at < l4 + 4 || at > l4 + 5);
	if (s->ip_version == 4) {
		if (at == l3 + 6) /* more fragments, and their offset */
			return !(value & 0x3f);
		return at == l3 + 1 || at == l3 + 4 || at == l3 + 5 || at == l3 + 8 ||
		       at == l3 + 10 || at == l3 + 11 || at >= l3 + 20;
	}
	if (at == l3)
		return value >> 4 == 6;
	if (at < l3 + 4 || at == l3 + 7)
		return true;
	for (uint32_t i = 0; i < s->extension_count; i++) {
		if (at == type_at) /* either type may stand for the other */
			return value == 0 || value == 60;
		type_at = extension;
		if (at == extension + 1)
			return ends_another(s, i, value + 1u);
		if (at > extension && at < extension + s->extensions[i].units * 8u)
			return true;
		extension += s->extensions[i].units * 8u;
	}
	return false;
}

/* Each byte of the headers, with each value. */
Test(checksum_partial, each_header_byte_decides_as_it_should)
{
	struct frame_random r = frame_random(33);

	for (uint32_t round = 0; round < 60; round++) {
		struct segment_spec spec = random_frame(&r, 60);
		struct segment_packet p;
		uint32_t headers;

		/* Where a tag or an extension header loses its place, what is there is none. */
		spec.tags[0] = spec.tags[1] = 0x2005;
		for (uint32_t i = 0; i < SEGMENT_EXTENSIONS; i++)
			memset(spec.extensions[i].body, 0xff, sizeof(spec.extensions[i].body));
		make(&p, &spec);
		headers = p.l2_len + p.l3_len + p.l4_len;
		for (uint32_t at = 0; at < headers; at++) {
			const uint8_t was = p.bytes[at];

			for (uint32_t value = 0; value < 256; value++) {
				struct net_rx_metadata m;

				p.bytes[at] = (uint8_t)value;
				m = look(p.bytes, p.len, p.len);
				if (value == was || may_be(&p, &spec, at, (uint8_t)value))
					expect_partial(&m, &p, &spec, "byte", at);
				else
					expect_nothing(&m, "byte", at);
			}
			p.bytes[at] = was;
		}
	}
}

/* ---- Cut ----------------------------------------------------------------------------------------------- */

/* A frame that ends too early claims nothing. Of one that comes in several parts the first has all of the
 * headers or too little. */
Test(checksum_partial, cut_at_every_byte)
{
	struct frame_random r = frame_random(34);

	for (uint32_t round = 0; round < 200; round++) {
		const struct segment_spec spec = random_frame(&r, 80);
		struct segment_packet p;
		uint32_t headers;

		make(&p, &spec);
		headers = p.l2_len + p.l3_len + (spec.protocol == TCP ? TCP_BYTES : UDP_BYTES);
		for (uint32_t cut = 0; cut < p.len; cut++) {
			struct net_rx_metadata m = look(p.bytes, cut, cut);

			expect_nothing(&m, "frame cut", cut);
			m = look(p.bytes, cut, p.len);
			if (cut < headers)
				expect_nothing(&m, "first part", cut);
			else
				expect_partial(&m, &p, &spec, "first part", cut);
		}
	}
}

/* Who completes the sum sums up to the frame's end: padding is 0, or nothing is claimed; nor where the end
 * was not seen. */
Test(checksum_partial, behind_the_packet_are_zeros)
{
	struct frame_random r = frame_random(35);

	for (uint32_t round = 0; round < 500; round++) {
		const struct segment_spec spec = random_frame(&r, 80);
		const uint32_t most = 40;
		struct segment_packet p;

		make(&p, &spec);
		memset(p.bytes + p.len, 0, most);
		for (uint32_t padding = 1; padding <= most; padding++) {
			const uint32_t len = p.len + padding;
			struct net_rx_metadata m = look(p.bytes, len, len);

			expect_partial(&m, &p, &spec, "padding", padding);
			m = look(p.bytes, len - 1, len);
			expect_nothing(&m, "padding not seen", padding);
			p.bytes[len - 1] = (uint8_t)(1 + frame_random_below(&r, 255));
			m = look(p.bytes, len, len);
			expect_nothing(&m, "trailer", padding);
			p.bytes[len - 1] = 0;
		}
	}
}

/* Longer than the padding of a short frame: counted, as by checksum_inspect(). */
Test(checksum_partial, longer_frame_is_told_as_by_inspect)
{
	struct frame_random r = frame_random(36);

	for (uint32_t round = 0; round < 5000; round++) {
		struct frame_spec spec = checksum_random_spec(&r);
		struct net_rx_metadata m;
		struct frame f;

		spec.payload_bytes = frame_random_below(&r, 40);
		frame_build(&f, &spec);
		cr_assert_eq(checksum_partial(f.bytes, f.len, f.len, &m),
			     checksum_inspect(f.bytes, f.len, CHECKSUM_LOCAL, false, &m));
	}
}

/* Bytes of any value behind an IP header's first one: only sanitizers and the exact allocation can complain. */
Test(checksum_partial, random_headers_stay_inside_what_is_present)
{
	struct frame_random r = frame_random(37);

	for (uint32_t round = 0; round < 100000; round++) {
		uint32_t present = frame_random_below(&r, 120);
		uint8_t frame[120];

		frame_random_bytes(&r, frame, sizeof(frame));
		frame_write16(frame, 12, round & 1 ? 0x0800 : 0x86dd);
		frame[14] = round & 1 ? (uint8_t)(0x40 | (frame[14] & 0xf)) : 0x60;
		frame[16] = frame[18] = 0;
		frame[20] = round & 1 ? 0 : (uint8_t[]){0, 6, 17, 60}[frame[20] & 3];
		look(frame, present, present + frame_random_below(&r, 3) * 100);
	}
}
