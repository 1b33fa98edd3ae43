/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests of a program's command line. */
#ifndef SUPPORT_OPTION_RIG_H
#define SUPPORT_OPTION_RIG_H

#include "common/options.h"

struct command_line {
	char text[2048];
	char *argv[128];
	int argc;
};

/* Words with single spaces between, behind the program's name. */
struct command_line *command_line(const char *program, const char *words);

/* Asserts what holds for each table: no name or letter twice, each row can be set, said and printed, and --help has
 * at most 80 columns. */
void option_table_check(const struct option_table *table);

#endif
