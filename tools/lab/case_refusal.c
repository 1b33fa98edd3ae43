// SPDX-License-Identifier: BSD-2-Clause
/* What a NIC, a kernel or another program does not allow, and what is said of it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

/* ---- refused: a NIC without zero copy --------------------------------------------------------- */

/* Forced, it fails and says why; auto ends in copy mode, says so, and works. */
void case_refused(char **arg)
{
	const char *const ifnames[] = {arg[0], arg[1]};
	struct traffic_result r;
	struct traffic t;
	struct port a, b;
	int rc;

	rc = port_prepare(&a,
			  &(struct port_options){.ifname = arg[0], .mode = NET_XDP_MODE_ZERO_COPY});
	if (!rc)
		rc = port_open(&a);
	if (succeeded(rc, &a)) {
		rc = port_start(&a);
		expect(rc == -EINVAL, "forced zero copy: %s", rc ? strerror(-rc) : "accepted");
		printf("  %s: %s\n", a.err.step, a.err.message);
		expect(strstr(a.err.message, "platform flag"), "the reason is not named");
	}
	port_close(&a);
	if (open_ports(&a, &b, ifnames, (struct port_options){.mode = NET_XDP_MODE_AUTO})) {
		print_rungs(&a);
		expect(!a.report.zero_copy && !b.report.zero_copy, "says zero copy");
		run(&t, &r, &a, &b, 1000);
	}
	close_ports(&a, &b);
}

/* ---- mtu: chunks too small for it ------------------------------------------------------------- */

/* Refused, also where the kernel would not look, and the smallest that would do is said. */
void case_mtu(char **arg)
{
	struct port a;
	int rc = port_prepare(
		&a, &(struct port_options){.ifname = arg[0], .mode = NET_XDP_MODE_ZERO_COPY});

	a.config.max_frame_bytes = 1000;
	if (!rc)
		rc = port_open(&a);
	if (!succeeded(rc, &a))
		goto out;
	rc = port_start(&a);
	printf("  %s: %s\n", a.err.step, rc ? a.err.message : "accepted");
	expect(rc == -EINVAL && strstr(a.err.message, arg[1]), "not refused with \"%s\"", arg[1]);
	a.config.max_frame_bytes = 1518;
	rc = net_endpoint_destroy(a.ep, &a.err);
	a.ep = NULL;
	if (!rc)
		rc = port_open(&a);
	if (!rc)
		rc = port_start(&a);
	succeeded(rc, &a);
out:
	succeeded(port_close(&a), &a);
}

/* ---- dispatcher: beside somebody else's program ----------------------------------------------- */

void case_dispatcher(char **arg)
{
	struct port_options o = {
		.ifname = arg[0],
		.mode = NET_XDP_MODE_ZERO_COPY,
		.huge_pages = true,
		.sealed = true,
		.program = NET_XDP_PROGRAM_DISPATCHER,
		/* its search is a function of its own, in what is loaded as an extension */
		.keeping = true,
	};
	struct traffic_result r;
	struct port a, b;
	struct traffic t;
	bool both = open_port(&a, &o);

	o.ifname = arg[1];
	o.program = NET_XDP_PROGRAM_LINK;
	both = open_port(&b, &o) && both;
	if (both && expect(traffic_crosses(&b, &a, LINK_SECONDS), "no frame crosses")) {
		print_port(&a);
		print_rungs(&a);
		expect(a.report.dispatcher, "not behind the dispatcher");
		fflush(stdout);
		expect(system(arg[2]) == 0, "%s", arg[2]);
		run(&t, &r, &b, &a, 2000);
		expect_direct(&t, &r);
	}
	close_ports(&a, &b);
}

/* What is there cannot or must not be shared: the open is refused and names it. */
void case_occupied(char **arg)
{
	struct port_options o = {.ifname = arg[0]};
	struct port a;
	int rc;

	if (strcmp(arg[1], "dispatcher") == 0)
		o.program = NET_XDP_PROGRAM_DISPATCHER;
	rc = port_prepare(&a, &o);
	if (succeeded(rc, &a)) {
		rc = port_open(&a);
		expect(rc == -EBUSY, "open: %s", rc ? strerror(-rc) : "accepted");
		printf("  %s: %s\n", a.err.step, a.err.message);
		expect(strstr(a.err.message, arg[2]), "%s is not named", arg[2]);
	}
	port_close(&a);
}
