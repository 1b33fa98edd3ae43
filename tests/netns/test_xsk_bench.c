// SPDX-License-Identifier: BSD-2-Clause
/* xsk-bench as an operator meets it: exit codes, what goes to stderr, what the result looks like. */
#include <signal.h>
#include <unistd.h>

#include "support/xsk_bench.h"

static struct tool other;

TestSuite(xsk_bench, .init = xsk_bench_setup, .timeout = 60);

/* ---- Nothing that looks like a result ----------------------------------------------------------- */

Test(xsk_bench, tx_on_a_link_that_is_down_rates_nothing_and_fails)
{
	static const char *const downed[] = {"v0", "v1"};

	for (int i = 0; i < 2; i++) {
		netns_down(downed[i]);
		RUN("tx -i v0 --duration 0.5");
		ENDED(1);
		SAYS("xsk-bench: link: v0: the link is down; 0 of ");
		SHOWS("0.0 pps");
		HIDES("accounted for");
		HIDES("adds up");
		RUN("tx -i v0 --duration 0.5 --verbose");
		ENDED(1);
		HIDES("adds up");
		RUN("tx -i v0 --duration 0.5 --json");
		ENDED(1);
		cr_assert(tool_is_json(tool.out) && !strstr(tool.out, "totals"), "%s", tool.out);
		netns_run("ip link set %s up", downed[i]);
	}
}

Test(xsk_bench, link_that_goes_down_is_told_with_the_programs_name)
{
	tool_start(&tool, XSK_BENCH " tx -i v0 --rate 100 --duration 1.5");
	tool_await(&tool, "is running");
	netns_down("v1");
	tool_end(&tool, 0);
	ENDED(1);
	SAYS("\nxsk-bench: v0: the link is down\n");
	SAYS("xsk-bench: link: v0: the link is down; ");
}

Test(xsk_bench, latency_that_nobody_answers_says_who_should)
{
	RUN("latency -i v0 --rate 100 --duration 0.3");
	ENDED(3);
	SAYS("xsk-bench: nobody answered: is 02:6e:78:00:00:01 (--dst) the peer, and does it run "
	     "xsk-bench fwd?");
	HIDES("every frame is accounted for");
}

/* ---- Options ------------------------------------------------------------------------------------ */

Test(xsk_bench, options_that_cannot_work_are_refused_in_their_own_words)
{
	static const struct {
		const char *options, *says;
	} rows[] = {
		{"rx -i v0 -q 5", "-q 5: v0 has queues 0..1"},
		{"rx -i v0 -n 4", "-n 4: v0 has queues 0..1"},
		{"tx -i v0 -q 1 -n 2", "-q 1 -n 2: v0 has queues 0..1"},
		{"rx -i v0 --cpu 0,999", "--cpu: there is no CPU 999"},
		{"rx -i v0 --napi-defer 2", "--napi-defer 2, --napi-flush 0: go together"},
		{"rx -i v0 --sealed --frame-bytes 9000", "--sealed with --frame-bytes 9000: "},
		{"rx -i v0 --mode zero-copy --attach generic",
		 "--mode zero-copy with --attach generic: "},
		{"rx -i v0 -q 9999", "-q 9999: "},
		{"tx -i v0 --mac", "--mac: tx takes no frames"},
		{"tx -i v0 --keep arp", "--keep: tx takes no frames"},
		{"rx -i v0 --keep ssh", "--keep ssh: must be a list of arp, nd, "},
		{"rx -i v0 --mac=02:00:00:00:00", "--mac 02:00:00:00:00: must be a list"},
		{"rx -i v0 --nonsense", "--nonsense: no such option"},
		{"rx -i v0 --keep arp,tcp:70000",
		 "--keep arp,tcp:70000: a number behind tcp: is at most 65535"},
		{"rx -i v0 --keep proto:1-256",
		 "--keep proto:1-256: a number behind proto: is at most 255"},
		{"rx -i v0 --keep tcp:22-", "--keep tcp:22-: must be a list of arp, nd, "},
		{"rx -i v0 --keep tcp:x", "--keep tcp:x: must be a list of arp, nd, "},
		{"tx -i v0 --rate 1Q",
		 "--rate 1Q: must be a whole number from 1 to 1000000000, or one with k, M or G behind it"},
		{"tx -i v0 --frame-bytes 1519",
		 "--frame-bytes 1519: the MTU of v0 is 1500, and longer frames "
		 "are not sent; ip link set dev v0 mtu 1505, or --frame-bytes 1514"},
		{"latency -i v0 --frame-bytes 9000", "--frame-bytes 9000: the MTU of v0 is 1500"},
		{"tx -i v0 --checksum --frame-bytes 2000", "--frame-bytes 2000: the MTU"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		RUN("%s --json", rows[i].options);
		ENDED(2);
		SAYS(rows[i].says);
		SILENT("is running");
		cr_assert(tool_is_json(tool.out), "%s", tool.out);
		cr_assert_eq(tool_number(tool.out, "", "exit_code"), 2);
	}
}

Test(xsk_bench, mtu_that_frames_do_not_fit_is_told_by_its_number)
{
	RUN("tx -i v0 --frame-bytes 1518 --count 10");
	ENDED(0);
	RUN("tx -i v0 --segment 8000 --count 10");
	ENDED(0);
	RUN("rx -i v0 --frame-bytes 9000 --duration 0.1");
	ENDED(0);
	netns_run("ip link set v0 mtu 3000");
	RUN("tx -i v0 --frame-bytes 3000");
	ENDED(2);
	SAYS("--frame-bytes 3000: the MTU of v1 is 1500");
	netns_run("ip link set v1 mtu 3000");
	tool_start(&tool, XSK_BENCH " tx -i v0 --frame-bytes 3000 --rate 100 --duration 1.5");
	tool_await(&tool, "is running");
	usleep(500000);
	netns_run("ip link set v1 mtu 1500");
	tool_end(&tool, 0);
	SAYS("v1: the MTU is 1500 now");
}

Test(xsk_bench, failure_is_one_json_document_without_figures)
{
	static const char *const commands[] = {
		"rx -i nothere --json",
		"rx -i v0 --mode zero-copy --json",
		"rx -i v0 --cpu 999 --json",
		"rx --json",
	};

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		RUN("%s", commands[i]);
		cr_assert(tool.status == 1 || tool.status == 2, "%s: %d", commands[i], tool.status);
		cr_assert(tool_is_json(tool.out), "%s", tool.out);
		SHOWS("\"error\": {");
		SHOWS("\"step\": ");
		SHOWS("\"message\": ");
		HIDES("totals");
		HIDES("adds_up");
		cr_assert_eq(tool_number(tool.out, "", "exit_code"), tool.status);
	}
}

Test(xsk_bench, zero_copy_that_auto_did_not_get_is_explained_without_advising_auto)
{
	RUN("rx -i v0 --duration 0.1 --json");
	ENDED(0);
	SHOWS("the driver has no zero copy");
	HIDES("mode auto");
	RUN("rx -i v0 --mode zero-copy");
	ENDED(1);
	SAYS("use --mode auto or copy");
}

Test(xsk_bench, generic_xdp_that_auto_ended_in_is_told_without_advising_auto)
{
	RUN("rx -i lo --duration 0.1 --json");
	ENDED(0);
	SAYS("xsk-bench: generic XDP, which is slower: lo: ");
	SAYS("the driver has no native XDP\n");
	SAYS("lo: the MTU is 65536, and frames over 1518 bytes are dropped; lower the MTU\n");
	HIDES("attach auto");
	HIDES("mode auto");
	RUN("rx -i lo --attach native");
	ENDED(1);
	SAYS("use --attach auto or generic");
}

Test(xsk_bench, help_and_version_and_results_fit_80_columns)
{
	RUN("--help");
	ENDED(0);
	cr_assert(tool_width(tool.out) <= 80, "%u", tool_width(tool.out));
	RUN("-V");
	ENDED(0);
	cr_assert_str_eq(tool.out, "xsk-bench " NET_XDP_VERSION "\n");
	RUN("--version");
	cr_assert_str_eq(tool.out, "xsk-bench " NET_XDP_VERSION "\n");
	tool_start(&other, XSK_BENCH " rx -i v1 --duration 0");
	tool_await(&other, "is running");
	RUN("tx -i v0 -t 1.2");
	ENDED(0);
	cr_assert(tool_lines(tool.out) == 6 && tool_width(tool.out) <= 80, "%s", tool.out);
	cr_assert(tool_width(tool.err) <= 80, "%s", tool.err);
	SHOWS("pps, ");
	SHOWS("iB\n");
	cr_assert_eq(tool_end(&other, SIGINT), 0);
	cr_assert(tool_lines(other.out) == 6 && tool_width(other.out) <= 80, "%s", other.out);
	cr_assert(strstr(other.out, "every frame is accounted for") ||
			  strstr(other.out, "were lost elsewhere"),
		  "%s", other.out);
	RUN("rx -i v1 --duration 0.2 --verbose");
	cr_assert(tool_width(tool.out) <= 80 && tool_lines(tool.out) > 15, "%s", tool.out);
}

Test(xsk_bench, report_says_who_gets_the_frames_and_which_tags_are_lost)
{
	RUN("rx -i v1 --duration 0.1 --verbose");
	SHOWS("frames: taken\n");
	cr_assert(tool_says(tool.out, "VLAN tags (802.1Q, 802.1ad) are taken out of the frames by "
				      "the sending end and are lost"),
		  "%s", tool.out);
	cr_assert_leq(tool_width(tool.out), 80, "%s", tool.out);
	netns_run("ethtool -K v0 txvlan off tx-vlan-stag-hw-insert off");
	RUN("rx -i v1 --duration 0.1 --verbose");
	HIDES("VLAN");
	RUN("tx -i v0 --duration 0.1 --json");
	SHOWS("\"takes_frames\": false,");
	SHOWS("\"frames_state\": \"left to the host until a buffer is posted\"");
	SHOWS("\"vlan_state\": \"VLAN tags");
	HIDES("use rx_vlan"); /* xsk-bench has no such option */
}

/* How often is it there? */
static unsigned int times(const char *text, const char *words)
{
	unsigned int n = 0;

	for (; (text = strstr(text, words)); text += strlen(words))
		n++;
	return n;
}

Test(xsk_bench, document_tells_each_fact_of_an_interface_once)
{
	static const char *const facts[] = {
		"\"driver\": ",
		"\"native\": ",
		"\"vlan_state\": ",
		"\"max_frame_bytes\": ",
		"\"napi_defer_hard_irqs\": ",
		"\"redirected\": ",
	};

	RUN("rx -i v1 -n 2 --duration 0.1 --json");
	ENDED(0);
	cr_assert(tool_is_json(tool.out), "%s", tool.out);
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		cr_expect_eq(times(tool.out, facts[i]), 1, "%s: %u times", facts[i],
			     times(tool.out, facts[i]));
	cr_assert_eq(times(tool.out, "\"zero_copy\": "), 2);
	RUN("fwd -i v1 --to v0 --duration 0.1 --json");
	ENDED(0);
	cr_assert_eq(times(tool.out, "\"driver\": "), 2);
}

/* ---- The host's own interface ------------------------------------------------------------------- */

/* All that goes out leaves by v0. */
static void make_only_way(void)
{
	netns_run("ip addr add 192.0.2.1/24 dev v0");
	netns_run("ip route add default via 192.0.2.2 dev v0");
}

Test(xsk_bench, interface_with_addresses_is_warned_of)
{
	netns_run("ip addr add 192.0.2.1/24 dev v0");
	RUN("rx -i v0 --duration 0.1");
	ENDED(0);
	SAYS("xsk-bench: v0 carries addresses of the host");
	RUN("rx -i v1 --duration 0.1");
	SILENT("of the host");
	RUN("tx -i v0 --duration 0.1");
	SILENT("of the host");
}

Test(xsk_bench, only_way_to_the_machine_is_refused_without_force)
{
	static const char *const modes[] = {"rx", "fwd", "latency"};

	make_only_way();
	for (int i = 0; i < 3; i++) {
		RUN("%s -i v0 --duration 0.1 --mac", modes[i]); /* its own MAC is the host's */
		ENDED(1);
		SAYS("v0 is the only way to this machine");
		SAYS("--force");
		SILENT("is running");
		cr_assert_eq(netns_program_id("v0"), 0);
	}
	RUN("rx -i v0 --duration 0.1 --force");
	ENDED(0);
	SAYS("v0 is the only way to this machine");
	RUN("rx -i v0 --duration 0.1 --mac 02:00:00:00:00:99");
	ENDED(0);
	SILENT("of the host");
	RUN("tx -i v0 --duration 0.1");
	ENDED(0);
	RUN("fwd -i v1 --to v0 --duration 0.1");
	ENDED(1);
}

Test(xsk_bench, way_back_to_the_ssh_client_is_refused_without_force)
{
	netns_run("ip addr add 192.0.2.1/24 dev v0");
	setenv("SSH_CONNECTION", "192.0.2.7 50000 192.0.2.1 22", 1);
	RUN("rx -i v0 --duration 0.1");
	ENDED(1);
	SAYS("v0 is the way back to the SSH client 192.0.2.7");
	RUN("rx -i v1 --duration 0.1");
	ENDED(0);
	setenv("SSH_CONNECTION", "198.51.100.7 50000 192.0.2.1 22", 1); /* no route there */
	RUN("rx -i v0 --duration 0.1");
	ENDED(0);
}

Test(xsk_bench, what_is_kept_is_weighed_on_the_only_way)
{
	make_only_way();
	RUN("rx -i v0 --duration 0.1 --keep arp,icmp");
	ENDED(1);
	SAYS("--keep tcp:22 as well, or --force");
	RUN("rx -i v0 --duration 0.1");
	ENDED(1);
	SAYS("--keep arp,nd,tcp:22, or --force");
	RUN("rx -i v0 --duration 0.1 --keep arp,nd,icmp,tcp:22");
	ENDED(0);
	SAYS("xsk-bench: v0 is the only way to this machine: each default route leaves by it; of the "
	     "frames that are taken the host keeps arp,nd,icmp,tcp:22, and none of the others\n");
	RUN("rx -i v0 --duration 0.1 --keep arp --force");
	ENDED(0);
	SAYS("the host keeps arp, and none of the others; to be reached it lacks tcp:22\n");
	setenv("SSH_CONNECTION", "192.0.2.7 50000 192.0.2.1 2222", 1);
	RUN("rx -i v0 --duration 0.1 --keep arp,tcp:22");
	ENDED(1);
	SAYS("v0 is the way back to the SSH client 192.0.2.7");
	SAYS("--keep tcp:2222 as well");
	RUN("rx -i v0 --duration 0.1 --keep arp,tcp:2222");
	ENDED(0);
}

Test(xsk_bench, what_is_kept_is_said_of_an_interface_with_addresses)
{
	netns_run("ip addr add 192.0.2.1/24 dev v0");
	RUN("rx -i v0 --duration 0.1 --keep arp,udp:67-68");
	ENDED(0);
	SAYS("v0 carries addresses of the host; of the frames that are taken the host keeps "
	     "arp,udp:67-68, and none of the others\n");
	SILENT("--keep");
	RUN("rx -i v0 --duration 0.1 --keep type:0x88cc");
	ENDED(0);
	SAYS("keeps type:0x88cc, and none of the others; without arp or nd nobody finds its addresses");
}

Test(xsk_bench, ssh_session_is_found_behind_a_program_that_clears_the_environment)
{
	netns_run("ip addr add 192.0.2.1/24 dev v0");
	setenv("SSH_CONNECTION", "192.0.2.7 50000 192.0.2.1 22", 1);
	tool_run(&tool, "/usr/bin/timeout 20 /usr/bin/env -u SSH_CONNECTION " XSK_BENCH
			" rx -i v0 --duration 0.1");
	ENDED(1);
	SAYS("v0 is the way back to the SSH client 192.0.2.7");
	/* It ends in another network namespace. */
	setenv("SSH_CONNECTION", "192.0.2.7 50000 192.0.2.99 22", 1);
	tool_run(&tool, "/usr/bin/timeout 20 /usr/bin/env -u SSH_CONNECTION " XSK_BENCH
			" rx -i v0 --duration 0.1");
	ENDED(0);
}

/* ---- What it says of an interface --------------------------------------------------------------- */

Test(xsk_bench, mtu_that_ends_in_generic_xdp_is_one_line)
{
	netns_run("ip link set v0 mtu 9000");
	netns_run("ip link set v1 mtu 9000");
	RUN("rx -i v0 --duration 0.1");
	ENDED(0);
	SAYS("xsk-bench: v0: the MTU of 9000 does not fit native XDP: generic XDP, which is "
	     "slower, and frames over 1518 bytes are dropped; use --frame-bytes 9018\n");
	cr_assert_eq(tool_lines(tool.err), 2, "%s", tool.err);
	RUN("rx -i v0 --duration 0.1 --frame-bytes 9018");
	cr_assert_eq(tool_lines(tool.err), 1, "%s", tool.err);
	RUN("rx -i v0 --duration 0.1 --attach native");
	ENDED(1);
	SAYS("--frame-bytes");
	SILENT("max_frame_bytes");
}

Test(xsk_bench, second_one_on_an_interface_is_told_at_once_that_it_waits)
{
	tool_start(&other, XSK_BENCH " rx -i v0 --duration 0");
	tool_await(&other, "is running");
	tool_start(&tool, XSK_BENCH " rx -i v0 --duration 0.1");
	tool_await(&tool, "waiting for it to end");
	SILENT("is running");
	tool_end(&other, SIGTERM);
	tool_end(&tool, 0);
	ENDED(0);
}
