// SPDX-License-Identifier: BSD-2-Clause
/* Inspect for people: an indented tree of at most 80 columns. Counters that are 0 are left out, as
 * `ip -s` does; the JSON has all of them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backend/inspect.h"

enum { COLUMNS = 80, VALUE_AT = 34 };

struct tree {
	struct net_inspector base;
	net_text_fn *write;
	void *context;
	int depth;
};

static void put(struct tree *t, const char *text, size_t len)
{
	t->write(t->context, text, len);
}

static void spaces(struct tree *t, int n)
{
	for (; n > 0; n--)
		put(t, " ", 1);
}

/* Write a text of any bytes: '?' for each that is not plain ASCII. */
static void put_plain(struct tree *t, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		put(t, text[i] > 0x20 && text[i] < 0x7f ? &text[i] : "?", 1);
}

static void next_line(struct tree *t)
{
	put(t, "\n", 1);
	spaces(t, VALUE_AT);
}

/* Write a value that may be a sentence: wrapped between words, and inside a word that is longer than
 * a line. */
static void put_wrapped(struct tree *t, const char *text)
{
	size_t room = COLUMNS - VALUE_AT, at = 0, n;

	for (; *text; text += n + strspn(text + n, " ")) {
		n = strcspn(text, " ");
		if (n > room)
			n = room;
		if (at > 0 && at + 1 + n > room) {
			next_line(t);
			at = 0;
		} else if (at > 0) {
			put(t, " ", 1);
			at++;
		}
		put_plain(t, text, n);
		at += n;
	}
}

static size_t put_name(struct tree *t, const char *name, int index)
{
	char line[COLUMNS];
	int indent = 2 * t->depth < VALUE_AT ? 2 * t->depth : VALUE_AT;
	size_t n;

	if (index < 0)
		snprintf(line, sizeof(line), "%s", name);
	else
		snprintf(line, sizeof(line), "%.40s %d", name, index);
	n = strlen(line);
	if (n > (size_t)(COLUMNS - indent))
		n = (size_t)(COLUMNS - indent);
	spaces(t, indent);
	for (size_t i = 0; i < n; i++)
		put(t, line[i] >= 0x20 && line[i] < 0x7f ? &line[i] : "?", 1);
	return (size_t)indent + n;
}

static void enter(struct net_inspector *to, const char *name, int index)
{
	struct tree *t = (struct tree *)to;

	put_name(t, name, index);
	put(t, "\n", 1);
	t->depth++;
}

static void leave(struct net_inspector *to)
{
	((struct tree *)to)->depth--;
}

/* Write a name and its value. The value begins at VALUE_AT, on the next line if the name is longer. */
static void field(struct net_inspector *to, const struct net_field *f)
{
	struct tree *t = (struct tree *)to;
	char value[64] = "unknown";
	const char *text = value;
	size_t at;

	if (f->value_class != NET_CLASS_VALUE && f->kind == NET_FIELD_NUMBER && !f->number)
		return;
	if (f->kind == NET_FIELD_NUMBER)
		snprintf(value, sizeof(value), "%" PRIu64 "%s%s", f->number, *f->unit ? " " : "",
			 f->unit);
	else if (f->kind == NET_FIELD_SIGNED)
		snprintf(value, sizeof(value), "%" PRId64 "%s%s", (int64_t)f->number,
			 *f->unit ? " " : "", f->unit);
	else if (f->kind == NET_FIELD_FLAG)
		snprintf(value, sizeof(value), "%s", f->number ? "yes" : "no");
	else if (f->kind == NET_FIELD_TEXT && f->text)
		text = f->text;
	else if (f->kind == NET_FIELD_HISTOGRAM && f->histogram)
		snprintf(value, sizeof(value), "%" PRIu64 " samples", f->histogram->count);
	text += strspn(text, " ");
	at = put_name(t, f->name, -1);
	if (*text && at >= VALUE_AT)
		next_line(t);
	else if (*text)
		spaces(t, VALUE_AT - (int)at);
	put_wrapped(t, text);
	put(t, "\n", 1);
}

static const struct net_inspector_ops tree_ops = {
	.size_bytes = sizeof(struct net_inspector_ops),
	.enter = enter,
	.leave = leave,
	.field = field,
};

void net_inspect_tree(struct net_endpoint *ep, struct net_queue *const *queues, uint32_t count,
		      net_text_fn *write, void *context)
{
	struct tree t = {.base.ops = &tree_ops, .write = write, .context = context};

	enter(&t.base, "endpoint", -1);
	net_endpoint_inspect(ep, &t.base);
	leave(&t.base);
	for (uint32_t i = 0; i < count; i++) {
		if (!queues[i])
			continue;
		enter(&t.base, "queue", (int)i);
		net_queue_inspect(queues[i], &t.base);
		leave(&t.base);
	}
}
