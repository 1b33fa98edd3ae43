/* SPDX-License-Identifier: BSD-2-Clause */
/* The table. */
#include "report.h"

#define U(value) ((unsigned long long)(value))

static void line(FILE *out, const char *name, uint64_t value, const char *meaning)
{
	fprintf(out, "  %-24s %14llu  %s\n", name, U(value), meaning);
}

static void rungs(FILE *out, const struct net_xdp_report *r)
{
	for (uint32_t i = 0; i < r->rung_count && i < NET_XDP_RUNGS; i++)
		fprintf(out, "    %s: %s%s\n", r->rungs[i].asked, r->rungs[i].error ? "" : "yes; ",
			r->rungs[i].sentence);
}

static void queue_modes(FILE *out, const struct port *port)
{
	for (uint32_t i = 0; i < port->queue_count; i++) {
		const struct net_xdp_report *r = &port->queues[i].report;

		fprintf(out,
			"%s queue %u (%s): zero copy %s (XDP_OPTIONS), %s XDP%s, %u-byte %s "
			"chunks%s%s\n",
			port->ifname, r->hardware_queue,
			r->driver[0] ? r->driver : "driver unknown", r->zero_copy ? "yes" : "no",
			r->native ? "native" : "generic",
			r->dispatcher ? " behind the dispatcher" : "", r->chunk_bytes,
			r->unaligned ? "unaligned" : "aligned",
			r->multi_buffer ? ", multi-buffer" : "", r->sealed ? ", sealed" : "");
		if (r->vlan_state[0])
			fprintf(out, "    %s\n", r->vlan_state);
		if (r->napi_state[0])
			fprintf(out, "    deferral: %s\n", r->napi_state);
		if (r->target_cpu >= 0)
			fprintf(out, "    target CPU %d: %s\n", r->target_cpu, r->target_state);
		rungs(out, r);
	}
}

static void balance(FILE *out, const struct balance *b)
{
	line(out, b->name, b->whole, b->meaning);
	for (uint32_t i = 0; i < b->part_count; i++)
		fprintf(out, "    %-22s %14llu  %s\n", b->parts[i].name, U(b->parts[i].value),
			b->parts[i].meaning);
	if (b->exact && !b->unexplained && !b->excess) {
		fprintf(out, "    %-22s %14s  these are all of them\n", "= adds up", "");
		return;
	}
	if (!b->exact && !b->whole && !b->excess)
		return;
	fprintf(out, "    %-22s %14llu\n", "explained", U(b->explained));
	fprintf(out, "    %-22s %14llu  %s\n", "unexplained", U(b->unexplained),
		b->unexplained ? b->rest : "");
	if (b->excess)
		fprintf(out, "    %-22s %14llu  %s\n", "beyond", U(b->excess),
			b->exact ? "counted twice"
				 : "of these causes: frames before the first, after the last, or "
				   "not ours");
}

static void sequences(FILE *out, const struct account *a)
{
	if (!a->flows.flows)
		return;
	line(out, "senders", a->flows.flows, "streams with their own sequence numbers");
	line(out, "reordered", a->flows.reordered, "of the good: behind a higher number");
	if (a->flows.first)
		line(out, "first number", a->flows.first, "those before it are not counted");
}

static void latency(FILE *out, const struct account *a)
{
	const struct histogram *h = &a->latency;

	if (!h->count) {
		fprintf(out, "  no answers: does the peer run xsk-bench fwd?\n");
		return;
	}
	fprintf(out,
		"  round trip from the time the schedule says, us (%llu answers)\n"
		"    min %.1f   p50 %.1f   p90 %.1f   p99 %.1f   p99.9 %.1f   max %.1f   mean "
		"%.1f\n",
		U(h->count), (double)h->min_ns / 1e3, (double)histogram_percentile(h, 500) / 1e3,
		(double)histogram_percentile(h, 900) / 1e3,
		(double)histogram_percentile(h, 990) / 1e3,
		(double)histogram_percentile(h, 999) / 1e3, (double)h->max_ns / 1e3,
		(double)h->sum_ns / (double)h->count / 1e3);
	if (a->tally.behind)
		line(out, "behind", a->tally.behind,
		     "frames that were due for over 1 ms at the end, and not sent");
}

static double share(uint64_t part, uint64_t rest)
{
	return part + rest ? 100.0 * (double)part / (double)(part + rest) : 0;
}

static void costs(FILE *out, const struct account *a)
{
	const uint64_t *v = a->stats.value;

	fprintf(out,
		"  %-24s %14.4f  per frame: %llu by the data calls, %llu looks before %llu "
		"sleeps\n",
		"system calls", a->syscalls_per_frame, U(v[NET_XDP_KICKS]), U(v[NET_XDP_LOOKS]),
		U(a->tally.sleeps));
	fprintf(out, "  %-24s %14.0f  per frame, the queues' threads with their kernel time\n",
		"processor ns", a->cpu_ns_per_frame);
	if (v[NET_XDP_RX_DIRECT] + v[NET_XDP_RX_BOUNCED])
		fprintf(out, "  %-24s %14llu  %.1f %%, bounced %llu\n", "received direct",
			U(v[NET_XDP_RX_DIRECT]), share(v[NET_XDP_RX_DIRECT], v[NET_XDP_RX_BOUNCED]),
			U(v[NET_XDP_RX_BOUNCED]));
	if (v[NET_XDP_TX_DIRECT] + v[NET_XDP_TX_BOUNCED])
		fprintf(out, "  %-24s %14llu  %.1f %%, bounced %llu\n", "sent direct",
			U(v[NET_XDP_TX_DIRECT]), share(v[NET_XDP_TX_DIRECT], v[NET_XDP_TX_BOUNCED]),
			U(v[NET_XDP_TX_BOUNCED]));
	if (a->tally.refused)
		line(out, "receive ids refused", a->tally.refused, "see the counters rx_refused_*");
}

static void counters(FILE *out, const struct account *a)
{
	fprintf(out, "counters that are not 0, all queues\n");
	for (uint32_t i = 0; i < NET_XDP_COUNTERS; i++)
		if (a->stats.value[i])
			line(out, net_xdp_counter_name((enum net_xdp_counter)i), a->stats.value[i],
			     net_xdp_counter_meaning((enum net_xdp_counter)i));
	if (a->program.redirected)
		line(out, "program redirected", a->program.redirected, "XDP program: to a socket");
	if (a->program.passed)
		line(out, "program passed", a->program.passed,
		     "XDP program: to the host, no socket");
	if (a->program.dropped_too_long)
		line(out, "program dropped_too_long", a->program.dropped_too_long,
		     "XDP program: over the largest frame");
}

void report_table(FILE *out, const struct run *run, const struct account *a)
{
	const struct options *opt = run->opt;

	fprintf(out, "\nxsk-bench %s on %s%s%s, %u queue%s\n", options_mode_name(opt->mode),
		opt->ifname, opt->to_ifname ? " to " : "", opt->to_ifname ? opt->to_ifname : "",
		run->worker_count, run->worker_count == 1 ? "" : "s");
	for (uint32_t k = 0; k < run->port_count; k++)
		queue_modes(out, &run->ports[k]);
	line(out, "memory", run->memory.size_bytes,
	     run->memory.huge ? "bytes, in pages of 2 MiB" : "bytes, in pages of 4 KiB");
	line(out, "frames", a->frames, "");
	line(out, "bytes", a->bytes, "without FCS");
	fprintf(out, "  %-24s %14.0f  pps, %.1f Mbit/s over %.2f s from the first to the last\n",
		"rate", a->pps, a->mbps, a->seconds);
	for (uint32_t i = 0; i < a->balance_count; i++)
		balance(out, &a->balances[i]);
	sequences(out, a);
	if (opt->mode == BENCH_LATENCY)
		latency(out, a);
	costs(out, a);
	counters(out, a);
}
