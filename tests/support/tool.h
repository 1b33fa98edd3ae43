/* SPDX-License-Identifier: BSD-2-Clause */
/* A tool, started as an operator does, beside the test or up to its end; and what it printed. All of
 * these end the test when something fails. */
#ifndef SUPPORT_TOOL_H
#define SUPPORT_TOOL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A system call that a filter answers in place of the kernel, as in services and containers. */
struct tool_filter {
	int call;     /* SYS_*; 0: no filter */
	int argument; /* only with this first argument; -1: with any */
	int error;    /* errno */
};

struct tool {
	/* As what it is started. */
	struct tool_filter filter;
	unsigned int descriptors; /* limit of open files; 0: as it is */
	bool as_nobody;		  /* uid and gid 65534, no capabilities */

	pid_t pid;
	int fds[2]; /* stdout, stderr */
	int status; /* exit status, 128 + signal; of tool_end() */
	char out[1 << 16];
	char err[1 << 14];
};

/* ---- tool.c ----------------------------------------------------------------------------------- */

/* Start a program in the background: a path and words, with single spaces between. */
void tool_start(struct tool *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same; words up to NULL, that may hold anything. */
void tool_start_words(struct tool *t, const char *const *argv);
/* Until its stderr has these words; at most ten seconds. */
void tool_await(struct tool *t, const char *words);
/* Until it ends by itself, or by a signal that is not 0. Return: its exit status. */
int tool_end(struct tool *t, int signal);
/* Start, and end by itself. */
int tool_run(struct tool *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
int tool_run_words(struct tool *t, const char *const *argv);
#define TOOL_RUN(t, ...) tool_run_words(t, (const char *const[]){__VA_ARGS__, NULL})

/* ---- tool_text.c ------------------------------------------------------------------------------ */

/* Columns of the widest line, a character as one; and lines. */
unsigned int tool_width(const char *text);
unsigned int tool_lines(const char *text);
/* Is text UTF-8, without control characters but newlines? */
bool tool_is_clean(const char *text);
/* Does text, with every run of white space as one space, contain the words? Tools break lines. */
bool tool_says(const char *text, const char *words);

/* Is it one JSON document and nothing else, and clean? */
bool tool_is_json(const char *text);
/* The number behind the first such key after the words (may be ""); -1 none or null. */
int64_t tool_number(const char *text, const char *after, const char *key);

#endif
