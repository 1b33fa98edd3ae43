// SPDX-License-Identifier: BSD-2-Clause
#include <string.h>

#include <criterion/criterion.h>

#include "support/frame.h"
#include "support/pieces.h"

uint64_t pieces_lay_out(struct frontend *f, struct pieces *p, uint32_t id, uint64_t addr,
			const uint32_t *lengths, uint32_t count, uint32_t header_bytes)
{
	uint64_t end, at = addr + header_bytes;

	cr_assert(count >= 1 && count <= PIECES_MOST && id < f->id_count);
	for (uint32_t i = 0; i < count; i++)
		at += lengths[i] + 5 + i;
	end = at;
	for (uint32_t i = 0; i < count; i++) {
		at -= lengths[i] + 5 + i;
		if (i)
			p->piece[i - 1] =
				(struct net_rx_piece){.addr = at, .len_bytes = lengths[i]};
		else
			frontend_set_buffer(f, id, at -= header_bytes, header_bytes, lengths[0]);
	}
	f->ids[id].pieces = p->piece;
	f->ids[id].piece_count = count - 1;
	return end;
}

uint32_t pieces_capacity(const struct frontend *f, uint32_t id)
{
	uint32_t sum = f->ids[id].buffer.capacity_bytes;

	for (uint32_t i = 0; i < f->ids[id].piece_count; i++)
		sum += f->ids[id].pieces[i].len_bytes;
	return sum;
}

/* ---- A frame where it lies -------------------------------------------------------------------- */

/* A frame's next bytes, at a guest address. */
typedef void visit_fn(struct frontend *f, uint64_t addr, uint32_t len, uint8_t **out);

static void copy_bytes(struct frontend *f, uint64_t addr, uint32_t len, uint8_t **out)
{
	memcpy(*out, frontend_at(f, addr, len), len);
	*out += len;
}

static void allow_bytes(struct frontend *f, uint64_t addr, uint32_t len, uint8_t **out)
{
	(void)out;
	frontend_allow(f, addr, len);
}

/* The first len bytes of one buffer; they begin offset_bytes behind where the buffer said. */
static void visit_buffer(struct frontend *f, uint32_t id, uint32_t offset_bytes, uint32_t len,
			 visit_fn *visit, uint8_t **out)
{
	const struct frontend_id *i = &f->ids[id];
	uint32_t n = len < i->buffer.capacity_bytes ? len : i->buffer.capacity_bytes;

	if (len == 0)
		return;
	visit(f, i->buffer.addr + i->buffer.header_bytes + offset_bytes, n, out);
	for (uint32_t p = 0; p < i->piece_count && n < len; p++) {
		uint32_t room = i->pieces[p].len_bytes, part = len - n < room ? len - n : room;

		visit(f, i->pieces[p].addr, part, out);
		n += part;
	}
	cr_assert(n == len, "id %u: %u bytes in a buffer of %u", id, len, n);
}

/* All bytes of the frame that begins in ids[0]. Return: how many. */
static uint32_t visit_frame(struct frontend *f, const uint32_t *ids, visit_fn *visit, uint8_t **out)
{
	const struct net_rx_metadata *m = frontend_metadata(f, ids[0]);
	uint32_t len = m->len_bytes, first = len, more = m->more_ids;

	for (uint32_t i = 1; i <= more; i++) {
		cr_assert(f->ids[ids[i]].metadata.more_ids == 0, "id %u begins a frame", ids[i]);
		first -= f->ids[ids[i]].metadata.len_bytes;
	}
	for (uint32_t i = 0; i <= more; i++) {
		uint32_t part = i ? f->ids[ids[i]].metadata.len_bytes : first;

		cr_assert(i == more || part == pieces_capacity(f, ids[i]),
			  "id %u: %u of %u bytes filled, and %u ids behind it", ids[i], part,
			  pieces_capacity(f, ids[i]), more - i);
		visit_buffer(f, ids[i], frontend_metadata(f, ids[i])->offset_bytes, part, visit,
			     out);
	}
	return len;
}

void pieces_read(struct frontend *f, uint32_t id, uint32_t len, uint8_t *out)
{
	visit_buffer(f, id, frontend_metadata(f, id)->offset_bytes, len, copy_bytes, &out);
}

void pieces_allow(struct frontend *f, uint32_t id, uint32_t offset_bytes, uint32_t len)
{
	visit_buffer(f, id, offset_bytes, len, allow_bytes, NULL);
}

uint32_t pieces_gather(struct frontend *f, const uint32_t *ids, uint8_t *out)
{
	return visit_frame(f, ids, copy_bytes, &out);
}

uint32_t pieces_expect(struct frontend *f, const uint32_t *ids, const uint8_t *frame, uint32_t len)
{
	uint8_t got[FRAME_MAX_BYTES];
	char why[FRAME_WHY_BYTES];
	uint32_t n;

	cr_assert(frontend_metadata(f, ids[0])->offset_bytes == 0);
	n = pieces_gather(f, ids, got);
	cr_assert(frame_equal(got, n, frame, len, why), "id %u: %s", ids[0], why);
	visit_frame(f, ids, allow_bytes, NULL);
	return 1u + frontend_metadata(f, ids[0])->more_ids;
}
