// SPDX-License-Identifier: BSD-2-Clause
/* Receive buffers of several pieces on real packets. */
#include "support/conformance.h"
#include "support/pieces.h"
#include "support/rx_rig.h"

enum {
	HEADER = FRONTEND_XDP_HEADER_BYTES,
	LEAST = 60,
	LARGEST = 1514,
	SLOT = 4096,
	ROUND_MOST = 3 * PIECES_MOST + 1, /* frames of one number of pieces */
};

/* What buffers of so many pieces have to hold. */
struct round {
	uint32_t pieces, capacity, frames;
	uint32_t length[PIECES_MOST];	/* of the pieces */
	uint32_t len_bytes[ROUND_MOST]; /* of the frames */
};

/* Pieces of many lengths, LARGEST or less in all; frames that end just before each boundary, on it and just
 * behind it. */
static void plan(struct round *p, uint32_t pieces)
{
	*p = (struct round){.pieces = pieces};
	p->len_bytes[p->frames++] = LEAST;
	for (uint32_t i = 0; i < pieces; i++) {
		p->length[i] = 1420 / pieces - 9 + (i * 7 + pieces * 3) % 19;
		p->capacity += p->length[i];
		for (uint32_t len = p->capacity - 1; len <= p->capacity + 1; len++)
			p->len_bytes[p->frames++] = len;
	}
	p->frames--; /* one byte more than all of it */
	cr_assert(p->capacity < LARGEST && p->length[0] > LEAST);
}

/* Each frame has a buffer of its own, all in pieces of the same lengths. */
static void play(struct rx_rig *r, const struct round *p, uint32_t first)
{
	struct pieces pieces[ROUND_MOST];
	uint32_t ids[ROUND_MOST];
	uint8_t frame[LARGEST];

	for (uint32_t i = 0; i < p->frames; i++)
		pieces_lay_out(&r->x.f, &pieces[i], i, FRONTEND_BASE + SLOT * (i + 1) + i,
			       p->length, p->pieces, HEADER);
	frontend_poison(&r->x.f, p->pieces);
	frontend_post(&r->x.f, r->x.queues[0], 0, p->frames);
	rx_rig_send(r, p->capacity + 1, first); /* the first buffer stays */
	rx_rig_poll_drops(r, NET_XDP_RX_DROP_CAPACITY, p->pieces);
	for (uint32_t i = 0; i < p->frames; i++)
		rx_rig_send(r, p->len_bytes[i], first + i);
	rx_rig_receive(r, 0, ids, p->frames);
	for (uint32_t i = 0; i < p->frames; i++) {
		rx_rig_frame(frame, p->len_bytes[i], first + i);
		cr_assert_eq(ids[i], i);
		cr_assert_eq(pieces_expect(&r->x.f, &ids[i], frame, p->len_bytes[i]), 1);
	}
	cr_assert_eq(frontend_first_change(&r->x.f), 0, "%u pieces: a byte beside them changed",
		     p->pieces);
}

// 65: buffers of 1 to 19 pieces: every length exact over the pieces, capacity is the sum
CASE(65, frames_of_every_length_around_each_boundary_are_exact_over_the_pieces)
{
	uint32_t sent = 0;
	struct round p;
	struct rx_rig r;

	rx_rig_prepare(&r, 1, 1500);
	rx_rig_start(&r, 1, 0);
	for (uint32_t pieces = 1; pieces <= PIECES_MOST; pieces++) {
		plan(&p, pieces);
		play(&r, &p, sent);
		sent += p.frames;
		cr_assert_eq(rx_rig_counter(&r, NET_XDP_RX_BOUNCED), sent);
	}
	cr_assert_eq(rx_rig_counter(&r, NET_XDP_RX_DIRECT), 0);
	rx_rig_balance(&r, sent + PIECES_MOST);
	cr_assert_eq(rx_rig_counter(&r, NET_XDP_RX_DROP_CAPACITY), PIECES_MOST);
	rx_rig_close(&r);
}

/* First pieces as for direct buffers, and others elsewhere that nobody needs. */
static void lay_out_direct(struct rx_rig *r, struct pieces *pieces, uint32_t count)
{
	frontend_xdp_layout(&r->x, HEADER);
	for (uint32_t id = 0; id < count; id++) {
		struct frontend_id *f = &r->x.f.ids[id];

		f->piece_count = 1 + id % (PIECES_MOST - 1);
		f->pieces = pieces[id].piece;
		for (uint32_t i = 0; i < f->piece_count; i++)
			pieces[id].piece[i] = (struct net_rx_piece){
				.addr = frontend_xdp_tx_addr(&r->x, id) + i * 200,
				.len_bytes = 100 + i,
			};
	}
}

// 65: direct when the first piece holds the frame
CASE(65, first_piece_that_holds_the_frame_is_direct_and_no_other_is_touched)
{
	enum { COUNT = 64 };
	struct pieces pieces[COUNT];
	uint32_t ids[COUNT];
	struct rx_rig r;

	rx_rig_prepare(&r, 1, 1500);
	lay_out_direct(&r, pieces, COUNT);
	rx_rig_start(&r, 1, 0);
	frontend_poison(&r.x.f, 65);
	frontend_post(&r.x.f, r.x.queues[0], 0, COUNT);
	for (uint32_t i = 0; i < COUNT; i++)
		rx_rig_send(&r, i ? rx_rig_len(i, LEAST, LARGEST) : LARGEST, i);
	rx_rig_receive(&r, 0, ids, COUNT);
	for (uint32_t i = 0; i < COUNT; i++) {
		rx_rig_expect(&r, ids[i], i ? rx_rig_len(i, LEAST, LARGEST) : LARGEST, i);
		rx_rig_allow(&r, ids[i]);
	}
	cr_assert_eq(frontend_first_change(&r.x.f), 0, "a piece that holds nothing changed");
	cr_assert_eq(r.x.f.rx_pieces_calls, 0, "asked for pieces that nobody needs");
	cr_assert_eq(rx_rig_counter(&r, NET_XDP_RX_DIRECT), COUNT);
	rx_rig_balance(&r, COUNT);
	rx_rig_close(&r);
}
