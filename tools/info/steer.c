// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/escape.h"
#include "common/json.h"
#include "info.h"
#include "steer.h"

enum { EXIT_USAGE = 2 };

static const char *const outcomes[] = {"same",	  "would change", "changed",
				       "refused", "put back",	  "left"};
static const char *const kinds[] = {"channels",	   "rss_table",	    "ntuple",	"rule",
				    "promiscuous", "all_multicast", "multicast"};

/* ---- Printing --------------------------------------------------------------------------------- */

static void print_change(FILE *out, const struct net_xdp_steer_change *c)
{
	char front[64], text[sizeof(*c) + 32];

	snprintf(front, sizeof(front), "  %-12s  ", outcomes[c->outcome]);
	if (c->outcome == NET_XDP_STEER_SAME)
		snprintf(text, sizeof(text), "%s: %s", c->what, c->to);
	else if (c->from[0] && c->to[0])
		snprintf(text, sizeof(text), "%s: %s -> %s%s%s", c->what, c->from, c->to,
			 c->why[0] ? "; " : "", c->why);
	else
		snprintf(text, sizeof(text), "%s%s%s", c->what, c->why[0] ? ": " : "", c->why);
	info_print_sentence(out, front, text);
}

void info_steer_print(FILE *out, const struct net_xdp_steer_report *report)
{
	char text[80];

	snprintf(text, sizeof(text), "%s (%s)", report->ifname,
		 report->driver[0] ? report->driver : "driver unknown");
	info_print_sentence(out, "", text);
	if (report->state[0])
		info_print_sentence(out, "  ", report->state);
	for (uint32_t i = 0; i < report->change_count; i++)
		print_change(out, &report->changes[i]);
}

static void put_change(struct json *j, const struct net_xdp_steer_change *c)
{
	json_open(j, NULL, '{');
	json_text(j, "kind", kinds[c->kind]);
	json_text(j, "what", c->what);
	json_text(j, "outcome", outcomes[c->outcome]);
	if (c->from[0])
		json_text(j, "from", c->from);
	if (c->to[0])
		json_text(j, "to", c->to);
	if (c->error)
		json_signed(j, "error", c->error);
	if (c->why[0])
		json_text(j, "why", c->why);
	json_close(j, '}');
}

static void document(const struct info_steer_options *o, const struct net_xdp_steer_report *report,
		     int status, const struct net_error *err)
{
	struct json j = {.out = stdout};

	info_json_begin(&j);
	if (report->ifname[0]) {
		json_text(&j, "interface", report->ifname);
		json_text(&j, "driver", report->driver);
		json_text(&j, "steer_state", report->state);
		json_bool(&j, "dry_run", o->dry_run);
		json_open(&j, "changes", '[');
		for (uint32_t i = 0; i < report->change_count; i++)
			put_change(&j, &report->changes[i]);
		json_close(&j, ']');
	}
	info_json_end(&j, status, err);
}

static void complain(const struct net_error *err)
{
	char plain[4 * sizeof(err->message)], front[sizeof(err->step) + 16];

	snprintf(front, sizeof(front), "xsk-info: %s: ", err->step);
	if (!strcmp(err->step, "usage"))
		snprintf(front, sizeof(front), "xsk-info: ");
	if (isatty(STDERR_FILENO))
		info_print_sentence(stderr, front, err->message);
	else
		fprintf(stderr, "%s%s\n", front, escape_plain(plain, sizeof(plain), err->message));
	if (!strcmp(err->step, "usage"))
		fputs("try 'xsk-info steer --help'\n", stderr);
}

/* ---- Doing ------------------------------------------------------------------------------------ */

static void print_end(const struct info_steer_options *o, const struct net_xdp_steer_report *report)
{
	char text[96];
	bool any = false;

	for (uint32_t i = 0; i < report->change_count; i++)
		any |= report->changes[i].outcome == NET_XDP_STEER_CHANGED;
	if (o->dry_run)
		snprintf(text, sizeof(text), "nothing was changed");
	else if (any)
		snprintf(text, sizeof(text), "stays until: xsk-info --restore %s",
			 escape_word(report->ifname));
	else
		snprintf(text, sizeof(text), "nothing had to be changed");
	info_print_sentence(stdout, "", text);
}

static int carry_out(const struct info_steer_options *o, struct net_xdp_steer_report *report,
		     struct net_error *err)
{
	int rc = o->dry_run ? net_xdp_steer_look(o->ifname, &o->plan, report, err)
			    : net_xdp_steer_apply(o->ifname, &o->plan, report, err);

	if (o->json)
		document(o, report, rc ? EXIT_FAILURE : EXIT_SUCCESS, err);
	else if (report->ifname[0])
		info_steer_print(stdout, report);
	if (!rc && !o->json)
		print_end(o, report);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}

int info_steer(int argc, char **argv)
{
	struct net_xdp_steer_report *report = calloc(1, sizeof(*report));
	struct net_error err = {.code = -EINVAL, .step = "usage"};
	struct info_steer_options o;
	int status = EXIT_SUCCESS, rc;

	if (!report)
		return EXIT_FAILURE;
	rc = info_steer_parse(argc, argv, &o, err.message, sizeof(err.message));
	if (rc > 0)
		option_show(&info_steer_table, rc, stdout);
	else if (!rc)
		status = carry_out(&o, report, &err);
	else
		status = EXIT_USAGE;
	if (status == EXIT_USAGE && json_is_asked(argc, argv))
		document(&o, report, status, &err);
	fflush(stdout);
	if (status)
		complain(&err);
	free(report);
	return status;
}

int info_steer_restore(const char *ifname, struct net_error *err)
{
	struct net_xdp_steer_report *report = calloc(1, sizeof(*report));
	int rc, done = 0;

	if (!report) {
		*err = (struct net_error){.code = -ENOMEM, .step = "restore"};
		return -ENOMEM;
	}
	rc = net_xdp_steer_restore(ifname, report, err);
	for (uint32_t i = 0; i < report->change_count; i++) {
		print_change(stdout, &report->changes[i]);
		done += report->changes[i].outcome == NET_XDP_STEER_PUT_BACK;
	}
	free(report);
	return rc < 0 ? rc : done;
}
