// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "host/kept.h"

/* By kind. */
static const struct {
	const char *word;
	uint16_t largest;
	bool hexadecimal;
} kinds[] = {
	[NET_XDP_KEEP_ETHERTYPE] = {"type", 0xffff, true},
	[NET_XDP_KEEP_PROTOCOL] = {"proto", 255, false},
	[NET_XDP_KEEP_FRAGMENT] = {"frag", 255, false},
	[NET_XDP_KEEP_TCP_PORT] = {"tcp", 0xffff, false},
	[NET_XDP_KEEP_TCP_SOURCE] = {"tcp-from", 0xffff, false},
	[NET_XDP_KEEP_UDP_PORT] = {"udp", 0xffff, false},
	[NET_XDP_KEEP_UDP_SOURCE] = {"udp-from", 0xffff, false},
	[NET_XDP_KEEP_ICMP] = {"icmp", 255, false},
	[NET_XDP_KEEP_ICMPV6] = {"icmpv6", 255, false},
};

/* Rules that have a word of their own. */
static const struct {
	const char *word;
	struct net_xdp_keep_rule rule;
} named[] = {
	{"arp", {NET_XDP_KEEP_ETHERTYPE, 0x0806, 0x0806, 0}},
	{"nd", {NET_XDP_KEEP_ICMPV6, 133, 137, 0}},
	{"icmp", {NET_XDP_KEEP_ICMP, 0, 255, 0}},
	{"icmpv6", {NET_XDP_KEEP_ICMPV6, 0, 255, 0}},
	{"frag", {NET_XDP_KEEP_FRAGMENT, 0, 255, 0}},
};

static bool is_kind(uint16_t kind)
{
	return kind < sizeof(kinds) / sizeof(kinds[0]) && kinds[kind].word;
}

static int check_rule(uint32_t i, const struct net_xdp_keep_rule *rule, struct net_error *err)
{
	if (!is_kind(rule->kind))
		return error_set(err, -EINVAL, "config",
				 "keep[%u]: kind %u is none that version %s of the library knows",
				 i, rule->kind, net_xdp_version());
	if (rule->reserved)
		return error_set(err, -EINVAL, "config", "keep[%u]: reserved is set; zero the rule",
				 i);
	if (rule->first > rule->last)
		return error_set(err, -EINVAL, "config",
				 "keep[%u]: first %u is above last %u; for one number set both", i,
				 rule->first, rule->last);
	if (rule->last > kinds[rule->kind].largest)
		return error_set(err, -EINVAL, "config",
				 "keep[%u]: last %u: %s goes to %u; numbers are in host byte order",
				 i, rule->last, kinds[rule->kind].word, kinds[rule->kind].largest);
	return 0;
}

int kept_check(const struct net_xdp_config *c, struct net_error *err)
{
	int rc = 0;

	if (c->keep_count > NET_XDP_KEEP_RULES)
		return error_set(err, -EINVAL, "config", "keep_count %u: must be at most %d",
				 c->keep_count, NET_XDP_KEEP_RULES);
	for (uint32_t i = 0; i < c->keep_count && !rc; i++)
		rc = check_rule(i, &c->keep[i], err);
	return rc;
}

static size_t put_number(char *out, size_t size, const char *before, uint16_t kind, uint16_t number)
{
	if (kinds[kind].hexadecimal)
		return (size_t)snprintf(out, size, "%s0x%04x", before, number);
	return (size_t)snprintf(out, size, "%s%u", before, number);
}

void kept_word(const struct net_xdp_keep_rule *rule, char out[KEPT_WORD_BYTES])
{
	size_t used;

	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		if (!memcmp(&named[i].rule, rule, sizeof(*rule))) {
			snprintf(out, KEPT_WORD_BYTES, "%s", named[i].word);
			return;
		}
	used = (size_t)snprintf(out, KEPT_WORD_BYTES, "%s", kinds[rule->kind].word);
	used += put_number(out + used, KEPT_WORD_BYTES - used, ":", rule->kind, rule->first);
	if (rule->last != rule->first)
		put_number(out + used, KEPT_WORD_BYTES - used, "-", rule->kind, rule->last);
}

void kept_words(const struct net_xdp_config *c, char *out, size_t size)
{
	static const char dots[] = ",...";
	size_t used = 0;

	out[0] = '\0';
	for (uint32_t i = 0; i < c->keep_count; i++) {
		const bool is_last = i + 1 == c->keep_count;
		char word[KEPT_WORD_BYTES];
		size_t length;

		kept_word(&c->keep[i], word);
		length = strlen(word) + (i > 0);
		if (used + length + (is_last ? 1 : sizeof(dots)) > size) {
			snprintf(out + used, size - used, "%s", used ? dots : dots + 1);
			return;
		}
		used += (size_t)snprintf(out + used, size - used, "%s%s", i ? "," : "", word);
	}
}
