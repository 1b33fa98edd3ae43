/* SPDX-License-Identifier: BSD-2-Clause */
#include "rtnl.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>

#define BUFFER_BYTES (1u << 18) /* a link with many alternative names is over 16 KiB */

static int open_on(struct rtnl *r, int bus)
{
	int rc = -ENOMEM;

	*r = (struct rtnl){.buffer = malloc(BUFFER_BYTES)};
	if (!r->buffer)
		return rc;
	r->nl = mnl_socket_open2(bus, SOCK_CLOEXEC);
	if (r->nl && !mnl_socket_bind(r->nl, 0, MNL_SOCKET_AUTOPID))
		return 0;
	rc = -errno;
	rtnl_close(r);
	return rc;
}

int rtnl_open(struct rtnl *r)
{
	return open_on(r, NETLINK_ROUTE);
}

int rtnl_open_diag(struct rtnl *r)
{
	return open_on(r, NETLINK_SOCK_DIAG);
}

void rtnl_close(struct rtnl *r)
{
	if (r->nl)
		mnl_socket_close(r->nl);
	free(r->buffer);
	*r = (struct rtnl){0};
}

int rtnl_ask(struct rtnl *r, struct nlmsghdr *request, mnl_cb_t callback, void *data)
{
	unsigned int port = mnl_socket_get_portid(r->nl);
	ssize_t n;
	int rc;

	request->nlmsg_flags |= NLM_F_REQUEST;
	request->nlmsg_seq = ++r->seq;
	if (mnl_socket_sendto(r->nl, request, request->nlmsg_len) < 0)
		return -errno;
	do {
		n = mnl_socket_recvfrom(r->nl, r->buffer, BUFFER_BYTES);
		if (n < 0)
			return -errno;
		rc = mnl_cb_run(r->buffer, (size_t)n, r->seq, port, callback, data);
	} while (rc > MNL_CB_STOP);
	return rc < 0 ? -errno : 0;
}

int rtnl_dump(struct rtnl *r, uint16_t type, uint8_t family, mnl_cb_t callback, void *data)
{
	/* All three bodies begin with the family; the kernel wants its own size of each. */
	size_t size = type == RTM_GETROUTE  ? sizeof(struct rtmsg)
		      : type == RTM_GETADDR ? sizeof(struct ifaddrmsg)
					    : sizeof(struct ifinfomsg);
	char request[64] = {0};
	struct nlmsghdr *header = mnl_nlmsg_put_header(request);
	struct rtgenmsg *body = mnl_nlmsg_put_extra_header(header, size);

	header->nlmsg_type = type;
	header->nlmsg_flags = NLM_F_DUMP;
	body->rtgen_family = family;
	if (type == RTM_GETLINK)
		mnl_attr_put_u32(header, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return rtnl_ask(r, header, callback, data);
}
