// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include "control/control.h"
#include "net_xdp.h"

/* ---- Looking ---------------------------------------------------------------------------------- */

int document_look(struct document *d, int64_t now_ms)
{
	bool any = false;

	if (d->looks_at_ms > now_ms)
		return (int)(d->looks_at_ms - now_ms);
	for (struct subject *s = d->subjects; s; s = s->next)
		for (uint32_t i = 0; i < s->count; i++) {
			if (!s->queues[i])
				continue;
			stall_look(&s->stalls[i], s->queues[i], (uint64_t)now_ms);
			any = true;
		}
	if (!any)
		return -1;
	d->looks_at_ms = now_ms + STALL_LOOK_MS;
	return STALL_LOOK_MS;
}

/* ---- Telling ---------------------------------------------------------------------------------- */

static void tell_number(struct net_inspector *to, const char *name, uint64_t value)
{
	const struct net_field f = {
		.name = name, .kind = NET_FIELD_NUMBER, .unit = "", .meaning = "", .number = value};

	to->ops->field(to, &f);
}

static void tell_text(struct net_inspector *to, const char *name, const char *value)
{
	const struct net_field f = {
		.name = name, .kind = NET_FIELD_TEXT, .unit = "", .meaning = "", .text = value};

	to->ops->field(to, &f);
}

/* As net_inspect_tell(), and with each queue whether it stands still. */
static void tell_subject(const struct subject *s, struct net_inspector *to)
{
	net_inspect_tell(s->ep, NULL, 0, to);
	for (uint32_t i = 0; i < s->count; i++) {
		if (!s->queues[i])
			continue;
		to->ops->enter(to, "queues", (int)i);
		tell_number(to, "queue", i);
		net_queue_inspect(s->queues[i], to);
		stall_tell(&s->stalls[i], to);
		to->ops->leave(to);
	}
}

static void tell_document(void *context, struct net_inspector *to)
{
	const struct document *d = context;
	int index = 0;

	tell_text(to, "program", d->program);
	tell_number(to, "pid", d->pid);
	tell_text(to, "version", net_xdp_version());
	for (const struct subject *s = d->subjects; s; s = s->next) {
		to->ops->enter(to, "endpoints", index++);
		tell_text(to, "name", s->name);
		tell_subject(s, to);
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
