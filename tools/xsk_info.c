// SPDX-License-Identifier: BSD-2-Clause
/* xsk-info: what AF_XDP would get on an interface, and why not better. */
#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "xsk_bench/json.h"
#include "info/info.h"

enum { EXIT_USAGE = 2 };

static const char usage[] =
	"Usage: xsk-info [IF] [--queue N] [--json] [--try]\n"
	"       xsk-info --restore IF [--queue N]\n"
	"\n"
	"Without IF: one line per interface of this network namespace. With IF: its driver, "
	"queues,\n"
	"XDP features and limits, the privileges of the caller, which mode an attach would get, "
	"and\n"
	"in sentences why not a better one. Combinations of driver, kernel and MTU that are known "
	"to\n"
	"go wrong are named with the remedy and with who says so.\n"
	"\n"
	"  --queue N   the hardware queue in question (default 0)\n"
	"  --json      one JSON document instead of text; what is not known has no member\n"
	"  --try       also really attach to the queue, show each attempt, and detach. INTRUSIVE:\n"
	"              some NICs (igb, ixgbe, i40e, ice) reset when an XDP program comes or goes,\n"
	"              and frames to this queue are lost meanwhile\n"
	"  --restore   only put back what a program that was killed has left on the NAPIs of the\n"
	"              queues (of queue N): interrupt deferral for busy polling. What a running "
	"one\n"
	"              has set is left alone\n"
	"  -h, --help  this text\n"
	"\n"
	"Without --try or --restore nothing is changed. Names of programs and of who holds them "
	"need root.\n"
	"\n"
	"Examples:\n"
	"  xsk-info                          which interfaces are there?\n"
	"  xsk-info eth1                     would eth1 get zero copy? why not?\n"
	"  xsk-info eth1 --queue 3 --try     attach to queue 3 and see\n"
	"  xsk-info eth1 --json | jq -r .prediction.mode\n"
	"\n"
	"Exit status: 0 done, 1 failure (said in one sentence), 2 wrong usage. That an attach "
	"would\n"
	"fail is an answer, not a failure; that --try failed is one.\n";

struct options {
	const char *ifname;
	uint32_t queue;
	bool has_queue;
	bool json;
	bool try;
	bool restore;
};

/* Return: -1 go on, else the exit status. */
static int usage_error(const char *sentence, const char *value)
{
	fprintf(stderr, "xsk-info: %s%s; see xsk-info --help\n", sentence, value);
	return EXIT_USAGE;
}

static int parse_queue(const char *text, struct options *options)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || value > 65535)
		return usage_error("--queue takes a number from 0 to 65535, not ", text);
	options->queue = (uint32_t)value;
	options->has_queue = true;
	return -1;
}

static int parse(int argc, char **argv, struct options *options)
{
	static const struct option longs[] = {
		{"queue", required_argument, NULL, 'q'}, {"json", no_argument, NULL, 'j'},
		{"try", no_argument, NULL, 't'},	 {"restore", no_argument, NULL, 'r'},
		{"help", no_argument, NULL, 'h'},	 {NULL, 0, NULL, 0},
	};
	int option, status;

	while ((option = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		switch (option) {
		case 'q':
			status = parse_queue(optarg, options);
			if (status >= 0)
				return status;
			break;
		case 'j':
			options->json = true;
			break;
		case 't':
			options->try = true;
			break;
		case 'r':
			options->restore = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		default: /* getopt has said what */
			fputs("see xsk-info --help\n", stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc)
		options->ifname = argv[optind++];
	if (optind < argc)
		return usage_error("one interface at a time, not also ", argv[optind]);
	if (!options->ifname && (options->has_queue || options->try || options->restore))
		return usage_error("--queue, --try and --restore need an interface", "");
	if (options->restore && (options->try || options->json))
		return usage_error("--restore goes alone", "");
	return -1;
}

static int fail(const struct net_error *err)
{
	fprintf(stderr, "xsk-info: %s: %s\n", err->step, err->message);
	return EXIT_FAILURE;
}

static int show_all(bool json)
{
	struct if_nameindex *interfaces = if_nameindex(), *i;
	int status = EXIT_SUCCESS;
	struct json j = {.out = stdout};
	struct info_facts facts;
	struct net_error err;
	int rc;

	if (!interfaces) {
		fprintf(stderr, "xsk-info: query: cannot list the interfaces: %s\n",
			strerror(errno));
		return EXIT_FAILURE;
	}
	if (json) {
		json_open(&j, NULL, '{');
		json_open(&j, "interfaces", '[');
	} else {
		info_print_row(stdout, NULL);
	}
	for (i = interfaces; i->if_index; i++) {
		memset(&facts, 0, sizeof(facts));
		rc = net_xdp_device_query(i->if_name, &facts.device, &err);
		/* Deleted since it was listed. */
		if (rc == -ENODEV)
			continue;
		if (rc < 0) {
			status = fail(&err);
			continue;
		}
		if (json)
			info_json_row(&j, &facts.device);
		else
			info_print_row(stdout, &facts.device);
	}
	if (json) {
		json_close(&j, ']');
		json_close(&j, '}');
	}
	if_freenameindex(interfaces);
	return status;
}

static int show_one(const struct options *options)
{
	struct info_prediction prediction;
	struct info_facts facts;
	struct net_error err;
	struct info_try tried;

	if (info_facts(options->ifname, options->queue, &facts, &err) < 0)
		return fail(&err);
	info_predict(&facts, &prediction);
	if (options->try)
		info_try(&facts, &tried);
	if (options->json)
		info_print_json(stdout, &facts, &prediction, options->try ? &tried : NULL);
	else
		info_print_text(stdout, &facts, &prediction, options->try ? &tried : NULL);
	if (!options->try || tried.rc == 0)
		return EXIT_SUCCESS;
	/* The text has said so already. */
	return options->json ? fail(&tried.err) : EXIT_FAILURE;
}

/* One queue, or all of them. */
static int restore(const struct options *options)
{
	uint32_t queue = options->queue, end = queue + 1, restored = 0;
	struct net_xdp_device_queue state;
	struct net_xdp_device device;
	int status = EXIT_SUCCESS, rc;
	struct net_error err;

	if (net_xdp_device_query(options->ifname, &device, &err))
		return fail(&err);
	if (!options->has_queue)
		end = device.rx_queues;
	for (; queue < end; queue++) {
		rc = net_xdp_device_queue_restore(options->ifname, queue, &state, &err);
		if (rc < 0) {
			status = fail(&err);
			continue;
		}
		restored += (uint32_t)rc;
		if (state.napi_state[0])
			printf("queue %u: %s\n", queue, state.napi_state);
	}
	printf("%s: %u put back\n", options->ifname, restored);
	return status;
}

int main(int argc, char **argv)
{
	struct options options = {0};
	int status = parse(argc, argv, &options);

	if (status < 0 && options.restore)
		status = restore(&options);
	else if (status < 0)
		status = options.ifname ? show_one(&options) : show_all(options.json);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "xsk-info: output: %s\n", strerror(errno));
		return EXIT_FAILURE;
	}
	return status;
}
