/* SPDX-License-Identifier: BSD-2-Clause */
/* A thread that pulls a disconnectable's cable and puts one in again, a number of times, while a
 * frontend runs. It swaps again when the frontend has been told that the link is up. */
#ifndef SUPPORT_SWAPPER_H
#define SUPPORT_SWAPPER_H

#include <pthread.h>
#include <stdbool.h>

#include "net_wrap.h"

struct swapper {
	pthread_t thread;
	struct net_endpoint *ep;
	struct net_endpoint
		*other; /* to be connected in turn with the one that is; NULL: that one again */
	uint32_t swaps;
	int rc; /* of what failed */

	/* Atomic: */
	bool done;
	uint32_t ups; /* that the frontend was told of */

	/* The frontend's: */
	uint32_t downs, restarts;
	bool link_up, repeated;
};

void swapper_start(struct swapper *s, struct net_endpoint *ep, struct net_endpoint *other,
		   uint32_t swaps);
bool swapper_is_done(struct swapper *s);
/* The frontend's part: take all actions and note them. Return: is a restart required? */
bool swapper_actions(struct swapper *s);
/* Must have gone well: each swap one down and one up. */
void swapper_end(struct swapper *s);

#endif
