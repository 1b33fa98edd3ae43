// SPDX-License-Identifier: BSD-2-Clause
#include "support/scratch.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <criterion/criterion.h>

void scratch_path(char *path, size_t size, const char *name)
{
	int length = snprintf(path, size, "/tmp/net_xdp-%s.%d", name, getpid());

	cr_assert(length > 0 && (size_t)length < size);
	cr_assert(unlink(path) == 0 || errno == ENOENT, "%s: %m", path);
}
