/* SPDX-License-Identifier: BSD-2-Clause */
/* Forked children that have copies of all that the test has. */
#ifndef SUPPORT_CHILD_H
#define SUPPORT_CHILD_H

#include <sys/types.h>

/* One that does nothing until child_kill(), or until the test ends. Return: in the test only. */
pid_t child_idle(void);
void child_kill(pid_t child);
/* Until it ends by itself. Return: its exit status. */
int child_status(pid_t child);

#endif
