/* SPDX-License-Identifier: BSD-2-Clause */
#include "receive.h"

#include <sys/eventfd.h>

/* Losses are counted from here: a stream may have been running for long. */
static void note_first(struct worker *w)
{
	w->tally.corrupt_early = w->tally.corrupt;
	if (!atomic_exchange(&w->run->began, true))
		eventfd_write(w->run->began_fd, 1);
}

static void note_flow(struct worker *w, const struct frame_info *info, uint64_t now)
{
	struct tally *t = &w->tally;

	switch (flow_note(&w->flows, info->run, info->stream, info->sequence)) {
	case FLOW_NEW:
		if (!t->good++)
			note_first(w);
		if (w->latency)
			histogram_add(w->latency, (now - info->time_ns) & FRAME_TIME_MASK);
		break;
	case FLOW_DUPLICATE:
		t->duplicates++;
		break;
	case FLOW_TOO_OLD:
		t->too_old++;
		break;
	case FLOW_UNTRACKED:
		t->untracked++;
		break;
	}
}

static void judge(struct worker *w, uint32_t id, enum receive_whose whose, uint64_t now)
{
	const struct pool_frame *f = &w->pools[0].received[id];
	struct tally *t = &w->tally;
	struct frame_info info;

	t->received++;
	t->received_bytes += f->len_bytes;
	switch (frame_check(pool_at(&w->pools[0], id) + f->offset_bytes, f->len_bytes, &info)) {
	case FRAME_FOREIGN:
		t->foreign++;
		break;
	case FRAME_CORRUPT:
		t->corrupt++;
		break;
	case FRAME_GOOD:
		if (whose == RECEIVE_OWN && info.run != w->run->id)
			t->foreign++;
		else
			note_flow(w, &info, now);
		break;
	}
}

uint32_t receive_batch(struct worker *w, enum receive_whose whose, bool repost)
{
	struct net_buffer_access *access = &w->pools[0].access;
	uint32_t ids[WORKER_MAX_BATCH];
	uint32_t n = net_queue_rx_poll(w->q[0], access, ids, w->run->opt->batch);
	uint64_t now;

	if (!n)
		return 0;
	now = now_ns();
	/* The frames were written by another processor: fetched together they are waited for once. */
	for (uint32_t i = 0; i < n; i++)
		__builtin_prefetch(pool_at(&w->pools[0], ids[i]));
	for (uint32_t i = 0; i < n; i++)
		judge(w, ids[i], whose, now);
	if (repost)
		w->tally.refused += net_queue_rx_avail(w->q[0], access, ids, n);
	worker_publish(w, now);
	return n;
}
