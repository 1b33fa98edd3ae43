/* SPDX-License-Identifier: BSD-2-Clause */
#include "sender.h"

#include <stdlib.h>
#include <string.h>

#include "offload.h"

/* A packet that is cut lies as a guest has it: its headers, then pages. */
#define PAYLOAD_SEGMENT_BYTES 4096

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

/* Flow i of the thread. A device may spread by addresses alone (ethtool -n IF rx-flow-hash udp4): these differ, too,
 * and in the third byte, which meets neither destination nor broadcast. */
static struct frame_flow flow_of(const struct worker *w, uint32_t i)
{
	const struct options *opt = w->run->opt;
	/* Of two that begin together neither has the other's MAC as an option. */
	const uint8_t *dst_mac = opt->mode == BENCH_PAIR ? w->run->clock->dst_mac : opt->dst_mac;
	struct frame_flow flow = {
		.ip_src = opt->ip_src + (i << 8),
		.ip_dst = opt->ip_dst,
		.run = w->run->id,
		.stream = (uint16_t)(w->stream * opt->flows + i),
		.ipv6 = opt->ipv6,
	};

	memcpy(flow.dst_mac, dst_mac, sizeof(flow.dst_mac));
	memcpy(flow.src_mac, w->run->ports[0].device.mac, sizeof(flow.src_mac));
	return flow;
}

/* Everything in the send buffers that stays as it is. */
static void prepare(struct worker *w, struct sender *s)
{
	struct pool *p = &w->pools[0];
	struct frame_flow flow = flow_of(w, 0);

	for (uint32_t i = 0; s->heads && i < s->flow_count; i++) {
		struct frame_flow each = flow_of(w, i);

		s->heads[i] = frame_head_of(&each, s->shape.len_bytes);
	}
	for (uint32_t i = 0; i < p->shape.tx_count; i++) {
		uint8_t *at = pool_at(p, p->shape.rx_count + i);
		uint64_t *sums = s->sums + (size_t)i * s->shape.pieces;

		if (s->shape.protocol)
			packet_prepare(&flow, &s->shape, i, at, sums);
		else if (s->heads)
			*sums = frame_prepare_headless(&flow, i, at, s->shape.len_bytes);
		else
			*sums = frame_prepare(&flow, i, at, s->shape.len_bytes);
	}
}

/* How each packet is handed over. */
static void plan(struct worker *w, struct sender *s)
{
	const struct options *opt = w->run->opt;
	uint32_t rest;

	s->shape = w->run->packet;
	s->request = offload_request(opt, &s->shape);
	s->wire_bytes = offload_all_bytes(opt, &s->shape);
	s->first_bytes = opt->segment_bytes ? s->shape.header_bytes : s->shape.len_bytes;
	rest = s->shape.len_bytes - s->first_bytes;
	s->request.segment_count =
		(uint16_t)(1 + (rest + PAYLOAD_SEGMENT_BYTES - 1) / PAYLOAD_SEGMENT_BYTES);
}

struct sender *sender_new(struct worker *w, enum sender_time time)
{
	const struct options *opt = w->run->opt;
	struct sender *s = calloc(1, sizeof(*s));
	struct outbox *box;

	if (!s)
		return NULL;
	s->time = time;
	s->limit = opt->count ? worker_share(w, opt->count) : UINT64_MAX;
	plan(w, s);
	box = &s->box;
	box->segments =
		calloc((size_t)opt->batch * s->request.segment_count, sizeof(*box->segments));
	box->metadata = calloc(opt->batch, sizeof(*box->metadata));
	s->sums = calloc((size_t)w->pools[0].shape.tx_count * s->shape.pieces, sizeof(*s->sums));
	s->flow_count = opt->flows;
	if (opt->flows > 1 || opt->ipv6)
		s->heads = calloc(opt->flows, sizeof(*s->heads));
	if (!box->segments || !box->metadata || !s->sums ||
	    (!s->heads && (opt->flows > 1 || opt->ipv6))) {
		sender_free(s);
		return NULL;
	}
	prepare(w, s);
	s->pace = pace_of(w, now_ns());
	w->tally.first_ns = s->pace.start_ns;
	return s;
}

void sender_free(struct sender *s)
{
	if (!s)
		return;
	free(s->box.segments);
	free(s->box.metadata);
	free(s->sums);
	free(s->heads);
	free(s);
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

static void add_segments(struct sender *s, const struct net_tx_metadata *head, uint64_t addr)
{
	struct net_tx_segment *out = s->box.segments + s->box.segment_count;
	uint32_t n = s->first_bytes, left = s->shape.len_bytes;

	for (uint32_t i = 0; i < head->segment_count; i++) {
		out[i] = (struct net_tx_segment){
			.addr = addr,
			.len_bytes = n,
			.head = i ? NULL : head,
		};
		addr += n;
		left -= n;
		n = left < PAYLOAD_SEGMENT_BYTES ? left : PAYLOAD_SEGMENT_BYTES;
	}
	s->box.segment_count += head->segment_count;
}

/* The flows take turns, and each has numbers of its own: on the way they may overtake each other. */
static void stamp_head(struct sender *s, uint8_t *frame, uint64_t sums, uint64_t time)
{
	uint64_t turn = s->sequence++;

	frame_stamp_head(&s->heads[turn % s->flow_count], frame, sums, turn / s->flow_count, time);
}

void sender_build(struct worker *w, struct sender *s, uint64_t now)
{
	struct pool *p = &w->pools[0];
	uint64_t due = sender_due(s, now);

	while (s->box.count < w->run->opt->batch && p->free_count && s->sequence < due) {
		struct net_tx_metadata *head = &s->box.metadata[s->box.count++];
		uint32_t id = p->ids[--p->free_count];
		uint64_t *sums = s->sums + (size_t)(id - p->shape.rx_count) * s->shape.pieces;
		uint64_t time = s->time == SENDER_SCHEDULE ? pace_time(&s->pace, s->sequence) : now;

		if (s->heads)
			stamp_head(s, pool_at(p, id), *sums, time);
		else if (s->shape.protocol)
			packet_stamp(&s->shape, pool_at(p, id), sums, s->sequence++, time);
		else
			frame_stamp(pool_at(p, id), *sums, s->sequence++, time);
		*head = s->request;
		head->id = id;
		add_segments(s, head, pool_addr(p, id));
	}
}

uint32_t sender_send(struct worker *w, struct sender *s)
{
	struct outbox *box = &s->box;
	struct pool *p = &w->pools[0];
	bool sync = false;
	uint32_t n;
	int rc;

	if (!box->count)
		return 0;
	rc = net_queue_tx_avail(w->q[0], &p->access, box->segments, box->segment_count, &sync);
	if (rc <= 0) /* tx_poll tells an error, too */
		return 0;
	n = (uint32_t)rc / s->request.segment_count;
	for (uint32_t i = 0; sync && i < n; i++)
		p->ids[p->free_count++] = box->metadata[i].id;
	w->tally.generated_bytes += n * s->wire_bytes;
	w->tally.generated += n;
	if (sync)
		w->tally.completed += n;
	box->count -= n;
	box->segment_count =
		net_tx_keep(box->segments, box->segment_count, box->metadata, (uint32_t)rc);
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
