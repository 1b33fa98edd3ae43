// SPDX-License-Identifier: BSD-2-Clause
/* Ends and beginnings while frames are under way. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

/* ---- link: down and up again ------------------------------------------------------------------ */

static void set_link(const char *ifname, const char *state)
{
	char command[64];

	snprintf(command, sizeof(command), "ip link set dev %s %s", ifname, state);
	expect(system(command) == 0, "%s", command);
}

/* Frames are sent while one end is down. None of their places may stay with the backend, and what is
 * sent when it is up again arrives. */
static void down_and_up(struct port *from, struct port *to, struct port *victim)
{
	struct traffic_result r;
	struct traffic t;

	traffic_begin(&t, from, to);
	traffic_run(&t, 100);
	set_link(victim->config.ifname, "down");
	traffic_run(&t, 40);
	sleep_ms(100);
	set_link(victim->config.ifname, "up");
	traffic_settle(&t);
	expect(traffic_crosses(from, to, LINK_SECONDS), "no frame crosses after link up");
	printf("  %s down and up: %" PRIu64 " sent, %" PRIu64 " received\n", victim->config.ifname,
	       t.sent, t.received);
	expect(from->free_count == PORT_TX, "%u completions missing", PORT_TX - from->free_count);
	traffic_end(&t, &r);
	expect(!t.corrupt && !r.frames.duplicates, "corrupt or duplicate frames");
	run(&t, &r, from, to, 500);
	expect_direct(&t, &r);
}

void case_link(char **arg)
{
	const char *const ifnames[] = {arg[0], arg[1]};
	struct port a, b;

	if (open_ports(&a, &b, ifnames,
		       (struct port_options){.mode = NET_XDP_MODE_ZERO_COPY,
					     .huge_pages = true,
					     .sealed = true})) {
		down_and_up(&a, &b, &b);
		down_and_up(&a, &b, &a);
	}
	close_ports(&a, &b);
}

/* ---- cycles: destroyed under traffic ---------------------------------------------------------- */

static bool still_poisoned(const struct port *p)
{
	for (uint32_t i = 0; i < PORT_RX_BYTES; i++)
		if (p->bytes[i] != 0xa5)
			return false;
	return true;
}

/* End a port's queue (whole: and its endpoint) while frames are under way in both directions; what
 * comes for it afterwards must not be seen in its memory. Then begin again. */
static bool cycle(struct port *victim, struct port *other, bool whole)
{
	struct traffic to, from;
	struct traffic_result r;
	int rc;

	traffic_begin(&from, victim, other);
	traffic_begin(&to, other, victim);
	for (int i = 0; i < 20; i++) {
		traffic_run(&from, 5);
		traffic_run(&to, 5);
	}
	rc = port_stop(victim);
	if (!rc && whole)
		rc = net_endpoint_destroy(victim->ep, &victim->err);
	succeeded(rc, victim);
	memset(victim->bytes, 0xa5, PORT_RX_BYTES);
	traffic_run(&to, 200);
	traffic_settle(&to);
	sleep_ms(20);
	expect(still_poisoned(victim), "%s: memory changed after destroy", victim->config.ifname);
	traffic_end(&to, &r);
	flow_free(&from.table);
	if (whole) {
		victim->ep = NULL;
		rc = port_open(victim);
	}
	if (!rc)
		rc = port_start(victim);
	return succeeded(rc, victim) && expect(victim->report.zero_copy, "not zero copy again") &&
	       expect(traffic_crosses(other, victim, LINK_SECONDS) &&
			      traffic_crosses(victim, other, LINK_SECONDS),
		      "no frame crosses after the cycle");
}

void case_cycles(char **arg, uint32_t count)
{
	const char *const ifnames[] = {arg[0], arg[1]};
	uint32_t done = 0;
	struct traffic_result r;
	struct traffic t;
	struct port a, b;

	if (open_ports(&a, &b, ifnames,
		       (struct port_options){.mode = NET_XDP_MODE_ZERO_COPY,
					     .huge_pages = true,
					     .sealed = true})) {
		while (done < count && cycle(done % 2 ? &a : &b, done % 2 ? &b : &a, done % 4 >= 2))
			done++;
		printf("  %u of %u cycles: destroyed under traffic, made again, zero copy again\n",
		       done, count);
		run(&t, &r, &a, &b, 1000);
		expect_direct(&t, &r);
		run(&t, &r, &b, &a, 1000);
		expect_direct(&t, &r);
	}
	close_ports(&a, &b);
}
