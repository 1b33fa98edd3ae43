// SPDX-License-Identifier: BSD-2-Clause
/* The table of what runs. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "running/table.h"
#include "support/tool.h"

static struct row *add(struct table *t, int pid, const char *program, const char *interface,
		       int64_t queue)
{
	struct row *row = table_add(t);

	cr_assert_not_null(row);
	row->pid = pid;
	snprintf(row->program, sizeof(row->program), "%s", program);
	snprintf(row->q.interface, sizeof(row->q.interface), "%s", interface);
	row->q.queue = queue;
	row->at_ns = 1000000000;
	return row;
}

static void count(struct row *row, uint64_t ns, uint64_t rx, uint64_t tx, uint64_t lost)
{
	row->at_ns = ns;
	row->q.counted = true;
	row->q.rx_frames = rx;
	row->q.tx_packets = tx;
	row->q.lost = lost;
}

static char *print(const struct table *t, bool heading, uint32_t room, uint32_t *lines)
{
	char *out = NULL;
	size_t size;
	FILE *file = open_memstream(&out, &size);

	*lines = table_print(file, t, heading, room);
	fclose(file);
	return out;
}

Test(running_table, rates_are_those_between_two_looks_at_the_same_queue)
{
	struct table before = {0}, now = {0};

	count(add(&before, 1, "a", "eth0", 0), 1000000000, 100, 10, 1);
	count(add(&before, 1, "a", "eth0", 1), 1000000000, 7, 7, 7);
	count(add(&before, 2, "b", "eth1", 0), 1000000000, 50, 50, 0);
	count(add(&now, 1, "a", "eth0", 0), 3000000000, 1100, 30, 5);
	count(add(&now, 2, "b", "eth1", 0), 2000000000, 49, 60, 0);
	count(add(&now, 3, "c", "eth0", 0), 2000000000, 5, 5, 5);
	table_rates(&now, &before);
	cr_expect(now.rows[0].has_rates && now.rows[0].has_lost);
	cr_expect_float_eq(now.rows[0].rx_per_s, 500, 1e-9);
	cr_expect_float_eq(now.rows[0].tx_per_s, 10, 1e-9);
	cr_expect_float_eq(now.rows[0].lost_per_s, 2, 1e-9);
	cr_expect_not(now.rows[1].has_rates, "its counters began anew");
	cr_expect_not(now.rows[2].has_rates || now.rows[2].has_lost, "it was not there");
	table_free(&before);
	table_free(&now);
}

Test(running_table, kernel_that_counts_losses_alone_gives_their_rate_alone)
{
	struct table before = {0}, now = {0};
	uint32_t lines;
	char *text;

	add(&before, 0, "inode 7", "eth0", 0)->q.lost_alone = true;
	add(&now, 0, "inode 7", "eth0", 0)->q.lost_alone = true;
	now.rows[0].at_ns = 2000000000;
	now.rows[0].q.lost = 42;
	table_rates(&now, &before);
	text = print(&now, false, 0, &lines);
	cr_expect(tool_says(text, "- inode 7 eth0 0 - - - 42"), "%s", text);
	free(text);
	table_free(&before);
	table_free(&now);
}

Test(running_table, every_line_fits_eighty_columns_and_no_name_breaks_out)
{
	struct table t = {0}, before = {0};
	uint32_t lines;
	char *text;

	add(&t, 4194304, "a-program-with-a-long-name", "interface234567", 65535)->q.mode =
		RUNNING_COPY_GENERIC;
	add(&t, 1, "\033[2J\377\302\233", "a\nb\177", 0);
	add(&t, 1,
	    "\303\244\303\266\303\274\303\244\303\266\303\274\303\244\303\266\303\274\303"
	    "\244\303\266\303\274\303\244",
	    "\303\244", -1);
	snprintf(add(&t, 9, "x", "", -1)->trouble, 80, "has not answered within 1000 ms");
	for (uint32_t i = 0; i < 3; i++) {
		*table_add(&before) = t.rows[i];
		count(&before.rows[i], 1000000000, 0, 0, 0);
		count(&t.rows[i], 2000000000, i ? 14880952 : UINT64_MAX, 999999, 999999499999);
	}
	table_rates(&t, &before);
	text = print(&t, true, 0, &lines);
	cr_expect_eq(lines, 5);
	cr_expect_eq(tool_lines(text), 5, "%s", text);
	cr_expect(tool_is_clean(text), "%s", text);
	cr_expect_leq(tool_width(text), 80, "%s", text);
	cr_expect(tool_says(text, "14.88M 999999 >999G"), "%s", text);
	cr_expect(tool_says(text, "9 x has not answered within 1000 ms"), "%s", text);
	free(text);
	table_free(&t);
	table_free(&before);
}

Test(running_table, table_is_cut_to_the_lines_of_a_terminal)
{
	struct table t = {0};
	uint32_t lines;
	char *text;

	for (int i = 0; i < 10; i++)
		add(&t, i + 1, "p", "eth0", i);
	for (uint32_t room = 2; room < 14; room++) {
		text = print(&t, true, room, &lines);
		cr_expect_leq(lines, room);
		cr_expect_eq(lines, tool_lines(text));
		cr_expect_eq(strstr(text, "more") != NULL, room < 11, "%u: %s", room, text);
		free(text);
	}
	text = print(&t, true, 5, &lines);
	cr_expect(tool_says(text, "... and 7 more"), "%s", text);
	free(text);
	table_free(&t);
}

Test(running_table, queue_that_stands_still_has_a_sentence)
{
	struct table t = {0};
	char *out = NULL;
	size_t size;
	FILE *file = open_memstream(&out, &size);

	add(&t, 7, "p", "eth0", 3);
	snprintf(add(&t, 8, "q\033", "eth1", 4)->q.stall, 512,
		 "the fill ring is empty and nobody posts: post buffers, for without them the "
		 "kernel drops every frame");
	table_print_stalls(file, &t);
	fclose(file);
	cr_expect(tool_says(out, "eth1 queue 4: the fill ring is empty and nobody posts"), "%s",
		  out);
	cr_expect_null(strstr(out, "eth0"));
	cr_expect(tool_is_clean(out), "%s", out);
	cr_expect_leq(tool_width(out), 80, "%s", out);
	free(out);
	table_free(&t);
}
