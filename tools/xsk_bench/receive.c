/* SPDX-License-Identifier: BSD-2-Clause */
#include "receive.h"

#include <sys/eventfd.h>

#include "wire.h"

/* Losses are counted from here: a stream may have been running for long. */
static void note_first(struct worker *w)
{
	w->tally.corrupt_early = w->tally.corrupt;
	if (!atomic_exchange(&w->run->began, true))
		eventfd_write(w->run->began_fd, 1);
}

/* A frame with the bytes that were sent: as what does it count? */
static uint64_t *kind_of(struct worker *w, enum frame_verdict verdict,
			 const struct frame_info *info, const struct wire_tag *tag)
{
	const struct run *run = w->run;

	/* Behind a wire nobody completes a checksum any more. */
	if (verdict == FRAME_BAD_SUM ||
	    (info->sums == FRAME_SUMS_PARTIAL && !run->ports[0].device.is_virtual))
		return &w->tally.bad_sums;
	if (run->opt->vlan && (!tag->present || tag->tci != run->opt->vlan_tci))
		return &w->tally.bad_tags;
	return &w->tally.good;
}

/* The first time that a number is seen; kind is where its frame is counted. */
static void note_new(struct worker *w, const struct frame_info *info, uint64_t *kind, uint64_t now)
{
	struct tally *t = &w->tally;

	if (!(t->good + t->bad_sums + t->bad_tags))
		note_first(w);
	++*kind;
	if (kind != &t->good)
		return;
	t->sums_right += info->sums == FRAME_SUMS_RIGHT;
	t->sums_partial += info->sums == FRAME_SUMS_PARTIAL;
	if (w->latency)
		histogram_add(w->latency, (now - info->time_ns) & FRAME_TIME_MASK);
	if (w->recent)
		histogram_add(&w->recent->own, (now - info->time_ns) & FRAME_TIME_MASK);
}

static void note_flow(struct worker *w, const struct frame_info *info, uint64_t *kind, uint64_t now)
{
	struct tally *t = &w->tally;

	switch (flow_note(&w->flows, info->run, info->stream, info->sequence)) {
	case FLOW_NEW:
		note_new(w, info, kind, now);
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
	struct wire_tag tag = {f->has_vlan, f->vlan_tci};
	struct tally *t = &w->tally;
	enum frame_verdict verdict;
	struct frame_info info;

	t->received++;
	t->received_bytes += f->len_bytes;
	verdict =
		wire_check(pool_at(&w->pools[0], id) + f->offset_bytes, f->len_bytes, &info, &tag);
	if (verdict == FRAME_FOREIGN)
		t->foreign++;
	else if (verdict == FRAME_CORRUPT)
		t->corrupt++;
	else if (whose == RECEIVE_OWN && info.run != w->run->id)
		t->foreign++;
	else
		note_flow(w, &info, kind_of(w, verdict, &info, &tag), now);
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
