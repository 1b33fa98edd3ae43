/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An endpoint and its queues as they told of themselves at one moment: what a tool shows of them comes from here
 * alone, as JSON and as lines for a person.
 */
#ifndef COMMON_TOLD_H
#define COMMON_TOLD_H

#include <stdio.h>

#include "walk.h"

struct json;
struct option_table;

struct told {
	struct walk endpoint;
	struct walk *queues; /* NULL: none, or no memory */
	uint32_t queue_count;
};

/* Walk them now, said in the words of this program; a queue that is NULL is left out. *t is zeroed. Owner: the caller, ends it with told_free(). */
void told_take(struct told *t, struct net_endpoint *ep, struct net_queue *const *queues,
	       uint32_t count, const struct option_table *words);
void told_free(struct told *t);

/* A member of the document: {"endpoint": {...}, "queues": [...]}, as net_inspect_json() renders it. */
void told_json(struct json *j, const char *key, const struct told *t);

/* Which mode each queue got and why no better one, who gets its frames, and what else is to be known: lines of at
 * most 80 columns behind indent spaces. */
void told_print(FILE *out, size_t indent, const struct told *t);

#endif
