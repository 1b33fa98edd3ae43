/* SPDX-License-Identifier: BSD-2-Clause */
/* Words for a person: lines on stderr, numbers with units. Names that somebody else chose are made harmless to
 * a terminal. */
#ifndef BENCH_SAY_H
#define BENCH_SAY_H

#include <stdint.h>
#include <stdio.h>

/* One line on stderr behind the program's name; on a terminal broken before column 80. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "1.013 Mpps" */
struct said {
	char text[24];
};
struct said say_rate(double pps);
/* "116.2 MiB" */
struct said say_bytes(uint64_t bytes);

#endif
