/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_XDP_ERROR_H
#define NET_XDP_ERROR_H

#include "net_backend.h"

/*
 * Fill *err (may be NULL) with the step, the code and one sentence, and return the code, so that a
 * failing call reads `return error_set(err, -EINVAL, "config", "chunk_bytes %u: ...", n)`.
 */
int error_set(struct net_error *err, int code, const char *step, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* What to do about an errno that has one usual cause (EPERM, ENOBUFS, ...); "" when it has none. */
const char *error_hint(int code);

#endif
