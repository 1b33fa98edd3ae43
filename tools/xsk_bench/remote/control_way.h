/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef REMOTE_CONTROL_WAY_H
#define REMOTE_CONTROL_WAY_H

#include "xsk_bench/options.h"

/*
 * Where the control connection comes through the interface that is measured, an end that takes its frames would cut the
 * connection off: the host keeps it then, and how it is found, by rules of --keep, and that is said. fd: the connection.
 * Return: 0; -EINVAL with a sentence in why: there is no room for the rules.
 */
int control_way_keep(struct options *o, int fd, bool is_server, char *why, size_t why_size);

#endif
