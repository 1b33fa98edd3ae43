// SPDX-License-Identifier: BSD-2-Clause
/* What pages cost: windows that cross one are bounced, all others are direct, as many as predicted. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "check.h"

/* Sealed, nothing can be bounced: what crosses a page is refused or dropped, and the rest flows. */
static void paged(char **arg, uint32_t frames, struct port_options o)
{
	const char *const ifnames[] = {arg[0], arg[1]};
	const enum net_xdp_counter tx = o.sealed ? NET_XDP_TX_DROP_SEALED : NET_XDP_TX_BOUNCE_PAGE,
				   rx = o.sealed ? NET_XDP_RX_REFUSED_COPY : NET_XDP_RX_BOUNCE_PAGE;
	struct net_xdp_stats stats;
	struct traffic_result r;
	struct traffic t;
	struct port a, b;

	o.mode = NET_XDP_MODE_ZERO_COPY;
	if (open_ports(&a, &b, ifnames, o)) {
		print_port(&a);
		print_port(&b);
		run(&t, &r, &a, &b, frames);
		net_xdp_queue_stats(b.q, &stats);
		printf("     predicted by the page rule: %" PRIu64 " sent and %" PRIu64
		       " buffers %s; counted: %" PRIu64 " and %" PRIu64 "\n",
		       t.crossing, b.crossing, o.sealed ? "dropped and refused" : "bounced",
		       r.from.value[tx], stats.value[rx]);
		expect(a.report.zero_copy && b.report.zero_copy, "not zero copy");
		expect(r.from.value[tx] == t.crossing &&
			       r.from.value[NET_XDP_TX_DIRECT] == t.sent - t.crossing,
		       "sent: not as the page rule predicts");
		expect(stats.value[rx] == b.crossing && b.crossing,
		       "received: not as the page rule predicts");
		expect(r.frames.unique == t.sent - (o.sealed ? t.crossing : 0), "frames lost");
		expect(r.to.value[NET_XDP_RX_DIRECT], "no frame came direct");
		expect(o.sealed || r.to.value[NET_XDP_RX_BOUNCED], "no frame was bounced");
	}
	close_ports(&a, &b);
}

void case_pages(char **arg, uint32_t frames)
{
	paged(arg, frames, (struct port_options){0});
}

void case_sealed_pages(char **arg, uint32_t frames)
{
	paged(arg, frames, (struct port_options){.sealed = true});
}

/* Two regions, of huge pages and of small ones, in both orders. */
void case_joins(char **arg, uint32_t frames)
{
	printf("  a region of huge pages, then one of small ones\n");
	paged(arg, frames, (struct port_options){.huge_pages = true, .joined = true});
	printf("  a region of small pages, then one of huge ones\n");
	paged(arg, frames, (struct port_options){.joined = true});
}

/* Behind an IOMMU that translates, huge pages cost as much as small ones; the report says so. */
void case_iommu(char **arg, uint32_t frames)
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
	paged(arg, frames, o);
	o.sealed = true;
	paged(arg, frames, o);
}
