// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/tool.h"

/* ---- Running ---------------------------------------------------------------------------------- */

static void start(struct tool *t, char *words)
{
	char *argv[64] = {0}, *rest;
	int count = 0;

	for (char *w = strtok_r(words, " ", &rest); w && count < 63; w = strtok_r(NULL, " ", &rest))
		argv[count++] = w;
	t->fds[0] = memfd_create("out", MFD_CLOEXEC);
	t->fds[1] = memfd_create("err", MFD_CLOEXEC);
	cr_assert(t->fds[0] >= 0 && t->fds[1] >= 0);
	t->pid = fork();
	cr_assert(t->pid >= 0, "fork: %s", strerror(errno));
	if (!t->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nothing running */
		dup2(t->fds[0], 1);
		dup2(t->fds[1], 2);
		execv(argv[0], argv);
		_exit(127);
	}
}

static void read_back(int fd, char *out, size_t size)
{
	ssize_t n = pread(fd, out, size - 1, 0);

	cr_assert(n >= 0 && (size_t)n < size - 1, "more than %zu bytes", size);
	out[n] = 0;
}

void tool_start(struct tool *t, const char *format, ...)
{
	char words[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	start(t, words);
}

void tool_await(struct tool *t, const char *words)
{
	for (int i = 0; i < 1000; i++) {
		read_back(t->fds[1], t->err, sizeof(t->err));
		if (strstr(t->err, words))
			return;
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	}
	cr_assert_fail("it has not said '%s' after 10 s, but: %s", words, t->err);
}

int tool_end(struct tool *t, int signal)
{
	int status;

	if (signal)
		kill(t->pid, signal);
	cr_assert(waitpid(t->pid, &status, 0) == t->pid);
	t->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	read_back(t->fds[0], t->out, sizeof(t->out));
	read_back(t->fds[1], t->err, sizeof(t->err));
	close(t->fds[0]);
	close(t->fds[1]);
	cr_assert(t->status != 127, "it cannot be run");
	return t->status;
}

int tool_run(struct tool *t, const char *format, ...)
{
	char words[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	start(t, words);
	return tool_end(t, 0);
}

/* ---- Text ------------------------------------------------------------------------------------- */

unsigned int tool_width(const char *text)
{
	unsigned int width = 0, widest = 0;

	for (; *text; text++) {
		width = *text == '\n' ? 0 : width + 1;
		widest = width > widest ? width : widest;
	}
	return widest;
}

unsigned int tool_lines(const char *text)
{
	unsigned int lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

/* ---- JSON (RFC 8259) -------------------------------------------------------------------------- */

static const char *json_space(const char *at)
{
	return at + strspn(at, " \t\r\n");
}

/* Each of these: what follows, NULL when it is not one. */
static const char *json_value(const char *at, int depth);

static const char *json_string(const char *at)
{
	if (*at++ != '"')
		return NULL;
	for (; *at != '"'; at++) {
		if ((unsigned char)*at < 0x20)
			return NULL;
		if (*at == '\\' && !strchr("\"\\/bfnrtu", *++at))
			return NULL;
		if (!*at)
			return NULL;
	}
	return at + 1;
}

static const char *json_number(const char *at)
{
	char *end;

	if (*at != '-' && (*at < '0' || *at > '9'))
		return NULL;
	strtod(at, &end);
	return end == at ? NULL : end;
}

/* An object or an array. */
static const char *json_list(const char *at, char close, int depth)
{
	at = json_space(at + 1);
	if (*at == close)
		return at + 1;
	for (;;) {
		if (close == '}') {
			at = json_string(at);
			if (!at || *(at = json_space(at)) != ':')
				return NULL;
			at = json_space(at + 1);
		}
		at = json_value(at, depth + 1);
		if (!at)
			return NULL;
		at = json_space(at);
		if (*at == close)
			return at + 1;
		if (*at != ',')
			return NULL;
		at = json_space(at + 1);
	}
}

static const char *json_value(const char *at, int depth)
{
	static const char *const words[] = {"true", "false", "null"};

	if (depth > 32)
		return NULL;
	if (*at == '{' || *at == '[')
		return json_list(at, *at == '{' ? '}' : ']', depth);
	if (*at == '"')
		return json_string(at);
	for (size_t i = 0; i < 3; i++)
		if (!strncmp(at, words[i], strlen(words[i])))
			return at + strlen(words[i]);
	return json_number(at);
}

bool tool_json(const char *text)
{
	const char *end = json_value(json_space(text), 0);

	return end && !*json_space(end);
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
