// SPDX-License-Identifier: BSD-2-Clause
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <criterion/criterion.h>

char *plain_why;

void plain_fail(const char *file, int line, const char *format, ...)
{
	char text[PLAIN_WHY_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(stderr, "%s:%d: %s\n", file, line, text);
	fflush(NULL);
	if (plain_why)
		snprintf(plain_why, PLAIN_WHY_BYTES, "%s", text);
	_exit(1);
}
