// SPDX-License-Identifier: BSD-2-Clause
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/tcp_network.h"

#define OUR_MAC	  "02:00:00:00:00:01"
#define THEIR_MAC "02:00:00:00:00:02"

static const struct {
	const char *group, *name, *both;
	bool is_fault;
} counters[] = {
#define COUNTER(symbol, group, name, is_fault) [symbol] = {group, name, group name, is_fault},
	TCP_COUNTERS_LIST(COUNTER)
#undef COUNTER
};

const char *tcp_counter_name(enum tcp_counter counter)
{
	return counters[counter].both;
}

bool tcp_counter_is_fault(enum tcp_counter counter)
{
	return counters[counter].is_fault;
}

bool tcp_network_prepare(void)
{
	return system("set -e\n"
		      "echo 0 >/proc/sys/net/ipv6/conf/v1/disable_ipv6\n"
		      "ip link set v0 address " OUR_MAC "\n"
		      "ip link set v1 address " THEIR_MAC "\n"
		      "ip address add 10.77.0.2/24 dev v1\n"
		      "ip address add fd77::2/64 dev v1 nodad\n"
		      "ip neighbour add 10.77.0.1 lladdr " OUR_MAC " nud permanent dev v1\n"
		      "ip neighbour add fd77::1 lladdr " OUR_MAC " nud permanent dev v1\n") == 0;
}

struct tcp_flow tcp_network_flow(uint8_t ip_version)
{
	static uint16_t port = 20000; /* no connection meets what an earlier one left */
	struct tcp_flow flow = {
		.ip_version = ip_version,
		.source_mac = {2, 0, 0, 0, 0, 1},
		.destination_mac = {2, 0, 0, 0, 0, 2},
		.source_port = port++,
		.destination_port = 7007,
	};
	int family = ip_version == 4 ? AF_INET : AF_INET6;

	inet_pton(family, ip_version == 4 ? "10.77.0.1" : "fd77::1", flow.source);
	inet_pton(family, ip_version == 4 ? "10.77.0.2" : "fd77::2", flow.destination);
	return flow;
}

/* The word with this number, from 0, of a line. */
static bool word(const char *line, uint32_t number, char *out, size_t size)
{
	const char *end = line;

	for (uint32_t i = 0;; i++) {
		line = end + strspn(end, " \n");
		end = line + strcspn(line, " \n");
		if (line == end || (size_t)(end - line) >= size)
			return false;
		if (i == number) {
			memcpy(out, line, (size_t)(end - line));
			out[end - line] = '\0';
			return true;
		}
	}
}

/* Two lines "group: name ..." and "group: value ...". */
static void read_pair(const char *names, const char *values, struct tcp_counters *out, bool *found)
{
	char group[64], name[128], value[64];

	if (!word(names, 0, group, sizeof(group)) || group[0] == '\0')
		return;
	group[strlen(group) - 1] = '\0'; /* the colon */
	for (uint32_t i = 1; word(names, i, name, sizeof(name)); i++)
		for (uint32_t c = 0; c < TCP_COUNTERS; c++)
			if (!strcmp(counters[c].group, group) && !strcmp(counters[c].name, name) &&
			    word(values, i, value, sizeof(value))) {
				out->value[c] = strtoull(value, NULL, 10);
				found[c] = true;
			}
}

static void read_pairs(const char *path, struct tcp_counters *out, bool *found)
{
	char names[8192], values[8192];
	FILE *f = fopen(path, "re");

	while (f && fgets(names, sizeof(names), f) && fgets(values, sizeof(values), f))
		read_pair(names, values, out, found);
	if (f)
		fclose(f);
}

/* Lines "name value". */
static void read_singles(const char *path, struct tcp_counters *out, bool *found)
{
	char line[256], name[128], value[64];
	FILE *f = fopen(path, "re");

	while (f && fgets(line, sizeof(line), f)) {
		if (!word(line, 0, name, sizeof(name)) || !word(line, 1, value, sizeof(value)))
			continue;
		for (uint32_t c = 0; c < TCP_COUNTERS; c++)
			if (!strcmp(counters[c].both, name)) {
				out->value[c] = strtoull(value, NULL, 10);
				found[c] = true;
			}
	}
	if (f)
		fclose(f);
}

uint64_t tcp_network_arrived(void)
{
	FILE *f = fopen("/proc/thread-self/net/dev", "re");
	char line[512], value[64];
	uint64_t packets = 0;

	while (f && fgets(line, sizeof(line), f))
		if (word(line, 0, value, sizeof(value)) && !strcmp(value, "v1:") &&
		    word(line, 2, value, sizeof(value)))
			packets = strtoull(value, NULL, 10);
	if (f)
		fclose(f);
	return packets;
}

bool tcp_network_read(struct tcp_counters *out)
{
	bool found[TCP_COUNTERS] = {false};

	*out = (struct tcp_counters){0};
	read_pairs("/proc/thread-self/net/snmp", out, found);
	read_pairs("/proc/thread-self/net/netstat", out, found);
	read_singles("/proc/thread-self/net/snmp6", out, found);
	for (uint32_t c = 0; c < TCP_COUNTERS; c++)
		if (!found[c])
			return false;
	out->arrived = tcp_network_arrived();
	return true;
}
