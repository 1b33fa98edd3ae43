/* SPDX-License-Identifier: BSD-2-Clause */
/* --plot: the rows of a run as one SVG that needs nothing else, and can be read on a phone. */
#ifndef BENCH_PLOT_H
#define BENCH_PLOT_H

#include <stdio.h>

#include "account.h"

/* Rate over time; with latency, below it the round trip's p50, p99 and largest, on a logarithmic scale. Each line has
 * its name beside it, and a point per row, in its middle. */
void plot_svg(FILE *out, const char *title, const struct interval_list *list, bool latency);

/* opt->plot_path, before the run: that it cannot be written is told at once. Return: 0, *out NULL without --plot;
 * -errno with err filled. (plot_file.c) */
int plot_open(const struct options *opt, FILE **out, struct net_error *err);
/* Draw the ended run and close. out may be NULL. Return: 0, -errno and it was said. (plot_file.c) */
int plot_end(FILE *out, const struct run *run, const struct account *a);

#endif
