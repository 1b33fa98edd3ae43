/* SPDX-License-Identifier: BSD-2-Clause */
/* What fits where: rules about frames, chunks and drivers. Pure: nothing is asked of the kernel. */
#ifndef NET_XDP_RULES_H
#define NET_XDP_RULES_H

#include "net_xdp.h"

/* Are frames larger than a chunk wanted? Then every frame is gathered through the private area. */
bool rules_is_jumbo(const struct net_xdp_config *c);
/* What a chunk must hold behind its headroom so that a zero-copy bind takes such frames. */
uint32_t rules_zero_copy_bytes(uint32_t max_frame_bytes);
/* The UMEM's headroom: what is between the kernel's own 256 bytes and the frame. */
uint32_t rules_headroom(const struct net_xdp_config *c, bool zero_copy);
/* How many chunks a frame of this size may come in. In zero copy the kernel keeps the end of each for
 * itself and gives the NIC whole steps of 128 bytes (xsk_pool_get_rx_frame_size()). */
uint32_t rules_rx_pieces(uint32_t max_frame_bytes, uint32_t chunk_bytes, bool zero_copy);

#endif
