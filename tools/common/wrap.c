/* SPDX-License-Identifier: BSD-2-Clause */
#include "wrap.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "escape.h"

#define TEXT_BYTES 1024 /* at most, of the longest sentence */

size_t wrap_width(const char *text, size_t length)
{
	size_t count = 0;

	for (size_t i = 0; i < length; i++)
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	return count;
}

void wrap_text(FILE *out, size_t column, size_t indent, const char *text)
{
	char plain[4 * TEXT_BYTES];
	bool first = true;

	text = escape_plain(plain, sizeof(plain), text);
	while (*text) {
		size_t length = strcspn(text, " ");
		size_t width = wrap_width(text, length);

		if (!first && column + 1 + width > WRAP_COLUMNS) {
			fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
			first = true;
		}
		fprintf(out, "%s%.*s", first ? "" : " ", (int)length, text);
		column += width + !first;
		first = false;
		text += length;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

void wrap_paragraph(FILE *out, size_t indent, const char *format, ...)
{
	char text[TEXT_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(out, "%*s", (int)indent, "");
	wrap_text(out, indent, indent + 2, text);
}
