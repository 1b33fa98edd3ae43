// SPDX-License-Identifier: BSD-2-Clause
/*
 * Transmit: the wire packets of a packet that is changed. Those with an equally long payload are written
 * in runs, step by step: slots, what is in front of the payload, descriptors. Each step is a loop that
 * keeps what it needs in registers. A run is split (headers in a slot, the payload where it lies) or
 * joined (the payload copied behind the headers).
 */
#include <string.h>

#include "base/checksum.h"
#include "xdp/data/tx_wire.h"

struct run {
	uint32_t i, count;    /* wire packets: the first, how many */
	uint32_t payload;     /* bytes of each */
	uint32_t batch;	      /* most of the next run */
	uint64_t slot[BATCH]; /* UMEM offsets */
};

/* ---- What is in front of the payload ------------------------------------------------------------ */

enum { FRONT_LEAST = 64, FRONT_BLOCK = 32 };

static inline void copy_front(const struct tx_front *from, uint8_t *slot, size_t len)
{
	/* In blocks, which the compiler makes a few instructions of; struct tx_front ends with one. */
	memcpy(slot, from, FRONT_LEAST);
	for (size_t at = FRONT_LEAST; at < len; at += FRONT_BLOCK)
		memcpy(slot + at, (const uint8_t *)from + at, FRONT_BLOCK);
}

/* Write headers, and the request in front of them, to the slots of a run. */
static void write_fronts(const struct tx_job *j, const struct run *run)
{
	uint8_t *const base = j->q->memory->base, *const headers = base + XSK_TX_REQUEST_BYTES;
	const size_t len = XSK_TX_REQUEST_BYTES + (size_t)j->s.wire_header_bytes;
	const uint64_t *slot = run->slot, *const end = slot + run->count;
	const struct segmenter_own own = j->own;

	for (; slot != end; slot++)
		copy_front(&j->front, base + *slot, len);
	if (!j->s.has_segmentation)
		return;
	slot = run->slot;
	for (uint32_t i = run->i; slot != end; i++, slot++)
		segmenter_write_own(&own, i, headers + *slot);
	if (run->i == 0)
		segmenter_write_end(&j->s, 0, headers + run->slot[0]);
	else if (run->i + run->count == j->s.pieces)
		segmenter_write_end(&j->s, j->s.pieces - 1, headers + end[-1]);
}

/* ---- Joined ------------------------------------------------------------------------------------- */

static enum tx_verdict lacks_descriptors(struct tx_job *j)
{
	j->need.descriptors = j->draft.room + 1;
	return TX_LATER;
}

INLINE bool copy_payload(struct net_xdp_queue *q, struct tx_payload *p, uint32_t len, uint8_t *out)
{
	uint64_t offset;
	uint32_t n;

	for (; len; len -= n, out += n) {
		if (!p->together && !tx_payload_go_on(q, p))
			return false;
		n = tx_payload_take(p, len, &offset);
		memcpy(out, q->memory->base + offset, n);
	}
	return true;
}

/* Copy the payload behind the headers. */
ALONE static enum tx_verdict copy_payloads(struct tx_job *j, const struct run *run)
{
	struct net_xdp_queue *q = j->q;
	const uint32_t header = j->s.wire_header_bytes;
	struct tx_payload walk = j->walk;

	for (uint32_t k = 0; k < run->count; k++) {
		uint8_t *const headers = q->memory->base + run->slot[k] + XSK_TX_REQUEST_BYTES;

		if (!copy_payload(q, &walk, run->payload, headers + header))
			return TX_BAD_ADDRESS;
		if (j->makes) /* of what was copied: the frontend's may have changed since */
			tx_wire_sum(j, run->i + k, headers);
	}
	j->walk = walk;
	return TX_SEND;
}

/* Write descriptors to headers and payload. */
ALONE static enum tx_verdict point_to_buffers(struct tx_job *j, const struct run *run)
{
	const struct net_xdp_queue *q = j->q;
	const uint32_t len = j->s.wire_header_bytes + run->payload, most = q->tx_max_descriptors;
	const uint64_t *slot = run->slot, *const end = slot + run->count;
	struct tx_draft d = j->draft;
	bool page;

	for (; slot != end; slot++) {
		uint32_t options = j->asks ? XDP_TX_METADATA : 0, left = len, n;
		uint64_t offset = *slot + XSK_TX_REQUEST_BYTES;

		do {
			if (unlikely(d.descriptors == d.room))
				return lacks_descriptors(j);
			if (unlikely(d.descriptors - d.ended == most))
				return TX_BAD_SIZE;
			n = tx_piece(q, &tx_private_area, offset, left, &page);
			left -= n;
			options |= left ? XDP_PKT_CONTD : 0;
			tx_record_put(&d, (struct xdp_desc){offset, n, options});
			offset += n;
			options = 0;
		} while (left);
		tx_record_next_packet(&d);
	}
	j->draft = d;
	return TX_SEND;
}

/* Write a run, or as much of it as there are slots for now, as copies: in slots of headers if there is
 * room for the payload. */
static enum tx_verdict join(struct tx_job *j, struct run *run, enum tx_why why)
{
	struct net_xdp_queue *q = j->q;
	const bool is_frame = j->s.wire_header_bytes + run->payload > SEGMENTER_HEADERS_MAX;
	struct bounce *slots = is_frame ? &q->tx_private : &q->tx_headers;
	enum tx_verdict verdict;

	if (q->memory->sealed)
		return TX_SEALED;
	if (run->count > slots->free_count)
		run->count = slots->free_count;
	if (is_frame)
		j->need.frames += run->count ? run->count : 1;
	if (!run->count)
		return TX_LATER;
	tx_record_take_slots(&j->draft, slots, run->count, run->slot);
	write_fronts(j, run);
	j->bounced[why] += run->count;
	verdict = copy_payloads(j, run);
	return verdict == TX_SEND ? point_to_buffers(j, run) : verdict;
}

/* ---- Split -------------------------------------------------------------------------------------- */

/* Complete the checksum of wire packet i in its headers, which were just written. walk: where its
 * payload begins. */
static enum tx_verdict make_sum(struct tx_job *j, uint32_t i, struct tx_payload walk,
				uint8_t *headers)
{
	const uint32_t len = segmenter_piece(&j->s, i).summed_bytes;
	struct net_xdp_queue *q = j->q;
	uint64_t sum = 0, offset;

	if (q->memory->sealed)
		return TX_SEALED;
	for (uint32_t at = 0, n; at < len; at += n) {
		if (!walk.together && !tx_payload_go_on(q, &walk))
			return TX_BAD_ADDRESS;
		n = tx_payload_take(&walk, len - at, &offset);
		sum = checksum_add(sum, q->memory->base + offset, n, at);
	}
	segmenter_complete(&j->s, headers, sum);
	return TX_SEND;
}

/* Write descriptors to the next bytes of the payload while the draft has less than limit. Returns
 * TX_SEND; TX_BAD_SIZE when there are more, and *left bytes were not reached. */
INLINE enum tx_verdict point_to(struct net_xdp_queue *q, struct tx_draft *d, uint32_t limit,
				struct tx_payload *p, uint32_t *left)
{
	const uint32_t most = q->tx_piece_bytes;
	struct xdp_desc *desc;
	uint64_t offset;

	while (*left) {
		uint32_t n;

		if (!p->together && unlikely(!tx_payload_go_on(q, p)))
			return TX_BAD_ADDRESS;
		if (unlikely(d->descriptors == limit))
			return TX_BAD_SIZE;
		n = tx_payload_take(p, *left < most ? *left : most, &offset);
		desc = tx_record_put(d, (struct xdp_desc){offset, n, XDP_PKT_CONTD});
		*left -= n;
		if (!*left)
			desc->options = 0;
	}
	return TX_SEND;
}

/* Write the descriptors of a run, at most so many for each wire packet; there is room for them. Returns
 * TX_SEND; or why not all were written, and run->count how many. The draft and the walk are locals: the
 * compiler keeps no member of *j in a register while descriptors are written. */
ALONE static enum tx_verdict write_descriptors(struct tx_job *j, struct run *run, uint32_t most)
{
	struct net_xdp_queue *q = j->q;
	const uint64_t *slot = run->slot, *const end = slot + run->count;
	const uint32_t payload = run->payload;
	const bool makes = j->makes;
	struct xdp_desc header = {
		.len = j->s.wire_header_bytes,
		.options = (j->asks ? XDP_TX_METADATA : 0) | (payload ? XDP_PKT_CONTD : 0),
	};
	struct tx_draft d = j->draft;
	struct tx_payload walk = j->walk;
	enum tx_verdict verdict = TX_SEND;
	uint32_t left = 0;

	for (; slot != end; slot++) {
		header.addr = *slot + XSK_TX_REQUEST_BYTES;
		tx_record_put(&d, header);
		left = payload;
		if (unlikely(makes)) {
			verdict = make_sum(j, run->i + (uint32_t)(slot - run->slot), walk,
					   q->memory->base + header.addr);
			if (verdict != TX_SEND)
				break;
		}
		verdict = point_to(q, &d, d.ended + most, &walk, &left);
		if (unlikely(verdict != TX_SEND))
			break;
		d.ended = d.descriptors;
	}
	run->count = (uint32_t)(slot - run->slot);
	d.record.packets += run->count;
	if (unlikely(verdict == TX_BAD_SIZE)) {
		tx_record_rewind(&d);
		tx_payload_go_back(q, &walk, payload - left);
	}
	j->draft = d;
	j->walk = walk;
	return verdict;
}

/* Why do the next len bytes, which were looked at, take more descriptors than a wire packet may have? */
static enum tx_why why_many(struct net_xdp_queue *q, struct tx_payload p, uint32_t len)
{
	uint64_t offset;

	while (len && (p.together || tx_payload_go_on(q, &p))) {
		len -= tx_payload_take(&p, len, &offset);
		if (len && !p.together && p.behind && q->unaligned)
			return TX_WHY_PAGE;
	}
	return TX_WHY_SEGMENTS;
}

/* Cut a run down to what there is room for if each wire packet has as many descriptors as it may.
 * Returns that number; or less, of one wire packet: then there is not much room. */
static inline uint32_t make_fit(const struct tx_job *j, struct run *run)
{
	const uint32_t most = j->q->tx_max_descriptors;
	const uint32_t room = j->draft.room - j->draft.descriptors;

	if (likely(run->count <= room / most))
		return most;
	run->count = room < most ? 1 : room / most;
	return room < most ? room : most;
}

/* Write a run, or the first of it, with headers in slots and the payload where it lies. A wire packet
 * of more descriptors than it may have is joined. */
static enum tx_verdict split(struct tx_job *j, struct run *run)
{
	struct bounce *slots = &j->q->tx_headers;
	const uint32_t most = make_fit(j, run), count = run->count;
	enum tx_verdict verdict;
	struct run one;

	if (unlikely(!most))
		return lacks_descriptors(j);
	tx_record_take_slots(&j->draft, slots, count, run->slot);
	write_fronts(j, run);
	verdict = write_descriptors(j, run, most);
	if (likely(verdict != TX_BAD_SIZE)) {
		run->batch = run->batch < BATCH / 2 ? 2 * run->batch : BATCH;
		return verdict;
	}
	if (most < j->q->tx_max_descriptors)
		return lacks_descriptors(j);
	tx_record_return_slots(&j->draft, slots, count - run->count);
	run->batch = 1; /* the next may be alike: what is written for nothing stays little */
	one.i = run->i + run->count++;
	one.count = 1;
	one.payload = run->payload;
	return join(j, &one, why_many(j->q, j->walk, run->payload));
}

/* ---- All of them -------------------------------------------------------------------------------- */

/* The wire packets from i on whose payload is equally long: the last one's may be shorter. */
static inline void begin_run(const struct tx_job *j, struct run *run, uint32_t i)
{
	const struct segmenter *s = &j->s;
	const uint32_t last = s->pieces - 1;

	run->i = i;
	run->count = i == last ? 1 : last - i < run->batch ? last - i : run->batch;
	run->payload =
		i == last ? s->len_bytes - s->header_bytes - i * s->piece_bytes : s->piece_bytes;
}

enum tx_verdict tx_wire_write(struct tx_job *j)
{
	enum tx_verdict verdict = TX_SEND;
	struct run run;

	run.batch = BATCH;
	for (uint32_t i = 0; i < j->s.pieces && verdict == TX_SEND; i += run.count) {
		begin_run(j, &run, i);
		if (unlikely(j->joins) && run.payload)
			verdict = join(j, &run, j->joins_why);
		else if (tx_wire_is_short(j, run.payload))
			verdict = join(j, &run, TX_WHY_SHORT);
		else
			verdict = split(j, &run);
	}
	return verdict;
}
