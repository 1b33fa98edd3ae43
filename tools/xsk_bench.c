/* SPDX-License-Identifier: BSD-2-Clause */
/* xsk-bench: frames through net_xdp, with proof. Over the public headers only. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xsk_bench/report.h"

enum {
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_WRONG = 3, /* corrupt or duplicate frames, or numbers that do not add up */
};

static int usage(const char *why)
{
	fprintf(stderr, "xsk-bench: %s\ntry 'xsk-bench --help'\n", why);
	return EXIT_USAGE;
}

/* One sentence for each thing that must not be. */
static int judge(const struct account *a)
{
	if (a->tally.corrupt)
		fprintf(stderr, "xsk-bench: %llu corrupt frames\n",
			(unsigned long long)a->tally.corrupt);
	if (a->flows.duplicates)
		fprintf(stderr, "xsk-bench: %llu duplicate frames\n",
			(unsigned long long)a->flows.duplicates);
	if (!a->adds_up)
		fprintf(stderr, "xsk-bench: the frames do not add up, see %s\n",
			a->balances[0].name);
	return a->intact && a->adds_up ? 0 : EXIT_WRONG;
}

static int finish(const struct run *run, const struct options *opt, int rc,
		  const struct net_error *err)
{
	struct account *a = malloc(sizeof(*a));
	struct verdict v = {rc ? EXIT_FAILED : 0, rc ? err : NULL};

	if (!a) {
		fprintf(stderr, "xsk-bench: no memory for the result\n");
		return EXIT_FAILED;
	}
	account_of(run, a);
	/* A table of a run that never began would be a table of nothing. */
	if (run->started && !opt->json)
		report_table(stdout, run, a);
	fflush(stdout);
	if (rc)
		fprintf(stderr, "xsk-bench: %s: %s\n", err->step,
			err->message[0] ? err->message : strerror(-rc));
	else
		v.exit_code = judge(a);
	if (opt->json)
		report_json(stdout, run, a, &v);
	free(a);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "xsk-bench: writing the result: %s\n", strerror(errno));
		return EXIT_FAILED;
	}
	return v.exit_code;
}

int main(int argc, char **argv)
{
	static struct run run;
	struct options opt;
	struct net_error err = {0};
	char why[200];
	int rc;

	rc = options_parse(argc, argv, &opt, why, sizeof(why));
	if (rc < 0)
		return usage(why);
	if (rc) {
		fputs(options_help, stdout);
		return fflush(stdout) ? EXIT_FAILED : 0;
	}
	rc = run_all(&run, &opt, &err);
	if (run.usage) {
		run_free(&run);
		return usage(err.message);
	}
	rc = finish(&run, &opt, rc, &err);
	run_free(&run);
	return rc;
}
