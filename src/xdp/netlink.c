// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/netlink.h>

#include "xdp/netlink.h"

/* The kernel answers inside sendto(), so this is only for a kernel that does not. */
#define DEADLINE_NS 1000000000LL

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

	*nl = (struct netlink){.fd = -1};
	nl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	if (nl->fd < 0)
		return -errno;
	/* Better words, shorter errors (4.12): a kernel without them still answers. */
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
	nl->fd = -1;
}

ssize_t netlink_receive(int fd, void *buffer, size_t size)
{
	struct sockaddr_nl from = {0};
	struct iovec iov = {.iov_base = buffer, .iov_len = size};
	struct msghdr message = {
		.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	do {
		n = recvmsg(fd, &message, MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	/* Port 0 is the kernel; a privileged process may write to any netlink socket. */
	if (from.nl_pid != 0)
		return 0;
	return message.msg_flags & MSG_TRUNC ? -EMSGSIZE : n;
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

static int on_reply(const struct nlmsghdr *header, void *data)
{
	struct exchange *x = data;

	return x->callback ? x->callback(header, x->data) : MNL_CB_OK;
}

static int on_refusal_attribute(const struct nlattr *attr, void *data)
{
	struct exchange *x = data;

	if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG &&
	    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0)
		snprintf(x->nl->why, sizeof(x->nl->why), "%s", mnl_attr_get_str(attr));
	return MNL_CB_OK;
}

/* NLMSG_ERROR is the end of a request, good or bad. */
static int on_ack(const struct nlmsghdr *header, void *data)
{
	const struct nlmsgerr *ack = mnl_nlmsg_get_payload(header);
	unsigned int offset = sizeof(*ack);

	if (mnl_nlmsg_get_payload_len(header) < sizeof(*ack)) {
		errno = EBADMSG;
		return MNL_CB_ERROR;
	}
	if (!ack->error)
		return MNL_CB_STOP;
	/* The attributes follow our own message, which is there unless capped (netlink.h). */
	if (!(header->nlmsg_flags & NLM_F_CAPPED))
		offset += (unsigned int)mnl_nlmsg_get_payload_len(&ack->msg);
	if (header->nlmsg_flags & NLM_F_ACK_TLVS)
		mnl_attr_parse(header, offset, on_refusal_attribute, data);
	errno = ack->error < 0 ? -ack->error : ack->error;
	return MNL_CB_ERROR;
}

/* The end of a dump carries its result. */
static int on_done(const struct nlmsghdr *header, void *data)
{
	const int *error = mnl_nlmsg_get_payload(header);

	(void)data;
	if (mnl_nlmsg_get_payload_len(header) < sizeof(*error) || *error >= 0)
		return MNL_CB_STOP;
	errno = -*error;
	return MNL_CB_ERROR;
}

int netlink_request(struct netlink *nl, struct nlmsghdr *request, mnl_cb_t callback, void *data)
{
	mnl_cb_t control[NLMSG_MIN_TYPE] = {[NLMSG_ERROR] = on_ack, [NLMSG_DONE] = on_done};
	struct exchange x = {.nl = nl, .callback = callback, .data = data};
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	int64_t deadline_ns = now_ns() + DEADLINE_NS;
	char buffer[NETLINK_BUFFER_BYTES] __attribute__((aligned(NLMSG_ALIGNTO)));
	ssize_t n;
	int rc;

	request->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	request->nlmsg_seq = ++nl->seq;
	nl->why[0] = 0;
	do {
		n = sendto(nl->fd, request, request->nlmsg_len, 0, (struct sockaddr *)&kernel,
			   sizeof(kernel));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;

	do {
		rc = wait_readable(nl->fd, deadline_ns);
		if (rc < 0)
			return rc;
		n = netlink_receive(nl->fd, buffer, sizeof(buffer));
		if (n == -EAGAIN || n == 0) {
			rc = MNL_CB_OK;
			continue;
		}
		if (n < 0)
			return (int)n;
		rc = mnl_cb_run2(buffer, (size_t)n, nl->seq, 0, on_reply, &x, control,
				 NLMSG_MIN_TYPE);
	} while (rc > MNL_CB_STOP);
	return rc < 0 ? -errno : 0;
}

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
