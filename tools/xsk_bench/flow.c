/* SPDX-License-Identifier: BSD-2-Clause */
/* Sequence numbers: a bitmap of the last FLOW_WINDOW numbers slides with the highest one seen. */
#include "flow.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct flow {
	uint16_t run;
	uint16_t stream;
	uint64_t first; /* lowest number seen */
	uint64_t next;	/* highest number seen, plus 1 */
	uint64_t unique;
	uint64_t reordered;
	uint64_t duplicates;
	uint64_t too_old;
	uint64_t seen[FLOW_WINDOW / 64]; /* bit n % FLOW_WINDOW: n was seen */
};

static struct flow *find_flow(struct flow_table *t, uint16_t run, uint16_t stream,
			      uint64_t sequence)
{
	struct flow *f;

	for (uint32_t i = 0; i < t->count; i++) {
		uint32_t at = t->last + i < t->count ? t->last + i : t->last + i - t->count;

		f = t->flows[at];
		if (f->run == run && f->stream == stream) {
			t->last = at;
			return f;
		}
	}
	if (t->count == FLOW_MAX)
		return NULL;
	f = calloc(1, sizeof(*f));
	if (!f)
		return NULL;
	f->run = run;
	f->stream = stream;
	f->first = f->next = sequence;
	t->last = t->count;
	t->flows[t->count++] = f;
	return f;
}

/* The window moves up to sequence: forget what falls out of it. */
static void slide(struct flow *f, uint64_t sequence)
{
	if (sequence - f->next >= FLOW_WINDOW) {
		memset(f->seen, 0, sizeof(f->seen));
	} else {
		for (uint64_t n = f->next; n < sequence; n++)
			f->seen[n % FLOW_WINDOW / 64] &= ~(1ull << n % 64);
	}
	f->next = sequence + 1;
}

enum flow_verdict flow_note(struct flow_table *table, uint16_t run, uint16_t stream,
			    uint64_t sequence)
{
	struct flow *f = find_flow(table, run, stream, sequence);
	uint64_t *word, bit = 1ull << sequence % 64;

	if (!f) {
		table->untracked++;
		return FLOW_UNTRACKED;
	}
	word = &f->seen[sequence % FLOW_WINDOW / 64];
	if (sequence >= f->next) {
		slide(f, sequence);
		*word |= bit;
		f->unique++;
		return FLOW_NEW;
	}
	if (f->next - sequence > FLOW_WINDOW) {
		f->too_old++;
		return FLOW_TOO_OLD;
	}
	if (*word & bit) {
		f->duplicates++;
		return FLOW_DUPLICATE;
	}
	*word |= bit;
	f->unique++;
	f->reordered++;
	if (sequence < f->first)
		f->first = sequence;
	return FLOW_NEW;
}

uint64_t flow_gaps(const struct flow_table *table)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < table->count; i++) {
		const struct flow *f = table->flows[i];

		sum += f->next - f->first - f->unique;
	}
	return sum;
}

/* Is the flow already added up, because a table before t[table] or an entry of it has it? */
static bool is_repeat(struct flow_table *const *t, uint32_t table, const struct flow *f)
{
	for (uint32_t i = 0; i < table; i++)
		for (uint32_t k = 0; k < t[i]->count; k++)
			if (t[i]->flows[k]->run == f->run && t[i]->flows[k]->stream == f->stream)
				return true;
	return false;
}

static void add_flow(struct flow_table *const *t, uint32_t count, const struct flow *f,
		     struct flow_totals *out)
{
	uint64_t first = f->first, next = f->next, unique = 0;

	for (uint32_t i = 0; i < count; i++)
		for (uint32_t k = 0; k < t[i]->count; k++) {
			const struct flow *g = t[i]->flows[k];

			if (g->run != f->run || g->stream != f->stream)
				continue;
			first = g->first < first ? g->first : first;
			next = g->next > next ? g->next : next;
			unique += g->unique;
			out->reordered += g->reordered;
			out->duplicates += g->duplicates;
			out->too_old += g->too_old;
		}
	/* More numbers than the range holds: some came on two threads. */
	if (unique > next - first) {
		out->duplicates += unique - (next - first);
		unique = next - first;
	}
	out->missing += next - first - unique;
	out->unique += unique;
	if (!out->flows || first < out->first)
		out->first = first;
	out->flows++;
}

void flow_totals(struct flow_table *const *tables, uint32_t count, struct flow_totals *out)
{
	memset(out, 0, sizeof(*out));
	for (uint32_t i = 0; i < count; i++) {
		out->untracked += tables[i]->untracked;
		for (uint32_t k = 0; k < tables[i]->count; k++)
			if (!is_repeat(tables, i, tables[i]->flows[k]))
				add_flow(tables, count, tables[i]->flows[k], out);
	}
}

void flow_free(struct flow_table *table)
{
	for (uint32_t i = 0; i < table->count; i++)
		free(table->flows[i]);
	table->count = 0;
}
