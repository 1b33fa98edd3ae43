// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/maker.h"

struct maker maker_self(void)
{
	struct maker self = {.pid = getpid()};
	struct stat s;

	if (stat("/proc/self/ns/pid", &s) == 0)
		self.pid_namespace = s.st_ino;
	return self;
}

/* Return: true if the process has ended. A zombie, whose parent has not waited for it yet, has ended
 * too. */
static bool has_ended(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	bool ended = fd < 0 ? kill(pid, 0) && errno == ESRCH
			    : poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 0) == 1;

	if (fd >= 0)
		close(fd);
	return ended;
}

bool maker_is_us(const struct maker *maker)
{
	struct maker self = maker_self();
	bool known = maker->pid_namespace && self.pid_namespace;

	if (known && maker->pid_namespace != self.pid_namespace)
		return false;
	/* A process that lost sight of /proc meanwhile (chroot) has no pid_namespace now, but is
	 * still the maker. */
	return maker->pid == self.pid || (known && has_ended(maker->pid));
}
