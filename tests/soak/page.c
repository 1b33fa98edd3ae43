// SPDX-License-Identifier: BSD-2-Clause
#include <inttypes.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "soak/soak.h"
#include "support/frontend.h"

static double seconds(const struct soak *s)
{
	return (double)(frontend_now_ms() - s->began_ms) / 1000;
}

static uint64_t lost(const struct soak *s)
{
	uint64_t sum = 0;

	for (int i = 0; i < LOSSES; i++)
		sum += s->losses[i];
	return sum;
}

void page_progress(const struct soak *s)
{
	fprintf(stderr,
		"%.0f s: %" PRIu64 " steps, %" PRIu64 " frames = %" PRIu64 " received + %" PRIu64
		" with a name, %" PRIu64 " kills, %" PRIu64 " restarts\n",
		seconds(s), s->steps, s->sent, s->received, lost(s), s->kills, s->restarts);
}

static void print_json(const struct soak *s)
{
	printf("{\n  \"seed\": %" PRIu64 ",\n  \"seconds\": %.1f,\n  \"steps\": %" PRIu64
	       ",\n  \"by_kind\": {\n",
	       s->seed, seconds(s), s->steps);
	for (int i = 0; i < STEP_KINDS; i++)
		printf("    \"%s\": %" PRIu64 "%s\n", step_names[i], s->by_kind[i],
		       i + 1 < STEP_KINDS ? "," : "");
	printf("  },\n  \"sent\": %" PRIu64 ",\n  \"received\": %" PRIu64 ",\n  \"lost\": {\n",
	       s->sent, s->received);
	for (int i = 0; i < LOSSES; i++)
		printf("    \"%s\": %" PRIu64 "%s\n", loss_names[i], s->losses[i],
		       i + 1 < LOSSES ? "," : "");
	printf("  },\n  \"guest\": {\n    \"sent\": %" PRIu64 ",\n    \"received\": %" PRIu64
	       ",\n    \"lost\": %" PRIu64 "\n  },\n",
	       s->guest_sent, s->guest_received, s->guest_lost);
	printf("  \"kills\": %" PRIu64 ",\n  \"restarts\": %" PRIu64 ",\n", s->kills, s->restarts);
	printf("  \"not_done\": [");
	printf("%s%s%s", s->no_memory ? "\"memory: " : "", s->no_memory ? s->no_memory : "",
	       s->no_memory ? "\"" : "");
	printf("%s%s", s->no_memory && !s->vhost ? ", " : "",
	       s->vhost ? "" : "\"guest: xsk-vhost is not built\"");
	printf("],\n  \"interrupted\": %s,\n  \"exit_code\": 0\n}\n",
	       soak_interrupted() ? "true" : "false");
}

void page_print(const struct soak *s, bool json)
{
	struct utsname system;

	if (json) {
		print_json(s);
		return;
	}
	uname(&system);
	printf("\nsoak of %.0f s on Linux %s, seed %" PRIu64 ": %" PRIu64 " steps\n\n", seconds(s),
	       system.release, s->seed, s->steps);
	for (int i = 0; i < STEP_KINDS; i++)
		printf("  %-12s %8" PRIu64 "%s", step_names[i], s->by_kind[i],
		       i % 3 == 2 ? "\n" : "  ");
	printf("\n  sent           %14" PRIu64 " frames\n  received       %14" PRIu64 "\n", s->sent,
	       s->received);
	for (int i = 0; i < LOSSES; i++)
		printf("  %-14s %14" PRIu64 "  %s\n", loss_names[i], s->losses[i],
		       loss_meanings[i]);
	printf("  without a name %14d\n\n", 0);
	printf("  guest          %14" PRIu64 " sent, %" PRIu64 " received, %" PRIu64
	       " named by the device\n",
	       s->guest_sent, s->guest_received, s->guest_lost);
	printf("  kills          %14" PRIu64 "\n  restarts       %14" PRIu64 "\n", s->kills,
	       s->restarts);
	printf("  left behind                 0 programs, leases, processes, descriptors\n");
	if (soak_interrupted())
		printf("  interrupted: it was to take longer\n");
	if (s->no_memory)
		printf("  not done here: memory pressure: %s\n", s->no_memory);
	if (!s->vhost)
		printf("  not done here: guests: xsk-vhost is not built\n");
}
