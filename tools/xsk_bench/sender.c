/* SPDX-License-Identifier: BSD-2-Clause */
#include "sender.h"

#include <stdlib.h>
#include <string.h>

static struct pace pace_of(const struct worker *w, uint64_t start_ns)
{
	return (struct pace){start_ns, worker_share(w, w->run->opt->rate)};
}

/* Whole seconds and the rest apart: exact, and no product leaves 64 bits. */
static uint64_t pace_due(const struct pace *p, uint64_t now)
{
	uint64_t passed = now - p->start_ns;

	if (!p->rate)
		return UINT64_MAX;
	return passed / 1000000000u * p->rate + passed % 1000000000u * p->rate / 1000000000u + 1;
}

static uint64_t pace_time(const struct pace *p, uint64_t frame)
{
	if (!p->rate)
		return p->start_ns;
	return p->start_ns + frame / p->rate * 1000000000u +
	       (frame % p->rate * 1000000000u + p->rate - 1) / p->rate;
}

/* Everything in the send buffers that stays as it is. */
static void prepare(struct worker *w, struct sender *s)
{
	const struct options *opt = w->run->opt;
	struct pool *p = &w->pools[0];
	struct frame_flow flow = {
		.ip_src = opt->ip_src,
		.ip_dst = opt->ip_dst,
		.run = w->run->id,
		.stream = w->stream,
	};

	memcpy(flow.dst_mac, opt->dst_mac, sizeof(flow.dst_mac));
	memcpy(flow.src_mac, w->run->ports[0].device.mac, sizeof(flow.src_mac));
	for (uint32_t i = 0; i < p->shape.tx_count; i++)
		s->sums[i] =
			frame_prepare(&flow, i, pool_at(p, p->shape.rx_count + i), s->len_bytes);
}

struct sender *sender_new(struct worker *w, enum sender_time time)
{
	const struct options *opt = w->run->opt;
	struct sender *s;

	s = calloc(1, sizeof(*s) + w->pools[0].shape.tx_count * sizeof(s->sums[0]));
	if (!s)
		return NULL;
	s->time = time;
	s->len_bytes = opt->frame_bytes ? opt->frame_bytes : FRAME_MIN_BYTES;
	s->limit = opt->count ? worker_share(w, opt->count) : UINT64_MAX;
	prepare(w, s);
	s->pace = pace_of(w, now_ns());
	w->tally.first_ns = s->pace.start_ns;
	return s;
}

uint64_t sender_due(const struct sender *s, uint64_t now)
{
	uint64_t due = pace_due(&s->pace, now);

	return due < s->limit ? due : s->limit;
}

uint64_t sender_deadline(const struct worker *w, const struct sender *s)
{
	if (s->box.count || !w->pools[0].free_count || s->sequence >= s->limit)
		return WORKER_NEVER;
	return pace_time(&s->pace, s->sequence);
}

void sender_build(struct worker *w, struct sender *s, uint64_t now)
{
	struct pool *p = &w->pools[0];
	uint64_t due = sender_due(s, now);

	while (s->box.count < w->run->opt->batch && p->free_count && s->sequence < due) {
		uint32_t i = s->box.count++;
		uint32_t id = p->ids[--p->free_count];
		uint64_t time = s->time == SENDER_SCHEDULE ? pace_time(&s->pace, s->sequence) : now;

		frame_stamp(pool_at(p, id), s->sums[id - p->shape.rx_count], s->sequence++, time);
		s->box.metadata[i] = (struct net_tx_metadata){
			.id = id,
			.len_bytes = s->len_bytes,
			.segment_count = 1,
		};
		s->box.segments[i] = (struct net_tx_segment){
			.addr = pool_addr(p, id),
			.len_bytes = s->len_bytes,
			.head = &s->box.metadata[i],
		};
	}
}

uint32_t sender_send(struct worker *w, struct sender *s)
{
	struct outbox *box = &s->box;
	struct pool *p = &w->pools[0];
	bool sync = false;
	uint32_t n;

	if (!box->count)
		return 0;
	n = net_queue_tx_avail(w->q[0], &p->access, box->segments, box->count, &sync);
	for (uint32_t i = 0; i < n; i++) {
		w->tally.generated_bytes += box->metadata[i].len_bytes;
		if (sync)
			p->ids[p->free_count++] = box->metadata[i].id;
	}
	w->tally.generated += n;
	if (sync)
		w->tally.completed += n;
	box->count -= n;
	for (uint32_t i = 0; n && i < box->count; i++) {
		box->metadata[i] = box->metadata[n + i];
		box->segments[i] = box->segments[n + i];
		box->segments[i].head = &box->metadata[i];
	}
	return n;
}

int sender_reap(struct worker *w)
{
	struct pool *p = &w->pools[0];
	int n = net_queue_tx_poll(w->q[0], &p->access, p->ids + p->free_count,
				  p->shape.tx_count - p->free_count);

	if (n < 0)
		return worker_tx_error(w, n, 0);
	p->free_count += (uint32_t)n;
	w->tally.completed += (uint32_t)n;
	return n;
}

int sender_drain(struct worker *w)
{
	uint64_t end = now_ns() + DRAIN_NS;
	struct tally *t = &w->tally;

	while (t->generated != t->completed && now_ns() < end) {
		int n = sender_reap(w);

		if (n < 0)
			return n;
		if (n)
			t->last_ns = now_ns();
		else
			worker_wait(w, end);
	}
	return 0;
}
