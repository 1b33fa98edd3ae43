// SPDX-License-Identifier: BSD-2-Clause
/* xsk-bench met by somebody with odd names, pipes that close and signals of all kinds. */
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/xsk_bench.h"

TestSuite(xsk_bench_operator, .init = xsk_bench_setup, .timeout = 60);

/* ---- Names ------------------------------------------------------------------------------------ */

Test(xsk_bench_operator, names_of_any_bytes_reach_no_terminal)
{
	static const char *const names[] = {"a\033[31mX\"\\", "b\377\376\302", "d\302\233m"};
	static const char *const lines[] = {
		"rx -t 0.05",	  "rx -t 0.05 -v",	 "tx -t 0.05 --json", "rx -q 7",
		"rx -q 7 --json", "rx --mode zero-copy", "rx --batch \033[2J"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		netns_run("ip link add '%s' type veth peer name peer%zu", names[i], i);
		for (size_t k = 0; k < sizeof(lines) / sizeof(lines[0]); k++) {
			RUN("%s -i %s", lines[k], names[i]);
			cr_expect(tool_is_clean(tool.out), "%zu: %s", i, lines[k]);
			cr_expect(tool_is_clean(tool.err), "%zu: %s", i, lines[k]);
			cr_expect(!strstr(lines[k], "--json") || tool_is_json(tool.out));
		}
	}
}

Test(xsk_bench_operator, command_to_copy_has_the_name_as_one_harmless_word)
{
	netns_run("ip link add '$(id)' type veth peer name peer");
	RUN("rx -q 7 -i $(id)");
	ENDED(2);
	SAYS("ethtool -L '$(id)' gives it more");
	RUN("rx -t 0.05 -i $(id)");
	SAYS("ip link set dev '$(id)' up");
}

Test(xsk_bench_operator, long_alternative_name_leaves_the_results_80_columns_wide)
{
	char name[101];

	memset(name, 'n', 100);
	name[100] = 0;
	netns_run("ip link property add dev v0 altname %s", name);
	RUN("rx -t 0.05 -i %s", name);
	ENDED(0);
	cr_expect_leq(tool_width(tool.out), 80, "%s", tool.out);
	SHOWS("xsk-bench rx on v0: 1 queue, copy mode, native XDP\n");
	RUN("rx -t 0.05 -v -i %s", name);
	cr_expect_leq(tool_width(tool.out), 80, "%s", tool.out);
}

/* ---- Signals and pipes ------------------------------------------------------------------------ */

Test(xsk_bench_operator, terminal_that_goes_away_ends_a_run_like_ctrl_c)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		tool_start(&tool, XSK_BENCH " rx -i v0 -t 5");
		tool_await(&tool, "is running");
		cr_expect_eq(tool_end(&tool, signals[i]), 0, "signal %d", signals[i]);
		SHOWS("every frame is accounted for");
	}
}

Test(xsk_bench_operator, run_under_nohup_outlives_its_terminal)
{
	signal(SIGHUP, SIG_IGN);
	tool_start(&tool, XSK_BENCH " rx -i v0 -t 1.3");
	tool_await(&tool, "is running");
	kill(tool.pid, SIGHUP);
	cr_assert_eq(tool_end(&tool, 0), 0);
	SAYS("1 s  rx ");
}

Test(xsk_bench_operator, wait_for_another_program_that_a_signal_ends_blames_nobody)
{
	static struct tool first;

	tool_start(&first, XSK_BENCH " rx -i v0 -t 20");
	tool_await(&first, "is running");
	for (int json = 0; json < 2; json++) {
		tool_start(&tool, XSK_BENCH " rx -i v0%s", json ? " --json" : "");
		tool_await(&tool, "waiting for it to end");
		cr_expect_eq(tool_end(&tool, SIGINT), 1);
		SAYS("xsk-bench: signal: SIGINT came before the run began; all is as it was\n");
		SILENT("stop that process");
		cr_expect(!json || tool_is_json(tool.out), "%s", tool.out);
	}
	tool_end(&first, SIGINT);
}

/* The reader has read one line, as head -1 does; the run goes on to its end, and puts back. */
Test(xsk_bench_operator, reader_of_the_lines_that_goes_away_does_not_cut_a_run_off)
{
	char line[128] = "";
	int status, fds[2];
	pid_t pid;

	cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	if (!pid) {
		signal(SIGPIPE, SIG_DFL);
		dup2(fds[1], 2);
		execl(XSK_BENCH, XSK_BENCH, "rx", "-i", "v0", "-t", "2.3", NULL);
		_exit(127);
	}
	close(fds[1]);
	cr_assert_gt(read(fds[0], line, sizeof(line) - 1), 0);
	close(fds[0]);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status) && !WEXITSTATUS(status), "status %#x", (unsigned int)status);
}

/* ---- What cannot be had ----------------------------------------------------------------------- */

Test(xsk_bench_operator, queue_that_only_sends_is_for_tx_and_one_that_only_receives_for_nobody)
{
	netns_veth("r0", "s0", 2, 1500);
	netns_run("ethtool -L r0 rx 1 tx 2");
	RUN("tx -t 0.1 -i r0 -q 1");
	ENDED(0);
	RUN("rx -t 0.1 -i r0 -q 1");
	ENDED(2);
	SAYS("-q 1: r0 has 1 receive and 2 transmit queues, of which rx can use 0..0; ethtool -L "
	     "r0");
	netns_run("ethtool -L r0 rx 2 tx 1");
	for (int i = 0; i < 2; i++) {
		RUN("%s -t 0.1 -i r0 -n 2", i ? "tx" : "rx");
		ENDED(2);
		SAYS("-n 2: r0 has 2 receive and 1 transmit queues, of which ");
	}
}

Test(xsk_bench_operator, generic_veth_that_counts_its_queues_wrong_is_told_before_it_bites)
{
	static const char wrong[] = "take all 2 (-q 0 -n 2), or have one: ethtool -L v0 rx 1";

	RUN("rx -t 0.1 -i v0 -q 1 --attach generic");
	SAYS(wrong);
	RUN("rx -t 0.1 -i v0 -n 2 --attach generic");
	SILENT(wrong);
	RUN("rx -t 0.1 -i v0 --attach native");
	SILENT(wrong);
	RUN("tx -t 0.1 -i v0 --attach generic");
	SILENT(wrong);
}

Test(xsk_bench_operator, deferral_that_is_not_to_be_had_is_told_when_the_run_begins)
{
	RUN("rx -t 0.1 -i v0 --napi-defer 2 --napi-flush 100");
	ENDED(0);
	SAYS("v0 queue 0: --napi-defer has no effect: not applicable: ");
	netns_veth("g0", "g1", 1, 1500);
	netns_run("ethtool -K g0 gro on");
	RUN("rx -t 0.1 -i g0 --napi-defer 2 --napi-flush 100");
	SILENT("no effect");
}

/* ---- A terminal ------------------------------------------------------------------------------- */

/* What it writes to a terminal that is its stderr, without carriage returns. */
static const char *on_terminal(const char *line)
{
	static char said[1 << 14];
	char words[128], *argv[16] = {(char[]){XSK_BENCH}}, *rest;
	size_t used = 0, length = 0;
	int master, slave, status;
	ssize_t n;
	pid_t pid;

	snprintf(words, sizeof(words), "%s", line);
	argv[1] = strtok_r(words, " ", &rest);
	for (int i = 2; i < 15 && (argv[i] = strtok_r(NULL, " ", &rest)); i++)
		;
	cr_assert_eq(openpty(&master, &slave, NULL, NULL, NULL), 0);
	pid = fork();
	if (!pid) {
		dup2(open("/dev/null", O_WRONLY), 1);
		dup2(slave, 2);
		execv(argv[0], argv);
		_exit(127);
	}
	close(slave);
	while (used < sizeof(said) && (n = read(master, said + used, sizeof(said) - used)) > 0)
		used += (size_t)n;
	close(master);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_lt(used, sizeof(said));
	for (size_t i = 0; i < used; i++)
		if (said[i] != '\r')
			said[length++] = said[i];
	said[length] = 0;
	return said;
}

Test(xsk_bench_operator, sentences_on_a_terminal_keep_within_80_columns)
{
	static const char *const lines[] = {
		"rx -i v0 -t 0.1",
		"rx -i nowhere",
		"rx -i v0 --batch many-more-than-a-thousand-and-twenty-four",
	};

	netns_run("ip addr add 192.0.2.1/24 dev v0");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const char *said = on_terminal(lines[i]);

		cr_expect(!strncmp(said, "xsk-bench: ", 11) && tool_width(said) <= 80, "%s", said);
		cr_expect_geq(tool_lines(said), 2, "%s", said);
	}
}

Test(xsk_bench_operator, sender_whose_interface_is_renamed_still_has_its_link)
{
	tool_start(&tool, XSK_BENCH " tx -i v0 -t 1 --rate 1k");
	tool_await(&tool, "is running");
	netns_run("ip link set v0 name renamed0");
	tool_end(&tool, 0);
	ENDED(0);
	SILENT("the link is down");
}

/* Root's folder is not to be given away where a capability is missing. */
Test(xsk_bench_operator, without_rights_the_capability_is_named_and_no_folder)
{
	tool.as_nobody = true;
	RUN("rx -i v0 -t 0.1");
	ENDED(1);
	SAYS("CAP_NET_ADMIN");
	SILENT("nobody can look");
	SILENT("/run/net_xdp");
}
