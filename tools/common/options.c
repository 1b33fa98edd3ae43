/* SPDX-License-Identifier: BSD-2-Clause */
#include "options.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "net_xdp.h"

/* Known to every program: for whoever builds packages, in no help. */
static int show_completion(struct option_parse *p, const struct option_row *row, const char *text)
{
	(void)row;
	return strcmp(text, "bash") ? option_refuse(p, text, "must be bash") : OPTIONS_COMPLETION;
}

static int show_markdown(struct option_parse *p, const struct option_row *row, const char *text)
{
	(void)p;
	(void)row;
	(void)text;
	return OPTIONS_MARKDOWN;
}

static const struct option_row hidden_rows[] = {
	{.name = "completion", .value = "SHELL", .set = show_completion},
	{.name = "help-markdown", .set = show_markdown},
};
static const struct option_table hidden = {.rows = hidden_rows, .count = 2};

/* ---- Which option? ------------------------------------------------------------------------------ */

const struct option_row *option_named(const struct option_table *table, const char *name,
				      size_t length)
{
	for (uint32_t i = 0; i < table->count; i++)
		if (!strncmp(table->rows[i].name, name, length) && !table->rows[i].name[length])
			return &table->rows[i];
	return NULL;
}

const struct option_row *option_lettered(const struct option_table *table, char letter)
{
	for (uint32_t i = 0; i < table->count; i++)
		if (letter && table->rows[i].letter == letter)
			return &table->rows[i];
	return NULL;
}

/* The first row whose name begins so. Return: NULL there is none. *more: others do, too. */
static const struct option_row *begun(const struct option_table *table, const char *name,
				      size_t length, bool *more)
{
	const struct option_row *first = NULL;

	*more = false;
	for (uint32_t i = 0; i < table->count; i++) {
		if (!length || strncmp(table->rows[i].name, name, length))
			continue;
		*more = first != NULL;
		if (first)
			return first;
		first = &table->rows[i];
	}
	return first;
}

/* In how many places does a misspelt word differ: letters that are missing, too many, or others (Levenshtein). */
static size_t distance(const char *a, size_t length, const char *b)
{
	size_t row[64], width = strlen(b);

	if (width >= sizeof(row) / sizeof(row[0]))
		return SIZE_MAX;
	for (size_t k = 0; k <= width; k++)
		row[k] = k;
	for (size_t i = 1; i <= length; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t k = 1; k <= width; k++) {
			size_t change = corner + (a[i - 1] != b[k - 1]);
			size_t least = row[k] < row[k - 1] ? row[k] + 1 : row[k - 1] + 1;

			corner = row[k];
			row[k] = change < least ? change : least;
		}
	}
	return row[width];
}

/* Return: NULL: none is close enough to be meant. */
static const struct option_row *nearest(const struct option_table *table, const char *name,
					size_t length)
{
	const struct option_row *found = NULL;
	size_t least = 3;

	for (uint32_t i = 0; i < table->count && length < 64; i++) {
		size_t d = distance(name, length, table->rows[i].name);

		/* Of a short word little would be left. */
		if (d < least && d <= length / 2) {
			least = d;
			found = &table->rows[i];
		}
	}
	return found;
}

static const struct option_row *find_long(struct option_parse *p, const char *name, size_t length)
{
	const struct option_row *row = option_named(p->table, name, length), *hint;
	bool more = false;

	if (!row)
		row = option_named(&hidden, name, length);
	if (!row)
		row = begun(p->table, name, length, &more);
	if (row && !more)
		return row;
	hint = row ? row : nearest(p->table, name, length);
	snprintf(p->why, p->why_size, "--%.*s: no such option%s%s%s",
		 (int)(length < 64 ? length : 64), name, hint ? "; is it --" : "",
		 hint ? hint->name : "", hint ? "?" : "");
	return NULL;
}

/* ---- The line ----------------------------------------------------------------------------------- */

struct line {
	int argc;
	char **argv;
	int at;
};

int option_refuse(struct option_parse *p, const char *text, const char *sentence, ...)
{
	bool quoted = text && (!*text || strchr(text, ' '));
	va_list args;
	int used;

	/* What is not shown of a long one leaves room to say why. */
	used = snprintf(p->why, p->why_size, "%s%s%s%.64s%s: ", p->typed, text ? " " : "",
			quoted ? "'" : "", text ? text : "", quoted ? "'" : "");
	va_start(args, sentence);
	if (used >= 0 && (size_t)used < p->why_size)
		vsnprintf(p->why + used, p->why_size - (size_t)used, sentence, args);
	va_end(args);
	return -EINVAL;
}

/* attached: what stands in the option's own word behind it; NULL: nothing. */
static int set_option(struct option_parse *p, const struct option_row *row, const char *attached,
		      struct line *l)
{
	const char *next = l->at + 1 < l->argc ? l->argv[l->at + 1] : NULL;

	if (!row->value && attached)
		return OPTION_FAIL(p, "%s=%.64s: this option takes no value", p->typed, attached);
	if (!row->value || attached || (row->is_value && !(next && row->is_value(next))))
		return row->set(p, row, attached);
	if (!next)
		return OPTION_FAIL(p, "%s: the value is missing", p->typed);
	l->at++;
	return row->set(p, row, next);
}

static int take_long(struct option_parse *p, struct line *l)
{
	const char *name = l->argv[l->at] + 2;
	size_t length = strcspn(name, "=");
	const struct option_row *row = find_long(p, name, length);

	if (!row)
		return -EINVAL;
	snprintf(p->typed, sizeof(p->typed), "--%s", row->name);
	return set_option(p, row, name[length] ? name + length + 1 : NULL, l);
}

/* "-v", "-q3", "-q 3", "-vq3" */
static int take_letters(struct option_parse *p, struct line *l)
{
	const char *word = l->argv[l->at];

	for (const char *at = word + 1; *at; at++) {
		const struct option_row *row = option_lettered(p->table, *at);
		int rc;

		snprintf(p->typed, sizeof(p->typed), "-%c", *at);
		if (!row)
			return OPTION_FAIL(p, "%s: no such option", p->typed);
		rc = set_option(p, row, row->value && at[1] ? at + 1 : NULL, l);
		if (rc || row->value)
			return rc;
	}
	return 0;
}

int option_parse(struct option_parse *p, int argc, char **argv)
{
	struct line l = {argc, argv, 1};
	bool ended = false;
	int rc = 0;

	for (; !rc && l.at < argc; l.at++) {
		const char *word = argv[l.at];

		if (ended || word[0] != '-' || !word[1]) {
			if (p->operand_count == OPTION_OPERANDS)
				return OPTION_FAIL(p, "'%s' is one argument too many", word);
			p->operands[p->operand_count++] = word;
		} else if (!strcmp(word, "--")) {
			ended = true;
		} else {
			rc = word[1] == '-' ? take_long(p, &l) : take_letters(p, &l);
		}
	}
	return rc;
}

#define TEXT_OF(number)		     #number
#define VERSION(major, minor, patch) TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)

void option_show(const struct option_table *table, int what, FILE *out)
{
	switch (what) {
	case OPTIONS_HELP:
		option_print_help(table, out);
		break;
	case OPTIONS_VERSION:
		fprintf(out, "%s %s\n", table->program,
			VERSION(NET_XDP_VERSION_MAJOR, NET_XDP_VERSION_MINOR,
				NET_XDP_VERSION_PATCH));
		break;
	case OPTIONS_COMPLETION:
		option_print_completion(table, out);
		break;
	case OPTIONS_MARKDOWN:
		option_print_markdown(table, out);
		break;
	default:
		break;
	}
}
