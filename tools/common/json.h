/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing one JSON document: commas, indentation and escapes. It is valid UTF-8 whatever the strings are. */
#ifndef COMMON_JSON_H
#define COMMON_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct net_error;

struct json {
	FILE *out;
	uint32_t depth;
	bool first; /* of its object or array: no comma in front */
	bool line_ended;
};

/* key is NULL for the elements of an array, and for the document itself. */
void json_open(struct json *j, const char *key, char bracket); /* '{' or '[' */
void json_close(struct json *j, char bracket);		       /* '}' or ']' */
void json_text(struct json *j, const char *key, const char *value);
void json_number(struct json *j, const char *key, uint64_t value);
void json_signed(struct json *j, const char *key, int64_t value);
void json_real(struct json *j, const char *key, double value);
void json_bool(struct json *j, const char *key, bool value);
void json_null(struct json *j, const char *key); /* not known */

/* A value that somebody else writes: its text follows in pieces, and is indented as the rest is. */
void json_pieces(struct json *j, const char *key);
void json_piece(struct json *j, const char *text, size_t len);

/* Is --json among the arguments? It may stand behind what was wrong. */
bool json_is_asked(int argc, char **argv);
/* How a tool ended: the members "exit_code", and "error" unless it is NULL. */
void json_outcome(struct json *j, int exit_code, const struct net_error *error);

#endif
