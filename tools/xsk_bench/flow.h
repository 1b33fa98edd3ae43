/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the sequence numbers of received frames say: missing, late, twice. One table per thread,
 * added up by flow_totals() when the threads have ended.
 */
#ifndef BENCH_FLOW_H
#define BENCH_FLOW_H

#include <stdint.h>

#define FLOW_WINDOW 65536 /* sequence numbers behind the highest in which duplicates are found */
#define FLOW_MAX    256	  /* flows (run and stream) that one thread can tell apart */

struct flow;

struct flow_table {
	struct flow *flows[FLOW_MAX];
	uint32_t count;
	uint32_t last;	    /* index of the flow of the frame before */
	uint64_t untracked; /* frames of flows beyond FLOW_MAX, or without memory for them */
};

enum flow_verdict {
	FLOW_NEW,	/* first time, in or out of order */
	FLOW_DUPLICATE, /* seen before */
	FLOW_TOO_OLD,	/* behind the window: late or duplicate, nobody knows */
	FLOW_UNTRACKED,
};

struct flow_totals {
	uint32_t flows;
	uint64_t unique;
	uint64_t missing;    /* never seen between the first and the highest of each flow */
	uint64_t reordered;  /* of the unique: behind a higher number */
	uint64_t duplicates; /* in excess of one each */
	uint64_t too_old;
	uint64_t untracked;
	uint64_t
		first; /* lowest number seen of any flow: above 0, frames before it came too early */
};

/* Note one good frame. Allocates once per flow. */
enum flow_verdict flow_note(struct flow_table *table, uint16_t run, uint16_t stream,
			    uint64_t sequence);

/* Numbers that this table misses between the first and the highest of each flow. */
uint64_t flow_gaps(const struct flow_table *table);

/* Add up the tables; a flow that arrived on several threads is one flow. */
void flow_totals(struct flow_table *const *tables, uint32_t count, struct flow_totals *out);

void flow_free(struct flow_table *table);

#endif
