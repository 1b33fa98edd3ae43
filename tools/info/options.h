/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line of xsk-info. */
#ifndef XSK_INFO_OPTIONS_H
#define XSK_INFO_OPTIONS_H

#include "common/options.h"

struct info_options {
	const char *ifname; /* NULL: all */
	uint32_t queue;
	bool has_queue;
	bool json;
	bool try;
	bool restore;

	/* What runs on this machine. */
	bool running;
	bool metrics;
	int pid;	     /* IF was digits: a process; 0: it was not */
	double watch_s;	     /* 0: no --watch */
	const char *listen;  /* NULL: no --listen */
	const char *control; /* the folder of the sockets */
};

extern const struct option_table info_option_table;

/* Return: 0 and *out; what option_show() is to print; -EINVAL and a sentence in why. */
int info_options_parse(int argc, char **argv, struct info_options *out, char *why, size_t why_size);

#endif
