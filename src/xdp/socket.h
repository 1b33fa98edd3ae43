/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One AF_XDP socket: UMEM, rings, bind and its ladder, the kick.
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

/* Return: a new AF_XDP socket, -errno with err filled. */
int socket_create(struct net_error *err);

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

/* Was the device removed, or moved to another network namespace? The kernel says so once. */
bool socket_is_gone(const struct net_xdp_queue *q);
enum kick_result socket_kick_tx(struct net_xdp_queue *q);
/* Tell the driver about fill entries, or run one busy poll. */
enum kick_result socket_kick_rx(struct net_xdp_queue *q);

/* ---- bind.c ----------------------------------------------------------------------------------- */

/* Bind, down the ladder that the mode allows. native: the program runs in the driver. */
int socket_bind(struct net_xdp_queue *q, const struct net_xdp_config *config,
		const struct net_xdp_device *device, bool native, int umem_fd,
		struct net_error *err);

/* The system call. umem_fd >= 0: shares the UMEM of that socket. Return: 0 or -errno. */
int socket_bind_once(int fd, uint32_t ifindex, uint32_t queue, uint16_t flags, int umem_fd);

#endif
