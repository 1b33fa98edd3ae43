/* SPDX-License-Identifier: BSD-2-Clause */
#include "keep_words.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A word stands for first to last, alone if it may be, or has numbers in between behind it. */
static const struct {
	const char *word;
	enum net_xdp_keep_kind kind;
	uint16_t first, last;
	bool alone, numbers;
} words[] = {
	{"arp", NET_XDP_KEEP_ETHERTYPE, 0x0806, 0x0806, true, false},
	{"nd", NET_XDP_KEEP_ICMPV6, 133, 137, true, false},
	{"icmp", NET_XDP_KEEP_ICMP, 0, 255, true, true},
	{"icmpv6", NET_XDP_KEEP_ICMPV6, 0, 255, true, true},
	{"frag", NET_XDP_KEEP_FRAGMENT, 0, 255, true, true},
	{"tcp", NET_XDP_KEEP_TCP_PORT, 0, 65535, false, true},
	{"udp", NET_XDP_KEEP_UDP_PORT, 0, 65535, false, true},
	{"tcp-from", NET_XDP_KEEP_TCP_SOURCE, 0, 65535, false, true},
	{"udp-from", NET_XDP_KEEP_UDP_SOURCE, 0, 65535, false, true},
	{"proto", NET_XDP_KEEP_PROTOCOL, 0, 255, false, true},
	{"type", NET_XDP_KEEP_ETHERTYPE, 0, 65535, false, true},
};

/* A number up to largest, decimal or 0x. Return: what is behind it, NULL none. */
static const char *number(const char *text, uint16_t largest, uint16_t *out)
{
	const int base = text[0] == '0' && text[1] == 'x' ? 16 : 10;
	const char *digits = base == 16 ? text + 2 : text;
	unsigned long value;
	char *end;

	if (!(base == 16 ? isxdigit((unsigned char)*digits) : isdigit((unsigned char)*digits)))
		return NULL;
	value = strtoul(digits, &end, base);
	*out = (uint16_t)value;
	return value <= largest ? end : NULL;
}

/* Return: what is behind the word at text, NULL when it is none. */
static const char *word(const char *text, struct net_xdp_keep_rule *out)
{
	const size_t length = strcspn(text, ":,");
	const char *at = text + length;
	size_t i = 0;

	while (i < sizeof(words) / sizeof(words[0]) &&
	       (strlen(words[i].word) != length || memcmp(words[i].word, text, length)))
		i++;
	if (i == sizeof(words) / sizeof(words[0]))
		return NULL;
	*out = net_xdp_keep(words[i].kind, words[i].first, words[i].last);
	if (*at != ':')
		return words[i].alone ? at : NULL;
	if (!words[i].numbers)
		return NULL;
	at = number(at + 1, words[i].last, &out->first);
	if (at && *at == '-')
		return number(at + 1, words[i].last, &out->last);
	out->last = out->first;
	return at;
}

/* Return: the largest number of the word at text, where a number behind it is larger; else 0. */
static uint16_t exceeded(const char *text)
{
	const size_t length = strcspn(text, ":,");
	unsigned long value;
	uint16_t largest = 0;
	char *end;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].numbers && strlen(words[i].word) == length &&
		    !memcmp(words[i].word, text, length))
			largest = words[i].last;
	if (text[length] != ':' || !isdigit((unsigned char)text[length + 1]))
		return 0;
	value = strtoul(text + length + 1, &end, 0);
	if (value <= largest && *end == '-')
		value = strtoul(end + 1, &end, 0);
	return (!*end || *end == ',') && value > largest ? largest : 0;
}

int option_keep(struct option_parse *p, const struct option_row *row, const char *text)
{
	struct keep_list *list = option_field(p, row);

	for (const char *at = text;; at++) {
		const size_t length = strcspn(at, ",");
		struct net_xdp_keep_rule rule;
		const char *end = word(at, &rule);

		if (!end && exceeded(at))
			return option_refuse(p, text, "a number behind %.*s: is at most %u",
					     (int)strcspn(at, ":"), at, exceeded(at));
		if (!end || end != at + length)
			return option_refuse(
				p, text,
				"must be a list of arp, nd, icmp, icmpv6, frag, and the "
				"like of tcp:22, udp:67-68, tcp-from:443, udp-from:53, "
				"proto:89, type:0x88cc");
		if (rule.first > rule.last)
			return option_refuse(p, text, "a range must not end before it begins");
		if (list->count == NET_XDP_KEEP_RULES)
			return option_refuse(p, text, "must be at most %d rules",
					     NET_XDP_KEEP_RULES);
		list->rules[list->count++] = rule;
		at = end;
		if (!*at)
			return 0;
	}
}

static void put_rule(const struct net_xdp_keep_rule *rule, char *out, size_t size)
{
	const bool is_type = rule->kind == NET_XDP_KEEP_ETHERTYPE;
	size_t i = 0;

	/* A word without numbers stands in front of the one with them. */
	while (words[i].kind != rule->kind ||
	       (!words[i].numbers &&
		(words[i].first != rule->first || words[i].last != rule->last)))
		i++;
	if (words[i].alone && words[i].first == rule->first && words[i].last == rule->last)
		snprintf(out, size, "%s", words[i].word);
	else if (rule->first == rule->last)
		snprintf(out, size, is_type ? "%s:0x%04x" : "%s:%u", words[i].word, rule->first);
	else
		snprintf(out, size, is_type ? "%s:0x%04x-0x%04x" : "%s:%u-%u", words[i].word,
			 rule->first, rule->last);
}

void keep_list_text(const struct keep_list *list, char *out, size_t size)
{
	char word[32];
	size_t used = 0;

	out[0] = 0;
	for (uint32_t i = 0; i < list->count && used + sizeof(word) < size; i++) {
		put_rule(&list->rules[i], word, sizeof(word));
		used += (size_t)snprintf(out + used, size - used, "%s%s", i ? "," : "", word);
	}
}
