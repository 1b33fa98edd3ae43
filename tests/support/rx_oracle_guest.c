// SPDX-License-Identifier: BSD-2-Clause
/* The receive oracle's guest: how its buffers lie, and what it does to them while they are posted. */
#include <criterion/criterion.h>

#include "support/rx_oracle.h"

/* ---- Buffers ---------------------------------------------------------------------------------- */

bool rx_oracle_is_inside(uint64_t addr, uint64_t len)
{
	return addr >= FRONTEND_BASE && addr - FRONTEND_BASE < ORACLE_BYTES &&
	       len <= ORACLE_BYTES - (addr - FRONTEND_BASE);
}

static struct net_rx_buffer buffer(uint64_t addr, uint32_t header_bytes, uint32_t capacity_bytes)
{
	return (struct net_rx_buffer){.addr = addr,
				      .header_bytes = (uint16_t)header_bytes,
				      .capacity_bytes = capacity_bytes};
}

static struct net_rx_buffer bad_buffer(void)
{
	switch (rx_oracle_below(6)) {
	case 0:
		return buffer(FRONTEND_BASE - 1, 0, 2000);
	case 1:
		return buffer(FRONTEND_BASE + ORACLE_BYTES - 1999, 0, 2000);
	case 2:
		return buffer(UINT64_MAX - rx_oracle_below(3000), rx_oracle_below(100), 2000);
	case 3:
		return buffer(FRONTEND_BASE + ORACLE_BYTES - 2000, UINT16_MAX - rx_oracle_below(2),
			      2000);
	case 4:
		return buffer(FRONTEND_BASE, 0, UINT32_MAX - rx_oracle_below(2));
	default:
		return buffer(FRONTEND_BASE, 12, 0);
	}
}

static uint32_t capacity(const struct rx_oracle *r)
{
	const uint32_t room = r->q->direct_capacity;

	if (r->v.merge && rx_oracle_below(2))
		return 1 + rx_oracle_below(rx_oracle_below(3) ? 300 : 20);
	if (r->v.jumbo && rx_oracle_below(3))
		return rx_oracle_below(2) ? 1 + rx_oracle_below(4000) : 5000;
	switch (rx_oracle_below(8)) {
	case 0:
		return 1 + rx_oracle_below(room);
	case 1:
		return room - 1 + rx_oracle_below(2);
	case 2:
		return room + (1u << rx_oracle_below(9));
	default:
		return room;
	}
}

/* Somewhere in the id's own part of the memory, with its chunk; the first page is that of its further pieces. */
static struct net_rx_buffer good_buffer(const struct rx_oracle *r, uint32_t id)
{
	const uint64_t slot = FRONTEND_BASE + (uint64_t)id * ORACLE_SLOT;
	struct net_rx_buffer b = {.header_bytes = rx_oracle_below(4) ? 12 : rx_oracle_below(70)};
	uint64_t data = slot + 4096 * (1 + rx_oracle_below(2)) + r->q->frame_offset;

	if (rx_oracle_below(4) == 0)
		data += r->v.unaligned ? rx_oracle_below(3000) : 1 + rx_oracle_below(100);
	else if (r->v.zero_copy) /* else its chunk begins with a page */
		data += rx_oracle_below(2) && r->v.unaligned ? rx_oracle_below(2049) : 0;
	b.addr = data - b.header_bytes;
	b.capacity_bytes = capacity(r);
	return b;
}

/* Pieces behind the first, at falling addresses: many small ones or a few, some empty; now and then one is
 * nowhere. */
static uint32_t more_pieces(struct net_rx_piece *piece, uint32_t id)
{
	const uint32_t count = rx_oracle_below(3)   ? rx_oracle_below(4)
			       : rx_oracle_below(8) ? rx_oracle_below(18)
						    : ORACLE_PIECES;
	const uint32_t most = 3500 / (count + 1);
	uint64_t at = FRONTEND_BASE + (uint64_t)id * ORACLE_SLOT + 4096;

	for (uint32_t i = 0; i < count; i++) {
		const uint32_t len = rx_oracle_below(most);

		at -= len + 1 + rx_oracle_below(10);
		piece[i] = (struct net_rx_piece){.addr = at, .len_bytes = len};
	}
	if (count && rx_oracle_below(20) == 0)
		piece[rx_oracle_below(count)].addr =
			rx_oracle_below(2) ? FRONTEND_BASE - 1 : FRONTEND_BASE + ORACLE_BYTES;
	return count;
}

void rx_oracle_describe(struct rx_oracle *r, uint32_t id)
{
	struct frontend_id *i = &r->f.ids[id];
	const bool is_known = id < r->v.ids, is_good = !is_known || rx_oracle_below(12);

	i->piece_count = 0;
	i->buffer = is_good ? good_buffer(r, is_known ? id : 0) : bad_buffer();
	if (!is_known || !is_good || !r->v.pieces)
		return;
	i->pieces = r->piece[id];
	i->piece_count = more_pieces(r->piece[id], id);
}

uint32_t rx_oracle_room(const struct rx_oracle *r, uint32_t id)
{
	const struct frontend_id *f = &r->f.ids[id];
	uint32_t room = f->buffer.capacity_bytes;

	for (uint32_t i = 0; i < f->piece_count; i++) {
		if (!rx_oracle_is_inside(f->pieces[i].addr, f->pieces[i].len_bytes))
			return 0;
		room += f->pieces[i].len_bytes;
	}
	return room;
}

/* ---- While they are posted -------------------------------------------------------------------- */

void rx_oracle_scribble(struct rx_oracle *r)
{
	for (uint32_t n = 1 + rx_oracle_below(8); n; n--) {
		const uint32_t id = rx_oracle_below(r->v.ids);
		const uint64_t at = FRONTEND_BASE + (uint64_t)id * ORACLE_SLOT +
				    rx_oracle_below(ORACLE_SLOT - 64);

		if (!r->id[id].posted || r->id[id].direct)
			continue;
		memset(frontend_at(&r->f, at, 64), (int)rx_oracle_below(256), 64);
		frontend_allow(&r->f, at, 64);
	}
}

void rx_oracle_lie(struct rx_oracle *r)
{
	const uint32_t id = rx_oracle_below(r->v.ids), how = rx_oracle_below(6);
	struct frontend_id *f = &r->f.ids[id];
	struct oracle_id *i = &r->id[id];

	if (!r->v.pieces || !i->posted || i->direct || i->lies)
		return;
	i->lies = true;
	i->truth = f->buffer;
	i->true_pieces = f->piece_count;
	switch (how) {
	case 0:
		f->buffer.addr += 1 + rx_oracle_below(64);
		break;
	case 1:
		f->buffer.capacity_bytes = ORACLE_BYTES;
		break;
	case 2:
		f->buffer.capacity_bytes += rx_oracle_below(100);
		break;
	case 3:
		f->buffer.capacity_bytes = 1 + rx_oracle_below(f->buffer.capacity_bytes);
		break;
	case 4:
		f->buffer = bad_buffer();
		break;
	default:
		f->piece_count = rx_oracle_below(f->piece_count + 1);
		break;
	}
}

void rx_oracle_recant(struct rx_oracle *r)
{
	for (uint32_t id = 0; id < r->v.ids; id++) {
		if (!r->id[id].lies)
			continue;
		r->f.ids[id].buffer = r->id[id].truth;
		r->f.ids[id].piece_count = r->id[id].true_pieces;
		r->id[id].lies = false;
	}
}

uint32_t rx_oracle_described(const struct rx_oracle *r, uint32_t id)
{
	const struct frontend_id *f = &r->f.ids[id];
	const struct oracle_id *i = &r->id[id];
	const uint64_t start = r->k.endpoint.memory.region[0].offset;
	uint64_t room = f->buffer.capacity_bytes;

	if (!rx_oracle_is_inside(f->buffer.addr, f->buffer.header_bytes + room) ||
	    f->buffer.addr - FRONTEND_BASE + f->buffer.header_bytes + start !=
		    i->base + r->q->frame_offset)
		return 0;
	for (uint32_t n = 0; n < f->piece_count; n++) {
		if (!rx_oracle_is_inside(f->pieces[n].addr, f->pieces[n].len_bytes))
			return 0;
		room += f->pieces[n].len_bytes;
	}
	return room < i->room ? (uint32_t)room : i->room;
}
