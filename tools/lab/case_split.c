// SPDX-License-Identifier: BSD-2-Clause
/* A driver that cuts frames without a word (igb, chunks of 2048): what forced zero copy makes of it, and
 * what auto does instead. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "check.h"

static const char remedy[] = "use chunk_bytes 4096 and max_frame_bytes 2040";

/* Zero copy was asked for: what is cut is dropped as one frame, all else arrives. */
static void forced(const char *const *ifnames, uint64_t frames)
{
	struct traffic_result r;
	struct traffic t;
	struct port a, b;

	if (open_ports(&a, &b, ifnames,
		       (struct port_options){.mode = NET_XDP_MODE_ZERO_COPY,
					     .huge_pages = true,
					     .sealed = true,
					     .small_chunks = true})) {
		print_port(&b);
		print_rungs(&b);
		expect(strstr(b.report.rungs[b.report.rung_count - 1].sentence, remedy),
		       "the report does not say \"%s\"", remedy);
		run(&t, &r, &a, &b, frames);
		printf("     over 1024 bytes: %" PRIu64 ", dropped as split: %" PRIu64
		       "; shorter: %" PRIu64 ", received: %" PRIu64 "\n",
		       t.cut, r.to.value[NET_XDP_RX_DROP_SPLIT], t.sent - t.cut, r.frames.unique);
		expect(t.cut && t.cut < t.sent, "not frames of both kinds");
		expect(r.to.value[NET_XDP_RX_DROP_SPLIT] == t.cut, "not every cut frame dropped");
		expect(r.frames.unique == t.sent - t.cut, "short frames lost");
		expect(t.foreign == 0, "%" PRIu64 " pieces delivered as frames", t.foreign);
	}
	close_ports(&a, &b);
}

/* Auto ends in something that works, and says what would be better. */
static void automatic(const char *const *ifnames, uint64_t frames)
{
	struct traffic_result r;
	struct traffic t;
	struct port a, b;

	if (open_ports(&a, &b, ifnames,
		       (struct port_options){.mode = NET_XDP_MODE_AUTO, .small_chunks = true})) {
		print_port(&b);
		print_rungs(&b);
		expect(!b.report.zero_copy, "auto took zero copy");
		run(&t, &r, &a, &b, frames);
		expect(r.frames.unique == t.sent && r.named == 0, "frames lost");
	}
	close_ports(&a, &b);
}

/* Chunks smaller than the driver's unit: the NIC would not be told their size. */
static void too_small(const char *ifname)
{
	struct port a;
	int rc = port_prepare(&a, &(struct port_options){.ifname = ifname,
							 .mode = NET_XDP_MODE_ZERO_COPY,
							 .small_chunks = true});

	a.config.max_frame_bytes = 500;
	if (!rc)
		rc = port_open(&a);
	if (succeeded(rc, &a)) {
		rc = port_start(&a);
		expect(rc == -EINVAL, "chunks for 512 bytes: %s", rc ? strerror(-rc) : "accepted");
		printf("  %s: %s\n", a.err.step, a.err.message);
		expect(strstr(a.err.message, remedy), "not refused with \"%s\"", remedy);
	}
	port_close(&a);
}

void case_split(char **arg, uint32_t frames)
{
	const char *const ifnames[] = {arg[0], arg[1]};

	forced(ifnames, frames);
	automatic(ifnames, frames);
	too_small(arg[0]);
}
