/* SPDX-License-Identifier: BSD-2-Clause */
/* --control: where others may look into this program while it runs. */
#ifndef COMMON_LOOKING_H
#define COMMON_LOOKING_H

#include "net_control.h"

/*
 * asked is the option's value: a path, "off", NULL: the default path. Where the default cannot be had the program goes
 * on without. Return: 0 and *out, NULL: nobody can look, and why->code says whether that is to be said; -errno of a path
 * that was asked for, err filled.
 */
int looking_open(const char *asked, struct net_control **out, struct net_error *why,
		 struct net_error *err);
/* One line where nobody can look. For when the program is under way: what keeps it from that matters more. */
void looking_say(const struct net_error *why);

#endif
