// SPDX-License-Identifier: BSD-2-Clause
/* Native or generic, zero copy or copy. */
#include <string.h>

#include "predict.h"

/* ---- Native or generic ------------------------------------------------------------------------ */

/* veth_xdp_set(): what the peer may send has to fit. It withdraws its features while it has too few
 * queues. Both refusals lead on to generic. */
static void veth_attach_rule(const struct info_facts *f, struct info_prediction *p)
{
	const struct net_xdp_device *d = &f->device, *peer = &f->peer;

	if (d->has_features && !(d->xdp_features & NET_XDP_FEATURE_BASIC)) {
		p->native = false;
		lowers(p,
		       "veth would refuse a native program (ENOSPC), because %s has fewer "
		       "receive queues (%u) than the other end has transmit queues: the program "
		       "would run in generic mode. Give it more: ethtool -L %s rx N.",
		       d->ifname, d->rx_queues, word(d->ifname));
	}
	if (peer->ifindex && peer->mtu_bytes > SINGLE_BUFFER_MTU) {
		p->native = false;
		lowers(p,
		       "The peer %s has an MTU of %u, and over %u veth takes only programs that "
		       "know frames in several buffers (ERANGE): the program would run in "
		       "generic mode. Use --frame-bytes %u (max_frame_bytes), which makes ours "
		       "such a program (not with --dispatcher), or lower the MTU.",
		       peer->ifname, peer->mtu_bytes, SINGLE_BUFFER_MTU,
		       peer->mtu_bytes + ETHERNET_BYTES);
	} else if (!peer->ifindex && p->native) {
		/* Both ends mostly have the same one. */
		p->native = d->mtu_bytes <= SINGLE_BUFFER_MTU;
		unsure(p,
		       "The other end of this veth cannot be seen from here (it is in another "
		       "network namespace), and its MTU decides: over %u veth refuses our native "
		       "program (ERANGE), which then runs in generic mode%s. --frame-bytes "
		       "(max_frame_bytes) of that MTU + %u avoids it.%s",
		       SINGLE_BUFFER_MTU, p->native ? "" : "; this end's MTU makes that likely",
		       ETHERNET_BYTES,
		       d->has_features ? ""
				       : " With more transmit queues than our receive queues it "
					 "would be generic as well (ENOSPC).");
	}
}

void attach_rule(const struct info_facts *f, struct info_prediction *p)
{
	const struct net_xdp_device *d = &f->device;

	p->native = true;
	if (!d->has_features)
		unsure(p,
		       "Kernel %s does not tell what the driver can (6.3 does): an attach tries "
		       "native, then generic.",
		       f->release);
	if (is_driver(f, "veth")) {
		veth_attach_rule(f, p);
	} else if (!d->has_features) {
		return;
	} else if (!(d->xdp_features & NET_XDP_FEATURE_BASIC) ||
		   !(d->xdp_features & NET_XDP_FEATURE_REDIRECT)) {
		p->native = false;
		lowers(p,
		       "The driver%s%s %s native XDP: the program would run in generic mode, "
		       "after the kernel has built its own buffer for each frame.",
		       d->driver[0] ? " " : "", d->driver,
		       d->xdp_features & NET_XDP_FEATURE_BASIC ? "cannot redirect from" : "has no");
	} else if (is_driver(f, "virtio_net") && f->has_virtio &&
		   !(f->virtio_features & INFO_VIRTIO_CTRL_GUEST_OFFLOADS) &&
		   f->virtio_features & INFO_VIRTIO_GUEST_OFFLOADS) {
		p->native = false;
		lowers(p, "virtio_net would refuse a native program (EOPNOTSUPP), because its host "
			  "merges or leaves checksums to us and cannot be told to stop: the "
			  "program would run in generic mode. QEMU: ctrl_guest_offloads=on, or "
			  "guest_csum=off, guest_tso4=off, guest_tso6=off, guest_ecn=off and "
			  "guest_ufo=off.");
	}
}

/* ---- Zero copy or copy ------------------------------------------------------------------------ */

/* Names as ethtool -i gives them. Source: the driver table of docs.ebpf.io, and the drivers. */
static const struct {
	const char *driver;
	uint16_t major;
	uint16_t minor;
} zero_copy_drivers[] = {
	{"ixgbe", 4, 20}, {"i40e", 4, 20},	{"mlx5_core", 5, 3},   {"ice", 5, 5},
	{"igc", 5, 14},	  {"st_gmac", 5, 13},	{"nfp", 5, 18},	       {"fsl_dpaa2_eth", 6, 2},
	{"tsnep", 6, 4},  {"gve", 6, 4},	{"virtio_net", 6, 13}, {"igb", 6, 14},
	{"idpf", 6, 18},  {"rvu-nicpf", 6, 16},
};

/* Their names, with commas between. */
static void zero_copy_names(char *out, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < sizeof(zero_copy_drivers) / sizeof(zero_copy_drivers[0]); i++)
		used += (size_t)snprintf(out + used, size - used, "%s%s", i ? ", " : "",
					 zero_copy_drivers[i].driver);
}

/* Return: the kernel from which on the driver has zero copy, 0 when it has none that we know. */
static uint32_t zero_copy_since(const char *driver)
{
	size_t i;

	for (i = 0; i < sizeof(zero_copy_drivers) / sizeof(zero_copy_drivers[0]); i++) {
		if (strcmp(driver, zero_copy_drivers[i].driver) == 0)
			return INFO_KERNEL(zero_copy_drivers[i].major, zero_copy_drivers[i].minor);
	}
	return 0;
}

static void no_zero_copy(const struct info_facts *f, struct info_prediction *p)
{
	const char *driver = f->device.driver[0] ? f->device.driver : f->device.ifname;
	uint32_t since = zero_copy_since(f->device.driver);
	char names[256];

	p->mode = INFO_MODE_COPY;
	zero_copy_names(names, sizeof(names));
	if (since > f->kernel)
		lowers(p,
		       "The driver (%s) has zero copy from kernel %u.%u on and this is %s: "
		       "AF_XDP would run in copy mode.",
		       driver, since >> 16, since & 0xffff, f->release);
	else if (since)
		lowers(p,
		       "The driver (%s) can have zero copy but does not offer it here (feature "
		       "bit not set): an older or restricted device, or a kernel without it; "
		       "AF_XDP would run in copy mode.",
		       driver);
	else
		lowers(p,
		       "This kind of interface (%s) has no zero copy in any kernel that we know "
		       "of: AF_XDP would run in copy mode. Drivers that have it: %s.",
		       driver, names);
}

void zero_copy_rule(const struct info_facts *f, struct info_prediction *p)
{
	const struct net_xdp_device *d = &f->device;
	uint32_t since = zero_copy_since(d->driver);

	p->mode = INFO_MODE_ZERO_COPY;
	if (!d->has_features && since && since <= f->kernel) {
		note(p,
		     "The driver (%s) has zero copy from kernel %u.%u on: an attach tries it "
		     "first.",
		     d->driver, since >> 16, since & 0xffff);
	} else if (!d->has_features || !(d->xdp_features & NET_XDP_FEATURE_ZERO_COPY)) {
		no_zero_copy(f, p);
	} else if (is_driver(f, "virtio_net") && !f->has_virtio) {
		unsure(p,
		       "virtio_net offers zero copy on every device, but bind succeeds only where "
		       "the host gave VIRTIO_F_ACCESS_PLATFORM and VIRTIO_F_RING_RESET, which "
		       "sysfs does not tell here (QEMU: -device "
		       "virtio-net-pci,iommu_platform=on,disable-legacy=on); else it falls back to "
		       "copy mode.");
	}
	/* A driver's zero-copy receive runs the native program; there is none in generic mode. */
	if (p->mode == INFO_MODE_ZERO_COPY && !p->native) {
		p->mode = INFO_MODE_COPY;
		lowers(p, "Zero copy needs a native program: AF_XDP would run in copy mode.");
	}
}

/*
 * Since April 2026 (fixes in all stable kernels) a bind in zero copy refuses less room than the MTU
 * needs; before, larger frames were lost. The room is what the UMEM's headroom leaves, in units of
 * 128 bytes. Source: xp_assign_dev() and xsk_pool_get_rx_frame_size().
 */
bool zero_copy_room(const struct info_facts *f, struct info_prediction *p)
{
	const struct net_xdp_device *d = &f->device;
	struct net_xdp_config config = net_xdp_config_default();
	uint32_t room = (config.chunk_bytes - net_xdp_frame_offset(&config)) / 128 * 128;
	uint32_t needed = d->mtu_bytes + 26; /* Ethernet header, two tags, FCS */
	uint32_t enough = (needed + 127) / 128 * 128;

	if (p->mode != INFO_MODE_ZERO_COPY || needed <= room)
		return true;
	p->mode = INFO_MODE_COPY;
	if (enough <= info_limit(2048).zero_copy_bytes)
		lowers(p,
		       "For an MTU of %u zero copy needs room for %u bytes, the default leaves "
		       "%u: bind fails (EINVAL), or frames are lost; use --frame-bytes %u "
		       "(max_frame_bytes).",
		       d->mtu_bytes, needed, room, enough);
	else if (enough <= info_limit(4096).zero_copy_bytes)
		lowers(p,
		       "For an MTU of %u zero copy needs room for %u bytes, the default leaves "
		       "%u: bind fails (EINVAL), or frames are lost; use --chunk 4096 and "
		       "--frame-bytes %u (chunk_bytes, max_frame_bytes).",
		       d->mtu_bytes, needed, room, enough);
	else if (d->zc_max_segments > 1)
		lowers(p,
		       "An MTU of %u does not fit one chunk, and for several zero copy needs a "
		       "multi-buffer socket: use --frame-bytes %u (max_frame_bytes).",
		       d->mtu_bytes, d->mtu_bytes + ETHERNET_BYTES);
	else
		lowers(p,
		       "Zero copy on this driver takes one chunk per frame, and an MTU of %u "
		       "does not fit: a bind would fail (EINVAL); lower the MTU to %u.",
		       d->mtu_bytes, info_limit(4096).zero_copy_bytes - 26);
	cite(p, "xp_assign_dev(), 6.18 stable and 7.0 on");
	return false;
}
