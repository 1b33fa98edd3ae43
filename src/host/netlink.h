/* SPDX-License-Identifier: BSD-2-Clause */
/* A netlink socket: requests, their replies, a deadline. Cold code only. */
#ifndef NET_XDP_NETLINK_H
#define NET_XDP_NETLINK_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <libmnl/libmnl.h>

/* All of our requests fit: headers and a few small attributes. */
#define NETLINK_REQUEST_BYTES 256

/* Memory for one datagram; it grows with the largest that came. Zero it before use, free(data) at
 * the end. */
struct netlink_buffer {
	void *data;
	size_t bytes;
};

/* All threads may use one: an exchange takes the lock, others wait for it. */
struct netlink {
	pthread_mutex_t mutex;
	int fd; /* -1 closed */
	uint32_t seq;
	struct netlink_buffer buffer;
	/* what the kernel said of the last error (extended ACK), or "". Only for a caller who knows
	 * that no other thread asks. */
	char why[128];
};

/* Open a socket of NETLINK_ROUTE or NETLINK_GENERIC. Return: 0; -errno, and nothing is open. */
int netlink_open(struct netlink *nl, int protocol);

/* Close; legal if closed already. */
void netlink_close(struct netlink *nl);

/*
 * Send a request and call callback with each reply, until the kernel's ACK or the end of the dump.
 * callback may be NULL if only the ACK counts. nl stays usable after an error: the next request passes
 * over what this one left unread.
 * Return: 0; -errno of the kernel (nl->why may say more); -ETIMEDOUT after one second; -EINTR what was
 * listed changed meanwhile.
 */
int netlink_request(struct netlink *nl, struct nlmsghdr *request, mnl_cb_t callback, void *data);

/*
 * Read one datagram of any size, without blocking.
 * Return: its bytes; 0 if the kernel did not send it; -EAGAIN there is none; -ENOBUFS messages were
 * lost; -EMSGSIZE another reader of fd took the one that was measured, and the next did not fit;
 * -errno.
 */
ssize_t netlink_receive(int fd, struct netlink_buffer *buffer);
/* The same, and the datagram stays. */
ssize_t netlink_peek(int fd, struct netlink_buffer *buffer);

/* Return: does a whole message begin here, of which left bytes are there? libmnl compares its length as an int:
 * 2^31 and more are negative, and passed for short. */
static inline bool netlink_is_whole(const struct nlmsghdr *header, int left)
{
	return left >= (int)sizeof(*header) && header->nlmsg_len <= (uint32_t)left &&
	       mnl_nlmsg_ok(header, left);
}

/* Call callback for each attribute from offset bytes into the payload on. Return: MNL_CB_*;
 * MNL_CB_ERROR if the message ends before offset. */
int netlink_attributes(const struct nlmsghdr *header, size_t offset, mnl_attr_cb_t callback,
		       void *data);

/* Return: the attribute's value; 0 if its size is wrong. */
uint32_t netlink_u32(const struct nlattr *attr);
uint64_t netlink_u64(const struct nlattr *attr);
/* Return: value of an attribute of type uint (6.7), which is as short as the value allows. */
uint64_t netlink_uint(const struct nlattr *attr);

#endif
