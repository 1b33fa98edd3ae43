/* SPDX-License-Identifier: BSD-2-Clause */
/* xsk-bench: frames through net_xdp, with proof. Over the public headers only. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/options_say.h"
#include "common/json.h"
#include "xsk_bench/live.h"
#include "xsk_bench/outcome.h"
#include "xsk_bench/pair.h"
#include "xsk_bench/plot.h"
#include "xsk_bench/remote/remote.h"
#include "xsk_bench/say.h"

/* After what went to stdout: did it arrive there? */
static int flushed(int exit_code)
{
	if (!fflush(stdout) && !ferror(stdout))
		return exit_code;
	say("writing the result: %s", strerror(errno));
	return EXIT_FAILED;
}

static int usage(const struct net_error *err, bool json, const char *command)
{
	struct verdict v = {EXIT_USAGE, err};

	say("%s", err->message);
	fputs("try 'xsk-bench --help'\n", stderr);
	if (json)
		report_json_error(stdout, command, &v);
	return flushed(EXIT_USAGE);
}

/* A run that never began has no figures; one that failed has some, for people only. */
static void show(const struct run *run, const struct account *a, const struct verdict *v)
{
	if (run->opt->json && v->error)
		report_json_error(stdout, options_mode_name(run->opt->mode), v);
	else if (run->opt->json)
		report_json(stdout, run, a, v);
	else if (run->opt->csv)
		return; /* live_end() has written the total */
	else if (run->started && run->opt->verbose)
		report_table(stdout, run, a);
	else if (run->started)
		report_summary(stdout, run, a);
	fflush(stdout);
}

static int finish(struct run *run, int rc, struct net_error *err, FILE *plot)
{
	struct account *a = malloc(sizeof(*a));
	struct verdict v;

	if (!a) {
		say("no memory for the result");
		return EXIT_FAILED;
	}
	v = outcome_of(run, rc, a, err);
	live_end(run, a);
	if (plot_end(plot, run, a) && !v.exit_code)
		v.exit_code = EXIT_FAILED;
	show(run, a, &v);
	if (v.error)
		say("%s: %s", err->step, err->message);
	free(a);
	return flushed(v.exit_code);
}

static int run(const struct options *opt)
{
	static struct run run;
	struct net_error err = {0};
	FILE *plot;
	int rc;

	run_init(&run, opt, 0);
	rc = plot_open(opt, &plot, &err);
	if (!rc)
		rc = run_all(&run, &err);

	options_say(&bench_options, err.message, sizeof(err.message));
	rc = run.usage ? usage(&err, opt->json, options_mode_name(opt->mode))
		       : finish(&run, rc, &err, plot);
	run_free(&run);
	return rc;
}

static int pair(const struct options *opt)
{
	if (opt->server)
		return remote_serve(opt);
	return opt->client ? remote_ask(opt) : pair_run(opt);
}

int main(int argc, char **argv)
{
	struct net_error err = {.code = -EINVAL, .step = "usage"};
	struct options opt;
	int rc = options_parse(argc, argv, &opt, err.message, sizeof(err.message));

	if (rc < 0)
		return usage(&err, json_is_asked(argc, argv), NULL);
	if (!rc)
		return opt.mode == BENCH_PAIR ? flushed(pair(&opt)) : run(&opt);
	option_show(&bench_options, rc, stdout);
	return flushed(0);
}
