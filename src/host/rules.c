// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/grow.h"
#include "host/driver.h"
#include "host/rules.h"
#include "host/xdp_uapi.h"

/* ---- Sizes ------------------------------------------------------------------------------------ */

bool rules_is_jumbo(const struct net_xdp_config *c)
{
	return c->max_frame_bytes > c->chunk_bytes - XDP_FRAME_HEADROOM;
}

/* Zero copy: a NIC may write whole steps of 128 bytes, and since 2026 (6.18 stable, 7.0) bind wants
 * them to hold the MTU with 26 bytes around it: header, FCS and two tags. max_frame_bytes counts 18.
 * Source: xsk_pool_get_rx_frame_size(), xp_assign_dev(). */
uint32_t rules_zero_copy_bytes(uint32_t max_frame_bytes)
{
	return (max_frame_bytes + 8 + 127) / 128 * 128;
}

/*
 * An unaligned chunk is as large as its frame: the UMEM's headroom takes what max_frame_bytes leaves,
 * so that the kernel itself enforces the capacity of a direct buffer. Aligned chunks keep the whole
 * chunk, and so do jumbo endpoints, whose frames span chunks.
 *
 * A zero-copy driver uses multiples of 128 bytes, and its bind wants 8 bytes more than max_frame_bytes
 * (MTU + 26 where that is MTU + 18). Source: xp_assign_dev() in net/xdp/xsk_buff_pool.c, 6.18.
 */
uint32_t rules_headroom(const struct net_xdp_config *c, bool zero_copy)
{
	uint32_t largest = XDP_UMEM_HEADROOM_MAX(c->chunk_bytes);
	uint32_t room = c->chunk_bytes - XDP_FRAME_HEADROOM, frame;

	if (!c->unaligned || rules_is_jumbo(c))
		return 0;
	frame = zero_copy ? rules_zero_copy_bytes(c->max_frame_bytes) : c->max_frame_bytes;
	if (frame >= room)
		return 0;
	return room - frame < largest ? room - frame : largest;
}

uint32_t rules_direct_capacity(const struct net_xdp_config *c, bool zero_copy)
{
	return c->chunk_bytes - XDP_FRAME_HEADROOM - rules_headroom(c, zero_copy);
}

/* What a zero-copy driver knows of a chunk: whole steps of 128 bytes. */
static uint32_t whole_steps(uint32_t bytes)
{
	return bytes / 128 * 128;
}

uint32_t rules_rx_pieces(uint32_t max_frame_bytes, uint32_t chunk_bytes, bool zero_copy)
{
	uint32_t room = chunk_bytes - XDP_FRAME_HEADROOM;

	if (zero_copy)
		room = whole_steps(room - XDP_SHARED_INFO_BYTES);
	return (max_frame_bytes - 1) / room + 1;
}

uint32_t rules_tx_pieces(const struct net_xdp_config *c)
{
	const uint32_t piece = c->chunk_bytes - XSK_TX_REQUEST_BYTES;
	const uint32_t bytes = c->max_frame_bytes + 4 + XSK_TX_REQUEST_BYTES;

	return bytes / 4096 * ((4096 - 1) / piece + 1) + bytes % 4096 / piece + 1;
}

int net_xdp_get_chunk_limits_sized(uint32_t chunk_bytes, struct net_xdp_chunk_limits *out,
				   size_t size_bytes)
{
	uint32_t room = chunk_bytes - XDP_FRAME_HEADROOM;
	struct net_xdp_chunk_limits limits = {
		.copy_bytes = room,
		.zero_copy_bytes = whole_steps(room),
		.zero_copy_multi_bytes = whole_steps(room - XDP_SHARED_INFO_BYTES),
	};

	if (!out || chunk_bytes < 2048 || chunk_bytes > RULES_LARGEST_CHUNK_BYTES)
		return -EINVAL;
	grow_out(out, size_bytes, &limits, sizeof(limits));
	return 0;
}

uint32_t rules_tx_descriptors(const struct net_xdp_config *c, const struct net_xdp_device *d,
			      bool multi_buffer, bool zero_copy)
{
	uint32_t most = 1;

	if (multi_buffer && !zero_copy)
		most = XDP_COPY_TX_DESCRIPTORS;
	else if (rules_is_jumbo(c) && d->zc_max_segments > 1)
		most = d->zc_max_segments < XDP_COPY_TX_DESCRIPTORS ? d->zc_max_segments
								    : XDP_COPY_TX_DESCRIPTORS;
	/* A packet that an empty ring cannot hold would wait for ever: it is joined instead. */
	return most < c->tx_ring_frames ? most : c->tx_ring_frames;
}

/* With a driver that has units: how much of a chunk its NIC knows of; 0 when that is less than one. */
static uint32_t piece_bytes(const struct net_xdp_config *c, uint32_t unit)
{
	return rules_direct_capacity(c, true) / unit * unit;
}

uint32_t rules_largest_frame(const struct net_xdp_config *c, const struct net_xdp_device *d,
			     bool zero_copy)
{
	uint32_t largest = c->max_frame_bytes, unit = driver_buffer_unit(d), piece;

	if (!zero_copy || !unit)
		return largest;
	piece = piece_bytes(c, unit);
	if (!piece)
		return 0;
	/* A whole frame of just the piece looks like the beginning of a longer one. */
	return piece - 1 < largest ? piece - 1 : largest;
}

uint32_t rules_largest_mtu(const struct net_xdp_config *c, const struct net_xdp_device *d,
			   bool zero_copy)
{
	uint32_t frame = rules_largest_frame(c, d, zero_copy), held;

	if (zero_copy && !rules_is_jumbo(c)) {
		/* See rules_zero_copy_bytes(): 8 bytes more than the frame. */
		held = whole_steps(rules_direct_capacity(c, true)) - 8;
		frame = held < frame ? held : frame;
	}
	return frame < RULES_ETHERNET_BYTES ? 0 : frame - RULES_ETHERNET_BYTES;
}

/* ---- Zero copy -------------------------------------------------------------------------------- */

bool rules_may_zero_copy(const struct net_xdp_config *c, const struct net_xdp_device *d,
			 bool native)
{
	return c->mode != NET_XDP_MODE_COPY && native &&
	       (!d->has_features || d->xdp_features & NET_XDP_FEATURE_ZERO_COPY);
}

#define SAY(text, ...) snprintf(text, sizeof(text), __VA_ARGS__)

/* "use ..." for frames of this size in a chunk with so much room behind the kernel's 256 bytes.
 * Return: false when no chunk has it. */
static bool say_size(const struct net_xdp_config *c, uint32_t frame, uint32_t room,
		     struct objection *out)
{
	if (room <= c->chunk_bytes - XDP_FRAME_HEADROOM)
		SAY(out->remedy, "use max_frame_bytes %u", frame);
	else if (room <= RULES_LARGEST_CHUNK_BYTES - XDP_FRAME_HEADROOM)
		SAY(out->remedy, "use chunk_bytes 4096 and max_frame_bytes %u", frame);
	else
		return false;
	return true;
}

/* Since 2026 (6.18 stable, 7.0) a zero-copy bind wants a chunk to hold the MTU (see
 * rules_zero_copy_bytes()); before, it takes any and frames that do not fit are lost. */
static void hold_mtu(const struct net_xdp_config *c, const struct net_xdp_device *d,
		     struct objection *out)
{
	uint32_t frame = d->mtu_bytes + RULES_ETHERNET_BYTES;
	uint32_t has = whole_steps(rules_direct_capacity(c, true));
	uint32_t needs = rules_zero_copy_bytes(frame);
	uint32_t most = whole_steps(RULES_LARGEST_CHUNK_BYTES - XDP_FRAME_HEADROOM) - 8;

	if (rules_is_jumbo(c) || needs <= has)
		return;
	out->error = -EINVAL;
	out->reason = NET_XDP_REASON_ROOM;
	out->source = "xp_assign_dev(), 6.18 stable and 7.0 on";
	SAY(out->why, "the MTU of %u needs %u bytes of a chunk, it has %u", d->mtu_bytes, needs,
	    has);
	if (say_size(c, frame, needs, out))
		return;
	if (d->zc_max_segments > 1 && frame <= RULES_LARGEST_FRAME_BYTES)
		SAY(out->remedy,
		    "use max_frame_bytes %u, which makes a multi-buffer socket, or lower the MTU "
		    "to %u",
		    frame, most - RULES_ETHERNET_BYTES);
	else
		SAY(out->remedy, "lower the MTU to %u with chunk_bytes 4096",
		    most - RULES_ETHERNET_BYTES);
}

/* A driver with coarse buffer units cuts the frames that its NIC's idea of a chunk does not hold,
 * and where that idea is less than one unit the NIC is not told at all and writes 2048 bytes
 * (SRRCTL of the 82576 and I210): behind the chunk. */
static void keep_frames_whole(const struct net_xdp_config *c, const struct net_xdp_device *d,
			      struct objection *out)
{
	const struct driver *driver = driver_of(d);
	uint32_t unit = driver->unit_bytes, frame = d->mtu_bytes + RULES_ETHERNET_BYTES;
	bool forced = c->mode == NET_XDP_MODE_ZERO_COPY;
	uint32_t piece, enough, most;

	piece = unit ? piece_bytes(c, unit) : 0;
	if (!unit || piece > frame)
		return;
	enough = (frame / unit + 1) * unit; /* a whole frame of just the piece looks like one */
	most = (RULES_LARGEST_CHUNK_BYTES - XDP_FRAME_HEADROOM) / unit * unit;
	out->error = piece ? -EMSGSIZE : -EINVAL;
	out->tried = piece && forced;
	out->reason = NET_XDP_REASON_CUT;
	out->source = driver->unit_source;
	if (piece)
		SAY(out->why, "%s cuts frames of MTU %u into pieces of %u bytes", d->driver,
		    d->mtu_bytes, piece);
	else
		SAY(out->why, "%s has no buffers under %u bytes: its NIC would write past %u",
		    d->driver, unit, rules_direct_capacity(c, true));
	/* max_frame_bytes that leaves just this room: see rules_zero_copy_bytes(). */
	if (enough > most || !say_size(c, enough - 8 > frame ? enough - 8 : frame, enough, out))
		SAY(out->remedy, "%slower the MTU to %u", forced ? "use mode copy, or " : "",
		    most - 1 - RULES_ETHERNET_BYTES);
}

void rules_zero_copy(const struct net_xdp_config *c, const struct net_xdp_device *d, bool native,
		     uint32_t page_bytes, struct objection *out)
{
	*out = (struct objection){0};
	if (!native) {
		out->error = -EOPNOTSUPP;
		out->reason = NET_XDP_REASON_NATIVE;
		SAY(out->why, "the program is attached generic, zero copy needs native");
		if (c->mode != NET_XDP_MODE_AUTO)
			SAY(out->remedy, "use mode auto or attach native");
		return;
	}
	if (rules_may_zero_copy(c, d, native))
		keep_frames_whole(c, d, out);
	if (!out->error && rules_may_zero_copy(c, d, native))
		hold_mtu(c, d, out);
	/* Whoever went to huge pages wants to know when they do not help. */
	if (!out->error && d->dma_per_page && page_bytes > 4096) {
		out->reason = NET_XDP_REASON_PAGES;
		SAY(out->why,
		    "an IOMMU may map page by page: what crosses 4096 bytes is bounced on huge "
		    "pages too");
		SAY(out->remedy, "use iommu.passthrough=1");
	}
}

const char *rules_bind_hint(int error, bool zero_copy, bool goes_on, const struct net_xdp_device *d)
{
	switch (error) {
	case -EBUSY:
		return "another AF_XDP socket holds the queue; stop its program or use another "
		       "queue";
	case -EOPNOTSUPP:
		if (zero_copy && d->has_features && !(d->xdp_features & NET_XDP_FEATURE_ZERO_COPY))
			return goes_on ? "the driver has no zero copy"
				       : "the driver has no zero copy; use mode auto or copy";
		return zero_copy && !goes_on
			       ? "the driver refuses this combination; use mode auto, or frames of "
				 "one chunk"
			       : "the driver refuses this combination; use frames of one chunk";
	case -EINVAL:
		if (!zero_copy)
			return "does the queue exist on this interface? See xsk-info";
		return goes_on ? "does the queue exist, and (virtio) is the platform flag set? See "
				 "xsk-info"
			       : "does the queue exist, and (virtio) is the platform flag set? See "
				 "xsk-info, or use mode auto";
	case -ENOENT:
		return goes_on ? "virtio: the device lacks ring reset or mergeable buffers"
			       : "virtio: the device lacks ring reset or mergeable buffers; use "
				 "mode copy";
	case -ENODEV:
		return "the interface is gone; look with: ip link";
	case -ENOMEM:
		return "too little kernel memory for this many chunks; register less memory or use "
		       "4096-byte chunks";
	case -EPERM:
	case -EACCES:
		return "bind() asks for no capability: a seccomp filter, an LSM or the container's "
		       "policy refuses it";
	default:
		return "see dmesg";
	}
}
