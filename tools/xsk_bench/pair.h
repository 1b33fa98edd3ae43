/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pair: a sender and a receiver in one command, each a process of its own, so that each has the network namespace
 * of its interface. The receiver begins first and tells its MAC; what both counted makes one account. Both ways
 * (--bidirectional) each end is sender and receiver at once, and there is an account for each direction.
 */
#ifndef BENCH_PAIR_H
#define BENCH_PAIR_H

#include <stdio.h>

#include "account.h"

struct pair_cause {
	char name[40];
	uint64_t frames;
};

/* What an end leaves behind of one direction. */
struct pair_side {
	bool finished; /* else it was killed */
	int exit_code;
	struct net_error error; /* message "": none */
	char ifname[16];
	uint32_t queues;
	bool started; /* else there are no figures */
	bool judged, adds_up, program_known;
	bool both_ways; /* its processor time is that of the other direction, too */
	uint64_t frames, generated, bytes;
	double seconds, pps, mbps, mbps_l1, cpu_ns_per_frame;
	struct tally tally;
	struct flow_totals flows;
	uint32_t cause_count;
	struct pair_cause causes[ACCOUNT_PARTS]; /* of what was lost here */
};

/* Of which of its two directions an end tells. */
enum pair_view { PAIR_SENDS, PAIR_RECEIVES, PAIR_VIEWS };

/* The beginning of an end's file; the texts follow, of --json or --verbose. */
struct pair_left {
	struct pair_side sides[PAIR_VIEWS];
	uint64_t text_bytes[PAIR_VIEWS];
};

/* One direction. */
struct pair_result {
	struct pair_side sender, receiver;
	char *sender_text, *receiver_text; /* of --json or --verbose, else "" */
};

/* A command line with pair. Return: the exit code. */
int pair_run(const struct options *opt);

/* ---- One end, in its own process (pair_side.c) ---------------------------------------------------- */

/* Runs the mode of opt in the network namespace of its interface, IF or IF@NETNS, and writes a struct pair_left and
 * the texts behind it to out_fd; see struct run for ready_fd and clock. Return: the exit code. */
int pair_side_run(const struct options *opt, int ready_fd, struct run_clock *clock, int out_fd);

/* "IF@NETNS": the length of IF, and NETNS or NULL. */
size_t pair_split(const char *text, const char **netns);

/* ---- Both together (pair_report.c) ---------------------------------------------------------------- */

/* Where the frames went that the sender's library accepted. It refers to both sides. */
struct balance pair_balance(const struct pair_side *sender, const struct pair_side *receiver);

/* The worst of the exit codes: a failure before wrong frames. count: directions. */
int pair_exit_code(const struct pair_result *r, uint32_t count);

/* A table for each direction: the first is forward, the second reverse. */
void pair_report(FILE *out, const struct options *opt, const struct pair_result *r, uint32_t count);
void pair_report_json(FILE *out, const struct pair_result *r, uint32_t count);
void pair_result_free(struct pair_result *r);

#endif
