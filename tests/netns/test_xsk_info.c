// SPDX-License-Identifier: BSD-2-Clause
/* xsk-info as an operator meets it: exit status, what goes where, widths, names, and predictions
 * that a real interface, a filter or a user without rights makes. */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/foreign.h"
#include "support/frontend_xdp.h"
#include "support/netns.h"
#include "support/tool.h"

#ifndef AF_XDP
#define AF_XDP 44
#endif

#define REFUSED "would fail."

static struct tool c; /* large */

/* One line that begins with the program's name. */
static void is_one_sentence(const char *text)
{
	cr_expect(tool_lines(text) == 1 && strncmp(text, "xsk-info: ", 10) == 0, "%s", text);
}

/* ---- Exit status and streams ------------------------------------------------------------------ */

Test(xsk_info, show_missing_interface_fails_with_one_document)
{
	netns_enter();
	TOOL_RUN(&c, XSK_INFO, "nowhere", "--json");
	cr_expect_eq(c.status, 1);
	is_one_sentence(c.err);
	cr_expect(tool_is_json(c.out), "%s", c.out);
	cr_expect_not_null(strstr(c.out, "\"error\": {\n    \"code\": -19"), "%s", c.out);
	cr_expect_not_null(strstr(c.out, "\"exit_code\": 1"));
	cr_expect_null(strstr(c.out, "prediction"));
	TOOL_RUN(&c, XSK_INFO, "nowhere");
	cr_expect_eq(c.status, 1);
	is_one_sentence(c.err);
	cr_expect_str_empty(c.out);
}

Test(xsk_info, try_beside_a_foreign_program_says_on_stderr_that_it_failed)
{
	netns_enter();
	netns_veth("v0", "v1", 1, 1500);
	foreign_program("v0", 0);
	TOOL_RUN(&c, XSK_INFO, "v0", "--try");
	cr_expect_eq(c.status, 1);
	is_one_sentence(c.err);
	cr_expect(tool_says(c.out, "failed at attach"), "%s", c.out);
	cr_expect_not_null(strstr(c.err, "through libxdp's dispatcher and use --dispatcher"));
	TOOL_RUN(&c, XSK_INFO, "v0", "--try", "--json");
	cr_expect_eq(c.status, 1);
	is_one_sentence(c.err);
	cr_expect(tool_is_json(c.out), "%s", c.out);
	cr_expect_not_null(strstr(c.out, "\"error\": {\n    \"code\": -16"), "%s", c.out);
	cr_expect_not_null(strstr(c.out, "\"mode\": \"fails\""));
	foreign_program_detach("v0", 0);
	TOOL_RUN(&c, XSK_INFO, "v0", "--try");
	cr_expect_eq(c.status, 0, "%s", c.err);
	cr_expect_str_empty(c.err);
}

Test(xsk_info, try_shows_who_gets_the_frames_and_which_tags_are_lost)
{
	netns_enter();
	netns_veth("v0", "v1", 1, 1500);
	TOOL_RUN(&c, XSK_INFO, "v0", "--try");
	cr_expect(tool_says(c.out, "frames: left to the host until a buffer is posted"), "%s",
		  c.out);
	cr_expect(tool_says(c.out, "vlan: VLAN tags (802.1Q, 802.1ad) are taken out"), "%s", c.out);
	cr_expect(tool_says(c.out, "are lost; use ethtool -K v1 txvlan off"), "%s", c.out);
	cr_expect_leq(tool_width(c.out), 80, "%s", c.out);
	TOOL_RUN(&c, XSK_INFO, "v0", "--try", "--json");
	cr_expect_not_null(strstr(c.out, "\"takes_frames\": false"), "%s", c.out);
	cr_expect_not_null(strstr(c.out, "\"frames_state\": \"left to the host"), "%s", c.out);
	cr_expect_not_null(strstr(c.out, "\"vlan_state\": \"VLAN tags"), "%s", c.out);
	netns_run("ethtool -K v1 txvlan off tx-vlan-stag-hw-insert off");
	TOOL_RUN(&c, XSK_INFO, "v0", "--try", "--json");
	cr_expect_not_null(strstr(c.out, "\"vlan_state\": \"\""), "%s", c.out);
}

/* Linux 6.11 takes the request for a checksum, 6.6 a packet in several descriptors. */
Test(xsk_info, try_shows_who_does_what_packets_ask_for)
{
	netns_enter();
	netns_veth("v0", "v1", 1, 1500);
	TOOL_RUN(&c, XSK_INFO, "v0", "--try", "--json");
	cr_expect_not_null(strstr(c.out, "\"tx_checksum_state\": \"kernel: nothing"), "%s", c.out);
	cr_expect_not_null(strstr(c.out, "\"tx_segmentation_state\": \"kernel: whole from 8192"),
			   "%s", c.out);
	cr_expect_not_null(strstr(c.out, "\"tx_vlan_state\": \"payload copied up to 2048"), "%s",
			   c.out);
	cr_expect_not_null(strstr(c.out, "\"tx_checksum\": \"auto\""), "%s", c.out);
	cr_expect_not_null(strstr(c.out, "\"tx_segment_here\": false"), "%s", c.out);
	cr_expect_not_null(strstr(c.out, "\"tx_max_pieces\": 512"), "%s", c.out);
	TOOL_RUN(&c, XSK_INFO, "v0", "--try");
	cr_expect(tool_says(c.out, "tx_checksum: kernel: nothing is added up here"), "%s", c.out);
	cr_expect(tool_says(c.out,
			    "tx_segmentation: kernel: whole from 8192 bytes of payload on; below, "
			    "payload copied up to 2048 bytes"),
		  "%s", c.out);
	cr_expect(tool_says(c.out, "tx_vlan: payload copied up to 2048 bytes"), "%s", c.out);
	cr_expect_leq(tool_width(c.out), 80, "%s", c.out);
}

Test(xsk_info, veth_tells_partial_checksums_and_a_tap_does_not)
{
	netns_enter();
	netns_veth("v0", "v1", 1, 1500);
	netns_run("ip tuntap add dev t0 mode tap && ip link set t0 up");
	TOOL_RUN(&c, XSK_INFO, "v0");
	cr_expect(
		tool_says(c.out, "partial checksums which are partial is told, from their headers"),
		"%s", c.out);
	TOOL_RUN(&c, XSK_INFO, "t0");
	cr_expect(tool_says(c.out, "partial checksums nothing is told: only on a veth"), "%s",
		  c.out);
	cr_expect_leq(tool_width(c.out), 80, "%s", c.out);
	TOOL_RUN(&c, XSK_INFO, "t0", "--json");
	cr_expect_not_null(strstr(c.out, "\"rx_partial_state\": \"nothing is told"), "%s", c.out);
}

Test(xsk_info, try_beside_a_program_of_this_library_says_that_it_waits, .timeout = 60)
{
	struct frontend_xdp x;
	pid_t pid;

	netns_enter();
	netns_veth("v0", "v1", 1, 1500);
	pid = fork();
	if (!pid) {
		frontend_xdp_prepare(&x, "v0");
		frontend_xdp_open(&x);
		frontend_xdp_start(&x, 1, 16);
		sleep(2);
		frontend_xdp_close(&x);
		_exit(0);
	}
	sleep(1);
	TOOL_RUN(&c, XSK_INFO, "v0", "--try");
	cr_expect_eq(c.status, 0, "%s", c.err);
	is_one_sentence(c.err);
	cr_expect_not_null(strstr(c.err, "another program of this library has v0"), "%s", c.err);
	cr_expect_eq(waitpid(pid, NULL, 0), pid);
}

Test(xsk_info, version_is_one_line)
{
	TOOL_RUN(&c, XSK_INFO, "--version");
	cr_expect_eq(c.status, 0);
	cr_expect_eq(tool_lines(c.out), 1);
	cr_expect_not_null(strstr(c.out, NET_XDP_VERSION), "%s", c.out);
	TOOL_RUN(&c, XSK_INFO, "-V");
	cr_expect_eq(c.status, 0);
}

Test(xsk_info, wrong_usage_ends_with_two_and_a_hint)
{
	static const char *const wrong[][4] = {
		{XSK_INFO, "--frobnicate"},
		{XSK_INFO, "-x"},
		{XSK_INFO, "-q"},
		{XSK_INFO, "va", "-q", "x"},
		{XSK_INFO, "va", "vb"},
		{XSK_INFO, "--try"},
		{XSK_INFO, "va", "-i", "vb"},
		{XSK_INFO, "va\033[2J", "b\033"},
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const char *const argv[] = {wrong[i][0], wrong[i][1], wrong[i][2], wrong[i][3],
					    NULL};

		tool_run_words(&c, argv);
		cr_expect_eq(c.status, 2, "row %zu", i);
		cr_expect_str_empty(c.out);
		cr_expect_eq(tool_lines(c.err), 2, "row %zu: %s", i, c.err);
		cr_expect_not_null(strstr(c.err, "try 'xsk-info --help'"), "row %zu: %s", i, c.err);
		cr_expect(tool_is_clean(c.err), "row %zu", i);
	}
}

Test(xsk_info, wrong_usage_with_json_is_one_document)
{
	static const char *const wrong[][5] = {
		{XSK_INFO, "--frobnicate", "--json"},
		{XSK_INFO, "--json", "-q"},
		{XSK_INFO, "--json", "va", "-q", "-1"},
		{XSK_INFO, "--json", "--try"},
		{XSK_INFO, "--restore", "va", "--json"},
		{XSK_INFO, "--try=1", "va\033[2J", "--json"},
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const char *const argv[] = {wrong[i][0], wrong[i][1], wrong[i][2],
					    wrong[i][3], wrong[i][4], NULL};

		tool_run_words(&c, argv);
		cr_expect_eq(c.status, 2, "row %zu", i);
		cr_expect(tool_is_json(c.out), "row %zu: %s", i, c.out);
		cr_expect_not_null(strstr(c.out, "\"exit_code\": 2,\n  \"error\": {\n    "
						 "\"code\": -22,\n    \"step\": \"usage\""),
				   "row %zu: %s", i, c.out);
	}
}

Test(xsk_info, everything_printed_fits_eighty_columns)
{
	netns_enter();
	netns_veth("v234567890abcde", "w234567890abcde", 4, 8901);
	netns_run("ip addr add 10.1.2.3/24 dev v234567890abcde");
	netns_run("ip link add mv0 link v234567890abcde type macvlan");
	TOOL_RUN(&c, XSK_INFO, "--help");
	cr_expect_leq(tool_width(c.out), 80);
	TOOL_RUN(&c, XSK_INFO, "v234567890abcde", "--try");
	cr_expect_eq(c.status, 0, "%s", c.err);
	cr_expect_leq(tool_width(c.out), 80, "%s", c.out);
	foreign_program("v234567890abcde", 0);
	TOOL_RUN(&c, XSK_INFO, "v234567890abcde");
	cr_expect_leq(tool_width(c.out), 80, "%s", c.out);
	TOOL_RUN(&c, XSK_INFO);
	cr_expect_leq(tool_width(c.out), 80, "%s", c.out);
	cr_expect(tool_says(c.out, "foreign_prog"), "%s", c.out);
}

/* ---- Names ------------------------------------------------------------------------------------ */

/* No space, slash or colon: the kernel takes any other byte. */
static const char *const odd_names[] = {
	"a\033[31mX\"\\", "b\377\376\302", "c\177\033]0;t\007", "d\302\233m",	"e\342\200\256x",
	"f\355\241\200",  "g\300\257",	   "h\001b\177",	"\303\244rger",
};

Test(xsk_info, names_of_any_bytes_give_valid_json_and_a_quiet_terminal, .timeout = 60)
{
	netns_enter();
	for (size_t i = 0; i < sizeof(odd_names) / sizeof(odd_names[0]); i++) {
		netns_run("ip link add '%s' type veth peer name peer%zu", odd_names[i], i);
		TOOL_RUN(&c, XSK_INFO, "-i", odd_names[i], "--json");
		cr_expect_eq(c.status, 0);
		cr_expect(tool_is_json(c.out), "%s", c.out);
		TOOL_RUN(&c, XSK_INFO, "-i", odd_names[i], "--try");
		cr_expect(tool_is_clean(c.out), "name %zu", i);
		TOOL_RUN(&c, XSK_INFO, "-i", odd_names[i], "-q", "77");
		cr_expect_eq(c.status, 1);
		cr_expect(tool_is_clean(c.err), "name %zu", i);
	}
	TOOL_RUN(&c, XSK_INFO, "--json");
	cr_expect(tool_is_json(c.out), "%s", c.out);
	TOOL_RUN(&c, XSK_INFO);
	cr_expect(tool_is_clean(c.out));
	cr_expect_leq(tool_width(c.out), 80, "%s", c.out);
	cr_expect_not_null(strstr(c.out, "\303\244rger "), "real UTF-8 stays: %s", c.out);
}

Test(xsk_info, attach_that_fails_is_told_in_the_options_of_the_tools)
{
	static const char limits[] = "raise --frame-bytes over the chunk";

	netns_enter();
	netns_veth("v0", "v1", 4, 9000);
	netns_run("ethtool -L v0 rx 4 tx 1");
	TOOL_RUN(&c, XSK_INFO, "v0", "-q", "2", "--try");
	cr_expect_eq(c.status, 1);
	cr_expect(tool_says(c.err, "-q is 2 and -n 1"), "%s", c.err);
	cr_expect(tool_says(c.out, "-q is 2 and -n 1"), "%s", c.out);
	TOOL_RUN(&c, XSK_INFO, "v0", "--try");
	cr_expect(tool_says(c.out, limits), "%s", c.out);
	TOOL_RUN(&c, XSK_INFO, "v0", "--try", "--json");
	cr_expect(tool_says(c.out, limits), "%s", c.out);
}

/* ---- What is refused -------------------------------------------------------------------------- */

Test(xsk_info, refused_system_call_fails_the_prediction_and_names_the_filter, .timeout = 60)
{
	static const struct {
		struct tool_filter filter;
		const char *says;
	} rows[] = {
		{{SYS_socket, AF_XDP, EPERM},
		 "socket(AF_XDP) is refused (Operation not permitted)"},
		{{SYS_socket, AF_XDP, EACCES}, "socket(AF_XDP) is refused (Permission denied)"},
		{{SYS_socket, AF_XDP, EAFNOSUPPORT}, "CONFIG_XDP_SOCKETS"},
		{{SYS_socket, AF_XDP, ENOSYS}, "CONFIG_XDP_SOCKETS"},
		{{SYS_bpf, -1, EPERM},
		 "Loading an XDP program is refused (Operation not permitted)"},
		{{SYS_bpf, -1, EACCES}, "Loading an XDP program is refused (Permission denied)"},
		{{SYS_bpf, -1, ENOSYS}, "CONFIG_BPF_SYSCALL"},
		{{SYS_bpf, BPF_MAP_CREATE, EPERM}, "Loading an XDP program is refused"},
		{{SYS_bpf, BPF_LINK_CREATE, EPERM}, "Loading an XDP program is refused"},
		{{SYS_setsockopt, -1, EPERM}, "on an AF_XDP socket is refused"},
		{{SYS_getsockopt, -1, ENOSYS}, "on an AF_XDP socket is refused"},
		{{SYS_memfd_create, -1, ENOSYS}, "memfd_create() is refused"},
		{{SYS_memfd_create, -1, EPERM}, "memfd_create() is refused"},
	};

	netns_enter();
	netns_veth("v0", "v1", 1, 1500);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		c.filter = rows[i].filter;
		TOOL_RUN(&c, XSK_INFO, "v0");
		cr_expect_eq(c.status, 0, "row %zu: %s", i, c.err);
		cr_expect(tool_says(c.out, REFUSED), "row %zu: %s", i, c.out);
		cr_expect(tool_says(c.out, rows[i].says), "row %zu: %s", i, c.out);
		cr_expect(tool_says(c.out, "a system call filter (seccomp"), "row %zu", i);
	}
}

Test(xsk_info, prediction_holds_under_any_limit_of_open_files, .timeout = 60)
{
	netns_enter();
	netns_veth("v0", "v1", 1, 1500);
	for (c.descriptors = 6; c.descriptors < 32; c.descriptors += 2) {
		bool refused;

		TOOL_RUN(&c, XSK_INFO, "v0");
		refused = tool_says(c.out, REFUSED);
		TOOL_RUN(&c, XSK_INFO, "v0", "--try");
		cr_expect_eq(refused, c.status == 1, "%u: %s%s", c.descriptors, c.out, c.err);
	}
}

Test(xsk_info, refused_netlink_says_what_to_allow)
{
	netns_enter();
	c.filter = (struct tool_filter){SYS_socket, AF_NETLINK, EAFNOSUPPORT};
	TOOL_RUN(&c, XSK_INFO, "lo");
	cr_expect_eq(c.status, 1);
	cr_expect(tool_says(c.err, "Allow AF_NETLINK"), "%s", c.err);
	TOOL_RUN(&c, XSK_INFO, "--json");
	cr_expect_eq(c.status, 1);
	is_one_sentence(c.err);
	cr_expect(tool_is_json(c.out), "%s", c.out);
	c.filter = (struct tool_filter){SYS_socket, AF_NETLINK, EMFILE};
	TOOL_RUN(&c, XSK_INFO, "lo");
	cr_expect(tool_says(c.err, "raise the open-files limit"), "%s", c.err);
	cr_expect_not(tool_says(c.err, "AF_NETLINK"), "%s", c.err);
}

Test(xsk_info, user_without_rights_is_told_the_missing_capabilities)
{
	netns_enter();
	netns_veth("v0", "v1", 1, 1500);
	mkdir("/run/net_xdp", 0700);
	c.as_nobody = true;
	TOOL_RUN(&c, XSK_INFO, "v0");
	cr_expect_eq(c.status, 0);
	cr_expect(tool_says(c.out, REFUSED));
	cr_expect(tool_says(c.out, "CAP_NET_RAW is missing"), "%s", c.out);
	cr_expect(tool_says(c.out, "CAP_NET_ADMIN, CAP_BPF, CAP_PERFMON are missing"), "%s", c.out);
	cr_expect_not(tool_says(c.out, "ignored"), "%s", c.out);
	cr_expect_str_empty(c.err);
}

Test(xsk_info, user_namespace_does_not_count_as_root)
{
	TOOL_RUN(&c, "/usr/bin/unshare", "-Urn", XSK_INFO, "lo");
	cr_expect_eq(c.status, 0, "%s", c.err);
	cr_expect(tool_says(c.out, "tried socket(AF_XDP): yes, loading a program: Operation"), "%s",
		  c.out);
	cr_expect(tool_says(c.out, REFUSED), "%s", c.out);
	cr_expect(tool_says(c.out, "in a user namespace"), "%s", c.out);
}

Test(xsk_info, foreign_program_is_not_to_be_cut_without_a_word)
{
	netns_enter();
	netns_veth("v0", "v1", 1, 1500);
	foreign_program("v0", 1);
	TOOL_RUN(&c, XSK_INFO, "v0");
	cr_expect(tool_says(c.out, "--dispatcher). Only if nobody needs it any more, end it: ip "
				   "link set dev v0 xdp off"),
		  "%s", c.out);
	c.as_nobody = true;
	TOOL_RUN(&c, XSK_INFO, "v0");
	cr_expect(tool_says(c.out, "told only to CAP_SYS_ADMIN"), "%s", c.out);
	cr_expect_not(tool_says(c.out, "xdp off"), "%s", c.out);
}
