/* SPDX-License-Identifier: BSD-2-Clause */
#include "live.h"

#include <stdio.h>
#include <unistd.h>

#include "say.h"

#define SECOND_NS 1000000000u

struct live live_start(const struct run *run)
{
	return (struct live){
		.on = !run->opt->json || isatty(STDERR_FILENO),
		.next_ns = run->start_ns + SECOND_NS,
		.last_ns = run->start_ns,
	};
}

void live_tick(struct live *l, struct run *run, uint64_t now)
{
	uint64_t frames = 0, bytes = 0, drops = 0;
	double seconds;

	if (now < l->next_ns)
		return;
	l->next_ns += SECOND_NS;
	if (!l->on)
		return;
	for (uint32_t i = 0; i < run->worker_count; i++) {
		const struct worker *w = &run->workers[i];

		frames += atomic_load_explicit(&w->live_frames, memory_order_relaxed);
		bytes += atomic_load_explicit(&w->live_bytes, memory_order_relaxed);
		drops += atomic_load_explicit(&w->live_drops, memory_order_relaxed);
	}
	for (uint32_t k = 0; k < run->port_count; k++) {
		struct net_xdp_program_stats program;

		if (!port_program(&run->ports[k], &program))
			drops += program.dropped_too_long;
	}
	seconds = (double)(now - l->last_ns) / SECOND_NS;
	fprintf(stderr, "%4llu s  %-7s  %12s  %9.1f Mbit/s  %llu dropped\n",
		(unsigned long long)((now - run->start_ns) / SECOND_NS),
		options_mode_name(run->opt->mode),
		say_rate((double)(frames - l->last_frames) / seconds).text,
		(double)(bytes - l->last_bytes) * 8 / 1e6 / seconds, (unsigned long long)drops);
	l->last_ns = now;
	l->last_frames = frames;
	l->last_bytes = bytes;
}
