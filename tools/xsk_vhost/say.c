/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "common/escape.h"
#include "common/wrap.h"

#define SENTENCE_BYTES 1024

void say(const char *format, ...)
{
	static const char name[] = "xsk-vhost: ";
	char text[SENTENCE_BYTES], plain[4 * SENTENCE_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fputs(name, stderr);
	if (isatty(STDERR_FILENO))
		wrap_text(stderr, sizeof(name) - 1, sizeof(name) - 1, text);
	else
		fprintf(stderr, "%s\n", escape_plain(plain, sizeof(plain), text));
}
