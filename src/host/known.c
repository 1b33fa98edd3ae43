// SPDX-License-Identifier: BSD-2-Clause
/*
 * A row per case, with who says so: a function of the kernel, of the release where it was read, or
 * a run of tools/zc-lab. To add one, add a row, and its facts to tests/unit/test_known.c, which
 * wants every row to be seen. What can be computed from a number of the driver is in driver.c and
 * rules.c.
 */
#include <errno.h>
#include <string.h>

#include "host/known.h"
#include "host/virtio.h"

#define ZERO_COPY WHEN_ZERO_COPY
#define BLOCKS	  NET_XDP_FINDING_BLOCKS
#define LOWERS	  NET_XDP_FINDING_LOWERS
#define NOTE	  NET_XDP_FINDING_NOTE

const struct known known[] = {
	{
		.when = WHEN_BOND,
		.kind = BLOCKS,
		.reason = NET_XDP_REASON_BOND,
		.sentence = "A bond: a socket on it would bind but never receive, because XDP runs "
			    "on its members",
		.remedy = "attach to each member instead",
		.source = "bond_xdp_set_features(), xsk_rcv_check(), 7.3",
	},
	{
		.drivers = "igb",
		.when = ZERO_COPY,
		.below = NET_XDP_KERNEL(7, 0),
		.kind = NOTE,
		.reason = NET_XDP_REASON_DRIVER,
		.sentence =
			"Before 7.0 igb wakes the wrong interrupt: once its fill ring ran empty it "
			"receives nothing any more",
		.remedy = "keep the ring filled, or use a newer kernel",
		.source =
			"\"igb: Fix trigger of incorrect irq in igb_xsk_wakeup\", and tools/zc-lab "
			"on 6.18.15",
	},
	{
		.drivers = "ixgbe",
		.when = ZERO_COPY,
		.mtu_over = 1006,
		.kind = NOTE,
		.reason = NET_XDP_REASON_DRIVER,
		.sentence =
			"If this NIC is an 82599, it counts buffers in whole KiB, and in zero copy "
			"its driver drops frames over 1024 bytes without counting them. Later ones "
			"(X540 on) count exactly",
		.remedy = "for an 82599 use chunk_bytes 4096 and max_frame_bytes 2040",
		.source = "ixgbe_configure_srrctl(), ixgbe_clean_rx_irq_zc(), 7.3",
	},
	{
		.drivers = "gve",
		.when = ZERO_COPY,
		.kind = NOTE,
		.reason = NET_XDP_REASON_DRIVER,
		.error = -EINVAL,
		.sentence =
			"gve wants chunks to hold the largest MTU that the interface can have, not "
			"the present one, and refuses zero copy otherwise (EINVAL)",
		.remedy =
			"use chunk_bytes 4096 and as max_frame_bytes that MTU (maxmtu of ip -d link) "
			"plus 14",
		.source = "gve_xsk_pool_enable(), 7.3",
	},
	{
		.drivers = "i40e ice",
		.when = ZERO_COPY,
		.kind = NOTE,
		.reason = NET_XDP_REASON_DRIVER,
		.sentence =
			"This driver takes what the fill ring holds when it binds; with an empty "
			"one it loses buffers until nothing comes any more",
		.remedy = "give initial_rx to get_queues, also if you only send",
		.source = "https://github.com/anza-xyz/agave/pull/6836",
	},
	{
		.drivers = "igb ixgbe i40e ice",
		.when = WHEN_NATIVE,
		.kind = NOTE,
		.reason = NET_XDP_REASON_DRIVER,
		.sentence =
			"Attaching a native program resets this NIC: its link is away for a moment "
			"(igb: 3 s), for everybody who uses it",
		.source = "igb_xdp_setup(), ixgbe_xdp_setup(), i40e_xdp_setup(), "
			  "ice_xdp_setup_prog(), 7.3, and tools/zc-lab on igb, 7.3.4",
	},
	{
		.drivers = "mlx5_core",
		.when = ZERO_COPY,
		.kind = NOTE,
		.reason = NET_XDP_REASON_DRIVER,
		.sentence =
			"mlx5 pads what it writes to whole cache lines: the bytes behind a frame, "
			"up to the next line of its buffer, are overwritten",
		.remedy = "keep nothing there",
		.source = "rq_end_pad_mode(), 7.3",
	},
	{
		.drivers = "virtio_net",
		.when = ZERO_COPY | WHEN_VIRTIO_BITS,
		.virtio_without = VIRTIO_ACCESS_PLATFORM,
		.kind = LOWERS,
		.reason = NET_XDP_REASON_VIRTIO,
		.error = -EINVAL,
		.sentence = "virtio_net offers zero copy on every device, but refuses the bind "
			    "(EINVAL) on this one: its host did not give VIRTIO_F_ACCESS_PLATFORM",
		.remedy = "QEMU: -device virtio-net-pci,iommu_platform=on,disable-legacy=on",
		.source = "virtnet_xsk_pool_enable(), 7.3, and tools/zc-lab on 6.18.15",
	},
	{
		.drivers = "virtio_net",
		.when = ZERO_COPY | WHEN_VIRTIO_BITS,
		.virtio_without = VIRTIO_RING_RESET,
		.kind = LOWERS,
		.reason = NET_XDP_REASON_VIRTIO,
		.error = -ENOENT,
		.sentence = "virtio_net offers zero copy on every device, but refuses the bind "
			    "(ENOENT) on this one: its host did not give VIRTIO_F_RING_RESET",
		.remedy = "QEMU: -device virtio-net-pci,queue_reset=on,disable-legacy=on",
		.source = "virtqueue_reset() behind virtnet_rq_bind_xsk_pool(), 7.3",
	},
	{
		.drivers = "virtio_net",
		.when = ZERO_COPY | WHEN_VIRTIO_BITS,
		.virtio_without = VIRTIO_MERGEABLE_RX,
		.virtio_with = VIRTIO_GUEST_OFFLOADS,
		.kind = LOWERS,
		.reason = NET_XDP_REASON_VIRTIO,
		.error = -ENOENT,
		.sentence = "virtio_net would refuse zero copy (ENOENT), because its host merges "
			    "frames but does not split them over buffers",
		.remedy = "QEMU: mrg_rxbuf=on",
		.source = "virtnet_xsk_pool_enable() in big_packets mode, 7.3",
	},
	{
		.drivers = "virtio_net",
		.when = WHEN_NATIVE | WHEN_NO_SPARE,
		.below = NET_XDP_KERNEL(5, 13),
		.kind = BLOCKS,
		.reason = NET_XDP_REASON_DRIVER,
		.error = -ENOMEM,
		.sentence =
			"virtio_net wants one more queue pair per processor for a native "
			"program, and before 5.13 refuses it without (ENOMEM, \"Too few free TX "
			"rings\")",
		.remedy = "use fewer (ethtool -L IF combined N), have the host give more (QEMU: "
			  "queues=N, mq=on), or use attach generic",
		.source = "https://github.com/xdp-project/xdp-tutorial/issues/277 "
			  "https://github.com/libbpf/libbpf/issues/466 "
			  "https://github.com/iovisor/bcc/issues/1833 "
			  "https://github.com/foniod/redbpf/issues/238 "
			  "https://github.com/openshift/ingress-node-firewall/issues/139",
	},
	{
		.drivers = "virtio_net",
		.when = WHEN_NATIVE | WHEN_NO_SPARE,
		.since = NET_XDP_KERNEL(5, 13),
		.kind = NOTE,
		.reason = NET_XDP_REASON_DRIVER,
		.sentence =
			"virtio_net has no queue pair per processor to spare for a native program: "
			"what other programs send by XDP_TX or XDP_REDIRECT shares queues under a "
			"lock (\"XDP request N queues but max is M\" in dmesg). AF_XDP's own frames "
			"are not slower",
		.source = "virtnet_xdp_set(), 6.18; "
			  "https://github.com/cybozu-go/placemat/issues/154 "
			  "https://github.com/gen0sec/synapse/issues/18",
	},
	{
		.drivers = "virtio_net",
		.when = WHEN_NATIVE | WHEN_SPARE,
		.kind = NOTE,
		.reason = NET_XDP_REASON_DRIVER,
		.sentence = "With a native program virtio_net turns on one more queue pair per "
			    "processor, and the host may spread frames over these as well",
		.remedy = "see ethtool -l IF while it is attached, and take all of them",
		.source = "virtnet_xdp_set(), 6.18; "
			  "https://github.com/xdp-project/xdp-tutorial/issues/163 "
			  "https://github.com/xdp-project/xdp-tutorial/issues/164",
	},
	{
		.drivers = "ena",
		.when = WHEN_NATIVE | WHEN_OVER_HALF,
		.kind = BLOCKS,
		.reason = NET_XDP_REASON_DRIVER,
		.error = -EINVAL,
		.sentence = "ena takes a native program only while at most half of its possible "
			    "channels are in use (EINVAL, \"no enough space for allocating XDP "
			    "queues\")",
		.remedy = "give it half: ethtool -L IF combined N, or use attach generic",
		.source = "https://github.com/amzn/amzn-drivers/issues/240 "
			  "https://github.com/amzn/amzn-drivers/issues/164 "
			  "https://github.com/amzn/amzn-drivers/issues/294 "
			  "https://github.com/aya-rs/aya/issues/459 "
			  "https://github.com/cilium/cilium/issues/12138",
	},
	{
		.drivers = "ena",
		.when = WHEN_NATIVE,
		.mtu_over = 3498,
		.kind = BLOCKS,
		.reason = NET_XDP_REASON_DRIVER,
		.error = -EINVAL,
		.sentence =
			"ena takes a native program only up to an MTU of 3498 (EINVAL), and its own "
			"default is 9001",
		.remedy = "lower it: ip link set dev IF mtu 3498, or use attach generic",
		.source = "https://github.com/cilium/cilium/pull/19593 "
			  "https://github.com/amzn/amzn-drivers/issues/240",
	},
	{
		.drivers = "virtio_net",
		.when = ZERO_COPY,
		.below = NET_XDP_KERNEL(7, 2),
		.kind = NOTE,
		.reason = NET_XDP_REASON_DRIVER,
		.sentence =
			"While its fill ring is empty virtio_net asks again without pause, which "
			"takes a processor (6.18 does, 7.2 does not any more)",
		.remedy = "keep the ring filled",
		.source = "virtnet_receive(), 6.18; virtnet_add_recvbuf_xsk(), 7.2",
	},
	{
		.when = ZERO_COPY | WHEN_DMA_PER_PAGE,
		.kind = NOTE,
		.reason = NET_XDP_REASON_PAGES,
		.sentence = "An IOMMU maps memory for this device page by page, or sysfs does not "
			    "tell: what crosses a page of 4096 bytes is bounced (rx_bounce_page, "
			    "tx_bounce_page), on huge pages too",
		.remedy = "boot with iommu.passthrough=1, or lay buffers out within pages",
		.source = "xp_dma_map(), xp_check_dma_contiguity(), 7.3, and tools/zc-lab --nic "
			  "iommu on 6.18.15",
	},
	{
		.when = ZERO_COPY | WHEN_ONE_SEGMENT,
		.kind = NOTE,
		.reason = NET_XDP_REASON_SEGMENTS,
		.sentence =
			"In zero copy this driver takes one descriptor per frame (zc-max-segs 1): "
			"frames over one chunk get copy mode only, and sent packets of several "
			"segments are joined by a copy (tx_bounce_segments)",
		.remedy = "use frames of one chunk, and one segment per packet",
		.source = "xp_assign_dev(), 6.6 to 7.3, and tools/zc-lab on virtio_net and igb",
	},
	{0},
};

/* Is name one of the words? */
static bool is_word_of(const char *words, const char *name)
{
	const size_t len = strlen(name);

	for (const char *at = words; len && (at = strstr(at, name)); at += len)
		if ((at == words || at[-1] == ' ') && (at[len] == 0 || at[len] == ' '))
			return true;
	return false;
}

static uint32_t channel_conditions(const struct net_xdp_device *d)
{
	if (!d->channels || !d->most_channels)
		return 0;
	return (2 * d->channels > d->most_channels ? WHEN_OVER_HALF : 0) |
	       (d->channels + d->processors > d->most_channels ? WHEN_NO_SPARE : WHEN_SPARE);
}

uint32_t known_when(const struct net_xdp_device *d)
{
	return (d->is_bond ? WHEN_BOND : 0) | (d->zc_max_segments == 1 ? WHEN_ONE_SEGMENT : 0) |
	       (d->has_virtio ? WHEN_VIRTIO_BITS : 0) | (d->dma_per_page ? WHEN_DMA_PER_PAGE : 0) |
	       channel_conditions(d);
}

bool known_holds(const struct known *row, const struct net_xdp_device *d, uint32_t when)
{
	return (row->when & when) == row->when &&
	       (!row->drivers || is_word_of(row->drivers, d->driver)) &&
	       (!row->below || (d->kernel_release && d->kernel_release < row->below)) &&
	       d->kernel_release >= row->since &&
	       (!row->mtu_over || d->mtu_bytes > row->mtu_over) &&
	       !(d->virtio_features & row->virtio_without) &&
	       (!row->virtio_with || d->virtio_features & row->virtio_with);
}
