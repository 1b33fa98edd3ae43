/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One end of pair as whoever starts it sees it: a process of its own, so that it has the network namespace of its
 * interface, which sends (tx), receives (rx) or does both (pair). It says when it runs, and leaves behind what it
 * counted.
 */
#ifndef BENCH_PAIR_END_H
#define BENCH_PAIR_END_H

#include "pair.h"

/* Frames that were sent last are on their way so long. */
#define PAIR_LAST_FRAMES_MS 300
/* Both ways: from the word that both may send to the first frame; in it their frames are made. */
#define PAIR_LEAD_NS 200000000u

struct pair_end {
	struct options opt;
	struct run_clock *clock;
	bool clock_is_others;
	pid_t pid;    /* 0: not started, or collected */
	int ready_fd; /* -1: not started, or its process has ended */
	int out_fd;
	int keep_out
		[2]; /* -1: none; descriptors that are its parent's alone: of connections, which end with it */
	uint8_t said[7]; /* its MAC; both ways a byte more when it has sent all */
	uint32_t said_bytes;
};

/* Of a command line with pair: an end that only receives, until it is told to end; and one that only sends. */
void pair_end_receives(struct options *o);
void pair_end_sends(struct options *o);
/* A MAC that nobody has given stands for the receiver's. */
bool pair_end_is_default_mac(const uint8_t mac[6]);

/* Return: 0; -errno. */
int pair_end_open(struct pair_end *e, const struct options *opt);

/* Before either is started: what e writes to the clock, other reads. It is other's, which is closed later. */
void pair_end_share_clock(struct pair_end *e, const struct pair_end *other);

/* Return: 0; -errno: there is no process. */
int pair_end_start(struct pair_end *e);

/* ready_fd can be read: take what it says. */
void pair_end_hear(struct pair_end *e);

static inline bool pair_end_is_ready(const struct pair_end *e)
{
	return e->said_bytes >= 6;
}

/* Its process has ended by itself. */
static inline bool pair_end_is_over(const struct pair_end *e)
{
	return e->pid && e->ready_fd < 0;
}

/* It has sent all. */
static inline bool pair_end_is_done(const struct pair_end *e)
{
	return e->said_bytes == sizeof(e->said) || pair_end_is_over(e);
}

/* Of an end that receives: frames come from begin_ns on; both ways it may send to this MAC then. */
void pair_end_begin(struct pair_end *e, const uint8_t dst_mac[6], uint64_t begin_ns);
/* It shall send no more, and frames come no more. */
void pair_end_finish(struct pair_end *e);

/* Its process shall end: it will be over. */
void pair_end_ask_to_stop(const struct pair_end *e);
/* Its process ends, if it has not: it is waited for. */
void pair_end_stop(struct pair_end *e);

/* What it left behind, once it has ended; text is to be freed, and may be NULL. */
void pair_end_collect(const struct pair_end *e, enum pair_view view, struct pair_side *out,
		      char **text);
void pair_end_close(struct pair_end *e);

#endif
