// SPDX-License-Identifier: BSD-2-Clause
/*
 * Inspect as JSON. A group is an object, groups that have an index are an array of objects, a field is
 * a member. A number stays a number: its unit is said where the names are documented. An unknown value
 * is null.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backend/inspect.h"

enum { DEPTH_MAX = 16, NAME_BYTES = 64 };

struct json {
	struct net_inspector base;
	net_text_fn *write;
	void *context;
	int depth;
	int too_deep;	       /* open groups below DEPTH_MAX, which are left out */
	bool first[DEPTH_MAX]; /* true until something is written in this group */
	/* name of the array that is open in this group, or "" */
	char array[DEPTH_MAX][NAME_BYTES];
};

static void put(struct json *j, const char *text)
{
	j->write(j->context, text, strlen(text));
}

/* The UTF-8 character at s, or the byte where it is none. Return: the character's length, 0 none. Source: RFC
 * 3629, section 4. */
static int decode(const unsigned char *s, uint32_t *code)
{
	static const struct {
		unsigned char lead_min, lead_max, second_min, second_max;
		int length;
	} forms[] = {
		{0x01, 0x7f, 0, 0, 1},	     {0xc2, 0xdf, 0x80, 0xbf, 2},
		{0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
		{0xf4, 0xf4, 0x80, 0x8f, 4},
	};
	size_t i = 0;

	*code = s[0];
	while (i < sizeof(forms) / sizeof(*forms) &&
	       (s[0] < forms[i].lead_min || s[0] > forms[i].lead_max))
		i++;
	if (i == sizeof(forms) / sizeof(*forms))
		return 0;
	if (forms[i].length > 1 && (s[1] < forms[i].second_min || s[1] > forms[i].second_max))
		return 0;
	for (int n = 2; n < forms[i].length; n++)
		if ((s[n] & 0xc0) != 0x80)
			return 0;
	if (forms[i].length > 1)
		*code = s[0] & 0x7fu >> forms[i].length;
	for (int n = 1; n < forms[i].length; n++)
		*code = *code << 6 | (s[n] & 0x3f);
	return forms[i].length;
}

/* Controls of C0 and C1 (U+009B begins an escape sequence), DEL, and what turns the direction of a line: whoever
 * shows the document on a terminal must not run what a name holds. */
static bool is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

/* A string whatever it holds: controls become \uNNNN, bytes that are no UTF-8 \u00NN. */
static void put_string(struct json *j, const char *text)
{
	uint32_t code;
	char out[8];
	int n;

	put(j, "\"");
	for (const unsigned char *s = (const unsigned char *)text; *s; s += n ? n : 1) {
		n = decode(s, &code);
		if (code == '"' || code == '\\') {
			snprintf(out, sizeof(out), "\\%c", (int)code);
			put(j, out);
		} else if (!n || is_control(code)) {
			snprintf(out, sizeof(out), "\\u%04x", code & 0xffff);
			put(j, out);
		} else {
			j->write(j->context, (const char *)s, (size_t)n);
		}
	}
	put(j, "\"");
}

static void separate(struct json *j)
{
	if (!j->first[j->depth])
		put(j, ",");
	put(j, "\n");
	for (int i = 0; i < j->depth + 1; i++)
		put(j, "  ");
	j->first[j->depth] = false;
}

static void close_array(struct json *j)
{
	if (j->array[j->depth][0])
		put(j, "]");
	j->array[j->depth][0] = '\0';
}

static void enter(struct net_inspector *to, const char *name, int index)
{
	struct json *j = (struct json *)to;
	char *array = j->array[j->depth];

	if (j->too_deep || j->depth == DEPTH_MAX - 1) {
		j->too_deep++;
		return;
	}
	if (index < 0 || strncmp(array, name, NAME_BYTES - 1) != 0) {
		close_array(j);
		separate(j);
		put_string(j, name);
		put(j, index < 0 ? ": {" : ": [{");
		if (index >= 0)
			snprintf(array, sizeof(j->array[0]), "%s", name);
	} else {
		put(j, ", {");
	}
	j->depth++;
	j->first[j->depth] = true;
	j->array[j->depth][0] = '\0';
}

static void leave(struct net_inspector *to)
{
	struct json *j = (struct json *)to;

	if (j->too_deep) {
		j->too_deep--;
		return;
	}
	close_array(j);
	j->depth--;
	put(j, "\n");
	for (int i = 0; i < j->depth + 1; i++)
		put(j, "  ");
	put(j, "}");
}

static void field(struct net_inspector *to, const struct net_field *f)
{
	struct json *j = (struct json *)to;
	char number[32];

	if (j->too_deep)
		return;
	close_array(j);
	separate(j);
	put_string(j, f->name);
	put(j, ": ");
	switch (f->kind) {
	case NET_FIELD_NUMBER:
		snprintf(number, sizeof(number), "%" PRIu64, f->number);
		put(j, number);
		break;
	case NET_FIELD_SIGNED:
		snprintf(number, sizeof(number), "%" PRId64, (int64_t)f->number);
		put(j, number);
		break;
	case NET_FIELD_FLAG:
		put(j, f->number ? "true" : "false");
		break;
	case NET_FIELD_TEXT:
		if (f->text)
			put_string(j, f->text);
		else
			put(j, "null");
		break;
	default:
		put(j, "null");
		break;
	}
}

static const struct net_inspector_ops json_ops = {
	.size_bytes = sizeof(struct net_inspector_ops),
	.enter = enter,
	.leave = leave,
	.field = field,
};

void net_inspect_json(struct net_endpoint *ep, struct net_queue *const *queues, uint32_t count,
		      net_text_fn *write, void *context)
{
	struct json j = {.base.ops = &json_ops, .write = write, .context = context};
	bool any = false;

	j.first[0] = true;
	put(&j, "{");
	enter(&j.base, "endpoint", -1);
	net_endpoint_inspect(ep, &j.base);
	leave(&j.base);
	for (uint32_t i = 0; i < count; i++) {
		if (!queues[i])
			continue;
		any = true;
		enter(&j.base, "queues", (int)i);
		inspect_number(&j.base, "queue", i, "");
		net_queue_inspect(queues[i], &j.base);
		leave(&j.base);
	}
	if (!any)
		put(&j, ",\n  \"queues\": [");
	put(&j, "]\n}\n");
}
