// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/netlink.h>

#include "host/netlink.h"

/* How long an answer may take. The kernel answers inside sendto(), so this is for a kernel that does
 * not. */
#define DEADLINE_NS 1000000000LL

/* The largest errno of the kernel (linux/err.h). */
#define ERRNO_MAX 4095

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000LL + t.tv_nsec;
}

int netlink_open(struct netlink *nl, int protocol)
{
	static const int on = 1;
	struct sockaddr_nl address = {.nl_family = AF_NETLINK};
	int rc;

	*nl = (struct netlink){.mutex = PTHREAD_MUTEX_INITIALIZER, .fd = -1};
	nl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	if (nl->fd < 0)
		return -errno;
	/* Ask for better words and shorter errors (4.12). A kernel without them still answers. */
	setsockopt(nl->fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(nl->fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	if (bind(nl->fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		rc = -errno;
		goto fail;
	}
	return 0;

fail:
	netlink_close(nl);
	return rc;
}

void netlink_close(struct netlink *nl)
{
	if (nl->fd >= 0)
		close(nl->fd);
	free(nl->buffer.data);
	nl->buffer = (struct netlink_buffer){0};
	nl->fd = -1;
}

/* ---- Datagrams -------------------------------------------------------------------------------- */

/* Receive one datagram. flags are added to MSG_DONTWAIT. Return: the datagram's whole length,
 * however much of it fits; -errno. */
static ssize_t receive(int fd, struct msghdr *message, int flags)
{
	ssize_t n;

	do {
		n = recvmsg(fd, message, MSG_DONTWAIT | MSG_TRUNC | flags);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static int grow(struct netlink_buffer *buffer, size_t bytes)
{
	void *data;

	if (bytes <= buffer->bytes)
		return 0;
	data = realloc(buffer->data, bytes);
	if (!data)
		return -ENOMEM;
	*buffer = (struct netlink_buffer){.data = data, .bytes = bytes};
	return 0;
}

/* flags: of the second look, which has the datagram. */
static ssize_t receive_whole(int fd, struct netlink_buffer *buffer, int flags)
{
	struct sockaddr_nl from = {0};
	struct iovec iov = {0};
	struct msghdr message = {
		.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n = receive(fd, &message, MSG_PEEK);

	if (n >= 0 && grow(buffer, (size_t)n) < 0)
		n = -ENOMEM;
	if (n < 0)
		return n;
	iov = (struct iovec){.iov_base = buffer->data, .iov_len = buffer->bytes};
	message.msg_namelen = sizeof(from);
	n = receive(fd, &message, flags);
	/* The kernel sends from port 0. A privileged process may write to any netlink socket. */
	if (n >= 0 && from.nl_pid != 0)
		return 0;
	return n > (ssize_t)buffer->bytes ? -EMSGSIZE : n;
}

ssize_t netlink_receive(int fd, struct netlink_buffer *buffer)
{
	return receive_whole(fd, buffer, 0);
}

ssize_t netlink_peek(int fd, struct netlink_buffer *buffer)
{
	return receive_whole(fd, buffer, MSG_PEEK);
}

static int wait_readable(int fd, int64_t deadline_ns)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int64_t left_ns;
	int n;

	do {
		left_ns = deadline_ns - now_ns();
		if (left_ns <= 0)
			return -ETIMEDOUT;
		n = poll(&p, 1, (int)(left_ns / 1000000) + 1);
	} while (n == 0 || (n < 0 && errno == EINTR));
	return n < 0 ? -errno : 0;
}

/* ---- Replies ---------------------------------------------------------------------------------- */

struct exchange {
	struct netlink *nl;
	mnl_cb_t callback;
	void *data;
};

int netlink_attributes(const struct nlmsghdr *header, size_t offset, mnl_attr_cb_t callback,
		       void *data)
{
	/* libmnl does not check the offset. */
	if (offset > mnl_nlmsg_get_payload_len(header))
		return MNL_CB_ERROR;
	return mnl_attr_parse(header, (unsigned int)offset, callback, data);
}

static int on_refusal_attribute(const struct nlattr *attr, void *data)
{
	struct exchange *x = data;

	if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG &&
	    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0)
		snprintf(x->nl->why, sizeof(x->nl->why), "%s", mnl_attr_get_str(attr));
	return MNL_CB_OK;
}

/* Return: an error of the kernel as -errno; -EBADMSG if it is none. */
static int refusal(int error)
{
	return error < 0 && error >= -ERRNO_MAX ? error : -EBADMSG;
}

/* Handle NLMSG_ERROR, which ends a request, also one without an error. */
static int on_ack(struct exchange *x, const struct nlmsghdr *header)
{
	const struct nlmsgerr *ack = mnl_nlmsg_get_payload(header);
	size_t offset = sizeof(*ack);

	if (mnl_nlmsg_get_payload_len(header) < sizeof(*ack))
		return -EBADMSG;
	if (!ack->error)
		return 0;
	/* The attributes of an extended ACK follow a copy of our message, which is there unless
	 * NLM_F_CAPPED says not. */
	if (!(header->nlmsg_flags & NLM_F_CAPPED))
		offset += mnl_nlmsg_get_payload_len(&ack->msg);
	if (header->nlmsg_flags & NLM_F_ACK_TLVS && ack->msg.nlmsg_len >= NLMSG_HDRLEN)
		netlink_attributes(header, offset, on_refusal_attribute, x);
	return refusal(ack->error);
}

/* Handle NLMSG_DONE, which ends a dump and carries its result. */
static int on_done(const struct nlmsghdr *header)
{
	const int *error = mnl_nlmsg_get_payload(header);

	if (mnl_nlmsg_get_payload_len(header) < sizeof(*error) || !*error)
		return 0;
	return refusal(*error);
}

/* Handle one message. Return: 1 more follow, 0 this was the last, -errno. */
static int on_message(struct exchange *x, const struct nlmsghdr *header)
{
	/* it belongs to an exchange that was given up */
	if (header->nlmsg_seq != x->nl->seq)
		return 1;
	if (header->nlmsg_flags & NLM_F_DUMP_INTR)
		return -EINTR;
	switch (header->nlmsg_type) {
	case NLMSG_ERROR:
		return on_ack(x, header);
	case NLMSG_DONE:
		return on_done(header);
	}
	if (header->nlmsg_type < NLMSG_MIN_TYPE || !x->callback)
		return 1;
	return x->callback(header, x->data) < MNL_CB_STOP ? -EBADMSG : 1;
}

static int on_datagram(struct exchange *x, size_t bytes)
{
	const struct nlmsghdr *header = x->nl->buffer.data;
	int left = (int)bytes, rc = 1;

	for (; rc > 0 && netlink_is_whole(header, left); header = mnl_nlmsg_next(header, &left))
		rc = on_message(x, header);
	return rc;
}

/* ---- Requests --------------------------------------------------------------------------------- */

/* Read what an exchange that was given up has left: while a dump is not read to its end, the kernel
 * starts no other. */
static void read_away(struct netlink *nl, int64_t deadline_ns)
{
	ssize_t n;

	do {
		n = netlink_receive(nl->fd, &nl->buffer);
	} while ((n >= 0 || n == -ENOBUFS) && now_ns() < deadline_ns);
}

static int exchange(struct exchange *x, struct nlmsghdr *request)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	int64_t deadline_ns = now_ns() + DEADLINE_NS;
	struct netlink *nl = x->nl;
	ssize_t n;
	int rc;

	read_away(nl, deadline_ns);
	request->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	request->nlmsg_seq = ++nl->seq;
	nl->why[0] = 0;
	do {
		n = sendto(nl->fd, request, request->nlmsg_len, 0, (struct sockaddr *)&kernel,
			   sizeof(kernel));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;

	/* Mostly the answer is there already, from inside sendto(). poll() comes second also because
	 * it fails in a process that may have no descriptors (RLIMIT_NOFILE 0). */
	for (rc = 1; rc > 0;) {
		n = netlink_receive(nl->fd, &nl->buffer);
		if (n > 0)
			rc = on_datagram(x, (size_t)n);
		else if (n == -EAGAIN)
			n = wait_readable(nl->fd, deadline_ns);
		if (n < 0)
			return (int)n;
	}
	return rc;
}

int netlink_request(struct netlink *nl, struct nlmsghdr *request, mnl_cb_t callback, void *data)
{
	struct exchange x = {.nl = nl, .callback = callback, .data = data};
	int rc;

	pthread_mutex_lock(&nl->mutex);
	rc = exchange(&x, request);
	pthread_mutex_unlock(&nl->mutex);
	return rc;
}

/* ---- Attributes ------------------------------------------------------------------------------- */

uint32_t netlink_u32(const struct nlattr *attr)
{
	return mnl_attr_validate(attr, MNL_TYPE_U32) < 0 ? 0 : mnl_attr_get_u32(attr);
}

uint64_t netlink_u64(const struct nlattr *attr)
{
	return mnl_attr_validate(attr, MNL_TYPE_U64) < 0 ? 0 : mnl_attr_get_u64(attr);
}

uint64_t netlink_uint(const struct nlattr *attr)
{
	return mnl_attr_get_payload_len(attr) == sizeof(uint32_t) ? netlink_u32(attr)
								  : netlink_u64(attr);
}
