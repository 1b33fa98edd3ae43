/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an endpoint or a queue told of itself (net_inspect.h), kept: it can be looked up and walked again when
 * the endpoint is gone. Sentences, and what fields mean, are kept in the words of the command line
 * (options_say.h); names are kept as they are.
 */
#ifndef COMMON_WALK_H
#define COMMON_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "net_inspect.h"

struct option_table;
struct walk_entry;

struct walk {
	struct walk_entry *entries;
	uint32_t count;
	uint32_t room;
	bool cut; /* for want of memory */
	const struct option_table
		*words; /* whose sentences are said; NULL: they are kept as they are */
};

/* Walk it now. *w is zeroed but for words, or was freed. Owner: the caller, ends it with walk_free(). */
void walk_endpoint(struct walk *w, struct net_endpoint *ep);
void walk_queue(struct walk *w, struct net_queue *q);
void walk_free(struct walk *w);

/* The same walk for another inspector. */
void walk_again(const struct walk *w, struct net_inspector *to);

/* A field of a group, "" for those outside of one; groups in groups are not looked into. Return: the field, which
 * lives as long as the walk; NULL: there is none. */
const struct net_field *walk_field(const struct walk *w, const char *group, const char *name);
/* The nth field of the group, from 0. */
const struct net_field *walk_nth(const struct walk *w, const char *group, uint32_t n);

/* Its value; 0, false or "" when there is none, or it is unknown. */
uint64_t walk_number(const struct walk *w, const char *group, const char *name);
bool walk_flag(const struct walk *w, const char *group, const char *name);
const char *walk_text(const struct walk *w, const char *group, const char *name);

/* One attempt on the ladder from the best mode down. */
struct walk_rung {
	const char *asked;
	int error; /* 0 or -errno */
	const char *sentence;
};

/* The nth one, from 0. Return: is there one? */
bool walk_rung(const struct walk *w, uint32_t n, struct walk_rung *out);

#endif
