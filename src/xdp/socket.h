/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One AF_XDP socket: UMEM, rings, bind and its ladder, the kick, release.
 *
 * Why not libxdp's xsk_socket__create (1.3.1): it binds in the same call that makes the rings, so the
 * fill ring of a second queue cannot be filled before bind, which Intel drivers need for zero copy;
 * it cannot take a failed bind one rung down without building the UMEM again; it never reads
 * XDP_OPTIONS back; and it does not say which step failed.
 */
#ifndef NET_XDP_SOCKET_H
#define NET_XDP_SOCKET_H

#include "xdp/queue.h"

/* ---- socket.c --------------------------------------------------------------------------------- */

/* setsockopt() of this family. Return: 0 or -errno. */
int socket_set_option(int fd, int option, const void *value, socklen_t len);

/* The socket, its UMEM (unless umem_fd >= 0: shared) and its four rings, mapped into q. */
int socket_open(struct net_xdp_queue *q, const struct net_xdp_config *config, int umem_fd,
		struct net_error *err);

/* Go on polling, but have the kernel wake the driver up as well. Return: 0 or -errno. */
int socket_prefer_wakeup(struct net_xdp_queue *q);

/* Unmap the rings and close. The kernel lets go of the queue and the memory some time later. */
void socket_close(struct net_xdp_queue *q);

/* What one kick came to. */
enum kick_result {
	KICK_OK,    /* drained, or stopped in between: look at the ring */
	KICK_AGAIN, /* nothing wrong: budget used up, device or memory short; try later */
	KICK_LOST,  /* one frame was consumed and completed, but not sent */
	KICK_DOWN,  /* interface down; the ring is kept */
	KICK_GONE,  /* the device is gone for this socket */
};

enum kick_result socket_kick_tx(struct net_xdp_queue *q);
/* Tell the driver about fill entries, or run one busy poll. */
enum kick_result socket_kick_rx(struct net_xdp_queue *q);

/* ---- bind.c: taking a hardware queue, and knowing that it was given back ---------------------- */

/* Bind, down the ladder that the mode allows. native: the program runs in the driver. */
int socket_bind(struct net_xdp_queue *q, const struct net_xdp_config *config,
		const struct net_xdp_device *device, bool native, int umem_fd,
		struct net_error *err);

/*
 * Wait until no socket holds the queue any more: then nothing writes to its memory.
 * Return: 0, -ETIMEDOUT after the deadline.
 */
int socket_wait_released(struct host *h, uint32_t ifindex, uint32_t queue, bool kernel_tells,
			 uint32_t timeout_ms);

#endif
