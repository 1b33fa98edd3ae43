// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "support/fake_netlink.h"

enum { DATAGRAMS = 64 };

static struct {
	int fd; /* 0: none; an eventfd, readable while a datagram waits */
	fake_netlink_kernel kernel;
	struct {
		void *data;
		size_t bytes;
	} datagram[DATAGRAMS];
	unsigned first, count;
} fake;

void fake_netlink_open(struct netlink *nl, fake_netlink_kernel kernel)
{
	*nl = (struct netlink){.mutex = PTHREAD_MUTEX_INITIALIZER,
			       .fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
	cr_assert_gt(nl->fd, 0);
	for (; fake.count; fake.count--, fake.first = (fake.first + 1) % DATAGRAMS)
		free(fake.datagram[fake.first].data);
	fake.fd = nl->fd;
	fake.kernel = kernel;
}

void fake_netlink_host(struct host *h, fake_netlink_kernel kernel)
{
	*h = (struct host){.route.fd = -1, .family = 0x1c};
	fake_netlink_open(&h->generic, kernel);
}

void fake_netlink_put_raw(const void *datagram, size_t bytes)
{
	unsigned at = (fake.first + fake.count) % DATAGRAMS;
	void *copy = malloc(bytes ? bytes : 1);

	cr_assert(copy && fake.count < DATAGRAMS);
	memcpy(copy, datagram, bytes);
	fake.datagram[at].data = copy;
	fake.datagram[at].bytes = bytes;
	fake.count++;
	cr_assert_eq(eventfd_write(fake.fd, 1), 0);
}

void fake_netlink_put(uint16_t type, uint16_t flags, uint32_t seq, const void *payload,
		      size_t bytes)
{
	size_t length = NLMSG_HDRLEN + bytes;
	struct nlmsghdr *header = calloc(1, NLMSG_ALIGN(length));

	cr_assert_not_null(header);
	*header = (struct nlmsghdr){.nlmsg_len = (uint32_t)length,
				    .nlmsg_type = type,
				    .nlmsg_flags = flags,
				    .nlmsg_seq = seq};
	memcpy(NLMSG_DATA(header), payload, bytes);
	fake_netlink_put_raw(header, NLMSG_ALIGN(length));
	free(header);
}

void fake_netlink_ack(const struct nlmsghdr *request, int error)
{
	struct nlmsgerr ack = {.error = error, .msg = *request};

	fake_netlink_put(NLMSG_ERROR, NLM_F_CAPPED, request->nlmsg_seq, &ack, sizeof(ack));
}

void fake_netlink_put_u32(const struct nlmsghdr *request, uint16_t type, uint32_t value,
			  uint16_t type2, uint32_t value2)
{
	struct {
		struct genlmsghdr head;
		struct {
			struct nlattr head;
			uint32_t value;
		} attr[2];
	} payload = {.head = {.version = 1},
		     .attr = {{{.nla_len = 8, .nla_type = type}, value},
			      {{.nla_len = 8, .nla_type = type2}, value2}}};

	fake_netlink_put(request->nlmsg_type, 0, request->nlmsg_seq, &payload,
			 sizeof(payload) - (type2 ? 0 : sizeof(payload.attr[0])));
}

/* ---- In place of the C library's -------------------------------------------------------------- */

ssize_t sendto(int fd, const void *data, size_t bytes, int flags, const struct sockaddr *to,
	       socklen_t len)
{
	if (!fake.fd || fd != fake.fd)
		return syscall(SYS_sendto, fd, data, bytes, flags, to, len);
	fake.kernel(data);
	return (ssize_t)bytes;
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	size_t bytes, room;
	eventfd_t waiting;

	if (!fake.fd || fd != fake.fd)
		return syscall(SYS_recvmsg, fd, message, flags);
	if (!fake.count) {
		errno = EAGAIN;
		return -1;
	}
	bytes = fake.datagram[fake.first].bytes;
	room = message->msg_iov->iov_len < bytes ? message->msg_iov->iov_len : bytes;
	if (room)
		memcpy(message->msg_iov->iov_base, fake.datagram[fake.first].data, room);
	memcpy(message->msg_name, &kernel, sizeof(kernel));
	message->msg_flags = room < bytes ? MSG_TRUNC : 0;
	if (!(flags & MSG_PEEK)) {
		free(fake.datagram[fake.first].data);
		fake.first = (fake.first + 1) % DATAGRAMS;
		if (!--fake.count)
			eventfd_read(fake.fd, &waiting);
	}
	return (ssize_t)(flags & MSG_TRUNC ? bytes : room);
}
