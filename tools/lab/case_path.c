// SPDX-License-Identifier: BSD-2-Clause
/* The data path: what is direct, and what happens without buffers. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "calls.h"
#include "check.h"

/* ---- direct: the promise itself --------------------------------------------------------------- */

/* A frame that is sent alone takes a kick; another one only where a wake-up may have been lost, for one
 * frame in ten at most. The frontend looks dozens of times before the driver has taken the frame. */
static void expect_few_kicks(const struct traffic_result *r, uint64_t frames)
{
	uint64_t kicks = r->from.value[NET_XDP_KICKS];

	printf("     kicks per frame sent: %.3f\n", (double)kicks / (double)frames);
	expect(kicks <= frames + frames / 10, "%" PRIu64 " kicks for %" PRIu64 " frames", kicks,
	       frames);
}

static void direct_one_way(struct port *from, struct port *to, uint64_t frames)
{
	struct traffic_result result;
	struct calls before, after;
	struct traffic t;

	expect(calls_read(&before) == 0, "no counts from the kernel");
	run(&t, &result, from, to, frames);
	calls_read(&after);
	expect_direct(&t, &result);
	printf("     kernel functions: __xsk_rcv_zc %" PRIu64
	       ", xsk_tx_peek_release_desc_batch %" PRIu64 ", __xsk_rcv %" PRIu64 "\n",
	       after.rx_zero_copy - before.rx_zero_copy, after.tx_zero_copy - before.tx_zero_copy,
	       after.rx_copy - before.rx_copy);
	expect(after.rx_zero_copy - before.rx_zero_copy >= frames,
	       "the kernel's zero-copy receive did not see every frame");
	expect(after.tx_zero_copy > before.tx_zero_copy, "no zero-copy transmit in the kernel");
	expect(after.rx_copy == before.rx_copy, "the kernel copied frames");
	expect_few_kicks(&result, frames);
}

void case_direct(char **arg, uint32_t frames)
{
	const char *const ifnames[] = {arg[0], arg[1]};
	struct port a, b;
	int rc = calls_open();

	expect(rc == 0, "kprobes: %s", strerror(-rc));
	if (open_ports(&a, &b, ifnames,
		       (struct port_options){.mode = NET_XDP_MODE_ZERO_COPY,
					     .huge_pages = true,
					     .sealed = true})) {
		print_port(&a);
		print_port(&b);
		direct_one_way(&a, &b, frames);
		direct_one_way(&b, &a, frames);
	}
	close_ports(&a, &b);
}

/* ---- starved: no buffers for a while ----------------------------------------------------------- */

/* All buffers are held while more frames come than there are buffers. When they are given back, what
 * follows arrives whole: nothing sleeps that should have been woken. */
void case_starved(char **arg)
{
	const char *const ifnames[] = {arg[0], arg[1]};
	struct traffic_result r;
	struct port a, b;
	struct traffic t;

	if (open_ports(&a, &b, ifnames,
		       (struct port_options){.mode = NET_XDP_MODE_ZERO_COPY,
					     .huge_pages = true,
					     .sealed = true})) {
		traffic_begin(&t, &a, &b);
		t.hold = true;
		traffic_run(&t, 2 * PORT_RX);
		traffic_settle(&t);
		expect(t.held_count == PORT_RX, "%u of %u buffers were used", t.held_count,
		       PORT_RX);
		t.hold = false;
		traffic_release(&t);
		traffic_settle(&t);
		traffic_end(&t, &r);
		printf("  %u buffers for %" PRIu64 " frames; %" PRIu64 " received in the end\n",
		       PORT_RX, t.sent, r.frames.unique);
		run(&t, &r, &a, &b, 1000);
		expect_direct(&t, &r);
	}
	close_ports(&a, &b);
}
