/* SPDX-License-Identifier: BSD-2-Clause */
#include "request.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Rows of the table of options. None of them names a file, an interface or a command. */
static const char *const asked[] = {
	"duration", "rate",	"count",   "frame-bytes",  "ip-src", "ip-dst", "flows",
	"ipv6",	    "checksum", "segment", "segment-here", "l4",     "sums",   "vlan",
};

static const char *const senders_words[] = {"", "client", "server", "both"};

enum request_senders request_senders(const struct options *opt)
{
	if (opt->bidirectional)
		return REQUEST_BOTH;
	return opt->reverse ? REQUEST_SERVER : REQUEST_CLIENT;
}

/* ---- The client's options as members ----------------------------------------------------------- */

/* Values of options that have their own setter. Return: NULL: it was not given. */
static struct json_object *own_value(const struct options *opt, const struct option_row *row)
{
	struct net_vlan v = net_vlan_from_tci(opt->vlan_tci);
	char text[40] = "";

	if (row->set == bench_set_vlan && opt->vlan)
		snprintf(text, sizeof(text), "%u:%u", v.id, v.priority);
	else if (row->set == bench_set_segment && opt->piece_bytes)
		snprintf(text, sizeof(text), "%u,%u", opt->segment_bytes, opt->piece_bytes);
	else if (row->set == bench_set_segment && opt->segment_bytes)
		snprintf(text, sizeof(text), "%u", opt->segment_bytes);
	return *text ? json_object_new_string(text) : NULL;
}

/* Return: NULL: it was not given, or has its default that 0 stands for. */
static struct json_object *value_of(const struct options *opt, const struct option_row *row)
{
	const char *at = (const char *)opt + row->offset;
	char text[INET_ADDRSTRLEN];
	uint64_t wide;
	uint32_t n;

	memcpy(&n, at, sizeof(n));
	memcpy(&wide, at, sizeof(wide));
	if (row->set == option_flag)
		return *(const bool *)at ? json_object_new_boolean(true) : NULL;
	if (row->set == option_number)
		return n ? json_object_new_uint64(n) : NULL;
	if (row->set == option_number64)
		return wide ? json_object_new_uint64(wide) : NULL;
	if (row->set == option_seconds)
		return json_object_new_double((double)wide / 1e9);
	/* Once options have been parsed --l4 is set of all packets, and goes with some. */
	if (row->set == option_word)
		return n && options_packet(opt) ? json_object_new_string(row->words[n]) : NULL;
	if (row->set == option_ipv4) {
		n = htonl(n);
		return json_object_new_string(inet_ntop(AF_INET, &n, text, sizeof(text)));
	}
	return own_value(opt, row);
}

void request_put(struct json_object *m, const struct options *opt)
{
	struct json_object *values = json_object_new_object();

	message_put_text(m, "sends", senders_words[request_senders(opt)]);
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
		message_put(
			values, asked[i],
			value_of(opt, option_named(&bench_options, asked[i], strlen(asked[i]))));
	message_put(m, "options", values);
}

/* ---- And back ---------------------------------------------------------------------------------- */

static enum json_type type_of(const struct option_row *row)
{
	if (row->set == option_flag)
		return json_type_boolean;
	if (row->set == option_number || row->set == option_number64)
		return json_type_int;
	return row->set == option_seconds ? json_type_double : json_type_string;
}

/* Whole seconds are seconds, too. */
static bool has_type(const struct option_row *row, struct json_object *value)
{
	enum json_type type = type_of(row);

	return json_object_is_type(value, type) ||
	       (type == json_type_double && json_object_is_type(value, json_type_int));
}

/* As it would stand on the command line. */
static void text_of(struct json_object *value, char *text, size_t size)
{
	if (json_object_is_type(value, json_type_double))
		snprintf(text, size, "%.9f", json_object_get_double(value));
	else
		snprintf(text, size, "%s", json_object_get_string(value));
}

static int take(struct option_parse *p, const char *name, struct json_object *value)
{
	const struct option_row *row = option_named(&bench_options, name, strlen(name));
	char text[64];

	if (!has_type(row, value))
		return OPTION_FAIL(p, "start: %s has the wrong type", name);
	snprintf(p->typed, sizeof(p->typed), "--%s", name);
	text_of(value, text, sizeof(text));
	if (row->set == option_flag && !json_object_get_boolean(value))
		return 0;
	return row->set(p, row, text);
}

/* Of benchmarks (RFC 2544) and of private networks (RFC 1918): frames that leave their network go nowhere. */
static bool is_private(uint32_t ip)
{
	return ip >> 17 == 0xc612 >> 1 || ip >> 24 == 10 || ip >> 20 == 0xac1 || ip >> 16 == 0xc0a8;
}

/* What only a server has to refuse. */
static int check_addresses(struct option_parse *p)
{
	const struct options *o = p->into;
	uint32_t last = o->ip_src + ((o->flows - 1) << 8);

	if (is_private(o->ip_src) && is_private(last) && is_private(o->ip_dst))
		return 0;
	return OPTION_FAIL(p, "--ip-src, --ip-dst: on two machines of 198.18.0.0/15, 10.0.0.0/8, "
			      "172.16.0.0/12 or 192.168.0.0/16, all of --flows");
}

/* Likewise: nobody is there who would end it. */
static int check_time(struct option_parse *p)
{
	const struct options *o = p->into;

	if (o->duration_ns < REQUEST_LEAST_NS || o->duration_ns > REQUEST_LONGEST_NS)
		return OPTION_FAIL(p, "--duration: on two machines from 0.1 to %u seconds",
				   (unsigned int)(REQUEST_LONGEST_NS / 1000000000u));
	return 0;
}

int request_get(const struct message *m, struct options *opt, enum request_senders *senders,
		char *why, size_t why_size)
{
	struct option_parse p = {
		.table = &bench_options, .into = opt, .why = why, .why_size = why_size};
	struct json_object *values = json_read_member(m->root, "options", json_type_object), *value;
	const char *who = json_read_text(m->root, "sends");
	int rc = 0;

	for (*senders = REQUEST_CLIENT; *senders <= REQUEST_BOTH; ++*senders)
		if (!strcmp(who, senders_words[*senders]))
			break;
	if (*senders > REQUEST_BOTH)
		return OPTION_FAIL(&p, "start: sends must be client, server or both");
	if (!values)
		return OPTION_FAIL(&p, "start: options are missing");
	options_forget_packets(opt);
	for (size_t i = 0; !rc && i < sizeof(asked) / sizeof(asked[0]); i++)
		if (json_object_object_get_ex(values, asked[i], &value))
			rc = take(&p, asked[i], value);
	if (!rc)
		rc = check_time(&p);
	return rc ? rc : check_addresses(&p);
}
