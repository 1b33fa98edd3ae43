/* SPDX-License-Identifier: BSD-2-Clause */
#include "live.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "say.h"
#include "worker.h"

#define SECOND_NS    1000000000u
#define ASK_AGAIN_NS 10000000u

/* What all workers have published, and what the XDP programs dropped. */
struct published {
	uint64_t frames, bytes, drops, lost;
};

static struct published published_by(struct run *run)
{
	bool rows = run->opt->interval_ns;
	struct published sum = {0};

	for (uint32_t i = 0; i < run->worker_count; i++) {
		const struct worker *w = &run->workers[i];

		sum.frames += atomic_load_explicit(&w->live_frames, memory_order_relaxed);
		sum.bytes += atomic_load_explicit(&w->live_bytes, memory_order_relaxed);
		sum.drops += atomic_load_explicit(&w->live_drops, memory_order_relaxed);
		sum.lost += rows ? atomic_load_explicit(&w->live_lost, memory_order_relaxed) : 0;
	}
	for (uint32_t k = 0; k < run->port_count; k++) {
		struct net_xdp_program_stats program;

		if (port_program(&run->ports[k], &program))
			continue;
		sum.drops += program.dropped_too_long;
		sum.lost += run->opt->mode == BENCH_FWD ? program.dropped_too_long : 0;
	}
	return sum;
}

/* ---- The time that lines and rows are of -------------------------------------------------------- */

static bool is_receiver(const struct run *run)
{
	return run->clock && options_receive(run->opt);
}

/* The receiver of pair runs before its sender does, and after. Return: 0: the sender does not yet. */
static uint64_t begin_of(const struct run *run)
{
	return is_receiver(run) ? run->clock->begin_ns : run->start_ns;
}

/* Of a run that has ended. Of a sender, the wait for completions and answers is not time in which it sent. */
static uint64_t end_of(const struct run *run, const struct tally *t)
{
	if (is_receiver(run) && run->clock->begin_ns && run->clock->end_ns < run->stop_ns)
		return run->clock->end_ns;
	if (options_send(run->opt) && !is_receiver(run))
		return t->last_ns;
	return run->stop_ns;
}

/* ---- The line each second ------------------------------------------------------------------------ */

static void line(struct live *l, struct run *run, uint64_t now)
{
	struct published p = published_by(run);
	double seconds = (double)(now - l->last_ns) / SECOND_NS;
	uint32_t direction = run->opt->direction;

	fprintf(stderr, "%4llu s  %-7s  %12s  %9.1f Mbit/s  %llu dropped\n",
		(unsigned long long)((now - begin_of(run)) / SECOND_NS),
		direction ? options_direction_name(direction) : options_mode_name(run->opt->mode),
		say_rate((double)(p.frames - l->last_frames) / seconds).text,
		(double)(p.bytes - l->last_bytes) * 8 / 1e6 / seconds, (unsigned long long)p.drops);
	l->last_ns = now;
	l->last_frames = p.frames;
	l->last_bytes = p.bytes;
}

/* ---- The rows of --interval ---------------------------------------------------------------------- */

/* The answers since the row before, of all workers. */
static void take_recent(struct run *run, struct histogram *out)
{
	memset(out, 0, sizeof(*out));
	for (uint32_t i = 0; i < run->worker_count; i++) {
		struct recent *r = run->workers[i].recent;

		if (!r)
			continue;
		pthread_mutex_lock(&r->lock);
		histogram_merge(out, &r->shared);
		memset(&r->shared, 0, sizeof(r->shared));
		pthread_mutex_unlock(&r->lock);
	}
}

/* stdout is the document's with --json: rows are for a terminal beside it then. */
static FILE *rows_out(const struct options *opt)
{
	if (!opt->rows || (opt->json && !isatty(STDERR_FILENO)))
		return NULL;
	return opt->json ? stderr : stdout;
}

/* kind: in one line with what stands in front of it, as the other end writes to the same place. */
static void csv(FILE *out, const struct options *opt, const char *kind, const struct interval *i)
{
	char columns[32];

	snprintf(columns, sizeof(columns), "%s%s%s", options_direction_name(opt->direction),
		 opt->direction ? "," : "", kind);
	interval_csv(out, columns, i);
}

static void row(struct run *run, uint64_t begin, uint64_t end_ns, uint64_t frames, uint64_t bytes,
		uint64_t lost)
{
	const struct options *opt = run->opt;
	static const char *const leads[] = {"", "->", "<-"};
	bool latency = opt->mode == BENCH_LATENCY;
	FILE *out = rows_out(opt);
	struct histogram recent;
	struct interval i;

	take_recent(run, &recent);
	i = interval_next(&run->intervals, end_ns - begin, frames, bytes, (int64_t)lost, &recent);
	if (out && opt->csv)
		csv(out, opt, "interval", &i);
	else if (out)
		interval_print(out, leads[opt->direction], &i, latency);
}

/* Its seconds are those of the rate in the result: from the first frame to the last, of a sender those in which it
 * sent. Frames of others may come before pair's sender begins: before 0 then. */
static void total(const struct run *run, uint64_t begin, const struct account *a)
{
	const struct tally *t = &a->tally;
	struct interval all = run->intervals.sum;

	all.begin_ns = t->first_ns ? t->first_ns - begin : 0;
	all.end_ns = t->first_ns ? t->last_ns - begin : all.end_ns;
	all.answers = a->latency.count;
	all.p50_ns = histogram_percentile(&a->latency, 500);
	all.p99_ns = histogram_percentile(&a->latency, 990);
	all.max_ns = a->latency.max_ns;
	csv(stdout, run->opt, "total", &all);
}

void live_head(const struct options *opt)
{
	FILE *out = rows_out(opt);

	if (out && opt->csv && opt->bidirectional)
		fputs("direction,", out);
	if (out && opt->csv)
		interval_csv_head(out);
	else if (out)
		interval_print_head(out, opt->mode == BENCH_LATENCY);
}

/* ---- Both ---------------------------------------------------------------------------------------- */

struct live live_start(const struct run *run)
{
	const struct options *opt = run->opt;
	uint64_t period = opt->interval_ns ? opt->interval_ns : SECOND_NS;

	if (!opt->direction)
		live_head(opt);
	return (struct live){
		.on = !opt->rows && !opt->silent && (!opt->json || isatty(STDERR_FILENO)),
		.period_ns = period,
	};
}

/* Is there something to tell? Before and after the time that is told of, it only says when to ask again. */
static bool due(struct live *l, const struct run *run, uint64_t now)
{
	uint64_t begin = begin_of(run);

	if (now < l->next_ns)
		return false;
	if (begin && !l->last_ns) {
		l->last_ns = begin;
		l->next_ns = begin + l->period_ns;
	}
	if (!begin || (is_receiver(run) && now >= run->clock->end_ns))
		l->next_ns = now + ASK_AGAIN_NS;
	return now >= l->next_ns;
}

void live_tick(struct live *l, struct run *run, uint64_t now)
{
	struct published p;

	if (!due(l, run, now))
		return;
	/* After a stall, one row for all of it. */
	while (l->next_ns <= now)
		l->next_ns += l->period_ns;
	if (l->on)
		line(l, run, now);
	if (!run->opt->interval_ns)
		return;
	p = published_by(run);
	row(run, begin_of(run), now, p.frames, p.bytes, p.lost);
}

void live_end(struct run *run, const struct account *a)
{
	const struct options *opt = run->opt;
	const struct tally *t = &a->tally;
	uint64_t frames = opt->mode == BENCH_TX ? a->frames : t->received;
	uint64_t bytes = opt->mode == BENCH_TX ? a->bytes : t->received_bytes;
	uint64_t begin = begin_of(run) ? begin_of(run) : run->start_ns;
	uint64_t end = end_of(run, t), told = begin + run->intervals.sum.end_ns;

	if (!opt->interval_ns || !run->started)
		return;
	for (uint32_t i = 0; i < run->worker_count; i++)
		if (run->workers[i].recent)
			recent_publish(run->workers[i].recent);
	row(run, begin, end > told ? end : told, frames, bytes, account_lost(run, a));
	if (opt->csv && a->judged)
		total(run, begin, a);
}
