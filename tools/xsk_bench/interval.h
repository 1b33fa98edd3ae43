/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows of --interval. Each counts what came since the row before, and the last one closes with the figures of
 * the ended run: so the rows sum to its totals exactly, although the workers publish a little late.
 */
#ifndef BENCH_INTERVAL_H
#define BENCH_INTERVAL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "histogram.h"

#define INTERVAL_LEAST_NS 100000000u
#define INTERVALS_MAX	  100000 /* kept for --json and --plot; a day of seconds */

struct interval {
	uint64_t begin_ns; /* since the start; a total may begin before it, as a negative number */
	uint64_t end_ns;
	uint64_t frames; /* received; of tx: sent */
	uint64_t bytes;
	/* rx: gaps in the numbers; latency: not answered yet; else what counters call lost. Below 0: late frames
	 * filled gaps of rows before. */
	int64_t lost;
	uint64_t answers; /* latency; the others are 0 without any */
	uint64_t p50_ns;
	uint64_t p99_ns;
	uint64_t max_ns;
};

struct interval_list {
	struct interval *rows;
	uint32_t count;
	uint64_t left_out; /* rows beyond INTERVALS_MAX, or without memory for them */
	struct interval sum;
};

/* The row from the end of the last one to now, with the totals so far; it is kept. recent: of its answers, may be
 * NULL. */
struct interval interval_next(struct interval_list *list, uint64_t end_ns, uint64_t frames,
			      uint64_t bytes, int64_t lost, const struct histogram *recent);
void interval_free(struct interval_list *list);

static inline double interval_seconds(const struct interval *i)
{
	return (double)(i->end_ns - i->begin_ns) / 1e9;
}

double interval_pps(const struct interval *i);

/* ---- Lines: for people within 80 columns, and for machines (RFC 4180) ----------------------------- */

void interval_print_head(FILE *out, bool latency);
/* lead: at most two characters at the front, "" none. */
void interval_print(FILE *out, const char *lead, const struct interval *i, bool latency);

void interval_csv_head(FILE *out);
/* kind: "interval" or "total", or these behind a column of the caller's, which is in its head too. */
void interval_csv(FILE *out, const char *kind, const struct interval *i);

#endif
