/* SPDX-License-Identifier: BSD-2-Clause */
#include "notifier.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/error.h"

#define STEP "notifier"

/* Files and directories are refused by epoll with EPERM. */
static int try_epoll(int fd)
{
	struct epoll_event event = {.events = EPOLLIN};
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC), rc;

	if (epoll_fd < 0)
		return -errno;
	rc = epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
	close(epoll_fd);
	return rc;
}

int notifier_prepare(int fd, const char *name, struct net_error *err)
{
	int rc = try_epoll(fd), flags;

	if (rc == -EPERM)
		return error_fill(err, rc, STEP,
				  "%s: its descriptor is no eventfd and no pipe, nothing can be "
				  "waited for there; the front end breaks the protocol",
				  name);
	if (rc)
		return error_errno(err, rc, STEP, name);
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || (!(flags & O_NONBLOCK) && fcntl(fd, F_SETFL, flags | O_NONBLOCK)))
		return error_errno(err, -errno, STEP, name);
	return 0;
}
