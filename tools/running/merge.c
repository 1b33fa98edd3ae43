// SPDX-License-Identifier: BSD-2-Clause
#include "merge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* More than one program's, and fewer than would keep a scrape busy. */
#define FAMILIES_MAX 4096u

struct merged_family {
	struct family f; /* name, unit and help are copies */
	char *samples;
	size_t bytes;
};

static struct merged_family *find(const struct merge *m, const char *name)
{
	for (uint32_t i = 0; i < m->count; i++)
		if (!strcmp(m->families[i].f.name, name))
			return &m->families[i];
	return NULL;
}

static bool is_same_unit(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* Does it go with what is here? */
static bool fits(const struct merge *m, const struct family *f)
{
	const struct merged_family *same = find(m, f->name);

	if (same)
		return same->f.type == f->type && is_same_unit(same->f.unit, f->unit);
	for (uint32_t i = 0; i < m->count; i++)
		if (family_clashes(&m->families[i].f, f))
			return false;
	return true;
}

/* ---- Adding ----------------------------------------------------------------------------------- */

static void free_family(struct merged_family *f)
{
	free((char *)(uintptr_t)f->f.name);
	free((char *)(uintptr_t)f->f.unit);
	free((char *)(uintptr_t)f->f.help);
	free(f->samples);
}

static struct merged_family *begin(struct merge *m, const struct family *f)
{
	struct merged_family *families = realloc(m->families, (m->count + 1) * sizeof(*families));
	struct merged_family fresh = {.f.type = f->type};

	if (!families)
		return NULL;
	m->families = families;
	fresh.f.name = strdup(f->name);
	fresh.f.unit = f->unit ? strdup(f->unit) : NULL;
	fresh.f.help = f->help ? strdup(f->help) : NULL;
	if (!fresh.f.name || (f->unit && !fresh.f.unit) || (f->help && !fresh.f.help)) {
		free_family(&fresh);
		return NULL;
	}
	families[m->count] = fresh;
	return &families[m->count++];
}

/* Room first, so that all of them can be added or none. */
static int reserve(struct merge *m, const struct exposition *e)
{
	for (uint32_t i = 0; i < e->count; i++) {
		const struct family *f = &e->families[i];
		struct merged_family *to = find(m, f->name);
		char *samples;

		if (!to)
			to = begin(m, f);
		if (!to)
			return -ENOMEM;
		samples = realloc(to->samples, to->bytes + f->bytes + 1);
		if (!samples)
			return -ENOMEM;
		to->samples = samples;
	}
	return 0;
}

int merge_add(struct merge *m, const struct exposition *e)
{
	int rc;

	if (m->count + e->count > FAMILIES_MAX)
		return -EINVAL;
	for (uint32_t i = 0; i < e->count; i++)
		if (!fits(m, &e->families[i]))
			return -EINVAL;
	rc = reserve(m, e);
	if (rc)
		return rc;
	for (uint32_t i = 0; i < e->count; i++) {
		const struct family *f = &e->families[i];
		struct merged_family *to = find(m, f->name);

		memcpy(to->samples + to->bytes, e->samples + f->at, f->bytes);
		to->bytes += f->bytes;
	}
	return 0;
}

void merge_print(const struct merge *m, FILE *out)
{
	for (uint32_t i = 0; i < m->count; i++) {
		const struct merged_family *f = &m->families[i];

		fprintf(out, "# TYPE %s %s\n", f->f.name, f->f.type->name);
		if (f->f.unit)
			fprintf(out, "# UNIT %s %s\n", f->f.name, f->f.unit);
		if (f->f.help)
			fprintf(out, "# HELP %s %s\n", f->f.name, f->f.help);
		fwrite(f->samples, 1, f->bytes, out);
	}
}

void merge_free(struct merge *m)
{
	for (uint32_t i = 0; i < m->count; i++)
		free_family(&m->families[i]);
	free(m->families);
	*m = (struct merge){0};
}
