/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading JSON that somebody else wrote, with json-c: of the small libraries it is the one that keeps unsigned numbers of
 * 64 bits. What has the wrong type counts as not there. */
#ifndef COMMON_JSON_READ_H
#define COMMON_JSON_READ_H

/* A type of json-c has the name of a function of common/json.h. */
#define json_bool json_c_bool
#include <json-c/json.h>
#undef json_bool
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_limits {
	int depth;
	uint32_t objects; /* one takes json-c some 700 bytes, and "{}" two of the text */
};

/* Return: 0 and *out, to be freed by json_object_put(); -EINVAL: it is no valid JSON, or more than one document, or beyond
 * the limits; -ENOMEM. */
int json_read(struct json_object **out, const char *text, size_t bytes,
	      const struct json_limits *limits);

/* o may be NULL. Return: the member if it has that type, else NULL. */
struct json_object *json_read_member(struct json_object *o, const char *key, enum json_type type);
/* Return: the text, which lives as long as o; "": there is none. */
const char *json_read_text(struct json_object *o, const char *key);
/* Return: is there such a member, and true? */
bool json_read_flag(struct json_object *o, const char *key);

#endif
