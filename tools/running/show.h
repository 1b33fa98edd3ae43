/* SPDX-License-Identifier: BSD-2-Clause */
/* xsk-info --running: what runs on this machine. */
#ifndef RUNNING_SHOW_H
#define RUNNING_SHOW_H

#include <stdbool.h>

#include "look.h"

struct show_options {
	const char *folder; /* of the sockets */
	struct look_filter filter;
	bool json;
	double watch_s; /* 0: once */
};

/* Return: 0; -errno and *err. That nobody runs is an answer; that not who was asked for, is an error. */
int running_show(const struct show_options *options, struct net_error *err);

#endif
