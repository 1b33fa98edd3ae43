// SPDX-License-Identifier: BSD-2-Clause
#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "common/escape.h"
#include "common/wrap.h"

/* Columns of the table: 80 with the spaces between. */
enum { PID = 7, PROGRAM = 12, INTERFACE = 15, QUEUE = 5, MODE = 12, RATE = 7 };

struct row *table_add(struct table *t)
{
	struct row *rows = realloc(t->rows, (t->count + 1) * sizeof(*rows));

	if (!rows) {
		t->cut = true;
		return NULL;
	}
	t->rows = rows;
	rows[t->count] = (struct row){0};
	return &rows[t->count++];
}

void table_free(struct table *t)
{
	free(t->rows);
	*t = (struct table){0};
}

const char *running_mode_name(enum running_mode mode)
{
	static const char *const names[] = {
		[RUNNING_UNKNOWN] = "-",
		[RUNNING_ZERO_COPY] = "zero-copy",
		[RUNNING_COPY] = "copy",
		[RUNNING_COPY_NATIVE] = "copy native",
		[RUNNING_COPY_GENERIC] = "copy generic",
	};

	return names[mode];
}

/* ---- Rates ------------------------------------------------------------------------------------ */

static bool is_same(const struct row *a, const struct row *b)
{
	return a->pid == b->pid && a->q.endpoint == b->q.endpoint && a->q.queue == b->q.queue &&
	       !strcmp(a->program, b->program) && !strcmp(a->q.interface, b->q.interface);
}

static void rate(struct row *now, const struct row *before)
{
	const bool counted = now->q.counted && before->q.counted;
	double seconds;

	if (now->at_ns <= before->at_ns || now->q.lost < before->q.lost)
		return;
	seconds = (double)(now->at_ns - before->at_ns) / 1e9;
	now->has_lost = counted || (now->q.lost_alone && before->q.lost_alone);
	now->lost_per_s = (double)(now->q.lost - before->q.lost) / seconds;
	if (!counted || now->q.rx_frames < before->q.rx_frames ||
	    now->q.tx_packets < before->q.tx_packets)
		return;
	now->has_rates = true;
	now->rx_per_s = (double)(now->q.rx_frames - before->q.rx_frames) / seconds;
	now->tx_per_s = (double)(now->q.tx_packets - before->q.tx_packets) / seconds;
}

void table_rates(struct table *t, const struct table *before)
{
	for (uint32_t i = 0; i < t->count; i++)
		for (uint32_t k = 0; k < before->count; k++)
			if (is_same(&t->rows[i], &before->rows[k]))
				rate(&t->rows[i], &before->rows[k]);
}

/* ---- Lines ------------------------------------------------------------------------------------ */

/* A name that somebody else chose: exactly so many columns, and a space. */
static void print_name(FILE *out, const char *name, size_t columns)
{
	char plain[1024];
	size_t length = 0, width;

	escape_plain(plain, sizeof(plain), name);
	while (plain[length] && wrap_width(plain, length + 1) <= columns)
		length++;
	width = wrap_width(plain, length);
	fprintf(out, "%.*s%*s ", (int)length, plain, (int)(columns - width), "");
}

/* Right in its column: 999999, 14.88M. */
static void print_rate(FILE *out, bool known, double per_s)
{
	char text[32] = "-";

	if (known && per_s < 999999.5)
		snprintf(text, sizeof(text), "%.0f", per_s);
	else if (known && per_s < 999.995e6)
		snprintf(text, sizeof(text), "%.2fM", per_s / 1e6);
	else if (known && per_s < 999.5e9)
		snprintf(text, sizeof(text), "%.3gG", per_s / 1e9);
	else if (known)
		snprintf(text, sizeof(text), ">999G");
	fprintf(out, " %*s", RATE, text);
}

static void print_row(FILE *out, const struct row *row)
{
	if (row->pid)
		fprintf(out, "%*d ", PID, row->pid);
	else
		fprintf(out, "%*s ", PID, "-");
	print_name(out, row->program, PROGRAM);
	if (row->trouble[0]) {
		fprintf(out, "%s\n", row->trouble);
		return;
	}
	print_name(out, row->q.interface, INTERFACE);
	if (row->q.queue >= 0)
		fprintf(out, "%*lld ", QUEUE, (long long)row->q.queue);
	else
		fprintf(out, "%*s ", QUEUE, "-");
	fprintf(out, "%-*s", MODE, running_mode_name(row->q.mode));
	print_rate(out, row->has_rates, row->rx_per_s);
	print_rate(out, row->has_rates, row->tx_per_s);
	print_rate(out, row->has_lost, row->lost_per_s);
	fputc('\n', out);
}

static void print_heading(FILE *out)
{
	fprintf(out, "%*s %-*s %-*s %*s %-*s %*s %*s %*s\n", PID, "PID", PROGRAM, "PROGRAM",
		INTERFACE, "INTERFACE", QUEUE, "QUEUE", MODE, "MODE", RATE, "RX/S", RATE, "TX/S",
		RATE, "LOST/S");
}

uint32_t table_print(FILE *out, const struct table *t, bool heading, uint32_t room)
{
	uint32_t shown = t->count;

	if (room && shown + heading > room)
		shown = room > 1u + heading ? room - 1 - heading : 0;
	if (heading)
		print_heading(out);
	for (uint32_t i = 0; i < shown; i++)
		print_row(out, &t->rows[i]);
	if (shown == t->count)
		return shown + heading;
	fprintf(out, "%*s and %u more\n", PID, "...", t->count - shown);
	return shown + heading + 1;
}

void table_print_stalls(FILE *out, const struct table *t)
{
	for (uint32_t i = 0; i < t->count; i++) {
		const struct row *row = &t->rows[i];

		if (row->q.stall[0])
			wrap_paragraph(out, 0, "%d %s %s queue %lld: %s", row->pid, row->program,
				       row->q.interface, (long long)row->q.queue, row->q.stall);
	}
}
