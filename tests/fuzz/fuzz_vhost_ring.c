// SPDX-License-Identifier: BSD-2-Clause
/*
 * A split virtqueue between the tests' driver and the device's side. As long as the driver is honest each chain is
 * popped as it was posted, goes back once, and nobody's head is handed out. Once the input has written to the
 * rings, or words change between two reads, the ring may break: what is popped till then is judged, heads have one
 * owner, nothing but the used ring is written, and a ring that has ended stays so.
 *
 * Subjects: tools/xsk_vhost/ring
 * Longest: 400
 */
#include <criterion/criterion.h>

#include "fuzz/fuzz.h"
#include "fuzz/torn.h"
#include "support/fake_driver.h"
#include "xsk_vhost/ring.h"

enum { STEPS = 100, MOST = 64, BUFFER_BYTES = 8192 };

#define GPA (1ull << 32)

struct model {
	uint32_t out, in, len;
	bool posted, pushed;
	uint32_t written;
};

static struct {
	uint8_t *memory, *before;
	uint64_t bytes, ring_bytes;
	struct fake_driver driver;
	struct ring ring;
	struct model head[MOST];
	struct {
		uint16_t head;
		uint64_t pop;
	} held[MOST]; /* in the order of their pops */
	uint32_t held_count;
	uint64_t pops;
	uint32_t size;
	bool event_idx, is_honest, is_torn;
} w;

/* ---- Set-up ----------------------------------------------------------------------------------- */

static const void *translate(void *context, uint64_t gpa, uint64_t bytes)
{
	(void)context;
	return gpa - GPA <= w.bytes && bytes <= w.bytes - (gpa - GPA) ? w.memory + (gpa - GPA)
								      : NULL;
}

static void open_ring(uint16_t base)
{
	const struct ring_config config = {
		.descriptors = w.driver.desc,
		.avail = w.driver.avail,
		.used = w.driver.used,
		.size = w.size,
		.base = base,
		.event_idx = w.event_idx,
		.indirect = true,
		.translate = translate,
	};
	struct net_error err = {0};

	cr_assert_eq(ring_open(&w.ring, &config, &err), 0, "%s", err.message);
}

static void start(uint8_t how, uint16_t first)
{
	memset(&w, 0, sizeof(w));
	w.size = 4u << how % 5;
	w.event_idx = how & 8;
	w.is_torn = how & 16;
	w.is_honest = !w.is_torn;
	w.ring_bytes = fake_driver_bytes(w.size);
	w.bytes = w.ring_bytes + BUFFER_BYTES;
	w.memory = aligned_alloc(4096, (w.bytes + 4095) / 4096 * 4096);
	w.before = malloc(w.ring_bytes);
	cr_assert(w.memory && w.before);
	fake_driver_open(&w.driver, &(struct fake_driver_config){.memory = w.memory,
								 .gpa = GPA,
								 .size = w.size,
								 .start = first,
								 .event_idx = w.event_idx});
	open_ring(first);
}

static bool has_ended(void)
{
	return ring_broken(&w.ring) || ring_is_withdrawn(&w.ring);
}

/* ---- The driver ------------------------------------------------------------------------------- */

static void post(struct script *s)
{
	const uint8_t shape = script_u8(s);
	const uint32_t out = shape % 4, in = shape / 4 % 4 + !out, len = 1 + script_u8(s) * 7u;
	struct fake_piece pieces[8];
	int head;

	for (uint32_t i = 0; i < out + in; i++)
		pieces[i] = (struct fake_piece){GPA + w.ring_bytes + i * 16, len, i >= out};
	head = fake_driver_post(&w.driver, pieces, out + in, shape & 0x80, w.pops);
	if (head >= 0)
		w.head[head] = (struct model){.out = out, .in = in, .len = len, .posted = true};
}

static void collect(void)
{
	struct fake_used used;
	int rc;

	while (w.is_honest && (rc = fake_driver_collect(&w.driver, &used)) != 0) {
		struct model *m = &w.head[used.head];

		cr_assert_eq(rc, 1, "%s", w.driver.fault);
		cr_assert(m->posted && m->pushed && m->written == used.len, "head %u", used.head);
		m->posted = false;
	}
}

static void lie(struct script *s)
{
	const uint8_t how = script_u8(s);
	struct frame_random random = frame_random(script_u8(s));

	w.is_honest = false;
	if (how < 128)
		w.memory[script_u16(s) % (w.size * 24 + 64)] = script_u8(s);
	else if (how < 192)
		fake_driver_scribble(&w.driver, &random);
	else if (w.held_count == w.driver.outstanding)
		fake_driver_lie(&w.driver, (enum fake_lie)(how % FAKE_LIES));
}

/* ---- The device ------------------------------------------------------------------------------- */

static void expect_sane(const struct ring_chain *c)
{
	uint64_t bytes = 0;
	uint32_t count = c->out + (uint32_t)c->in;

	cr_assert_lt(c->head, w.size);
	cr_assert(count > 0 && c->is_cut == (count > RING_CHAIN_PIECES), "%u pieces", count);
	for (uint32_t i = 0; i < count && i < RING_CHAIN_PIECES; i++) {
		cr_assert_neq(c->piece[i].len_bytes, 0);
		bytes += c->piece[i].len_bytes;
	}
	if (c->is_cut)
		cr_assert_leq(bytes, (uint64_t)c->out_bytes + c->in_bytes);
	else
		cr_assert_eq(bytes, (uint64_t)c->out_bytes + c->in_bytes);
	for (uint32_t i = 0; i < w.held_count; i++)
		cr_assert_neq(w.held[i].head, c->head, "it was handed out twice");
	if (!w.is_honest)
		return;
	cr_assert(w.head[c->head].posted && !w.head[c->head].pushed);
	cr_assert(c->out == w.head[c->head].out && c->in == w.head[c->head].in);
	cr_assert_eq(c->out_bytes, w.head[c->head].out * w.head[c->head].len);
	cr_assert_eq(c->in_bytes, w.head[c->head].in * w.head[c->head].len);
}

static void pop(uint32_t most)
{
	struct ring_chain c;
	int rc = 1;

	while (most-- && (rc = ring_pop(&w.ring, &c)) == 1) {
		expect_sane(&c);
		w.held[w.held_count].head = c.head;
		w.held[w.held_count++].pop = w.pops++;
	}
	cr_assert(rc >= 0 || (rc == -EPROTO && ring_broken(&w.ring)) ||
			  (rc == -ESHUTDOWN && ring_is_withdrawn(&w.ring)),
		  "%d", rc);
	cr_assert(!w.is_honest || rc >= 0, "%s", ring_broken(&w.ring));
}

static void push(uint32_t which, uint32_t written)
{
	struct model *m;
	uint32_t i;

	if (!w.held_count)
		return;
	i = which % w.held_count;
	m = &w.head[w.held[i].head];
	m->written = w.is_honest ? written % (m->in * m->len + 1) : written;
	m->pushed = true;
	ring_push(&w.ring, w.held[i].head, m->written);
	for (w.held_count--; i < w.held_count; i++)
		w.held[i] = w.held[i + 1];
}

static void unpop(void)
{
	if (!w.held_count || w.held[w.held_count - 1].pop + 1 != w.pops || has_ended())
		return;
	ring_unpop(&w.ring, w.held[--w.held_count].head);
	w.pops--;
}

static void restart(void)
{
	uint16_t base;

	if (has_ended())
		return;
	for (uint32_t i = 0; i < w.size; i++) {
		if (w.ring.owner[i] != RING_DEVICE && w.ring.owner[i] != RING_AGAIN)
			continue;
		w.head[i].pushed = true;
		w.head[i].written = 0;
	}
	ring_return_unused(&w.ring);
	ring_publish(&w.ring);
	cr_assert_eq(ring_owned(&w.ring), 0);
	w.held_count = 0;
	base = ring_base(&w.ring);
	ring_close(&w.ring);
	open_ring(base);
}

static void device_step(uint8_t what, struct script *s)
{
	switch (what % 8) {
	case 0:
	case 1:
	case 2:
		pop(1 + what / 8);
		break;
	case 3:
	case 4:
		push(what / 8, script_u16(s));
		break;
	case 5:
		ring_publish(&w.ring);
		break;
	case 6:
		if (what & 8)
			unpop();
		else if (what & 16)
			ring_disarm_kick(&w.ring);
		else
			ring_arm_kick(&w.ring);
		break;
	default:
		if (what & 8)
			restart();
		break;
	}
}

/* Descriptors, tables and the avail ring are as the driver left them, or as they were torn. */
static void expect_only_used_written(const size_t *torn, uint32_t torn_count)
{
	const size_t used = (size_t)((uint8_t *)w.driver.used - w.memory),
		     used_end = used + 6 + (size_t)w.size * 8;

	for (uint32_t i = 0; i < torn_count; i++)
		w.before[torn[i]] = w.memory[torn[i]];
	cr_assert_eq(memcmp(w.before, w.memory, used), 0);
	cr_assert_eq(memcmp(w.before + used_end, w.memory + used_end, w.ring_bytes - used_end), 0);
}

static void device(uint8_t what, struct script *s)
{
	const size_t *torn;
	uint32_t count;

	memcpy(w.before, w.memory, w.ring_bytes);
	if (w.is_torn)
		torn_start(w.memory, (size_t)((uint8_t *)w.driver.used - w.memory),
			   w.pops * 256 + what, 1 + what % 16);
	device_step(what, s);
	count = torn_stop(&torn);
	expect_only_used_written(torn, w.is_torn ? count : 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script s = {data, size};
	const uint8_t how = script_u8(&s);
	bool ended = false;

	start(how, script_u16(&s));
	for (uint32_t i = 0; i < STEPS && s.left; i++) {
		const uint8_t what = script_u8(&s);

		switch (what % 8) {
		case 0:
		case 1:
			post(&s);
			break;
		case 2:
			fake_driver_publish(&w.driver);
			break;
		case 3:
			collect();
			break;
		case 4:
			if (what >= 192)
				lie(&s);
			break;
		default:
			device(script_u8(&s), &s);
			break;
		}
		cr_assert(!ended || has_ended(), "a ring that had ended goes on");
		ended = has_ended();
	}
	if (w.is_honest) {
		restart();
		collect();
	}
	ring_close(&w.ring);
	fake_driver_close(&w.driver);
	free(w.memory);
	free(w.before);
	return 0;
}
