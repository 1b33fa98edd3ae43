// SPDX-License-Identifier: BSD-2-Clause
/* xsk-info: what AF_XDP would get on an interface, and why not better. */
#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "info/info.h"
#include "common/error.h"
#include "common/escape.h"
#include "common/json.h"

enum { EXIT_USAGE = 2 };

static const char help[] =
	"xsk-info - what AF_XDP would get on an interface, and why not better\n"
	"\n"
	"usage: xsk-info [IF] [options]\n"
	"       xsk-info --restore IF [-q N]\n"
	"\n"
	"Without IF: one line per interface of this network namespace. With IF: its\n"
	"driver, queues, features and limits, the privileges of the caller, which mode\n"
	"an attach would get, and in sentences why not a better one; who would add up\n"
	"checksums, insert tags and cut packets, and why not somebody better.\n"
	"Combinations of driver, kernel and MTU that are known to go wrong are named with\n"
	"the remedy and with who says so.\n"
	"\n"
	"what\n"
	"  -i, --interface IF   the same as IF (in this network namespace)\n"
	"  -q, --queue N        the hardware queue in question (0)\n"
	"      --try            also really attach to the queue, show each attempt, and\n"
	"                       detach. INTRUSIVE: some NICs (igb, ixgbe, i40e, ice)\n"
	"                       reset when an XDP program comes or goes, and frames to\n"
	"                       this queue may be lost meanwhile\n"
	"      --restore        only put back what a program that was killed has left on\n"
	"                       the NAPIs of the queues (of queue N): interrupt deferral\n"
	"                       for busy polling. What a running one has set is left\n"
	"\n"
	"output\n"
	"      --json           one JSON document; what is not known has no member\n"
	"  -V, --version        the version\n"
	"  -h, --help           this text\n"
	"\n"
	"Without --try or --restore nothing is changed. Names of programs and of who\n"
	"holds them need root. Options in sentences are those of xsk-bench; behind them,\n"
	"in brackets, stand the fields of net_xdp.h for programs of your own.\n"
	"AF_XDP sees what the NIC accepts: its own MAC, broadcast and joined multicast.\n"
	"For more: ip link set IF promisc on, allmulticast on, ip maddr add MAC dev IF.\n"
	"\n"
	"exit   0 done   1 failure (said in one sentence)   2 usage. That an attach would\n"
	"       fail is an answer, not a failure; that --try failed is one.\n"
	"\n"
	"examples\n"
	"  xsk-info                          which interfaces are there?\n"
	"  xsk-info eth1                     would eth1 get zero copy? why not?\n"
	"  xsk-info eth1 --queue 3 --try     attach to queue 3 and see\n"
	"  xsk-info eth1 --json | jq -r .prediction.mode\n";

struct options {
	const char *ifname;
	uint32_t queue;
	bool has_queue;
	bool json;
	bool try;
	bool restore;
	struct net_error usage; /* what was wrong with them */
};

/* ---- Options ---------------------------------------------------------------------------------- */

static int usage_error(struct options *options, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int usage_error(struct options *options, const char *format, ...)
{
	struct net_error *err = &options->usage;
	va_list args;

	*err = (struct net_error){.code = -EINVAL, .step = "usage"};
	va_start(args, format);
	vsnprintf(err->message, sizeof(err->message), format, args);
	va_end(args);
	return EXIT_USAGE;
}

/* Return: -1 go on, else the exit status. */
static int parse_queue(const char *text, struct options *options)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || value > 65535)
		return usage_error(options, "--queue: '%s' is not a number from 0 to 65535", text);
	options->queue = (uint32_t)value;
	options->has_queue = true;
	return -1;
}

static int parse_interface(const char *name, struct options *options)
{
	if (options->ifname)
		return usage_error(options, "one interface at a time, not also '%s'", name);
	options->ifname = name;
	return -1;
}

static int parse_option(int option, char **argv, struct options *options)
{
	switch (option) {
	case 'i':
		return parse_interface(optarg, options);
	case 'q':
		return parse_queue(optarg, options);
	case 'j':
		options->json = true;
		return -1;
	case 't':
		options->try = true;
		return -1;
	case 'r':
		options->restore = true;
		return -1;
	case 'V':
		puts("xsk-info " NET_XDP_VERSION);
		return EXIT_SUCCESS;
	case 'h':
		fputs(help, stdout);
		return EXIT_SUCCESS;
	case ':':
		return usage_error(options, "%s: the value is missing", argv[optind - 1]);
	default:
		/* getopt names only an option that exists in optopt, or an unknown letter. */
		if (optopt && !strncmp(argv[optind - 1], "--", 2))
			return usage_error(options, "%s: this option takes no value",
					   argv[optind - 1]);
		return usage_error(options, "%s: no such option", argv[optind - 1]);
	}
}

static int parse(int argc, char **argv, struct options *options)
{
	static const struct option longs[] = {
		{"interface", required_argument, NULL, 'i'},
		{"queue", required_argument, NULL, 'q'},
		{"json", no_argument, NULL, 'j'},
		{"try", no_argument, NULL, 't'},
		{"restore", no_argument, NULL, 'r'},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int option, status = -1;

	/* The leading colon: getopt prints nothing itself. */
	while (status < 0 && (option = getopt_long(argc, argv, ":hi:q:V", longs, NULL)) != -1)
		status = parse_option(option, argv, options);
	while (status < 0 && optind < argc)
		status = parse_interface(argv[optind++], options);
	if (status >= 0)
		return status;
	if (!options->ifname && (options->has_queue || options->try || options->restore))
		return usage_error(options, "--queue, --try and --restore need an interface");
	if (options->restore && (options->try || options->json))
		return usage_error(options, "--restore goes alone");
	return -1;
}

/* ---- What it does ----------------------------------------------------------------------------- */

/* One line; on a terminal broken before column 80. */
static void complain(const char *front, const char *text)
{
	char plain[4 * sizeof(((struct net_error *)NULL)->message)];

	if (isatty(STDERR_FILENO))
		info_print_sentence(stderr, front, text);
	else
		fprintf(stderr, "%s%s\n", front, escape_plain(plain, sizeof(plain), text));
}

static int fail(const struct net_error *err)
{
	char front[sizeof(err->step) + 16];

	snprintf(front, sizeof(front), "xsk-info: %s: ", err->step);
	complain(front, err->message[0] ? err->message : strerror(-err->code));
	return EXIT_FAILURE;
}

/* Nothing but the error is known. */
static void document(int status, const struct net_error *err)
{
	struct json j = {.out = stdout};

	info_json_begin(&j);
	info_json_end(&j, status, err);
}

static int fail_whole(const struct options *options, const struct net_error *err)
{
	if (options->json)
		document(EXIT_FAILURE, err);
	return fail(err);
}

static void fail_usage(bool json, const struct net_error *err)
{
	complain("xsk-info: ", err->message);
	fputs("try 'xsk-info --help'\n", stderr);
	if (json)
		document(EXIT_USAGE, err);
}

static struct if_nameindex *list_interfaces(struct net_error *err)
{
	struct if_nameindex *interfaces;

	if (info_netlink_check(err) < 0)
		return NULL;
	interfaces = if_nameindex();
	if (!interfaces)
		error_errno(err, -errno, "query", "cannot list the interfaces");
	return interfaces;
}

static int show_all(const struct options *options)
{
	struct net_error err = {0}, why;
	struct if_nameindex *interfaces = list_interfaces(&err), *i;
	struct json j = {.out = stdout};
	struct net_xdp_device device;
	int status = EXIT_SUCCESS;
	int rc;

	if (!interfaces)
		return fail_whole(options, &err);
	if (options->json) {
		info_json_begin(&j);
		json_open(&j, "interfaces", '[');
	} else {
		info_print_row(stdout, NULL);
	}
	for (i = interfaces; i->if_index; i++) {
		rc = net_xdp_device_query(i->if_name, &device, &why);
		/* Deleted since it was listed. */
		if (rc == -ENODEV)
			continue;
		if (rc < 0) {
			status = fail(&why);
			err = why;
		} else if (options->json) {
			info_json_row(&j, &device);
		} else {
			info_print_row(stdout, &device);
		}
	}
	if (options->json) {
		json_close(&j, ']');
		info_json_end(&j, status, &err);
	}
	if_freenameindex(interfaces);
	return status;
}

/* Said before it is done. */
static void warn(const struct info_facts *facts, const struct info_prediction *prediction)
{
	char text[400], plain[4 * sizeof(text)];

	info_try_warning(facts, prediction, text, sizeof(text));
	if (text[0])
		fprintf(stderr, "xsk-info: %s\n", escape_plain(plain, sizeof(plain), text));
}

static int show_one(const struct options *options)
{
	struct info_prediction prediction;
	struct info_facts facts;
	struct net_error err;
	struct info_try tried = {0};
	int status;

	if (info_facts(options->ifname, options->queue, &facts, &err) < 0)
		return fail_whole(options, &err);
	info_predict(&facts, &prediction);
	if (options->try) {
		warn(&facts, &prediction);
		info_try(&facts, &tried);
	}
	if (options->json)
		info_print_json(stdout, &facts, &prediction, options->try ? &tried : NULL);
	else
		info_print_text(stdout, &facts, &prediction, options->try ? &tried : NULL);
	fflush(stdout);
	status = tried.rc < 0 ? fail(&tried.err) : EXIT_SUCCESS;
	info_try_free(&tried);
	return status;
}

/* One queue, or all of them. */
static int restore(const struct options *options)
{
	uint32_t queue = options->queue, end = queue + 1, restored = 0;
	struct net_xdp_device_queue state;
	struct net_xdp_device device;
	int status = EXIT_SUCCESS, rc;
	struct net_error err;
	char text[64];

	if (info_netlink_check(&err) || net_xdp_device_query(options->ifname, &device, &err))
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
		snprintf(text, sizeof(text), "queue %u: ", queue);
		if (state.napi_state[0])
			info_print_sentence(stdout, text, state.napi_state);
	}
	snprintf(text, sizeof(text), "%s: %u put back", device.ifname, restored);
	info_print_sentence(stdout, "", text);
	return status;
}

int main(int argc, char **argv)
{
	struct options options = {0};
	int status = parse(argc, argv, &options);

	if (status == EXIT_USAGE)
		fail_usage(json_is_asked(argc, argv), &options.usage);
	else if (status < 0 && options.restore)
		status = restore(&options);
	else if (status < 0)
		status = options.ifname ? show_one(&options) : show_all(&options);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "xsk-info: output: %s\n", strerror(errno));
		return EXIT_FAILURE;
	}
	return status;
}
