// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "xdp/error.h"

int error_set(struct net_error *err, int code, const char *step, const char *format, ...)
{
	va_list args;

	if (!err)
		return code;
	err->code = code;
	snprintf(err->step, sizeof(err->step), "%s", step);
	va_start(args, format);
	vsnprintf(err->message, sizeof(err->message), format, args);
	va_end(args);
	return code;
}

const char *error_hint(int code)
{
	switch (code) {
	case -EPERM:
	case -EACCES:
		return "; run as root or grant CAP_NET_RAW, CAP_NET_ADMIN, CAP_BPF and "
		       "CAP_PERFMON";
	case -ENOBUFS:
		return "; raise the locked-memory limit (ulimit -l) or grant CAP_IPC_LOCK";
	case -EMFILE:
		return "; raise the open-files limit (ulimit -n)";
	case -ENODEV:
		return "; list the interfaces with: ip link";
	default:
		return "";
	}
}
