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

/* A string whatever it holds: controls become \uNNNN, bytes that are no UTF-8 \u00NN. */
static void put_string(struct json *j, const char *text)
{
	uint32_t code;
	char out[8];
	int n;

	put(j, "\"");
	for (const unsigned char *s = (const unsigned char *)text; *s; s += n ? n : 1) {
		n = inspect_decode(s, &code);
		if (code == '"' || code == '\\') {
			snprintf(out, sizeof(out), "\\%c", (int)code);
			put(j, out);
		} else if (!n || inspect_is_control(code)) {
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

static void put_number(struct json *j, uint64_t value)
{
	char number[32];

	snprintf(number, sizeof(number), "%" PRIu64, value);
	put(j, number);
}

static void put_histogram(struct json *j, const struct net_histogram *h)
{
	put(j, "{\"count\": ");
	put_number(j, h->count);
	put(j, ", \"sum\": ");
	put_number(j, h->sum);
	put(j, ", \"buckets\": [");
	for (uint32_t i = 0; i < h->bucket_count; i++) {
		put(j, i ? ", [" : "[");
		put_number(j, h->buckets[i].most);
		put(j, ", ");
		put_number(j, h->buckets[i].count);
		put(j, "]");
	}
	put(j, "]}");
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
		put_number(j, f->number);
		break;
	case NET_FIELD_HISTOGRAM:
		if (f->histogram)
			put_histogram(j, f->histogram);
		else
			put(j, "null");
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
	net_inspect_tell(ep, queues, count, &j.base);
	for (uint32_t i = 0; i < count; i++)
		any = any || queues[i];
	if (!any)
		put(&j, ",\n  \"queues\": [");
	put(&j, "]\n}\n");
}

void net_tell_json(net_tell_fn *tell, void *tell_context, net_text_fn *write, void *context)
{
	struct json j = {.base.ops = &json_ops, .write = write, .context = context};

	j.first[0] = true;
	put(&j, "{");
	tell(tell_context, &j.base);
	close_array(&j);
	put(&j, "\n}\n");
}
