/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the frames went. A balance sets a number against the causes that must make it up; what is
 * left over is stated, not hidden. Pure: no system call, no output.
 */
#ifndef BENCH_ACCOUNT_H
#define BENCH_ACCOUNT_H

#include "run.h"

#define ACCOUNT_PARTS	 24
#define ACCOUNT_BALANCES 4

struct part {
	const char *name;
	const char *meaning;
	uint64_t value;
};

struct balance {
	const char *name;
	const char *meaning;
	uint64_t whole;
	uint64_t explained;   /* by the parts, at most whole */
	uint64_t unexplained; /* whole without explained */
	uint64_t excess;      /* parts beyond the whole */
	const char *rest;     /* what unexplained means */
	bool exact;	      /* unexplained and excess have to be 0 */
	uint32_t part_count;  /* those that are not 0, or say something by being 0 */
	struct part parts[ACCOUNT_PARTS];
};

struct account {
	struct tally tally; /* of all workers; first_ns the earliest, last_ns the latest */
	struct flow_totals flows;
	struct histogram latency;
	struct net_xdp_stats stats; /* of all queues of all ports */
	struct net_xdp_program_stats program;
	uint64_t frames; /* that the mode is about: received, or sent */
	uint64_t bytes;
	double seconds; /* from the first to the last of them */
	double pps;
	double mbps;
	double syscalls_per_frame;
	double cpu_ns_per_frame;
	uint32_t balance_count;
	struct balance balances[ACCOUNT_BALANCES];
	bool adds_up; /* every exact balance is */
	bool intact;  /* nothing corrupt, nothing twice */
};

void account_of(const struct run *run, struct account *out);

#endif
