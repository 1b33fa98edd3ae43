// SPDX-License-Identifier: BSD-2-Clause
/* xsk-bench pair: the account of both sides, the exit code, and its command line. */
#include <errno.h>
#include <string.h>

#include <criterion/criterion.h>

#include "support/option_rig.h"
#include "support/tool.h"
#include "xsk_bench/pair.h"

static struct pair_result r;

static void both_sides(uint64_t generated, uint64_t good)
{
	r = (struct pair_result){0};
	r.sender = (struct pair_side){.finished = true,
				      .started = true,
				      .judged = true,
				      .adds_up = true,
				      .generated = generated};
	r.receiver = (struct pair_side){
		.finished = true, .started = true, .judged = true, .adds_up = true};
	r.receiver.tally.good = good;
}

static void lose(struct pair_side *s, const char *name, uint64_t frames)
{
	struct pair_cause *c = &s->causes[s->cause_count++];

	strcpy(c->name, name);
	c->frames = frames;
}

static const char *report(void)
{
	static const struct options opt = {.mode = BENCH_PAIR};
	static char text[4096];
	FILE *f = fmemopen(text, sizeof(text), "w");

	pair_report(f, &opt, &r, 1);
	fclose(f);
	return text;
}

static const char *document(void)
{
	static char text[4096];
	FILE *f = fmemopen(text, sizeof(text), "w");

	pair_report_json(f, &r, 1);
	fclose(f);
	return text;
}

Test(bench_pair, causes_of_both_sides_add_up)
{
	struct balance b;

	both_sides(1000, 900);
	lose(&r.sender, "tx_lost", 10);
	lose(&r.receiver, "rx_kernel_ring_full", 85);
	r.receiver.tally.corrupt = 5;
	b = pair_balance(&r.sender, &r.receiver);
	cr_expect_eq(b.explained, 1000);
	cr_expect(!b.unexplained && !b.excess);
	cr_expect(strstr(report(), "10 tx_lost (sender)\n"), "%s", report());
	cr_expect(strstr(report(), "85 rx_kernel_ring_full (receiver)\n"), "%s", report());
	cr_expect(strstr(report(), "every frame is accounted for"), "%s", report());
	cr_expect_leq(tool_width(report()), 80, "%s", report());
	cr_expect(tool_is_json(document()), "%s", document());
	cr_expect_eq(tool_number(document(), "", "unexplained"), 0);
}

Test(bench_pair, what_no_side_counted_was_lost_on_the_way)
{
	both_sides(1000, 990);
	lose(&r.receiver, "rx_kernel_ring_full", 3);
	cr_expect_eq(pair_balance(&r.sender, &r.receiver).unexplained, 7);
	cr_expect(strstr(report(), "7 on the way"), "%s", report());
	cr_expect(!strstr(report(), "every frame"), "%s", report());
	cr_expect_eq(tool_number(document(), "", "unexplained"), 7);
}

Test(bench_pair, losses_beyond_the_frames_sent_are_of_others)
{
	both_sides(1000, 1000);
	lose(&r.receiver, "program_passed", 4);
	cr_expect_eq(pair_balance(&r.sender, &r.receiver).excess, 4);
	cr_expect(strstr(report(), "4 are of frames of others"), "%s", report());
}

Test(bench_pair, run_that_failed_is_not_said_to_add_up)
{
	both_sides(10, 10);
	r.receiver.judged = false;
	cr_expect(strstr(report(), "not judged"), "%s", report());
	cr_expect(!strstr(document(), "unexplained"), "%s", document());
	both_sides(10, 10);
	r.sender.adds_up = false;
	cr_expect(strstr(report(), "do NOT add up"), "%s", report());
}

Test(bench_pair, exit_code_is_the_worse_one)
{
	static const int rows[][3] = {{0, 0, 0}, {0, 3, 3}, {3, 0, 3}, {1, 3, 1},
				      {3, 1, 1}, {2, 0, 2}, {0, 2, 2}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pair_result both[2] = {
			{.sender.exit_code = rows[i][0], .receiver.exit_code = rows[i][1]}};

		cr_expect_eq(pair_exit_code(both, 1), rows[i][2], "row %zu", i);
		cr_expect_eq(pair_exit_code(both, 2), rows[i][2], "row %zu", i);
		both[1] = both[0];
		both[0] = (struct pair_result){0};
		cr_expect_eq(pair_exit_code(both, 1), 0, "row %zu", i);
		cr_expect_eq(pair_exit_code(both, 2), rows[i][2], "row %zu", i);
		both[0].sender.exit_code = 3;
		cr_expect_eq(pair_exit_code(both, 2), rows[i][2] ? rows[i][2] : 3, "row %zu", i);
	}
}

Test(bench_pair, both_ways_each_direction_has_a_table_and_members_of_its_own)
{
	static const struct options opt = {.mode = BENCH_PAIR, .bidirectional = true};
	struct pair_result both[2];
	static char text[8192];
	const char *reverse;
	FILE *f;

	both_sides(1000, 990);
	lose(&r.receiver, "rx_kernel_ring_full", 10);
	strcpy(r.sender.ifname, "v0");
	strcpy(r.receiver.ifname, "v1");
	r.sender.both_ways = r.receiver.both_ways = true;
	both[0] = r;
	both_sides(500, 499);
	strcpy(r.sender.ifname, "v1");
	strcpy(r.receiver.ifname, "v0");
	both[1] = r;
	f = fmemopen(text, sizeof(text), "w");
	pair_report(f, &opt, both, 2);
	fclose(f);
	reverse = strstr(text, "xsk-bench pair, v1 to v0");
	cr_assert(reverse && strstr(text, "xsk-bench pair, v0 to v1") < reverse, "%s", text);
	cr_expect(strstr(text, "10 rx_kernel_ring_full (receiver)\n") < reverse, "%s", text);
	cr_expect(strstr(text, "every frame is accounted for") < reverse, "%s", text);
	cr_expect(strstr(text, "per frame, sent or received: sender"), "%s", text);
	cr_expect(strstr(reverse, "1 on the way, where neither side counts"), "%s", text);
	cr_expect_leq(tool_width(text), 80, "%s", text);
	f = fmemopen(text, sizeof(text), "w");
	pair_report_json(f, both, 2);
	fclose(f);
	cr_assert(tool_is_json(text), "%s", text);
	cr_expect_eq(tool_number(text, "\"forward\"", "generated"), 1000, "%s", text);
	cr_expect_eq(tool_number(text, "\"forward\"", "unexplained"), 0, "%s", text);
	cr_expect_eq(tool_number(text, "\"reverse\"", "generated"), 500, "%s", text);
	cr_expect_eq(tool_number(text, "\"reverse\"", "unexplained"), 1, "%s", text);
}

Test(bench_pair, namespace_stands_behind_the_last_at)
{
	static const struct {
		const char *text;
		size_t length;
		const char *netns;
	} rows[] = {{"eth0", 4, NULL},	{"eth0@a", 4, "a"},
		    {"e@1@b", 3, "b"},	{"v0@/proc/7/fd/3", 2, "/proc/7/fd/3"},
		    {"eth0@", 5, NULL}, {"@a", 0, "a"}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *netns;

		cr_expect_eq(pair_split(rows[i].text, &netns), rows[i].length, "%s", rows[i].text);
		cr_expect(netns == rows[i].netns ||
				  (netns && rows[i].netns && !strcmp(netns, rows[i].netns)),
			  "%s", rows[i].text);
	}
}

static struct options parsed;
static char why[200];

static int parse(const char *words)
{
	struct command_line *line = command_line("xsk-bench", words);

	return options_parse(line->argc, line->argv, &parsed, why, sizeof(why));
}

Test(bench_pair, command_line_has_two_interfaces_and_all_that_tx_has)
{
	cr_assert_eq(parse("pair -i a@x --to a@y --rate 1M --checksum --vlan 5"), 0, "%s", why);
	cr_expect_eq(parsed.mode, BENCH_PAIR);
	cr_expect_str_eq(options_mode_name(parsed.mode), "pair");
	cr_expect_eq(options_port_count(&parsed), 1);
	cr_expect_eq(parse("pair -i a"), -EINVAL);
	cr_expect(strstr(why, "--to: the interface that receives is missing; on another machine"),
		  "%s", why);
	cr_expect_eq(parse("pair -i a --to a"), -EINVAL);
	cr_expect_eq(parse("rx -i a --to b"), -EINVAL);
	cr_expect_str_eq(why, "--to: only fwd and pair have a second interface");
	cr_assert_eq(parse("pair -i a --to b --bidir"), 0, "%s", why);
	cr_expect(parsed.bidirectional && options_receive(&parsed) && options_send(&parsed));
	cr_expect_eq(parse("fwd -i a --to b --bidirectional"), -EINVAL);
	cr_expect_str_eq(why, "--bidirectional: only pair has two ends that both send");
}

/* What it has of tx and of rx, in --help and in the sentences of both. */
Test(bench_pair, what_lists_the_modes_of_an_option_does_not_forget_it)
{
	static const char *const of_pair[] = {"--flows 2",     "--mac",	   "--keep arp",
					      "--ipv6",	       "--rate 5", "--checksum",
					      "--segment 64k", "--vlan 5"};
	char words[80];

	for (uint32_t i = 0; i < bench_options.count; i++) {
		const char *help = bench_options.rows[i].help;

		if (strstr(help, "tx, latency") || strstr(help, "rx, fwd"))
			cr_expect(strstr(help, "pair"), "--%s: %s", bench_options.rows[i].name,
				  help);
	}
	for (size_t i = 0; i < sizeof(of_pair) / sizeof(of_pair[0]); i++) {
		snprintf(words, sizeof(words), "pair -i a --to b %s", of_pair[i]);
		cr_expect_eq(parse(words), 0, "%s: %s", words, why);
		snprintf(words, sizeof(words), "fwd -i a %s", of_pair[i]);
		if (parse(words))
			cr_expect(strstr(why, "pair"), "%s", why);
	}
}
