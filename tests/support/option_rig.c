// SPDX-License-Identifier: BSD-2-Clause
#include "option_rig.h"

#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "tool.h"

struct command_line *command_line(const char *program, const char *words)
{
	static struct command_line line;
	char *rest;

	memset(&line, 0, sizeof(line));
	snprintf(line.text, sizeof(line.text), "%s %s", program, words);
	for (char *w = strtok_r(line.text, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
		line.argv[line.argc++] = w;
	return &line;
}

static void check_row(const struct option_table *table, const struct option_row *row)
{
	cr_expect_eq(option_named(table, row->name, strlen(row->name)), row, "--%s is there twice",
		     row->name);
	if (row->letter)
		cr_expect_eq(option_lettered(table, row->letter), row, "-%c is there twice",
			     row->letter);
	cr_expect_lt(strlen(row->name), sizeof(((struct option_parse *)NULL)->typed) - 2);
	cr_expect_not_null(row->set, "--%s sets nothing", row->name);
	cr_expect(row->help && *row->help, "--%s has no help", row->name);
	cr_expect(row->min <= row->max, "--%s", row->name);
	cr_expect_eq(row->value != NULL,
		     row->set != option_flag && row->set != option_help &&
			     row->set != option_version,
		     "--%s", row->name);
	if (row->set == option_number || row->set == option_number64)
		cr_expect(row->max, "--%s has no bounds", row->name);
	if (row->set == option_word)
		cr_expect(row->words[0] && row->words[1], "--%s has no words", row->name);
}

void option_table_check(const struct option_table *table)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (uint32_t i = 0; i < table->count; i++)
		check_row(table, &table->rows[i]);
	cr_expect(table->rows[0].group, "%s: the first row has no heading", table->program);
	option_show(table, OPTIONS_HELP, out);
	fclose(out);
	cr_expect_leq(tool_width(text), 80, "%s", text);
	free(text);
}
