/* SPDX-License-Identifier: BSD-2-Clause */
/* What inspect tells, asked for by name. */
#ifndef SUPPORT_FIELDS_H
#define SUPPORT_FIELDS_H

#include <pthread.h>
#include <stdbool.h>

#include "net_inspect.h"

/* The number of a field of the endpoint, or of the queue when there is one. path: the names of
 * its groups and its own, with dots between. Return: true and *out, false when there is no such
 * number. */
bool fields_find(struct net_endpoint *ep, struct net_queue *q, const char *path, uint64_t *out);

/* The same; ends the test when there is none. */
uint64_t fields_number(struct net_endpoint *ep, struct net_queue *q, const char *path);

/* Is there such a text, and is it this one? */
bool fields_text_is(struct net_endpoint *ep, struct net_queue *q, const char *path,
		    const char *text);

/* What the queue has received, by the name that its backend has for it. */
bool fields_received(struct net_queue *q, uint64_t *out);

/* A thread that reads all that a queue and its endpoint tell, again and again, and notes what
 * cannot be: a counter that goes back. */
struct fields_reader {
	pthread_t thread;
	struct net_endpoint *ep;
	struct net_queue *q;
	bool stop;	/* atomic */
	uint64_t walks; /* atomic */
	uint64_t backwards;
	int64_t deadline_ms;
};

void fields_reader_start(struct fields_reader *r, struct net_endpoint *ep, struct net_queue *q);
/* Go on with the load? It has not read twice since the start, and 20 seconds are not over: on a
 * busy machine a thread may wait longer for a processor than any fixed load lasts. */
bool fields_reader_needs_load(const struct fields_reader *r);
/* It must have read, and nothing may have gone back. */
void fields_reader_stop(struct fields_reader *r);

#endif
