// SPDX-License-Identifier: BSD-2-Clause
#include "support/control_fake.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void write_all(int fd, const char *text, size_t bytes)
{
	ssize_t n;

	for (; bytes; text += n, bytes -= (size_t)n) {
		n = send(fd, text, bytes, MSG_NOSIGNAL);
		if (n <= 0)
			return;
	}
}

static const char *answer_of(struct control_program *p, int fd)
{
	char line[32] = "";
	size_t used = 0;

	while (used < sizeof(line) - 1 && !strchr(line, '\n') && recv(fd, line + used, 1, 0) == 1)
		line[++used] = '\0';
	p->asked++;
	return !strcmp(line, "json\n") ? p->json : p->openmetrics;
}

/* Return: is the connection to be closed? */
static bool behave(struct control_program *p, int fd)
{
	static const char filler[4096] = "{\"a\": [";
	const char *answer;

	switch (p->manner) {
	case CONTROL_ANSWERS:
		answer = answer_of(p, fd);
		write_all(fd, answer, strlen(answer));
		return true;
	case CONTROL_HALF:
		answer = answer_of(p, fd);
		write_all(fd, answer, strlen(answer) / 2);
		return false;
	case CONTROL_HUGE:
		/* It ends when the other side closes. */
		while (send(fd, filler, sizeof(filler), MSG_NOSIGNAL) > 0)
			;
		return true;
	case CONTROL_CLOSES:
		return true;
	default:
		return false;
	}
}

/* Until the listener is shut down. */
static void *serve(void *program)
{
	struct control_program *p = program;
	int fd, open[64], count = 0;

	usleep((useconds_t)p->delay_ms * 1000);
	while ((fd = accept(p->fd, NULL, NULL)) >= 0) {
		if (behave(p, fd))
			close(fd);
		else if (count < 64)
			open[count++] = fd;
	}
	while (count)
		close(open[--count]);
	return NULL;
}

void control_fake_open(struct control_fake *f)
{
	*f = (struct control_fake){.folder = "/tmp/net_xdp_control_XXXXXX"};
	cr_assert_not_null(mkdtemp(f->folder));
}

static void fill_backlog(struct control_program *p, const struct sockaddr_un *address)
{
	for (size_t i = 0; i < 4; i++) {
		p->waiting[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (connect(p->waiting[i], (const struct sockaddr *)address, sizeof(*address)))
			cr_assert(errno == EAGAIN && i, "%s", strerror(errno));
	}
}

struct control_program *control_fake_add(struct control_fake *f, pid_t pid, const char *name,
					 enum control_manner manner, const char *json,
					 const char *openmetrics)
{
	struct control_program *p = &f->programs[f->count++];
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	*p = (struct control_program){.manner = manner, .json = json, .openmetrics = openmetrics};
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%d.%s", f->folder, (int)pid, name);
	p->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert(!bind(p->fd, (const struct sockaddr *)&address, sizeof(address)), "%s",
		  strerror(errno));
	if (manner == CONTROL_GONE) {
		close(p->fd);
		return p;
	}
	cr_assert(!listen(p->fd, manner == CONTROL_FULL ? 0 : 64));
	if (manner == CONTROL_FULL)
		fill_backlog(p, &address);
	else
		cr_assert(!pthread_create(&p->thread, NULL, serve, p));
	return p;
}

void control_fake_wake(struct control_program *p, int delay_ms)
{
	for (size_t i = 0; i < 4; i++)
		close(p->waiting[i]);
	p->manner = CONTROL_ANSWERS;
	p->delay_ms = delay_ms;
	cr_assert(!pthread_create(&p->thread, NULL, serve, p));
}

void control_fake_close(struct control_fake *f)
{
	char command[128];

	for (uint32_t i = 0; i < f->count; i++) {
		struct control_program *p = &f->programs[i];

		if (p->manner == CONTROL_GONE)
			continue;
		shutdown(p->fd, SHUT_RDWR);
		if (p->manner != CONTROL_FULL)
			pthread_join(p->thread, NULL);
		else
			for (size_t k = 0; k < 4; k++)
				close(p->waiting[k]);
		close(p->fd);
	}
	snprintf(command, sizeof(command), "rm -r %s", f->folder);
	cr_assert(!system(command));
}

pid_t control_fake_ended(void)
{
	pid_t pid = fork();

	cr_assert(pid >= 0);
	if (!pid)
		_exit(0);
	cr_assert(waitpid(pid, NULL, 0) == pid);
	return pid;
}
