// SPDX-License-Identifier: BSD-2-Clause
/* What --interval, --csv and --plot say is what the result says: the same seconds, and no row that nobody sent in. */
#include <stdio.h>
#include <unistd.h>

#include "support/xsk_bench.h"

TestSuite(xsk_bench_rows, .init = xsk_bench_setup, .timeout = 60);

struct csv_row {
	double begin_s, end_s, pps;
	unsigned long long frames;
};

/* The last row of this kind. Return: how many there are. */
static uint32_t csv_rows(const char *kind, struct csv_row *last)
{
	uint32_t count = 0;
	size_t length = strlen(kind);

	for (const char *at = tool.out; at && *at; at = strchr(at, '\n'), at += at != NULL)
		if (!strncmp(at, kind, length) &&
		    sscanf(at + length, ",%lf,%lf,%llu,%*u,%lf", &last->begin_s, &last->end_s,
			   &last->frames, &last->pps) == 4)
			count++;
	return count;
}

/* The receiver waits before the first frame and behind the last: that is no time in which frames came. */
Test(xsk_bench_rows, total_of_a_receiver_is_of_the_time_in_which_frames_came)
{
	static struct tool sender;
	struct csv_row total;

	tool_start(&tool, XSK_BENCH " rx -i v1 --duration 3 --csv");
	tool_await(&tool, "is running");
	usleep(300000);
	tool_run(&sender, XSK_BENCH " tx -i v0 --rate 2k --duration 1");
	tool_end(&tool, 0);
	ENDED(0);
	cr_assert_eq(csv_rows("total", &total), 1, "%s", tool.out);
	cr_expect_float_eq(total.pps, 2000, 500, "%s", tool.out);
	cr_expect_float_eq(total.end_s - total.begin_s, 1, 0.5, "%s", tool.out);
	cr_expect_gt(total.begin_s, 0.2, "%s", tool.out);
}

/* Before the sender begins and while the last frames are awaited, rows would say 0. */
Test(xsk_bench_rows, rows_of_pair_are_of_the_time_in_which_its_sender_sends)
{
	struct csv_row total, last;

	RUN("pair -i v0 --to v1 --rate 1k --duration 1 --interval 0.1 --csv");
	ENDED(0);
	cr_assert_eq(csv_rows("total", &total), 1, "%s", tool.out);
	cr_expect_float_eq(total.pps, 1000, 250, "%s", tool.out);
	cr_expect_leq(csv_rows("interval", &last), 11, "%s", tool.out);
	cr_expect_gt(last.frames, 0, "%s", tool.out);
	cr_expect_leq(last.end_s, 1.3, "%s", tool.out);
}

Test(xsk_bench_rows, plot_of_pair_names_both_interfaces)
{
	char path[] = "/tmp/xsk-bench-plot-XXXXXX", text[256];
	FILE *f;

	close(mkstemp(path));
	RUN("pair -i v0 --to v1 --rate 2k --duration 0.5 --plot %s", path);
	ENDED(0);
	f = fopen(path, "re");
	cr_assert(fgets(text, sizeof(text), f) && fgets(text, sizeof(text), f) &&
		  fgets(text, sizeof(text), f));
	fclose(f);
	unlink(path);
	cr_expect(strstr(text, "xsk-bench pair, v0 to v1: "), "%s", text);
}

Test(xsk_bench_rows, rows_of_pair_stand_in_place_of_both_lines)
{
	RUN("pair -i v0 --to v1 --rate 1k --duration 1.2 --interval 0.5");
	ENDED(0);
	SILENT(" dropped\n");
	RUN("pair -i v0 --to v1 --rate 1k --duration 1.2");
	SAYS("   1 s  tx ");
	SAYS("   1 s  rx ");
}
