// SPDX-License-Identifier: BSD-2-Clause
#include "exposition.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/escape.h"
#include "sample.h"

static const struct metric_type types[] = {
	{"gauge", {""}},     {"counter", {"_total", "_created"}},
	{"info", {"_info"}}, {"histogram", {"_bucket", "_count", "_sum", "_created"}},
	{"stateset", {""}},  {"unknown", {""}},
};

/* What is known while the lines are read. */
struct reader {
	struct exposition *e;
	FILE *out;
	size_t out_bytes; /* valid after fflush() */
};

static struct family *current(const struct exposition *e)
{
	return e->count ? &e->families[e->count - 1] : NULL;
}

/* ---- Families --------------------------------------------------------------------------------- */

static const char *suffix_of(const struct metric_type *type, unsigned int nth)
{
	/* The family's own name is taken by every type. */
	if (!nth)
		return "";
	return nth <= 4 ? type->suffixes[nth - 1] : NULL;
}

bool family_clashes(const struct family *a, const struct family *b)
{
	size_t a_length = strlen(a->name), b_length = strlen(b->name);
	const struct family *longer = a_length > b_length ? a : b, *shorter = longer == a ? b : a;
	size_t length = longer == a ? b_length : a_length;
	const char *rest = longer->name + length, *s, *l;

	if (strncmp(longer->name, shorter->name, length))
		return false;
	for (unsigned int i = 0; (s = suffix_of(shorter->type, i)); i++)
		for (unsigned int k = 0; (l = suffix_of(longer->type, k)); k++)
			if (!strncmp(s, rest, strlen(rest)) && !strcmp(s + strlen(rest), l))
				return true;
	return false;
}

static bool has_name(const struct exposition *e, const char *name)
{
	for (uint32_t i = 0; i < e->count; i++)
		if (!strcmp(e->families[i].name, name))
			return true;
	return false;
}

static int begin_family(struct reader *r, const char *name)
{
	struct exposition *e = r->e;
	struct family *families;

	if (!*name || e->count == EXPOSITION_FAMILIES || has_name(e, name) ||
	    sample_name_bytes(name, true) != strlen(name))
		return -EINVAL;
	families = realloc(e->families, (e->count + 1) * sizeof(*families));
	if (!families || fflush(r->out))
		return -ENOMEM;
	e->families = families;
	families[e->count++] = (struct family){.name = name, .at = r->out_bytes};
	return 0;
}

/* ---- Lines ------------------------------------------------------------------------------------ */

static const struct metric_type *type_of(const char *name)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(types[i].name, name))
			return &types[i];
	return NULL;
}

static bool is_unit_of(const char *unit, const char *name)
{
	size_t length = strlen(unit), whole = strlen(name);

	return length && whole > length && !strcmp(name + whole - length, unit) &&
	       name[whole - length - 1] == '_';
}

/* Backslashes are escapes here, too. */
static bool is_escaped(const char *help)
{
	for (; *help; help++)
		if (*help == '\\' && !(*++help && strchr("\\\"n", *help)))
			return false;
	return true;
}

/* "# WORD name value": each once per family, in front of its samples. */
static int read_about(struct reader *r, char *line)
{
	char *rest = line + 2, *word = strsep(&rest, " "), *name = strsep(&rest, " ");
	struct family *f = current(r->e);
	int rc = 0;

	if (!name || !rest)
		return -EINVAL;
	if (!f || strcmp(f->name, name))
		rc = begin_family(r, name);
	else if (f->count)
		rc = -EINVAL;
	if (rc)
		return rc;
	f = current(r->e);
	if (!strcmp(word, "TYPE") && !f->type)
		return (f->type = type_of(rest)) ? 0 : -EINVAL;
	if (!strcmp(word, "UNIT") && !f->unit)
		return is_unit_of(f->unit = rest, name) ? 0 : -EINVAL;
	if (!strcmp(word, "HELP") && !f->help)
		return is_escaped(f->help = rest) ? 0 : -EINVAL;
	return -EINVAL;
}

/* Is it a sample of the family, and may it have this value? */
static bool belongs(const struct family *f, const struct sample *s)
{
	size_t length = strlen(f->name);
	double value = strtod(s->value, NULL);
	bool gauge = !f->type->suffixes[0][0];

	if (s->name.bytes < length || strncmp(s->name.at, f->name, length))
		return false;
	/* What is counted is not negative, and a number. */
	if (!gauge && !(value >= 0))
		return false;
	for (unsigned int i = 0; i < 4 && f->type->suffixes[i]; i++) {
		const char *suffix = f->type->suffixes[i];

		if (s->name.bytes == length + strlen(suffix) &&
		    !strncmp(s->name.at + length, suffix, strlen(suffix)))
			return true;
	}
	return false;
}

/* Bytes of the kind that escape_json() makes harmless for JSON, for a label's value. */
static void put_program(FILE *out, const char *program)
{
	char plain[1024];

	escape_plain(plain, sizeof(plain), program);
	for (const char *at = plain; *at; at++) {
		if (*at == '"' || *at == '\\')
			putc('\\', out);
		putc(*at, out);
	}
}

static int read_sample(struct reader *r, const char *line)
{
	struct family *f = current(r->e);
	struct sample s;

	if (!f || !f->type || !sample_parse(&s, line) || !belongs(f, &s))
		return -EINVAL;
	fprintf(r->out, "%.*s{program=\"", (int)s.name.bytes, s.name.at);
	put_program(r->out, r->e->program);
	fprintf(r->out, "\",pid=\"%d\"", r->e->pid);
	for (unsigned int i = 0; i < s.label_count; i++)
		if (!sample_label_is(&s.labels[i], "program") &&
		    !sample_label_is(&s.labels[i], "pid"))
			fprintf(r->out, ",%.*s", (int)s.labels[i].bytes, s.labels[i].at);
	fprintf(r->out, "} %s\n", s.value);
	f->count++;
	if (fflush(r->out))
		return -ENOMEM;
	if (r->out_bytes > EXPOSITION_BYTES)
		return -EFBIG;
	f->bytes = r->out_bytes - f->at;
	return 0;
}

/* ---- The whole -------------------------------------------------------------------------------- */

static size_t identity_bytes(const char *line)
{
	return (size_t)(strrchr(line, ' ') - line);
}

static int by_identity(const void *a, const void *b)
{
	const char *one = *(const char *const *)a, *other = *(const char *const *)b;
	size_t n = identity_bytes(one), m = identity_bytes(other);
	int order = memcmp(one, other, n < m ? n : m);

	return order ? order : (n > m) - (n < m);
}

/* Has a family the same sample twice? Lines are terminated for the while. */
static int check_doubles(struct exposition *e, const struct family *f)
{
	const char **lines = calloc(f->count + 1, sizeof(*lines));
	char *at = e->samples + f->at;
	int rc = 0;

	if (!lines)
		return -ENOMEM;
	for (uint32_t i = 0; i < f->count; i++) {
		lines[i] = at;
		at = strchr(at, '\n');
		*at++ = '\0';
	}
	qsort(lines, f->count, sizeof(*lines), by_identity);
	for (uint32_t i = 1; i < f->count; i++)
		if (!by_identity(&lines[i - 1], &lines[i]))
			rc = -EINVAL;
	free(lines);
	at = e->samples + f->at;
	for (uint32_t i = 0; i < f->count; i++) {
		at += strlen(at);
		*at++ = '\n';
	}
	return rc;
}

static int check(struct exposition *e)
{
	int rc = 0;

	for (uint32_t i = 0; !rc && i < e->count; i++) {
		rc = e->families[i].type ? check_doubles(e, &e->families[i]) : -EINVAL;
		for (uint32_t k = 0; !rc && k < i; k++)
			if (family_clashes(&e->families[i], &e->families[k]))
				rc = -EINVAL;
	}
	return rc;
}

/* UTF-8 without controls, which somebody's terminal would obey. */
static bool is_clean(const char *text)
{
	uint32_t code;
	size_t length;

	for (; *text; text += length) {
		length = escape_decode(text, &code);
		if (!length || (code < 0x20 && code != '\n') || (code >= 0x7f && code < 0xa0))
			return false;
	}
	return true;
}

int exposition_parse(struct exposition *e, char *text, const char *program, int pid)
{
	struct reader r = {.e = e};
	char *line;
	int rc = 0;

	*e = (struct exposition){.program = program, .pid = pid};
	if (!is_clean(text))
		return -EINVAL;
	r.out = open_memstream(&e->samples, &r.out_bytes);
	if (!r.out)
		return -ENOMEM;
	while (!rc && (line = strsep(&text, "\n")) && strcmp(line, "# EOF"))
		rc = line[0] == '#' && line[1] == ' ' ? read_about(&r, line)
						      : read_sample(&r, line);
	/* The end has been reached, and is one. */
	if (!rc && (!line || !text || *text))
		rc = -EINVAL;
	if (fclose(r.out))
		rc = -ENOMEM;
	if (!rc)
		rc = check(e);
	if (rc)
		exposition_free(e);
	return rc;
}

void exposition_free(struct exposition *e)
{
	free(e->families);
	free(e->samples);
	*e = (struct exposition){0};
}
