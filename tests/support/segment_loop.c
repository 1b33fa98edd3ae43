// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <criterion/criterion.h>

#include "support/segment_loop.h"
#include "support/wrapped.h"

/* Two regions, so that the one that is sent from can be read only. */
#define TX_BASE	  (FRONTEND_BASE - TX_BYTES)
#define TX_BYTES  (1u << 19)
#define GAP	  3u /* between segments */
#define HEADER	  12u
#define STRIDE	  (HEADER + SEGMENT_PACKET_MAX + 1u)
#define ALL_BYTES ((uint64_t)SEGMENT_LOOP_IDS * STRIDE)

/* ---- Life -------------------------------------------------------------------------------------- */

static void lay_out(struct segment_loop *x, const struct segment_loop_buffers *b)
{
	frontend_layout(&x->f, 0, SEGMENT_LOOP_IDS, FRONTEND_BASE, STRIDE, HEADER,
			b->capacity_bytes);
	if (!b->piece_count)
		return;
	x->pieces = calloc((size_t)SEGMENT_LOOP_IDS * b->piece_count, sizeof(*x->pieces));
	cr_assert(x->pieces != NULL);
	for (uint32_t i = 0; i < SEGMENT_LOOP_IDS; i++) {
		struct net_rx_piece *own = x->pieces + (size_t)i * b->piece_count;

		for (uint32_t k = 0; k < b->piece_count; k++) {
			own[k] = b->pieces[k];
			own[k].addr += FRONTEND_BASE + i * (uint64_t)STRIDE;
		}
		x->f.ids[i].pieces = own;
		x->f.ids[i].piece_count = b->piece_count;
	}
}

void segment_loop_open(struct segment_loop *x, const struct segment_loop_buffers *buffers,
		       const struct net_rss_config *rss)
{
	struct net_queue_config configs[SEGMENT_LOOP_QUEUES] = {0};
	struct net_error err = {0};

	*x = (struct segment_loop){0};
	frontend_open(&x->f, ALL_BYTES, SEGMENT_LOOP_IDS);
	frontend_add_region(&x->f, TX_BASE, TX_BYTES, -1);
	frontend_list_open(&x->list, 65536);
	lay_out(x, buffers);
	for (uint32_t i = 0; i < SEGMENT_LOOP_QUEUES; i++)
		configs[i].rx_merge = buffers->rx_merge;
	cr_assert(net_loopback_open(SEGMENT_LOOP_QUEUES, &x->ep, &err) == 0, "%s", err.message);
	x->ep = wrapped(x->ep);
	cr_assert(net_endpoint_get_queues(x->ep, configs, SEGMENT_LOOP_QUEUES, rss, x->queues,
					  &err) == 0,
		  "%s", err.message);
}

void segment_loop_close(struct segment_loop *x)
{
	for (uint32_t i = 0; i < SEGMENT_LOOP_QUEUES; i++)
		cr_assert(net_queue_destroy(x->queues[i], NULL) == 0);
	cr_assert(net_endpoint_destroy(x->ep, NULL) == 0);
	free(x->pieces);
	frontend_list_close(&x->list);
	frontend_close(&x->f);
}

/* ---- Transmit ---------------------------------------------------------------------------------- */

struct net_tx_metadata *segment_loop_put(struct segment_loop *x, const uint8_t *bytes,
					 const struct net_tx_metadata *meta, const uint32_t *cuts,
					 uint32_t cut_count)
{
	const uint32_t len = meta->len_bytes;
	struct net_tx_metadata *packet;
	uint64_t addr = TX_BASE + 1;
	uint32_t at = 0;

	frontend_list_clear(&x->list);
	packet = frontend_list_packet(&x->list, meta->id);
	*packet = *meta;
	packet->len_bytes = packet->segment_count = 0;
	for (uint32_t i = 0; i <= cut_count; i++) {
		const uint32_t end = i < cut_count && cuts[i] < len ? cuts[i] : len;

		memcpy(frontend_at(&x->f, addr, end - at), bytes + at, end - at);
		frontend_list_segment(&x->list, addr, end - at);
		addr += end - at + GAP;
		at = end;
	}
	return packet;
}

static int by_value(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

struct net_tx_metadata *segment_loop_put_random(struct segment_loop *x, struct frame_random *r,
						const uint8_t *bytes,
						const struct net_tx_metadata *meta)
{
	const uint32_t count = frame_random_below(r, 3) * frame_random_below(r, 12);
	uint32_t cuts[SEGMENT_LOOP_CUTS];

	/* Half of them in the headers. */
	for (uint32_t i = 0; i < count; i++)
		cuts[i] = frame_random_below(r, i % 2 ? meta->len_bytes + 1 : 100);
	qsort(cuts, count, sizeof(*cuts), by_value);
	return segment_loop_put(x, bytes, meta, cuts, count);
}

void segment_loop_send(struct segment_loop *x, uint32_t queue)
{
	uint8_t *memory = frontend_at(&x->f, TX_BASE, TX_BYTES);
	uint32_t completed = 0, id;

	cr_assert(mprotect(memory, TX_BYTES, PROT_READ) == 0);
	cr_assert(frontend_tx(&x->f, x->queues[queue], &x->list, 0, &completed) == x->list.count);
	cr_assert(mprotect(memory, TX_BYTES, PROT_READ | PROT_WRITE) == 0);
	cr_assert(completed == 1 && x->list.packet_count == 1, "%u completions", completed);
	cr_assert(net_queue_tx_poll(x->queues[queue], &x->f.pool, &id, 1) == 0, "one more");
}

/* ---- Receive ----------------------------------------------------------------------------------- */

static uint32_t append(struct segment_loop *x, uint8_t *out, uint32_t done, uint32_t len,
		       uint64_t addr, uint32_t room)
{
	const uint32_t n = room < len - done ? room : len - done;

	if (n)
		memcpy(out + done, frontend_at(&x->f, addr, n), n);
	return done + n;
}

static void insert_tag(uint8_t *frame, uint32_t len, uint16_t tci)
{
	memmove(frame + 16, frame + 12, len - 12);
	frame_write16(frame, 12, 0x8100);
	frame_write16(frame, 14, tci);
}

uint32_t segment_loop_take(struct segment_loop *x, uint32_t queue, uint8_t *out)
{
	const struct net_rx_metadata *m;
	uint32_t done = 0, ids;

	if (x->at == x->id_count)
		x->id_count += frontend_rx(&x->f, x->queues[queue], x->ids + x->at,
					   SEGMENT_LOOP_IDS - x->at);
	if (x->at == x->id_count)
		return 0;
	m = frontend_metadata(&x->f, x->ids[x->at]);
	ids = 1u + m->more_ids;
	for (uint32_t i = 0; i < ids; i++) {
		const struct frontend_id *id = &x->f.ids[x->ids[x->at + i]];

		done = append(x, out, done, m->len_bytes, id->buffer.addr + id->buffer.header_bytes,
			      id->buffer.capacity_bytes);
		for (uint32_t k = 0; k < id->piece_count; k++)
			done = append(x, out, done, m->len_bytes, id->pieces[k].addr,
				      id->pieces[k].len_bytes);
	}
	cr_assert(done == m->len_bytes, "%u of %u bytes", done, m->len_bytes);
	x->at += ids;
	if (!m->has_vlan)
		return done;
	insert_tag(out, done, m->vlan_tci);
	return done + 4;
}

void segment_loop_repost(struct segment_loop *x, uint32_t queue)
{
	cr_assert(x->at == x->id_count, "there is another frame");
	frontend_post_ids(&x->f, x->queues[queue], x->ids, x->id_count);
	x->at = x->id_count = 0;
}

uint32_t segment_loop_expect(struct segment_loop *x, uint32_t queue,
			     const struct segment_spec *spec, const char *what)
{
	struct segment_oracle oracle = segment_oracle_start(spec);
	static struct segment_packet want;
	static uint8_t got[SEGMENT_PACKET_MAX];
	char why[FRAME_WHY_BYTES];
	uint32_t i = 0, len;

	for (; segment_oracle_next(&oracle, &want); i++) {
		len = segment_loop_take(x, queue, got);
		cr_assert(frame_equal(got, len, want.bytes, want.len, why), "%s, packet %u: %s",
			  what, i, why);
	}
	cr_assert(segment_loop_take(x, queue, got) == 0, "%s: more than %u packets", what, i);
	segment_loop_repost(x, queue);
	return i;
}

struct net_queue_stats segment_loop_stats(const struct segment_loop *x, uint32_t queue)
{
	struct net_queue_stats stats;

	net_queue_stats(x->queues[queue], &stats);
	return stats;
}
