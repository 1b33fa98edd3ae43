/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMON_OPTIONS_SAY_H
#define COMMON_OPTIONS_SAY_H

#include <stddef.h>

struct option_table;

/* The library names fields of struct net_xdp_config in its sentences: say the options of this program that set them
 * instead; a field without such an option keeps its name. In place; what no longer fits is cut. */
void options_say(const struct option_table *program, char *text, size_t size);

/* The same, and the field in brackets behind the option and its number: "--frame-bytes 1519
 * (max_frame_bytes)". */
void options_say_fields(const struct option_table *program, char *text, size_t size);

#endif
