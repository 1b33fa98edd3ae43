// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <iconv.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "support/command.h"

static int install(const struct command_filter *f)
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

/* In the child. Return: only on failure. */
static void become(const struct command *c, const char *const *argv, int out, int err)
{
	/* Opened here: nobody may not search the folder. */
	int program = open(argv[0], O_RDONLY);
	struct rlimit limit = {c->descriptors, c->descriptors};

	if (program < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		return;
	if (dup2(program, 3) < 0 || fcntl(3, F_SETFD, FD_CLOEXEC) < 0)
		return;
	syscall(SYS_close_range, 4, ~0u, 0);
	if (c->as_nobody && (setgroups(0, NULL) || setresgid(65534, 65534, 65534) ||
			     setresuid(65534, 65534, 65534)))
		return;
	if (c->descriptors && setrlimit(RLIMIT_NOFILE, &limit))
		return;
	if (c->filter.call && install(&c->filter))
		return;
	fexecve(3, (char *const *)(uintptr_t)argv, environ);
}

static void read_back(int fd, char *out, size_t size)
{
	ssize_t length = pread(fd, out, size - 1, 0);

	cr_assert(length >= 0 && (size_t)length < size - 1, "more than %zu bytes", size);
	out[length] = '\0';
	close(fd);
}

void command_run(struct command *c, const char *const *argv)
{
	int out = memfd_create("out", MFD_CLOEXEC), err = memfd_create("err", MFD_CLOEXEC);
	int status;
	pid_t pid;

	cr_assert(out >= 0 && err >= 0);
	pid = fork();
	cr_assert(pid >= 0, "fork: %s", strerror(errno));
	if (!pid) {
		become(c, argv, out, err);
		_exit(127);
	}
	cr_assert(waitpid(pid, &status, 0) == pid);
	c->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	cr_assert(c->status != 127, "cannot run %s", argv[0]);
	read_back(out, c->out, sizeof(c->out));
	read_back(err, c->err, sizeof(c->err));
}

unsigned int command_width(const char *text)
{
	unsigned int width = 0, most = 0;

	for (; *text; text++) {
		width = *text == '\n' ? 0 : width + ((*text & 0xc0) != 0x80);
		most = width > most ? width : most;
	}
	return most;
}

bool command_is_clean(const char *text)
{
	iconv_t utf8 = iconv_open("UTF-32LE", "UTF-8");
	char *from = (char *)(uintptr_t)text;
	size_t left = strlen(text);
	bool clean = true;

	cr_assert(utf8 != (iconv_t)-1);
	while (clean && left) {
		uint32_t code;
		char *to = (char *)&code;
		size_t room = sizeof(code);

		clean = (iconv(utf8, &from, &left, &to, &room) != (size_t)-1 || errno == E2BIG) &&
			!room && (code == '\n' || (code >= 0x20 && (code < 0x7f || code > 0x9f)));
	}
	iconv_close(utf8);
	return clean;
}

unsigned int command_lines(const char *text)
{
	unsigned int lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

bool command_says(const char *text, const char *words)
{
	char *flat = malloc(strlen(text) + 1), *to = flat;
	bool found;

	cr_assert(flat);
	for (; *text; text++) {
		bool space = *text == ' ' || *text == '\n';

		if (!space || (to > flat && to[-1] != ' '))
			*to++ = space ? ' ' : *text;
	}
	*to = '\0';
	found = strstr(flat, words);
	free(flat);
	return found;
}
