/* SPDX-License-Identifier: BSD-2-Clause */
/* One sample line of OpenMetrics: name{label="value",...} number. */
#ifndef RUNNING_SAMPLE_H
#define RUNNING_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define SAMPLE_LABELS 64u

/* A part of the line: not terminated. */
struct sample_text {
	const char *at;
	size_t bytes;
};

struct sample {
	struct sample_text name;
	struct sample_text labels[SAMPLE_LABELS]; /* name="value", as written */
	unsigned int label_count;
	const char *value;
};

/* Return: is the line valid, without timestamp and exemplar, each label once? */
bool sample_parse(struct sample *s, const char *line);

/* How many of the bytes at text are a name of a metric (with colons) or of a label. */
size_t sample_name_bytes(const char *text, bool colons);

/* Is it a label of that name? */
bool sample_label_is(const struct sample_text *label, const char *name);

#endif
