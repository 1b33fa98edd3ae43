/* SPDX-License-Identifier: BSD-2-Clause */
/* How a run ended: its account, one sentence for each thing that must not be, and the exit code. */
#ifndef BENCH_OUTCOME_H
#define BENCH_OUTCOME_H

#include "report.h"

enum {
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	/* corrupt or duplicate frames, wrong checksums or tags, numbers that do not add up, no answer */
	EXIT_WRONG = 3,
};

/* rc and err: those of run_all(); err is the verdict's error, if it has one. */
struct verdict outcome_of(const struct run *run, int rc, struct account *a, struct net_error *err);

#endif
