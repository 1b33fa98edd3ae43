// SPDX-License-Identifier: BSD-2-Clause
/* xsk-bench pair on two machines: a server and clients, in one network namespace and in two. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "support/xsk_bench.h"
#include "support/xsk_bench_server.h"

TestSuite(xsk_bench_remote, .init = xsk_bench_setup, .timeout = 90);

#define COUNTED "every frame is accounted for"

Test(xsk_bench_remote, client_sends_and_both_print_the_same_account)
{
	server_start("-i v1");
	CLIENT("-i v0 --rate 20k --count 1500 --flows 4 --vlan 7");
	ENDED(0);
	SHOWS("xsk-bench pair, v0 to v1: 1 queue\n  sent        1500 frames, ");
	SHOWS("  received    1500 frames, ");
	SHOWS(COUNTED);
	server_await_idle(1);
	server_end();
	cr_expect_eq(server.status, 0);
	cr_expect_str_eq(server.out, tool.out);
}

Test(xsk_bench_remote, server_sends_in_reverse_and_both_do_both_ways)
{
	server_start("-i v1");
	CLIENT("-i v0 --rate 20k --count 1000 --reverse --ipv6");
	ENDED(0);
	SHOWS("xsk-bench pair, v1 to v0: 1 queue\n  sent        1000 frames, ");
	SHOWS("  received    1000 frames, ");
	CLIENT("-i v0 --rate 20k --count 1000 --bidirectional --checksum");
	ENDED(0);
	SHOWS("xsk-bench pair, v0 to v1: 1 queue\n  sent        1000 frames, ");
	SHOWS("xsk-bench pair, v1 to v0: 1 queue\n  sent        1000 frames, ");
	cr_assert(strstr(strstr(tool.out, COUNTED) + 1, COUNTED), "%s", tool.out);
	cr_expect_leq(tool_width(tool.out), 80, "%s", tool.out);
	server_end();
}

/* Data and control by links of their own, and MACs that nobody typed: --mac takes no others. */
Test(xsk_bench_remote, two_namespaces_and_control_by_ipv4_and_ipv6)
{
	int other = netns_new(), here;

	netns_run("ip link add c0 type veth peer name c1");
	netns_run("sysctl -qw net.ipv6.conf.c0.disable_ipv6=0");
	netns_run("ip addr add 10.0.0.1/24 dev c0; ip addr add 2001:db8::1/64 dev c0 nodad; "
		  "ip link set c0 up");
	netns_move("v1", other);
	netns_move("c1", other);
	here = netns_switch(other);
	netns_run("sysctl -qw net.ipv6.conf.c1.disable_ipv6=0");
	netns_run("ip link set v1 up; ip addr add 10.0.0.2/24 dev c1; "
		  "ip addr add 2001:db8::2/64 dev c1 nodad; ip link set c1 up");
	server_start_at("10.0.0.2:0", "-i v1 --mac");
	netns_switch(here);
	CLIENT("-i v0 --mac --rate 20k --count 1000 --bidirectional");
	ENDED(0);
	cr_assert(strstr(strstr(tool.out, COUNTED) + 1, COUNTED), "%s", tool.out);
	server_end();
	netns_switch(other);
	server_start_at("[::]:0", "-i v1 --mac");
	netns_switch(here);
	snprintf(server_name, sizeof(server_name), "[2001:db8::2]:%u", server_port);
	CLIENT("-i v0 --rate 20k --count 1000");
	ENDED(0);
	SHOWS("  received    1000 frames, ");
	server_end();
}

/* The control connection by the interfaces that are measured, and all of their queues: the host keeps it. */
Test(xsk_bench_remote, connection_by_the_measured_interface_is_kept)
{
	int other = netns_new(), here;

	netns_move("v1", other);
	netns_run("ip addr add 10.0.0.1/24 dev v0; ip link set v0 up");
	here = netns_switch(other);
	netns_run("ip addr add 10.0.0.2/24 dev v1; ip link set v1 up");
	server_start_at("10.0.0.2:0", "-i v1 -n 2");
	netns_switch(here);
	CLIENT("-i v0 -n 2 --rate 5k --duration 2 --bidirectional");
	ENDED(0);
	SAYS("the control connection comes through v0: the host keeps arp,tcp-from:");
	cr_assert(strstr(strstr(tool.out, "0 corrupt, 0 twice") + 1, "0 corrupt, 0 twice"), "%s",
		  tool.out);
	server_end();
	cr_assert(strstr(server.err, "comes through v1: the host keeps arp,tcp:"), "%s",
		  server.err);
}

Test(xsk_bench_remote, document_and_rows_are_those_of_each_machine)
{
	server_start("-i v1");
	CLIENT("-i v0 --rate 20k --count 1000 --bidirectional --json");
	ENDED(0);
	cr_assert(tool_is_json(tool.out), "%s", tool.out);
	for (int i = 0; i < 2; i++) {
		const char *way = i ? "\"reverse\"" : "\"forward\"";

		cr_expect_eq(tool_number(tool.out, way, "generated"), 1000, "%s", tool.out);
		cr_expect_eq(tool_number(tool.out, way, "unexplained"), 0, "%s", tool.out);
		way = strstr(tool.out, way);
		cr_expect_eq(tool_number(way, "\"sender\": {", "generated"), 1000, "%s", way);
		cr_expect_eq(tool_number(way, "\"sender\": {", "good"), 0, "%s", way);
		cr_expect_eq(tool_number(way, "\"receiver\": {", "good"), 1000, "%s", way);
		cr_expect_eq(tool_number(way, "\"receiver\": {", "generated"), 0, "%s", way);
	}
	CLIENT("-i v0 --rate 20k --count 1000 --bidirectional --interval 0.1 --csv");
	ENDED(0);
	cr_assert(!strncmp(tool.out, "direction,kind,", 15), "%s", tool.out);
	SHOWS("\nreverse,interval,");
	SHOWS("\nreverse,total,");
	HIDES("forward");
	CLIENT("-i v0 --rate 20k --count 1000 --csv");
	ENDED(0);
	cr_assert(!strncmp(tool.out, "kind,", 5), "%s", tool.out);
	server_end();
}

Test(xsk_bench_remote, one_off_ends_after_a_client_with_its_exit_code)
{
	server_start("-i v1 --one-off");
	CLIENT("-i v0 --rate 20k --count 500");
	ENDED(0);
	cr_expect_eq(tool_end(&server, 0), 0, "%s", server.err);
	server_start("-i v1 -1");
	CLIENT("-i v0 --rate 20k --count 500 --frame-bytes 9000");
	ENDED(2);
	cr_expect_neq(tool_end(&server, 0), 0, "%s", server.err);
}

Test(xsk_bench_remote, what_an_end_cannot_do_is_said_on_both_machines_and_the_server_serves_on)
{
	server_start("-i nothere");
	CLIENT("-i v0");
	ENDED(1);
	SAYS("the server: interface nothere: there is none");
	server_end();
	server_start("-i v1");
	CLIENT("-i nothere --rate 1k -t 0.3");
	ENDED(1);
	SAYS("interface nothere: there is none");
	CLIENT("-i nothere --reverse");
	ENDED(1);
	CLIENT("-i v0 -q 7 --json");
	ENDED(2);
	cr_assert(tool_is_json(tool.out), "%s", tool.out);
	cr_expect_eq(tool_number(tool.out, "", "exit_code"), 2);
	CLIENT("-i v0 --rate 20k --count 500");
	ENDED(0);
	cr_assert_eq(netns_program_id("v1"), 0);
	server_end();
	cr_expect(strstr(server.err, "the client: interface nothere"), "%s", server.err);
}

Test(xsk_bench_remote, server_that_is_not_there_is_said)
{
	RUN("pair -i v0 --client 127.0.0.1:9");
	ENDED(1);
	SAYS("--client 127.0.0.1:9: Connection refused; does xsk-bench pair --server listen there?");
	RUN("pair -i v0 --client 127.0.0.1:9 --json");
	ENDED(1);
	cr_assert(tool_is_json(tool.out), "%s", tool.out);
	server_start("-i v1");
	RUN("pair -i v0 --server %u", server_port);
	ENDED(1);
	SAYS("cannot listen there: Address already in use");
	server_end();
}

Test(xsk_bench_remote, ctrl_c_at_the_client_ends_the_run_early_and_the_account_is_whole)
{
	static const char *const ways[] = {"", " --reverse", " --bidirectional"};

	server_start("-i v1");
	for (int i = 0; i < 3; i++) {
		tool_start(&tool, XSK_BENCH " pair -i v0 --client %s --rate 2k -t 60%s",
			   server_name, ways[i]);
		tool_await(&tool, "running on v0");
		usleep(700000);
		tool_end(&tool, SIGINT);
		ENDED(0);
		SHOWS(COUNTED);
		cr_assert_eq(netns_program_id("v0"), 0);
	}
	server_await_idle(3);
	cr_assert_eq(netns_program_id("v1"), 0);
	server_end();
}

/* Whoever is killed leaves nothing on an interface, and the other one knows at once. */
Test(xsk_bench_remote, one_that_is_killed_leaves_the_other_one_fit)
{
	server_start("-i v1");
	tool_start(&tool, XSK_BENCH " pair -i v0 --client %s --rate 2k -t 60 --bidirectional",
		   server_name);
	tool_await(&tool, "running on v0");
	cr_assert_neq(netns_program_id("v1"), 0);
	tool_end(&tool, SIGKILL);
	server_await("the client has closed the connection");
	server_await_free("v1");
	server_await_free("v0");
	CLIENT("-i v0 --rate 20k --count 500");
	ENDED(0);
	tool_start(&tool, XSK_BENCH " pair -i v0 --client %s --rate 2k -t 60 --bidirectional",
		   server_name);
	tool_await(&tool, "running on v0");
	kill(server.pid, SIGKILL);
	tool_end(&tool, 0);
	ENDED(1);
	SAYS("the server has closed the connection");
	server_await_free("v1");
	cr_assert_eq(netns_program_id("v0"), 0);
	tool_end(&server, 0);
}

Test(xsk_bench_remote, server_that_is_told_to_end_in_a_run_says_so)
{
	server_start("-i v1");
	tool_start(&tool, XSK_BENCH " pair -i v0 --client %s --rate 2k -t 60", server_name);
	tool_await(&tool, "running on v0");
	server_end();
	cr_expect_neq(server.status, 0);
	tool_end(&tool, 0);
	ENDED(1);
	SAYS("the server: a signal has ended it");
	cr_assert(!netns_program_id("v0") && !netns_program_id("v1"));
}
