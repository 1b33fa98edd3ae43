/* SPDX-License-Identifier: BSD-2-Clause */
/* One netlink socket: requests, their replies, a deadline. Cold code only. */
#ifndef NET_XDP_NETLINK_H
#define NET_XDP_NETLINK_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <libmnl/libmnl.h>

/* Every request we make fits: headers and a few small attributes. */
#define NETLINK_REQUEST_BYTES 256

/* Memory for one datagram, grown to the largest that came. Starts zeroed, ends with free(data). */
struct netlink_buffer {
	void *data;
	size_t bytes;
};

/* Serves all threads: one exchange at a time, the others wait for it. */
struct netlink {
	pthread_mutex_t mutex;
	int fd; /* -1 closed */
	uint32_t seq;
	struct netlink_buffer buffer;
	/* The kernel's own words for the last refusal (extended ACK), or "". For who is sure that no
	 * other thread asks. */
	char why[128];
};

/* protocol: NETLINK_ROUTE or NETLINK_GENERIC. Return: 0 or -errno; after an error nothing is open. */
int netlink_open(struct netlink *nl, int protocol);

/* Legal on a closed one. */
void netlink_close(struct netlink *nl);

/*
 * Send request and feed each reply to callback, until the kernel's ACK or the end of the dump. The
 * callback may be NULL where only the ACK counts.
 * Return: 0, -errno as the kernel answered (nl->why may say more), -ETIMEDOUT after one second,
 * -EINTR when what is listed changed meanwhile. nl stays usable: what an exchange leaves unread is
 * passed over by the next.
 */
int netlink_request(struct netlink *nl, struct nlmsghdr *request, mnl_cb_t callback, void *data);

/*
 * Read one datagram of any size without blocking.
 * Return: bytes, 0 for one that did not come from the kernel, -EAGAIN none, -ENOBUFS messages were
 * lost, -EMSGSIZE another reader of fd made it one that does not fit, -errno.
 */
ssize_t netlink_receive(int fd, struct netlink_buffer *buffer);

/* Call callback for each attribute that starts offset bytes or more into the payload. Return: MNL_CB_*;
 * MNL_CB_ERROR when the message ends before that. */
int netlink_attributes(const struct nlmsghdr *header, size_t offset, mnl_attr_cb_t callback,
		       void *data);

/* The attribute's value; 0 when its size is wrong. */
uint32_t netlink_u32(const struct nlattr *attr);
uint64_t netlink_u64(const struct nlattr *attr);
/* Of type uint (6.7): as small as the value allows. */
uint64_t netlink_uint(const struct nlattr *attr);

#endif
