/* SPDX-License-Identifier: BSD-2-Clause */
/* The line each second, on stderr. */
#ifndef BENCH_LIVE_H
#define BENCH_LIVE_H

#include "run.h"

struct live {
	bool on;
	uint64_t next_ns;
	uint64_t last_ns;
	uint64_t last_frames;
	uint64_t last_bytes;
};

struct live live_start(const struct run *run);

/* Print the line when its time has come. */
void live_tick(struct live *l, struct run *run, uint64_t now);

#endif
