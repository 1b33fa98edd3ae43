/* SPDX-License-Identifier: BSD-2-Clause */
#include "message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/escape.h"
#include "common/options.h"

static const char *const types[] = {
	[MESSAGE_HELLO] = "hello", [MESSAGE_START] = "start",	[MESSAGE_READY] = "ready",
	[MESSAGE_GO] = "go",	   [MESSAGE_ALIVE] = "alive",	[MESSAGE_FINISH] = "finish",
	[MESSAGE_DONE] = "done",   [MESSAGE_RESULT] = "result", [MESSAGE_ERROR] = "error",
};

/* ---- Reading ---------------------------------------------------------------------------------- */

int message_read(struct message *m, const char *line, size_t bytes)
{
	static const struct json_limits limits = {.depth = 8, .objects = 256};
	const char *type;
	int rc = json_read(&m->root, line, bytes, &limits);

	if (rc)
		return rc;
	type = json_read_text(m->root, "type");
	for (m->type = 0; m->type < MESSAGE_TYPES; m->type++)
		if (!strcmp(type, types[m->type]))
			return 0;
	message_free(m);
	return -EINVAL;
}

void message_free(struct message *m)
{
	json_object_put(m->root);
	m->root = NULL;
}

bool message_number(struct json_object *o, const char *key, uint64_t max, uint64_t *out)
{
	struct json_object *found = json_read_member(o, key, json_type_int);

	/* Of one below 0 the unsigned value would be 0, and of one that is too large the largest. */
	if (!found || json_object_get_int64(found) < 0)
		return false;
	*out = json_object_get_uint64(found);
	return *out <= max;
}

bool message_real(struct json_object *o, const char *key, double *out)
{
	struct json_object *found = json_read_member(o, key, json_type_double);

	if (!found)
		found = json_read_member(o, key, json_type_int);
	if (!found)
		return false;
	*out = json_object_get_double(found);
	return *out >= 0 && *out <= MESSAGE_MOST_REAL;
}

uint64_t message_protocol(const struct message *m)
{
	uint64_t protocol;

	return message_number(m->root, "protocol", UINT32_MAX, &protocol) ? protocol : 0;
}

bool message_mac(const struct message *m, uint8_t out[6])
{
	static const uint8_t none[6];
	const char *rest = option_read_mac(json_read_text(m->root, "mac"), out);

	return rest && !*rest && !(out[0] & 1) && memcmp(out, none, sizeof(none));
}

/* ---- Writing ---------------------------------------------------------------------------------- */

void message_put(struct json_object *m, const char *key, struct json_object *value)
{
	if (!m || !value || json_object_object_add(m, key, value))
		json_object_put(value);
}

void message_put_text(struct json_object *m, const char *key, const char *text)
{
	char plain[1024];

	message_put(m, key, json_object_new_string(escape_plain(plain, sizeof(plain), text)));
}

void message_put_mac(struct json_object *m, const uint8_t mac[6])
{
	char text[18];

	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
	message_put_text(m, "mac", text);
}

struct json_object *message_new(enum message_type type)
{
	struct json_object *m = json_object_new_object();

	message_put_text(m, "type", types[type]);
	return m;
}

int message_send(struct channel *c, struct json_object *m)
{
	const char *text = m ? json_object_to_json_string_ext(m, JSON_C_TO_STRING_PLAIN) : NULL;
	char *line = NULL;
	int bytes = text ? asprintf(&line, "%s\n", text) : -1;
	int rc = bytes < 0 ? -ENOMEM : channel_send(c, line, (size_t)bytes);

	if (bytes >= 0)
		free(line);
	json_object_put(m);
	return rc;
}
