/* SPDX-License-Identifier: BSD-2-Clause */
/* The second phase of opening: the arena becomes the UMEM of a socket, which the kernel pins. */
#ifndef NET_XDP_UMEM_H
#define NET_XDP_UMEM_H

#include "net_xdp.h"
#include "xdp/memory.h"

/*
 * Register the arena with an AF_XDP socket. The kernel has to be able to write the regions while it pins
 * them, and needs no mapping of ours after that: sealed regions are accessible meanwhile, and sealed again.
 * wants_requests: with room for struct xsk_tx_request in front of frames that are sent; m->tx_request_bytes
 * says whether the kernel knows that. Return: 0 or -errno with err filled.
 */
int umem_register(struct memory *m, int fd, const struct net_xdp_config *config,
		  uint32_t headroom_bytes, bool wants_requests, struct net_error *err);

/* Does the kernel know struct xsk_tx_request? Asked with a page of its own, and a socket that is closed. */
bool umem_takes_requests(void);

#endif
