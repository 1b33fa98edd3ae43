/* SPDX-License-Identifier: BSD-2-Clause */
#include "options.h"

#include <stdlib.h>
#include <string.h>

#include "net_control.h"

#include "common/listen.h"
#include "steer.h"

#define WATCH_MIN_S 0.1
#define WATCH_MAX_S 86400.0

#define FLAG(member) .set = option_flag, .offset = offsetof(struct info_options, member)

static int set_queue(struct option_parse *p, const struct option_row *row, const char *text)
{
	struct info_options *o = p->into;

	o->has_queue = true;
	return option_number(p, row, text);
}

/* The value of --watch may be left out, and then IF or PID may be the next word. */
static bool is_seconds(const char *text)
{
	return *text && !text[strspn(text, "0123456789.")];
}

static int set_watch(struct option_parse *p, const struct option_row *row, const char *text)
{
	double *seconds = option_field(p, row);
	char *end = NULL;

	*seconds = text ? strtod(text, &end) : 1;
	if (text &&
	    (!is_seconds(text) || *end || !(*seconds >= WATCH_MIN_S) || *seconds > WATCH_MAX_S))
		return option_refuse(p, text, "must be a number of seconds from 0.1 to 86400");
	return 0;
}

static int set_listen(struct option_parse *p, const struct option_row *row, const char *text)
{
	struct listen_address address;

	if (listen_parse(&address, text) < 0)
		return option_refuse(p, text,
				     "must be PORT, ADDRESS:PORT or [ADDRESS]:PORT, in numbers");
	return option_text(p, row, text);
}

static const char front[] =
	"xsk-info - what AF_XDP would get on an interface, and why not better\n"
	"\n"
	"usage: xsk-info [IF] [options]\n"
	"       xsk-info --restore IF [-q N]\n"
	"       xsk-info steer IF [--dry-run] PLAN...\n"
	"       xsk-info --running [PID|IF] [--watch [SECONDS]]\n"
	"       xsk-info --metrics [--listen [ADDR:]PORT]\n"
	"\n"
	"Without IF: one line per interface of this network namespace. With IF: its\n"
	"driver, queues, features and limits, the privileges of the caller, which mode\n"
	"an attach would get, and in sentences why not a better one; who would add up\n"
	"checksums, insert tags and cut packets, and why not somebody better.\n"
	"Combinations of driver, kernel and MTU that are known to go wrong are named with\n"
	"the remedy and with who says so.\n";

static const struct option_row rows[] = {
	{.group = "what",
	 OPTION_INTERFACE,
	 .help = "the same as IF (in this network namespace)",
	 .set = option_interface,
	 .offset = offsetof(struct info_options, ifname)},
	{.name = "queue",
	 .letter = 'q',
	 .value = "N",
	 .help = "the hardware queue in question (0)",
	 .set = set_queue,
	 .offset = offsetof(struct info_options, queue),
	 .max = 65535},
	{.name = "try",
	 .help = "also really attach to the queue, show each attempt, and detach. INTRUSIVE: some "
		 "NICs (igb, ixgbe, i40e, ice) reset when an XDP program comes or goes, and frames "
		 "to this queue may be lost meanwhile",
	 FLAG(try)},
	{.name = "restore",
	 .help = "only put back what 'xsk-info steer' has set or a program that was killed has left: "
		 "steering, and on the NAPIs of the queues (of queue N alone) interrupt deferral for "
		 "busy polling. What a running one has set is left",
	 FLAG(restore)},

	{.group = "what runs on this machine",
	 .name = "running",
	 .help = "whose endpoints run, with which mode, and how fast: of all programs, of one "
		 "process, or on one interface. Programs of this library tell of themselves; of "
		 "the sockets of others the kernel tells, if it can",
	 FLAG(running)},
	{.name = "watch",
	 .value = "SECONDS",
	 .help = "look again so often (1), until Ctrl-C",
	 .set = set_watch,
	 .is_value = is_seconds,
	 .offset = offsetof(struct info_options, watch_s)},
	{.name = "metrics",
	 .help = "the counters of all of them as one OpenMetrics text",
	 FLAG(metrics)},
	{.name = "listen",
	 .value = "[ADDR:]PORT",
	 .help = "serve that to Prometheus at http://ADDR:PORT/metrics (127.0.0.1), until SIGTERM "
		 "or Ctrl-C",
	 .set = set_listen,
	 .offset = offsetof(struct info_options, listen)},
	{.name = "control",
	 .value = "DIR",
	 .help = "where the sockets of running programs are (" NET_CONTROL_DIRECTORY ")",
	 .set = option_text,
	 .offset = offsetof(struct info_options, control),
	 .names = OPTION_NAMES_FILE},

	{.group = "output",
	 .name = "json",
	 .help = "one JSON document; what is not known has no member",
	 FLAG(json)},
	OPTION_HELP_ROW,
	OPTION_VERSION_ROW,
};

static const char back[] =
	"\n"
	"Without --try, --restore or steer nothing is changed. xsk-info steer sets which\n"
	"frames come to which queue, see xsk-info steer --help. Names of programs and of\n"
	"who holds them need root. Options in sentences are those of xsk-bench; behind\n"
	"them, in brackets, stand the fields of net_xdp.h for programs of your own.\n"
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
	"  xsk-info eth1 --json | jq -r .prediction.mode\n"
	"  xsk-info --running                who runs, and how fast?\n"
	"  xsk-info --running eth1 --watch   the same on eth1, as long as one looks\n"
	"  xsk-info --metrics --listen 9437  for Prometheus on this machine\n";

const struct option_table info_option_table = {
	.program = "xsk-info",
	.front = front,
	.back = back,
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
	.command = "steer",
	.command_table = &info_steer_table,
	.operand_names = OPTION_NAMES_INTERFACE,
};

/* The process that a word means: digits only. Return: 0 it is none. */
static int pid_of(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits && digits < 10 && !text[digits] ? atoi(text) : 0;
}

static int take_operand(struct option_parse *p, const char *word)
{
	struct info_options *o = p->into;
	int pid = o->running && !o->ifname ? pid_of(word) : 0;

	if (o->pid)
		return OPTION_FAIL(p, "one process or interface at a time, not also '%s'", word);
	if (!pid)
		return option_take_interface(p, word);
	o->pid = pid;
	return 0;
}

/* Rules between options. */
static int check_running(struct option_parse *p, const struct info_options *o)
{
	bool runs = o->running || o->metrics;

	if (o->running && o->metrics)
		return OPTION_FAIL(p, "--running or --metrics, not both");
	if (runs && (o->has_queue || o->try || o->restore))
		return OPTION_FAIL(p, "--running and --metrics need no --queue, --try or "
				      "--restore");
	if (o->metrics && (o->json || o->ifname || o->pid))
		return OPTION_FAIL(p, "--metrics is of all that runs, and no JSON");
	if (o->watch_s > 0 && !o->running)
		return OPTION_FAIL(p, "--watch needs --running");
	if (o->listen && !o->metrics)
		return OPTION_FAIL(p, "--listen needs --metrics");
	if (!runs && strcmp(o->control, NET_CONTROL_DIRECTORY))
		return OPTION_FAIL(p, "--control needs --running or --metrics");
	return 0;
}

static int check(struct option_parse *p, const struct info_options *o)
{
	if (!o->running && !o->metrics && !o->ifname && (o->has_queue || o->try || o->restore))
		return OPTION_FAIL(p, "--queue, --try and --restore need an interface");
	if (o->restore && (o->try || o->json))
		return OPTION_FAIL(p, "--restore goes alone");
	return check_running(p, o);
}

int info_options_parse(int argc, char **argv, struct info_options *out, char *why, size_t why_size)
{
	struct option_parse p = {
		.table = &info_option_table, .into = out, .why = why, .why_size = why_size};
	int rc;

	*out = (struct info_options){.control = NET_CONTROL_DIRECTORY};
	rc = option_parse(&p, argc, argv);
	for (uint32_t i = 0; !rc && i < p.operand_count; i++)
		rc = take_operand(&p, p.operands[i]);
	return rc ? rc : check(&p, out);
}
