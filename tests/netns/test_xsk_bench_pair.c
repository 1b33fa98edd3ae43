// SPDX-License-Identifier: BSD-2-Clause
/* xsk-bench pair: both ends of a veth pair, in one network namespace and in two. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "support/xsk_bench.h"

TestSuite(xsk_bench_pair, .init = xsk_bench_setup, .timeout = 60);

static int count_of(const char *text, const char *words)
{
	int n = 0;

	for (; (text = strstr(text, words)); text++)
		n++;
	return n;
}

Test(xsk_bench_pair, both_sides_are_one_account_in_one_command)
{
	RUN("pair -i v0 --to v1 --rate 20k --count 1500 --flows 4 --ipv6 --vlan 7");
	ENDED(0);
	SHOWS("xsk-bench pair, v0 to v1: 1 queue\n");
	SHOWS("  sent        1500 frames, ");
	SHOWS("  received    1500 frames, ");
	SHOWS("0 corrupt, 0 twice, 0 reordered");
	SHOWS("\n  account     every frame is accounted for\n");
	cr_expect_leq(tool_width(tool.out), 80, "%s", tool.out);
}

Test(xsk_bench_pair, frames_are_sent_to_the_receivers_own_mac)
{
	RUN("pair -i v0 --to v1 --mac --rate 20k --count 500");
	ENDED(0);
	SHOWS("  received    500 frames, ");
	RUN("pair -i v0 --to v1 --mac --dst 02:00:00:00:00:99 --rate 20k --count 500");
	SHOWS("  received    0 frames, ");
}

Test(xsk_bench_pair, document_has_both_documents)
{
	RUN("pair -i v0 --to v1 --rate 20k --count 2000 --json");
	ENDED(0);
	cr_assert(tool_is_json(tool.out), "%s", tool.out);
	cr_expect_eq(tool_number(tool.out, "", "generated"), 2000, "%s", tool.out);
	cr_expect_eq(tool_number(tool.out, "", "unexplained"), 0, "%s", tool.out);
	cr_expect_eq(tool_number(tool.out, "\"sender\": {", "frames"), 2000);
	cr_expect_eq(tool_number(tool.out, "\"receiver\": {", "good"), 2000);
}

/* v1 goes to another namespace. Return: how the tool names it. */
static const char *part_v1(void)
{
	static char path[64];
	int other = netns_new(), here;

	netns_move("v1", other);
	here = netns_switch(other);
	netns_run("ip link set v1 up");
	netns_switch(here);
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)getpid(), other);
	return path;
}

Test(xsk_bench_pair, each_side_enters_the_namespace_of_its_interface)
{
	const char *other = part_v1();

	RUN("pair -i v0 --to v1@%s --rate 20k --count 1000", other);
	ENDED(0);
	SHOWS("  received    1000 frames, ");
	RUN("pair -i v1@%s --to v0 --rate 20k --count 1000", other);
	ENDED(0);
	SHOWS("xsk-bench pair, v1 to v0: ");
	SHOWS("  received    1000 frames, ");
}

/* ---- Both ways --------------------------------------------------------------------------------- */

Test(xsk_bench_pair, both_ways_at_once_each_direction_is_one_account)
{
	RUN("pair -i v0 --to v1 --bidirectional --rate 20k --count 1500 --flows 4 --vlan 7 -n 2");
	ENDED(0);
	SHOWS("xsk-bench pair, v0 to v1: 2 queues\n  sent        1500 frames, ");
	SHOWS("xsk-bench pair, v1 to v0: 2 queues\n  sent        1500 frames, ");
	cr_expect_eq(count_of(tool.out, "  received    1500 frames, "), 2, "%s", tool.out);
	cr_expect_eq(count_of(tool.out, "\n  account     every frame is accounted for\n"), 2, "%s",
		     tool.out);
	cr_expect_leq(tool_width(tool.out), 80, "%s", tool.out);
	cr_assert(!netns_program_id("v0") && !netns_program_id("v1"));
}

/* As fast as it goes the rings overflow; each loss has its cause, in each direction. */
Test(xsk_bench_pair, both_ways_at_full_speed_losses_add_up_in_each_direction)
{
	RUN("pair -i v0 --to v1 --bidirectional --duration 1 --json --mac");
	ENDED(0);
	cr_assert(tool_is_json(tool.out), "%s", tool.out);
	for (int i = 0; i < 2; i++) {
		const char *way = i ? "\"reverse\"" : "\"forward\"";

		cr_expect_gt(tool_number(tool.out, way, "generated"), 1000, "%s", tool.out);
		cr_expect_eq(tool_number(tool.out, way, "unexplained"), 0, "%s", tool.out);
		cr_expect_eq(tool_number(tool.out, way, "beyond"), 0, "%s", tool.out);
	}
}

Test(xsk_bench_pair, both_ways_each_end_enters_its_namespace_and_rows_say_their_direction)
{
	const char *other = part_v1();
	uint64_t sums[2] = {0};
	char *rest, *line, command[300];

	snprintf(command, sizeof(command),
		 XSK_BENCH " pair -i v0 --to v1@%s --bidirectional --rate 10k --count 3000 "
			   "--interval 0.1 --csv | cat",
		 other);
	/* Two processes write; the file of the tool is none of those where neither overwrites the other. */
	TOOL_RUN(&tool, "/bin/sh", "-c", command);
	ENDED(0);
	line = strtok_r(tool.out, "\n", &rest);
	cr_assert(line && !strncmp(line, "direction,kind,begin_s,end_s,frames,", 36), "%s", line);
	while ((line = strtok_r(NULL, "\n", &rest))) {
		unsigned long long frames;
		char way[8], kind[9];

		cr_assert_eq(sscanf(line, "%7[^,],%8[^,],%*f,%*f,%llu", way, kind, &frames), 3,
			     "%s", line);
		cr_assert(!strcmp(way, "forward") || !strcmp(way, "reverse"), "%s", line);
		if (!strcmp(kind, "total"))
			cr_expect_eq(frames, 3000, "%s", line);
		else
			sums[!strcmp(way, "reverse")] += frames;
	}
	cr_expect(sums[0] == 3000 && sums[1] == 3000, "%llu %llu", (unsigned long long)sums[0],
		  (unsigned long long)sums[1]);
}

Test(xsk_bench_pair, both_ways_ctrl_c_and_an_end_that_fails_end_the_other_one_too)
{
	tool_start(&tool, XSK_BENCH " pair -i v0 --to v1 --bidirectional --rate 2k --duration 0");
	tool_await(&tool, "forward");
	tool_end(&tool, SIGINT);
	ENDED(0);
	cr_expect_eq(count_of(tool.out, "every frame is accounted for"), 2, "%s", tool.out);
	RUN("pair -i nothere --to v1 --bidirectional");
	ENDED(1);
	SAYS("nothere@NETNS is one in the network namespace NETNS");
	cr_expect_str_eq(tool.out, "");
	tool_start(&tool, XSK_BENCH " pair -i v0 --to v1 --bidirectional --rate 2k --duration 20");
	tool_await(&tool, "forward");
	netns_run("ip link del v0");
	tool_end(&tool, 0);
	ENDED(1);
}

Test(xsk_bench_pair, both_ways_an_interface_that_goes_leaves_the_time_until_then)
{
	const char *at = tool.out;

	tool_start(&tool, XSK_BENCH " pair -i v0 --to v1 --bidirectional --rate 2k --duration 20");
	tool_await(&tool, "forward");
	netns_run("ip link del v0");
	tool_end(&tool, 0);
	ENDED(1);
	for (int i = 0; i < 2; i++) {
		double seconds = -1;

		at = strstr(at, "  sent ");
		cr_assert_not_null(at, "%s", tool.out);
		at = strstr(at, " in ");
		cr_assert(at && sscanf(at, " in %lf s\n", &seconds) == 1, "%s", tool.out);
		cr_expect(seconds > 0 && seconds < 20, "%s", tool.out);
	}
}

Test(xsk_bench_pair, side_that_cannot_run_is_named_once_and_the_other_one_ends)
{
	RUN("pair -i v0 --to v1@nowhere");
	ENDED(1);
	SAYS("the network namespace nowhere cannot be entered: /run/netns/nowhere: ");
	SILENT("tx is running");
	RUN("pair -i nothere --to v1");
	ENDED(1);
	SAYS("nothere@NETNS is one in the network namespace NETNS");
	RUN("pair -i v0 --to nothere");
	ENDED(1);
	SAYS("nothere@NETNS is one in the network namespace NETNS");
	cr_expect_str_eq(tool.out, "");
	RUN("pair -i v0 --to v1 -q 7 --json");
	ENDED(2);
	cr_expect(tool_is_json(tool.out), "%s", tool.out);
	cr_expect_eq(tool_number(tool.out, "", "exit_code"), 2);
	cr_assert_eq(netns_program_id("v1"), 0);
}

Test(xsk_bench_pair, frames_that_nobody_counts_are_lost_on_the_way)
{
	netns_veth("w0", "w1", 1, 1500); /* nothing leads there */
	RUN("pair -i v0 --to w1 --rate 5k --count 500");
	ENDED(0);
	SHOWS("  sent        500 frames, ");
	SHOWS("500 on the way, where neither side counts");
	HIDES("every frame is accounted for");
}

Test(xsk_bench_pair, ctrl_c_ends_the_sender_first_and_the_account_is_whole)
{
	tool_start(&tool, XSK_BENCH " pair -i v0 --to v1 --rate 2k --duration 0");
	tool_await(&tool, "tx is running");
	usleep(300000);
	tool_end(&tool, SIGINT);
	ENDED(0);
	SHOWS("every frame is accounted for");
	cr_assert_eq(netns_program_id("v1"), 0);
}

Test(xsk_bench_pair, both_sides_end_with_their_parent)
{
	uint32_t left;

	tool_start(&tool, XSK_BENCH " pair -i v0 --to v1 --rate 2k --duration 0");
	tool_await(&tool, "tx is running");
	cr_assert_neq(netns_program_id("v1"), 0);
	kill(tool.pid, SIGKILL);
	for (left = 50; left && netns_program_id("v1"); left--)
		usleep(100000);
	cr_assert_eq(netns_program_id("v1"), 0, "the receiver has outlived its parent by 5 s");
	tool_end(&tool, 0);
}
