// SPDX-License-Identifier: BSD-2-Clause
#include "sample.h"

#include <stdlib.h>
#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
#define DIGITS	"0123456789"

size_t sample_name_bytes(const char *text, bool colons)
{
	/* A digit is none to begin with. */
	if (strchr(DIGITS, *text))
		return 0;
	return strspn(text, colons ? LETTERS DIGITS ":" : LETTERS DIGITS);
}

bool sample_label_is(const struct sample_text *label, const char *name)
{
	size_t length = strlen(name);

	return label->bytes > length && !strncmp(label->at, name, length) &&
	       label->at[length] == '=';
}

/* The value of a label with its quotes. Return: what follows it; NULL: it has no end, or an escape that is none. */
static const char *skip_value(const char *at)
{
	if (*at++ != '"')
		return NULL;
	for (; *at != '"'; at++) {
		if (!*at)
			return NULL;
		if (*at == '\\' && !(*++at && strchr("\\\"n", *at)))
			return NULL;
	}
	return at + 1;
}

static bool is_double(const struct sample *s)
{
	const struct sample_text *last = &s->labels[s->label_count - 1];
	size_t length = sample_name_bytes(last->at, false);

	for (unsigned int i = 0; i + 1 < s->label_count; i++)
		if (s->labels[i].bytes > length && !strncmp(s->labels[i].at, last->at, length + 1))
			return true;
	return false;
}

/* From behind the brace on. Return: what follows the other one; NULL: they are wrong. */
static const char *parse_labels(struct sample *s, const char *at)
{
	const char *begin;
	size_t length;

	while (*at != '}') {
		if (s->label_count == SAMPLE_LABELS || (s->label_count && *at++ != ','))
			return NULL;
		begin = at;
		length = sample_name_bytes(at, false);
		if (!length || at[length] != '=')
			return NULL;
		at = skip_value(at + length + 1);
		if (!at)
			return NULL;
		s->labels[s->label_count++] = (struct sample_text){begin, (size_t)(at - begin)};
		if (is_double(s))
			return NULL;
	}
	return at + 1;
}

static bool is_number(const char *text)
{
	char *end;

	if (!strcmp(text, "NaN") || !strcmp(text, "+Inf") || !strcmp(text, "-Inf"))
		return true;
	/* strtod() takes hexadecimal ones, words and white space, too. */
	if (!*text || text[strspn(text, DIGITS "+-.eE")])
		return false;
	strtod(text, &end);
	return !*end;
}

bool sample_parse(struct sample *s, const char *line)
{
	s->label_count = 0;
	s->name = (struct sample_text){line, sample_name_bytes(line, true)};
	line += s->name.bytes;
	if (!s->name.bytes)
		return false;
	if (*line == '{')
		line = parse_labels(s, line + 1);
	if (!line || *line != ' ')
		return false;
	s->value = line + 1;
	return is_number(s->value);
}
