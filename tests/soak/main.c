// SPDX-License-Identifier: BSD-2-Clause
/*
 *     soak [--seconds N] [--steps N] [--seed N] [--kills N] [--json] [--bench PATH] [--vhost PATH]
 *
 * tools/soak builds and starts it, and says what the options mean. Needs root.
 */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "soak/soak.h"
#include "support/frontend.h"
#include "support/netns.h"
#include "support/whole_number.h"

enum { PROGRESS_MS = 10000 };

struct options {
	uint64_t seconds, steps, kills;
	bool json;
};

static void usage(FILE *out, int code)
{
	fputs("usage: soak [--seconds N | --steps N | --kills N] [--seed N] [--json]\n"
	      "            [--bench XSK-BENCH] [--vhost XSK-VHOST]\n"
	      "tools/soak starts it and says more. Needs root.\n",
	      out);
	exit(code);
}

/* 0 would be a run that does nothing and in which nothing fails. */
static uint64_t number(const char *what, uint64_t least, uint64_t most)
{
	uint64_t value;

	if (!whole_number(what, optarg, least, most, &value))
		usage(stderr, 2);
	return value;
}

static struct options parse(int argc, char **argv, struct soak *s)
{
	static const struct option words[] = {
		{"seconds", required_argument, NULL, 's'},
		{"steps", required_argument, NULL, 'n'},
		{"seed", required_argument, NULL, 'r'},
		{"kills", required_argument, NULL, 'k'},
		{"json", no_argument, NULL, 'j'},
		{"bench", required_argument, NULL, 'b'},
		{"vhost", required_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	struct options o = {.seconds = 20, .steps = UINT64_MAX};
	int word;

	s->seed = (uint64_t)time(NULL) % 1000000;
	while ((word = getopt_long(argc, argv, "h", words, NULL)) != -1) {
		switch (word) {
		case 's':
			o.seconds = number("--seconds", 1, UINT32_MAX);
			break;
		case 'n':
			o.steps = number("--steps", 1, UINT64_MAX);
			o.seconds = UINT32_MAX;
			break;
		case 'r':
			s->seed = number("--seed", 0, UINT64_MAX);
			break;
		case 'k':
			o.kills = number("--kills", 1, UINT32_MAX);
			break;
		case 'j':
			o.json = true;
			break;
		case 'b':
			s->bench = optarg;
			break;
		case 'v':
			s->vhost = optarg;
			break;
		case 'h':
			usage(stdout, 0);
			break;
		default:
			usage(stderr, 2);
		}
	}
	if (optind < argc)
		usage(stderr, 2);
	return o;
}

static volatile sig_atomic_t interrupted;

bool soak_interrupted(void)
{
	return interrupted;
}

static void interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

static void run(struct soak *s, const struct options *o)
{
	int64_t told = s->began_ms;

	soak_open(s);
	while (!interrupted && s->steps < o->steps &&
	       frontend_now_ms() - s->began_ms < (int64_t)o->seconds * 1000) {
		soak_step(s);
		if (frontend_now_ms() - told >= PROGRESS_MS) {
			told = frontend_now_ms();
			page_progress(s);
		}
	}
	soak_close(s);
}

static int soak(struct soak *s, const struct options *o)
{
	unsigned int fds = netns_open_fds();
	int rc = 0;

	signal(SIGINT, interrupt);
	signal(SIGTERM, interrupt);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (o->kills)
		rc = kills_run(s, o->kills, o->json);
	else
		run(s, o);
	cr_assert(netns_open_fds() == fds, "%u descriptors before, %u now", fds, netns_open_fds());
	cr_assert(waitpid(-1, NULL, WNOHANG) < 0, "a process was left behind");
	if (!o->kills)
		page_print(s, o->json);
	return rc;
}

static pid_t soak_pid;

static void pass_on(int signal)
{
	kill(soak_pid, signal);
}

/* The soak is a process of its own: a finding ends it where it stands, and somebody has to clean up. */
int main(int argc, char **argv)
{
	struct soak s = {0};
	struct options o = parse(argc, argv, &s);
	int status;

	s.random = frame_random(s.seed);
	s.began_ms = frontend_now_ms();
	fprintf(stderr, "seed %" PRIu64 "\n", s.seed);
	if (!o.kills)
		s.no_memory = pressure_open();
	soak_pid = fork();
	cr_assert(soak_pid >= 0, "fork");
	if (soak_pid == 0)
		exit(soak(&s, &o));
	signal(SIGINT, SIG_IGN); /* a terminal's goes to both */
	signal(SIGTERM, pass_on);
	while (waitpid(soak_pid, &status, 0) < 0)
		;
	pressure_close();
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
