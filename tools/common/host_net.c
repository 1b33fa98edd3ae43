/* SPDX-License-Identifier: BSD-2-Clause */
/* What rtnetlink says of the caller's network namespace. */
#include "host_net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "host_ssh.h"
#include "rtnl.h"

#define TRIES 3

/* Append one zeroed element. Return: it, NULL without memory. */
static void *append(void *list, uint32_t *count, size_t size)
{
	char **array = list;
	char *more = reallocarray(*array, *count + 1, size);

	if (!more)
		return NULL;
	*array = more;
	return memset(more + (*count)++ * size, 0, size);
}

/* ---- Links and addresses ---------------------------------------------------------------------- */

struct link_reading {
	struct host_link *link;
	bool elsewhere; /* the number in IFLA_LINK is of another namespace */
	bool pair;	/* IFLA_LINK is its other end, not what it lies on */
};

static int on_kind(const struct nlattr *attr, void *data)
{
	static const char *const pairs[] = {"veth", "netkit", "vxcan"};
	struct link_reading *r = data;

	if (mnl_attr_get_type(attr) == IFLA_INFO_SLAVE_KIND)
		snprintf(r->link->port_kind, sizeof(r->link->port_kind), "%s",
			 mnl_attr_get_str(attr));
	if (mnl_attr_get_type(attr) != IFLA_INFO_KIND)
		return MNL_CB_OK;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		r->pair |=
			!strncmp(mnl_attr_get_str(attr), pairs[i], mnl_attr_get_payload_len(attr));
	return MNL_CB_OK;
}

static int on_link_attribute(const struct nlattr *attr, void *data)
{
	struct link_reading *r = data;
	struct host_link *l = r->link;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_IFNAME:
		snprintf(l->name, sizeof(l->name), "%s", mnl_attr_get_str(attr));
		break;
	case IFLA_MASTER:
		l->master = mnl_attr_get_u32(attr);
		break;
	case IFLA_LINK:
		l->below = mnl_attr_get_u32(attr);
		break;
	case IFLA_LINK_NETNSID:
		r->elsewhere = true;
		break;
	case IFLA_ADDRESS:
		l->has_mac = mnl_attr_get_payload_len(attr) == sizeof(l->mac);
		if (l->has_mac)
			memcpy(l->mac, mnl_attr_get_payload(attr), sizeof(l->mac));
		break;
	case IFLA_LINKINFO:
		return mnl_attr_parse_nested(attr, on_kind, r);
	}
	return MNL_CB_OK;
}

static int on_link(const struct nlmsghdr *header, void *data)
{
	const struct ifinfomsg *body = mnl_nlmsg_get_payload(header);
	struct host_net *net = data;
	struct link_reading r = {append(&net->links, &net->link_count, sizeof(*net->links)), 0, 0};
	int rc;

	if (!r.link)
		return MNL_CB_ERROR;
	r.link->ifindex = (uint32_t)body->ifi_index;
	r.link->promiscuous = body->ifi_flags & IFF_PROMISC;
	rc = mnl_attr_parse(header, sizeof(*body), on_link_attribute, &r);
	if (r.elsewhere || r.pair || r.link->below == r.link->ifindex)
		r.link->below = 0;
	return rc;
}

static int on_address_attribute(const struct nlattr *attr, void *data)
{
	const void **address = data;

	/* Of a point-to-point link IFA_ADDRESS is the other end. */
	if (mnl_attr_get_type(attr) == IFA_LOCAL ||
	    (mnl_attr_get_type(attr) == IFA_ADDRESS && !*address))
		*address = mnl_attr_get_payload(attr);
	return MNL_CB_OK;
}

/* Each interface makes a link-local IPv6 address for itself; it says nothing of its use. */
static int on_address(const struct nlmsghdr *header, void *data)
{
	const struct ifaddrmsg *body = mnl_nlmsg_get_payload(header);
	const void *bytes = NULL;
	struct host_address *address;
	struct host_net *net = data;

	if (body->ifa_family == AF_INET6 && body->ifa_scope == RT_SCOPE_LINK)
		return MNL_CB_OK;
	mnl_attr_parse(header, sizeof(*body), on_address_attribute, &bytes);
	address = append(&net->addresses, &net->address_count, sizeof(*address));
	if (!address)
		return MNL_CB_ERROR;
	address->ifindex = body->ifa_index;
	if (bytes && inet_ntop(body->ifa_family, bytes, address->text, INET6_ADDRSTRLEN))
		snprintf(address->text + strlen(address->text), 5, "/%u", body->ifa_prefixlen);
	for (uint32_t i = 0; body->ifa_scope != RT_SCOPE_HOST && i < net->link_count; i++)
		if (net->links[i].ifindex == body->ifa_index)
			net->links[i].addressed = true;
	return MNL_CB_OK;
}

/* ---- Routes ----------------------------------------------------------------------------------- */

static int add_exit(struct host_net *net, uint32_t ifindex, unsigned int flags)
{
	uint32_t *exit;

	if (flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)) /* leads nowhere now */
		return MNL_CB_OK;
	exit = append(&net->exits, &net->exit_count, sizeof(*exit));
	if (!exit)
		return MNL_CB_ERROR;
	*exit = ifindex;
	return MNL_CB_OK;
}

static int add_hops(struct host_net *net, const struct nlattr *attr)
{
	const char *at = mnl_attr_get_payload(attr);
	size_t left = mnl_attr_get_payload_len(attr);
	int rc = MNL_CB_OK;

	while (rc == MNL_CB_OK && left >= sizeof(struct rtnexthop)) {
		const struct rtnexthop *hop = (const struct rtnexthop *)at;
		size_t size = RTNH_ALIGN((size_t)hop->rtnh_len);

		if (hop->rtnh_len < sizeof(*hop) || size > left)
			break;
		rc = add_exit(net, (uint32_t)hop->rtnh_ifindex, hop->rtnh_flags);
		at += size;
		left -= size;
	}
	return rc;
}

struct route_reading {
	struct host_net *net;
	unsigned int flags;
};

static int on_route_attribute(const struct nlattr *attr, void *data)
{
	struct route_reading *r = data;

	switch (mnl_attr_get_type(attr)) {
	case RTA_OIF:
		return add_exit(r->net, mnl_attr_get_u32(attr), r->flags);
	case RTA_MULTIPATH:
		return add_hops(r->net, attr);
	default:
		return MNL_CB_OK;
	}
}

static int on_default_route(const struct nlmsghdr *header, void *data)
{
	const struct rtmsg *body = mnl_nlmsg_get_payload(header);
	struct route_reading r = {data, body->rtm_flags};

	if (body->rtm_type != RTN_UNICAST || body->rtm_dst_len)
		return MNL_CB_OK;
	return mnl_attr_parse(header, sizeof(*body), on_route_attribute, &r);
}

/* ---- All of it -------------------------------------------------------------------------------- */

static int read_all(struct rtnl *r, struct host_net *net)
{
	int rc = rtnl_dump(r, RTM_GETLINK, AF_UNSPEC, on_link, net);

	if (!rc)
		rc = rtnl_dump(r, RTM_GETADDR, AF_UNSPEC, on_address, net);
	if (!rc)
		rc = rtnl_dump(r, RTM_GETROUTE, AF_INET, on_default_route, net);
	if (!rc)
		rc = rtnl_dump(r, RTM_GETROUTE, AF_INET6, on_default_route, net);
	if (rc == -EOPNOTSUPP) /* a kernel without IPv6 */
		rc = 0;
	if (!rc)
		host_ssh_read(r, net);
	return rc;
}

static int read_once(struct host_net *net)
{
	struct rtnl r;
	int rc = rtnl_open(&r);

	if (rc)
		return rc;
	rc = read_all(&r, net);
	rtnl_close(&r);
	return rc;
}

int host_net_read(struct host_net *net)
{
	int rc = -EINTR;

	memset(net, 0, sizeof(*net));
	/* A dump that a change interrupted begins again, on a socket without its rest. */
	for (int i = 0; i < TRIES && rc == -EINTR; i++) {
		host_net_free(net);
		rc = read_once(net);
	}
	if (rc)
		host_net_free(net);
	return rc;
}

void host_net_free(struct host_net *net)
{
	free(net->links);
	free(net->addresses);
	free(net->exits);
	memset(net, 0, sizeof(*net));
}

/* ---- What it shows ---------------------------------------------------------------------------- */

const struct host_link *host_net_link(const struct host_net *net, uint32_t ifindex)
{
	for (uint32_t i = 0; i < net->link_count; i++)
		if (net->links[i].ifindex == ifindex)
			return &net->links[i];
	return NULL;
}

/* Walks down from link; a ring of devices would never end without the limit. */
static bool lies_on(const struct host_net *net, const struct host_link *link, uint32_t ifindex,
		    uint32_t depth)
{
	if (link->ifindex == ifindex)
		return true;
	if (depth == 8) /* the kernel's own limit, MAX_NEST_DEV */
		return false;
	for (uint32_t i = 0; i < net->link_count; i++) {
		const struct host_link *lower = &net->links[i];

		if ((lower->master == link->ifindex || lower->ifindex == link->below) &&
		    lies_on(net, lower, ifindex, depth + 1))
			return true;
	}
	return false;
}

bool host_net_lies_on(const struct host_net *net, uint32_t device, uint32_t ifindex)
{
	const struct host_link *link = host_net_link(net, device);

	return link && lies_on(net, link, ifindex, 0);
}
