// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "soak/soak.h"
#include "support/footprint.h"
#include "support/frontend.h"

enum { ORDER_MS = 20000, LEAVE_MS = 2000, MOST_PPS = 150000 };

const char *const step_names[STEP_KINDS] = {
	[STEP_RATE] = "rate",
	[STEP_ECHO] = "echo",
	[STEP_FLAP_SENDER] = "flap A",
	[STEP_FLAP_RECEIVER] = "flap B",
	[STEP_RESTART_SENDER] = "restart A",
	[STEP_RESTART_RECEIVER] = "restart B",
	[STEP_REOPEN_SENDER] = "reopen A",
	[STEP_REOPEN_RECEIVER] = "reopen B",
	[STEP_KILL_SENDER] = "kill A",
	[STEP_KILL_RECEIVER] = "kill B",
	[STEP_STOP_SENDER] = "stop A",
	[STEP_STOP_RECEIVER] = "stop B",
	[STEP_FULL_RUN] = "full /run",
	[STEP_MEMORY] = "memory",
	[STEP_GUEST] = "guest",
};

static _Noreturn void finding(const struct soak *s, enum step_kind kind, const char *what)
{
	fprintf(stderr, "FINDING in step %" PRIu64 " (%s): %s\n", s->steps, step_names[kind], what);
	cr_assert_fail("to see it again: sudo tools/soak --seed %" PRIu64 " --steps %" PRIu64,
		       s->seed, s->steps + 1);
}

/* ---- Sides ---------------------------------------------------------------------------------------- */

static void start(struct side *side)
{
	fflush(NULL);
	side->generation += 2;
	side->shared->state = SIDE_STARTING;
	side->pid = fork();
	cr_assert(side->pid >= 0, "fork: %s", strerror(errno));
	if (side->pid == 0)
		side_live(side);
	pressure_enter(side->pid);
}

static void order(struct side *side, enum side_order what)
{
	side->shared->order = what;
	side->shared->order_number++;
}

/* Wait until a side is in that state and has carried out its last order. */
static void await(const struct soak *s, const struct side *side, enum side_state state,
		  enum step_kind kind)
{
	const struct side_shared *c = side->shared;
	int64_t end = frontend_now_ms() + ORDER_MS;
	char why[SOAK_WHY + 64];

	while (c->state != (int)state || c->done_number != c->order_number) {
		if (c->state == SIDE_FAILED)
			finding(s, kind, c->why);
		if (waitpid(side->pid, NULL, WNOHANG) == side->pid) {
			snprintf(why, sizeof(why), "side %c ended by itself", side->letter);
			finding(s, kind, why);
		}
		if (frontend_now_ms() > end) {
			snprintf(why, sizeof(why),
				 "side %c hangs: state %d, order %d, accepted %" PRIu64
				 ", completed %" PRIu64 ", unfinished %" PRIu64,
				 side->letter, c->state, c->order, c->accepted, c->completed,
				 c->unfinished);
			finding(s, kind, why);
		}
		frontend_sleep_ms(1);
	}
}

static void order_both(struct soak *s, enum side_order what, enum side_state state,
		       enum step_kind kind)
{
	for (int i = 0; i < 2; i++)
		order(&s->sides[i], what);
	for (int i = 0; i < 2; i++)
		await(s, &s->sides[i], state, kind);
}

/* The second time for who was paused while the other one still sent. */
static void pause_both(struct soak *s, enum step_kind kind)
{
	order_both(s, SIDE_PAUSE, SIDE_IS_PAUSED, kind);
	world_settle();
	order_both(s, SIDE_PAUSE, SIDE_IS_PAUSED, kind);
	world_settle();
}

void soak_open(struct soak *s)
{
	static const char *const names[2] = {"v0", "v1"};

	world_open();
	for (int i = 0; i < 2; i++) {
		struct side *side = &s->sides[i];

		*side = (struct side){
			.ifname = names[i], .letter = (char)('A' + i), .generation = (uint64_t)i};
		side->shared = mmap(NULL, sizeof(*side->shared), PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		cr_assert(side->shared != MAP_FAILED, "memory");
		side->shared->rate_pps = 20000;
		order(side, SIDE_RUN);
		start(side);
	}
	for (int i = 0; i < 2; i++)
		await(s, &s->sides[i], SIDE_RUNS, STEP_RATE);
	pause_both(s, STEP_RATE);
}

void soak_close(struct soak *s)
{
	order_both(s, SIDE_END, SIDE_HAS_ENDED, STEP_RATE);
	for (int i = 0; i < 2; i++) {
		int status;

		cr_assert(waitpid(s->sides[i].pid, &status, 0) == s->sides[i].pid && status == 0,
			  "side %c ended with %x", 'A' + i, (unsigned int)status);
		if (world_has_program(i, LEAVE_MS))
			finding(s, STEP_RATE, "an XDP program was left behind");
		munmap(s->sides[i].shared, sizeof(*s->sides[i].shared));
	}
	if (footprint_leases())
		finding(s, STEP_RATE, "a lease was left behind");
	world_close();
}

/* ---- What happens --------------------------------------------------------------------------------- */

static uint32_t below(struct soak *s, uint32_t n)
{
	return frame_random_below(&s->random, n);
}

static void change_rates(struct soak *s)
{
	bool echoes = s->sides[1].shared->echoes;

	for (int i = 0; i < 2; i++) {
		uint32_t pps = below(s, 4) ? 1 + below(s, MOST_PPS) : below(s, 2000);

		s->sides[i].shared->rate_pps = echoes && i == 1 ? 0 : pps;
	}
}

static void restart(struct soak *s, int i, enum side_order how, enum step_kind kind)
{
	for (uint32_t n = 1 + below(s, 3); n; n--) {
		order(&s->sides[i], how);
		await(s, &s->sides[i], SIDE_RUNS, kind);
		s->restarts++;
	}
}

static void kill_side(struct soak *s, int i, enum step_kind kind)
{
	struct side *side = &s->sides[i];
	struct side_shared *c = side->shared;

	kill(side->pid, SIGKILL);
	waitpid(side->pid, NULL, 0);
	s->kills++;
	if (world_has_program(i, LEAVE_MS))
		finding(s, kind, "the program of a killed process was left behind");
	/* What it had offered is with nobody any more. */
	c->unfinished = c->accepted - c->completed;
	c->offered = (uint64_t)c->accepted;
	start(side);
	await(s, side, SIDE_RUNS, kind);
	s->restarts++;
}

static void stop_side(struct soak *s, int i)
{
	kill(s->sides[i].pid, SIGSTOP);
	frontend_sleep_ms((int)(10 + below(s, 200)));
	kill(s->sides[i].pid, SIGCONT);
}

/* No room for a lease: nothing is deferred, all else works. With room it is again. */
static void fill_run(struct soak *s, enum step_kind kind)
{
	int i = (int)below(s, 2);
	struct side *side = &s->sides[i];

	world_fill_run();
	order(side, SIDE_RESTART);
	await(s, side, SIDE_RUNS, kind);
	if (side->shared->deferred)
		finding(s, kind, "the NAPI was changed though there is no room for a lease");
	world_empty_run();
	order(side, SIDE_RESTART);
	await(s, side, SIDE_RUNS, kind);
	if (!side->shared->deferred)
		finding(s, kind, "with room for a lease again nothing is deferred");
	s->restarts += 2;
}

static void happen(struct soak *s, enum step_kind kind)
{
	bool echoes = s->sides[1].shared->echoes;

	switch (kind) {
	case STEP_RATE:
		change_rates(s);
		break;
	case STEP_ECHO:
		s->sides[1].shared->echoes = !echoes;
		change_rates(s);
		break;
	case STEP_FLAP_SENDER:
	case STEP_FLAP_RECEIVER:
		world_flap(kind == STEP_FLAP_RECEIVER, (int)below(s, 50));
		break;
	case STEP_RESTART_SENDER:
	case STEP_RESTART_RECEIVER:
		restart(s, kind == STEP_RESTART_RECEIVER, SIDE_RESTART, kind);
		break;
	case STEP_REOPEN_SENDER:
	case STEP_REOPEN_RECEIVER:
		restart(s, kind == STEP_REOPEN_RECEIVER, SIDE_REOPEN, kind);
		break;
	case STEP_KILL_SENDER:
	case STEP_KILL_RECEIVER:
		kill_side(s, kind == STEP_KILL_RECEIVER, kind);
		break;
	case STEP_STOP_SENDER:
	case STEP_STOP_RECEIVER:
		stop_side(s, kind == STEP_STOP_RECEIVER);
		break;
	case STEP_FULL_RUN:
		fill_run(s, kind);
		break;
	case STEP_MEMORY:
		pressure_make((int)below(s, 200));
		break;
	case STEP_GUEST:
		guest_step(s);
		break;
	case STEP_KINDS:
		break;
	}
}

static enum step_kind choose(struct soak *s)
{
	enum step_kind kind;

	do
		kind = (enum step_kind)below(s, STEP_KINDS);
	while ((kind == STEP_MEMORY && s->no_memory) || (kind == STEP_GUEST && !s->vhost));
	return kind;
}

void soak_step(struct soak *s)
{
	enum step_kind kind = choose(s);
	struct balance_start b = balance_begin(s);

	change_rates(s);
	order_both(s, SIDE_RUN, SIDE_RUNS, kind);
	frontend_sleep_ms((int)(10 + below(s, 100)));
	happen(s, kind);
	frontend_sleep_ms((int)(10 + below(s, 100)));
	pause_both(s, kind);
	for (int from = 0; from < 2; from++) {
		int to = 1 - from;

		balance_check(s, &b, from, (int)kind == STEP_KILL_SENDER + from,
			      (int)kind == STEP_KILL_SENDER + to,
			      (int)kind == STEP_FLAP_SENDER + to, step_names[kind]);
	}
	s->by_kind[kind]++;
	s->steps++;
}
