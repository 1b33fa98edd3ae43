/* SPDX-License-Identifier: BSD-2-Clause */
/* Descriptors of the front end's for kicks, calls and errors: eventfds as a rule, pipes with UML. */
#ifndef XSK_VHOST_NOTIFIER_H
#define XSK_VHOST_NOTIFIER_H

#include "net_backend.h"

/*
 * Make a descriptor fit: one that epoll takes, and whose writes never wait for who reads it: the front end may be hung,
 * and a worker that waits for it could not be stopped. The flag is the open file's, so the front end's own writes do
 * not wait either.
 * Return: 0; -errno with err filled. name: of the message that brought it.
 */
int notifier_prepare(int fd, const char *name, struct net_error *err);

#endif
