/* SPDX-License-Identifier: BSD-2-Clause */
/* xsk-bench: frames through net_xdp, with proof. Over the public headers only. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/options_say.h"
#include "common/json.h"
#include "xsk_bench/live.h"
#include "xsk_bench/report.h"
#include "xsk_bench/say.h"

enum {
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	/* corrupt or duplicate frames, wrong checksums or tags, numbers that do not add up, no answer */
	EXIT_WRONG = 3,
};

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

static const struct port *port_without_link(const struct run *run)
{
	for (uint32_t k = 0; k < run->port_count; k++)
		if (!run->ports[k].link_up)
			return &run->ports[k];
	return NULL;
}

/* Who sends and sent nothing has not done what was asked, and neither has a sender without a link. */
static int check_sent(const struct run *run, const struct account *a, struct net_error *err)
{
	const struct port *down = port_without_link(run);
	unsigned long long sent = account_sent(a), all = a->generated;

	if (!all || (sent && !(down && options_send(run->opt))))
		return 0;
	err->code = down ? -ENETDOWN : -EIO;
	snprintf(err->step, sizeof(err->step), "link");
	if (down)
		snprintf(err->message, sizeof(err->message),
			 "%s: the link is down; %llu of %llu frames were sent", down->ifname, sent,
			 all);
	else
		snprintf(err->message, sizeof(err->message),
			 "%s: none of %llu frames was sent; see what was lost",
			 run->ports[0].ifname, all);
	return err->code;
}

/* One sentence for each thing that must not be. */
static int judge(const struct run *run, const struct account *a)
{
	bool silent = run->opt->mode == BENCH_LATENCY && a->tally.generated && !a->latency.count;

	if (a->tally.corrupt)
		say("%llu corrupt frames", (unsigned long long)a->tally.corrupt);
	if (a->tally.bad_sums)
		say("%llu frames with a wrong checksum", (unsigned long long)a->tally.bad_sums);
	if (a->tally.bad_tags)
		say("%llu frames without the tag of --vlan", (unsigned long long)a->tally.bad_tags);
	if (a->flows.duplicates)
		say("%llu duplicate frames", (unsigned long long)a->flows.duplicates);
	if (!a->adds_up)
		say("the frames do not add up, see %s", a->balances[0].name);
	if (silent)
		say("nobody answered: is %02x:%02x:%02x:%02x:%02x:%02x (--dst) the peer, and does "
		    "it run xsk-bench fwd?",
		    run->opt->dst_mac[0], run->opt->dst_mac[1], run->opt->dst_mac[2],
		    run->opt->dst_mac[3], run->opt->dst_mac[4], run->opt->dst_mac[5]);
	return a->intact && a->adds_up && !silent ? 0 : EXIT_WRONG;
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

static int finish(struct run *run, int rc, struct net_error *err)
{
	struct account *a = malloc(sizeof(*a));
	struct verdict v = {EXIT_FAILED, err};

	if (!a) {
		say("no memory for the result");
		return EXIT_FAILED;
	}
	account_of(run, rc, a);
	if (!rc)
		rc = check_sent(run, a, err);
	a->judged = !rc;
	if (!rc)
		v = (struct verdict){judge(run, a), NULL};
	else if (!err->message[0])
		snprintf(err->message, sizeof(err->message), "%s", strerror(-rc));
	for (uint32_t k = 0; k < run->port_count; k++)
		if (run->ports[k].program_error)
			say("%s: what the XDP program dropped or passed is unknown: its counters "
			    "cannot be read (%s)",
			    run->ports[k].ifname, strerror(-run->ports[k].program_error));
	live_end(run, a);
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
	int rc = run_all(&run, opt, &err);

	options_say(&bench_options, err.message, sizeof(err.message));
	rc = run.usage ? usage(&err, opt->json, options_mode_name(opt->mode))
		       : finish(&run, rc, &err);
	run_free(&run);
	return rc;
}

int main(int argc, char **argv)
{
	struct net_error err = {.code = -EINVAL, .step = "usage"};
	struct options opt;
	int rc = options_parse(argc, argv, &opt, err.message, sizeof(err.message));

	if (rc < 0)
		return usage(&err, json_is_asked(argc, argv), NULL);
	if (!rc)
		return run(&opt);
	option_show(&bench_options, rc, stdout);
	return flushed(0);
}
