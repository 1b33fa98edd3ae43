/* SPDX-License-Identifier: BSD-2-Clause */
/* One look at all that runs: who answers, and the AF_XDP sockets that the kernel tells of. */
#ifndef RUNNING_LOOK_H
#define RUNNING_LOOK_H

#include "document.h"
#include "peers.h"
#include "sockets.h"
#include "table.h"

/* Whom to look at; all zero: everybody. */
struct look_filter {
	int pid;
	const char *interface;
};

struct look {
	struct peers peers;
	struct document
		*documents; /* one for each peer; root NULL: it has not answered, or no document */
	struct sockets others; /* sockets that nobody tells of but the kernel */
	struct table table;    /* a row per queue of all these */
};

/* Return: 0 and *l, to be freed by look_free(); -errno and *err. */
int look_take(struct look *l, const char *folder, const struct look_filter *filter,
	      struct net_error *err);
void look_free(struct look *l);

/* Does the filter want this endpoint of the peer's document? */
bool look_wants(const struct look_filter *filter, const struct document *d, uint32_t endpoint);
/* Why the peer has no document; a sentence. */
const char *look_trouble(const struct peer *peer, char *out, size_t size);

#endif
