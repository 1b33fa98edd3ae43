// SPDX-License-Identifier: BSD-2-Clause
/* Where front ends are met: paths that are free, in use, stale or no sockets. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/scratch.h"
#include "xsk_vhost/listener.h"

static struct listener listener;
static struct net_error err;
static char path[64];

static void set_up(void)
{
	scratch_path(path, sizeof(path), "vhost_listener");
}

TestSuite(vhost_listener, .init = set_up);

Test(vhost_listener, a_front_end_is_met_and_the_path_is_removed)
{
	int front, back;

	cr_assert_eq(listener_open(&listener, path, &err), 0, "%s", err.message);
	cr_assert_eq(listener_accept(&listener), -EAGAIN);
	front = listener_connect(path);
	back = listener_accept(&listener);
	cr_assert(front >= 0 && back >= 0);
	cr_assert(fcntl(back, F_GETFL) & O_NONBLOCK);
	cr_assert(fcntl(back, F_GETFD) & FD_CLOEXEC);
	cr_assert_eq(write(front, "x", 1), 1);
	cr_assert_eq(read(back, &(char){0}, 1), 1);
	close(front);
	close(back);
	listener_close(&listener);
	cr_assert_neq(access(path, F_OK), 0);
	cr_assert_eq(listener_connect(path), -ENOENT);
}

/* After SIGKILL the file is still there, and nobody listens. */
Test(vhost_listener, a_stale_socket_is_taken_over)
{
	cr_assert_eq(listener_open(&listener, path, &err), 0);
	close(listener.fd);
	cr_assert_eq(access(path, F_OK), 0);
	cr_assert_eq(listener_open(&listener, path, &err), 0, "%s", err.message);
	listener_close(&listener);
}

Test(vhost_listener, somebody_elses_socket_stays)
{
	struct listener other;

	cr_assert_eq(listener_open(&listener, path, &err), 0);
	cr_assert_eq(listener_open(&other, path, &err), -EADDRINUSE);
	cr_assert(strstr(err.message, path) && strstr(err.message, "--socket"), "%s", err.message);
	cr_assert_eq(access(path, F_OK), 0);
	/* Even while somebody waits to be accepted there. */
	close(listener_connect(path));
	cr_assert_eq(listener_open(&other, path, &err), -EADDRINUSE);
	listener_close(&listener);
}

Test(vhost_listener, a_file_that_is_no_socket_stays)
{
	int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);

	close(fd);
	cr_assert_eq(listener_open(&listener, path, &err), -EEXIST);
	cr_assert(strstr(err.message, "no socket"), "%s", err.message);
	cr_assert_eq(unlink(path), 0);
}

Test(vhost_listener, a_folder_that_is_not_there_is_named)
{
	cr_assert_eq(listener_open(&listener, "/tmp/no such folder/s", &err), -ENOENT);
	cr_assert(strstr(err.message, "/tmp/no such folder/s"), "%s", err.message);
	cr_assert_eq(listener.fd, -1);
}

Test(vhost_listener, a_socket_that_was_handed_over_must_listen)
{
	int pair[2];
	struct listener made;

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	cr_assert_eq(listener_take(&listener, path, pair[0], &err), -EINVAL);
	cr_assert_eq(listener_take(&listener, path, 900, &err), -EINVAL);
	cr_assert_eq(listener_open(&made, path, &err), 0);
	cr_assert_eq(listener_take(&listener, path, made.fd, &err), 0);
	/* The path is who made it's: it stays. */
	listener_close(&listener);
	cr_assert_eq(access(path, F_OK), 0);
	unlink(path);
}
