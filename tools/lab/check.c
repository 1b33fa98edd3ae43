// SPDX-License-Identifier: BSD-2-Clause
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <time.h>

#include "check.h"

unsigned failures;

bool expect(bool holds, const char *format, ...)
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

bool succeeded(int rc, const struct port *p)
{
	return expect(rc == 0, "%s: %s: %s", p->config.ifname, p->err.step, p->err.message);
}

void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

/* ---- Two ports -------------------------------------------------------------------------------- */

bool open_port(struct port *p, const struct port_options *o)
{
	int rc = port_prepare(p, o);

	if (!rc)
		rc = port_open(p);
	if (!rc)
		rc = port_start(p);
	return succeeded(rc, p);
}

void close_ports(struct port *a, struct port *b)
{
	succeeded(port_close(a), a);
	succeeded(port_close(b), b);
}

bool open_ports(struct port *a, struct port *b, const char *const *ifnames, struct port_options o)
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

void print_port(const struct port *p)
{
	const struct net_xdp_report *r = &p->report;
	struct utsname name;

	uname(&name);
	printf("  %s: driver %s, kernel %s, zero-copy: %s (XDP_OPTIONS), %s, %s, chunks of %u for "
	       "frames of %u\n",
	       r->ifname, r->driver, name.release, r->zero_copy ? "yes" : "no",
	       r->native ? "native" : "generic", r->sealed ? "sealed" : "not sealed",
	       r->chunk_bytes, r->direct_capacity_bytes);
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

void run(struct traffic *t, struct traffic_result *r, struct port *from, struct port *to,
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

void print_rungs(const struct port *p)
{
	for (uint32_t i = 0; i < p->report.rung_count; i++)
		printf("  %s: %s\n", p->report.rungs[i].asked, p->report.rungs[i].sentence);
}

void expect_direct(const struct traffic *t, const struct traffic_result *r)
{
	const uint64_t *tx = r->from.value, *rx = r->to.value;

	expect(t->to->report.zero_copy && t->from->report.zero_copy, "not zero copy");
	expect(r->named == 0, "%" PRIu64 " frames lost", r->named);
	expect(tx[NET_XDP_TX_DIRECT] == t->sent && tx[NET_XDP_TX_BOUNCED] == 0,
	       "sent other than direct");
	expect(rx[NET_XDP_RX_DIRECT] == t->sent + t->foreign && rx[NET_XDP_RX_BOUNCED] == 0,
	       "received other than direct");
}
