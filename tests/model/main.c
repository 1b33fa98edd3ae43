// SPDX-License-Identifier: BSD-2-Clause
/*
 *     model [--seed N] [--steps N]     random steps, in runs of RUN steps, each in a process of its own
 *     model --replay FILE              the steps of a file
 *
 * A run that fails is made shorter, as long as it still fails, and left in a file. Needs root.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "model/model.h"
#include "support/netns.h"
#include "support/whole_number.h"

enum { RUN = 2000, HUNG_S = 180, SHRINK_S = 120, PROGRESS_S = 10 };

/* What a run leaves for its parent. */
struct outcome {
	uint32_t step;
	char why[PLAIN_WHY_BYTES];
};
static struct outcome *outcome;

/* ---- A run ---------------------------------------------------------------------------------------- */

static void take(struct model *m, const struct step *step)
{
	switch (step->kind) {
	case STEP_PEER_SEND:
		world_send(m, step->a % 40, step->b, 1514);
		break;
	case STEP_PEER_RECEIVE:
		world_receive(m);
		break;
	case STEP_CALM:
		calm(m, step->b);
		break;
	default:
		if (step->kind <= STEP_TARGET)
			data_step(m, step);
		else if (step->kind <= STEP_CABLE_IN)
			control_step(m, step);
		else
			world_step(m, step);
	}
}

/* What arrives is in order because one processor does it all. */
static void stay_on_one_processor(uint64_t seed)
{
	cpu_set_t all, one;
	int at = 0;

	CPU_ZERO(&one);
	cr_assert(sched_getaffinity(0, sizeof(all), &all) == 0, "processors");
	for (int n = (int)(seed % (uint64_t)CPU_COUNT(&all)); n >= 0; at++)
		n -= CPU_ISSET(at, &all) != 0;
	CPU_SET(at - 1, &one);
	cr_assert(sched_setaffinity(0, sizeof(one), &one) == 0, "processor %d", at - 1);
}

/* The C library keeps a stack and a heap of the first thread (a capture's, say). */
static void *use_heap(void *heap)
{
	*(void **)heap = malloc(100);
	return NULL;
}

static void warm_threads(void)
{
	pthread_t thread;
	void *heap;

	cr_assert(pthread_create(&thread, NULL, use_heap, &heap) == 0, "a thread");
	pthread_join(thread, NULL);
	free(heap);
}

static struct model *begin(uint64_t seed)
{
	struct model *m = calloc(1, sizeof(*m));

	cr_assert(m != NULL, "memory");
	m->random = frame_random(seed ^ 0x5eed);
	m->queue_count = 1 + frame_random_below(&m->random, QUEUES);
	m->next_frame = m->next_packet = 1;
	m->few_descriptors = m->few_locked = -1;
	m->config = net_xdp_config_default();
	stay_on_one_processor(seed);
	warm_threads();
	netns_enter();
	return m;
}

static void run_here(const struct sequence *s)
{
	struct model *m = begin(s->seed);
	struct footprint before;

	for (int warm = 0; warm < 2; warm++) { /* what is made once stays */
		before = footprint_take();
		guest_open(m);
		world_open(m);
		control_open(m);
		cr_assert(m->ep && control_get_queues(m, m->queue_count, (uint32_t)s->seed),
			  "nothing was opened");
		for (uint32_t i = 0; warm && i < s->count; i++) {
			outcome->step = i;
			take(m, &s->steps[i]);
		}
		outcome->step = s->count;
		calm(m, (uint32_t)s->seed);
		control_close(m);
		cr_assert(netns_program_id("v0") == 0, "a program is left");
		world_close(m);
		guest_close(m);
		if (warm)
			footprint_expect(&before, "the end");
	}
	free(m);
}

/* Return: true: all was well. */
static bool run(const struct sequence *s, bool quiet)
{
	int status, null;
	pid_t pid;

	*outcome = (struct outcome){0};
	fflush(NULL);
	pid = fork();
	cr_assert(pid >= 0, "fork: %s", strerror(errno));
	if (pid == 0) {
		alarm(HUNG_S);
		null = quiet ? open("/dev/null", O_WRONLY | O_CLOEXEC) : -1;
		if (quiet && dup2(null, 2) < 0)
			_exit(1);
		if (null >= 0)
			close(null);
		plain_why = outcome->why;
		run_here(s);
		exit(0);
	}
	while (waitpid(pid, &status, 0) < 0)
		cr_assert(errno == EINTR, "wait: %s", strerror(errno));
	if (WIFSIGNALED(status))
		snprintf(outcome->why, sizeof(outcome->why), "%s",
			 WTERMSIG(status) == SIGALRM ? "it hangs" : strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) && !outcome->why[0])
		snprintf(outcome->why, sizeof(outcome->why), "ended with %d", WEXITSTATUS(status));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* ---- A failure ------------------------------------------------------------------------------------ */

static time_t seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* Leave out halves, quarters, ... single steps, as long as what is left fails. */
static void shrink(struct sequence *s)
{
	time_t deadline = seconds() + SHRINK_S;
	struct sequence shorter;

	if (outcome->step + 1 < s->count)
		s->count = outcome->step + 1;
	for (uint32_t part = s->count / 2; part; part /= 2)
		for (uint32_t at = 0; at + part <= s->count && seconds() < deadline;) {
			sequence_without(&shorter, s, at, part);
			if (run(&shorter, true)) {
				sequence_free(&shorter);
				at += part;
				continue;
			}
			sequence_free(s);
			*s = shorter;
			if (outcome->step + 1 < s->count)
				s->count = outcome->step + 1;
		}
}

static void report(struct sequence *s, const char *program, bool is_replay)
{
	char name[64];
	FILE *file;

	fprintf(stderr, "FAILED at step %u of %u: %s\n", outcome->step, s->count, outcome->why);
	if (is_replay)
		return;
	fprintf(stderr, "again: %s --seed %" PRIu64 " --steps %u\n", program, s->seed, s->count);
	shrink(s);
	snprintf(name, sizeof(name), "model-%" PRIu64 ".steps", s->seed);
	file = fopen(name, "w");
	if (file && sequence_write(s, file))
		fprintf(stderr, "%u steps are left; again: %s --replay %s\n", s->count, program,
			name);
	else
		fprintf(stderr, "%s: %s\n", name, strerror(errno));
	if (file)
		fclose(file);
}

/* ---- The program ---------------------------------------------------------------------------------- */

static int replay(const char *path, const char *program)
{
	FILE *file = fopen(path, "r");
	struct sequence s;
	bool ok;

	if (!file || !sequence_read(&s, file)) {
		fprintf(stderr, "%s: no steps there\n", path);
		return 2;
	}
	fclose(file);
	ok = run(&s, false);
	if (!ok)
		report(&s, program, true);
	printf("%u steps replayed: %s\n", s.count, ok ? "nothing fails" : "it fails");
	sequence_free(&s);
	return !ok;
}

static int draw(uint64_t seed, uint64_t steps, const char *program)
{
	time_t start = seconds(), told = start;
	struct sequence s;

	printf("seed %" PRIu64 ", %" PRIu64 " steps\n", seed, steps);
	for (uint64_t done = 0; done < steps; done += RUN, seed++) {
		bool ok;

		sequence_draw(&s, seed, steps - done < RUN ? (uint32_t)(steps - done) : RUN);
		ok = run(&s, false);
		if (!ok)
			report(&s, program, false);
		sequence_free(&s);
		if (!ok)
			return 1;
		if (done + RUN < steps && seconds() - told >= PROGRESS_S) {
			told = seconds();
			fprintf(stderr, "%lld s: %" PRIu64 " of %" PRIu64 " steps\n",
				(long long)(told - start), done + RUN, steps);
		}
	}
	printf("%" PRIu64 " steps in %lld s, nothing fails\n", steps,
	       (long long)(seconds() - start));
	return 0;
}

static int usage(FILE *out, int code)
{
	fputs("usage: model [--seed N] [--steps N]     random steps (100000) from seed N (the time)\n"
	      "       model --replay FILE              the steps that a run that failed has left\n"
	      "Random calls of the whole interface beside a model of who owns what. Needs root.\n",
	      out);
	return code;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"seed", required_argument, NULL, 's'},
						{"steps", required_argument, NULL, 'n'},
						{"replay", required_argument, NULL, 'r'},
						{"help", no_argument, NULL, 'h'},
						{0}};
	uint64_t seed = (uint64_t)time(NULL) * 1000, steps = 100000;
	const char *path = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
		bool good = true;

		if (option == 'h')
			return usage(stdout, 0);
		if (option == 's')
			good = whole_number("--seed", optarg, 0, UINT64_MAX, &seed);
		else if (option == 'n')
			good = whole_number("--steps", optarg, 1, UINT64_MAX, &steps);
		else if (option == 'r')
			path = optarg;
		else
			good = false;
		if (!good)
			return usage(stderr, 2);
	}
	if (optind < argc)
		return usage(stderr, 2);
	if (geteuid() != 0) {
		fputs("model: needs root (CAP_SYS_ADMIN)\n", stderr);
		return 2;
	}
	outcome = mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	cr_assert(outcome != MAP_FAILED, "memory");
	return path ? replay(path, argv[0]) : draw(seed, steps, argv[0]);
}
