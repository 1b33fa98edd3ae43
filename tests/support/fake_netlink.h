/* SPDX-License-Identifier: BSD-2-Clause */
/* A kernel at the other end of one netlink socket, which answers what the test says, whole or broken. It takes
 * the place of sendto() and recvmsg(), for that descriptor only. */
#ifndef SUPPORT_FAKE_NETLINK_H
#define SUPPORT_FAKE_NETLINK_H

#include <stddef.h>

#include "host/host.h"

/* Called for each request: puts its replies, in order. */
typedef void (*fake_netlink_kernel)(const struct nlmsghdr *request);

/* A socket that this kernel serves. */
void fake_netlink_open(struct netlink *nl, fake_netlink_kernel kernel);
/* A host whose generic socket is such a one and whose family is known. */
void fake_netlink_host(struct host *h, fake_netlink_kernel kernel);

/* One datagram of one message. seq: usually the request's. */
void fake_netlink_put(uint16_t type, uint16_t flags, uint32_t seq, const void *payload,
		      size_t bytes);
/* NLMSG_ERROR with nothing but the error in it. */
void fake_netlink_ack(const struct nlmsghdr *request, int error);
/* A datagram of any bytes. */
void fake_netlink_put_raw(const void *datagram, size_t bytes);

/* A reply of generic netlink with one or two attributes of 32 bits; type 0: not that one. */
void fake_netlink_put_u32(const struct nlmsghdr *request, uint16_t type, uint32_t value,
			  uint16_t type2, uint32_t value2);

#endif
