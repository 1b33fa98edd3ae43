/* SPDX-License-Identifier: BSD-2-Clause */
/* Criterion's assertions for programs that it does not run, so that they can use tests/support: one that does
 * not hold ends the process with a line on standard error. This folder stands in front of Criterion's own. */
#ifndef SUPPORT_PLAIN_CRITERION_H
#define SUPPORT_PLAIN_CRITERION_H

/* Criterion's header brings these. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* plain.c ends the process with status 1 and without exit handlers; the fuzzers' aborts (fuzz/fail.c). */
_Noreturn void plain_fail(const char *file, int line, const char *condition, const char *format,
			  ...) __attribute__((format(printf, 4, 5)));

/* Where plain_fail() also leaves its line; NULL nowhere. */
enum { PLAIN_WHY_BYTES = 512 };
extern char *plain_why;

#define cr_assert_fail(...) plain_fail(__FILE__, __LINE__, "not reached", " " __VA_ARGS__)
#define cr_assert(condition, ...)                                                                  \
	((condition) ? (void)0 : plain_fail(__FILE__, __LINE__, #condition, " " __VA_ARGS__))
#define cr_assert_not(c, ...)	    cr_assert(!(c), ##__VA_ARGS__)
#define cr_assert_eq(a, b, ...)	    cr_assert((a) == (b), ##__VA_ARGS__)
#define cr_assert_neq(a, b, ...)    cr_assert((a) != (b), ##__VA_ARGS__)
#define cr_assert_lt(a, b, ...)	    cr_assert((a) < (b), ##__VA_ARGS__)
#define cr_assert_leq(a, b, ...)    cr_assert((a) <= (b), ##__VA_ARGS__)
#define cr_assert_gt(a, b, ...)	    cr_assert((a) > (b), ##__VA_ARGS__)
#define cr_assert_geq(a, b, ...)    cr_assert((a) >= (b), ##__VA_ARGS__)
#define cr_assert_not_null(p, ...)  cr_assert((p) != NULL, ##__VA_ARGS__)
#define cr_assert_str_eq(a, b, ...) cr_assert(strcmp(a, b) == 0, ##__VA_ARGS__)
#define cr_skip(...)		    cr_assert_fail(__VA_ARGS__)

#endif
