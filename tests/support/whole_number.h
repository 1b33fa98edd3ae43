/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers on the command lines of programs that are no tools: what is none must not pass for 0, for then nothing is done
 * and nothing fails. */
#ifndef SUPPORT_WHOLE_NUMBER_H
#define SUPPORT_WHOLE_NUMBER_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* what: the option, or the argument as usage calls it. Return: false, and it was said. */
static inline bool whole_number(const char *what, const char *text, uint64_t least, uint64_t most,
				uint64_t *out)
{
	char *end = NULL;

	errno = 0;
	if (*text >= '0' && *text <= '9') /* strtoull() takes blanks and signs, and wraps */
		*out = strtoull(text, &end, 10);
	if (end && !*end && !errno && *out >= least && *out <= most)
		return true;
	fprintf(stderr, "%s %s: must be a whole number from %llu to %llu\n", what, text,
		(unsigned long long)least, (unsigned long long)most);
	return false;
}

static inline bool whole_number32(const char *what, const char *text, uint32_t least, uint32_t most,
				  uint32_t *out)
{
	uint64_t value;
	bool good = whole_number(what, text, least, most, &value);

	if (good)
		*out = (uint32_t)value;
	return good;
}

/* More than none, and fractions. Return: as above. */
static inline bool seconds_number(const char *what, const char *text, double *out)
{
	char *end = NULL;

	if ((*text >= '0' && *text <= '9') || *text == '.')
		*out = strtod(text, &end);
	if (end && !*end && *out > 0 && *out < 1e9)
		return true;
	fprintf(stderr, "%s %s: must be a number of seconds above 0\n", what, text);
	return false;
}

#endif
