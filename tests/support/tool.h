/* SPDX-License-Identifier: BSD-2-Clause */
/* A tool that runs beside the test, as an operator starts it: what it says, how it ends. All of these
 * end the test when something fails. */
#ifndef SUPPORT_TOOL_H
#define SUPPORT_TOOL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct tool {
	pid_t pid;
	int fds[2]; /* stdout, stderr */
	int status; /* exit status, 128 + signal; of tool_end() */
	char out[1 << 16];
	char err[1 << 14];
};

/* Start a program in the background: a path and words, with single spaces between. */
void tool_start(struct tool *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Until its stderr has these words; at most ten seconds. */
void tool_await(struct tool *t, const char *words);
/* Until it ends by itself, or by a signal that is not 0. Return: its exit status. */
int tool_end(struct tool *t, int signal);
/* tool_start() and tool_end(). */
int tool_run(struct tool *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Columns of the widest line, and lines. */
unsigned int tool_width(const char *text);
unsigned int tool_lines(const char *text);

/* Is it one JSON document and nothing else? */
bool tool_json(const char *text);
/* The number behind the first such key after the words (may be ""); -1 none or null. */
int64_t tool_number(const char *text, const char *after, const char *key);

#endif
