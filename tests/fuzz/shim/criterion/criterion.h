/* SPDX-License-Identifier: BSD-2-Clause */
/* The assertions of tests/support without Criterion, whose runner forks: what fails ends the program, where
 * libFuzzer or the replay says which input it was. */
#ifndef FUZZ_CRITERION_H
#define FUZZ_CRITERION_H

/* Criterion's header brings these. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fuzz_fail(const char *file, int line, const char *condition, const char *format, ...)
	__attribute__((noreturn, format(printf, 4, 5)));

#define FUZZ_ASSERT(holds, text, ...)                                                              \
	((holds) ? (void)0 : fuzz_fail(__FILE__, __LINE__, text, " " __VA_ARGS__))

#define cr_assert(c, ...)	    FUZZ_ASSERT(c, #c, __VA_ARGS__)
#define cr_assert_not(c, ...)	    FUZZ_ASSERT(!(c), "not " #c, __VA_ARGS__)
#define cr_assert_eq(a, b, ...)	    FUZZ_ASSERT((a) == (b), #a " == " #b, __VA_ARGS__)
#define cr_assert_neq(a, b, ...)    FUZZ_ASSERT((a) != (b), #a " != " #b, __VA_ARGS__)
#define cr_assert_lt(a, b, ...)	    FUZZ_ASSERT((a) < (b), #a " < " #b, __VA_ARGS__)
#define cr_assert_leq(a, b, ...)    FUZZ_ASSERT((a) <= (b), #a " <= " #b, __VA_ARGS__)
#define cr_assert_gt(a, b, ...)	    FUZZ_ASSERT((a) > (b), #a " > " #b, __VA_ARGS__)
#define cr_assert_geq(a, b, ...)    FUZZ_ASSERT((a) >= (b), #a " >= " #b, __VA_ARGS__)
#define cr_assert_not_null(p, ...)  FUZZ_ASSERT((p) != NULL, #p, __VA_ARGS__)
#define cr_assert_str_eq(a, b, ...) FUZZ_ASSERT(strcmp(a, b) == 0, #a " is " #b, __VA_ARGS__)
#define cr_assert_fail(...)	    fuzz_fail(__FILE__, __LINE__, "not reached", " " __VA_ARGS__)

#endif
