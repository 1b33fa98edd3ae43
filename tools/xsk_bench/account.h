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
#define ACCOUNT_COUNTERS 128
#define ACCOUNT_ENOUGH	 1000 /* frames; what one of fewer costs says nothing */

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

/* A counter as the queues told it. */
struct counter {
	const struct net_field *field; /* of the first queue that has it: name, class, meaning */
	uint64_t sum;		       /* of all queues of all ports */
};

struct account {
	struct tally tally; /* of all workers; first_ns the earliest, last_ns the latest */
	struct flow_totals flows;
	struct histogram latency;
	uint32_t counter_count;
	struct counter counters[ACCOUNT_COUNTERS];
	const struct walk *endpoint; /* of the first port: what the program's counters mean */
	/* All ports; since the queues were there, and what came before the first good frame. */
	struct net_xdp_program_stats program;
	struct net_xdp_program_stats program_early;
	bool program_known; /* its counters could be read on each port */
	uint32_t
		pieces; /* frames that a packet is sent as: more than 1 where --segment has it cut */
	uint64_t frames;    /* that the mode is about: received, or sent: completed and not lost */
	uint64_t generated; /* as frames: of the packets that the library accepted */
	uint64_t bytes;
	double seconds; /* from the first to the last of them; of a sender: in which it sent */
	double pps;	/* frames */
	double mbps;
	double mbps_l1;		   /* with framing */
	double syscalls_per_frame; /* pair both ways: these two of each frame, sent or received */
	double cpu_ns_per_frame;
	uint32_t balance_count;
	struct balance balances[ACCOUNT_BALANCES];
	bool judged;  /* the run went to its end, so that adds_up and intact mean something */
	bool adds_up; /* every exact balance is */
	bool intact;  /* nothing corrupt, nothing twice, no wrong checksum or tag */
};

/* failed: the run ended early. out refers to what the ports told. */
void account_of(const struct run *run, bool failed, struct account *out);

/* Of all queues; 0 when none told it. */
uint64_t account_counter(const struct account *a, enum net_xdp_counter counter);
/* Of the whole run what a row of --interval calls lost. */
uint64_t account_lost(const struct run *run, const struct account *a);
/* Frames that the kernel has completed and not lost: it completes a frame that it lost, too. */
uint64_t account_sent(const struct account *a);

#endif
