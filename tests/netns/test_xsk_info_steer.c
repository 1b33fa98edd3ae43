// SPDX-License-Identifier: BSD-2-Clause
/* xsk-info steer as an operator meets it, on a veth. */
#include <criterion/criterion.h>
#include <string.h>

#include "support/netns.h"
#include "support/tool.h"

static struct tool c; /* large */

static void begin(void)
{
	netns_enter();
	netns_run("mount -t tmpfs -o mode=755 none /run");
	netns_veth("v0", "v1", 4, 1500);
	netns_run("ethtool -L v0 rx 2 tx 2");
}

TestSuite(xsk_info_steer, .init = begin, .timeout = 60);

#define SAYS(text, words) cr_expect(tool_says(text, words), "%s", text)

static void expect_rx_channels(int count)
{
	netns_run("ethtool -l v0 | tail -5 | grep -q 'RX:[[:space:]]*%d'", count);
}

Test(xsk_info_steer, dry_run_shows_old_and_new_and_what_the_driver_cannot)
{
	TOOL_RUN(&c, XSK_INFO, "steer", "v0", "--dry-run", "--channels", "4", "--host-queues",
		 "0-1", "--rule", "udp-port=4789:2", "--promiscuous");
	cr_expect_eq(c.status, 0, "%s", c.err);
	cr_expect_str_empty(c.err);
	SAYS(c.out,
	     "v0 (veth) would change channels: 2 rx, 2 tx -> 4 rx, 4 tx refused RSS table: veth has no RSS "
	     "table that can be set (Operation not supported)");
	SAYS(c.out, "refused udp4-port=4789:2: none -> to queue 2; veth has no rules");
	SAYS(c.out, "would change promiscuous: off -> on nothing was changed");
	cr_expect_leq(tool_width(c.out), 80, "%s", c.out);
	cr_expect(tool_is_clean(c.out));
	expect_rx_channels(2);
	TOOL_RUN(&c, XSK_INFO, "steer", "v0", "-n", "--channels", "4", "--weights", "1", "--json");
	cr_expect_eq(c.status, 0, "%s", c.err);
	cr_expect(tool_is_json(c.out), "%s", c.out);
	SAYS(c.out,
	     "\"dry_run\": true, \"changes\": [ { \"kind\": \"channels\", \"what\": \"channels\", "
	     "\"outcome\": \"would change\", \"from\": \"2 rx, 2 tx\", \"to\": \"4 rx, 4 tx\" }");
	SAYS(c.out, "\"outcome\": \"refused\", \"error\": -95, \"why\": \"veth has no RSS table");
}

Test(xsk_info_steer, applied_it_stays_until_restore)
{
	TOOL_RUN(&c, XSK_INFO, "steer", "v0", "--channels", "4", "--promiscuous", "--multicast",
		 "01:00:5e:00:00:09");
	cr_expect_eq(c.status, 0, "%s", c.err);
	SAYS(c.out, "changed channels: 2 rx, 2 tx -> 4 rx, 4 tx changed promiscuous: off -> on");
	SAYS(c.out, "stays until: xsk-info --restore v0");
	expect_rx_channels(4);
	TOOL_RUN(&c, XSK_INFO, "v0");
	SAYS(c.out, "STEERED steered by process");
	TOOL_RUN(&c, XSK_INFO, "v0", "--json");
	SAYS(c.out, "\"steer_state\": \"steered by process");
	TOOL_RUN(&c, XSK_INFO, "steer", "v0", "--channels", "3");
	cr_expect_eq(c.status, 1);
	SAYS(c.err, "v0: steered by process");
	TOOL_RUN(&c, XSK_INFO, "--restore", "v0");
	cr_expect_eq(c.status, 0, "%s", c.err);
	SAYS(c.out,
	     "put back multicast 01:00:5e:00:00:09 put back promiscuous: on -> off put back channels: 4 rx, 4 "
	     "tx -> 2 rx, 2 tx");
	SAYS(c.out, "v0: 3 put back");
	expect_rx_channels(2);
	TOOL_RUN(&c, XSK_INFO, "--restore", "v0");
	SAYS(c.out, "v0: 0 put back");
}

Test(xsk_info_steer, what_others_changed_is_left_and_said)
{
	TOOL_RUN(&c, XSK_INFO, "steer", "v0", "--channels", "4");
	cr_expect_eq(c.status, 0, "%s", c.err);
	netns_run("ethtool -L v0 rx 3");
	TOOL_RUN(&c, XSK_INFO, "--restore", "v0");
	cr_expect_eq(c.status, 0, "%s", c.err);
	SAYS(c.out, "left channels: somebody has changed them since, so it is left");
	SAYS(c.out, "v0: 0 put back");
	expect_rx_channels(3);
}

Test(xsk_info_steer, refused_says_why_in_one_sentence_and_one_document)
{
	TOOL_RUN(&c, XSK_INFO, "steer", "v0", "--channels", "4", "--host-queues", "0", "--json");
	cr_expect_eq(c.status, 1);
	cr_expect_eq(tool_lines(c.err), 1, "%s", c.err);
	SAYS(c.err, "xsk-info: steer: v0: RSS table: veth has no RSS table");
	cr_expect(tool_is_json(c.out), "%s", c.out);
	SAYS(c.out, "\"exit_code\": 1, \"error\": { \"code\": -95, \"step\": \"steer\"");
	expect_rx_channels(2);
	TOOL_RUN(&c, XSK_INFO, "steer", "nosuch0", "--channels", "4", "--json");
	cr_expect_eq(c.status, 1);
	cr_expect(tool_is_json(c.out), "%s", c.out);
	TOOL_RUN(&c, XSK_INFO, "steer", "v0", "--channels", "none", "--json");
	cr_expect_eq(c.status, 2);
	cr_expect(tool_is_json(c.out), "%s", c.out);
	SAYS(c.err, "try 'xsk-info steer --help'");
}

Test(xsk_info_steer, without_rights_it_says_which)
{
	c.as_nobody = true;
	TOOL_RUN(&c, XSK_INFO, "steer", "v0", "--channels", "4");
	cr_expect_eq(c.status, 1);
	cr_expect(
		tool_says(
			c.err,
			"xsk-info: steer: nothing is set; CAP_NET_ADMIN is missing: run as root or "
			"grant it"),
		"%s", c.err);
	cr_expect_null(strstr(c.err, "/run/net_xdp"), "%s", c.err);
	expect_rx_channels(2);
	netns_run("install -d -m 700 -o 65534 /run/net_xdp");
	TOOL_RUN(&c, XSK_INFO, "steer", "v0", "--channels", "4");
	cr_expect_eq(c.status, 1);
	SAYS(c.err,
	     "channels: refused by the kernel or the driver: Operation not permitted; it needs CAP_NET_ADMIN");
	TOOL_RUN(&c, XSK_INFO, "steer", "v0", "--channels", "4", "--dry-run");
	cr_expect_eq(c.status, 0, "%s", c.err);
	expect_rx_channels(2);
}

Test(xsk_info_steer, help_fits_eighty_columns)
{
	TOOL_RUN(&c, XSK_INFO, "steer", "--help");
	cr_expect_eq(c.status, 0);
	cr_expect_leq(tool_width(c.out), 80);
	SAYS(c.out, "usage: xsk-info steer IF [--dry-run] PLAN...");
}
