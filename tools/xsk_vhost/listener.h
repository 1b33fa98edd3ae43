/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a front end is met: a socket that listens, made here or handed over by systemd, or one that is connected to. */
#ifndef XSK_VHOST_LISTENER_H
#define XSK_VHOST_LISTENER_H

#include <stdbool.h>

#include "net_backend.h"

struct listener {
	const char *path;
	int fd;	      /* that listens; -1: client, or closed */
	bool is_made; /* here: the path is removed at the end */
};

/*
 * Listen at path. What is there is removed if it is a socket at which nobody listens, as after SIGKILL.
 * Return: 0; -EADDRINUSE somebody listens there · -EEXIST something is there that is no socket · -errno; err filled.
 */
int listener_open(struct listener *l, const char *path, struct net_error *err);
/* Take a socket that listens already: systemd's. Return: 0; -EINVAL it does not, err filled. */
int listener_take(struct listener *l, const char *path, int fd, struct net_error *err);
void listener_close(struct listener *l);

/* The next front end. Return: a descriptor; -EAGAIN nobody waits, -errno. */
int listener_accept(const struct listener *l);
/* The other way: connect to a front end that listens at path. Return: a descriptor, -errno. */
int listener_connect(const char *path);

#endif
