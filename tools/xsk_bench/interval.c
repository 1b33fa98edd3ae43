/* SPDX-License-Identifier: BSD-2-Clause */
#include "interval.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "framing.h"
#include "say.h"

static void keep(struct interval_list *list, const struct interval *row)
{
	/* Room doubles whenever count is a power of two. */
	if (list->count < INTERVALS_MAX && !(list->count & (list->count - 1))) {
		size_t room = list->count ? 2 * (size_t)list->count : 1;
		struct interval *rows = realloc(list->rows, room * sizeof(*rows));

		if (!rows) {
			list->left_out++;
			return;
		}
		list->rows = rows;
	}
	if (list->count == INTERVALS_MAX)
		list->left_out++;
	else
		list->rows[list->count++] = *row;
}

struct interval interval_next(struct interval_list *list, uint64_t end_ns, uint64_t frames,
			      uint64_t bytes, int64_t lost, const struct histogram *recent)
{
	struct interval *sum = &list->sum;
	struct interval row = {
		.begin_ns = sum->end_ns,
		.end_ns = end_ns > sum->end_ns ? end_ns : sum->end_ns,
		.frames = frames - sum->frames,
		.bytes = bytes - sum->bytes,
		.lost = lost - sum->lost,
	};

	if (recent) {
		row.answers = recent->count;
		row.p50_ns = histogram_percentile(recent, 500);
		row.p99_ns = histogram_percentile(recent, 990);
		row.max_ns = recent->max_ns;
	}
	*sum = (struct interval){
		.end_ns = row.end_ns, .frames = frames, .bytes = bytes, .lost = lost};
	keep(list, &row);
	return row;
}

void interval_free(struct interval_list *list)
{
	free(list->rows);
	*list = (struct interval_list){0};
}

double interval_pps(const struct interval *i)
{
	double seconds = interval_seconds(i);

	return seconds > 0 ? (double)i->frames / seconds : 0;
}

void interval_print_head(FILE *out, bool latency)
{
	if (latency)
		fprintf(out, "%19s %9s %12s %9s %9s %9s %6s\n", "interval", "answers", "rate",
			"p50 us", "p99 us", "max us", "lost");
	else
		fprintf(out, "%19s %12s %12s %11s %11s %9s\n", "interval", "frames", "rate",
			"Mbit/s", "Mbit/s L1", "lost");
}

void interval_print(FILE *out, const char *lead, const struct interval *i, bool latency)
{
	double seconds = interval_seconds(i);
	char span[48];

	snprintf(span, sizeof(span), "%.2f-%.2f s", (double)i->begin_ns / 1e9,
		 (double)i->end_ns / 1e9);
	fprintf(out, "%s%*s", lead, 19 - (int)strlen(lead), span);
	if (latency)
		fprintf(out, " %9" PRIu64 " %12s %9.1f %9.1f %9.1f %6" PRId64 "\n", i->frames,
			say_rate(interval_pps(i)).text, (double)i->p50_ns / 1e3,
			(double)i->p99_ns / 1e3, (double)i->max_ns / 1e3, i->lost);
	else
		fprintf(out, " %12" PRIu64 " %12s %11.1f %11.1f %9" PRId64 "\n", i->frames,
			say_rate(interval_pps(i)).text, mbit_per_s(i->bytes, seconds),
			mbit_per_s(framed_bytes(i->bytes, i->frames), seconds), i->lost);
	fflush(out);
}

void interval_csv_head(FILE *out)
{
	fputs("kind,begin_s,end_s,frames,bytes,frames_per_s,bits_per_s,bits_per_s_l1,lost,"
	      "answers,p50_ns,p99_ns,max_ns\n",
	      out);
}

void interval_csv(FILE *out, const char *kind, const struct interval *i)
{
	double seconds = interval_seconds(i);

	fprintf(out, "%s,%.6f,%.6f,%" PRIu64 ",%" PRIu64 ",%.1f,%.0f,%.0f,%" PRId64, kind,
		(double)(int64_t)i->begin_ns / 1e9, (double)i->end_ns / 1e9, i->frames, i->bytes,
		interval_pps(i), mbit_per_s(i->bytes, seconds) * 1e6,
		mbit_per_s(framed_bytes(i->bytes, i->frames), seconds) * 1e6, i->lost);
	if (i->answers)
		fprintf(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 "\n", i->answers,
			i->p50_ns, i->p99_ns, i->max_ns);
	else
		fputs(",,,,\n", out);
	fflush(out);
}
