/* SPDX-License-Identifier: BSD-2-Clause */
/* The process that made something. A forked child asks maker_is_us() before it ends what its parent
 * made. */
#ifndef NET_XDP_MAKER_H
#define NET_XDP_MAKER_H

#include <stdbool.h>
#include <sys/types.h>

/* A process, known well enough that its children can tell it from themselves. */
struct maker {
	pid_t pid;
	ino_t pid_namespace; /* inode of the namespace that pid is of; 0 unknown (no /proc) */
};

/* Return: the calling process. */
struct maker maker_self(void);

/* Return: true if what this process's maker made is this process's to end: in the maker itself, and
 * in a forked child after the maker has ended. Otherwise a child gives up its own copies only. A
 * child in another PID namespace cannot see the maker, and gets false: what nobody ends, the kernel
 * ends with its last copy. */
bool maker_is_us(const struct maker *maker);

#endif
