/* SPDX-License-Identifier: BSD-2-Clause */
/* One netlink conversation: a request, its replies, a deadline. Cold code only. */
#ifndef NET_XDP_NETLINK_H
#define NET_XDP_NETLINK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <libmnl/libmnl.h>

/* A link message without VF lists (which we never ask for) is about 2 KiB, a dump's datagram up to
 * 32 KiB when the reader offers as much; the kernel fits it to what is offered. */
#define NETLINK_BUFFER_BYTES 16384

/* Every request we make fits: headers and a few small attributes. */
#define NETLINK_REQUEST_BYTES 256

struct netlink {
	int fd; /* -1 closed */
	uint32_t seq;
	char why[128]; /* the kernel's own words for the last refusal (extended ACK), or "" */
};

/* protocol: NETLINK_ROUTE or NETLINK_GENERIC. Return: 0 or -errno; after an error nothing is open. */
int netlink_open(struct netlink *nl, int protocol);

/* Legal on a closed one. */
void netlink_close(struct netlink *nl);

/*
 * Send request and feed each reply to callback, until the kernel's ACK or the end of the dump.
 * Return: 0, -errno as the kernel answered (nl->why may say more), -ETIMEDOUT after one second,
 * -EMSGSIZE when a reply is larger than our buffer. After an error close nl: replies may be left.
 */
int netlink_request(struct netlink *nl, struct nlmsghdr *request, mnl_cb_t callback, void *data);

/*
 * Read one datagram without blocking.
 * Return: bytes, 0 for one that did not come from the kernel, -EAGAIN none, -ENOBUFS messages were
 * lost, -EMSGSIZE it was larger than size, -errno.
 */
ssize_t netlink_receive(int fd, void *buffer, size_t size);

/* The attribute's value; 0 when its size is wrong. */
uint32_t netlink_u32(const struct nlattr *attr);
uint64_t netlink_u64(const struct nlattr *attr);
/* Of type uint (6.7): as small as the value allows. */
uint64_t netlink_uint(const struct nlattr *attr);

#endif
