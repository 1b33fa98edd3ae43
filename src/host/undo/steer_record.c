// SPDX-License-Identifier: BSD-2-Clause
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/undo/lease.h"
#include "host/undo/steer_record.h"

/* ---- To text ---------------------------------------------------------------------------------- */

static void put(char *text, size_t *used, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void put(char *text, size_t *used, const char *format, ...)
{
	va_list args;

	if (*used >= LEASE_BYTES)
		return;
	va_start(args, format);
	*used += (size_t)vsnprintf(text + *used, LEASE_BYTES - *used, format, args);
	va_end(args);
}

static void put_numbers(char *text, size_t *used, const char *word, const uint32_t *numbers,
			uint32_t count)
{
	put(text, used, "%s", word);
	for (uint32_t i = 0; i < count; i++)
		put(text, used, " %" PRIu32, numbers[i]);
	put(text, used, "\n");
}

static void put_mac(char *text, size_t *used, const uint8_t mac[6])
{
	for (int i = 0; i < 6; i++)
		put(text, used, "%02x", mac[i]);
}

char *steer_record_format(const struct steer_record *r)
{
	char *text = malloc(LEASE_BYTES);
	size_t used = 0;

	if (!text)
		return NULL;
	put(text, &used, "steer 1\nstays %d\n", r->stays);
	if (r->has_channels)
		put(text, &used,
		    "channels %" PRIu32 " %" PRIu32 " %" PRIu32 " was %" PRIu32 " %" PRIu32
		    " %" PRIu32 "\n",
		    r->channels.combined, r->channels.rx, r->channels.tx, r->old_channels.combined,
		    r->old_channels.rx, r->old_channels.tx);
	if (r->has_table) {
		put(text, &used, "table %d %" PRIu32, r->old_is_default, r->old_table.size);
		for (uint32_t i = 0; i < r->old_table.size; i++)
			put(text, &used, " %u", r->old_table.queue[i]);
		put(text, &used, "\n");
		put_numbers(text, &used, "weights", r->weights, r->weight_count);
	}
	if (r->ntuple)
		put(text, &used, "ntuple\n");
	if (r->flags)
		put(text, &used, "flags %" PRIu32 "\n", r->flags);
	for (uint32_t i = 0; i < r->rule_count; i++) {
		put(text, &used, "rule %d %u ", (int)r->rules[i].match, r->rules[i].number);
		put_mac(text, &used, r->rules[i].mac);
		put(text, &used, " %" PRIu32 " %" PRIu32 "\n", r->rules[i].queue, r->locations[i]);
	}
	for (uint32_t i = 0; i < r->group_count; i++) {
		put(text, &used, "group ");
		put_mac(text, &used, r->groups[i]);
		put(text, &used, "\n");
	}
	if (used < LEASE_BYTES)
		return text;
	free(text);
	return NULL;
}

/* ---- From text -------------------------------------------------------------------------------- */

/* Pass over a word. Return: true and *at is behind it; false another one stands there. */
static bool take_word(const char **at, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(*at, word, length))
		return false;
	*at += length;
	return true;
}

static bool take_number(const char **at, uint32_t *out)
{
	char *end;
	unsigned long value = strtoul(*at, &end, 10);

	*out = (uint32_t)value;
	if (end == *at || value > UINT32_MAX)
		return false;
	*at = end;
	return true;
}

static bool take_numbers(const char **at, uint32_t *out, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (!take_number(at, &out[i]))
			return false;
	return true;
}

static bool take_mac(const char **at, uint8_t mac[6])
{
	unsigned int byte;

	for (int i = 0; i < 6; i++, *at += 2) {
		if (sscanf(*at, "%2x", &byte) != 1 || strlen(*at) < 2)
			return false;
		mac[i] = (uint8_t)byte;
	}
	return true;
}

static bool take_channels(struct steer_record *r, const char **at)
{
	uint32_t ours[3], old[3];

	if (!take_numbers(at, ours, 3) || !take_word(at, " was") || !take_numbers(at, old, 3))
		return false;
	r->has_channels = true;
	r->channels = (struct steer_channels){ours[0], ours[1], ours[2]};
	r->old_channels = (struct steer_channels){old[0], old[1], old[2]};
	return true;
}

static bool take_table(struct steer_record *r, const char **at)
{
	uint32_t head[2], queue;

	if (!take_numbers(at, head, 2) || head[1] > STEER_TABLE_MOST)
		return false;
	r->has_table = true;
	r->old_is_default = head[0];
	r->old_table.size = head[1];
	for (uint32_t i = 0; i < head[1]; i++) {
		if (!take_number(at, &queue) || queue > UINT16_MAX)
			return false;
		r->old_table.queue[i] = (uint16_t)queue;
	}
	if (!take_word(at, "\nweights"))
		return false;
	while (**at == ' ' && r->weight_count < NET_XDP_STEER_QUEUES)
		if (!take_number(at, &r->weights[r->weight_count++]))
			return false;
	return true;
}

static bool take_rule(struct steer_record *r, const char **at)
{
	struct net_xdp_steer_rule *rule = &r->rules[r->rule_count];
	uint32_t head[2];

	if (r->rule_count == NET_XDP_STEER_RULES || !take_numbers(at, head, 2) ||
	    head[0] > NET_XDP_STEER_TCP6 || head[1] > UINT16_MAX || !take_word(at, " ") ||
	    !take_mac(at, rule->mac) || !take_number(at, &rule->queue) ||
	    !take_number(at, &r->locations[r->rule_count]))
		return false;
	rule->match = (enum net_xdp_steer_match)head[0];
	rule->number = (uint16_t)head[1];
	r->rule_count++;
	return true;
}

static bool take_line(struct steer_record *r, const char **at)
{
	if (take_word(at, "channels"))
		return take_channels(r, at);
	if (take_word(at, "table"))
		return take_table(r, at);
	if (take_word(at, "ntuple"))
		return r->ntuple = true;
	if (take_word(at, "flags"))
		return take_number(at, &r->flags);
	if (take_word(at, "rule"))
		return take_rule(r, at);
	return take_word(at, "group ") && r->group_count < NET_XDP_STEER_GROUPS &&
	       take_mac(at, r->groups[r->group_count++]);
}

/* Only a text that would be written again so is one. */
bool steer_record_parse(struct steer_record *r, const char *text)
{
	const char *at = text;
	uint32_t stays;
	char *again;
	bool same;

	*r = (struct steer_record){0};
	if (!take_word(&at, "steer 1\nstays") || !take_number(&at, &stays) || !take_word(&at, "\n"))
		return false;
	r->stays = stays;
	while (*at)
		if (!take_line(r, &at) || !take_word(&at, "\n"))
			return false;
	again = steer_record_format(r);
	same = again && strcmp(again, text) == 0;
	free(again);
	return same;
}
