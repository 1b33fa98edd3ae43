// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include "control/control.h"
#include "net_xdp.h"

/* ---- Telling ---------------------------------------------------------------------------------- */

static void tell_text(struct net_inspector *to, const char *name, const char *value)
{
	const struct net_field f = {
		.name = name, .kind = NET_FIELD_TEXT, .unit = "", .meaning = "", .text = value};

	to->ops->field(to, &f);
}

static void tell_document(void *context, struct net_inspector *to)
{
	const struct document *d = context;
	const struct net_field pid = {.name = "pid",
				      .kind = NET_FIELD_NUMBER,
				      .unit = "",
				      .meaning = "",
				      .number = d->pid};
	int index = 0;

	tell_text(to, "program", d->program);
	to->ops->field(to, &pid);
	tell_text(to, "version", net_xdp_version());
	for (const struct subject *s = d->subjects; s; s = s->next) {
		to->ops->enter(to, "endpoints", index++);
		tell_text(to, "name", s->name);
		net_inspect_tell(s->ep, s->queues, s->count, to);
		to->ops->leave(to);
	}
	if (d->tell)
		d->tell(d->context, to);
}

/* ---- Text ------------------------------------------------------------------------------------- */

static void text_add(void *context, const char *piece, size_t len_bytes)
{
	struct text *t = context;
	size_t room = t->room_bytes ? t->room_bytes : 8192;
	char *bytes;

	if (t->is_out)
		return;
	while (room - t->len_bytes < len_bytes)
		room *= 2;
	if (room != t->room_bytes) {
		bytes = realloc(t->bytes, room);
		if (!bytes) {
			free(t->bytes);
			*t = (struct text){.is_out = true};
			return;
		}
		t->bytes = bytes;
		t->room_bytes = room;
	}
	memcpy(t->bytes + t->len_bytes, piece, len_bytes);
	t->len_bytes += len_bytes;
}

/* ---- Words ------------------------------------------------------------------------------------ */

static void answer_json(const struct document *d, struct text *out)
{
	struct document copy = *d;

	net_tell_json(tell_document, &copy, text_add, out);
}

static void answer_openmetrics(const struct document *d, struct text *out)
{
	struct document copy = *d;

	net_tell_openmetrics(tell_document, &copy, text_add, out);
}

static void answer_help(const struct document *d, struct text *out);

static const struct word {
	const char *word, *meaning;
	void (*answer)(const struct document *d, struct text *out);
} words[] = {
	{"json", "all that the endpoints and queues of this program tell, one JSON document",
	 answer_json},
	{"openmetrics", "the same as OpenMetrics text 1.0, for Prometheus", answer_openmetrics},
	{"help", "this", answer_help},
};

#define WORDS (sizeof(words) / sizeof(*words))

static void add(struct text *out, const char *piece)
{
	text_add(out, piece, strlen(piece));
}

static void answer_help(const struct document *d, struct text *out)
{
	(void)d;
	for (size_t i = 0; i < WORDS; i++) {
		add(out, words[i].word);
		add(out, ": ");
		add(out, words[i].meaning);
		add(out, "\n");
	}
}

void document_answer(const struct document *d, const char *line, struct text *out)
{
	*out = (struct text){.bytes = NULL};
	for (size_t i = 0; i < WORDS; i++)
		if (!strcmp(words[i].word, line)) {
			words[i].answer(d, out);
			return;
		}
	add(out, "no such word; there are:");
	for (size_t i = 0; i < WORDS; i++) {
		add(out, " ");
		add(out, words[i].word);
	}
	add(out, "\n");
}
