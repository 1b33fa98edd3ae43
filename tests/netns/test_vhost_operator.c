// SPDX-License-Identifier: BSD-2-Clause
/* What xsk-vhost, the program, tells who starts it wrongly: one sentence with the remedy, in the words of its options,
 * before any guest comes. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/netns.h"
#include "support/scratch.h"
#include "support/tool.h"

TestSuite(vhost_operator, .timeout = 60);

static struct tool tool;

static void expect_refused(const char *arguments, const char *words)
{
	cr_assert_eq(tool_run(&tool, "%s %s", XSK_VHOST, arguments), 1, "%s: %s", arguments,
		     tool.err);
	cr_assert(tool_says(tool.err, words), "%s: %s", arguments, tool.err);
	cr_assert_eq(netns_program_id("v0"), 0, "%s: a program was left", arguments);
}

Test(vhost_operator, an_interface_that_cannot_serve_is_refused_at_the_start)
{
	netns_enter();
	netns_veth("v0", "v1", 2, 1500);
	expect_refused("-i none --socket /tmp/op.sock", "interface none: there is none");
	expect_refused("-i v0 -q 5 --socket /tmp/op.sock", "v0 has 2 queues");
	expect_refused("-i v0 --pairs 3 --socket /tmp/op.sock", "take fewer pairs");
	expect_refused("-i v0 -q 1 --pairs 2 --socket /tmp/op.sock", "-q 1 and --pairs 2");
	expect_refused("-i v0 --mode zero-copy --socket /tmp/op.sock", "take --mode auto");
	expect_refused("-i lo --socket /tmp/op.sock", "ip link set lo mtu 9198");
}

Test(vhost_operator, a_socket_that_cannot_be_made_is_refused)
{
	netns_enter();
	netns_veth("v0", "v1", 2, 1500);
	expect_refused("-i v0 --socket /none/op.sock", "--socket: /none/op.sock cannot be made");
	expect_refused("-i v0 --socket /tmp", "/tmp is there, and is no socket");
}

Test(vhost_operator, without_rights_it_says_which)
{
	netns_enter();
	netns_veth("v0", "v1", 2, 1500);
	tool.as_nobody = true;
	expect_refused("-i v0 --socket /tmp/op.sock", "needs root, or CAP_NET_RAW");
	cr_assert_not(tool_says(tool.err, "/run/net_xdp"), "%s", tool.err);
}

/* ---- The host's own interface ------------------------------------------------------------------- */

static char socket_path[64], line[256];

static void make_host(void)
{
	scratch_path(socket_path, sizeof(socket_path), "vhost_operator");
	netns_enter();
	netns_veth("v0", "v1", 1, 1500);
	netns_run("ip addr add 192.0.2.1/24 dev v0");
	unsetenv("SSH_CONNECTION");
}

/* Options, with a socket of this test alone behind the last. */
static const char *with_socket(const char *options)
{
	snprintf(line, sizeof(line), "%s --socket %s", options, socket_path);
	return line;
}

static void expect_served(const char *arguments, const char *words)
{
	tool_start(&tool, "%s %s", XSK_VHOST, arguments);
	tool_await(&tool, "waits for a front end");
	cr_assert_eq(tool_end(&tool, SIGTERM), 0, "%s: %s", arguments, tool.err);
	if (words)
		cr_assert(tool_says(tool.err, words), "%s: %s", arguments, tool.err);
	else
		cr_assert_not(tool_says(tool.err, "of the host"), "%s: %s", arguments, tool.err);
}

Test(vhost_operator, interface_with_addresses_is_warned_of)
{
	make_host();
	expect_served(with_socket("-i v0"), "v0 carries addresses of the host; the host gets "
					    "none of the frames that are taken (--keep leaves");
	expect_served(with_socket("-i v1"), NULL);
}

Test(vhost_operator, only_way_to_the_machine_is_refused_without_force)
{
	make_host();
	netns_run("ip route add default via 192.0.2.2 dev v0");
	expect_refused(
		with_socket("-i v0"),
		"v0 is the only way to this machine: each default route leaves by it, and the "
		"guest would take its frames; use another interface, or --force");
	cr_assert_eq(access(socket_path, F_OK), -1, "the socket was left");
	expect_refused(with_socket("-i v0 --mac 02:00:00:00:00:99"), "the only way");
	snprintf(line, sizeof(line), "--socket %s.1 -i v1 --force --socket %s -i v0", socket_path,
		 socket_path);
	expect_refused(line, "the only way");
	expect_refused(with_socket("-i v0 --keep tcp:22"), "--keep arp,nd as well, or --force");
	expect_served(with_socket("-i v0 --keep arp,tcp:22"),
		      "the host keeps arp,tcp:22, and none");
	expect_served(with_socket("-i v0 --force"), "v0 is the only way to this machine");
}

Test(vhost_operator, way_back_to_the_ssh_client_is_refused_without_force)
{
	make_host();
	setenv("SSH_CONNECTION", "192.0.2.7 50000 192.0.2.1 22", 1);
	expect_refused(with_socket("-i v0"), "v0 is the way back to the SSH client 192.0.2.7");
}
