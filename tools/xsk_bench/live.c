/* SPDX-License-Identifier: BSD-2-Clause */
#include "live.h"

#include <stdio.h>
#include <unistd.h>

#define SECOND_NS 1000000000u

struct live live_start(const struct run *run)
{
	return (struct live){
		.on = !run->opt->json || isatty(STDERR_FILENO),
		.next_ns = run->start_ns + SECOND_NS,
		.last_ns = run->start_ns,
	};
}

void live_tick(struct live *l, const struct run *run, uint64_t now)
{
	bool sends = run->opt->mode == BENCH_TX;
	uint64_t frames = 0, bytes = 0, drops = 0;
	double seconds;

	if (now < l->next_ns)
		return;
	l->next_ns += SECOND_NS;
	if (!l->on)
		return;
	for (uint32_t i = 0; i < run->worker_count; i++) {
		const struct worker *w = &run->workers[i];

		frames += atomic_load_explicit(sends ? &w->live_generated : &w->live_received,
					       memory_order_relaxed);
		bytes += atomic_load_explicit(&w->live_bytes, memory_order_relaxed);
		drops += atomic_load_explicit(&w->live_drops, memory_order_relaxed);
	}
	seconds = (double)(now - l->last_ns) / SECOND_NS;
	fprintf(stderr, "%4llu s  %-7s %12.0f pps  %10.1f Mbit/s  %12llu dropped\n",
		(unsigned long long)((now - run->start_ns) / SECOND_NS),
		options_mode_name(run->opt->mode), (double)(frames - l->last_frames) / seconds,
		(double)(bytes - l->last_bytes) * 8 / 1e6 / seconds, (unsigned long long)drops);
	l->last_ns = now;
	l->last_frames = frames;
	l->last_bytes = bytes;
}
