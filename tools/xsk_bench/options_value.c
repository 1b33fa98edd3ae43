/* SPDX-License-Identifier: BSD-2-Clause */
/* Values that xsk-bench alone has. */
#include <stdlib.h>
#include <string.h>

#include "common/listen.h"
#include "interval.h"
#include "options.h"

int bench_set_cpus(struct option_parse *p, const struct option_row *row, const char *text)
{
	struct options *o = p->into;

	(void)row;
	o->cpu_count = option_read_cpus(text, o->cpus, BENCH_MAX_QUEUES);
	return o->cpu_count ? 0 : option_refuse_cpus(p, text, BENCH_MAX_QUEUES);
}

bool bench_is_take(const char *text)
{
	uint8_t mac[6];

	return option_read_mac(text, mac) || !strncmp(text, "own", 3);
}

/* "own", MACs, or both, with commas between; nothing says "own". */
int bench_set_take(struct option_parse *p, const struct option_row *row, const char *text)
{
	struct options *o = p->into;
	const char *at = text ? text : "own";

	(void)row;
	for (;; at++) {
		if (!strncmp(at, "own", 3)) {
			o->take_own_mac = true;
			at += 3;
		} else if (o->take_mac_count + 1 == NET_XDP_TAKE_MACS) { /* one is kept for own */
			return option_refuse(p, text, "must be at most %d MAC addresses and own",
					     NET_XDP_TAKE_MACS - 1);
		} else {
			at = option_read_mac(at, o->take_macs[o->take_mac_count]);
			o->take_mac_count++;
		}
		if (at && !*at)
			return 0;
		if (!at || *at != ',')
			return option_refuse(p, text, "must be a list like own,02:00:00:00:00:01");
	}
}

/* One to four digits at *text, which goes on behind them. Return: false: none, or above max. */
static bool parse_digits(const char **text, uint32_t max, uint32_t *out)
{
	size_t digits = strspn(*text, "0123456789");

	if (!digits || digits > 4)
		return false;
	*out = (uint32_t)strtoul(*text, NULL, 10);
	*text += digits;
	return *out <= max;
}

/* "100" or "100:5": identifier and priority. 4095 is no VLAN's (802.1Q, 9.6). */
int bench_set_vlan(struct option_parse *p, const struct option_row *row, const char *text)
{
	struct options *o = p->into;
	uint32_t id, priority = 0;
	const char *at = text;
	bool good = parse_digits(&at, 4094, &id);

	(void)row;
	if (good && *at == ':') {
		at++;
		good = parse_digits(&at, 7, &priority);
	}
	if (!good || *at)
		return option_refuse(p, text,
				     "must be a VLAN like 100 or, with a priority, 100:5 "
				     "(0..4094, 0..7)");
	o->vlan = true;
	o->vlan_tci =
		net_vlan_tci((struct net_vlan){.id = (uint16_t)id, .priority = (uint8_t)priority});
	return 0;
}

/* "64k" or "64k,1448": the packet, and the payload of the pieces that it is cut into. */
int bench_set_segment(struct option_parse *p, const struct option_row *row, const char *text)
{
	struct options *o = p->into;
	size_t length = strcspn(text, ",");
	uint64_t size, piece = 0;
	char first[24] = "";

	(void)row;
	if (length < sizeof(first))
		memcpy(first, text, length);
	if (!option_read_number(first, &size) ||
	    (text[length] && (!option_read_number(text + length + 1, &piece) || !piece)))
		return option_refuse(p, text,
				     "must be the bytes of a packet, or these and the "
				     "payload of a piece, like 64k,1448");
	if (size > OPTIONS_MAX_PACKET)
		return option_refuse(p, text,
				     "must be at most %u, an Ethernet header and the 65535 "
				     "bytes of the longest IP packet",
				     OPTIONS_MAX_PACKET);
	if (piece > UINT16_MAX)
		return option_refuse(p, text, "a piece must be of at most 65535 bytes");
	o->segment_bytes = (uint32_t)size;
	o->piece_bytes = (uint32_t)piece;
	return 0;
}

int bench_set_server(struct option_parse *p, const struct option_row *row, const char *text)
{
	struct listen_address address;

	if (listen_parse(&address, text))
		return option_refuse(p, text,
				     "must be a port of this machine (5202), or an address and a "
				     "port (0.0.0.0:5202, [::1]:5202)");
	return option_text(p, row, text);
}

int bench_set_client(struct option_parse *p, const struct option_row *row, const char *text)
{
	char host[LISTEN_HOST_BYTES];
	const char *port;

	if (!strchr(text, ':') || listen_split(text, host, sizeof(host), &port))
		return option_refuse(p, text,
				     "must be a host and its port, like 192.0.2.1:5202, "
				     "[2001:db8::1]:5202 or name:5202");
	return option_text(p, row, text);
}

/* Rows that come faster than the workers publish would say little. */
int bench_set_interval(struct option_parse *p, const struct option_row *row, const char *text)
{
	struct options *o = p->into;
	struct option_row seconds = {.offset = offsetof(struct options, interval_ns)};

	(void)row;
	if (option_seconds(p, &seconds, text))
		return -EINVAL;
	if (o->interval_ns < INTERVAL_LEAST_NS)
		return option_refuse(p, text, "must be at least 0.1 seconds");
	o->rows = true;
	return 0;
}
