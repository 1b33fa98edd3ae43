// SPDX-License-Identifier: BSD-2-Clause
/* A side's frames: each says who sent it first, and its number there. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "soak/side.h"

/* Behind the Ethernet header. */
struct stamp {
	uint64_t generation, number, check;
};

/* ---- The pool ------------------------------------------------------------------------------------- */

static void rx_buffers(struct net_buffer_access *pool, const uint32_t *ids, uint32_t count,
		       struct net_rx_buffer *out)
{
	(void)pool;
	for (uint32_t i = 0; i < count; i++)
		out[i] = side_work.buffers[ids[i]];
}

static void rx_metadata(struct net_buffer_access *pool, const uint32_t *ids,
			const struct net_rx_metadata *metadata, uint32_t count)
{
	(void)pool;
	for (uint32_t i = 0; i < count; i++)
		side_work.lengths[ids[i]] = metadata[i].len_bytes;
}

static const struct net_buffer_access_ops ops = {
	.size_bytes = sizeof(struct net_buffer_access_ops),
	.rx_buffers = rx_buffers,
	.rx_metadata = rx_metadata,
};
struct net_buffer_access side_pool = {&ops};

/* ---- Frames --------------------------------------------------------------------------------------- */

static uint64_t check_of(const struct stamp *s)
{
	return (s->generation * 0x9e3779b97f4a7c15ull) ^ (s->number * 0xc2b2ae3d27d4eb4full);
}

static void write_frame(struct work *w, uint8_t *at)
{
	struct stamp stamp = {.generation = w->side->generation, .number = w->next++};

	stamp.check = check_of(&stamp);
	memset(at, 0xff, 6); /* the other end takes broadcast */
	memset(at + 6, 2, 6);
	at[12] = SOAK_ETHERTYPE >> 8;
	at[13] = SOAK_ETHERTYPE & 0xff;
	memcpy(at + 14, &stamp, sizeof(stamp));
}

/* Frames of one generation come in order, each once. */
static void check_frame(struct work *w, uint32_t id)
{
	const uint8_t *at = w->memory + (w->buffers[id].addr - BASE);
	struct stamp stamp;
	char why[200];
	int origin;

	memcpy(&stamp, at + 14, sizeof(stamp));
	if (w->lengths[id] != LEN || stamp.check != check_of(&stamp)) {
		snprintf(why, sizeof(why), "%u bytes, number %" PRIu64 " of %" PRIu64,
			 w->lengths[id], stamp.number, stamp.generation);
		side_fail(w, "a frame that nobody sent", why);
	}
	origin = (int)(stamp.generation & 1);
	if (stamp.generation < w->last_generation[origin] ||
	    (stamp.generation == w->last_generation[origin] &&
	     stamp.number <= w->last_number[origin])) {
		snprintf(why, sizeof(why),
			 "number %" PRIu64 " of %" PRIu64 " after %" PRIu64 " of %" PRIu64,
			 stamp.number, stamp.generation, w->last_number[origin],
			 w->last_generation[origin]);
		side_fail(w, "a frame twice, or out of order", why);
	}
	w->last_generation[origin] = stamp.generation;
	w->last_number[origin] = stamp.number;
}

void side_receive(struct work *w)
{
	uint32_t ids[SOAK_BATCH], back = 0;
	int n = net_queue_rx_poll(w->q, &side_pool, ids, SOAK_BATCH);
	bool echoes = w->shared->echoes;

	if (n < 0)
		side_fail(w, "rx_poll", net_queue_error(w->q));
	atomic_fetch_add(&w->shared->received, (uint64_t)n);
	for (int i = 0; i < n; i++) {
		check_frame(w, ids[i]);
		if (echoes)
			w->echo[w->echo_count++] = ids[i];
		else
			ids[back++] = ids[i];
	}
	if (back && net_queue_rx_avail(w->q, &side_pool, ids, back))
		side_fail(w, "rx_avail", "an id was refused");
	if (n)
		w->busy_ms = w->now_ms;
}

/* Give tx_avail packets of one segment each. Return: how many it took. */
static uint32_t send_ids(struct work *w, const uint32_t *ids, uint32_t count)
{
	struct net_tx_segment segments[SOAK_BATCH];
	struct net_tx_metadata packets[SOAK_BATCH];
	bool sync;
	int n;

	for (uint32_t i = 0; i < count; i++) {
		uint64_t addr =
			ids[i] < RX_IDS ? w->buffers[ids[i]].addr : BASE + (uint64_t)ids[i] * PLACE;

		packets[i] = (struct net_tx_metadata){
			.id = ids[i], .len_bytes = LEN, .segment_count = 1};
		segments[i] = (struct net_tx_segment){addr, LEN, &packets[i]};
	}
	atomic_fetch_add(&w->shared->offered, count);
	n = net_queue_tx_avail(w->q, &side_pool, segments, count, &sync);
	if (n == NET_TRY_RESTART) {
		w->must_restart = true;
		n = 0;
	}
	if (n < 0)
		side_fail(w, "tx_avail", net_queue_error(w->q));
	atomic_fetch_add(&w->shared->accepted, (uint64_t)n);
	atomic_fetch_sub(&w->shared->offered, count - (uint32_t)n);
	return (uint32_t)n;
}

void side_send_echoes(struct work *w)
{
	uint32_t count = w->echo_count < SOAK_BATCH ? w->echo_count : SOAK_BATCH, n;

	if (!count)
		return;
	n = send_ids(w, w->echo, count);
	w->echo_count -= n;
	memmove(w->echo, w->echo + n, w->echo_count * sizeof(*w->echo));
}

void side_send_new(struct work *w)
{
	uint32_t count = w->free_count < SOAK_BATCH ? w->free_count : SOAK_BATCH, n;
	uint32_t ids[SOAK_BATCH];
	uint64_t first = w->next;

	w->budget += (double)w->shared->rate_pps * (double)(w->now_ms - w->paid_ms) / 1000;
	w->paid_ms = w->now_ms;
	if (w->budget > SOAK_RING)
		w->budget = SOAK_RING;
	if (count > (uint32_t)w->budget)
		count = (uint32_t)w->budget;
	if (!count)
		return;
	for (uint32_t i = 0; i < count; i++) {
		ids[i] = w->free[w->free_count - 1 - i];
		write_frame(w, w->memory + (size_t)ids[i] * PLACE);
	}
	n = send_ids(w, ids, count);
	w->free_count -= n; /* the first n were its last */
	w->next = first + n;
	w->budget -= n;
}

void side_complete(struct work *w)
{
	uint32_t ids[SOAK_BATCH];
	int n = net_queue_tx_poll(w->q, &side_pool, ids, SOAK_BATCH);

	if (n == NET_TRY_RESTART) {
		w->must_restart = true;
		return;
	}
	if (n < 0)
		side_fail(w, "tx_poll", net_queue_error(w->q));
	for (int i = 0; i < n; i++) {
		if (ids[i] >= RX_IDS)
			w->free[w->free_count++] = ids[i];
		else if (net_queue_rx_avail(w->q, &side_pool, &ids[i], 1))
			side_fail(w, "rx_avail", "an id was refused");
	}
	atomic_fetch_add(&w->shared->completed, (uint64_t)n);
	if (n)
		w->busy_ms = w->now_ms;
}
