// SPDX-License-Identifier: BSD-2-Clause
/* What is found out of received checksums, and what is told of that: one row per place that frames come from. */
#include <criterion/criterion.h>
#include <string.h>

#include "host/rx_ways.h"

#define NONE	 NET_XDP_RX_CHECKSUM_NONE
#define REPORT	 NET_XDP_RX_CHECKSUM_REPORT
#define COMPLETE NET_XDP_RX_CHECKSUM_COMPLETE
#define PARTIAL	 NET_XDP_RX_CHECKSUM_PARTIAL

#define NO_PARTIAL                                                                                 \
	"nothing is told: only on a veth with a native program can an unfinished checksum be "     \
	"known from a wrong one"

static const struct row {
	const char *driver;
	bool native;
	enum checksum_source source;
	enum net_xdp_rx_checksum partial;		/* what is done of mode partial */
	const char *report, *complete, *partial_begins; /* what the sentences begin with */
} rows[] = {
	{"veth", true, CHECKSUM_LOCAL, PARTIAL, "good, bad or partial is told",
	 "good or bad is told; what the sender left unfinished",
	 "which are partial is told, from their headers"},
	{"ice", true, CHECKSUM_WIRE, NONE, "good or bad is told",
	 "good or bad is told; nothing is completed", NO_PARTIAL},
	{"veth", false, CHECKSUM_JOINED, NONE,
	 "only good is told: ", "only good is told, and nothing is completed: ", NO_PARTIAL},
	{"ice", false, CHECKSUM_JOINED, NONE,
	 "only good is told: ", "only good is told, and nothing is completed: ", NO_PARTIAL},
	{"tun", true, CHECKSUM_JOINED, NONE,
	 "only good is told: ", "only good is told, and nothing is completed: ", NO_PARTIAL},
	{"", false, CHECKSUM_JOINED, NONE,
	 "only good is told: ", "only good is told, and nothing is completed: ", NO_PARTIAL},
};

static void begins(const struct row *row, const char *said, const char *with)
{
	cr_expect_eq(strncmp(said, with, strlen(with)), 0, "%s, native %d: %s", row->driver,
		     row->native, said);
	cr_expect_lt(strlen(said), sizeof(((struct net_xdp_report *)0)->rx_checksum_state));
}

Test(rx_ways, each_source_is_told_what_is_found_out_and_why_not_more)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct net_xdp_device d = {0};
		enum checksum_source source;

		strcpy(d.driver, row->driver);
		source = rx_ways_source(&d, row->native);
		cr_expect_eq(source, row->source, "%s, native %d", row->driver, row->native);
		cr_expect_eq(rx_ways_checksum(NONE, source), NONE);
		cr_expect_eq(rx_ways_checksum(REPORT, source), REPORT);
		cr_expect_eq(rx_ways_checksum(COMPLETE, source), COMPLETE);
		cr_expect_eq(rx_ways_checksum(PARTIAL, source), row->partial);
		cr_expect_str_empty(rx_ways_say(NONE, source));
		begins(row, rx_ways_say(REPORT, source), row->report);
		begins(row, rx_ways_say(COMPLETE, source), row->complete);
		begins(row, rx_ways_say(PARTIAL, source), row->partial_begins);
	}
}
