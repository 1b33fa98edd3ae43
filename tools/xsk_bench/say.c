/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

#include <stdarg.h>
#include <unistd.h>

#include "common/escape.h"
#include "common/wrap.h"

#define SENTENCE_BYTES 1024

void say(const char *format, ...)
{
	static const char name[] = "xsk-bench: ";
	char text[SENTENCE_BYTES], plain[4 * SENTENCE_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* A line of a log stays one. */
	fputs(name, stderr);
	if (isatty(STDERR_FILENO))
		wrap_text(stderr, sizeof(name) - 1, sizeof(name) - 1, text);
	else
		fprintf(stderr, "%s\n", escape_plain(plain, sizeof(plain), text));
}

struct said say_rate(double pps)
{
	struct said s;

	if (pps >= 1e6)
		snprintf(s.text, sizeof(s.text), "%.3f Mpps", pps / 1e6);
	else if (pps >= 1e3)
		snprintf(s.text, sizeof(s.text), "%.2f kpps", pps / 1e3);
	else
		snprintf(s.text, sizeof(s.text), "%.1f pps", pps);
	return s;
}

struct said say_bytes(uint64_t bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
	double value = (double)bytes / 1024;
	size_t i = 0;
	struct said s;

	for (; i < 3 && value >= 1024; i++)
		value /= 1024;
	if (bytes < 1024)
		snprintf(s.text, sizeof(s.text), "%u bytes", (unsigned int)bytes);
	else
		snprintf(s.text, sizeof(s.text), "%.1f %s", value, units[i]);
	return s;
}
