// SPDX-License-Identifier: BSD-2-Clause
/* The thread behind a control socket sleeps: it costs a program nothing while nobody asks. */
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "control/control.h"
#include "support/scratch.h"

static struct {
	int listen_fd, wake_fd;
	unsigned int rounds; /* atomic */
	bool is_over;	     /* atomic */
} server;

static int count_round(void *unused)
{
	(void)unused;
	__atomic_add_fetch(&server.rounds, 1, __ATOMIC_RELAXED);
	return __atomic_load_n(&server.is_over, __ATOMIC_ACQUIRE) ? SERVER_STOP : -1;
}

static void answer_nothing(void *unused, const char *line, struct text *out)
{
	(void)unused, (void)line, (void)out;
}

static void *serve(void *unused)
{
	static const struct server_ops ops = {answer_nothing, count_round};

	server_run(server.listen_fd, server.wake_fd, &ops, NULL);
	return unused;
}

/* A round for what has come, and none while nothing comes. */
Test(control_rounds, there_are_none_while_there_is_nothing_to_do)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	pthread_t thread;
	unsigned int seen;
	int fd;

	scratch_path(address.sun_path, sizeof(address.sun_path), "control.rounds");
	server.listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	server.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	cr_assert_eq(bind(server.listen_fd, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(server.listen_fd, 4), 0);
	cr_assert_eq(pthread_create(&thread, NULL, serve, NULL), 0);
	poll(NULL, 0, 200);
	cr_assert_leq(__atomic_load_n(&server.rounds, __ATOMIC_RELAXED), 1, "nobody came");
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	poll(NULL, 0, 200);
	seen = __atomic_load_n(&server.rounds, __ATOMIC_RELAXED);
	cr_assert(seen >= 1 && seen <= 2, "one came, and says nothing: %u rounds", seen);
	__atomic_store_n(&server.is_over, true, __ATOMIC_RELEASE);
	eventfd_write(server.wake_fd, 1);
	pthread_join(thread, NULL);
	close(fd);
	close(server.listen_fd);
	close(server.wake_fd);
	unlink(address.sun_path);
}
