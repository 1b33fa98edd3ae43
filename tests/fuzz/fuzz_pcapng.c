// SPDX-License-Identifier: BSD-2-Clause
/*
 * pcapng files written by the library and read back by the tests' reader, which follows the specification and ends
 * the run at the first byte that is not as it must be.
 *
 * Subjects: src/wrap/pcapng.c
 * Longest: 300
 */
#include <criterion/criterion.h>

#include "fuzz/fuzz.h"
#include "support/pcapng_reader.h"
#include "wrap/pcapng.h"

enum { PACKETS = 12, CAPTURED_MOST = 400 };

struct writer {
	uint8_t *bytes;
	uint32_t len;
};

/* Room for so many bytes more, alone on the heap. */
static uint8_t *more(struct writer *w, uint32_t bytes)
{
	w->bytes = realloc(w->bytes, w->len + bytes);
	w->len += bytes;
	return w->bytes + w->len - bytes;
}

static struct pcapng_packet packet(struct script *s)
{
	const uint8_t how = script_u8(s);
	struct pcapng_packet p = {
		.time_ns = how & 1 ? script_u64(s) : how * 1000000007ull,
		.captured_bytes = script_u16(s) % CAPTURED_MOST,
		.queue = how & 2 ? script_u32(s) >> 1 : how,
		.direction = how & 4 ? PCAPNG_INBOUND : PCAPNG_OUTBOUND,
		.dropped = how & 8 ? script_u64(s) : 0,
	};

	p.original_bytes = p.captured_bytes + (how & 16 ? script_u16(s) : 0);
	return p;
}

static void put(struct writer *w, const struct pcapng_packet *p, uint8_t fill)
{
	const uint32_t all = pcapng_packet_bytes(p), head = PCAPNG_HEAD_BYTES;
	uint8_t tail[PCAPNG_TAIL_BYTES];
	uint32_t n;

	pcapng_packet_head(more(w, head), p);
	memset(more(w, p->captured_bytes), fill, p->captured_bytes);
	n = pcapng_packet_tail(tail, p);
	cr_assert(n <= sizeof(tail) && head + p->captured_bytes + n == all);
	memcpy(more(w, n), tail, n);
}

static void expect(const struct read_packet *r, const struct pcapng_packet *p, uint8_t fill)
{
	cr_assert_eq(r->time_ns, p->time_ns);
	cr_assert_eq(r->captured_bytes, p->captured_bytes);
	cr_assert_eq(r->original_bytes, p->original_bytes);
	cr_assert_eq(r->queue, p->queue);
	cr_assert_eq(r->inbound, p->direction == PCAPNG_INBOUND);
	cr_assert_eq(r->dropped, p->dropped);
	for (uint32_t i = 0; i < p->captured_bytes; i++)
		cr_assert_eq(r->bytes[i], fill);
}

static void name(struct script *s, char *out, uint32_t size)
{
	uint32_t n = script_u8(s) % size;

	for (uint32_t i = 0; i < n; i++)
		out[i] = (char)script_u8(s);
	out[n] = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script s = {data, size};
	struct pcapng_packet p[PACKETS];
	struct pcapng_statistics end;
	struct writer w = {0};
	struct read_file f = {0};
	uint8_t start[PCAPNG_START_BYTES];
	char interface[100];
	const uint32_t snap = CAPTURED_MOST + script_u16(&s);
	const bool ended = script_u8(&s) & 1;
	uint32_t count = 0, n;

	name(&s, interface, sizeof(interface));
	n = pcapng_start(start, interface, snap);
	memcpy(more(&w, n), start, n);
	for (; count < PACKETS && s.left; count++) {
		p[count] = packet(&s);
		put(&w, &p[count], (uint8_t)count);
	}
	end = (struct pcapng_statistics){script_u64(&s), script_u64(&s), count, script_u8(&s)};
	if (ended)
		pcapng_end(more(&w, PCAPNG_END_BYTES), &end);
	read_bytes(&f, w.bytes, w.len);
	cr_assert_eq(f.packet_count, count);
	cr_assert_eq(f.is_ended, ended);
	cr_assert_eq(f.snap_bytes, snap);
	cr_assert_eq(strncmp(f.interface, interface, PCAPNG_NAME_BYTES - 1), 0);
	for (uint32_t i = 0; i < count; i++)
		expect(&f.packets[i], &p[i], (uint8_t)i);
	if (ended)
		cr_assert(f.start_ns == end.start_ns && f.end_ns == end.end_ns &&
			  f.received == end.received && f.dropped == end.dropped);
	read_free(&f);
	return 0;
}
