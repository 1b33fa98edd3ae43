// SPDX-License-Identifier: BSD-2-Clause
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/scratch.h"

/* As after a process of the same number that was killed with its socket open. */
Test(scratch, what_was_left_at_the_path_is_removed)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	char path[sizeof(at.sun_path)];

	scratch_path(at.sun_path, sizeof(at.sun_path), "test_scratch");
	for (int i = 0; i < 2; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		cr_assert_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0, "%m");
		close(fd);
		scratch_path(path, sizeof(path), "test_scratch");
		cr_assert_str_eq(path, at.sun_path);
	}
	cr_assert_neq(access(path, F_OK), 0);
}
