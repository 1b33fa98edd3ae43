// SPDX-License-Identifier: BSD-2-Clause
/*
 * Combinations known to go wrong, or not as one would expect. A row per case, with who says so: a
 * function of the kernel, of the release where it was read, or a run of tools/zc-lab. To add one,
 * add a row, and its facts to tests/unit/test_info.c, which wants every row to be seen.
 */
#include <stddef.h>
#include <string.h>

#include "predict.h"

#define ZERO_COPY INFO_WHEN_ZERO_COPY

const struct info_known info_known[] = {
	{
		.when = INFO_WHEN_BOND,
		.kind = INFO_BLOCKS,
		.text = "A bond: a socket on it would bind but never receive, because XDP runs on "
			"its members; attach to each member instead.",
		.source = "bond_xdp_set_features(), xsk_rcv_check(), 7.3",
	},
	{
		.drivers = "igb igc",
		.when = ZERO_COPY,
		.mtu_over = 1005,
		.kind = INFO_LOWERS,
		.text = "In zero copy this driver rounds the room of a chunk down to whole KiB and "
			"cuts longer frames in pieces: with the default chunks auto ends in copy "
			"mode, and forced zero copy drops them (rx_drop_split). Use --chunk "
			"4096 and --frame-bytes 2040 (chunk_bytes, max_frame_bytes; 3071 where the "
			"MTU is over 2022; over 3053 only copy mode is left).",
		.source = "igb_setup_srrctl(), igb_clean_rx_irq_zc(), 7.3, and tools/zc-lab on "
			  "7.3.4; igc_configure_rx_ring(), igc_clean_rx_irq_zc(), 7.3",
	},
	{
		.drivers = "igb",
		.when = ZERO_COPY,
		.below = INFO_KERNEL(7, 0),
		.kind = INFO_NOTE,
		.text = "Before 7.0 igb wakes the wrong interrupt: once its fill ring ran empty it "
			"receives nothing any more. Keep the ring filled, or use a newer kernel.",
		.source =
			"\"igb: Fix trigger of incorrect irq in igb_xsk_wakeup\", and tools/zc-lab "
			"on 6.18.15",
	},
	{
		.drivers = "ixgbe",
		.when = ZERO_COPY,
		.mtu_over = 1006,
		.kind = INFO_NOTE,
		.text = "If this NIC is an 82599, it counts buffers in whole KiB, and in zero copy "
			"its driver drops frames over 1024 bytes without counting them: use "
			"--chunk 4096 and --frame-bytes 2040 (chunk_bytes, max_frame_bytes). Later "
			"ones (X540 on) count exactly.",
		.source = "ixgbe_configure_srrctl(), ixgbe_clean_rx_irq_zc(), 7.3",
	},
	{
		.drivers = "igc st_gmac",
		.when = ZERO_COPY,
		.kind = INFO_NOTE,
		.text = "This driver refuses zero copy (EOPNOTSUPP) in chunks with room for less "
			"than 1522 bytes: keep --frame-bytes (max_frame_bytes) at 1401 or more.",
		.source = "igc_xdp_enable_pool(), stmmac_xdp_enable_pool(), 7.3",
	},
	{
		.drivers = "gve",
		.when = ZERO_COPY,
		.kind = INFO_NOTE,
		.text = "gve wants chunks to hold the largest MTU that the interface can have, not "
			"the present one, and refuses zero copy otherwise (EINVAL): use "
			"--chunk 4096 and as --frame-bytes (chunk_bytes, max_frame_bytes) that MTU "
			"(maxmtu of ip -d link) plus 14.",
		.source = "gve_xsk_pool_enable(), 7.3",
	},
	{
		.drivers = "i40e ice",
		.when = ZERO_COPY,
		.kind = INFO_NOTE,
		.text = "This driver takes what the fill ring holds when it binds; with an empty "
			"one it loses buffers until nothing comes any more: give initial_rx to "
			"get_queues, also if you only send.",
		.source = "https://github.com/anza-xyz/agave/pull/6836",
	},
	{
		.drivers = "igb ixgbe i40e ice",
		.when = INFO_WHEN_NATIVE,
		.kind = INFO_NOTE,
		.text = "Attaching a native program resets this NIC: its link is away for a moment "
			"(igb: 3 s), for everybody who uses it.",
		.source = "igb_xdp_setup(), ixgbe_xdp_setup(), i40e_xdp_setup(), "
			  "ice_xdp_setup_prog(), 7.3, and tools/zc-lab on igb, 7.3.4",
	},
	{
		.drivers = "mlx5_core",
		.when = ZERO_COPY,
		.kind = INFO_NOTE,
		.text = "mlx5 pads what it writes to whole cache lines: the bytes behind a frame, "
			"up to the next line of its buffer, are overwritten; keep nothing there.",
		.source = "rq_end_pad_mode(), 7.3",
	},
	{
		.drivers = "virtio_net",
		.when = ZERO_COPY | INFO_WHEN_VIRTIO_BITS,
		.virtio_without = INFO_VIRTIO_ACCESS_PLATFORM,
		.kind = INFO_LOWERS,
		.text = "virtio_net offers zero copy on every device, but refuses the bind "
			"(EINVAL) on this one: its host did not give VIRTIO_F_ACCESS_PLATFORM. "
			"QEMU: -device virtio-net-pci,iommu_platform=on,disable-legacy=on",
		.source = "virtnet_xsk_pool_enable(), 7.3, and tools/zc-lab on 6.18.15",
	},
	{
		.drivers = "virtio_net",
		.when = ZERO_COPY | INFO_WHEN_VIRTIO_BITS,
		.virtio_without = INFO_VIRTIO_RING_RESET,
		.kind = INFO_LOWERS,
		.text = "virtio_net offers zero copy on every device, but refuses the bind "
			"(ENOENT) on this one: its host did not give VIRTIO_F_RING_RESET. QEMU: "
			"-device virtio-net-pci,queue_reset=on,disable-legacy=on",
		.source = "virtqueue_reset() behind virtnet_rq_bind_xsk_pool(), 7.3",
	},
	{
		.drivers = "virtio_net",
		.when = ZERO_COPY | INFO_WHEN_VIRTIO_BITS,
		.virtio_without = INFO_VIRTIO_MERGEABLE_RX,
		.virtio_with = INFO_VIRTIO_GUEST_OFFLOADS,
		.kind = INFO_LOWERS,
		.text = "virtio_net would refuse zero copy (ENOENT), because its host merges "
			"frames but does not split them over buffers. QEMU: mrg_rxbuf=on.",
		.source = "virtnet_xsk_pool_enable() in big_packets mode, 7.3",
	},
	{
		.drivers = "virtio_net",
		.when = INFO_WHEN_NATIVE | INFO_WHEN_NO_SPARE,
		.below = INFO_KERNEL(5, 13),
		.kind = INFO_BLOCKS,
		.text = "virtio_net wants one more queue pair per processor for a native "
			"program, and before 5.13 refuses it without (ENOMEM, \"Too few free TX "
			"rings\"): use fewer (ethtool -L IF combined N), have the host give more "
			"(QEMU: queues=N, mq=on), or use --attach generic.",
		.source = "https://github.com/xdp-project/xdp-tutorial/issues/277 "
			  "https://github.com/libbpf/libbpf/issues/466 "
			  "https://github.com/iovisor/bcc/issues/1833 "
			  "https://github.com/foniod/redbpf/issues/238 "
			  "https://github.com/openshift/ingress-node-firewall/issues/139",
	},
	{
		.drivers = "virtio_net",
		.when = INFO_WHEN_NATIVE | INFO_WHEN_NO_SPARE,
		.since = INFO_KERNEL(5, 13),
		.kind = INFO_NOTE,
		.text = "virtio_net has no queue pair per processor to spare for a native program: "
			"what other programs send by XDP_TX or XDP_REDIRECT shares queues under a "
			"lock (\"XDP request N queues but max is M\" in dmesg). AF_XDP's own "
			"frames are not slower.",
		.source = "virtnet_xdp_set(), 6.18; "
			  "https://github.com/cybozu-go/placemat/issues/154 "
			  "https://github.com/gen0sec/synapse/issues/18",
	},
	{
		.drivers = "virtio_net",
		.when = INFO_WHEN_NATIVE | INFO_WHEN_SPARE,
		.kind = INFO_NOTE,
		.text = "With a native program virtio_net turns on one more queue pair per "
			"processor, and the host may spread frames over these as well: see ethtool "
			"-l IF while it is attached, and take all of them.",
		.source = "virtnet_xdp_set(), 6.18; "
			  "https://github.com/xdp-project/xdp-tutorial/issues/163 "
			  "https://github.com/xdp-project/xdp-tutorial/issues/164",
	},
	{
		.drivers = "ena",
		.when = INFO_WHEN_NATIVE | INFO_WHEN_OVER_HALF,
		.kind = INFO_BLOCKS,
		.text = "ena takes a native program only while at most half of its possible "
			"channels are in use (EINVAL, \"no enough space for allocating XDP "
			"queues\"): give it half: ethtool -L IF combined N, or use --attach "
			"generic.",
		.source = "https://github.com/amzn/amzn-drivers/issues/240 "
			  "https://github.com/amzn/amzn-drivers/issues/164 "
			  "https://github.com/amzn/amzn-drivers/issues/294 "
			  "https://github.com/aya-rs/aya/issues/459 "
			  "https://github.com/cilium/cilium/issues/12138",
	},
	{
		.drivers = "ena",
		.when = INFO_WHEN_NATIVE,
		.mtu_over = 3498,
		.kind = INFO_BLOCKS,
		.text = "ena takes a native program only up to an MTU of 3498 (EINVAL), and its own "
			"default is 9001: lower it: ip link set dev IF mtu 3498, or use --attach "
			"generic.",
		.source = "https://github.com/cilium/cilium/pull/19593 "
			  "https://github.com/amzn/amzn-drivers/issues/240",
	},
	{
		.drivers = "virtio_net",
		.when = ZERO_COPY,
		.kind = INFO_NOTE,
		.text = "virtio_net has its own header written in front of each frame, 12 bytes, "
			"or 20 with hash reports: buffers with a smaller gap there are bounced "
			"(rx_bounce_gap), or refused when sealed. Give header_bytes as many.",
		.source = "virtnet_add_recvbuf_xsk(), 7.3",
	},
	{
		.drivers = "virtio_net",
		.when = ZERO_COPY,
		.below = INFO_KERNEL(7, 2),
		.kind = INFO_NOTE,
		.text = "While its fill ring is empty virtio_net asks again without pause, which "
			"takes a processor (6.18 does, 7.2 does not any more): keep the ring "
			"filled.",
		.source = "virtnet_receive(), 6.18; virtnet_add_recvbuf_xsk(), 7.2",
	},
	{
		.when = ZERO_COPY | INFO_WHEN_DMA_PER_PAGE,
		.kind = INFO_NOTE,
		.text = "An IOMMU maps memory for this device page by page, or sysfs does not "
			"tell: what crosses a page of 4096 bytes is bounced (rx_bounce_page, "
			"tx_bounce_page), on huge pages too. Boot with iommu.passthrough=1, or lay "
			"buffers out within pages.",
		.source = "xp_dma_map(), xp_check_dma_contiguity(), 7.3, and tools/zc-lab --nic "
			  "iommu on 6.18.15",
	},
	{
		.when = ZERO_COPY | INFO_WHEN_ONE_SEGMENT,
		.kind = INFO_NOTE,
		.text = "In zero copy this driver takes one descriptor per frame (zc-max-segs 1): "
			"frames over one chunk get copy mode only, and sent packets of several "
			"segments are joined by a copy (tx_bounce_segments). Use frames of one "
			"chunk, and one segment per packet.",
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

static uint32_t channel_conditions(const struct info_facts *f)
{
	if (!f->channels || !f->most_channels)
		return 0;
	return (2 * f->channels > f->most_channels ? INFO_WHEN_OVER_HALF : 0) |
	       (f->channels + f->processors > f->most_channels ? INFO_WHEN_NO_SPARE
							       : INFO_WHEN_SPARE);
}

static uint32_t conditions(const struct info_facts *f, const struct info_prediction *p)
{
	return (p->mode == INFO_MODE_ZERO_COPY ? INFO_WHEN_ZERO_COPY : 0) |
	       (p->native ? INFO_WHEN_NATIVE : 0) | (f->device.is_bond ? INFO_WHEN_BOND : 0) |
	       (f->device.zc_max_segments == 1 ? INFO_WHEN_ONE_SEGMENT : 0) |
	       (f->has_virtio ? INFO_WHEN_VIRTIO_BITS : 0) |
	       (f->device.dma_per_page ? INFO_WHEN_DMA_PER_PAGE : 0) | channel_conditions(f);
}

void known_rule(const struct info_facts *f, struct info_prediction *p)
{
	const uint32_t holds = conditions(f, p); /* a row that lowers the mode hides no other */

	for (const struct info_known *row = info_known; row->text; row++) {
		if ((row->when & holds) != row->when ||
		    (row->drivers && !is_word_of(row->drivers, f->device.driver)) ||
		    (row->below && f->kernel >= row->below) || f->kernel < row->since ||
		    (row->mtu_over && f->device.mtu_bytes <= row->mtu_over) ||
		    (f->virtio_features & row->virtio_without) ||
		    (row->virtio_with && !(f->virtio_features & row->virtio_with)))
			continue;
		add_known(p, row);
		if (row->kind == INFO_LOWERS)
			p->mode = INFO_MODE_COPY;
	}
}
