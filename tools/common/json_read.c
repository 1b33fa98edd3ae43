// SPDX-License-Identifier: BSD-2-Clause
#include "json_read.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* In strings, too: there are few. */
static bool has_many_objects(const char *text, size_t bytes, uint32_t most)
{
	uint32_t count = 0;

	for (size_t i = 0; i < bytes; i++)
		count += text[i] == '{';
	return count > most;
}

int json_read(struct json_object **out, const char *text, size_t bytes,
	      const struct json_limits *limits)
{
	struct json_tokener *parser;

	*out = NULL;
	while (bytes && text[bytes - 1] && strchr(" \t\r\n", text[bytes - 1]))
		bytes--;
	/* The parser takes a NUL for the end of the text. */
	if (!bytes || bytes > INT_MAX || memchr(text, 0, bytes) ||
	    has_many_objects(text, bytes, limits->objects))
		return -EINVAL;
	parser = json_tokener_new_ex(limits->depth);
	if (!parser)
		return -ENOMEM;
	json_tokener_set_flags(parser, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	*out = json_tokener_parse_ex(parser, text, (int)bytes);
	if (json_tokener_get_error(parser) != json_tokener_success ||
	    json_tokener_get_parse_end(parser) != bytes) {
		json_object_put(*out);
		*out = NULL;
	}
	json_tokener_free(parser);
	return *out ? 0 : -EINVAL;
}

struct json_object *json_read_member(struct json_object *o, const char *key, enum json_type type)
{
	struct json_object *found;

	if (!json_object_is_type(o, json_type_object) ||
	    !json_object_object_get_ex(o, key, &found) || !json_object_is_type(found, type))
		return NULL;
	return found;
}

const char *json_read_text(struct json_object *o, const char *key)
{
	struct json_object *found = json_read_member(o, key, json_type_string);

	return found ? json_object_get_string(found) : "";
}

bool json_read_flag(struct json_object *o, const char *key)
{
	struct json_object *found = json_read_member(o, key, json_type_boolean);

	return found && json_object_get_boolean(found);
}
