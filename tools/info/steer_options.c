// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include "steer.h"

/* ---- Values ----------------------------------------------------------------------------------- */

/* Read a number that ends at one of the bytes of ends, or at the end. Return: behind it; NULL there is none up
 * to most. */
static const char *take_number(const char *text, const char *ends, uint32_t most, uint32_t *out)
{
	unsigned long value;
	char *end;

	if (*text < '0' || *text > '9')
		return NULL;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || value > most || (*end && !strchr(ends, *end)))
		return NULL;
	*out = (uint32_t)value;
	return end;
}

static struct net_xdp_steer *plan_of(struct option_parse *p)
{
	return &((struct info_steer_options *)p->into)->plan;
}

static int set_channels(struct option_parse *p, const struct option_row *row, const char *text)
{
	struct net_xdp_steer *plan = plan_of(p);
	const char *at = take_number(text, "", 65535, &plan->channels);

	(void)row;
	if (!at && !strncmp(text, "rx=", 3))
		at = take_number(text + 3, ",", 65535, &plan->rx_channels);
	if (at && !strncmp(at, ",tx=", 4))
		at = take_number(at + 4, "", 65535, &plan->tx_channels);
	if (!at || *at || (!plan->channels && !plan->rx_channels))
		return option_refuse(p, text, "must be a number from 1 on, or rx=N,tx=N");
	return 0;
}

static int set_host_queues(struct option_parse *p, const struct option_row *row, const char *text)
{
	struct net_xdp_steer *plan = plan_of(p);
	uint32_t first, last;
	const char *at = take_number(text, "-", NET_XDP_STEER_QUEUES - 1, &first);

	(void)row;
	last = first;
	if (at && *at == '-')
		at = take_number(at + 1, "", NET_XDP_STEER_QUEUES - 1, &last);
	if (!at || last < first)
		return option_refuse(p, text, "must be a range like 0-1, of queues up to %d",
				     NET_XDP_STEER_QUEUES - 1);
	if (plan->weight_count)
		return option_refuse(p, text, "--host-queues or --weights, once");
	plan->weight_count = last + 1;
	for (uint32_t q = first; q <= last; q++)
		plan->weights[q] = 1;
	return 0;
}

static int set_weights(struct option_parse *p, const struct option_row *row, const char *text)
{
	struct net_xdp_steer *plan = plan_of(p);
	const char *at = text;

	(void)row;
	if (plan->weight_count)
		return option_refuse(p, text, "--host-queues or --weights, once");
	do {
		at = plan->weight_count < NET_XDP_STEER_QUEUES
			     ? take_number(at, ",", 1000, &plan->weights[plan->weight_count++])
			     : NULL;
	} while (at && *at++ == ',');
	if (!at)
		return option_refuse(p, text,
				     "must be a list like 1,1,0,2 of at most %d numbers up to 1000",
				     NET_XDP_STEER_QUEUES);
	return 0;
}

static const struct {
	const char *word;
	enum net_xdp_steer_match match[2];
	int count;
} matches[] = {
	{"mac=", {NET_XDP_STEER_MAC}, 1},
	{"vlan=", {NET_XDP_STEER_VLAN}, 1},
	{"udp-port=", {NET_XDP_STEER_UDP4, NET_XDP_STEER_UDP6}, 2},
	{"tcp-port=", {NET_XDP_STEER_TCP4, NET_XDP_STEER_TCP6}, 2},
	{"udp4-port=", {NET_XDP_STEER_UDP4}, 1},
	{"udp6-port=", {NET_XDP_STEER_UDP6}, 1},
	{"tcp4-port=", {NET_XDP_STEER_TCP4}, 1},
	{"tcp6-port=", {NET_XDP_STEER_TCP6}, 1},
};

/* Read what is behind "MATCH=". Return: the rule's queue in text; NULL it is no such value. */
static const char *take_value(const char *text, struct net_xdp_steer_rule *rule, bool is_mac)
{
	uint32_t number = 0;
	const char *at =
		is_mac ? option_read_mac(text, rule->mac) : take_number(text, ":", 65535, &number);

	rule->number = (uint16_t)number;
	return at && *at == ':' ? at + 1 : NULL;
}

static int add_rule(struct option_parse *p, const struct option_row *row, const char *text)
{
	struct net_xdp_steer *plan = plan_of(p);
	struct net_xdp_steer_rule rule = {0};
	const char *at = NULL;
	size_t i = 0;

	(void)row;
	while (i < sizeof(matches) / sizeof(*matches) &&
	       strncmp(text, matches[i].word, strlen(matches[i].word)))
		i++;
	if (i < sizeof(matches) / sizeof(*matches))
		at = take_value(text + strlen(matches[i].word), &rule,
				matches[i].match[0] == NET_XDP_STEER_MAC);
	if (!at || !take_number(at, "", 65535, &rule.queue))
		return option_refuse(p, text,
				     "must be like udp-port=4789:2, vlan=7:3 or "
				     "mac=02:00:00:00:00:01:2");
	if (plan->rule_count + (uint32_t)matches[i].count > NET_XDP_STEER_RULES)
		return option_refuse(p, text,
				     "at most %d rules, and a port of IPv4 and IPv6 is two",
				     NET_XDP_STEER_RULES);
	for (int m = 0; m < matches[i].count; m++) {
		rule.match = matches[i].match[m];
		plan->rules[plan->rule_count++] = rule;
	}
	return 0;
}

static int add_group(struct option_parse *p, const struct option_row *row, const char *text)
{
	struct net_xdp_steer *plan = plan_of(p);
	const char *rest;
	uint8_t mac[6];

	(void)row;
	rest = option_read_mac(text, mac);
	if (!rest || *rest || !(mac[0] & 1))
		return option_refuse(p, text, "must be a multicast MAC like 01:00:5e:00:00:05");
	if (plan->group_count == NET_XDP_STEER_GROUPS)
		return option_refuse(p, text, "at most %d of them", NET_XDP_STEER_GROUPS);
	memcpy(plan->groups[plan->group_count++], mac, sizeof(mac));
	return 0;
}

/* ---- The table -------------------------------------------------------------------------------- */

#define FLAG(member) .set = option_flag, .offset = offsetof(struct info_steer_options, member)

static const char front[] =
	"xsk-info steer - which frames come to which queue, set so that it can be undone\n"
	"\n"
	"usage: xsk-info steer IF [--dry-run] PLAN...\n"
	"       xsk-info --restore IF\n"
	"\n"
	"Shows each value before and behind the change, and what the driver cannot. All\n"
	"of the plan is set, or nothing; it stays until xsk-info --restore IF, whatever\n"
	"programs come and go. What somebody changes meanwhile is left then. Steer before\n"
	"programs attach: many drivers change no channels under them.\n";

static const struct option_row rows[] = {
	{.group = "plan",
	 .name = "channels",
	 .value = "N",
	 .help = "so many queues (combined, or rx and tx); rx=N,tx=N: of their own",
	 .set = set_channels},
	{.name = "host-queues",
	 .value = "A-B",
	 .help = "spread what no rule names over queues A to B, the host's; the others get what rules "
		 "send them",
	 .set = set_host_queues},
	{.name = "weights",
	 .value = "N,N,...",
	 .help = "or over all queues, by shares from queue 0 on",
	 .set = set_weights},
	{.name = "rule",
	 .value = "MATCH:QUEUE",
	 .help = "frames that match go to this queue; repeat it. MATCH: mac=MAC (destination), vlan=ID, "
		 "udp-port=N, tcp-port=N (destination, IPv4 and IPv6; for one of them udp4-port=N, "
		 "udp6-port=N, tcp4-port=N, tcp6-port=N)",
	 .set = add_rule,
	 .words = {"mac=", "vlan=", "udp-port=", "tcp-port="}},
	{.name = "promiscuous", .help = "accept frames for all MACs", FLAG(plan.promiscuous)},
	{.name = "all-multicast", .help = "accept all multicast frames", FLAG(plan.all_multicast)},
	{.name = "multicast",
	 .value = "MAC",
	 .help = "accept frames to this group; repeat it",
	 .set = add_group},

	{.group = "how",
	 OPTION_INTERFACE,
	 .help = "the same as IF (in this network namespace)",
	 .set = option_interface,
	 .offset = offsetof(struct info_steer_options, ifname)},
	{.name = "dry-run",
	 .letter = 'n',
	 .help = "only show what would change: old value -> new value",
	 FLAG(dry_run)},
	{.name = "json", .help = "one JSON document", FLAG(json)},
	OPTION_HELP_ROW,
	OPTION_VERSION_ROW,
};

static const char back[] =
	"\n"
	"exit   0 done   1 failure (said in one sentence)   2 usage. That something would\n"
	"       be refused is an answer of --dry-run, not a failure.\n"
	"\n"
	"examples\n"
	"  xsk-info steer eth1 --dry-run --channels 4 --host-queues 0-1\n"
	"  xsk-info steer eth1 --host-queues 0-1 --rule udp-port=4789:2 --rule vlan=7:3\n"
	"  xsk-info --restore eth1\n";

const struct option_table info_steer_table = {
	.program = "xsk-info",
	.front = front,
	.back = back,
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
	.operand_names = OPTION_NAMES_INTERFACE,
};

int info_steer_parse(int argc, char **argv, struct info_steer_options *out, char *why,
		     size_t why_size)
{
	struct option_parse p = {
		.table = &info_steer_table, .into = out, .why = why, .why_size = why_size};
	int rc;

	*out = (struct info_steer_options){.plan = net_xdp_steer_default()};
	rc = option_parse(&p, argc, argv);
	for (uint32_t i = 0; !rc && i < p.operand_count; i++)
		rc = option_take_interface(&p, p.operands[i]);
	if (!rc && !out->ifname)
		return OPTION_FAIL(&p, "steer needs an interface");
	return rc;
}
