/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of --verbose. */
#include "report.h"

#include "common/wrap.h"
#include "say.h"

#define U(value)       ((unsigned long long)(value))
#define MEANING_COLUMN 43

static void row(FILE *out, int indent, const char *name, const char *value, const char *meaning)
{
	fprintf(out, "%*s%-*s %14s%s", indent, "", 26 - indent, name, value, *meaning ? "  " : "");
	wrap_text(out, MEANING_COLUMN, MEANING_COLUMN, meaning);
}

static void number(FILE *out, int indent, const char *name, uint64_t value, const char *meaning)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", U(value));
	row(out, indent, name, text, meaning);
}

static void line(FILE *out, const char *name, uint64_t value, const char *meaning)
{
	number(out, 2, name, value, meaning);
}

static void balance(FILE *out, const struct account *a, const struct balance *b)
{
	line(out, b->name, b->whole, b->meaning);
	for (uint32_t i = 0; i < b->part_count; i++)
		number(out, 4, b->parts[i].name, b->parts[i].value, b->parts[i].meaning);
	if (b->exact && !b->unexplained && !b->excess) {
		if (a->judged)
			row(out, 4, "= adds up", "", "these are all of them");
		return;
	}
	if (!b->exact && !b->whole && !b->excess)
		return;
	number(out, 4, "explained", b->explained, "");
	number(out, 4, "unexplained", b->unexplained, b->unexplained ? b->rest : "");
	if (b->excess)
		number(out, 4, "beyond", b->excess,
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

/* Of frames whose sender left them to the backend. */
static void sums(FILE *out, const struct account *a)
{
	const struct tally *t = &a->tally;

	if (t->sums_right || t->sums_partial || t->bad_sums) {
		line(out, "checksums right", t->sums_right,
		     "of the good: IPv4, and TCP or UDP, filled in by the backend");
		line(out, "checksums partial", t->sums_partial,
		     "the same, with the pseudo-header's sum in the TCP or UDP field: on a veth "
		     "nobody completes it");
	}
}

static void latency(FILE *out, const struct account *a)
{
	const struct histogram *h = &a->latency;

	if (!h->count) {
		fprintf(out, "  no answers: does the peer run xsk-bench fwd?\n");
		return;
	}
	wrap_paragraph(out, 2, "round trip from the time the schedule says, us (%llu answers)",
		       U(h->count));
	wrap_paragraph(
		out, 4,
		"min %.1f   p50 %.1f   p90 %.1f   p99 %.1f   p99.9 %.1f   max %.1f   mean %.1f",
		(double)h->min_ns / 1e3, (double)histogram_percentile(h, 500) / 1e3,
		(double)histogram_percentile(h, 900) / 1e3,
		(double)histogram_percentile(h, 990) / 1e3,
		(double)histogram_percentile(h, 999) / 1e3, (double)h->max_ns / 1e3,
		(double)h->sum_ns / (double)h->count / 1e3);
	if (a->tally.behind)
		line(out, "behind", a->tally.behind,
		     "frames that were due for over 1 ms at the end, and not sent");
}

/* How many went without a copy of ours, and how many with one. */
static void copies(FILE *out, const char *name, uint64_t direct, uint64_t bounced)
{
	char meaning[80];

	if (!(direct + bounced))
		return;
	snprintf(meaning, sizeof(meaning), "%.1f %%, bounced %llu",
		 100.0 * (double)direct / (double)(direct + bounced), U(bounced));
	line(out, name, direct, meaning);
}

static void costs(FILE *out, const struct account *a)
{
	char value[24] = "-", meaning[120];
	bool enough = a->frames >= ACCOUNT_ENOUGH;

	if (enough)
		snprintf(value, sizeof(value), "%.4f", a->syscalls_per_frame);
	snprintf(meaning, sizeof(meaning),
		 "per frame: %llu by the data calls, %llu looks before %llu sleeps",
		 U(account_counter(a, NET_XDP_KICKS)), U(account_counter(a, NET_XDP_LOOKS)),
		 U(a->tally.sleeps));
	row(out, 2, "system calls", value, meaning);
	if (enough)
		snprintf(value, sizeof(value), "%.0f", a->cpu_ns_per_frame);
	row(out, 2, "processor ns", value, "per frame, the queues' threads with their kernel time");
	copies(out, "received direct", account_counter(a, NET_XDP_RX_DIRECT),
	       account_counter(a, NET_XDP_RX_BOUNCED));
	copies(out, "sent direct", account_counter(a, NET_XDP_TX_DIRECT),
	       account_counter(a, NET_XDP_TX_BOUNCED));
	if (account_counter(a, NET_XDP_TX_SPLIT))
		line(out, "sent split", account_counter(a, NET_XDP_TX_SPLIT),
		     "headers written by the library, payload from where it lay");
	if (account_counter(a, NET_XDP_TX_WHOLE))
		line(out, "packets sent whole", account_counter(a, NET_XDP_TX_WHOLE),
		     "taken by the kernel uncut");
	if (a->tally.refused)
		line(out, "receive ids refused", a->tally.refused, "see the counters rx_refused_*");
}

/* Those of the XDP program are in the account of what arrived. */
static void counters(FILE *out, const struct account *a)
{
	fprintf(out, "counters that are not 0, all queues\n");
	for (uint32_t i = 0; i < a->counter_count; i++)
		if (a->counters[i].sum)
			line(out, a->counters[i].field->name, a->counters[i].sum,
			     a->counters[i].field->meaning);
	if (!a->program_known)
		row(out, 2, "program", "unknown", "the XDP program's counters cannot be read");
}

void report_table(FILE *out, const struct run *run, const struct account *a)
{
	const struct options *opt = run->opt;
	bool two = run->port_count > 1;
	char text[24], meaning[80];

	wrap_paragraph(out, 0, "xsk-bench %s on %s%s%s, %u queue%s", options_mode_name(opt->mode),
		       port_name(&run->ports[0]), two ? " to " : "",
		       two ? port_name(&run->ports[1]) : "", run->worker_count,
		       run->worker_count == 1 ? "" : "s");
	for (uint32_t k = 0; k < run->port_count; k++)
		told_print(out, 0, &run->ports[k].told);
	row(out, 2, "memory", say_bytes(run->memory.size_bytes).text,
	    run->memory.huge ? "in pages of 2 MiB" : "in pages of 4 KiB");
	line(out, "frames", a->frames, options_send(opt) ? "sent" : "received");
	if (a->pieces > 1) {
		snprintf(meaning, sizeof(meaning), "of %u bytes, each cut into %u frames; %.0f pps",
			 run->packet.len_bytes, a->pieces, a->pps / a->pieces);
		line(out, "packets", a->frames / a->pieces, meaning);
	}
	row(out, 2, "bytes", say_bytes(a->bytes).text, "of these, without FCS");
	snprintf(text, sizeof(text), "%.0f", a->pps);
	snprintf(meaning, sizeof(meaning), "pps, %.1f Mbit/s, %.1f with framing, over %.2f s",
		 a->mbps, a->mbps_l1, a->seconds);
	row(out, 2, "rate", text, meaning);
	for (uint32_t i = 0; i < a->balance_count; i++)
		balance(out, a, &a->balances[i]);
	sequences(out, a);
	sums(out, a);
	if (opt->mode == BENCH_LATENCY)
		latency(out, a);
	costs(out, a);
	counters(out, a);
}
