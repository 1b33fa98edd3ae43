// SPDX-License-Identifier: BSD-2-Clause
#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "host/netdev.h"
#include "host/netlink.h"

/* Most messages that one call reads: somebody who makes interfaces in a loop must not keep it busy. */
#define EVENTS_PER_CALL 64
/* Most messages that one call reads after a loss: more than a receive buffer of 208 KiB, the
 * default, holds. */
#define EVENTS_AFTER_LOSS 1024

/*
 * Return: true if frames can flow: the interface was brought up (IFF_UP), the driver has a carrier
 * (IFF_LOWER_UP), and the RFC 2863 state is up or not maintained (IFF_RUNNING; a dormant 802.1X port or
 * a cable test clears it though the carrier is there). Source: dev_get_flags().
 */
static bool flows(unsigned int flags)
{
	static const unsigned int all = IFF_UP | IFF_LOWER_UP | IFF_RUNNING;

	return (flags & all) == all;
}

static int on_link(const struct nlmsghdr *header, void *data)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(header);
	int *up = data;

	if (header->nlmsg_type == RTM_NEWLINK && mnl_nlmsg_get_payload_len(header) >= sizeof(*info))
		*up = flows(info->ifi_flags);
	return MNL_CB_OK;
}

int netdev_link(struct host *h, uint32_t ifindex)
{
	char buffer[NETLINK_REQUEST_BYTES] __attribute__((aligned(NLMSG_ALIGNTO))) = {0};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *info;
	int up = -ENODEV;
	int rc;

	request->nlmsg_type = RTM_GETLINK;
	info = mnl_nlmsg_put_extra_header(request, sizeof(*info));
	info->ifi_index = (int)ifindex;

	rc = netlink_request(&h->route, request, on_link, &up);
	return rc < 0 ? rc : up;
}

int netdev_events_open(void)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
	int rc;
	int fd;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		rc = -errno;
		goto fail;
	}
	return fd;

fail:
	close(fd);
	return rc;
}

int netdev_events_only(int fd, uint32_t ifindex, bool removal)
{
	enum { TYPE = offsetof(struct nlmsghdr, nlmsg_type), LINK = sizeof(struct nlmsghdr) };
	enum { FAMILY = LINK + offsetof(struct ifinfomsg, ifi_family) };
	enum { INDEX = LINK + offsetof(struct ifinfomsg, ifi_index) };
	/* A classic BPF filter loads big-endian numbers, and netlink's are in host order. Messages
	 * that are no link messages pass: they answer netdev_events_ask(). DELLINK must have family
	 * AF_UNSPEC: a bridge sends one with its own family for a port that left the bridge. */
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, TYPE),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWLINK), removal ? 6 : 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELLINK), 0, removal ? 5 : 4),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, FAMILY),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_UNSPEC, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, INDEX),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(ifindex), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog filter = {sizeof(code) / sizeof(*code), code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) ? -errno : 0;
}

int netdev_events_ask(int fd, uint32_t ifindex)
{
	char buffer[NETLINK_REQUEST_BYTES] __attribute__((aligned(NLMSG_ALIGNTO))) = {0};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *info;

	request->nlmsg_type = RTM_GETLINK;
	request->nlmsg_flags = NLM_F_REQUEST;
	info = mnl_nlmsg_put_extra_header(request, sizeof(*info));
	info->ifi_index = (int)ifindex;
	return send(fd, request, request->nlmsg_len, 0) < 0 ? -errno : 0;
}

struct watch {
	uint32_t ifindex;
	struct netdev_event event;
};

static int on_xdp(const struct nlattr *attr, void *data)
{
	uint16_t type = mnl_attr_get_type(attr);

	/* Where an offloaded program is attached too, the kernel sends no IFLA_XDP_PROG_ID. */
	if (type == IFLA_XDP_PROG_ID || type == IFLA_XDP_DRV_PROG_ID ||
	    type == IFLA_XDP_SKB_PROG_ID)
		*(uint32_t *)data = netlink_u32(attr);
	return MNL_CB_OK;
}

/* Find the XDP program's id in a link message. data: where to, uint32_t. */
static int on_attribute(const struct nlattr *attr, void *data)
{
	return mnl_attr_get_type(attr) == IFLA_XDP ? mnl_attr_parse_nested(attr, on_xdp, data)
						   : MNL_CB_OK;
}

static void on_event(const struct nlmsghdr *header, struct watch *w)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(header);

	if (mnl_nlmsg_get_payload_len(header) < sizeof(*info))
		return;
	/* A bridge sends DELLINK with family AF_BRIDGE for a port that left it. */
	if ((uint32_t)info->ifi_index != w->ifindex || info->ifi_family != AF_UNSPEC)
		return;
	/* The namespace that an interface leaves gets RTM_DELLINK too. */
	if (header->nlmsg_type == RTM_DELLINK)
		w->event = (struct netdev_event){.kind = NETDEV_EVENT_GONE};
	else if (header->nlmsg_type == RTM_NEWLINK && w->event.kind != NETDEV_EVENT_GONE) {
		w->event = (struct netdev_event){.kind = NETDEV_EVENT_LINK,
						 .link_up = flows(info->ifi_flags)};
		mnl_attr_parse(header, sizeof(*info), on_attribute, &w->event.program_id);
	}
}

/* Read the messages of one datagram. Return: true; false if one was an error, which answers
 * netdev_events_ask(): the link's state was not told. */
static bool read_events(const void *datagram, size_t bytes, struct watch *w)
{
	const struct nlmsghdr *header = datagram;
	int left = (int)bytes;

	for (; netlink_is_whole(header, left); header = mnl_nlmsg_next(header, &left)) {
		if (header->nlmsg_type == NLMSG_ERROR)
			return false;
		on_event(header, w);
	}
	return true;
}

int netdev_events_next(int fd, uint32_t ifindex, struct netdev_event *out)
{
	struct watch w = {.ifindex = ifindex};
	struct netlink_buffer buffer = {0};
	int left = EVENTS_PER_CALL;
	bool lost = false;
	ssize_t n = 0;

	while (left-- && (lost || w.event.kind == NETDEV_EVENT_NONE)) {
		n = netlink_receive(fd, &buffer);
		if (n < 0 && n != -ENOBUFS && n != -EMSGSIZE)
			break;
		/* A message that did not fit (-EMSGSIZE) may have been about our interface. */
		if (n >= 0 && read_events(buffer.data, (size_t)n, &w))
			continue;
		/* Messages that are still queued are older than those that were lost. Read them
		 * away, then have the caller ask for the state. */
		if (!lost)
			left = EVENTS_AFTER_LOSS;
		lost = true;
	}
	free(buffer.data);
	if (lost && w.event.kind != NETDEV_EVENT_GONE)
		w.event.kind = NETDEV_EVENT_LOST;
	*out = w.event;
	if (w.event.kind != NETDEV_EVENT_NONE)
		return 1;
	return n < 0 && n != -EAGAIN ? (int)n : 0;
}

/* ---- Where it went ---------------------------------------------------------------------------- */

static int on_left_attribute(const struct nlattr *attr, void *data)
{
	struct netdev_left *left = data;

	if (mnl_attr_get_type(attr) == IFLA_NEW_NETNSID) {
		left->netnsid = netlink_u32(attr);
		left->moved = (int32_t)left->netnsid >= 0;
	} else if (mnl_attr_get_type(attr) == IFLA_NEW_IFINDEX) {
		left->ifindex = netlink_u32(attr);
	}
	return MNL_CB_OK;
}

/* Read a datagram. Return: true if it says that the interface has left, and *out. */
static bool read_left(const void *datagram, size_t bytes, uint32_t ifindex, struct netdev_left *out)
{
	const struct nlmsghdr *header = datagram;
	const struct ifinfomsg *info;
	bool has_left = false;
	int rest = (int)bytes;

	for (; netlink_is_whole(header, rest); header = mnl_nlmsg_next(header, &rest)) {
		info = mnl_nlmsg_get_payload(header);
		if (header->nlmsg_type != RTM_DELLINK ||
		    mnl_nlmsg_get_payload_len(header) < sizeof(*info) ||
		    (uint32_t)info->ifi_index != ifindex || info->ifi_family != AF_UNSPEC)
			continue;
		has_left = true;
		*out = (struct netdev_left){.ifindex = ifindex};
		mnl_attr_parse(header, sizeof(*info), on_left_attribute, out);
	}
	return has_left;
}

bool netdev_events_left(int fd, uint32_t ifindex, struct netdev_left *out)
{
	struct netlink_buffer buffer = {0};
	bool has_left = false;
	ssize_t n;

	*out = (struct netdev_left){0};
	while (fd >= 0 && (n = netlink_receive(fd, &buffer)) >= 0)
		has_left |= read_left(buffer.data, (size_t)n, ifindex, out);
	free(buffer.data);
	return has_left;
}

bool netdev_events_left_first(int fd, uint32_t ifindex, struct netdev_left *out)
{
	struct netlink_buffer buffer = {0};
	ssize_t n = fd < 0 ? -EBADF : netlink_peek(fd, &buffer);
	bool has_left;

	*out = (struct netdev_left){0};
	has_left = n > 0 && read_left(buffer.data, (size_t)n, ifindex, out);
	free(buffer.data);
	return has_left;
}
