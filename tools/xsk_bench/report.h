/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of a run: six lines or a table for people, a document for machines. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdio.h>

#include "account.h"

/* How the run ended. */
struct verdict {
	int exit_code;
	const struct net_error *error; /* NULL: none */
};

/* On standard error, once the queues are there and were told: where it runs, on how many queues, in which mode. */
void report_running(const struct run *run);
void report_summary(FILE *out, const struct run *run, const struct account *a);
void report_table(FILE *out, const struct run *run, const struct account *a);
void report_json(FILE *out, const struct run *run, const struct account *a,
		 const struct verdict *v);
/* Of a run that failed, or of options that are wrong: the error and no figures. command may be NULL. */
void report_json_error(FILE *out, const char *command, const struct verdict *v);

#endif
