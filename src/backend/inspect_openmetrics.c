// SPDX-License-Identifier: BSD-2-Clause
/* Inspect as OpenMetrics: which field belongs to which family, under which name and labels. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backend/inspect.h"
#include "backend/openmetrics.h"

enum { DEPTH_MAX = 16, NAME_BYTES = 256, TABLE_ENTRIES = 512 };

/* An open group. */
struct group {
	struct om_scope *scope;
	size_t name_bytes; /* of the names up to this group's */
	bool is_endpoint;  /* one of endpoints */
	bool is_queue;
	const char *label; /* in front of texts whose name is a label of another meaning */
	struct om_label *texts, **texts_end;
};

struct collector {
	struct net_inspector base;
	struct om_arena arena;
	struct om_family *families, **families_end;
	struct om_family *table[TABLE_ENTRIES];
	struct group groups[DEPTH_MAX];
	int depth;
	int too_deep;	       /* open groups below DEPTH_MAX, which are left out */
	char name[NAME_BYTES]; /* net_xdp_, and of the open groups those that are part of names */
};

/* ---- Names ------------------------------------------------------------------------------------ */

static void append(char *name, const char *text)
{
	size_t at = strlen(name);

	for (; *text && at < NAME_BYTES - 1; text++, at++)
		name[at] = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
					   (*text >= '0' && *text <= '9')
				   ? *text
				   : '_';
	name[at] = '\0';
}

static bool ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n > m && !strcmp(name + n - m, end) && name[n - m - 1] == '_';
}

/* The units that have another base unit, and how a name says them. */
static const struct unit {
	const char *word, *base, *suffix;
	int digits; /* see om_decimal() */
} units[] = {
	{"ns", "seconds", "ns", 9},
	{"us", "seconds", "us", 6},
	{"ms", "seconds", "ms", 3},
	{"s", "seconds", "s", 0},
	{"bit/s", "bytes_per_second", "bps", -1},
};

static const struct unit *find_unit(const char *word)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (!strcmp(units[i].word, word))
			return &units[i];
	return NULL;
}

/* Counters that say the same for one reason each. */
static const struct reasons {
	const char *prefix, *name, *help;
} reasons[] = {
	{"rx_bounce_", "rx_bounce", "receive buffers that were given a private chunk, by reason"},
	{"tx_bounce_", "tx_bounce", "packets sent from a copy in the private area, by reason"},
	{"rx_refused_", "rx_refused", "receive ids refused, by reason"},
	{"rx_drop_", "rx_drop", "received and dropped, by reason"},
	{"tx_drop_", "tx_drop", "accepted and dropped, by reason"},
};

static const struct reasons *find_reasons(const struct net_field *f)
{
	for (size_t i = 0; f->value_class && i < sizeof(reasons) / sizeof(*reasons); i++)
		if (!strncmp(f->name, reasons[i].prefix, strlen(reasons[i].prefix)))
			return &reasons[i];
	return NULL;
}

/* ---- Families --------------------------------------------------------------------------------- */

static struct om_family *find_family(struct collector *c, const char *name)
{
	struct om_family **slot, *f;
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (const char *s = name; *s; s++)
		hash = (hash ^ (unsigned char)*s) * 16777619u;
	slot = &c->table[hash % TABLE_ENTRIES];
	for (f = *slot; f && strcmp(f->name, name); f = f->alike)
		;
	if (f)
		return f;
	f = om_keep(&c->arena, sizeof(*f));
	if (!f)
		return NULL;
	f->name = om_keep_text(&c->arena, name);
	if (!f->name)
		return NULL;
	f->alike = *slot;
	f->end = &f->first;
	return *slot = f;
}

/* A new sample. What has a family's name and another type cannot be in it, and gets a name of its own. Return: NULL:
 * out of memory. */
static struct om_sample *add(struct collector *c, char name[NAME_BYTES], enum om_kind kind,
			     const char *unit, const char *help)
{
	static const char *const kinds[] = {"_gauge", "_counter", "_info", "_histogram"};
	struct om_family *f = find_family(c, name);
	struct om_sample *s = om_keep(&c->arena, sizeof(*s));

	if (f && f->first && f->kind != kind) {
		append(name, kinds[kind]);
		unit = NULL;
		f = find_family(c, name);
	}
	if (!f || !s || (f->first && f->kind != kind))
		return NULL;
	if (!f->first) {
		f->kind = kind;
		f->unit = unit && ends_with(name, unit) ? om_keep_text(&c->arena, unit) : NULL;
		f->help = help && *help ? om_keep_text(&c->arena, help) : NULL;
		*c->families_end = f;
		c->families_end = &f->next;
	}
	s->scope = c->groups[c->depth].scope;
	*f->end = s;
	f->end = &s->next;
	return s;
}

/* ---- Fields ----------------------------------------------------------------------------------- */

static const struct net_histogram *keep_histogram(struct om_arena *a, const struct net_histogram *h)
{
	size_t bytes = h->bucket_count * sizeof(*h->buckets);
	struct net_histogram *kept = om_keep(a, sizeof(*h));
	struct net_bucket *buckets = om_keep(a, bytes);

	if (!kept || !buckets)
		return NULL;
	*kept = *h;
	if (bytes)
		memcpy(buckets, h->buckets, bytes);
	kept->buckets = buckets;
	return kept;
}

static void add_value(struct collector *c, struct om_sample *s, const struct net_field *f,
		      const struct unit *unit)
{
	static const char *const classes[] = {
		[NET_CLASS_TRAFFIC] = "traffic", [NET_CLASS_RX_LOST] = "rx_lost",
		[NET_CLASS_TX_LOST] = "tx_lost", [NET_CLASS_KERNEL_LOST] = "kernel_lost",
		[NET_CLASS_REFUSED] = "refused", [NET_CLASS_NOTE] = "note",
		[NET_CLASS_WORK] = "work",
	};
	char value[48];

	s->digits = unit ? unit->digits : 0;
	if (f->kind == NET_FIELD_HISTOGRAM) {
		s->histogram = keep_histogram(&c->arena, f->histogram);
		return;
	}
	if (f->kind == NET_FIELD_SIGNED)
		snprintf(value, sizeof(value), "%" PRId64, (int64_t)f->number);
	else
		om_decimal(value, f->number, s->digits);
	s->value = om_keep_text(&c->arena, value);
	if (f->kind == NET_FIELD_NUMBER && f->value_class < sizeof(classes) / sizeof(*classes))
		s->value_class = classes[f->value_class];
}

static void add_number(struct collector *c, const struct net_field *f)
{
	bool counts = f->kind == NET_FIELD_NUMBER && f->value_class;
	const struct unit *unit = f->kind == NET_FIELD_SIGNED ? NULL : find_unit(f->unit);
	const struct reasons *by = find_reasons(f);
	const char *word = unit ? unit->base : f->unit;
	char name[NAME_BYTES] = "", base[NAME_BYTES] = "";
	struct om_sample *s;
	size_t n;

	append(name, c->name);
	append(name, by ? by->name : f->name);
	append(base, word);
	n = strlen(name);
	if (unit && ends_with(name, unit->suffix))
		name[n - strlen(unit->suffix) - 1] = '\0';
	/* queues_alive, ids_rx_kernel: the name has said it. */
	n = strlen("net_xdp_");
	if (*base && !ends_with(name, base) &&
	    (strncmp(name + n, base, strlen(base)) || name[n + strlen(base)] != '_')) {
		append(name, "_");
		append(name, base);
	}
	s = add(c, name,
		f->kind == NET_FIELD_HISTOGRAM ? OM_HISTOGRAM
		: counts		       ? OM_COUNTER
					       : OM_GAUGE,
		*base ? base : NULL, by ? by->help : f->meaning);
	if (!s)
		return;
	add_value(c, s, f, unit);
	if (by)
		s->reason = om_keep_text(&c->arena, f->name + strlen(by->prefix));
}

/* A text, or the number of a hardware queue, may be the label of all of its scope. Return: is it one? */
static bool take_label(struct collector *c, const struct net_field *f)
{
	struct group *g = &c->groups[c->depth];
	bool is_text = f->kind == NET_FIELD_TEXT;
	struct om_label *label, **end = &g->scope->labels;
	char number[24];

	if (g->is_queue && !strcmp(f->name, "queue"))
		return true; /* its index, which is the label until the hardware's number is told */
	if (is_text && !strcmp(f->name, "interface")) {
		g->scope->interface = om_keep_text(&c->arena, f->text);
	} else if (is_text && g->is_endpoint && !strcmp(f->name, "name")) {
		g->scope->value = om_keep_text(&c->arena, f->text);
	} else if (g->is_queue && f->kind == NET_FIELD_NUMBER &&
		   !strcmp(f->name, "hardware_queue")) {
		snprintf(number, sizeof(number), "%" PRIu64, f->number);
		g->scope->value = om_keep_text(&c->arena, number);
	} else if (!c->depth && (!strcmp(f->name, "program") || !strcmp(f->name, "pid"))) {
		snprintf(number, sizeof(number), "%" PRIu64, f->number);
		label = om_keep(&c->arena, sizeof(*label));
		if (!label)
			return true;
		label->name = om_keep_text(&c->arena, f->name);
		label->value = om_keep_text(&c->arena, is_text ? f->text : number);
		while (*end)
			end = &(*end)->next;
		*end = label;
	} else {
		return false;
	}
	return true;
}

static bool is_taken(const struct om_scope *s, const char *name)
{
	static const char *const taken[] = {"program", "pid", "interface", "endpoint", "queue"};

	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++)
		if (!strcmp(taken[i], name))
			return true;
	for (; s; s = s->parent)
		if (s->label && !strcmp(s->label, name))
			return true;
	return false;
}

static void add_text(struct collector *c, const struct net_field *f)
{
	struct group *g = &c->groups[c->depth];
	struct om_label *label;
	char name[NAME_BYTES] = "";

	if (!*f->text)
		return;
	if (is_taken(g->scope, f->name)) {
		append(name, g->label ? g->label : "document");
		append(name, "_");
	}
	append(name, f->name);
	label = om_keep(&c->arena, sizeof(*label));
	if (!label)
		return;
	label->name = om_keep_text(&c->arena, name);
	label->value = om_keep_text(&c->arena, f->text);
	*g->texts_end = label;
	g->texts_end = &label->next;
}

static void field(struct net_inspector *to, const struct net_field *f)
{
	struct collector *c = (struct collector *)to;

	if (c->too_deep || f->kind == NET_FIELD_UNKNOWN ||
	    (f->kind == NET_FIELD_TEXT && !f->text) ||
	    (f->kind == NET_FIELD_HISTOGRAM && !f->histogram) || take_label(c, f))
		return;
	if (f->kind == NET_FIELD_TEXT)
		add_text(c, f);
	else if (f->kind <= NET_FIELD_HISTOGRAM)
		add_number(c, f);
}

/* ---- Groups ----------------------------------------------------------------------------------- */

static struct om_scope *new_scope(struct collector *c, const char *name, int index)
{
	struct om_scope *s = om_keep(&c->arena, sizeof(*s));
	char label[NAME_BYTES] = "", number[16];
	size_t n;

	if (!s)
		return NULL;
	append(label, name);
	n = strlen(label);
	if (n > 1 && label[n - 1] == 's')
		label[n - 1] = '\0';
	snprintf(number, sizeof(number), "%d", index);
	s->parent = c->groups[c->depth].scope;
	s->label = om_keep_text(&c->arena, label);
	s->value = om_keep_text(&c->arena, number);
	return s;
}

static void enter(struct net_inspector *to, const char *name, int index)
{
	static const char *const silent[] = {"endpoint", "endpoints", "queues", "counters"};
	struct collector *c = (struct collector *)to;
	struct group *above = &c->groups[c->depth], *g = above + 1;
	struct om_scope *scope = above->scope;
	bool speaks = true;

	if (!c->too_deep && index >= 0)
		scope = new_scope(c, name, index);
	if (c->too_deep || c->depth == DEPTH_MAX - 1 || !scope) {
		c->too_deep++;
		return;
	}
	*g = (struct group){
		.scope = scope,
		.is_endpoint = index >= 0 && !strcmp(name, "endpoints"),
		.is_queue = index >= 0 && !strcmp(name, "queues"),
		.label = om_keep_text(&c->arena, name),
	};
	g->texts_end = &g->texts;
	c->depth++;
	for (size_t i = 0; i < sizeof(silent) / sizeof(*silent); i++)
		speaks = speaks && strcmp(silent[i], name);
	if (speaks) {
		append(c->name, name);
		append(c->name, "_");
	}
	g->name_bytes = strlen(c->name);
}

/* The texts of a group are one sample, which can be written when the group is over. */
static void end_texts(struct collector *c)
{
	struct group *g = &c->groups[c->depth];
	char name[NAME_BYTES];
	struct om_sample *s;

	if (!g->texts)
		return;
	memcpy(name, c->name, sizeof(name));
	name[strlen(name) - 1] = '\0';
	/* The texts of queues are told apart from those of endpoints and of the document. */
	if (!strcmp(name, "net_xdp") && g->label)
		append(name, g->is_queue ? "_queue" : "_endpoint");
	s = add(c, name, OM_INFO, NULL, NULL);
	if (!s)
		return;
	s->value = "1";
	s->labels = g->texts;
}

static void leave(struct net_inspector *to)
{
	struct collector *c = (struct collector *)to;

	if (c->too_deep) {
		c->too_deep--;
		return;
	}
	end_texts(c);
	c->depth--;
	c->name[c->groups[c->depth].name_bytes] = '\0';
}

static const struct net_inspector_ops openmetrics_ops = {
	.size_bytes = sizeof(struct net_inspector_ops),
	.enter = enter,
	.leave = leave,
	.field = field,
};

/* ---- The document ----------------------------------------------------------------------------- */

int net_tell_openmetrics(net_tell_fn *tell, void *tell_context, net_text_fn *write, void *context)
{
	struct om_scope document = {.parent = NULL};
	struct collector c = {.base.ops = &openmetrics_ops, .name = "net_xdp_"};
	bool is_out;

	c.families_end = &c.families;
	c.groups[0].scope = &document;
	c.groups[0].texts_end = &c.groups[0].texts;
	c.groups[0].name_bytes = strlen(c.name);
	tell(tell_context, &c.base);
	end_texts(&c);
	is_out = c.arena.is_out;
	for (const struct om_family *f = is_out ? NULL : c.families; f; f = f->next)
		om_write_family(f, write, context);
	if (!is_out)
		write(context, "# EOF\n", strlen("# EOF\n"));
	om_arena_free(&c.arena);
	return is_out ? -ENOMEM : 0;
}

struct whole {
	struct net_endpoint *ep;
	struct net_queue *const *queues;
	uint32_t count;
};

static void tell_whole(void *context, struct net_inspector *to)
{
	const struct whole *w = context;

	net_inspect_tell(w->ep, w->queues, w->count, to);
}

int net_inspect_openmetrics(struct net_endpoint *ep, struct net_queue *const *queues,
			    uint32_t count, net_text_fn *write, void *context)
{
	struct whole w = {ep, queues, count};

	return net_tell_openmetrics(tell_whole, &w, write, context);
}
