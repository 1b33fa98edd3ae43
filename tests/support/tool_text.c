// SPDX-License-Identifier: BSD-2-Clause
/* What a tool printed: its text, and JSON (RFC 8259). */
#include <ctype.h>
#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "support/tool.h"

/* ---- Text ------------------------------------------------------------------------------------- */

unsigned int tool_width(const char *text)
{
	unsigned int width = 0, most = 0;

	for (; *text; text++) {
		width = *text == '\n' ? 0 : width + ((*text & 0xc0) != 0x80);
		most = width > most ? width : most;
	}
	return most;
}

bool tool_is_clean(const char *text)
{
	iconv_t utf8 = iconv_open("UTF-32LE", "UTF-8");
	char *from = (char *)(uintptr_t)text;
	size_t left = strlen(text);
	bool clean = true;

	cr_assert(utf8 != (iconv_t)-1);
	while (clean && left) {
		uint32_t code;
		char *to = (char *)&code;
		size_t room = sizeof(code);

		clean = (iconv(utf8, &from, &left, &to, &room) != (size_t)-1 || errno == E2BIG) &&
			!room && (code == '\n' || (code >= 0x20 && (code < 0x7f || code > 0x9f)));
	}
	iconv_close(utf8);
	return clean;
}

unsigned int tool_lines(const char *text)
{
	unsigned int lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

bool tool_says(const char *text, const char *words)
{
	char *flat = malloc(strlen(text) + 1), *to = flat;
	bool found;

	cr_assert(flat);
	for (; *text; text++) {
		bool space = *text == ' ' || *text == '\n';

		if (!space || (to > flat && to[-1] != ' '))
			*to++ = space ? ' ' : *text;
	}
	*to = '\0';
	found = strstr(flat, words);
	free(flat);
	return found;
}

/* ---- JSON ------------------------------------------------------------------------------------- */

static const char *value(const char *at);

static const char *space(const char *at)
{
	return at + strspn(at, " \t\r\n");
}

/* Behind the closing quote; NULL when there is none. */
static const char *string(const char *at)
{
	if (*at++ != '"')
		return NULL;
	for (; *at != '"'; at++) {
		if ((unsigned char)*at < 0x20)
			return NULL;
		if (*at != '\\')
			continue;
		at++;
		if (*at == 'u' && strspn(at + 1, "0123456789abcdefABCDEF") >= 4)
			at += 4;
		else if (!*at || !strchr("\"\\/bfnrt", *at))
			return NULL;
	}
	return at + 1;
}

/* The members of an object, or the elements of an array. */
static const char *list(const char *at, char end)
{
	at = space(at);
	if (*at == end)
		return at + 1;
	for (;;) {
		if (end == '}') {
			at = string(space(at));
			at = at ? space(at) : "";
			if (*at++ != ':')
				return NULL;
		}
		at = value(at);
		at = at ? space(at) : "";
		if (*at == end)
			return at + 1;
		if (*at++ != ',')
			return NULL;
	}
}

/* Behind the value; NULL when it is none. */
static const char *value(const char *at)
{
	static const char *const words[] = {"true", "false", "null"};
	char *end;

	at = space(at);
	if (*at == '{' || *at == '[')
		return list(at + 1, *at == '{' ? '}' : ']');
	if (*at == '"')
		return string(at);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strncmp(at, words[i], strlen(words[i])) == 0)
			return at + strlen(words[i]);
	if (!isdigit((unsigned char)at[*at == '-']))
		return NULL;
	strtod(at, &end);
	return end;
}

bool tool_is_json(const char *text)
{
	const char *end = value(text);

	return end && !*space(end) && tool_is_clean(text);
}

int64_t tool_number(const char *text, const char *after, const char *key)
{
	const char *at = strstr(text, after);
	char quoted[64];

	snprintf(quoted, sizeof(quoted), "\"%s\": ", key);
	at = at ? strstr(at, quoted) : NULL;
	if (!at || !strncmp(at + strlen(quoted), "null", 4))
		return -1;
	return strtoll(at + strlen(quoted), NULL, 10);
}
