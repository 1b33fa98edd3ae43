/* SPDX-License-Identifier: BSD-2-Clause */
#include "pair.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "common/options_say.h"
#include "live.h"
#include "outcome.h"
#include "plot.h"
#include "say.h"

size_t pair_split(const char *text, const char **netns)
{
	const char *at = strrchr(text, '@');

	*netns = at && at[1] ? at + 1 : NULL;
	return *netns ? (size_t)(at - text) : strlen(text);
}

/* A name of ip netns, a process, or a path. */
static int enter(const char *netns, struct net_error *err)
{
	bool process = strspn(netns, "0123456789") == strlen(netns);
	char path[256];
	int fd, rc = 0;

	if (strchr(netns, '/'))
		snprintf(path, sizeof(path), "%s", netns);
	else if (process)
		snprintf(path, sizeof(path), "/proc/%s/ns/net", netns);
	else
		snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		rc = error_fill(err, -errno, "netns",
				"the network namespace %s cannot be entered: %s: %s; ip netns list "
				"shows those with a name",
				netns, path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return rc;
}

/* Parts of a balance but the first, which came through; and what the host was left. */
static void add_causes(struct pair_side *s, const struct balance *b)
{
	for (uint32_t i = 1; i < b->part_count && s->cause_count < ACCOUNT_PARTS; i++) {
		struct pair_cause *c = &s->causes[s->cause_count];

		if (!b->parts[i].value || !strncmp(b->parts[i].name, "program_kept", 12))
			continue;
		snprintf(c->name, sizeof(c->name), "%s", b->parts[i].name);
		c->frames = b->parts[i].value;
		s->cause_count++;
	}
}

static void fill(struct pair_side *s, const struct run *run, const struct account *a)
{
	s->both_ways = a->tally.sent_first_ns;
	snprintf(s->ifname, sizeof(s->ifname), "%s", port_name(&run->ports[0]));
	s->queues = run->worker_count;
	s->started = run->started;
	s->judged = a->judged;
	s->adds_up = a->adds_up;
	s->program_known = a->program_known;
	s->frames = a->frames;
	s->generated = a->generated;
	s->bytes = a->bytes;
	s->seconds = a->seconds;
	s->pps = a->pps;
	s->mbps = a->mbps;
	s->mbps_l1 = a->mbps_l1;
	s->cpu_ns_per_frame = a->cpu_ns_per_frame;
	s->tally = a->tally;
	s->flows = a->flows;
	for (uint32_t i = 0; i < a->balance_count; i++)
		if (!strcmp(a->balances[i].name,
			    run->opt->mode == BENCH_TX ? "generated" : "arrived"))
			add_causes(s, &a->balances[i]);
}

/* Interfaces of another namespace have to be named with it. */
static void hint_netns(struct net_error *err, const struct options *opt)
{
	size_t used = strlen(err->message);

	snprintf(err->message + used, sizeof(err->message) - used,
		 "; with pair, %s@NETNS is one in the network namespace NETNS", opt->ifname);
}

/* What an end leaves behind, while it is written: its file begins with what is known last. */
struct leaving {
	struct pair_left left;
	struct verdict verdict;
	FILE *out;
};

static int leave_begin(struct leaving *l, int fd)
{
	l->out = fdopen(fd, "w");
	return l->out && !fseek(l->out, sizeof(l->left), SEEK_SET) ? 0 : -errno;
}

/* One direction, in the order of the views; a is of it, and so is the mode in the run's options. */
static void leave(struct leaving *l, enum pair_view view, const struct run *run,
		  const struct account *a)
{
	const struct verdict *v = &l->verdict;
	struct pair_side *side = &l->left.sides[view];
	long begin = ftell(l->out);

	side->finished = true;
	side->exit_code = v->exit_code;
	if (v->error)
		side->error = *v->error;
	fill(side, run, a);
	if (run->opt->json && v->error)
		report_json_error(l->out, options_mode_name(run->opt->mode), v);
	else if (run->opt->json)
		report_json(l->out, run, a, v);
	else if (run->opt->verbose && run->started)
		report_table(l->out, run, a);
	l->left.text_bytes[view] = (uint64_t)(ftell(l->out) - begin);
}

static int leave_end(struct leaving *l)
{
	bool written;

	rewind(l->out);
	fwrite(&l->left, sizeof(l->left), 1, l->out);
	written = !fflush(l->out) && !ferror(l->out);
	return fclose(l->out) || !written ? -EIO : 0;
}

/* Of an end that does both, its account is made once more for each direction, by the rules of tx and of rx. */
static void leave_views(struct leaving *l, const struct run *run, struct options *opt,
			struct account *a)
{
	uint64_t interval_ns = opt->interval_ns;

	if (opt->mode != BENCH_PAIR) {
		leave(l, opt->mode == BENCH_TX ? PAIR_SENDS : PAIR_RECEIVES, run, a);
		return;
	}
	opt->mode = BENCH_TX;
	opt->interval_ns = 0; /* its rows were of what it received */
	account_of(run, l->verdict.error, a);
	leave(l, PAIR_SENDS, run, a);
	opt->mode = BENCH_RX;
	opt->interval_ns = interval_ns;
	account_of(run, l->verdict.error, a);
	leave(l, PAIR_RECEIVES, run, a);
}

static void say_error(const struct run *run, const struct net_error *err)
{
	if (run->usage)
		say("%s", err->message);
	else
		say("%s: %s", err->step, err->message);
}

/* Where the run ended, what it counted. Return: the exit code. */
static int leave_all(struct run *run, struct options *opt, int rc, struct net_error *err,
		     FILE *plot, int out_fd)
{
	static struct account a;
	static struct leaving l;

	l.verdict = outcome_of(run, rc, &a, err);
	if (run->usage)
		l.verdict.exit_code = EXIT_USAGE;
	live_end(run, &a);
	if (plot_end(plot, run, &a) && !l.verdict.exit_code)
		l.verdict.exit_code = EXIT_FAILED;
	if (l.verdict.error)
		say_error(run, err);
	if (leave_begin(&l, out_fd))
		return EXIT_FAILED;
	leave_views(&l, run, opt, &a);
	return leave_end(&l) ? EXIT_FAILED : l.verdict.exit_code;
}

int pair_side_run(const struct options *asked, int ready_fd, struct run_clock *clock, int out_fd)
{
	static struct run run;
	struct options opt = *asked;
	struct net_error err = {0};
	const char *netns;
	size_t n = pair_split(asked->ifname, &netns);
	char *ifname = strndup(asked->ifname, n);
	FILE *plot = NULL;
	int rc = ifname ? 0 : -ENOMEM;

	opt.ifname = ifname;
	run_init(&run, &opt, ready_fd);
	run.clock = clock;
	if (!rc && netns)
		rc = enter(netns, &err);
	if (!rc)
		rc = plot_open(&opt, &plot, &err);
	if (!rc)
		rc = run_all(&run, &err);
	if (rc == -ENODEV && !netns && !run.started)
		hint_netns(&err, &opt);
	options_say(&bench_options, err.message, sizeof(err.message));
	rc = leave_all(&run, &opt, rc, &err, plot, out_fd);
	run_free(&run);
	free(ifname);
	fflush(stdout);
	return rc;
}
