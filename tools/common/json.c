/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "net_backend.h"

#include "escape.h"
#include "json.h"

static void put_text(FILE *out, const char *text)
{
	putc('"', out);
	escape_json(out, text);
	putc('"', out);
}

/* What stands in front of every value. */
static void lead(struct json *j, const char *key)
{
	if (j->depth) {
		fprintf(j->out, "%s\n%*s", j->first ? "" : ",", (int)(2 * j->depth), "");
		j->first = false;
	}
	if (key) {
		put_text(j->out, key);
		fputs(": ", j->out);
	}
}

void json_open(struct json *j, const char *key, char bracket)
{
	lead(j, key);
	putc(bracket, j->out);
	j->depth++;
	j->first = true;
}

void json_close(struct json *j, char bracket)
{
	j->depth--;
	if (!j->first)
		fprintf(j->out, "\n%*s", (int)(2 * j->depth), "");
	putc(bracket, j->out);
	j->first = false;
	if (!j->depth)
		putc('\n', j->out);
}

void json_text(struct json *j, const char *key, const char *value)
{
	lead(j, key);
	put_text(j->out, value);
}

void json_number(struct json *j, const char *key, uint64_t value)
{
	lead(j, key);
	fprintf(j->out, "%llu", (unsigned long long)value);
}

void json_signed(struct json *j, const char *key, int64_t value)
{
	lead(j, key);
	fprintf(j->out, "%lld", (long long)value);
}

void json_real(struct json *j, const char *key, double value)
{
	lead(j, key);
	fprintf(j->out, "%.3f", value);
}

void json_bool(struct json *j, const char *key, bool value)
{
	lead(j, key);
	fputs(value ? "true" : "false", j->out);
}

void json_null(struct json *j, const char *key)
{
	lead(j, key);
	fputs("null", j->out);
}

void json_pieces(struct json *j, const char *key)
{
	lead(j, key);
	j->line_ended = false;
}

/* A line's end is held back until something follows. */
void json_piece(struct json *j, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (j->line_ended)
			fprintf(j->out, "\n%*s", (int)(2 * j->depth), "");
		j->line_ended = text[i] == '\n';
		if (!j->line_ended)
			putc(text[i], j->out);
	}
}

bool json_is_asked(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--json"))
			return true;
	return false;
}

void json_outcome(struct json *j, int exit_code, const struct net_error *error)
{
	json_number(j, "exit_code", (uint64_t)exit_code);
	if (!error)
		return;
	json_open(j, "error", '{');
	json_signed(j, "code", error->code);
	json_text(j, "step", error->step);
	json_text(j, "message", error->message);
	json_close(j, '}');
}
