/* SPDX-License-Identifier: BSD-2-Clause */
/* Text for a person, broken into lines of at most 80 columns. */
#ifndef COMMON_WRAP_H
#define COMMON_WRAP_H

#include <stddef.h>
#include <stdio.h>

#define WRAP_COLUMNS 80

/* How many of text's bytes begin a character of UTF-8: its columns, but for wide ones. */
size_t wrap_width(const char *text, size_t length);

/* The rest of a line that has column characters so far; what does not fit goes on below, behind
 * indent spaces. Names that somebody else chose are made harmless to a terminal. Ends the line. */
void wrap_text(FILE *out, size_t column, size_t indent, const char *text);

/* A line of its own behind indent spaces; what does not fit goes on below, two columns further in. */
void wrap_paragraph(FILE *out, size_t indent, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
