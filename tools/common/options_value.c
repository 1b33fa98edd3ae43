/* SPDX-License-Identifier: BSD-2-Clause */
/* One option's value, from text into the field of its row. */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

void *option_field(const struct option_parse *p, const struct option_row *row)
{
	return (char *)(row->whole ? p->whole : p->into) + row->offset;
}

int option_flag(struct option_parse *p, const struct option_row *row, const char *text)
{
	(void)text;
	memcpy(option_field(p, row), &(bool){true}, sizeof(bool));
	return 0;
}

int option_text(struct option_parse *p, const struct option_row *row, const char *text)
{
	if (!*text)
		return option_refuse(p, text, "the name is empty");
	memcpy(option_field(p, row), &text, sizeof(text));
	return 0;
}

int option_interface(struct option_parse *p, const struct option_row *row, const char *text)
{
	const char **ifname = option_field(p, row);

	if (*ifname)
		return OPTION_FAIL(p, "one interface at a time, not also '%s'", text);
	*ifname = text;
	return 0;
}

int option_take_interface(struct option_parse *p, const char *operand)
{
	return option_interface(p, option_lettered(p->table, 'i'), operand);
}

/* ---- Numbers ------------------------------------------------------------------------------------ */

bool option_read_number(const char *text, uint64_t *out)
{
	static const struct {
		char suffix;
		uint64_t scale;
	} units[] = {{'k', 1000}, {'M', 1000000}, {'G', 1000000000}};
	char *end;

	if (*text < '0' || *text > '9') /* strtoull would take a sign and wrap */
		return false;
	errno = 0;
	*out = strtoull(text, &end, 10);
	if (errno)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (*end == units[i].suffix)
			return !end[1] && !__builtin_mul_overflow(*out, units[i].scale, out);
	return !*end;
}

static int read_bounded(struct option_parse *p, const struct option_row *row, const char *text,
			uint64_t *out)
{
	bool good = option_read_number(text, out) && *out >= row->min && *out <= row->max;

	if (good && !(row->power_of_two && (*out & (*out - 1))))
		return 0;
	return option_refuse(p, text, "must be a %s from %llu to %llu%s",
			     row->power_of_two ? "power of two" : "whole number",
			     (unsigned long long)row->min, (unsigned long long)row->max,
			     !row->power_of_two && row->max >= 100000
				     ? ", or one with k, M or G behind it"
				     : "");
}

int option_number(struct option_parse *p, const struct option_row *row, const char *text)
{
	uint64_t value;
	int rc = read_bounded(p, row, text, &value);

	if (!rc)
		memcpy(option_field(p, row), &(uint32_t){(uint32_t)value}, sizeof(uint32_t));
	return rc;
}

int option_number64(struct option_parse *p, const struct option_row *row, const char *text)
{
	uint64_t value;
	int rc = read_bounded(p, row, text, &value);

	if (!rc)
		memcpy(option_field(p, row), &value, sizeof(value));
	return rc;
}

int option_seconds(struct option_parse *p, const struct option_row *row, const char *text)
{
	char *end;
	double seconds = strtod(text, &end);
	uint64_t ns;

	if (end == text || !strchr("0123456789.", *text) || *end || !(seconds <= 1e7))
		return option_refuse(p, text, "must be a number of seconds from 0 to 10000000");
	ns = (uint64_t)(seconds * 1e9);
	if (!ns && seconds > 0)
		ns = 1;
	memcpy(option_field(p, row), &ns, sizeof(ns));
	return 0;
}

/* ---- Words -------------------------------------------------------------------------------------- */

int option_word(struct option_parse *p, const struct option_row *row, const char *text)
{
	char list[128] = "";
	size_t used = 0;

	for (uint32_t i = 0; i < OPTION_WORDS && row->words[i]; i++)
		if (!strcmp(text, row->words[i])) {
			memcpy(option_field(p, row), &i, sizeof(i));
			return 0;
		}
	for (uint32_t i = 0; i < OPTION_WORDS && row->words[i] && used < sizeof(list); i++) {
		bool last = i + 1 == OPTION_WORDS || !row->words[i + 1];

		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s",
					 !i	? ""
					 : last ? " or "
						: ", ",
					 row->words[i]);
	}
	return option_refuse(p, text, "must be %s", list);
}

/* ---- Lists and addresses ------------------------------------------------------------------------ */

uint32_t option_read_cpus(const char *text, uint32_t *cpus, uint32_t max)
{
	uint32_t count = 0;

	for (;; text++) {
		char *end;
		unsigned long first, last;

		if (!isdigit((unsigned char)*text))
			return 0;
		first = last = strtoul(text, &end, 10);
		if (*end == '-' && isdigit((unsigned char)end[1]))
			last = strtoul(end + 1, &end, 10);
		if (last < first || last >= 1024 || last - first >= max - count)
			return 0;
		for (; first <= last; first++)
			cpus[count++] = (uint32_t)first;
		if (!*end)
			return count;
		if (*end != ',')
			return 0;
		text = end;
	}
}

int option_refuse_cpus(struct option_parse *p, const char *text, uint32_t max)
{
	return option_refuse(p, text, "must be a list like 0,2-3 of at most %u CPUs", max);
}

const char *option_read_mac(const char *text, uint8_t out[6])
{
	for (int i = 0; i < 6; i++) {
		unsigned int byte = 0;
		int digits = 0;

		if (i && *text++ != ':')
			return NULL;
		/* Not with sscanf or strtoul, which also take blanks, signs and 0x. */
		for (; digits < 2 && isxdigit((unsigned char)*text); digits++, text++)
			byte = byte * 16 + (unsigned int)(isdigit((unsigned char)*text)
								  ? *text - '0'
								  : (*text | 0x20) - 'a' + 10);
		if (!digits)
			return NULL;
		out[i] = (uint8_t)byte;
	}
	return text;
}

int option_mac(struct option_parse *p, const struct option_row *row, const char *text)
{
	const char *rest = option_read_mac(text, option_field(p, row));

	if (!rest || *rest)
		return option_refuse(p, text, "must be a MAC address like 02:00:00:00:00:01");
	return 0;
}

int option_ipv4(struct option_parse *p, const struct option_row *row, const char *text)
{
	struct in_addr addr;
	uint32_t host;

	if (inet_pton(AF_INET, text, &addr) != 1)
		return option_refuse(p, text, "must be an IPv4 address");
	host = ntohl(addr.s_addr);
	memcpy(option_field(p, row), &host, sizeof(host));
	return 0;
}

/* ---- What ends the program ---------------------------------------------------------------------- */

int option_help(struct option_parse *p, const struct option_row *row, const char *text)
{
	(void)p;
	(void)row;
	(void)text;
	return OPTIONS_HELP;
}

int option_version(struct option_parse *p, const struct option_row *row, const char *text)
{
	(void)p;
	(void)row;
	(void)text;
	return OPTIONS_VERSION;
}
