/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * xsk-info steer: which frames come to which queue, shown and set.
 *
 *     steer_options.c  the command line -> a plan; pure
 *     steer.c          carries it out, and prints what came of it
 */
#ifndef XSK_INFO_STEER_H
#define XSK_INFO_STEER_H

#include <stdio.h>

#include "common/options.h"
#include "net_xdp.h"

struct info_steer_options {
	const char *ifname;
	struct net_xdp_steer plan;
	bool dry_run;
	bool json;
};

extern const struct option_table info_steer_table;

/* argv[0] is "steer". Return: as option_parse(). */
int info_steer_parse(int argc, char **argv, struct info_steer_options *out, char *why,
		     size_t why_size);

/* The command. Return: its exit status. */
int info_steer(int argc, char **argv);

/* For people: a line for each change. */
void info_steer_print(FILE *out, const struct net_xdp_steer_report *report);

/* Put back the steering of an interface and print what was done. Return: number of values put back; -errno
 * with err filled. */
int info_steer_restore(const char *ifname, struct net_error *err);

#endif
