/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The socket for our own requests to the front end (spec, Back-end communication). Nothing here blocks, and no
 * reply is ever asked for, so a front end that does not read it costs nothing but the notice.
 *
 * It stays open as long as the connection: UML's virtio_uml takes its end for a broken link.
 */
#ifndef XSK_VHOST_BACK_CHANNEL_H
#define XSK_VHOST_BACK_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "net_backend.h"

struct back_channel {
	int fd;		     /* -1: the front end gave none, or closed it */
	bool config_changed; /* to be told; one message stands for any number of changes */
};

/* Without a socket yet: what is to be told waits for one. */
void back_channel_init(struct back_channel *b);
/* Take SET_BACKEND_REQ_FD's fd: it is ours now, in place of the one before. Not a stream socket: it is closed.
 * Return: 0; -ENOTSOCK, err filled. */
int back_channel_set(struct back_channel *b, int fd, struct net_error *err);
void back_channel_close(struct back_channel *b);

/*
 * The configuration space has changed (link, MTU): CONFIG_CHANGE_MSG, if the front end negotiated
 * BACKEND_REQ and CONFIG; one that did not, as QEMU's virtio-net, refuses the message.
 * Return: 1 sent; 0 not yet: no socket, or it is full, back_channel_flush() goes on; -EOPNOTSUPP not
 * negotiated, and nothing waits; -ECONNRESET the front end has closed it.
 */
int back_channel_config_changed(struct back_channel *b, uint64_t negotiated);
/* Once negotiated, once a socket is there, or when it is writable again. Return: as above, 0 also:
 * nothing waits. */
int back_channel_flush(struct back_channel *b, uint64_t negotiated);

/* The fd is readable: a front end that answers unasked, or has closed it. At most 4 KiB are read and
 * forgotten, fds with them. Return: 0; -ECONNRESET it has closed it, and the fd is closed here too. */
int back_channel_drain(struct back_channel *b);

#endif
