/* SPDX-License-Identifier: BSD-2-Clause */
/* A configuration that must be refused, and how. */
#ifndef SUPPORT_REFUSED_H
#define SUPPORT_REFUSED_H

#include "support/frontend_xdp.h"

/* Fill in the frontend's memory as the regions, and lay its buffers out. */
void refused_prepare(struct frontend_xdp *x);

/*
 * Open x->config, and if that works, make one queue: one of them must fail with this code at this
 * step, in one sentence that contains both words. Several times over: it must leave no descriptor,
 * no mapping and no program behind.
 */
void refused(struct frontend_xdp *x, int code, const char *step, const char *word,
	     const char *other_word);

#endif
