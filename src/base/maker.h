/* SPDX-License-Identifier: BSD-2-Clause */
/* The process that made something, so that a forked child leaves it alone. */
#ifndef NET_XDP_MAKER_H
#define NET_XDP_MAKER_H

#include <stdbool.h>
#include <sys/types.h>

/* A process, so that its children can tell it from themselves. */
struct maker {
	pid_t pid;
	ino_t pid_namespace; /* that the number belongs to; 0 unknown, without /proc */
};

/* Return: the calling process. */
struct maker maker_self(void);

/* Is what this process made its own to end? In a forked child it is not, while the maker lives:
 * there only the child's copies are given up. Nor is it in a child in another PID namespace, which
 * cannot know: the kernel ends with the last copy what nobody ends before. */
bool maker_is_us(const struct maker *maker);

#endif
