// SPDX-License-Identifier: BSD-2-Clause
/*
 * A stream through the kernel's TCP on the far side of a veth pair, sent by a small TCP over the public
 * calls. Every wire packet arrives at the kernel's TCP, which refuses none and gets none too early. Less is
 * under way than any queue between here and there holds, so nothing is sent again but what a busy machine
 * acknowledged late.
 */
#include <string.h>

#include <criterion/criterion.h>

#include "support/netns.h"
#include "support/tcp_run.h"

static void prepare(void)
{
	netns_enter();
	netns_veth("v0", "v1", 1, 1500);
	cr_assert(tcp_network_prepare(), "addresses of v1");
}

/* Who has added up the checksums, of each wire packet? */
static void expect_sums(const struct tcp_run_config *config, const struct tcp_run_result *r)
{
	/* In aligned chunks there is no room for what asks the kernel. */
	bool by_us = config->is_software || config->is_aligned;
	uint64_t asked = r->xdp.value[NET_XDP_TX_SUM_ASKED];
	uint64_t made = r->xdp.value[NET_XDP_TX_SUM_MADE];
	/* The rest was cut by the kernel. */
	uint64_t ours =
		r->sender.wire_packets - (r->sender.pieces - r->xdp.value[NET_XDP_TX_SEGMENTS]);

	cr_assert(asked == (by_us ? 0 : ours), "the kernel: %llu of %llu",
		  (unsigned long long)asked, (unsigned long long)ours);
	cr_assert(made == (by_us ? ours : 0), "the library: %llu of %llu", (unsigned long long)made,
		  (unsigned long long)ours);
}

static void expect_arrives(const struct tcp_run_config *config, struct tcp_run_result *r)
{
	char faults[1024];

	cr_assert(tcp_run(config, r), "%s", r->why);
	tcp_run_faults(r, faults, sizeof(faults));
	cr_assert_str_empty(faults, "the stream arrived, but: %s", faults);
	cr_assert(r->other_asks == 0, "the pool's memory was asked for payload %llu times",
		  (unsigned long long)r->other_asks);
	expect_sums(config, r);
	if (config->segment_here)
		cr_assert(r->xdp.value[NET_XDP_TX_SEGMENTS] == r->sender.pieces);
}

/* v0 sums nothing, as a NIC without offloads: the kernel completes each checksum that is left to it, before
 * the frame is on the wire, and the receiver adds up the bytes. Otherwise a veth pair hands over that it was
 * left, and the receiver believes in it. */
static void arrives_summed(const struct tcp_run_config *config)
{
	struct tcp_run_result r;

	prepare();
	netns_run("ethtool -K v0 tx off >/dev/null");
	expect_arrives(config, &r);
}

static void arrives(const struct tcp_run_config *config)
{
	struct tcp_run_result r;

	prepare();
	expect_arrives(config, &r);
}

#define STREAM(name) Test(tcp_stream, name, .timeout = 60)

/* ---- Single packets, each with a checksum to fill in ------------------------------------------------ */

STREAM(single_packets_over_ipv4)
{
	struct tcp_run_config c = tcp_run_config_default();

	arrives(&c);
}

STREAM(single_packets_over_ipv6_from_odd_addresses)
{
	struct tcp_run_config c = tcp_run_config_default();

	c.ip_version = 6;
	c.layout = TCP_LAYOUT_ODD;
	c.fill = TCP_FILL_ZERO;
	arrives(&c);
}

STREAM(single_packets_in_aligned_chunks)
{
	struct tcp_run_config c = tcp_run_config_default();

	c.is_aligned = true;
	c.fill = TCP_FILL_NDIS;
	arrives(&c);
}

STREAM(single_packets_with_checksums_in_software)
{
	struct tcp_run_config c = tcp_run_config_default();

	c.is_software = true;
	c.layout = TCP_LAYOUT_ODD;
	arrives(&c);
}

STREAM(single_packets_completed_by_the_kernel)
{
	struct tcp_run_config c = tcp_run_config_default();

	arrives_summed(&c);
}

STREAM(single_packets_whose_checksum_is_asked_for_by_place)
{
	struct tcp_run_config c = tcp_run_config_default();

	c.by_place = true;
	arrives_summed(&c);
}

/* Wrong packets are seen, and the sender gets over them: so none of the others had any. */
STREAM(wrong_checksums_are_refused_counted_and_sent_again)
{
	struct tcp_run_config c = tcp_run_config_default();
	struct tcp_run_result r;
	char faults[1024];

	c.total_bytes = 4 << 20;
	c.spoil_every = 500;
	prepare();
	cr_assert(tcp_run(&c, &r), "%s", r.why);
	cr_assert(r.counters.value[TCP_IN_CHECKSUM_ERRORS] >= (4 << 20) / 1448 / 500);
	cr_assert(r.sender.retransmitted > 0);
	cr_assert(strstr(tcp_run_faults(&r, faults, sizeof(faults)), "TcpInCsumErrors"), "%s",
		  faults);
}

/* ---- Packets of up to 64 KiB that the library segments -------------------------------------------------- */

static struct tcp_run_config segmented(uint8_t ip_version, enum tcp_fill fill,
				       struct tcp_layout layout)
{
	struct tcp_run_config c = tcp_run_config_default();

	c.is_segmented = c.segment_here = true;
	c.ip_version = ip_version;
	c.fill = fill;
	c.layout = layout;
	return c;
}

STREAM(segmented_over_ipv4)
{
	struct tcp_run_config c = segmented(4, TCP_FILL_PSEUDO, TCP_LAYOUT_PAGES);

	arrives(&c);
}

STREAM(segmented_over_ipv4_without_lengths_from_odd_addresses)
{
	struct tcp_run_config c = segmented(4, TCP_FILL_NDIS, TCP_LAYOUT_ODD);

	arrives(&c);
}

STREAM(segmented_over_ipv6)
{
	struct tcp_run_config c = segmented(6, TCP_FILL_PSEUDO, TCP_LAYOUT_ODD);

	arrives(&c);
}

STREAM(segmented_over_ipv6_without_lengths)
{
	struct tcp_run_config c = segmented(6, TCP_FILL_ZERO, TCP_LAYOUT_PAGES);

	arrives(&c);
}

STREAM(segmented_and_completed_by_the_kernel_over_ipv4)
{
	struct tcp_run_config c = segmented(4, TCP_FILL_ZERO, TCP_LAYOUT_ODD);

	arrives_summed(&c);
}

STREAM(segmented_and_completed_by_the_kernel_over_ipv6)
{
	struct tcp_run_config c = segmented(6, TCP_FILL_NDIS, TCP_LAYOUT_ODD);

	arrives_summed(&c);
}

STREAM(segmented_with_checksums_in_software_over_ipv4)
{
	struct tcp_run_config c = segmented(4, TCP_FILL_NDIS, TCP_LAYOUT_ODD);

	c.is_software = true;
	arrives(&c);
}

STREAM(segmented_with_checksums_in_software_over_ipv6)
{
	struct tcp_run_config c = segmented(6, TCP_FILL_PSEUDO, TCP_LAYOUT_PAGES);

	c.is_software = true;
	arrives(&c);
}

STREAM(segmented_from_one_piece_of_memory)
{
	struct tcp_run_config c = segmented(4, TCP_FILL_PSEUDO, TCP_LAYOUT_CONTIGUOUS);

	arrives(&c);
}

STREAM(segmented_into_short_packets_with_a_short_last_one)
{
	struct tcp_run_config c = segmented(4, TCP_FILL_PSEUDO, TCP_LAYOUT_ODD);

	c.packet_bytes = 30001;
	c.wire_bytes = 537;
	c.window_bytes = 100000; /* 187 wire packets */
	c.total_bytes = (16 << 20) + 12345;
	arrives(&c);
}

STREAM(segmented_from_pieces_of_64_bytes)
{
	struct tcp_run_config c = segmented(4, TCP_FILL_PSEUDO, (struct tcp_layout){64, 5, true});

	c.total_bytes = 16 << 20;
	arrives(&c);
}

STREAM(segmented_in_aligned_chunks)
{
	struct tcp_run_config c = segmented(4, TCP_FILL_PSEUDO, TCP_LAYOUT_ODD);

	c.is_aligned = true;
	arrives(&c);
}

static void sealed(struct tcp_run_config c)
{
	struct tcp_run_result r;

	c.is_sealed = true;
	prepare();
	netns_run("ethtool -K v0 tx off >/dev/null");
	expect_arrives(&c, &r);
	cr_assert(r.report.sealed);
	cr_assert(r.header_asks >= r.sender.packets, "headers were asked for %llu times",
		  (unsigned long long)r.header_asks);
	cr_assert(r.xdp.value[NET_XDP_TX_BOUNCED] == 0);
}

STREAM(segmented_of_a_sealed_endpoint_over_ipv4)
{
	sealed(segmented(4, TCP_FILL_PSEUDO, TCP_LAYOUT_ODD));
}

STREAM(segmented_of_a_sealed_endpoint_over_ipv6_without_lengths)
{
	sealed(segmented(6, TCP_FILL_NDIS, TCP_LAYOUT_PAGES));
}

STREAM(single_packets_of_a_sealed_endpoint)
{
	struct tcp_run_config c = tcp_run_config_default();

	sealed(c);
}

/* ---- Packets of up to 64 KiB that the kernel takes whole ------------------------------------------------ */

static void whole(struct tcp_run_config c)
{
	struct tcp_run_result r;

	c.segment_here = false;
	prepare();
	expect_arrives(&c, &r);
	cr_assert(r.xdp.value[NET_XDP_TX_WHOLE] > 0, "segmented: %s",
		  r.report.tx_segmentation_state);
}

STREAM(whole_over_ipv4)
{
	whole(segmented(4, TCP_FILL_PSEUDO, TCP_LAYOUT_PAGES));
}

STREAM(whole_over_ipv6_without_lengths_from_odd_addresses)
{
	whole(segmented(6, TCP_FILL_NDIS, TCP_LAYOUT_ODD));
}

/* Two ways to v1, and neither overtakes the other. */
STREAM(whole_and_single_packets_in_turns)
{
	struct tcp_run_config c = segmented(4, TCP_FILL_ZERO, TCP_LAYOUT_ODD);

	c.mixed_bytes = 1000;
	whole(c);
}

STREAM(whole_and_segmented_packets_in_turns)
{
	struct tcp_run_config c = segmented(6, TCP_FILL_PSEUDO, TCP_LAYOUT_PAGES);

	c.mixed_bytes = 5000;
	whole(c);
}
