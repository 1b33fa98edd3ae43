/* SPDX-License-Identifier: BSD-2-Clause */
#include "listener.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/error.h"

#define STEP	"socket"
#define BACKLOG 1

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	return a;
}

int listener_connect(const char *path)
{
	struct sockaddr_un address = address_of(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), rc;

	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

/* A socket file outlives a process that was killed: it may go when nobody listens there. */
static int remove_stale(const char *path, struct net_error *err)
{
	struct stat st;
	int fd;

	if (lstat(path, &st))
		return 0; /* bind says what is wrong, if anything is */
	if (!S_ISSOCK(st.st_mode))
		return error_fill(err, -EEXIST, STEP,
				  "--socket: %s is there, and is no socket: give another path, or "
				  "remove it",
				  path);
	fd = listener_connect(path);
	if (fd >= 0)
		close(fd);
	if (fd >= 0 || fd == -EAGAIN)
		return error_fill(err, -EADDRINUSE, STEP,
				  "--socket: somebody listens at %s: give another path, or end "
				  "that program",
				  path);
	if (fd == -ECONNREFUSED)
		unlink(path);
	return 0;
}

int listener_open(struct listener *l, const char *path, struct net_error *err)
{
	struct sockaddr_un address = address_of(path);
	int rc = remove_stale(path, err);

	*l = (struct listener){.path = path, .fd = -1};
	if (rc)
		return rc;
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return error_errno(err, -errno, STEP, "a socket for the front end");
	if (bind(l->fd, (struct sockaddr *)&address, sizeof(address)) == 0) {
		l->is_made = true;
		if (listen(l->fd, BACKLOG) == 0)
			return 0;
	}
	rc = error_fill(err, -errno, STEP, "--socket: %s cannot be made: %s", path,
			strerror(errno));
	listener_close(l);
	return rc;
}

int listener_take(struct listener *l, const char *path, int fd, struct net_error *err)
{
	int listens = 0;
	socklen_t size = sizeof(listens);

	*l = (struct listener){.path = path, .fd = -1};
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) || !listens)
		return error_fill(err, -EINVAL, STEP,
				  "descriptor %d, which LISTEN_FDS names for %s, does not listen",
				  fd, path);
	l->fd = fd;
	return 0;
}

void listener_close(struct listener *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	if (l->is_made)
		unlink(l->path);
	l->is_made = false;
}

int listener_accept(const struct listener *l)
{
	int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	return fd < 0 ? -errno : fd;
}
