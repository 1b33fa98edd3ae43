/* SPDX-License-Identifier: BSD-2-Clause */
/* Run a tool as an operator does, and look at what it printed. */
#ifndef SUPPORT_COMMAND_H
#define SUPPORT_COMMAND_H

#include <stdbool.h>

/* A system call that a filter answers in place of the kernel, as in services and containers. */
struct command_filter {
	int call;     /* SYS_*; 0: no filter */
	int argument; /* only with this first argument; -1: with any */
	int error;    /* errno */
};

struct command {
	struct command_filter filter;
	unsigned int descriptors; /* limit of open files; 0: as it is */
	bool as_nobody;		  /* uid and gid 65534, no capabilities */

	int status; /* exit status; -1 when a signal ended it */
	char out[1 << 16];
	char err[1 << 14];
};

/* Run argv[0], a path; the rest up to NULL. The fields below status are written. */
void command_run(struct command *c, const char *const *argv);
/* The same for a list of words. */
#define COMMAND(c, ...) command_run(c, (const char *const[]){__VA_ARGS__, NULL})

/* Columns of the widest line, a character as one. */
unsigned int command_width(const char *text);
/* Is text UTF-8, without control characters but newlines? */
bool command_is_clean(const char *text);
/* Is text one JSON document, and clean? (json.c) */
bool command_is_json(const char *text);
unsigned int command_lines(const char *text);
/* Does text, with every run of white space as one space, contain the words? Tools break lines. */
bool command_says(const char *text, const char *words);

#endif
