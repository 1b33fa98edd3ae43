/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One program's OpenMetrics text (net_inspect.h, specification 1.0), looked through line by line: what goes into a
 * text with those of others must not make that one invalid. Timestamps and exemplars are not taken.
 */
#ifndef RUNNING_EXPOSITION_H
#define RUNNING_EXPOSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longer texts than any program of this library writes. */
#define EXPOSITION_FAMILIES 2048u
/* Of its samples with our labels, which may be far longer than what was written for each. */
#define EXPOSITION_BYTES (16u << 20)

struct metric_type {
	const char *name;
	const char *suffixes[4]; /* of its samples, up to NULL; "" is one */
};

struct family {
	const char *name;
	const struct metric_type *type;
	const char *unit; /* NULL: none */
	const char *help; /* NULL: none; escaped */
	size_t at;	  /* its samples in exposition.samples */
	size_t bytes;
	uint32_t count;
};

struct exposition {
	struct family *families;
	uint32_t count;
	char *samples; /* whole lines, labels program and pid replaced by those that were given */
	const char *program;
	int pid;
};

/* Read text, which is changed, and lives as long as e. program: any bytes. Return: 0 and *e, to be freed by
 * exposition_free(); -EINVAL the text is not valid; -EFBIG; -ENOMEM. */
int exposition_parse(struct exposition *e, char *text, const char *program, int pid);
void exposition_free(struct exposition *e);

/* May a text have both families, or would one's samples be taken for the other's? */
bool family_clashes(const struct family *a, const struct family *b);

#endif
