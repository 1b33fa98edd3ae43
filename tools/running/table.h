/* SPDX-License-Identifier: BSD-2-Clause */
/* A line per queue that runs: whose it is, what it got, and how fast it goes. */
#ifndef RUNNING_TABLE_H
#define RUNNING_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "document.h"

struct row {
	int pid;	   /* 0: not known */
	char program[256]; /* any bytes */
	struct document_queue q;
	char trouble[80]; /* in place of the rest: it has not answered; "" */
	uint64_t at_ns;	  /* when it was counted */

	/* Of table_rates(). */
	bool has_rates; /* the first two */
	double rx_per_s;
	double tx_per_s;
	bool has_lost;
	double lost_per_s;
};

struct table {
	struct row *rows;
	uint32_t count;
	bool cut; /* rows are missing */
};

/* Return: a zeroed row; NULL no memory, and that is noted. It lives until the next call. */
struct row *table_add(struct table *t);
void table_free(struct table *t);

/* Rates since an earlier look; a row that was not there, or whose counters began anew, has none. */
void table_rates(struct table *t, const struct table *before);

/* Lines of at most 80 columns: the heading, if it is wanted, and the rows; at most room of them (0: no limit), then the
 * last one says what was left out. Return: the number of lines. */
uint32_t table_print(FILE *out, const struct table *t, bool heading, uint32_t room);

/* A sentence for each queue that stands still, in lines of at most 80 columns. */
void table_print_stalls(FILE *out, const struct table *t);

/* "zero-copy", "copy native", ...; "-" */
const char *running_mode_name(enum running_mode mode);

#endif
