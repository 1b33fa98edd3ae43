// SPDX-License-Identifier: BSD-2-Clause
/* Steering in words. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "host/steer_plan.h"

void steer_say(const struct net_xdp_steer_report *report, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (uint32_t i = 0; i < report->change_count && used < size; i++) {
		const struct net_xdp_steer_change *c = &report->changes[i];

		if (c->outcome == NET_XDP_STEER_CHANGED)
			used += (size_t)snprintf(out + used, size - used, "%s%s: %s, was %s",
						 used ? "; " : "", c->what, c->to, c->from);
	}
	if (used >= size && size > 4)
		memcpy(out + size - 4, "...", 4);
}

void steer_mac_text(const uint8_t mac[6], char *out, size_t size)
{
	snprintf(out, size, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
		 mac[5]);
}

void steer_rule_text(const struct net_xdp_steer_rule *r, char *out, size_t size)
{
	static const char *const words[] = {"mac",	 "vlan",      "udp4-port",
					    "udp6-port", "tcp4-port", "tcp6-port"};
	char value[24];

	snprintf(value, sizeof(value), "%u", r->number);
	if (r->match == NET_XDP_STEER_MAC)
		steer_mac_text(r->mac, value, sizeof(value));
	snprintf(out, size, "%s=%s:%u", words[r->match], value, r->queue);
}

void steer_channels_text(const struct steer_channels *c, char *out, size_t size)
{
	const struct {
		const char *word;
		uint32_t count;
	} kinds[] = {{"combined", c->combined}, {"rx", c->rx}, {"tx", c->tx}};
	size_t used = 0;

	snprintf(out, size, "none");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds) && used < size; i++)
		if (kinds[i].count)
			used += (size_t)snprintf(out + used, size - used, "%s%u %s",
						 used ? ", " : "", kinds[i].count, kinds[i].word);
}

/* Count the entries of each queue. Return: the queues that the table reaches over. */
static uint32_t count_entries(const struct steer_table *t, uint32_t *entries, uint32_t most)
{
	uint32_t end = 0;

	memset(entries, 0, most * sizeof(*entries));
	for (uint32_t i = 0; i < t->size; i++) {
		if (t->queue[i] < most)
			entries[t->queue[i]]++;
		if (t->queue[i] >= end)
			end = t->queue[i] + 1u;
	}
	return end;
}

void steer_table_text(const struct steer_table *t, char *out, size_t size)
{
	enum { MOST = 1024 };
	uint32_t entries[MOST], end = count_entries(t, entries, MOST), least = UINT32_MAX, most = 0;
	uint32_t first = 0;
	size_t used = 0;

	while (first < end && first < MOST && !entries[first])
		first++;
	for (uint32_t q = first; q < end && q < MOST; q++) {
		least = entries[q] < least ? entries[q] : least;
		most = entries[q] > most ? entries[q] : most;
	}
	if (end && end <= MOST && most - least <= 1) {
		snprintf(out, size, end - first > 1 ? "queues %u-%u evenly" : "queue %u alone",
			 first, end - 1);
		return;
	}
	for (uint32_t q = first; q < end && q < MOST && used < size; q++)
		if (entries[q])
			used += (size_t)snprintf(out + used, size - used, "%squeue %u: %u/%u",
						 used ? ", " : "", q, entries[q], t->size);
	if (used >= size && size > 4)
		memcpy(out + size - 4, "...", 4);
}

int steer_refusal(const struct net_xdp_steer_report *report, int rc, const char *tail,
		  struct net_error *err)
{
	for (uint32_t i = 0; i < report->change_count; i++)
		if (report->changes[i].outcome == NET_XDP_STEER_REFUSED)
			return error_set(err, rc, "steer", "%s: %s: %s%s", report->ifname,
					 report->changes[i].what, report->changes[i].why, tail);
	return error_set(err, rc, "steer", "%s: %s%s", report->ifname, strerror(-rc), tail);
}
