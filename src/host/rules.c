// SPDX-License-Identifier: BSD-2-Clause
#include "host/rules.h"
#include "host/xdp_uapi.h"

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

uint32_t rules_rx_pieces(uint32_t max_frame_bytes, uint32_t chunk_bytes, bool zero_copy)
{
	uint32_t room = chunk_bytes - XDP_FRAME_HEADROOM;

	if (zero_copy)
		room = (room - XDP_SHARED_INFO_BYTES) / 128 * 128;
	return (max_frame_bytes - 1) / room + 1;
}
