/* SPDX-License-Identifier: BSD-2-Clause */
#include "told.h"

#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "wrap.h"

void told_take(struct told *t, struct net_endpoint *ep, struct net_queue *const *queues,
	       uint32_t count, const struct option_table *words)
{
	t->endpoint.words = words;
	walk_endpoint(&t->endpoint, ep);
	t->queues = calloc(count ? count : 1, sizeof(*t->queues));
	for (uint32_t i = 0; i < count && t->queues; i++)
		if (queues[i]) {
			t->queues[t->queue_count].words = words;
			walk_queue(&t->queues[t->queue_count++], queues[i]);
		}
}

void told_free(struct told *t)
{
	walk_free(&t->endpoint);
	for (uint32_t i = 0; i < t->queue_count; i++)
		walk_free(&t->queues[i]);
	free(t->queues);
	*t = (struct told){0};
}

/* ---- JSON ------------------------------------------------------------------------------------- */

/* What tells the walk again, for the library's renderer. */
struct teller {
	struct net_endpoint ep;
	struct net_queue q;
	const struct walk *walk;
};

static void endpoint_inspect(struct net_endpoint *ep, struct net_inspector *to)
{
	walk_again(((struct teller *)ep)->walk, to);
}

static void queue_inspect(struct net_queue *q, struct net_inspector *to)
{
	char *teller = (char *)q - offsetof(struct teller, q);

	walk_again(((struct teller *)(void *)teller)->walk, to);
}

static const struct net_endpoint_ops endpoint_ops = {
	.size_bytes = sizeof(struct net_endpoint_ops),
	.inspect = endpoint_inspect,
};
static const struct net_queue_ops queue_ops = {
	.size_bytes = sizeof(struct net_queue_ops),
	.inspect = queue_inspect,
};

static void write_piece(void *context, const char *text, size_t len)
{
	json_piece(context, text, len);
}

void told_json(struct json *j, const char *key, const struct told *t)
{
	struct teller endpoint = {.ep.ops = &endpoint_ops, .walk = &t->endpoint};
	struct teller *tellers = calloc(t->queue_count + 1, sizeof(*tellers));
	struct net_queue **queues = calloc(t->queue_count + 1, sizeof(struct net_queue *));

	if (!tellers || !queues) {
		json_null(j, key);
		goto out;
	}
	for (uint32_t i = 0; i < t->queue_count; i++) {
		tellers[i].q.ops = &queue_ops;
		tellers[i].walk = &t->queues[i];
		queues[i] = &tellers[i].q;
	}
	json_pieces(j, key);
	net_inspect_json(&endpoint.ep, queues, t->queue_count, write_piece, j);
out:
	free(tellers);
	free(queues);
}

/* ---- Lines ------------------------------------------------------------------------------------ */

static void print_rungs(FILE *out, size_t indent, const struct walk *w)
{
	struct walk_rung rung;

	for (uint32_t i = 0; walk_rung(w, i, &rung); i++)
		wrap_paragraph(out, indent, "%s: %s%s", rung.asked, rung.error ? "" : "yes; ",
			       rung.sentence);
}

/* The fields that are sentences: "frames: taken" of the field frames_state. */
static void print_states(FILE *out, size_t indent, const struct walk *w, const char *group)
{
	const struct net_field *f;

	for (uint32_t i = 0; (f = walk_nth(w, group, i)); i++) {
		size_t length = strlen(f->name);

		if (f->kind == NET_FIELD_TEXT && f->text && *f->text && length > 6 &&
		    (!strcmp(f->name + length - 6, "_state") ||
		     !strcmp(f->name + length - 6, "_error")))
			wrap_paragraph(out, indent, "%.*s: %s", (int)length - 6, f->name, f->text);
	}
}

static void print_endpoint(FILE *out, size_t indent, const struct walk *w)
{
	const char *driver = walk_text(w, "device", "driver");

	wrap_paragraph(out, indent, "%s (%s): %s XDP%s%s", walk_text(w, "device", "interface"),
		       *driver ? driver : "driver unknown",
		       walk_flag(w, "program", "native") ? "native" : "generic",
		       walk_flag(w, "program", "dispatcher") ? " behind the dispatcher" : "",
		       walk_flag(w, "config", "sealed") ? ", sealed" : "");
	print_rungs(out, indent + 4, w);
	print_states(out, indent + 4, w, "program");
}

static void print_queue(FILE *out, size_t indent, const struct walk *w)
{
	char cpu[32] = "";

	if ((int64_t)walk_number(w, "", "target_cpu") >= 0)
		snprintf(cpu, sizeof(cpu), ", target CPU %u",
			 (unsigned int)walk_number(w, "", "target_cpu"));
	wrap_paragraph(
		out, indent,
		"%s queue %u: zero copy %s (XDP_OPTIONS), %u-byte %s chunks%s, direct up to %u "
		"bytes%s",
		walk_text(w, "", "interface"), (unsigned int)walk_number(w, "", "hardware_queue"),
		walk_flag(w, "", "zero_copy") ? "yes" : "no",
		(unsigned int)walk_number(w, "", "chunk_bytes"),
		walk_flag(w, "", "unaligned") ? "unaligned" : "aligned",
		walk_flag(w, "", "multi_buffer") ? ", multi-buffer" : "",
		(unsigned int)walk_number(w, "", "direct_capacity_bytes"), cpu);
	print_rungs(out, indent + 4, w);
	print_states(out, indent + 4, w, "");
}

void told_print(FILE *out, size_t indent, const struct told *t)
{
	print_endpoint(out, indent, &t->endpoint);
	for (uint32_t i = 0; i < t->queue_count; i++)
		print_queue(out, indent, &t->queues[i]);
}
