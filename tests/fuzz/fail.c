// SPDX-License-Identifier: BSD-2-Clause
#include <stdarg.h>

#include <criterion/criterion.h>

#include "support/fixture.h"

/* What fails ends the program here, where libFuzzer or the replay says which input it was. */
void plain_fail(const char *file, int line, const char *condition, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "%s:%d: %s:", file, line, condition);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	abort();
}

/* No network here; memory is on small pages, as for veth. */
bool fixture_is_veth(void)
{
	return true;
}
