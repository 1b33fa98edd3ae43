// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "support/tool.h"

/* ---- In the child ----------------------------------------------------------------------------- */

static int install(const struct tool_filter *f)
{
	const uint32_t answer = SECCOMP_RET_ERRNO | (uint32_t)f->error;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)f->call, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)f->argument, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JA, f->argument == -1 ? 0 : 1, 0, 0),
		BPF_STMT(BPF_RET | BPF_K, answer),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* Return: only on failure. */
static void become(const struct tool *t, const char *const *argv)
{
	/* Opened here: nobody may not search the folder. */
	int program = open(argv[0], O_RDONLY);
	struct rlimit limit = {t->descriptors, t->descriptors};

	if (program < 0 || dup2(t->fds[0], 1) < 0 || dup2(t->fds[1], 2) < 0)
		return;
	if (dup2(program, 3) < 0 || fcntl(3, F_SETFD, FD_CLOEXEC) < 0)
		return;
	syscall(SYS_close_range, 4, ~0u, 0);
	if (t->as_nobody && (setgroups(0, NULL) || setresgid(65534, 65534, 65534) ||
			     setresuid(65534, 65534, 65534)))
		return;
	/* A test that fails leaves nothing running; another user forgets it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL))
		return;
	if (t->descriptors && setrlimit(RLIMIT_NOFILE, &limit))
		return;
	if (t->filter.call && install(&t->filter))
		return;
	fexecve(3, (char *const *)(uintptr_t)argv, environ);
}

/* ---- Running ---------------------------------------------------------------------------------- */

void tool_start_words(struct tool *t, const char *const *argv)
{
	t->fds[0] = memfd_create("out", MFD_CLOEXEC);
	t->fds[1] = memfd_create("err", MFD_CLOEXEC);
	cr_assert(t->fds[0] >= 0 && t->fds[1] >= 0);
	t->pid = fork();
	cr_assert(t->pid >= 0, "fork: %s", strerror(errno));
	if (!t->pid) {
		become(t, argv);
		_exit(127);
	}
}

int tool_run_words(struct tool *t, const char *const *argv)
{
	tool_start_words(t, argv);
	return tool_end(t, 0);
}

static void start(struct tool *t, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static void start(struct tool *t, const char *format, va_list args)
{
	const char *argv[64] = {0};
	char words[1024], *rest;
	int count = 0;

	vsnprintf(words, sizeof(words), format, args);
	for (char *w = strtok_r(words, " ", &rest); w && count < 63; w = strtok_r(NULL, " ", &rest))
		argv[count++] = w;
	tool_start_words(t, argv);
}

void tool_start(struct tool *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	start(t, format, args);
	va_end(args);
}

int tool_run(struct tool *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	start(t, format, args);
	va_end(args);
	return tool_end(t, 0);
}

static void read_back(int fd, char *out, size_t size)
{
	ssize_t n = pread(fd, out, size - 1, 0);

	cr_assert(n >= 0 && (size_t)n < size - 1, "more than %zu bytes", size);
	out[n] = 0;
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
