/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Strings that somebody else chose (names of interfaces, programs, processes), made fit to be
 * printed. They may hold any byte: a name with an escape sequence would command the reader's
 * terminal, one that is no UTF-8 would make a JSON document invalid.
 */
#ifndef COMMON_ESCAPE_H
#define COMMON_ESCAPE_H

#include <stdint.h>
#include <stdio.h>

/* The character at text, which is not empty. Return: its length in bytes; 0 when these bytes are no
 * UTF-8, *code is then the first byte. */
size_t escape_decode(const char *text, uint32_t *code);

/* For a terminal: what is no UTF-8, or controls the terminal, becomes \xNN byte by byte. Return:
 * out, which is cut at a whole character when size is too small. */
char *escape_plain(char *out, size_t size, const char *text);

/* A name of an interface as one word of a shell command: whoever copies it must not run a part of
 * it. Return: the name, or a buffer that the second next call overwrites. */
const char *escape_word(const char *name);

/* For JSON, without the quotes. A byte that is no UTF-8 becomes \u00NN, so that names stay
 * different. */
void escape_json(FILE *out, const char *text);

#endif
