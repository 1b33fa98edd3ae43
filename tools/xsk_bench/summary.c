/* SPDX-License-Identifier: BSD-2-Clause */
/* The six lines, each within 80 columns: what ran, how fast, what came or went, what was lost, the
 * cost or the round trip, and whether all frames are accounted for. */
#include <stdarg.h>
#include <string.h>

#include "common/escape.h"
#include "common/wrap.h"
#include "report.h"
#include "say.h"

#define U(value) ((unsigned long long)(value))
#define MORE	 "; see --verbose"

/* A line that is being written. Where it gets too long it ends with the last piece that leaves room to
 * say where the rest is. */
struct line {
	char text[WRAP_COLUMNS + 1];
	size_t used;
	size_t short_used; /* the pieces up to here leave room for MORE */
	bool full;
};

static void add(struct line *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct line *l, const char *format, ...)
{
	size_t room = sizeof(l->text) - l->used;
	va_list args;
	int n;

	if (l->full)
		return;
	va_start(args, format);
	n = vsnprintf(l->text + l->used, room, format, args);
	va_end(args);
	l->full = n < 0 || (size_t)n >= room;
	if (l->full) {
		snprintf(l->text + l->short_used, sizeof(l->text) - l->short_used, "%s", MORE);
		return;
	}
	l->used += (size_t)n;
	if (l->used + sizeof(MORE) <= sizeof(l->text))
		l->short_used = l->used;
}

static void put(FILE *out, const struct line *l)
{
	fprintf(out, "%s\n", l->text);
}

/* ", zero copy", ", copy mode", or on how many of the queues. */
static void add_share(struct line *l, uint32_t with, uint32_t queues, const char *all,
		      const char *none)
{
	if (with == queues)
		add(l, ", %s", all);
	else if (!with)
		add(l, ", %s", none);
	else
		add(l, ", %s on %u of %u", all, with, queues);
}

static void add_name(struct line *l, const char *between, const struct port *port)
{
	char plain[4 * sizeof(port->device.ifname)];

	add(l, "%s%s", between, escape_plain(plain, sizeof(plain), port_name(port)));
}

static void add_what(struct line *l, const struct run *run)
{
	uint32_t queues = 0, zero_copy = 0, native = 0;

	for (uint32_t k = 0; k < run->port_count; k++) {
		const struct told *told = &run->ports[k].told;

		for (uint32_t i = 0; i < told->queue_count; i++, queues++) {
			zero_copy += walk_flag(&told->queues[i], "", "zero_copy");
			native += walk_flag(&told->endpoint, "program", "native");
		}
	}
	for (uint32_t k = 0; k < run->port_count; k++)
		add_name(l, k ? " to " : " on ", &run->ports[k]);
	add(l, ": %u queue%s", run->worker_count, run->worker_count == 1 ? "" : "s");
	add_share(l, zero_copy, queues, "zero copy", "copy mode");
	add_share(l, native, queues, "native XDP", "generic XDP");
}

static void put_what(FILE *out, const struct run *run)
{
	struct line l = {0};

	add(&l, "xsk-bench %s", options_mode_name(run->opt->mode));
	add_what(&l, run);
	put(out, &l);
}

void report_running(const struct run *run)
{
	struct line l = {0};

	add(&l, "%s is running", options_mode_name(run->opt->mode));
	add_what(&l, run);
	say("%s", l.text);
}

static void put_rate(FILE *out, const struct account *a)
{
	struct line l = {0};

	if (a->seconds > 0) {
		add(&l, "  rate        %s", say_rate(a->pps).text);
		if (a->pieces > 1)
			add(&l, " (packets %s)", say_rate(a->pps / a->pieces).text);
		add(&l, ", %.1f Mbit/s", a->mbps);
		add(&l, " (L1 %.1f)", a->mbps_l1);
		add(&l, " over %.2f s", a->seconds);
	} else {
		add(&l, "  rate        not rated: %llu frame%s", U(a->frames),
		    a->frames == 1 ? "" : "s");
	}
	put(out, &l);
}

static void put_frames(FILE *out, const struct run *run, const struct account *a)
{
	const struct tally *t = &a->tally;
	struct line l = {0};

	switch (run->opt->mode) {
	case BENCH_TX:
		add(&l, "  sent        %llu of %llu frames, %s", U(a->frames), U(a->generated),
		    say_bytes(a->bytes).text);
		if (a->pieces > 1)
			add(&l, " (%llu packets of %u bytes)", U(a->frames / a->pieces),
			    run->packet.len_bytes);
		break;
	case BENCH_FWD:
		add(&l, "  forwarded   %llu of %llu frames, %s", U(account_sent(a)), U(t->received),
		    say_bytes(a->bytes).text);
		break;
	case BENCH_LATENCY:
		add(&l, "  answered    %llu of %llu frames, %llu corrupt, %llu twice",
		    U(a->flows.unique), U(t->generated), U(t->corrupt), U(a->flows.duplicates));
		break;
	default:
		add(&l, "  received    %llu frames, %s", U(t->received), say_bytes(a->bytes).text);
		add(&l, ": %llu corrupt, %llu twice", U(t->corrupt), U(a->flows.duplicates));
		if (a->flows.reordered)
			add(&l, ", %llu reordered", U(a->flows.reordered));
		if (t->foreign)
			add(&l, ", %llu foreign", U(t->foreign));
	}
	put(out, &l);
}

/* What the sender left to its backend: there is such a line only where it did, or where that was looked for. */
static void put_checked(FILE *out, const struct run *run, const struct account *a)
{
	const struct tally *t = &a->tally;
	struct line l = {0};

	if (!t->sums_right && !t->sums_partial && !t->bad_sums && !run->opt->vlan)
		return;
	add(&l, "  checked     checksums: %llu right, %llu wrong", U(t->sums_right),
	    U(t->bad_sums));
	if (t->sums_partial)
		add(&l, ", %llu partial", U(t->sums_partial));
	if (run->opt->vlan)
		add(&l, "; tags: %llu wrong", U(t->bad_tags));
	put(out, &l);
}

/* Parts of a balance that are losses: all but the first, which came through. */
static void add_losses(struct line *l, const struct balance *b, uint32_t first,
		       const char **between)
{
	for (uint32_t i = first; i < b->part_count; i++) {
		if (!b->parts[i].value ||
		    !strncmp(b->parts[i].name, "program_kept", strlen("program_kept")))
			continue;
		add(l, "%s%s %llu", *between, b->parts[i].name, U(b->parts[i].value));
		*between = ", ";
	}
}

static void put_lost(FILE *out, const struct run *run, const struct account *a)
{
	const char *between = "";
	struct line l = {0};

	add(&l, "  lost        ");
	for (uint32_t i = 0; i < a->balance_count; i++) {
		const struct balance *b = &a->balances[i];

		if (!b->exact && b->whole && strcmp(b->name, "arrived")) {
			add(&l, "%s%llu %s", between, U(b->whole), b->name);
			if (b->unexplained)
				add(&l, " (%llu %s)", U(b->unexplained),
				    run->opt->mode == BENCH_LATENCY ? "at the peer or on the way"
								    : "before this interface");
			between = ": ";
		}
	}
	if (run->opt->mode != BENCH_RX)
		add_losses(&l, &a->balances[0], 1, &between);
	for (uint32_t i = 0; i < a->balance_count; i++)
		if (!strcmp(a->balances[i].name, "arrived"))
			add_losses(&l, &a->balances[i], 1, &between);
	if (!*between)
		add(&l, "nothing");
	put(out, &l);
}

static void put_round_trip(FILE *out, const struct account *a)
{
	const struct histogram *h = &a->latency;
	struct line l = {0};

	add(&l, "  round trip  ");
	if (h->count)
		add(&l, "us: p50 %.1f, p90 %.1f, p99 %.1f, p99.9 %.1f, max %.1f",
		    (double)histogram_percentile(h, 500) / 1e3,
		    (double)histogram_percentile(h, 900) / 1e3,
		    (double)histogram_percentile(h, 990) / 1e3,
		    (double)histogram_percentile(h, 999) / 1e3, (double)h->max_ns / 1e3);
	else
		add(&l, "no answers");
	put(out, &l);
}

static void put_cost(FILE *out, const struct account *a)
{
	struct line l = {0};

	if (a->frames < ACCOUNT_ENOUGH)
		add(&l, "  cost        not rated under %d frames", ACCOUNT_ENOUGH);
	else
		add(&l, "  cost        per frame: %.0f ns of processor time, %.4f system calls",
		    a->cpu_ns_per_frame, a->syscalls_per_frame);
	put(out, &l);
}

static void put_capture(FILE *out, const struct run *run)
{
	const struct walk *w = &run->ports[0].told.endpoint;
	struct line l = {0};

	add(&l, "  capture     %llu frames in %.40s, %llu missed",
	    U(walk_number(w, "capture", "frames")), run->opt->capture_path,
	    U(walk_number(w, "capture", "missed")));
	put(out, &l);
}

/* Frames whose loss no counter of ours knows. */
static uint64_t lost_elsewhere(const struct account *a)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < a->balance_count; i++)
		if (!a->balances[i].exact && strcmp(a->balances[i].name, "arrived"))
			sum += a->balances[i].unexplained;
	return sum;
}

static void put_verdict(FILE *out, const struct account *a)
{
	struct line l = {0};

	add(&l, "  account     ");
	if (!a->judged)
		add(&l, "not judged: the run failed");
	else if (!a->adds_up)
		add(&l, "the frames do NOT add up" MORE);
	else if (!a->program_known)
		add(&l, "adds up, but for the XDP program's counters, which are unknown");
	else if (lost_elsewhere(a))
		add(&l, "what was here adds up; %llu were lost elsewhere", U(lost_elsewhere(a)));
	else
		add(&l, "every frame is accounted for");
	put(out, &l);
}

void report_summary(FILE *out, const struct run *run, const struct account *a)
{
	put_what(out, run);
	put_rate(out, a);
	put_frames(out, run, a);
	if (run->opt->mode == BENCH_RX)
		put_checked(out, run, a);
	put_lost(out, run, a);
	if (run->opt->mode == BENCH_LATENCY)
		put_round_trip(out, a);
	else
		put_cost(out, a);
	if (run->opt->capture_path)
		put_capture(out, run);
	put_verdict(out, a);
}
