// SPDX-License-Identifier: BSD-2-Clause
/* What xsk-vhost, the program, tells who starts it wrongly: one sentence with the remedy, in the words of its options,
 * before any guest comes. */

#include <criterion/criterion.h>

#include "support/netns.h"
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
}
