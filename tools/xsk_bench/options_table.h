/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BENCH_OPTIONS_TABLE_H
#define BENCH_OPTIONS_TABLE_H

#include "common/options.h"

/* xsk-bench's; xsk-info says its sentences in their words. Rows set struct options. */
extern const struct option_table bench_options;

/* Values of xsk-bench alone. (options_value.c) */
option_setter bench_set_cpus, bench_set_take, bench_set_vlan, bench_set_segment, bench_set_interval,
	bench_set_server, bench_set_client;
/* Does a list of MACs, or own, stand there? */
bool bench_is_take(const char *text);

#endif
