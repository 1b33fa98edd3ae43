/* SPDX-License-Identifier: BSD-2-Clause */
/* What is told while a run goes on: a line each second on stderr, or the rows of --interval. */
#ifndef BENCH_LIVE_H
#define BENCH_LIVE_H

#include "account.h"

struct live {
	bool on;
	uint64_t period_ns;
	uint64_t next_ns;
	uint64_t last_ns; /* 0: the time that is told of has not begun */
	uint64_t last_frames;
	uint64_t last_bytes;
};

struct live live_start(const struct run *run);
/* The head of the rows of --interval, if there are any; live_start() prints it but of pair both ways, where it is that of
 * two runs. */
void live_head(const struct options *opt);

/* Print the line, or the row, when its time has come. */
void live_tick(struct live *l, struct run *run, uint64_t now);

/* The run has ended: its last row, which makes the rows sum to the account; with --csv the total, too. */
void live_end(struct run *run, const struct account *a);

#endif
