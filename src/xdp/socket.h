/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One AF_XDP socket: descriptor, rings and their mappings, and what its bind came to. Whose ids lie in the
 * rings is not known here.
 *
 * Why not libxdp's xsk_socket__create (1.3.1): it binds in the same call that makes the rings, so the
 * fill ring of a second queue cannot be filled before bind, which Intel drivers need for zero copy;
 * it cannot take a failed bind one rung down without building the UMEM again; it never reads
 * XDP_OPTIONS back; and it does not say which step failed.
 */
#ifndef NET_XDP_SOCKET_H
#define NET_XDP_SOCKET_H

#include <stddef.h>
#include <sys/socket.h>

#include "net_xdp.h"
#include "xdp/data/ring.h"
#include "xdp/memory.h"

#define XSK_LINE_BYTES 64
#define XSK_LINE       __attribute__((aligned(XSK_LINE_BYTES)))

struct xsk {
	/* A cache line for each: the data calls read and write these. */
	XSK_LINE struct ring rx;
	XSK_LINE struct ring fill;
	XSK_LINE struct ring tx;
	XSK_LINE struct ring completion;
	XSK_LINE int fd;   /* -1 none */
	bool bound;	   /* the kernel has a hardware queue for us to give back */
	bool zero_copy;	   /* as XDP_OPTIONS says since the bind */
	bool multi_buffer; /* the kernel knows it (6.6) */
	bool busy_poll;
	uint32_t tx_budget_frames; /* that one system call sends at most in copy mode */
	struct {
		void *memory;
		size_t bytes;
	} map[4];
	uint32_t rung_count;
	struct net_xdp_rung rung[NET_XDP_RUNGS]; /* what bind tried */
};

/* What bind is asked. All of it is the caller's, and is read during the calls only. */
struct xsk_setup {
	const struct net_xdp_config *config;
	const struct net_xdp_device *device;
	const struct memory *memory;
	uint32_t hardware_queue;
	bool native; /* the program runs in the driver */
	int umem_fd; /* >= 0: share the UMEM of that socket */
};

/* ---- socket.c --------------------------------------------------------------------------------- */

/* setsockopt() of this family. Return: 0 or -errno. */
int xsk_set_option(int fd, int option, const void *value, socklen_t len);

/* Return: a new AF_XDP socket, -errno with err filled. The last call that needs CAP_NET_RAW. */
int xsk_socket(struct net_error *err);

/* Its four rings, mapped, once its UMEM is registered or is to be shared. Return: 0; -errno with err filled,
 * and xsk_close() is due. */
int xsk_open(struct xsk *x, const struct net_xdp_config *config, struct net_error *err);

/* Go on polling, but have the kernel wake the driver up as well. Return: 0 or -errno. */
int xsk_prefer_wakeup(struct xsk *x);

/* Unmap the rings and close. The kernel lets go of the queue and the memory some time later. */
void xsk_close(struct xsk *x);

/* What one kick came to. */
enum kick_result {
	KICK_OK,    /* drained, or stopped in between: look at the ring */
	KICK_AGAIN, /* nothing wrong: budget used up, device or memory short; try later */
	KICK_LOST,  /* one frame was consumed and completed, but not sent */
	KICK_DOWN,  /* interface down; the ring is kept */
	KICK_GONE,  /* the device is gone for this socket */
};

/* Was the device removed, or moved to another network namespace? The kernel says so once. */
bool xsk_is_gone(const struct xsk *x);
enum kick_result xsk_kick_tx(const struct xsk *x);
/* Tell the driver about fill entries, or run one busy poll. */
enum kick_result xsk_kick_rx(const struct xsk *x);

/* ---- bind.c ----------------------------------------------------------------------------------- */

/* Bind, down the ladder that the mode allows. Return: 0 and x says what came of it; -errno with err filled. */
int xsk_bind(struct xsk *x, const struct xsk_setup *setup, struct net_error *err);

/* The system call. umem_fd >= 0: shares the UMEM of that socket. Return: 0 or -errno. */
int xsk_bind_once(int fd, uint32_t ifindex, uint32_t queue, uint16_t flags, int umem_fd);

#endif
