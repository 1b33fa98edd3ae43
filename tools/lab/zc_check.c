// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the lab's guest proves of zero copy, over the public headers alone. Each case opens its own
 * endpoints, prints what it saw and what it expected otherwise, and is the process's exit code.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "calls.h"
#include "traffic.h"

enum { LINK_SECONDS = 20 };

static unsigned failures;

__attribute__((format(printf, 2, 3))) static bool expect(bool holds, const char *format, ...)
{
	va_list args;

	if (holds)
		return true;
	failures++;
	va_start(args, format);
	printf("  FAILED: ");
	vprintf(format, args);
	printf("\n");
	va_end(args);
	return false;
}

static bool succeeded(int rc, const struct port *p)
{
	return expect(rc == 0, "%s: %s: %s", p->config.ifname, p->err.step, p->err.message);
}

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

/* ---- Two ports -------------------------------------------------------------------------------- */

static bool open_port(struct port *p, const struct port_options *o)
{
	int rc = port_prepare(p, o);

	if (!rc)
		rc = port_open(p);
	if (!rc)
		rc = port_start(p);
	return succeeded(rc, p);
}

static void close_ports(struct port *a, struct port *b)
{
	succeeded(port_close(a), a);
	succeeded(port_close(b), b);
}

/* Open both alike and wait for the wire. */
static bool open_ports(struct port *a, struct port *b, const char *const *ifnames,
		       struct port_options o)
{
	bool both;

	o.ifname = ifnames[0];
	both = open_port(a, &o);
	o.ifname = ifnames[1];
	both = open_port(b, &o) && both;
	return both &&
	       expect(traffic_crosses(a, b, LINK_SECONDS) && traffic_crosses(b, a, LINK_SECONDS),
		      "no frame crosses within %d s", LINK_SECONDS);
}

static void print_port(const struct port *p)
{
	const struct net_xdp_report *r = &p->report;

	printf("  %s: driver %s, zero-copy: %s (XDP_OPTIONS), %s, %s, chunks of %u for frames of "
	       "%u\n",
	       r->ifname, r->driver, r->zero_copy ? "yes" : "no", r->native ? "native" : "generic",
	       r->sealed ? "sealed" : "not sealed", r->chunk_bytes, r->direct_capacity_bytes);
}

static void print_kernel(void)
{
	struct utsname name;

	uname(&name);
	printf("  kernel %s\n", name.release);
}

static void print_traffic(const struct traffic *t, const struct traffic_result *r)
{
	const uint64_t *tx = r->from.value, *rx = r->to.value;

	printf("  %s -> %s: sent %" PRIu64 " = received %" PRIu64 " + named losses %" PRIu64
	       ", corrupt %" PRIu64 ", duplicate %" PRIu64 ", reordered %" PRIu64 "\n",
	       t->from->config.ifname, t->to->config.ifname, t->sent, r->frames.unique, r->named,
	       t->corrupt, r->frames.duplicates, r->frames.reordered);
	printf("     direct: sent %" PRIu64 ", received %" PRIu64 "; bounced: sent %" PRIu64
	       ", received %" PRIu64 "; system calls %" PRIu64 " + %" PRIu64 "\n",
	       tx[NET_XDP_TX_DIRECT], rx[NET_XDP_RX_DIRECT], tx[NET_XDP_TX_BOUNCED],
	       rx[NET_XDP_RX_BOUNCED], tx[NET_XDP_KICKS], rx[NET_XDP_KICKS]);
}

/* What holds for any run: every frame is accounted for, whole and once. */
static void expect_intact(const struct traffic *t, const struct traffic_result *r)
{
	expect(r->unexplained == 0, "%" PRIu64 " frames unexplained", r->unexplained);
	expect(t->corrupt == 0, "%" PRIu64 " frames corrupt", t->corrupt);
	expect(r->frames.duplicates == 0, "%" PRIu64 " frames twice", r->frames.duplicates);
	expect(t->from->free_count == PORT_TX, "%u of %u completions missing",
	       PORT_TX - t->from->free_count, PORT_TX);
	expect(r->from.value[NET_XDP_TX_UNKNOWN] + r->to.value[NET_XDP_RX_UNKNOWN] == 0,
	       "addresses came back that were never given");
}

/* One direction, from start to account. */
static void run(struct traffic *t, struct traffic_result *r, struct port *from, struct port *to,
		uint64_t frames)
{
	traffic_begin(t, from, to);
	traffic_run(t, frames);
	traffic_settle(t);
	traffic_end(t, r);
	print_traffic(t, r);
	expect(t->sent == frames, "%" PRIu64 " of %" PRIu64 " frames could be sent", t->sent,
	       frames);
	expect_intact(t, r);
}

/* ---- direct: the promise itself --------------------------------------------------------------- */

static void expect_direct(const struct traffic *t, const struct traffic_result *r)
{
	const uint64_t *tx = r->from.value, *rx = r->to.value;

	expect(t->to->report.zero_copy && t->from->report.zero_copy, "not zero copy");
	expect(r->named == 0, "%" PRIu64 " frames lost", r->named);
	expect(tx[NET_XDP_TX_DIRECT] == t->sent && tx[NET_XDP_TX_BOUNCED] == 0,
	       "sent other than direct");
	expect(rx[NET_XDP_RX_DIRECT] == t->sent + t->foreign && rx[NET_XDP_RX_BOUNCED] == 0,
	       "received other than direct");
}

static void direct_one_way(struct port *from, struct port *to, uint64_t frames)
{
	struct traffic_result result;
	struct calls before, after;
	struct traffic t;

	succeeded(calls_read(&before), from);
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
}

static void case_direct(char **arg)
{
	const char *const ifnames[] = {arg[0], arg[1]};
	uint64_t frames = strtoull(arg[2], NULL, 10);
	struct port a, b;
	int rc = calls_open();

	expect(rc == 0, "kprobes: %s", strerror(-rc));
	if (open_ports(&a, &b, ifnames,
		       (struct port_options){.mode = NET_XDP_MODE_ZERO_COPY,
					     .huge_pages = true,
					     .sealed = true})) {
		print_kernel();
		print_port(&a);
		print_port(&b);
		direct_one_way(&a, &b, frames);
		direct_one_way(&b, &a, frames);
	}
	close_ports(&a, &b);
}

/* ---- pages: the same memory on 4 KiB pages ---------------------------------------------------- */

/* Windows that cross a page are bounced, all others are direct: as many as the rule predicts. */
static void case_pages(char **arg)
{
	const char *const ifnames[] = {arg[0], arg[1]};
	uint64_t frames = strtoull(arg[2], NULL, 10);
	struct traffic_result r;
	struct net_xdp_stats stats;
	struct traffic t;
	struct port a, b;

	if (open_ports(&a, &b, ifnames, (struct port_options){.mode = NET_XDP_MODE_ZERO_COPY})) {
		print_port(&a);
		print_port(&b);
		run(&t, &r, &a, &b, frames);
		net_xdp_queue_stats(b.q, &stats);
		printf("     predicted by the page rule: %" PRIu64 " sent and %" PRIu64
		       " buffers bounced; counted: %" PRIu64 " and %" PRIu64 "\n",
		       t.crossing, b.crossing, r.from.value[NET_XDP_TX_BOUNCE_PAGE],
		       stats.value[NET_XDP_RX_BOUNCE_PAGE]);
		expect(r.frames.unique == t.sent, "frames lost");
		expect(r.from.value[NET_XDP_TX_BOUNCE_PAGE] == t.crossing && t.crossing,
		       "sent: not as the page rule predicts");
		expect(stats.value[NET_XDP_RX_BOUNCE_PAGE] == b.crossing && b.crossing,
		       "received: not as the page rule predicts");
		expect(r.to.value[NET_XDP_RX_BOUNCED], "no frame came by way of a bounce");
	}
	close_ports(&a, &b);
}

/* Sealed, nothing can be bounced: what crosses a page is refused or dropped, the rest flows. */
static void case_sealed_pages(char **arg)
{
	const char *const ifnames[] = {arg[0], arg[1]};
	uint64_t frames = strtoull(arg[2], NULL, 10);
	struct net_xdp_stats stats;
	struct traffic_result r;
	struct traffic t;
	struct port a, b;

	if (open_ports(&a, &b, ifnames,
		       (struct port_options){.mode = NET_XDP_MODE_ZERO_COPY, .sealed = true})) {
		run(&t, &r, &a, &b, frames);
		net_xdp_queue_stats(b.q, &stats);
		printf("     predicted by the page rule: %" PRIu64 " dropped and %" PRIu64
		       " ids refused; counted: %" PRIu64 " and %" PRIu64 "\n",
		       t.crossing, b.crossing, r.from.value[NET_XDP_TX_DROP_SEALED],
		       stats.value[NET_XDP_RX_REFUSED_SEALED]);
		expect(r.from.value[NET_XDP_TX_DROP_SEALED] == t.crossing && t.crossing,
		       "sent: not as the page rule predicts");
		expect(stats.value[NET_XDP_RX_REFUSED_SEALED] == b.crossing && b.crossing,
		       "received: not as the page rule predicts");
		expect(r.frames.unique == t.sent - t.crossing, "frames lost");
	}
	close_ports(&a, &b);
}

/* ---- starved: no buffers for a while ----------------------------------------------------------- */

/* All buffers are held while more frames come than there are buffers. When they are given back, what
 * follows arrives whole: nothing sleeps that should have been woken. */
static void case_starved(char **arg)
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

static void case_link(char **arg)
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

static void case_cycles(char **arg)
{
	const char *const ifnames[] = {arg[0], arg[1]};
	unsigned count = (unsigned)strtoul(arg[2], NULL, 10), done = 0;
	struct traffic_result r;
	struct traffic t;
	struct port a, b;

	if (open_ports(&a, &b, ifnames,
		       (struct port_options){.mode = NET_XDP_MODE_ZERO_COPY,
					     .huge_pages = true,
					     .sealed = true})) {
		while (done < count && cycle(done % 2 ? &a : &b, done % 2 ? &b : &a, done % 4 >= 2))
			done++;
		printf("  %u of %u cycles\n", done, count);
		run(&t, &r, &a, &b, 1000);
		expect_direct(&t, &r);
		run(&t, &r, &b, &a, 1000);
		expect_direct(&t, &r);
	}
	close_ports(&a, &b);
}

/* ---- refused: a NIC without zero copy --------------------------------------------------------- */

static void print_rungs(const struct port *p)
{
	for (uint32_t i = 0; i < p->report.rung_count; i++)
		printf("  %s: %s\n", p->report.rungs[i].asked, p->report.rungs[i].sentence);
}

/* Forced, it fails and says why; auto ends in copy mode, says so, and works. */
static void case_refused(char **arg)
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

/* Kernels that look (7.0, and stable ones of 2026) refuse; then the smallest that would do is said. */
static void case_mtu(char **arg)
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
	if (rc == 0) {
		printf("  this kernel does not look at the MTU\n");
		goto out;
	}
	printf("  %s: %s\n", a.err.step, a.err.message);
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

static void case_dispatcher(char **arg)
{
	struct port_options o = {
		.ifname = arg[0],
		.mode = NET_XDP_MODE_ZERO_COPY,
		.huge_pages = true,
		.sealed = true,
		.program = NET_XDP_PROGRAM_DISPATCHER,
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
static void case_occupied(char **arg)
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

/* ---- Main ------------------------------------------------------------------------------------- */

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(char **arg);
		int arguments;
		const char *usage;
	} cases[] = {
		{"direct", case_direct, 3, "IF IF FRAMES"},
		{"pages", case_pages, 3, "IF IF FRAMES"},
		{"sealed-pages", case_sealed_pages, 3, "IF IF FRAMES"},
		{"starved", case_starved, 2, "IF IF"},
		{"link", case_link, 2, "IF IF"},
		{"cycles", case_cycles, 3, "IF IF COUNT"},
		{"refused", case_refused, 2, "IF IF"},
		{"mtu", case_mtu, 2, "IF REMEDY"},
		{"dispatcher", case_dispatcher, 3, "IF IF COMMAND"},
		{"occupied", case_occupied, 3, "IF link|dispatcher PROGRAM"},
	};
	const unsigned count = sizeof(cases) / sizeof(*cases);

	for (unsigned i = 0; i < count; i++) {
		if (argc < 2 || strcmp(argv[1], cases[i].name) || argc != 2 + cases[i].arguments)
			continue;
		cases[i].run(argv + 2);
		return failures != 0;
	}
	for (unsigned i = 0; i < count; i++)
		fprintf(stderr, "%s zc-check %s %s\n", i ? "      " : "usage:", cases[i].name,
			cases[i].usage);
	return 2;
}
