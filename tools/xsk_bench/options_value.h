/* SPDX-License-Identifier: BSD-2-Clause */
/* One option's value, by its kind, from text into struct options. */
#ifndef BENCH_OPTIONS_VALUE_H
#define BENCH_OPTIONS_VALUE_H

#include <errno.h>
#include <stdio.h>

#include "options.h"

enum kind {
	KIND_FLAG,
	KIND_U32,
	KIND_U64,
	KIND_TEXT,
	KIND_CHOICE,
	KIND_SECONDS,
	KIND_CPUS,
	KIND_MAC,
	KIND_TAKE, /* MACs, or none: the value may be left out */
	KIND_IP,
	KIND_VLAN,
	KIND_SEGMENT,
	KIND_HELP,
	KIND_VERSION,
};

/* One option. offset is into struct options; min and max bound numbers; choices are in the order of
 * the enum that they set. */
struct spec {
	const char *name;
	enum kind kind;
	size_t offset;
	uint64_t min;
	uint64_t max;
	const char *choices[4];
	char letter;
};

struct parse {
	struct options *out;
	char *why;
	size_t why_size;
};

#define FAIL(p, ...) (snprintf((p)->why, (p)->why_size, __VA_ARGS__), -EINVAL)

/* text is NULL where there is none. Return: 0; OPTIONS_HELP, OPTIONS_VERSION; -EINVAL and why. */
int option_set(struct parse *p, const struct spec *s, const char *text);

/* One MAC address at the front of text. Return: what follows it, NULL when there is none. */
const char *option_mac(const char *text, uint8_t out[6]);

#endif
