// SPDX-License-Identifier: BSD-2-Clause
/* Who adds up checksums, what is offered, and the reason that is told: one row per way. */
#include <errno.h>
#include <string.h>

#include <criterion/criterion.h>

#include "host/tx_ways.h"
#include "host/xdp_uapi.h"

#define SEGMENTATION (NET_TX_TCP_SEGMENTATION | NET_TX_UDP_SEGMENTATION)

struct row {
	const char *what;
	const char *driver;
	uint64_t xdp_features, xsk_features;
	uint32_t kernel_release;
	bool aligned, as_is, sealed, software, no_frames;
	bool zero_copy;
	uint32_t descriptors;
	/* and what comes of it */
	bool wants_requests;
	enum tx_sum sum;
	bool segments, tags;
	uint32_t copied;
	const char *checksum, *segmentation; /* begin with this */
	const char *vlan;		     /* NULL: as segmentation */
};

#define ZERO_COPY    (NET_XDP_FEATURE_BASIC | NET_XDP_FEATURE_ZERO_COPY)
#define COPY_PAYLOAD "payload copied up to 2048 bytes"
#define NO_SPLIT     "none: sealed, and a packet has one descriptor here"

static const struct row rows[] = {
	{"veth", "veth", 1, 0, NET_XDP_KERNEL(6, 18), .descriptors = 18, .wants_requests = true,
	 .sum = TX_SUM_KERNEL, .segments = true, .tags = true, .copied = 2048,
	 .checksum = "kernel: nothing is added up here", .segmentation = COPY_PAYLOAD},
	{"sealed", "veth", 1, 0, NET_XDP_KERNEL(6, 18), .sealed = true, .descriptors = 18,
	 .wants_requests = true, .sum = TX_SUM_KERNEL, .segments = true, .tags = true,
	 .checksum = "kernel:", .segmentation = "payload sent from where it lies"},
	{"software wanted", "veth", 1, 0, NET_XDP_KERNEL(6, 18), .software = true,
	 .descriptors = 18, .sum = TX_SUM_SOFTWARE, .segments = true, .tags = true, .copied = 2048,
	 .checksum = "software: the payload is added up, because tx_checksum is software",
	 .segmentation = COPY_PAYLOAD},
	{"aligned", "veth", 1, 0, NET_XDP_KERNEL(6, 18), .aligned = true, .descriptors = 18,
	 .sum = TX_SUM_SOFTWARE, .segments = true, .tags = true, .copied = 2048,
	 .checksum = "software: the payload is added up, because aligned chunks",
	 .segmentation = COPY_PAYLOAD},
	{"as it is", "veth", 1, 0, NET_XDP_KERNEL(6, 18), .as_is = true, .descriptors = 18,
	 .sum = TX_SUM_SOFTWARE, .segments = true, .tags = true, .copied = 2048,
	 .checksum = "software: the payload is added up, because memory_as_is",
	 .segmentation = COPY_PAYLOAD},
	{"sealed and aligned", "veth", 1, 0, NET_XDP_KERNEL(6, 18), .sealed = true, .aligned = true,
	 .descriptors = 18, .sum = TX_SUM_NOBODY, .tags = true,
	 .checksum = "none: sealed, and aligned chunks",
	 .segmentation = "none: its checksums cannot be made",
	 .vlan = "payload sent from where it lies"},
	{"sealed, software wanted", "veth", 1, 0, NET_XDP_KERNEL(6, 18), .sealed = true,
	 .software = true, .descriptors = 18, .sum = TX_SUM_NOBODY, .tags = true,
	 .checksum = "none: sealed, and tx_checksum is software",
	 .segmentation = "none: its checksums cannot be made",
	 .vlan = "payload sent from where it lies"},
	{"kernel with another flag", "veth", 1, 0, NET_XDP_KERNEL(6, 8), .descriptors = 18,
	 .wants_requests = true, .sum = TX_SUM_SOFTWARE, .segments = true, .tags = true,
	 .copied = 2048,
	 .checksum = "software: the payload is added up, because the kernel takes no requests "
		     "(Linux 6.11 does)",
	 .segmentation = COPY_PAYLOAD},
	{"old kernel, sealed", "veth", 1, 0, NET_XDP_KERNEL(6, 5), .sealed = true, .descriptors = 1,
	 .wants_requests = true, .sum = TX_SUM_NOBODY, .checksum = NO_SPLIT,
	 .segmentation = NO_SPLIT},
	{"old kernel", "veth", 1, 0, NET_XDP_KERNEL(6, 7), .descriptors = 18,
	 .wants_requests = true, .sum = TX_SUM_SOFTWARE, .segments = true, .tags = true,
	 .copied = 2048,
	 .checksum = "software: the payload is added up, because the kernel takes no requests",
	 .segmentation = COPY_PAYLOAD},
	{"kernel that tells no features", "veth", UINT64_MAX, 0, NET_XDP_KERNEL(6, 1),
	 .descriptors = 18, .sum = TX_SUM_SOFTWARE, .segments = true, .tags = true, .copied = 2048,
	 .checksum = "software: the payload is added up, because the kernel takes no requests",
	 .segmentation = COPY_PAYLOAD},
	{"virtio_net, copy", "virtio_net", 1, 0, NET_XDP_KERNEL(6, 18), .descriptors = 18,
	 .sum = TX_SUM_SOFTWARE, .segments = true, .tags = true, .copied = 2048,
	 .checksum = "software: the payload is added up, because virtio_net's copy mode",
	 .segmentation = COPY_PAYLOAD},
	{"virtio_net", "virtio_net", ZERO_COPY, 0, NET_XDP_KERNEL(6, 18), .zero_copy = true,
	 .descriptors = 1, .sum = TX_SUM_SOFTWARE, .segments = true, .tags = true, .copied = 128,
	 .checksum = "software: the payload is added up, because the driver does not offer",
	 .segmentation = "copied: a packet has one descriptor here"},
	{"ice that ended in copy", "ice", ZERO_COPY, 0, NET_XDP_KERNEL(6, 18), .descriptors = 18,
	 .sum = TX_SUM_SOFTWARE, .segments = true, .tags = true, .copied = 2048,
	 .checksum = "software: the payload is added up, because zero copy was expected",
	 .segmentation = COPY_PAYLOAD},
	{"mlx5", "mlx5_core", ZERO_COPY, XSK_FEATURE_TX_CHECKSUM, NET_XDP_KERNEL(6, 18),
	 .zero_copy = true, .descriptors = 1, .wants_requests = true, .sum = TX_SUM_DRIVER,
	 .segments = true, .tags = true, .copied = 128, .checksum = "driver: the NIC adds up",
	 .segmentation = "copied: a packet has one descriptor here"},
	{"mlx5, sealed", "mlx5_core", ZERO_COPY, XSK_FEATURE_TX_CHECKSUM, NET_XDP_KERNEL(6, 18),
	 .sealed = true, .zero_copy = true, .descriptors = 1, .wants_requests = true,
	 .sum = TX_SUM_DRIVER, .checksum = NO_SPLIT, .segmentation = NO_SPLIT},
	{"mlx5 that ended in copy", "mlx5_core", ZERO_COPY, XSK_FEATURE_TX_CHECKSUM,
	 NET_XDP_KERNEL(6, 18), .descriptors = 18, .wants_requests = true, .sum = TX_SUM_KERNEL,
	 .segments = true, .tags = true, .copied = 2048,
	 .checksum = "kernel: nothing is added up here", .segmentation = COPY_PAYLOAD},
	{"mlx5, kernel with another flag", "mlx5_core", ZERO_COPY, XSK_FEATURE_TX_CHECKSUM,
	 NET_XDP_KERNEL(6, 10), .zero_copy = true, .descriptors = 1, .wants_requests = true,
	 .sum = TX_SUM_SOFTWARE, .segments = true, .tags = true, .copied = 128,
	 .checksum = "software: the payload is added up, because the kernel takes no requests",
	 .segmentation = "copied: a packet has one descriptor here"},
	{"idpf", "idpf", ZERO_COPY, XSK_FEATURE_TX_CHECKSUM, NET_XDP_KERNEL(6, 18),
	 .zero_copy = true, .descriptors = 8, .wants_requests = true, .sum = TX_SUM_DRIVER,
	 .segments = true, .tags = true, .copied = 128, .checksum = "driver: the NIC adds up",
	 .segmentation = "payload copied up to 128 bytes"},
	{"igb, sealed", "igb", ZERO_COPY, 0, NET_XDP_KERNEL(6, 18), .sealed = true,
	 .zero_copy = true, .descriptors = 1, .sum = TX_SUM_NOBODY, .checksum = NO_SPLIT,
	 .segmentation = NO_SPLIT},
	{"ice, sealed", "ice", ZERO_COPY, 0, NET_XDP_KERNEL(6, 18), .sealed = true,
	 .zero_copy = true, .descriptors = 8, .sum = TX_SUM_NOBODY, .tags = true,
	 .checksum = "none: sealed, and the driver does not offer",
	 .segmentation = "none: its checksums cannot be made",
	 .vlan = "payload sent from where it lies"},
	{"no private frames", "veth", 1, 0, NET_XDP_KERNEL(6, 18), .no_frames = true,
	 .descriptors = 18, .sum = TX_SUM_SOFTWARE, .copied = 2048,
	 .checksum = "none: private_tx_frames is 0",
	 .segmentation = "none: private_tx_frames is 0"},
};

static void is_said(const struct row *row, const char *which, const char *said, const char *begin)
{
	cr_expect_eq(strncmp(said, begin, strlen(begin)), 0, "%s, %s: %s", row->what, which, said);
}

static void expect_row(const struct row *row)
{
	struct net_xdp_config c = net_xdp_config_default();
	struct net_xdp_device d = {.kernel_release = row->kernel_release};
	struct tx_facts f = {.config = &c, .device = &d, .zero_copy = row->zero_copy};
	struct tx_sentences said;
	uint32_t flags;

	strcpy(d.driver, row->driver);
	d.has_features = row->xdp_features != UINT64_MAX;
	d.xdp_features = d.has_features ? row->xdp_features : 0;
	d.xsk_features = row->xsk_features;
	c.unaligned = !row->aligned;
	c.memory_as_is = row->as_is;
	c.sealed = row->sealed;
	c.tx_checksum = row->software ? NET_XDP_TX_CHECKSUM_SOFTWARE : NET_XDP_TX_CHECKSUM_AUTO;
	c.private_tx_frames = row->no_frames ? 0 : 512;
	cr_assert_eq(tx_ways_want_requests(&c, &d, true), row->wants_requests, "%s", row->what);
	f.has_requests = row->wants_requests && row->kernel_release >= NET_XDP_KERNEL(6, 11);
	f.descriptors = row->descriptors;
	cr_assert_eq(tx_ways_sum(&f), row->sum, "%s: %d", row->what, tx_ways_sum(&f));
	cr_assert_eq(tx_ways_copy_bytes(&f), row->copied, "%s", row->what);
	flags = tx_ways_flags(&f);
	cr_assert_eq(flags & SEGMENTATION, row->segments ? SEGMENTATION : 0, "%s: 0x%x", row->what,
		     flags);
	cr_assert_eq(!(flags & NET_TX_VLAN), !row->tags, "%s: 0x%x", row->what, flags);
	tx_ways_say(&f, &said);
	is_said(row, "checksum", said.checksum, row->checksum);
	is_said(row, "segmentation", said.segmentation, row->segmentation);
	is_said(row, "vlan", said.vlan, row->vlan ? row->vlan : row->segmentation);
}

Test(tx_ways, each_row_is_done_as_told_and_told_as_done)
{
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		expect_row(&rows[i]);
}

/* ---- Whole ------------------------------------------------------------------------------------------ */

#define TSO (uint64_t) NET_XDP_OFFLOAD_TSO
#define USO (uint64_t) NET_XDP_OFFLOAD_UDP_SEGMENT

static const struct {
	const char *what;
	bool zero_copy, sealed, here, software, no_frames, stacked;
	uint32_t tx_queues;
	uint64_t offloads; /* UINT64_MAX: not told */
	uint32_t kernel_release;
	int error;
	/* and what comes of it */
	uint32_t flags;
	const char *said; /* a part of the sentence */
} whole_rows[] = {
	{"both kinds", .tx_queues = 1, .offloads = TSO | USO, .flags = SEGMENTATION,
	 .said = "kernel: whole from 8192 bytes of payload on; below, payload copied"},
	{"not told", .tx_queues = 1, .offloads = UINT64_MAX, .flags = SEGMENTATION,
	 .said = "kernel: whole"},
	{"TCP", .tx_queues = 1, .offloads = TSO, .flags = NET_TX_TCP_SEGMENTATION,
	 .said = "kernel: TCP whole from 8192 bytes"},
	{"UDP", .tx_queues = 1, .offloads = USO, .flags = NET_TX_UDP_SEGMENTATION,
	 .said = "kernel: UDP whole from 8192 bytes"},
	{"a kernel without UDP", .tx_queues = 1, .offloads = TSO | USO,
	 .kernel_release = NET_XDP_KERNEL(6, 1), .flags = NET_TX_TCP_SEGMENTATION,
	 .said = "kernel: TCP whole"},
	{"switched off", .tx_queues = 1, .said = "because tcp-segmentation-offload is off"},
	{"several queues", .tx_queues = 4, .offloads = TSO | USO,
	 .said = "because with several transmit queues they could overtake others"},
	{"on another interface", .stacked = true, .tx_queues = 1, .offloads = TSO | USO,
	 .said = "because what the interface below loses of one is not told"},
	{"sealed", .sealed = true, .tx_queues = 1, .offloads = TSO | USO,
	 .said = "because sealed memory cannot be read"},
	{"by configuration", .here = true, .tx_queues = 1, .offloads = TSO | USO,
	 .said = "because tx_segment_here says so"},
	{"sums here", .software = true, .tx_queues = 1, .offloads = TSO | USO,
	 .said = "because tx_checksum says that sums are made here"},
	{"no socket", .tx_queues = 1, .offloads = TSO | USO, .error = -EPERM,
	 .said = "because a packet socket was refused"},
	{"zero copy", .zero_copy = true, .tx_queues = 1, .offloads = TSO | USO, .said = "payload"},
	{"no private frames", .no_frames = true, .tx_queues = 1, .offloads = TSO | USO,
	 .said = "none: private_tx_frames is 0"},
};

static void expect_whole_row(uint32_t i)
{
	struct net_xdp_config c = net_xdp_config_default();
	struct net_xdp_device d = {.driver = "veth",
				   .tx_queues = whole_rows[i].tx_queues,
				   .kernel_release = whole_rows[i].kernel_release};
	const struct tx_facts f = {.config = &c,
				   .device = &d,
				   .zero_copy = whole_rows[i].zero_copy,
				   .has_requests = true,
				   .descriptors = 18,
				   .whole_error = whole_rows[i].error};
	const char *what = whole_rows[i].what, *why;
	struct tx_sentences said;
	bool told;

	if (!d.kernel_release)
		d.kernel_release = NET_XDP_KERNEL(6, 18);
	d.has_offloads = whole_rows[i].offloads != UINT64_MAX;
	d.offloads = d.has_offloads ? whole_rows[i].offloads : 0;
	d.is_stacked = whole_rows[i].stacked;
	c.sealed = whole_rows[i].sealed;
	c.tx_segment_here = whole_rows[i].here;
	c.tx_checksum =
		whole_rows[i].software ? NET_XDP_TX_CHECKSUM_SOFTWARE : NET_XDP_TX_CHECKSUM_AUTO;
	c.private_tx_frames = whole_rows[i].no_frames ? 0 : 512;
	cr_assert_eq(tx_ways_whole(&f, &why), whole_rows[i].flags, "%s", what);
	tx_ways_say(&f, &said);
	cr_assert_not_null(strstr(said.segmentation, whole_rows[i].said), "%s: %s", what,
			   said.segmentation);
	told = strstr(said.segmentation, "whole") != NULL;
	cr_assert_eq(told, whole_rows[i].flags || why, "%s: %s", what, said.segmentation);
	cr_assert_lt(strlen(said.segmentation), sizeof(said.segmentation) - 1, "cut: %s",
		     said.segmentation);
}

Test(tx_ways, packets_go_whole_where_that_is_possible_and_better)
{
	for (uint32_t i = 0; i < sizeof(whole_rows) / sizeof(*whole_rows); i++)
		expect_whole_row(i);
}
