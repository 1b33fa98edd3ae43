// SPDX-License-Identifier: BSD-2-Clause
/* The frontend's memory and its pool. A receive id that is ours has its whole cell marked: whoever writes
 * there, or beside a frame, is seen. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "model/model.h"

enum { MARK = 0xa5 };

static uint8_t marked[CELL_BYTES];

static uint8_t *cell_bytes(struct model *m, uint32_t id)
{
	return m->bytes + (size_t)id * CELL_BYTES;
}

uint8_t *guest_at(struct model *m, uint64_t addr)
{
	return m->bytes + (addr - GUEST_BASE);
}

uint64_t guest_slot_addr(uint32_t slot)
{
	const uint32_t small = SLOTS - LARGE_SLOTS;
	uint64_t at = slot < small ? (uint64_t)slot * CELL_BYTES
				   : (uint64_t)small * CELL_BYTES + (slot - small) * LARGE_BYTES;

	return GUEST_BASE + RX_BYTES + at;
}

uint32_t guest_slot_bytes(uint32_t slot)
{
	return slot < SLOTS - LARGE_SLOTS ? CELL_BYTES : LARGE_BYTES;
}

void guest_mark(struct model *m, uint32_t id)
{
	memcpy(cell_bytes(m, id), marked, CELL_BYTES);
	m->cells[id].marked = true;
}

void guest_check_mark(struct model *m, uint32_t id)
{
	cr_assert(!m->cells[id].marked || !memcmp(cell_bytes(m, id), marked, CELL_BYTES),
		  "the buffer of id %u was written to while it was the frontend's", id);
}

void guest_draw_buffer(struct model *m, uint32_t id, uint32_t seed)
{
	struct frame_random r = frame_random(seed);
	const uint32_t offset = net_xdp_frame_offset(&m->config);
	struct net_rx_buffer *b = &m->cells[id].buffer;

	guest_check_mark(m, id);
	*b = (struct net_rx_buffer){.addr = GUEST_BASE + (uint64_t)id * CELL_BYTES + offset,
				    .header_bytes = 0,
				    .capacity_bytes = net_xdp_direct_capacity(&m->config)};
	if (b->capacity_bytes > CELL_BYTES - offset)
		b->capacity_bytes = CELL_BYTES - offset;
	if (frame_random_below(&r, 4)) /* as the kernel likes it best */
		return;
	b->addr += frame_random_below(&r, 64);
	b->header_bytes = frame_random_below(&r, 3) * 12;
	b->capacity_bytes = 1 + frame_random_below(&r, 2000);
}

/* ---- The pool ------------------------------------------------------------------------------------- */

static struct model *model_of(struct net_buffer_access *pool)
{
	return (struct model *)(void *)((char *)pool - offsetof(struct model, pool));
}

static void rx_buffers(struct net_buffer_access *pool, const uint32_t *ids, uint32_t count,
		       struct net_rx_buffer *out)
{
	struct model *m = model_of(pool);

	for (uint32_t i = 0; i < count; i++)
		out[i] = ids[i] < IDS ? m->cells[ids[i]].buffer : (struct net_rx_buffer){0};
}

static void rx_metadata(struct net_buffer_access *pool, const uint32_t *ids,
			const struct net_rx_metadata *metadata, uint32_t count)
{
	struct model *m = model_of(pool);

	for (uint32_t i = 0; i < count; i++) {
		cr_assert(ids[i] < IDS, "metadata of id %u, which does not exist", ids[i]);
		struct cell *c = &m->cells[ids[i]];

		cr_assert(m->serving && c->owner == (int)data_index(m, m->serving),
			  "metadata of id %u, which belongs to %d", ids[i], c->owner);
		cr_assert(!c->delivered, "metadata of id %u came twice", ids[i]);
		c->metadata = metadata[i];
		c->delivered = true;
	}
}

static void *memory(struct net_buffer_access *pool, uint64_t addr, uint32_t len)
{
	struct model *m = model_of(pool);
	uint64_t at = addr - GUEST_BASE;

	return at < REGION_BYTES && len <= REGION_BYTES - at ? m->bytes + at : NULL;
}

static void rx_refused(struct net_buffer_access *pool, uint32_t id, enum net_rx_refusal why)
{
	struct model *m = model_of(pool);

	m->rx_refused++;
	if (id < IDS && why != NET_RX_REFUSED_DUPLICATE)
		m->cells[id].refused = true;
	cr_assert(why >= NET_RX_REFUSED_ID && why <= NET_RX_REFUSED_COPY, "refused for %d", why);
}

static const struct net_buffer_access_ops ops = {
	.size_bytes = sizeof(ops),
	.rx_buffers = rx_buffers,
	.rx_metadata = rx_metadata,
	.memory = memory,
	.rx_refused = rx_refused,
};

/* ---- A frame -------------------------------------------------------------------------------------- */

/* Nothing beside the buffer was written. In it a longer frame may have been before, which the kernel dropped
 * because the RX ring was full. */
static void check_beside(struct model *m, uint32_t id, uint32_t len)
{
	const struct net_rx_buffer *b = &m->cells[id].buffer;
	uint32_t from = (uint32_t)(b->addr % CELL_BYTES);
	uint32_t to = from + b->header_bytes + b->capacity_bytes;

	cr_assert(m->cells[id].metadata.offset_bytes == 0 && len <= b->capacity_bytes,
		  "id %u: %u bytes at %u in %u", id, len, m->cells[id].metadata.offset_bytes,
		  b->capacity_bytes);
	cr_assert(!memcmp(cell_bytes(m, id), marked, from), "id %u: written to in front", id);
	cr_assert(!memcmp(cell_bytes(m, id) + to, marked, CELL_BYTES - to),
		  "id %u: written to behind its %u bytes", id, b->capacity_bytes);
}

uint32_t guest_take_frame(struct model *m, const uint32_t *ids, uint32_t count)
{
	const struct net_rx_metadata *first = &m->cells[ids[0]].metadata;
	uint32_t whole = first->len_bytes, n = 1u + first->more_ids, left = whole, at = 0;
	static uint8_t frame[CELL_BYTES * 2];

	cr_assert(n <= count && (n == 1 || m->merge), "a frame of %u ids, %u came", n, count);
	cr_assert(whole > 0 && whole <= sizeof(frame), "a frame of %u bytes", whole);
	cr_assert(first->l4_checksum != NET_CHECKSUM_BAD && first->ip_checksum != NET_CHECKSUM_BAD,
		  "a good checksum is called bad");
	for (uint32_t i = 1; i < n; i++) {
		cr_assert(m->cells[ids[i]].metadata.len_bytes < left, "parts longer than all");
		left -= m->cells[ids[i]].metadata.len_bytes;
	}
	for (uint32_t i = 0; i < n; i++) {
		struct cell *c = &m->cells[ids[i]];
		uint32_t len = i ? c->metadata.len_bytes : left;

		check_beside(m, ids[i], len);
		memcpy(frame + at, guest_at(m, c->buffer.addr + c->buffer.header_bytes), len);
		at += len;
		c->owner = NOBODY;
		c->delivered = false;
		guest_mark(m, ids[i]);
	}
	bytes_check_frame(m, frame, whole);
	return n;
}

/* ---- Life ----------------------------------------------------------------------------------------- */

void guest_open(struct model *m)
{
	memset(marked, MARK, sizeof(marked));
	m->pool.ops = &ops;
	m->fd = memfd_create("model", MFD_CLOEXEC);
	cr_assert(m->fd >= 0 && ftruncate(m->fd, REGION_BYTES) == 0, "memory: %s", strerror(errno));
	m->more_fd = memfd_create("more", MFD_CLOEXEC);
	cr_assert(m->more_fd >= 0 && ftruncate(m->more_fd, MORE_BYTES) == 0, "more memory: %s",
		  strerror(errno));
	m->bytes = mmap(NULL, REGION_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, m->fd, 0);
	cr_assert(m->bytes != MAP_FAILED, "memory: %s", strerror(errno));
	for (uint32_t id = 0; id < IDS; id++) {
		m->cells[id].owner = NOBODY;
		guest_mark(m, id);
	}
	for (uint32_t s = 0; s < SLOTS; s++)
		m->slots[s].owner = NOBODY;
}

void guest_close(struct model *m)
{
	for (uint32_t id = 0; id < IDS; id++) {
		cr_assert(m->cells[id].owner == NOBODY, "id %u is with %d", id, m->cells[id].owner);
		guest_check_mark(m, id);
	}
	munmap(m->bytes, REGION_BYTES);
	close(m->fd);
	close(m->more_fd);
}
