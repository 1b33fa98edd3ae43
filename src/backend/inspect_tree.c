// SPDX-License-Identifier: BSD-2-Clause
/* Inspect for people: an indented tree of at most 80 columns. Counters that are 0 are left out, as in
 * `ip -s`: who needs them all asks for JSON. */
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

/* A value that may be a sentence: wrapped between words, what is no plain ASCII shown as '?'. */
static void put_wrapped(struct tree *t, const char *text)
{
	int at = VALUE_AT;

	while (*text) {
		size_t n = strcspn(text, " ");

		if (at > VALUE_AT && at + 1 + (int)n > COLUMNS) {
			put(t, "\n", 1);
			spaces(t, VALUE_AT);
			at = VALUE_AT;
		} else if (at > VALUE_AT) {
			put(t, " ", 1);
			at++;
		}
		for (size_t i = 0; i < n; i++)
			put(t, text[i] > 0x20 && text[i] < 0x7f ? &text[i] : "?", 1);
		at += (int)n;
		text += n + (text[n] == ' ');
	}
}

static void group_line(struct tree *t, const char *name, int index)
{
	char line[64];

	if (index < 0)
		snprintf(line, sizeof(line), "%s\n", name);
	else
		snprintf(line, sizeof(line), "%s %d\n", name, index);
	spaces(t, 2 * t->depth);
	put(t, line, strlen(line));
}

static void name_line(struct tree *t, const char *name)
{
	int left = VALUE_AT - 2 * t->depth - (int)strlen(name);

	spaces(t, 2 * t->depth);
	put(t, name, strlen(name));
	spaces(t, left > 1 ? left : 1);
}

static void enter(struct net_inspector *to, const char *name, int index)
{
	struct tree *t = (struct tree *)to;

	group_line(t, name, index);
	t->depth++;
}

static void leave(struct net_inspector *to)
{
	((struct tree *)to)->depth--;
}

static void field(struct net_inspector *to, const struct net_field *f)
{
	struct tree *t = (struct tree *)to;
	char value[64] = "unknown";

	if (f->value_class != NET_CLASS_VALUE && f->kind == NET_FIELD_NUMBER && !f->number)
		return;
	name_line(t, f->name);
	if (f->kind == NET_FIELD_NUMBER)
		snprintf(value, sizeof(value), "%" PRIu64 "%s%s", f->number, *f->unit ? " " : "",
			 f->unit);
	else if (f->kind == NET_FIELD_SIGNED)
		snprintf(value, sizeof(value), "%" PRId64 "%s%s", (int64_t)f->number,
			 *f->unit ? " " : "", f->unit);
	else if (f->kind == NET_FIELD_FLAG)
		snprintf(value, sizeof(value), "%s", f->number ? "yes" : "no");
	put_wrapped(t, f->kind == NET_FIELD_TEXT ? f->text : value);
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
