/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The UMEM of a restart. Registering memory pins each of its pages (0.1 s for half a gigabyte that is in use
 * already), and the kernel shares a registered UMEM only with a socket that is bound (xsk_bind()). So with
 * keep_umem, when queue 0 ends, its socket is kept, out of the program's map, for the next queue 0.
 *
 * Only in copy mode: a zero-copy driver gives its buffers back when the socket is closed, and at no other
 * time. In copy mode the kernel touches a buffer only while it handles a frame that the program has sent to
 * the socket, and holds none in between when
 * - the socket is out of the map, and every CPU has been through a quiescent state since;
 * - no fill entry names a buffer: what is left over is overwritten with an address outside the UMEM, which
 *   the kernel skips (xp_alloc(), xp_check_aligned(), xp_check_unaligned());
 * - the kernel has taken no buffer back for later: it does so only when the RX ring was full
 *   (xsk_buff_free() in __xsk_rcv()), and counts that;
 * - nothing that was sent is under way;
 * - it takes frames of one chunk only: for others the kernel counts fill entries (xsk_buff_can_alloc()), takes
 *   each for a buffer, and does not look again (__xsk_rcv()).
 * Where one of them does not hold, the socket is closed as ever.
 *
 * What was overwritten stays in the ring until the kernel looks for a buffer, and skips it: these entries are
 * *dead*. The next queue goes on behind them, and its fill_room() counts them. The producer index never goes
 * back, since nobody knows how far the kernel has read what it was shown.
 */
#ifndef NET_XDP_KEEP_H
#define NET_XDP_KEEP_H

#include "xdp/socket.h"

struct net_xdp_endpoint;
struct net_xdp_queue;

struct kept {
	struct xsk xsk; /* fd -1: none is kept */
	bool witnessed; /* see struct release */
	bool kernel_tells;
};

/* Keep the socket of a queue that ends and is out of the map. Return: was it kept? Then its buffers are
 * the frontend's, and q has no socket any more. */
bool keep_socket(struct net_xdp_endpoint *ep, struct net_xdp_queue *q);

/* Give the kept socket to a new queue. Return: does it have one? */
bool keep_take(struct net_xdp_endpoint *ep, struct net_xdp_queue *q);

/* Close it: memory or interface are others now, or the endpoint ends. Return: was there one? Then the
 * release of queue 0 is pending. */
bool keep_drop(struct net_xdp_endpoint *ep);

#endif
