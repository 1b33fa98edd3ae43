/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "escape.h"
#include "wrap.h"

#define SENTENCE_BYTES 1024

void say(const char *format, ...)
{
	const char *name = program_invocation_short_name;
	const size_t indent = strlen(name) + 2;
	char text[SENTENCE_BYTES], plain[4 * SENTENCE_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(stderr, "%s: ", name);
	/* A line of a log stays one. */
	if (isatty(STDERR_FILENO))
		wrap_text(stderr, indent, indent, text);
	else
		fprintf(stderr, "%s\n", escape_plain(plain, sizeof(plain), text));
}
