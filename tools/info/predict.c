// SPDX-License-Identifier: BSD-2-Clause
/* What an attach would get, and why not better: one rule per cause, each with its own sentence. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include <linux/capability.h>

#include "info.h"

#define ETHERNET_BYTES	    18	 /* header and one VLAN tag, what a frame has beyond the MTU */
#define LARGEST_FRAME_BYTES 9216 /* of max_frame_bytes */
#define CHUNK_HEADROOM	    256	 /* XDP_PACKET_HEADROOM */
/* veth_xdp_set(): one page less headroom, skb_shared_info and Ethernet header. */
#define VETH_SINGLE_BUFFER_MTU 3506

static void say(struct info_prediction *p, enum info_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void say(struct info_prediction *p, enum info_kind kind, const char *format, ...)
{
	struct info_sentence *s = &p->sentences[p->count];
	va_list args;

	if (p->count == INFO_SENTENCES)
		return;
	s->kind = kind;
	va_start(args, format);
	vsnprintf(s->text, sizeof(s->text), format, args);
	va_end(args);
	p->count++;
}

struct info_limit info_limit(uint32_t chunk_bytes)
{
	uint32_t frame = chunk_bytes - CHUNK_HEADROOM;

	/* xsk_pool_get_rx_frame_size(): DMA lengths are multiples of 128, and a multi-buffer socket
	 * keeps skb_shared_info (320 bytes) at the end of the chunk. */
	return (struct info_limit){
		.chunk_bytes = chunk_bytes,
		.copy_bytes = frame,
		.zero_copy_bytes = frame / 128 * 128,
		.zero_copy_multi_bytes = (frame - 320) / 128 * 128,
	};
}

static bool is_driver(const struct info_facts *f, const char *name)
{
	return strcmp(f->device.driver, name) == 0;
}

/* ---- What makes it fail ----------------------------------------------------------------------- */

static void privilege_rule(const struct info_facts *f, struct info_prediction *p)
{
	struct net_xdp_config config = net_xdp_config_default();
	uint64_t needed = net_xdp_private_bytes(&config);

	if (f->socket_error == -EAFNOSUPPORT)
		say(p, INFO_BLOCKS,
		    "This kernel has no AF_XDP (CONFIG_XDP_SOCKETS is off); use a kernel that "
		    "has.");
	if (!info_can(f, CAP_NET_RAW))
		say(p, INFO_BLOCKS,
		    "CAP_NET_RAW is missing, which socket(AF_XDP) asks for; run as root or grant "
		    "it.");
	if (!info_can(f, CAP_NET_ADMIN) || !info_can(f, CAP_BPF))
		say(p, INFO_BLOCKS,
		    "%s missing, without which no XDP program is loaded and attached; run as root "
		    "or grant it.",
		    info_can(f, CAP_NET_ADMIN) ? "CAP_BPF is"
		    : info_can(f, CAP_BPF)     ? "CAP_NET_ADMIN is"
					       : "CAP_NET_ADMIN and CAP_BPF are");
	if (!info_can(f, CAP_PERFMON))
		say(p, INFO_BLOCKS,
		    "CAP_PERFMON is missing, without which the kernel refuses the XDP program's "
		    "pointer arithmetic; run as root or grant it.");
	if (f->user_namespace)
		say(p, INFO_BLOCKS,
		    "This process is in a user namespace, whose capabilities do not allow loading "
		    "an "
		    "XDP program; run in the initial user namespace.");
	if (info_can(f, CAP_IPC_LOCK) || f->memlock_bytes == UINT64_MAX)
		return;
	if (f->memlock_bytes < needed)
		say(p, INFO_BLOCKS,
		    "The locked-memory limit of %llu KiB is less than the %llu KiB that one queue "
		    "needs without the frontend's memory; raise it (ulimit -l) or grant "
		    "CAP_IPC_LOCK.",
		    (unsigned long long)f->memlock_bytes / 1024, (unsigned long long)needed / 1024);
	else
		say(p, INFO_NOTE,
		    "The locked-memory limit allows %llu KiB of memory, %llu KiB of them our own; "
		    "for "
		    "more raise it (ulimit -l) or grant CAP_IPC_LOCK.",
		    (unsigned long long)f->memlock_bytes / 1024, (unsigned long long)needed / 1024);
}

static void program_rule(const struct info_facts *f, struct info_prediction *p)
{
	const struct net_xdp_device *d = &f->device;
	char name[48] = "";

	if (!d->program_id)
		return;
	if (d->program_name[0])
		snprintf(name, sizeof(name), " \"%s\"", d->program_name);
	if (strcmp(d->program_mode, "dispatcher") == 0)
		say(p, INFO_BLOCKS,
		    "XDP program %u is libxdp's dispatcher, which other programs share: ask for "
		    "the "
		    "dispatcher too (program = NET_XDP_PROGRAM_DISPATCHER), or remove it with: "
		    "xdp-loader unload %s --all",
		    d->program_id, d->ifname);
	else if (f->holder.link_id && f->holder.pid)
		say(p, INFO_BLOCKS,
		    "XDP program %u%s is attached (%s) by link %u of process %u (%s); it goes when "
		    "that process ends.",
		    d->program_id, name, d->program_mode, f->holder.link_id, f->holder.pid,
		    f->holder.command);
	else if (f->holder.link_id)
		say(p, INFO_BLOCKS,
		    "XDP program %u%s is attached (%s) by link %u, which no process was seen to "
		    "hold: "
		    "it is pinned under /sys/fs/bpf, or its holder is hidden from us; remove it "
		    "with: "
		    "bpftool link detach id %u",
		    d->program_id, name, d->program_mode, f->holder.link_id, f->holder.link_id);
	else
		say(p, INFO_BLOCKS,
		    "XDP program %u%s is attached (%s) and no process holds it; if nobody needs "
		    "it, "
		    "remove it with: ip link set dev %s %s off",
		    d->program_id, name, d->program_mode, d->ifname,
		    strcmp(d->program_mode, "generic") == 0	? "xdpgeneric"
		    : strcmp(d->program_mode, "offloaded") == 0 ? "xdpoffload"
								: "xdp");
}

static void queue_rule(const struct info_facts *f, struct info_prediction *p)
{
	const struct net_xdp_device *d = &f->device;

	if (f->queue_state.has_state && f->queue_state.has_socket)
		say(p, INFO_BLOCKS,
		    "An AF_XDP socket is bound to queue %u, and a queue takes one; choose another "
		    "queue or end its owner (ss --xdp -p lists them where the kernel can).",
		    f->queue);
	if (d->rx_queues > 1)
		say(p, INFO_NOTE,
		    "The interface spreads frames over %u queues, a socket sees those of its own "
		    "queue: take all of them, or steer (ethtool -N), or have one: ethtool -L.",
		    d->rx_queues);
}

/* The kernel masks zero copy for bonds, and runs the program with the slave's queues, where no
 * socket of the bond is found (bond_main.c, xsk_rcv_check()). */
static void bond_rule(const struct info_facts *f, struct info_prediction *p)
{
	if (f->device.is_bond)
		say(p, INFO_BLOCKS,
		    "%s is a bond: a socket on it would bind but never receive, because XDP runs "
		    "on its "
		    "members; attach to each of them instead%s%s.",
		    f->device.ifname, f->bond_members[0] ? ": " : "", f->bond_members);
}

/* ---- Native or generic ------------------------------------------------------------------------ */

/* Offloads of the host that virtnet_xdp_set() must be able to switch off: guest_csum, tso4, tso6,
 * ecn, ufo, uso4, uso6. */
#define VIRTIO_GUEST_OFFLOADS                                                                      \
	(1ull << 1 | 1ull << 7 | 1ull << 8 | 1ull << 9 | 1ull << 10 | 1ull << 54 | 1ull << 55)
#define VIRTIO_CTRL_GUEST_OFFLOADS (1ull << 2)
#define VIRTIO_MERGEABLE_RX	   (1ull << 15)
#define VIRTIO_ACCESS_PLATFORM	   (1ull << 33)
#define VIRTIO_RING_RESET	   (1ull << 40)

static void attach_rule(const struct info_facts *f, struct info_prediction *p)
{
	const struct net_xdp_device *d = &f->device;

	p->native = true;
	if (!d->has_features) {
		p->sure = false;
		say(p, INFO_NOTE,
		    "Kernel %s does not tell what the driver can (6.3 does): an attach tries "
		    "native, "
		    "then generic.",
		    f->release);
		return;
	}
	if (!(d->xdp_features & NET_XDP_FEATURE_BASIC) ||
	    !(d->xdp_features & NET_XDP_FEATURE_REDIRECT)) {
		p->native = false;
		say(p, INFO_LOWERS,
		    "The driver%s%s cannot redirect from native XDP: the program would run in "
		    "generic "
		    "mode, after the kernel has built its own buffer for each frame. Switch GRO "
		    "off "
		    "then (ethtool -K %s gro off), or joined frames are dropped as too large.",
		    d->driver[0] ? " " : "", d->driver, d->ifname);
	} else if (is_driver(f, "virtio_net") && f->has_virtio &&
		   !(f->virtio_features & VIRTIO_CTRL_GUEST_OFFLOADS) &&
		   f->virtio_features & VIRTIO_GUEST_OFFLOADS) {
		p->native = false;
		say(p, INFO_LOWERS,
		    "virtio_net would refuse a native program (EOPNOTSUPP), because its host "
		    "merges "
		    "or leaves checksums to us and cannot be told to stop: the program would run "
		    "in "
		    "generic mode. QEMU: ctrl_guest_offloads=on, or guest_csum=off,guest_tso4=off,"
		    "guest_tso6=off,guest_ecn=off,guest_ufo=off.");
	} else if (is_driver(f, "veth") && f->peer.ifindex && d->rx_queues < f->peer.tx_queues) {
		p->native = false;
		say(p, INFO_LOWERS,
		    "veth would refuse a native program (ENOSPC), because its %u receive queues "
		    "are "
		    "fewer than the %u transmit queues of its peer %s: ethtool -L %s rx %u",
		    d->rx_queues, f->peer.tx_queues, f->peer.ifname, d->ifname, f->peer.tx_queues);
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

#define ZERO_COPY_DRIVERS "ixgbe, i40e, ice, igb, igc, idpf, mlx5, nfp, gve, stmmac, virtio_net"

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
	const char *driver = f->device.driver[0] ? f->device.driver : "none";
	uint32_t since = zero_copy_since(f->device.driver);

	p->mode = INFO_MODE_COPY;
	if (since > f->kernel)
		say(p, INFO_LOWERS,
		    "The driver (%s) has zero copy from kernel %u.%u on and this is %s: AF_XDP "
		    "would "
		    "run in copy mode.",
		    driver, since >> 16, since & 0xffff, f->release);
	else if (since)
		say(p, INFO_LOWERS,
		    "The driver (%s) can have zero copy but does not offer it here (feature bit "
		    "not "
		    "set): an older or restricted device, or a kernel without it; AF_XDP would run "
		    "in "
		    "copy mode.",
		    driver);
	else
		say(p, INFO_LOWERS,
		    "This interface's driver (%s) has no zero copy in any kernel: AF_XDP would run "
		    "in "
		    "copy mode. Drivers that have it: " ZERO_COPY_DRIVERS ".",
		    driver);
}

/* virtnet_xsk_pool_enable(): the bit is set for every device, the bind succeeds for few. */
static void virtio_zero_copy(const struct info_facts *f, struct info_prediction *p)
{
	const uint64_t bits = f->virtio_features;
	static const char how[] =
		"QEMU: -device virtio-net-pci,iommu_platform=on,disable-legacy=on,queue_reset=on";

	if (!f->has_virtio) {
		p->sure = false;
		say(p, INFO_NOTE,
		    "virtio_net offers zero copy on every device, but bind succeeds only where the "
		    "host gave VIRTIO_F_ACCESS_PLATFORM and VIRTIO_F_RING_RESET (%s); else it "
		    "falls "
		    "back to copy mode.",
		    how);
	} else if (!(bits & VIRTIO_ACCESS_PLATFORM) || !(bits & VIRTIO_RING_RESET)) {
		p->mode = INFO_MODE_COPY;
		say(p, INFO_LOWERS,
		    "virtio_net offers zero copy on every device, but a bind would fail on this "
		    "one: "
		    "its host did not give%s%s%s. %s",
		    bits & VIRTIO_ACCESS_PLATFORM ? "" : " VIRTIO_F_ACCESS_PLATFORM",
		    bits & (VIRTIO_ACCESS_PLATFORM | VIRTIO_RING_RESET) ? "" : " and",
		    bits & VIRTIO_RING_RESET ? "" : " VIRTIO_F_RING_RESET", how);
	} else if (!(bits & VIRTIO_MERGEABLE_RX) && bits & VIRTIO_GUEST_OFFLOADS) {
		p->mode = INFO_MODE_COPY;
		say(p, INFO_LOWERS,
		    "virtio_net would refuse zero copy (ENOENT), because its host merges frames "
		    "but "
		    "does not split them over buffers. QEMU: mrg_rxbuf=on.");
	}
}

static void zero_copy_rule(const struct info_facts *f, struct info_prediction *p)
{
	const struct net_xdp_device *d = &f->device;
	uint32_t since = zero_copy_since(d->driver);

	p->mode = INFO_MODE_ZERO_COPY;
	if (!d->has_features && since && since <= f->kernel) {
		say(p, INFO_NOTE,
		    "The driver (%s) has zero copy from kernel %u.%u on: an attach tries it first.",
		    d->driver, since >> 16, since & 0xffff);
	} else if (!d->has_features || !(d->xdp_features & NET_XDP_FEATURE_ZERO_COPY)) {
		no_zero_copy(f, p);
	} else if (is_driver(f, "virtio_net")) {
		virtio_zero_copy(f, p);
	}
	/* A driver's zero-copy receive runs the native program; there is none in generic mode. */
	if (p->mode == INFO_MODE_ZERO_COPY && !p->native) {
		p->mode = INFO_MODE_COPY;
		say(p, INFO_LOWERS,
		    "Zero copy needs a native program: AF_XDP would run in copy mode.");
	}
	if (p->mode == INFO_MODE_ZERO_COPY && d->zc_max_segments == 1)
		say(p, INFO_NOTE,
		    "The driver sends one descriptor per packet: packets of several segments are "
		    "joined through the private area (tx_bounce_segments).");
}

/* ---- What else to know ------------------------------------------------------------------------ */

static void link_rule(const struct info_facts *f, struct info_prediction *p)
{
	if (!f->device.up)
		say(p, INFO_NOTE,
		    "The interface is down: a socket can be bound, but no frame moves until: ip "
		    "link "
		    "set dev %s up",
		    f->device.ifname);
	else if (!f->device.carrier)
		say(p, INFO_NOTE,
		    "The interface has no carrier (cable, or the other end is down): frames to "
		    "send "
		    "are lost until it has.");
}

static void mtu_rule(const struct info_facts *f, struct info_prediction *p)
{
	const struct net_xdp_device *d = &f->device;
	struct net_xdp_config config = net_xdp_config_default();
	uint32_t frame = d->mtu_bytes + ETHERNET_BYTES;

	if (frame <= config.max_frame_bytes)
		return;
	if (frame <= info_limit(2048).copy_bytes)
		say(p, INFO_NOTE,
		    "The MTU of %u makes frames of %u bytes, the default takes %u: set "
		    "max_frame_bytes to %u.",
		    d->mtu_bytes, frame, config.max_frame_bytes, frame);
	else if (frame <= info_limit(4096).copy_bytes)
		say(p, INFO_NOTE,
		    "The MTU of %u makes frames of %u bytes, a chunk of 2048 holds %u: set "
		    "chunk_bytes "
		    "to 4096 (it holds %u) and max_frame_bytes to %u.",
		    d->mtu_bytes, frame, info_limit(2048).copy_bytes, info_limit(4096).copy_bytes,
		    frame);
	else if (frame > LARGEST_FRAME_BYTES)
		say(p, INFO_NOTE,
		    "The MTU of %u makes frames of %u bytes, an endpoint takes at most %u: larger "
		    "ones "
		    "are dropped; lower the MTU to %u.",
		    d->mtu_bytes, frame, LARGEST_FRAME_BYTES, LARGEST_FRAME_BYTES - ETHERNET_BYTES);
	else
		say(p, INFO_NOTE,
		    "The MTU of %u makes frames of %u bytes, more than the %u that the largest "
		    "chunk "
		    "holds: set max_frame_bytes to %u and every frame is gathered through the "
		    "private "
		    "area, or lower the MTU to %u.",
		    d->mtu_bytes, frame, info_limit(4096).copy_bytes, frame,
		    info_limit(4096).copy_bytes - ETHERNET_BYTES);
	if (p->mode == INFO_MODE_ZERO_COPY && d->zc_max_segments <= 1 &&
	    d->mtu_bytes + 26 > info_limit(4096).zero_copy_bytes) {
		p->mode = INFO_MODE_COPY;
		say(p, INFO_LOWERS,
		    "Zero copy on this driver takes one chunk per frame, and an MTU of %u does not "
		    "fit: bind would fail (EINVAL); lower the MTU to %u.",
		    d->mtu_bytes, info_limit(4096).zero_copy_bytes - 26);
	}
}

static void veth_rule(const struct info_facts *f, struct info_prediction *p)
{
	uint32_t mtu = f->peer.ifindex ? f->peer.mtu_bytes : f->device.mtu_bytes;

	if (!is_driver(f, "veth"))
		return;
	if (p->native && mtu > VETH_SINGLE_BUFFER_MTU)
		say(p, INFO_NOTE,
		    "While the peer's MTU is over %u (%s is %u) veth takes only programs that know "
		    "frames in several buffers: ours does when max_frame_bytes is larger than a "
		    "chunk "
		    "holds, libxdp's dispatcher does not.",
		    VETH_SINGLE_BUFFER_MTU, f->peer.ifindex ? f->peer.ifname : "ours", mtu);
	say(p, INFO_NOTE,
	    "The other end of a veth leaves TCP and UDP checksums unfinished: set rx_checksum to "
	    "complete or report, or switch it off there: ethtool -K PEER tx off");
}

static void driver_rule(const struct info_facts *f, struct info_prediction *p)
{
	static const char *const resets[] = {"igb", "ixgbe", "i40e", "ice"};
	size_t i;

	for (i = 0; i < sizeof(resets) / sizeof(resets[0]); i++) {
		if (p->native && is_driver(f, resets[i]))
			say(p, INFO_NOTE,
			    "Attaching a native program resets this NIC (%s): the link is away for "
			    "a "
			    "moment, for everybody who uses it.",
			    f->device.driver);
	}
	/* igb programs the receive buffer in units of 1 KiB and does not look for a frame's end. */
	if (p->mode == INFO_MODE_ZERO_COPY && is_driver(f, "igb"))
		say(p, INFO_NOTE,
		    "igb rounds receive buffers down to 1 KiB: use chunk_bytes 4096 for zero "
		    "copy.");
}

/* ---- All rules -------------------------------------------------------------------------------- */

static void summarize(const struct info_facts *f, struct info_prediction *p)
{
	const char *name = f->device.ifname;

	if (p->mode == INFO_MODE_FAILS)
		snprintf(p->summary, sizeof(p->summary), "An attach to %s queue %u would fail.",
			 name, f->queue);
	else if (p->mode == INFO_MODE_COPY)
		snprintf(p->summary, sizeof(p->summary),
			 "An attach to %s queue %u would get copy mode with a %s program%s: the "
			 "kernel "
			 "copies each frame once.",
			 name, f->queue, p->native ? "native" : "generic",
			 p->sure ? "" : " (or generic, only an attach tells)");
	else
		snprintf(p->summary, sizeof(p->summary),
			 "An attach to %s queue %u would %s zero copy with a native program%s.",
			 name, f->queue, p->sure ? "get" : "try",
			 p->sure ? "" : ", and fall back to copy mode if the driver refuses");
}

void info_predict(const struct info_facts *facts, struct info_prediction *out)
{
	static void (*const rules[])(const struct info_facts *, struct info_prediction *) = {
		privilege_rule, program_rule, bond_rule, attach_rule, zero_copy_rule,
		queue_rule,	link_rule,    mtu_rule,	 veth_rule,   driver_rule,
	};
	uint32_t i;

	memset(out, 0, sizeof(*out));
	out->sure = true;
	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		rules[i](facts, out);
	for (i = 0; i < out->count; i++) {
		if (out->sentences[i].kind == INFO_BLOCKS)
			out->mode = INFO_MODE_FAILS;
	}
	if (out->mode == INFO_MODE_FAILS)
		out->sure = true;
	summarize(facts, out);
}
