/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdbool.h>
#include <string.h>

#include "escape.h"

size_t escape_decode(const char *text, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800,
					 0x10000}; /* shorter forms are invalid */
	const unsigned char *byte = (const unsigned char *)text;
	size_t length = byte[0] < 0x80	 ? 1
			: byte[0] < 0xc0 ? 0
			: byte[0] < 0xe0 ? 2
			: byte[0] < 0xf0 ? 3
			: byte[0] < 0xf8 ? 4
					 : 0;
	uint32_t value = length > 1 ? byte[0] & (0x7fu >> length) : byte[0];

	*code = byte[0];
	for (size_t i = 1; i < length; i++) {
		if ((byte[i] & 0xc0) != 0x80) /* the final NUL, too */
			return 0;
		value = value << 6 | (byte[i] & 0x3f);
	}
	/* UTF-16's halves and what lies beyond Unicode are no characters. */
	if (!length || value < least[length] || value > 0x10ffff || value >> 11 == 0x1b)
		return 0;
	*code = value;
	return length;
}

/* Controls of C0 and C1 (U+009B begins an escape sequence), DEL, and what turns the direction of a
 * line. */
static bool is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

char *escape_plain(char *out, size_t size, const char *text)
{
	size_t used = 0, length;
	char piece[20]; /* a character of at most 4 bytes, 4 columns each */
	uint32_t code;

	for (; *text; text += length) {
		length = escape_decode(text, &code);
		if (length && !is_control(code)) {
			snprintf(piece, sizeof(piece), "%.*s", (int)length, text);
		} else {
			length = length ? length : 1;
			for (size_t i = 0; i < length; i++)
				snprintf(piece + 4 * i, 5, "\\x%02x", (unsigned char)text[i]);
		}
		if (used + strlen(piece) >= size)
			break;
		used += (size_t)snprintf(out + used, size - used, "%s", piece);
	}
	out[used] = '\0';
	return out;
}

const char *escape_word(const char *name)
{
	static const char harmless[] = "abcdefghijklmnopqrstuvwxyz"
				       "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._@+";
	static char buffers[2][80]; /* 15 characters of at most 4, and the outer quotes */
	static uint32_t last;
	size_t used = 0;
	char *out;

	if (!name[strspn(name, harmless)])
		return name;
	last = !last;
	out = buffers[last];
	out[used++] = '\'';
	for (; *name && used < sizeof(buffers[0]) - 6; name++)
		used += (size_t)snprintf(out + used, 5, *name == '\'' ? "'\\''" : "%c", *name);
	snprintf(out + used, 2, "'");
	return out;
}

void escape_json(FILE *out, const char *text)
{
	size_t length;
	uint32_t code;

	for (; *text; text += length ? length : 1) {
		length = escape_decode(text, &code);
		if (code == '"' || code == '\\')
			fprintf(out, "\\%c", (int)code);
		else if (!length || is_control(code))
			fprintf(out, "\\u%04x", code);
		else
			fprintf(out, "%.*s", (int)length, text);
	}
}
