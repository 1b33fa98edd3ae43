// SPDX-License-Identifier: BSD-2-Clause
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <sys/syscall.h>

#include "support/bpf_call.h"

/* Reads six arguments, as the C library's does, whoever passed fewer: what AddressSanitizer would call reading
 * below the caller's stack. */
long syscall(long number, ...);
__attribute__((no_sanitize("address"))) long syscall(long number, ...)
{
	static long (*real)(long, ...);
	va_list args;
	long a[6];
	int error;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "syscall");
	va_start(args, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	error = number == SYS_bpf ? bpf_call(a[0]) : 0;
	if (!error)
		return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	errno = error;
	return -1;
}
