/* SPDX-License-Identifier: BSD-2-Clause */
/* Sizes that follow from a valid configuration. */
#ifndef NET_XDP_CONFIG_H
#define NET_XDP_CONFIG_H

#include "net_xdp.h"

/* The caller's configuration, of whatever size he knows, as one of ours: members that only we know have
 * their defaults. Return: 0, -EINVAL when it is none, or asks for what only a newer library knows. */
int config_take(struct net_xdp_config *own, const struct net_xdp_config *config,
		struct net_error *err);

/* Are frames larger than a chunk wanted? Then every frame is gathered through the private area. */
bool config_is_jumbo(const struct net_xdp_config *c);
/* What a chunk must hold behind its headroom so that a zero-copy bind takes such frames. */
uint32_t config_zero_copy_bytes(uint32_t max_frame_bytes);
/* The UMEM's headroom: what is between the kernel's own 256 bytes and the frame. */
uint32_t config_headroom(const struct net_xdp_config *c, bool zero_copy);
/* How many chunks a frame of this size may come in. In zero copy the kernel keeps the end of each for
 * itself and gives the NIC whole steps of 128 bytes (xsk_pool_get_rx_frame_size()). */
uint32_t config_rx_pieces(uint32_t max_frame_bytes, uint32_t chunk_bytes, bool zero_copy);
/* Size of one receive chunk of the private area: a power of two, so that none crosses a page. */
uint32_t config_private_chunk_bytes(const struct net_xdp_config *c);
/* Size of one transmit slot of the private area: a whole frame with a tag. */
uint32_t config_private_frame_bytes(const struct net_xdp_config *c);
uint64_t config_private_bytes_per_queue(const struct net_xdp_config *c);

/* Tell on_wait what is being waited for; release_timeout_ms is added. Return: shall the wait go on? */
bool config_tell_wait(const struct net_xdp_config *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
