/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the interface has to accept for its guest, beyond its own address and broadcast: the guest joins groups that
 * the host knows nothing of, and may have an address of its own. A packet socket asks for it, and receives nothing:
 * the kernel takes all of it back when the socket is closed, by SIGKILL too.
 */
#ifndef XSK_VHOST_MEMBERSHIP_H
#define XSK_VHOST_MEMBERSHIP_H

#include <stdbool.h>
#include <stdint.h>

#include "net_backend.h"

/* mac is NULL where the interface's own will do. Return: the socket, which the caller closes; -errno, err filled. */
int membership_open(uint32_t ifindex, const uint8_t *mac, bool promiscuous, struct net_error *err);

#endif
