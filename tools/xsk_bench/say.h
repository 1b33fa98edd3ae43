/* SPDX-License-Identifier: BSD-2-Clause */
/* Words for a person: lines on stderr, numbers with units. */
#ifndef BENCH_SAY_H
#define BENCH_SAY_H

#include <stdint.h>
#include <stdio.h>

#include "common/say.h"

/* "1.013 Mpps" */
struct said {
	char text[24];
};
struct said say_rate(double pps);
/* "116.2 MiB" */
struct said say_bytes(uint64_t bytes);

#endif
