/* SPDX-License-Identifier: BSD-2-Clause */
/* Words for a person: lines on stderr, text that is broken before column 80, numbers with units. Names
 * that somebody else chose are made harmless to a terminal here. */
#ifndef BENCH_SAY_H
#define BENCH_SAY_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SAY_COLUMNS 80

/* One line on stderr behind the program's name; on a terminal broken before column 80. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The rest of a line that has column characters so far; what does not fit goes on below, behind
 * indent spaces. Ends the line. */
void say_wrapped(FILE *out, size_t column, size_t indent, const char *text);

/* "1.013 Mpps" */
struct said {
	char text[24];
};
struct said say_rate(double pps);
/* "116.2 MiB" */
struct said say_bytes(uint64_t bytes);

#endif
