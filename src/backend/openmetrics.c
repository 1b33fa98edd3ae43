// SPDX-License-Identifier: BSD-2-Clause
/* Memory and text of OpenMetrics (github.com/prometheus/OpenMetrics, specification 1.0). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/inspect.h"
#include "backend/openmetrics.h"

enum { CHUNK_BYTES = 16384, ALIGN_BYTES = 16 };

/* ---- Memory ----------------------------------------------------------------------------------- */

struct om_chunk {
	struct om_chunk *next;
	size_t used_bytes, size_bytes;
	_Alignas(ALIGN_BYTES) char bytes[];
};

void *om_keep(struct om_arena *a, size_t bytes)
{
	size_t need = (bytes + ALIGN_BYTES - 1) & ~(size_t)(ALIGN_BYTES - 1);
	struct om_chunk *c = a->chunks;

	if (!c || c->size_bytes - c->used_bytes < need) {
		size_t size = need > CHUNK_BYTES ? need : CHUNK_BYTES;

		c = a->is_out ? NULL : calloc(1, sizeof(*c) + size);
		if (!c) {
			a->is_out = true;
			return NULL;
		}
		c->size_bytes = size;
		c->next = a->chunks;
		a->chunks = c;
	}
	c->used_bytes += need;
	return c->bytes + c->used_bytes - need;
}

char *om_keep_text(struct om_arena *a, const char *text)
{
	size_t bytes = strlen(text) + 1;
	char *kept = om_keep(a, bytes);

	return kept ? memcpy(kept, text, bytes) : NULL;
}

void om_arena_free(struct om_arena *a)
{
	while (a->chunks) {
		struct om_chunk *next = a->chunks->next;

		free(a->chunks);
		a->chunks = next;
	}
}

/* ---- Text ------------------------------------------------------------------------------------- */

struct out {
	net_text_fn *write;
	void *context;
};

static void put(const struct out *o, const char *text)
{
	o->write(o->context, text, strlen(text));
}

/* A text of any bytes inside of quotes, or behind HELP: a control, or a byte that is no UTF-8, becomes \uNNNN as
 * a reader sees it. */
static void put_escaped(const struct out *o, const char *text)
{
	uint32_t code;
	char hex[16];
	int n;

	for (const unsigned char *s = (const unsigned char *)text; *s; s += n ? n : 1) {
		n = inspect_decode(s, &code);
		if (code == '\n' || code == '"' || code == '\\') {
			put(o, code == '\n' ? "\\n" : code == '"' ? "\\\"" : "\\\\");
		} else if (!n || inspect_is_control(code)) {
			snprintf(hex, sizeof(hex), "\\\\u%04x", code & 0xffff);
			put(o, hex);
		} else {
			o->write(o->context, (const char *)s, (size_t)n);
		}
	}
}

/* What stands between the braces. */
struct labels {
	const struct out *out;
	bool any;
};

static void put_label(struct labels *l, const char *name, const char *value)
{
	put(l->out, l->any ? "," : "{");
	put(l->out, name);
	put(l->out, "=\"");
	put_escaped(l->out, value);
	put(l->out, "\"");
	l->any = true;
}

static void put_list(struct labels *l, const struct om_label *first)
{
	for (; first; first = first->next)
		put_label(l, first->name, first->value);
}

/* From the document inwards. interface: of the innermost scope that has one. */
static void put_scopes(struct labels *l, const struct om_scope *s, const char *interface)
{
	const struct om_scope *above = s->parent;

	if (!interface)
		interface = s->interface;
	if (above)
		put_scopes(l, above, interface);
	else
		put_list(l, s->labels);
	if (!above && interface)
		put_label(l, "interface", interface);
	if (s->label)
		put_label(l, s->label, s->value);
}

/* le: NULL: the sample has none. */
static void put_labels(const struct out *o, const struct om_sample *s, const char *le)
{
	struct labels l = {.out = o};

	put_scopes(&l, s->scope, NULL);
	if (s->value_class)
		put_label(&l, "class", s->value_class);
	if (s->reason)
		put_label(&l, "reason", s->reason);
	put_list(&l, s->labels);
	if (le)
		put_label(&l, "le", le);
	if (l.any)
		put(o, "}");
}

void om_decimal(char out[48], uint64_t number, int digits)
{
	char fraction[32];
	uint64_t unit = 1, rest;
	int n;

	for (int i = 0; i < digits; i++)
		unit *= 10;
	rest = number % unit;
	if (digits < 0) { /* eighths */
		rest = number % 8 * 125;
		unit = 8;
		digits = 3;
	}
	number /= unit;
	/* From the end: a fraction has as many digits as its unit has zeros. */
	for (n = digits; n > 0; n--, rest /= 10)
		fraction[n - 1] = (char)('0' + rest % 10);
	for (n = digits; n > 0 && fraction[n - 1] == '0'; n--)
		;
	snprintf(out, 48, "%" PRIu64 "%s%.*s", number, n ? "." : "", n, fraction);
}

/* A bucket's limit is a label, so it has to be spelled as other writers spell it: with a point, and below 0.0001 as
 * 2.5e-05 (OpenMetrics 1.0, "Considerations: Canonical Numbers"). printf() would follow the program's locale. */
static void limit_text(char out[48], uint64_t number, int digits)
{
	char decimal[48];
	const char *digit;

	om_decimal(decimal, number, digits);
	if (strncmp(decimal, "0.0000", 6)) {
		snprintf(out, 48, "%.40s%s", decimal, strchr(decimal, '.') ? "" : ".0");
		return;
	}
	digit = decimal + 2 + strspn(decimal + 2, "0");
	snprintf(out, 48, "%c%s%.24se-%02d", *digit, digit[1] ? "." : "", digit + 1,
		 (int)(digit - decimal) - 1);
}

static void put_value(const struct out *o, const char *name, const char *suffix,
		      const struct om_sample *s, const char *le, const char *value)
{
	put(o, name);
	put(o, suffix);
	put_labels(o, s, le);
	put(o, " ");
	put(o, value);
	put(o, "\n");
}

static void put_histogram(const struct out *o, const char *name, const struct om_sample *s)
{
	const struct net_histogram *h = s->histogram;
	char le[48], value[48];

	for (uint32_t i = 0; i < h->bucket_count; i++) {
		limit_text(le, h->buckets[i].most, s->digits);
		om_decimal(value, h->buckets[i].count, 0);
		put_value(o, name, "_bucket", s, le, value);
	}
	om_decimal(value, h->count, 0);
	put_value(o, name, "_bucket", s, "+Inf", value);
	put_value(o, name, "_count", s, NULL, value);
	om_decimal(value, h->sum, s->digits);
	put_value(o, name, "_sum", s, NULL, value);
}

void om_write_family(const struct om_family *f, net_text_fn *write, void *context)
{
	static const char *const types[] = {" gauge\n", " counter\n", " info\n", " histogram\n"};
	static const char *const suffixes[] = {"", "_total", "_info", ""};
	const struct out o = {write, context};

	put(&o, "# TYPE ");
	put(&o, f->name);
	put(&o, types[f->kind]);
	if (f->unit) {
		put(&o, "# UNIT ");
		put(&o, f->name);
		put(&o, " ");
		put(&o, f->unit);
		put(&o, "\n");
	}
	if (f->help) {
		put(&o, "# HELP ");
		put(&o, f->name);
		put(&o, " ");
		put_escaped(&o, f->help);
		put(&o, "\n");
	}
	for (const struct om_sample *s = f->first; s; s = s->next) {
		if (f->kind == OM_HISTOGRAM)
			put_histogram(&o, f->name, s);
		else
			put_value(&o, f->name, suffixes[f->kind], s, NULL, s->value);
	}
}
