/* SPDX-License-Identifier: BSD-2-Clause */
/* What failed in a tool, in the form in which the library says it. */
#ifndef COMMON_ERROR_H
#define COMMON_ERROR_H

#include "net_xdp.h"

/* Fill *err. Return: code, a -errno. */
int error_fill(struct net_error *err, int code, const char *step, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* The sentence is "what: what the errno means". */
int error_errno(struct net_error *err, int code, const char *step, const char *what);

#endif
