/* SPDX-License-Identifier: BSD-2-Clause */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_fill(struct net_error *err, int code, const char *step, const char *format, ...)
{
	va_list args;

	err->code = code;
	snprintf(err->step, sizeof(err->step), "%s", step);
	va_start(args, format);
	vsnprintf(err->message, sizeof(err->message), format, args);
	va_end(args);
	return code;
}

int error_errno(struct net_error *err, int code, const char *step, const char *what)
{
	return error_fill(err, code, step, "%s: %s", what, strerror(-code));
}
