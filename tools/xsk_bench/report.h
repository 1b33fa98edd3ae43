/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of a run: a table for people, a document for machines. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdio.h>

#include "account.h"

/* How the run ended. */
struct verdict {
	int exit_code;
	const struct net_error *error; /* NULL: none */
};

void report_table(FILE *out, const struct run *run, const struct account *a);
void report_json(FILE *out, const struct run *run, const struct account *a,
		 const struct verdict *v);

#endif
