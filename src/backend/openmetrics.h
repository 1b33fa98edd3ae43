/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A walk, sorted into OpenMetrics' families. A format that wants all lines of a family together cannot be written
 * while the walk goes on, so everything is kept until its end.
 */
#ifndef NET_OPENMETRICS_H
#define NET_OPENMETRICS_H

#include "net_inspect.h"

/* All that is kept, freed at once. */
struct om_arena {
	struct om_chunk *chunks; /* the newest first */
	bool is_out;		 /* of memory */
};

/* Return: bytes that are 0, and live until om_arena_free(); NULL: out of memory. */
void *om_keep(struct om_arena *a, size_t bytes);
char *om_keep_text(struct om_arena *a, const char *text);
void om_arena_free(struct om_arena *a);

struct om_label {
	struct om_label *next;
	const char *name; /* fit to be one */
	const char *value;
};

/* What several samples have in common: the document, an endpoint, a queue, another group with an index. */
struct om_scope {
	const struct om_scope *parent;
	const char *label, *value; /* NULL: the document has none */
	const char *interface;	   /* NULL: its parent's */
	struct om_label *labels;   /* of the document */
};

enum om_kind { OM_GAUGE, OM_COUNTER, OM_INFO, OM_HISTOGRAM };

struct om_sample {
	struct om_sample *next;
	const struct om_scope *scope;
	const char *value;
	const char *value_class; /* NULL: none */
	const char *reason;	 /* NULL: none */
	struct om_label *labels; /* of an info */
	const struct net_histogram *histogram;
	int digits; /* of the histogram's unit behind the point */
};

struct om_family {
	struct om_family *next;	 /* in the order of the walk */
	struct om_family *alike; /* by the hash of its name */
	const char *name, *unit, *help;
	enum om_kind kind;
	struct om_sample *first, **end;
};

/* Write a family's lines. */
void om_write_family(const struct om_family *f, net_text_fn *write, void *context);
/* number / 10^digits, as a decimal number without zeros at its end. digits < 0: number / 8, of bits. */
void om_decimal(char out[48], uint64_t number, int digits);

#endif
