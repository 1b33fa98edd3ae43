// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/folder.h"

int folder_check(const char *path, struct stat *s)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat parent;
	bool closed;

	if (fd < 0)
		return errno == EACCES ? -EACCES : -EPERM;
	closed = fstat(fd, s) == 0 && fstatat(fd, "..", &parent, 0) == 0 &&
		 !(s->st_mode & (S_IWGRP | S_IWOTH)) &&
		 (s->st_uid == 0 || s->st_uid == geteuid() ||
		  (parent.st_uid == 0 && !(parent.st_mode & (S_IWGRP | S_IWOTH))));
	close(fd);
	return closed ? 0 : -EPERM;
}
