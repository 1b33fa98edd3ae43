// SPDX-License-Identifier: BSD-2-Clause
/* xsk-bench as an operator meets it: exit codes, what goes to stderr, what the result looks like. */
#include <bpf/bpf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/netns.h"
#include "support/peer.h"
#include "support/tool.h"
#include "xsk_bench/frame.h"

static struct tool tool, other;

static void setup(void)
{
	unsetenv("SSH_CONNECTION");
	netns_enter();
	netns_veth("v0", "v1", 2, 1500);
}

TestSuite(xsk_bench, .init = setup, .timeout = 60);

#define RUN(...)      tool_run(&tool, XSK_BENCH " " __VA_ARGS__)
#define SAYS(words)   cr_assert(strstr(tool.err, words), "stderr: %s", tool.err)
#define SILENT(words) cr_assert(!strstr(tool.err, words), "stderr: %s", tool.err)
#define SHOWS(words)  cr_assert(strstr(tool.out, words), "stdout: %s", tool.out)
#define HIDES(words)  cr_assert(!strstr(tool.out, words), "stdout: %s", tool.out)
#define ENDED(code)                                                                                \
	cr_assert(tool.status == (code), "ended with %d: %s%s", tool.status, tool.err, tool.out)

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

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
		cr_assert(tool_json(tool.out) && !strstr(tool.out, "totals"), "%s", tool.out);
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
		{"rx -i v0 --mac=02:00:00:00:00", "--mac: '02:00:00:00:00' is not a list"},
		{"rx -i v0 --nonsense", "--nonsense: no such option"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		RUN("%s --json", rows[i].options);
		ENDED(2);
		SAYS(rows[i].says);
		SILENT("is running");
		cr_assert(tool_json(tool.out), "%s", tool.out);
		cr_assert_eq(tool_number(tool.out, "", "exit_code"), 2);
	}
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
		cr_assert(tool_json(tool.out), "%s", tool.out);
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

/* ---- Interfaces that change under a run ---------------------------------------------------------- */

/* The bpf_link that keeps the tool's program attached. */
static int link_of(pid_t pid)
{
	char path[64], line[128];
	unsigned int id = 0;

	for (int fd = 0; fd < 256 && !id; fd++) {
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)pid, fd);
		f = fopen(path, "re");
		while (f && fgets(line, sizeof(line), f))
			sscanf(line, "link_id: %u", &id);
		if (f)
			fclose(f);
	}
	cr_assert(id, "no link");
	return bpf_link_get_fd_by_id(id);
}

/* It ends by itself, long before its time, and says why. */
static void ends_saying(const char *words)
{
	tool_end(&tool, 0);
	ENDED(1);
	SAYS("xsk-bench: restart: v0: ");
	SAYS(words);
	HIDES("adds up");
	HIDES("accounted for");
}

Test(xsk_bench, program_that_is_detached_under_a_run_ends_it_with_the_reason)
{
	static const char *const modes[] = {"rx", "fwd", "latency"};
	int link;

	for (int i = 0; i < 3; i++) {
		tool_start(&tool, XSK_BENCH " %s -i v0 --duration 5", modes[i]);
		tool_await(&tool, "is running");
		link = link_of(tool.pid);
		cr_assert_eq(bpf_link_detach(link), 0, "%s", strerror(errno));
		close(link);
		ends_saying("somebody has detached the XDP program");
	}
}

Test(xsk_bench, interface_that_goes_under_a_run_ends_it_with_the_reason)
{
	for (int json = 0; json < 2; json++) {
		tool_start(&tool, XSK_BENCH " rx -i v0 --duration 5%s", json ? " --json" : "");
		tool_await(&tool, "is running");
		netns_run("ip link del v0");
		ends_saying("the interface is gone");
		cr_assert(!json || (tool_json(tool.out) && !strstr(tool.out, "totals")), "%s",
			  tool.out);
		if (!json)
			netns_veth("v0", "v1", 2, 1500);
	}
}

/* ---- What arrives -------------------------------------------------------------------------------- */

/* count of our own frames from sequence on, as another xsk-bench sends them. */
static void send_numbers(struct peer *p, uint64_t sequence, uint32_t count)
{
	struct frame_flow flow = {.run = 7, .dst_mac = {0x02, 0, 0, 0, 0, 0x99}};
	uint8_t bytes[FRAME_MIN_BYTES];
	uint64_t sum = frame_prepare(&flow, 0, bytes, sizeof(bytes));

	for (uint32_t i = 0; i < count; i++) {
		frame_stamp(bytes, sum, sequence + i, 1);
		peer_send(p, bytes, sizeof(bytes));
	}
}

static void send_too_long(struct peer *p, uint32_t count)
{
	static const uint8_t bytes[2000] = {0x02, 0, 0, 0, 0, 0x99, 0x02,
					    0,	  0, 0, 0, 1, 0x88, 0xb5};

	for (uint32_t i = 0; i < count; i++)
		peer_send(p, bytes, sizeof(bytes));
}

Test(xsk_bench, loss_upstream_is_not_explained_by_drops_before_the_first_frame)
{
	struct peer p;

	netns_run("ip link set v0 mtu 3000");
	netns_run("ip link set v1 mtu 3000");
	peer_open(&p, "v0");
	peer_use_queue(&p, 0);
	tool_start(&tool, XSK_BENCH " rx -i v1 --duration 2.5 --json");
	tool_await(&tool, "is running");
	send_too_long(&p, 50);
	sleep_ms(300);
	send_numbers(&p, 1000, 10);
	sleep_ms(300);
	send_numbers(&p, 1020, 10); /* 10 are missing, and nothing was dropped here */
	tool_end(&tool, 0);
	ENDED(0);
	cr_assert_eq(tool_number(tool.out, "\"name\": \"missing\"", "whole"), 10);
	cr_assert_eq(tool_number(tool.out, "\"name\": \"missing\"", "unexplained"), 10, "%s",
		     tool.out);
	/* They were dropped all the same. */
	cr_assert_eq(tool_number(tool.out, "\"name\": \"arrived\"", "program_dropped_too_long"),
		     50);
	peer_close(&p);
}

Test(xsk_bench, forwarding_onto_a_link_that_is_down_fails)
{
	struct peer p;

	netns_veth("w0", "w1", 1, 1500);
	peer_open(&p, "v0");
	peer_use_queue(&p, 0);
	netns_down("w1");
	tool_start(&tool, XSK_BENCH " fwd -i v1 --to w0 --duration 1");
	tool_await(&tool, "is running");
	send_numbers(&p, 0, 5);
	tool_end(&tool, 0);
	ENDED(1);
	SAYS("xsk-bench: link: w0: the link is down; 0 of 5 frames were sent");
	peer_close(&p);
}

Test(xsk_bench, live_line_counts_what_the_program_drops)
{
	struct peer p;

	netns_run("ip link set v0 mtu 3000");
	netns_run("ip link set v1 mtu 3000");
	peer_open(&p, "v0");
	tool_start(&tool, XSK_BENCH " rx -i v1 --duration 1.5");
	tool_await(&tool, "is running");
	send_too_long(&p, 20);
	tool_end(&tool, 0);
	ENDED(0);
	SAYS("  20 dropped\n");
	SAYS("v1: the MTU is 3000, and frames over 1518 bytes are dropped; use --frame-bytes 3018");
	SHOWS("program_dropped_too_long 20");
	peer_close(&p);
}

Test(xsk_bench, frames_to_other_macs_stay_with_the_host)
{
	struct peer p, host;

	peer_open(&p, "v0");
	peer_use_queue(&p, 0);
	tool_start(&tool, XSK_BENCH " rx -i v1 --duration 1 --json --mac");
	tool_await(&tool, "is running");
	peer_open(&host, "v1");
	send_numbers(&p, 0, 1); /* to 02:00:00:00:00:99 */
	cr_assert_eq(peer_receive(&host, (uint8_t[2048]){0}, 2048, 500), FRAME_MIN_BYTES);
	tool_end(&tool, 0);
	ENDED(0);
	cr_assert_eq(tool_number(tool.out, "totals", "received"), 0);
	tool_start(&tool, XSK_BENCH " rx -i v1 --count 1 --json --mac own,02:00:00:00:00:99");
	tool_await(&tool, "is running");
	send_numbers(&p, 0, 1);
	tool_end(&tool, 0);
	ENDED(0);
	cr_assert_eq(tool_number(tool.out, "totals", "received"), 1);
	peer_close(&host);
	peer_close(&p);
}

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
	tool_await(&tool, "another program of net_xdp runs here");
	SILENT("is running");
	tool_end(&other, SIGTERM);
	tool_end(&tool, 0);
	ENDED(0);
}
