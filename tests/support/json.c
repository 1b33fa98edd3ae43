// SPDX-License-Identifier: BSD-2-Clause
/* RFC 8259, to say yes or no. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "support/command.h"

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

bool command_is_json(const char *text)
{
	const char *end = value(text);

	return end && !*space(end) && command_is_clean(text);
}
