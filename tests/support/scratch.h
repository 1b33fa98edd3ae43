/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of one test. Numbers of processes come again, and a test that was killed leaves its files. */
#ifndef SUPPORT_SCRATCH_H
#define SUPPORT_SCRATCH_H

#include <stddef.h>

/* The path of a file that is not there: of this process, of this name. One that was left is removed. */
void scratch_path(char *path, size_t size, const char *name);

#endif
