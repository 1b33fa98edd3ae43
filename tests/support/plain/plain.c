// SPDX-License-Identifier: BSD-2-Clause
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <criterion/criterion.h>

char *plain_why;

void plain_fail(const char *file, int line, const char *condition, const char *format, ...)
{
	char text[PLAIN_WHY_BYTES];
	size_t length = (size_t)snprintf(text, sizeof(text), "%s:", condition);
	va_list args;

	if (length >= sizeof(text))
		length = sizeof(text) - 1;
	va_start(args, format);
	vsnprintf(text + length, sizeof(text) - length, format, args);
	va_end(args);
	fprintf(stderr, "%s:%d: %s\n", file, line, text);
	fflush(NULL);
	if (plain_why)
		snprintf(plain_why, PLAIN_WHY_BYTES, "%s", text);
	_exit(1);
}
