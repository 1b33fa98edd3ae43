// SPDX-License-Identifier: BSD-2-Clause
#include "support/vring_rig.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { GUEST_BASE = 0x40000000, GUARD = 4096 };

static const void *translate(void *context, uint64_t gpa, uint64_t bytes)
{
	struct vring_rig *g = context;
	uint64_t offset = gpa - GUEST_BASE;

	if (g->on_translate)
		g->on_translate(g);
	if (gpa < GUEST_BASE || offset > g->bytes || bytes > g->bytes - offset)
		return NULL;
	return g->memory + offset;
}

struct ring_config vring_rig_config(struct vring_rig *g, uint16_t base)
{
	return (struct ring_config){
		.descriptors = g->driver.desc,
		.avail = g->driver.avail,
		.used = g->driver.used,
		.size = g->size,
		.base = base,
		.event_idx = g->event_idx,
		.indirect = !g->no_indirect,
		.translate = translate,
		.translate_context = g,
		.inflight = g->inflight,
	};
}

void vring_rig_reopen(struct vring_rig *g, uint16_t base)
{
	struct ring_config config = vring_rig_config(g, base);
	struct net_error err = {0};

	ring_close(&g->ring);
	cr_assert_eq(ring_open(&g->ring, &config, &err), 0, "%s", err.message);
}

void vring_rig_open(struct vring_rig *g)
{
	g->bytes = (fake_driver_bytes(g->size) + VRING_RIG_BUFFERS + 4095) / 4096 * 4096;
	g->memory = mmap(NULL, g->bytes + GUARD, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	cr_assert_neq(g->memory, MAP_FAILED);
	mprotect(g->memory + g->bytes, GUARD, PROT_NONE);
	g->buffers = GUEST_BASE + fake_driver_bytes(g->size);
	fake_driver_open(&g->driver, &(struct fake_driver_config){
					     .memory = g->memory,
					     .gpa = GUEST_BASE,
					     .size = g->size,
					     .start = g->start,
					     .event_idx = g->event_idx,
				     });
	vring_rig_reopen(g, g->start);
}

void vring_rig_close(struct vring_rig *g)
{
	ring_close(&g->ring);
	fake_driver_close(&g->driver);
	munmap(g->memory, g->bytes + GUARD);
}

static uint64_t piece_gpa(const struct vring_rig *g, uint32_t i)
{
	return g->buffers + i * 4096 + i;
}

int vring_rig_post(struct vring_rig *g, uint32_t out, uint32_t in, uint32_t len, bool indirect)
{
	struct fake_piece pieces[FAKE_DRIVER_TABLE];
	int head;

	for (uint32_t i = 0; i < out + in; i++)
		pieces[i] =
			(struct fake_piece){.gpa = piece_gpa(g, i), .len = len, .write = i >= out};
	head = fake_driver_post(&g->driver, pieces, out + in, indirect, g->token + 1);
	g->token += head >= 0;
	return head;
}

void vring_rig_expect_chain(const struct vring_rig *g, const struct ring_chain *c, uint32_t out,
			    uint32_t in, uint32_t len)
{
	cr_assert_eq(c->out, out);
	cr_assert_eq(c->in, in);
	cr_assert_eq(c->out_bytes, out * len);
	cr_assert_eq(c->in_bytes, in * len);
	cr_assert(!c->is_cut);
	for (uint32_t i = 0; i < out + in; i++) {
		cr_assert_eq(c->piece[i].gpa, piece_gpa(g, i));
		cr_assert_eq(c->piece[i].len_bytes, len);
	}
}

int vring_rig_collect(struct vring_rig *g, struct fake_used *used)
{
	struct fake_used any;
	int rc = fake_driver_collect(&g->driver, used ? used : &any);

	cr_assert_geq(rc, 0, "%s", g->driver.fault);
	return rc;
}

void vring_rig_expect_ended(struct vring_rig *g, int rc)
{
	uint64_t rings = fake_driver_bytes(g->size);
	uint8_t *before = malloc(rings);
	struct ring_chain c;

	cr_assert_not_null(before);
	memcpy(before, g->memory, rings);
	for (uint32_t i = 0; i < 3; i++)
		cr_assert_eq(ring_pop(&g->ring, &c), rc);
	for (uint32_t head = 0; head <= UINT16_MAX; head++) {
		ring_push(&g->ring, (uint16_t)head, 5);
		ring_unpop(&g->ring, (uint16_t)head);
	}
	cr_assert_eq(ring_return_unused(&g->ring), 0);
	cr_assert_eq(ring_owned(&g->ring), 0);
	cr_assert(!ring_publish(&g->ring));
	cr_assert(!ring_arm_kick(&g->ring));
	ring_disarm_kick(&g->ring);
	cr_assert_eq(ring_pop(&g->ring, &c), rc);
	cr_assert_eq(memcmp(before, g->memory, rings), 0, "a ring that has ended was written");
	free(before);
}
