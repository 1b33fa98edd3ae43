/* SPDX-License-Identifier: BSD-2-Clause */
/* The options for people: --help, and the section of the man page. */
#include <string.h>

#include "options.h"
#include "wrap.h"

enum { TEXT_COLUMN = 23 }; /* where the help of a row begins, if its names leave room */

/* "[=LIST]" where the value may be left out, which bash and getopt want behind '='. */
static int print_names(char *to, size_t size, const struct option_row *row)
{
	const char *value = row->value ? row->value : "";

	return snprintf(to, size, "  %c%c%s--%s%s%s%s", row->letter ? '-' : ' ',
			row->letter ? row->letter : ' ', row->letter ? ", " : "  ", row->name,
			!row->value	? ""
			: row->is_value ? "[="
					: " ",
			value, row->is_value ? "]" : "");
}

void option_print_help(const struct option_table *table, FILE *out)
{
	fputs(table->front, out);
	for (uint32_t i = 0; i < table->count; i++) {
		const struct option_row *row = &table->rows[i];
		char names[80];
		int used = print_names(names, sizeof(names), row);
		int column = used + 2 > TEXT_COLUMN ? used + 2 : TEXT_COLUMN;

		if (row->group)
			fprintf(out, "\n%s\n", row->group);
		fprintf(out, "%-*s", column, names);
		wrap_text(out, (size_t)column, TEXT_COLUMN, row->help);
	}
	fputs(table->back, out);
}

/* Nothing in text is markup: two hyphens and three dots stay what they are, too. */
static void print_escaped(FILE *out, const char *text)
{
	for (const char *at = text; *at; at++) {
		bool twin = (*at == '-' || *at == '.') &&
			    (at[1] == *at || (at > text && at[-1] == *at));

		if (twin || strchr("\\`*_[]<>|~^'\"$@#", *at))
			fputc('\\', out);
		fputc(*at, out);
	}
}

void option_print_markdown(const struct option_table *table, FILE *out)
{
	for (uint32_t i = 0; i < table->count; i++) {
		const struct option_row *row = &table->rows[i];

		if (row->group)
			fprintf(out, "## %s\n\n", row->group);
		if (row->letter)
			fprintf(out, "**-%c**, ", row->letter);
		fputs("**\\-\\-", out);
		print_escaped(out, row->name);
		fputs("**", out);
		if (row->value) {
			fputs(row->is_value ? "\\[=*" : " *", out);
			print_escaped(out, row->value);
			fputs(row->is_value ? "*\\]" : "*", out);
		}
		fputs("\n:   ", out);
		print_escaped(out, row->help);
		fputs("\n\n", out);
	}
}
