// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "support/tcp_run.h"

struct tcp_run_config tcp_run_config_default(void)
{
	return (struct tcp_run_config){
		.ip_version = 4,
		.fill = TCP_FILL_PSEUDO,
		.layout = TCP_LAYOUT_PAGES,
		.total_bytes = 64 << 20,
		/* 182 packets of 1448: fewer than a veth queue (256) or a backlog (1000) has room for. */
		.window_bytes = 256 << 10,
		.buffer_bytes = 16 << 20,
		.sender_cpu = -1,
		.receiver_cpu = -1,
	};
}

static struct tcp_sender_config sender_config(const struct tcp_run_config *c,
					      const struct tcp_flow *flow,
					      const struct tcp_stream *stream)
{
	struct tcp_sender_config s = {
		.flow = flow,
		.stream = stream,
		.total_bytes = c->total_bytes,
		.packet_bytes = c->packet_bytes,
		.wire_bytes = c->wire_bytes,
		.window_bytes = c->window_bytes,
		.fill = c->fill,
		.by_place = c->by_place,
		.mixed_bytes = c->mixed_bytes,
		.spoil_every = c->spoil_every,
	};

	if (!c->is_segmented)
		s.packet_bytes = s.wire_bytes ? s.wire_bytes : tcp_sender_wire_bytes(flow);
	return s;
}

/* Return: false: the endpoint does not offer what the packets would ask for. */
static bool is_offered(struct tcp_frontend *f, const struct tcp_sender_config *s)
{
	struct net_endpoint_facts facts;
	uint32_t missing;

	net_endpoint_facts(f->ep, &facts);
	missing = tcp_sender_flags(s) & ~facts.tx_flags;
	if (!missing)
		return true;
	snprintf(f->why, sizeof(f->why), "the endpoint does not offer%s%s%s (flags 0x%x of 0x%x)",
		 missing & NET_TX_TCP_SEGMENTATION ? " TCP segmentation" : "",
		 missing & (NET_TX_TCP_CHECKSUM | NET_TX_IP_CHECKSUM) ? " checksums" : "",
		 missing & NET_TX_PARTIAL_CHECKSUM ? " checksums by place" : "", missing,
		 facts.tx_flags);
	return false;
}

static void take_counters(struct tcp_run_result *r, const struct tcp_counters *before)
{
	for (uint32_t c = 0; c < TCP_COUNTERS; c++)
		r->counters.value[c] -= before->value[c];
	r->counters.arrived -= before->arrived;
}

static bool received_all(const struct tcp_run_config *c, const struct tcp_receiver *receiver,
			 struct tcp_frontend *f)
{
	if (receiver->error)
		snprintf(f->why, sizeof(f->why), "the receiver: %s after %" PRIu64 " bytes",
			 strerror(receiver->error), receiver->received_bytes);
	else if (receiver->wrong_at != UINT64_MAX)
		snprintf(f->why, sizeof(f->why), "byte %" PRIu64 " is not what was sent",
			 receiver->wrong_at);
	else if (receiver->received_bytes != c->total_bytes)
		snprintf(f->why, sizeof(f->why), "%" PRIu64 " bytes came of %" PRIu64,
			 receiver->received_bytes, c->total_bytes);
	else
		return true;
	return false;
}

/* With the queue open. */
static bool transfer(const struct tcp_run_config *c, struct tcp_frontend *f,
		     const struct tcp_stream *stream, struct tcp_run_result *r)
{
	struct tcp_flow flow = tcp_network_flow(c->ip_version);
	struct tcp_sender_config s = sender_config(c, &flow, stream);
	struct tcp_receiver receiver = {
		.stream = stream, .buffer_bytes = c->buffer_bytes, .cpu = c->receiver_cpu};
	struct tcp_counters before;
	cpu_set_t cpus;
	bool ok;
	int rc;

	if (!is_offered(f, &s))
		return false;
	rc = tcp_receiver_start(&receiver, &flow);
	if (rc || !tcp_network_read(&before)) {
		snprintf(f->why, sizeof(f->why), "the receiver: %s",
			 rc ? strerror(-rc) : "a counter is missing");
		if (!rc)
			tcp_receiver_join(&receiver, true);
		return false;
	}
	sched_getaffinity(0, sizeof(cpus), &cpus);
	tcp_thread_pin(c->sender_cpu >= 0 ? c->sender_cpu : sched_getcpu());
	ok = tcp_sender_run(f, &s, &r->sender);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	tcp_receiver_join(&receiver, !ok);
	if (ok)
		ok = received_all(c, &receiver, f);
	r->receiver_user_ns = receiver.user_ns;
	r->receiver_system_ns = receiver.system_ns;
	tcp_network_read(&r->counters);
	take_counters(r, &before);
	net_xdp_queue_stats(f->queue, &r->xdp);
	net_xdp_queue_report(f->queue, &r->report);
	return ok;
}

static bool run_with(const struct tcp_run_config *c, struct tcp_frontend *f,
		     const struct tcp_stream *stream, struct tcp_run_result *r)
{
	bool ok;

	tcp_frontend_prepare(f, "v0");
	f->config.mode = NET_XDP_MODE_COPY;
	f->config.sealed = c->is_sealed;
	f->config.unaligned = !c->is_aligned;
	f->config.tx_segment_here = c->segment_here;
	if (c->is_software)
		f->config.tx_checksum = NET_XDP_TX_CHECKSUM_SOFTWARE;
	if (!tcp_frontend_open(f, stream))
		return false;
	ok = transfer(c, f, stream, r);
	r->header_asks = f->header_asks;
	r->other_asks = f->other_asks;
	return tcp_frontend_close(f) && ok;
}

bool tcp_run(const struct tcp_run_config *c, struct tcp_run_result *r)
{
	struct tcp_stream stream;
	struct tcp_frontend f;
	bool ok;

	*r = (struct tcp_run_result){0};
	if (!tcp_stream_open(&stream, c->layout)) {
		snprintf(r->why, sizeof(r->why), "no memory");
		return false;
	}
	ok = run_with(c, &f, &stream, r);
	if (!ok)
		memcpy(r->why, f.why, sizeof(r->why));
	tcp_stream_close(&stream);
	return ok;
}

/* ---- Faults ------------------------------------------------------------------------------------------ */

struct text {
	char *at;
	size_t left;
};

static void add(struct text *t, const char *what, uint64_t value)
{
	int n;

	if (!value)
		return;
	n = snprintf(t->at, t->left, "%s %" PRIu64 "; ", what, value);
	n = (size_t)n < t->left ? n : (int)t->left - 1;
	t->at += n;
	t->left -= (size_t)n;
}

static void add_transport(struct text *t, const struct tcp_sender_stats *s,
			  const struct tcp_counters *k)
{
	const uint64_t segments = k->value[TCP_IN_SEGMENTS];

	add(t, "stalls", s->stalls);
	/* What was not acknowledged in time is sent again, and the receiver has it twice: nobody's fault. */
	if (!s->timeouts) {
		add(t, "retransmitted", s->retransmitted);
		add(t, "fast retransmits", s->fast_retransmits);
	}
	if (k->arrived != s->arriving) {
		add(t, "on the way to v1", s->arriving);
		add(t, "at v1", k->arrived);
	}
	/* The last acknowledgment may still be on its way from v1 to its TCP. */
	if (segments > k->arrived || segments + 1 < k->arrived) {
		add(t, "at v1", k->arrived);
		add(t, "at its TCP", segments);
	}
	for (uint32_t c = 0; c < TCP_COUNTERS; c++)
		if (tcp_counter_is_fault(c))
			add(t, tcp_counter_name(c), k->value[c]);
}

const char *tcp_run_faults(const struct tcp_run_result *r, char *out, size_t size)
{
	struct text t = {out, size};

	out[0] = '\0';
	add_transport(&t, &r->sender, &r->counters);
	for (uint32_t c = 0; c < NET_XDP_COUNTERS; c++) {
		struct net_xdp_counter_info info;

		if (!net_xdp_counter_info(c, &info) && info.value_class == NET_CLASS_TX_LOST)
			add(&t, info.name, r->xdp.value[c]);
	}
	return out;
}
