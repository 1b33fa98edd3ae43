// SPDX-License-Identifier: BSD-2-Clause
/* The rows of xsk-bench --interval, and bit rates with and without framing. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "support/option_rig.h"
#include "support/tool.h"
#include "xsk_bench/flow.h"
#include "xsk_bench/framing.h"
#include "xsk_bench/interval.h"
#include "xsk_bench/options.h"

static struct interval_list list;

static void forget(void)
{
	interval_free(&list);
}

TestSuite(bench_interval, .fini = forget);

static const char *printed(const struct interval *i, bool latency)
{
	static char text[1024];
	FILE *f = fmemopen(text, sizeof(text), "w");

	interval_print_head(f, latency);
	interval_print(f, "", i, latency);
	fclose(f);
	return text;
}

Test(bench_interval, gigabit_ethernet_is_full_with_framing_and_three_quarters_without)
{
	/* 10^9 / (8 * 84): the most frames of 60 bytes and their FCS. */
	cr_assert_float_eq(mbit_per_s(framed_bytes(1488095ull * 60, 1488095), 1), 1000, 0.001);
	cr_assert_float_eq(mbit_per_s(1488095ull * 60, 1), 714.2856, 0.001);
	cr_assert_eq(mbit_per_s(1000, 0), 0);
}

Test(bench_interval, rows_sum_to_the_totals_also_where_late_frames_fill_gaps)
{
	static const uint64_t frames[] = {100, 250, 250, 400};
	static const int64_t lost[] = {0, 7, 9, 3};
	struct interval sum = {0};

	for (int k = 0; k < 4; k++)
		interval_next(&list, (k + 1) * 1000000000ull, frames[k], frames[k] * 60, lost[k],
			      NULL);
	cr_assert_eq(list.count, 4);
	for (uint32_t i = 0; i < list.count; i++) {
		cr_expect_eq(list.rows[i].begin_ns, sum.end_ns);
		sum.end_ns = list.rows[i].end_ns;
		sum.frames += list.rows[i].frames;
		sum.bytes += list.rows[i].bytes;
		sum.lost += list.rows[i].lost;
	}
	cr_expect_eq(sum.end_ns, 4000000000u);
	cr_expect_eq(sum.frames, 400);
	cr_expect_eq(sum.bytes, 24000);
	cr_expect_eq(sum.lost, 3);
	cr_expect_eq(list.rows[3].lost, -6);
	cr_expect_float_eq(interval_pps(&list.rows[1]), 150, 1e-6);
}

Test(bench_interval, row_that_would_end_before_it_began_is_empty_and_has_no_rate)
{
	interval_next(&list, 2000, 1, 60, 0, NULL);
	interval_next(&list, 1000, 3, 180, 0, NULL);
	cr_assert_eq(list.rows[1].end_ns, 2000);
	cr_assert_eq(interval_pps(&list.rows[1]), 0);
}

Test(bench_interval, rows_beyond_the_limit_are_counted_and_not_kept)
{
	for (uint64_t i = 1; i <= INTERVALS_MAX + 5; i++)
		interval_next(&list, i, i, i, 0, NULL);
	cr_assert_eq(list.count, INTERVALS_MAX);
	cr_assert_eq(list.left_out, 5);
	cr_assert_eq(list.rows[INTERVALS_MAX - 1].frames, 1);
	cr_assert_eq(list.sum.frames, INTERVALS_MAX + 5);
}

Test(bench_interval, lines_of_large_numbers_are_within_80_columns)
{
	struct interval big = {.begin_ns = 86399000000000u,
			       .end_ns = 86400000000000u,
			       .frames = 148809523,
			       .bytes = 148809523ull * 60,
			       .lost = -999999,
			       .answers = 1,
			       .max_ns = 9999999900u};

	cr_expect_leq(tool_width(printed(&big, false)), 80, "%s", printed(&big, false));
	big.frames = 1000000;
	cr_expect_leq(tool_width(printed(&big, true)), 80, "%s", printed(&big, true));
}

Test(bench_interval, csv_has_as_many_columns_in_each_line_and_bits_in_full)
{
	static struct histogram recent;
	char text[1024];
	FILE *f = fmemopen(text, sizeof(text), "w");
	struct interval row;
	uint32_t commas = 0;

	histogram_add(&recent, 100);
	interval_csv_head(f);
	row = interval_next(&list, 500000000, 1000, 60000, 2, NULL);
	interval_csv(f, "interval", &row);
	row = interval_next(&list, 1000000000, 2000, 120000, 2, &recent);
	interval_csv(f, "total", &row);
	fclose(f);
	cr_expect(strstr(text, "\ninterval,0.000000,0.500000,1000,60000,2000.0,960000,1344000,2,,,,"
			       "\n"),
		  "%s", text);
	cr_expect(strstr(text, "\ntotal,0.500000,1.000000,1000,60000,2000.0,960000,1344000,0,1,100,"
			       "100,100\n"),
		  "%s", text);
	for (const char *at = text; *at; at++) {
		commas += *at == ',';
		if (*at == '\n') {
			cr_expect_eq(commas, 12, "%s", text);
			commas = 0;
		}
	}
}

Test(bench_interval, gaps_are_those_between_the_numbers_of_each_flow)
{
	static struct flow_table table;

	flow_note(&table, 1, 0, 100);
	flow_note(&table, 1, 1, 5);
	cr_assert_eq(flow_gaps(&table), 0);
	flow_note(&table, 1, 0, 104);
	flow_note(&table, 1, 1, 7);
	cr_assert_eq(flow_gaps(&table), 4);
	flow_note(&table, 1, 0, 102);
	flow_note(&table, 1, 0, 102);
	cr_assert_eq(flow_gaps(&table), 3);
	flow_free(&table);
}

/* ---- Options ------------------------------------------------------------------------------------ */

static struct options parsed;
static char why[200];

static int parse(const char *words)
{
	struct command_line *line = command_line("xsk-bench", words);

	return options_parse(line->argc, line->argv, &parsed, why, sizeof(why));
}

Test(bench_interval, options_say_how_often_and_what_excludes_what)
{
	static const char *const wrong[][2] = {
		{"rx -i v0 --interval 0", "--interval 0: must be at least 0.1 seconds"},
		{"rx -i v0 --interval 0.05", "--interval 0.05: must be at least 0.1 seconds"},
		{"rx -i v0 --interval x", "--interval x: must be a number of seconds"},
		{"rx -i v0 --csv --json", "--csv: has stdout to itself; leave out --json"},
		{"rx -i v0 --csv -v", "--csv: has stdout to itself; leave out --verbose"},
	};

	cr_assert_eq(parse("rx -i v0"), 0, "%s", why);
	cr_assert(!parsed.rows && !parsed.interval_ns);
	cr_assert_eq(parse("rx -i v0 --interval .1"), 0, "%s", why);
	cr_assert(parsed.rows && parsed.interval_ns == 100000000);
	cr_assert_eq(parse("rx -i v0 --csv"), 0, "%s", why);
	cr_assert(parsed.rows && parsed.interval_ns == 1000000000);
	cr_assert_eq(parse("tx -i v0 --interval 2 --json"), 0, "%s", why);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		cr_expect_eq(parse(wrong[i][0]), -EINVAL, "%s", wrong[i][0]);
		cr_expect(!strncmp(why, wrong[i][1], strlen(wrong[i][1])), "%s: %s", wrong[i][0],
			  why);
	}
}
