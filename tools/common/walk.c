/* SPDX-License-Identifier: BSD-2-Clause */
#include "walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options_say.h"

#define SENTENCE_BYTES 1024

enum walk_kind { WALK_ENTER, WALK_LEAVE, WALK_FIELD };

struct walk_entry {
	enum walk_kind kind;
	int index;		/* of a group */
	struct net_field field; /* of a group its name alone */
};

/* ---- Keeping ---------------------------------------------------------------------------------- */

struct keeper {
	struct net_inspector base;
	struct walk *into;
};

static char *keep(struct walk *w, const char *text)
{
	char *kept = text ? strdup(text) : NULL;

	w->cut = w->cut || (text && !kept);
	return kept;
}

/* The names of interfaces, drivers and modes have no spaces (dev_valid_name()), and they are nobody's option. */
static char *keep_sentence(struct walk *w, const char *text)
{
	char said[SENTENCE_BYTES];

	if (!text || !w->words || !strchr(text, ' '))
		return keep(w, text);
	snprintf(said, sizeof(said), "%s", text);
	options_say(w->words, said, sizeof(said));
	return keep(w, said);
}

/* Return: an entry at the end, NULL: no memory. */
static struct walk_entry *next_entry(struct walk *w, enum walk_kind kind)
{
	struct walk_entry *entries;

	if (w->count == w->room && !w->cut) {
		entries = realloc(w->entries, (w->room + 64) * sizeof(*entries));
		w->cut = !entries;
		if (entries) {
			w->entries = entries;
			w->room += 64;
		}
	}
	if (w->cut)
		return NULL;
	w->entries[w->count] = (struct walk_entry){.kind = kind};
	return &w->entries[w->count++];
}

static void enter(struct net_inspector *to, const char *name, int index)
{
	struct walk *w = ((struct keeper *)to)->into;
	struct walk_entry *e = next_entry(w, WALK_ENTER);

	if (!e)
		return;
	e->index = index;
	e->field.name = keep(w, name);
}

static void leave(struct net_inspector *to)
{
	next_entry(((struct keeper *)to)->into, WALK_LEAVE);
}

static void field(struct net_inspector *to, const struct net_field *f)
{
	struct walk *w = ((struct keeper *)to)->into;
	struct walk_entry *e = next_entry(w, WALK_FIELD);

	if (!e)
		return;
	e->field = *f;
	e->field.name = keep(w, f->name);
	e->field.unit = keep(w, f->unit);
	e->field.meaning = keep_sentence(w, f->meaning);
	e->field.text = keep_sentence(w, f->text);
}

static const struct net_inspector_ops keeper_ops = {
	.size_bytes = sizeof(struct net_inspector_ops),
	.enter = enter,
	.leave = leave,
	.field = field,
};

void walk_endpoint(struct walk *w, struct net_endpoint *ep)
{
	struct keeper k = {{&keeper_ops}, w};

	net_endpoint_inspect(ep, &k.base);
}

void walk_queue(struct walk *w, struct net_queue *q)
{
	struct keeper k = {{&keeper_ops}, w};

	net_queue_inspect(q, &k.base);
}

void walk_free(struct walk *w)
{
	for (uint32_t i = 0; i < w->count; i++) {
		const struct net_field *f = &w->entries[i].field;
		const char *const texts[] = {f->name, f->unit, f->meaning, f->text};

		for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++)
			free((void *)(uintptr_t)texts[k]);
	}
	free(w->entries);
	*w = (struct walk){0};
}

/* ---- Telling ---------------------------------------------------------------------------------- */

/* A walk that was cut ends before its last entry, whose texts may be missing, and with its groups closed. */
void walk_again(const struct walk *w, struct net_inspector *to)
{
	uint32_t end = w->cut && w->count ? w->count - 1 : w->count, open = 0;

	for (uint32_t i = 0; i < end; i++) {
		const struct walk_entry *e = &w->entries[i];

		if (e->kind == WALK_ENTER) {
			to->ops->enter(to, e->field.name, e->index);
			open++;
		} else if (e->kind == WALK_LEAVE) {
			to->ops->leave(to);
			open--;
		} else {
			to->ops->field(to, &e->field);
		}
	}
	for (; open; open--)
		to->ops->leave(to);
}

/* ---- Looking up ------------------------------------------------------------------------------- */

/* The nth field of the group that has this name; name NULL: any. */
static const struct net_field *find(const struct walk *w, const char *group, const char *name,
				    uint32_t n)
{
	uint32_t end = w->cut && w->count ? w->count - 1 : w->count;
	uint32_t depth = 0, at = *group ? 1 : 0;
	bool inside = !*group;

	for (uint32_t i = 0; i < end; i++) {
		const struct walk_entry *e = &w->entries[i];

		if (e->kind == WALK_ENTER) {
			if (!depth++ && *group)
				inside = !strcmp(e->field.name, group);
		} else if (e->kind == WALK_LEAVE) {
			depth--;
		} else if (inside && depth == at && (!name || !strcmp(e->field.name, name)) &&
			   !n--) {
			return &e->field;
		}
	}
	return NULL;
}

const struct net_field *walk_field(const struct walk *w, const char *group, const char *name)
{
	return find(w, group, name, 0);
}

const struct net_field *walk_nth(const struct walk *w, const char *group, uint32_t n)
{
	return find(w, group, NULL, n);
}

uint64_t walk_number(const struct walk *w, const char *group, const char *name)
{
	const struct net_field *f = walk_field(w, group, name);

	return f && f->kind != NET_FIELD_UNKNOWN ? f->number : 0;
}

bool walk_flag(const struct walk *w, const char *group, const char *name)
{
	return walk_number(w, group, name);
}

const char *walk_text(const struct walk *w, const char *group, const char *name)
{
	const struct net_field *f = walk_field(w, group, name);

	return f && f->text ? f->text : "";
}

/* The fields behind the entry until its group ends. */
static void read_rung(const struct walk *w, uint32_t at, struct walk_rung *out)
{
	*out = (struct walk_rung){.asked = "", .sentence = ""};
	for (; at < w->count && w->entries[at].kind == WALK_FIELD; at++) {
		const struct net_field *f = &w->entries[at].field;

		if (!strcmp(f->name, "asked") && f->text)
			out->asked = f->text;
		else if (!strcmp(f->name, "sentence") && f->text)
			out->sentence = f->text;
		else if (!strcmp(f->name, "error"))
			out->error = (int)(int64_t)f->number;
	}
}

bool walk_rung(const struct walk *w, uint32_t n, struct walk_rung *out)
{
	for (uint32_t i = 0; i < w->count && !w->cut; i++) {
		const struct walk_entry *e = &w->entries[i];

		if (e->kind != WALK_ENTER || strcmp(e->field.name, "rung") || n--)
			continue;
		read_rung(w, i + 1, out);
		return true;
	}
	return false;
}
