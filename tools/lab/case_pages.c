// SPDX-License-Identifier: BSD-2-Clause
/* What pages cost: windows that cross one are bounced, all others are direct, as many as predicted. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

/* Return: success. The ports stay open. */
static bool begin(char **arg, struct port *a, struct port *b, struct port_options o)
{
	const char *const ifnames[] = {arg[0], arg[1]};

	o.mode = NET_XDP_MODE_ZERO_COPY;
	if (!open_ports(a, b, ifnames, o))
		return false;
	print_port(a);
	print_port(b);
	expect(a->report.zero_copy && b->report.zero_copy, "not zero copy");
	return true;
}

static void bounced(char **arg, struct port_options o)
{
	uint64_t frames = strtoull(arg[2], NULL, 10);
	struct traffic_result r;
	struct net_xdp_stats stats;
	struct traffic t;
	struct port a, b;

	if (begin(arg, &a, &b, o)) {
		run(&t, &r, &a, &b, frames);
		net_xdp_queue_stats(b.q, &stats);
		printf("     predicted by the page rule: %" PRIu64 " sent and %" PRIu64
		       " buffers bounced; counted: %" PRIu64 " and %" PRIu64 "\n",
		       t.crossing, b.crossing, r.from.value[NET_XDP_TX_BOUNCE_PAGE],
		       stats.value[NET_XDP_RX_BOUNCE_PAGE]);
		expect(r.frames.unique == t.sent && r.named == 0, "frames lost");
		expect(r.from.value[NET_XDP_TX_BOUNCE_PAGE] == t.crossing &&
			       r.from.value[NET_XDP_TX_DIRECT] == t.sent - t.crossing,
		       "sent: not as the page rule predicts");
		expect(stats.value[NET_XDP_RX_BOUNCE_PAGE] == b.crossing && b.crossing,
		       "received: not as the page rule predicts");
		expect(r.to.value[NET_XDP_RX_BOUNCED], "no frame came by way of a bounce");
		expect(r.to.value[NET_XDP_RX_DIRECT], "no frame came direct");
	}
	close_ports(&a, &b);
}

/* Sealed, nothing can be bounced: what crosses a page is refused or dropped, the rest flows. */
static void sealed(char **arg, struct port_options o)
{
	uint64_t frames = strtoull(arg[2], NULL, 10);
	struct net_xdp_stats stats;
	struct traffic_result r;
	struct traffic t;
	struct port a, b;

	o.sealed = true;
	if (begin(arg, &a, &b, o)) {
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

void case_pages(char **arg)
{
	bounced(arg, (struct port_options){0});
}

void case_sealed_pages(char **arg)
{
	sealed(arg, (struct port_options){0});
}

/* Two regions, of huge pages and of small ones, in both orders. */
void case_joins(char **arg)
{
	printf("  a region of huge pages, then one of small ones\n");
	bounced(arg, (struct port_options){.huge_pages = true, .joined = true});
	printf("  a region of small pages, then one of huge ones\n");
	bounced(arg, (struct port_options){.joined = true});
}

/* Behind an IOMMU that translates, huge pages cost as much as small ones; the report says so. */
void case_iommu(char **arg)
{
	struct port_options o = {.huge_pages = true};
	struct port a;

	o.ifname = arg[0];
	o.mode = NET_XDP_MODE_ZERO_COPY;
	if (open_port(&a, &o)) {
		print_rungs(&a);
		expect(strstr(a.report.rungs[a.report.rung_count - 1].sentence,
			      "iommu.passthrough=1"),
		       "the report names no remedy");
	}
	succeeded(port_close(&a), &a);
	bounced(arg, o);
	sealed(arg, o);
}
