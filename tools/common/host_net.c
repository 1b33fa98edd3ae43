/* SPDX-License-Identifier: BSD-2-Clause */
/* What rtnetlink says of the caller's network namespace, for host_way_of(). */
#include "host_way.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER_BYTES  65536 /* a link with many alternative names is over 16 KiB */
#define TRIES	      3
#define MAX_ANCESTORS 64

struct reader {
	struct mnl_socket *nl;
	struct host_net *net;
	uint32_t seq;
	char *buffer;
};

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

static int exchange(struct reader *r, struct nlmsghdr *request, mnl_cb_t callback, void *data)
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

static int dump(struct reader *r, uint16_t type, uint8_t family, mnl_cb_t callback)
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
	return exchange(r, header, callback, r->net);
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
	rc = mnl_attr_parse(header, sizeof(*body), on_link_attribute, &r);
	if (r.elsewhere || r.pair || r.link->below == r.link->ifindex)
		r.link->below = 0;
	return rc;
}

/* Each interface has a link-local IPv6 address; nobody is reached by that alone. */
static int on_address(const struct nlmsghdr *header, void *data)
{
	const struct ifaddrmsg *body = mnl_nlmsg_get_payload(header);
	struct host_net *net = data;

	if (body->ifa_scope == RT_SCOPE_HOST ||
	    (body->ifa_family == AF_INET6 && body->ifa_scope == RT_SCOPE_LINK))
		return MNL_CB_OK;
	for (uint32_t i = 0; i < net->link_count; i++)
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

/* How the kernel would send to an address. */
struct way_to {
	uint32_t ifindex; /* 0: not at all */
	bool local;	  /* it is an address of this network namespace */
};

static int on_way_attribute(const struct nlattr *attr, void *data)
{
	struct way_to *way = data;

	if (mnl_attr_get_type(attr) == RTA_OIF)
		way->ifindex = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

static int on_way(const struct nlmsghdr *header, void *data)
{
	const struct rtmsg *body = mnl_nlmsg_get_payload(header);
	struct way_to *way = data;

	way->local = body->rtm_type == RTN_LOCAL;
	mnl_attr_parse(header, sizeof(*body), on_way_attribute, way);
	return MNL_CB_STOP;
}

/* address: as SSH_CONNECTION has it. */
static struct way_to way_to(struct reader *r, const char *address)
{
	char request[128] = {0};
	struct nlmsghdr *header = mnl_nlmsg_put_header(request);
	struct rtmsg *body = mnl_nlmsg_put_extra_header(header, sizeof(*body));
	const char *scope = strchr(address, '%');
	struct way_to way = {0};
	uint8_t bytes[16];

	if (scope) { /* fe80::1%eth0: the interface is named */
		way.ifindex = if_nametoindex(scope + 1);
		return way;
	}
	header->nlmsg_type = RTM_GETROUTE;
	body->rtm_family = strchr(address, ':') ? AF_INET6 : AF_INET;
	body->rtm_dst_len = body->rtm_family == AF_INET6 ? 128 : 32;
	if (inet_pton(body->rtm_family, address, bytes) != 1)
		return way;
	mnl_attr_put(header, RTA_DST, body->rtm_dst_len / 8, bytes);
	exchange(r, header, on_way, &way); /* an error: there is no way */
	return way;
}

/* ---- The SSH client --------------------------------------------------------------------------- */

/* "CLIENT PORT SERVER PORT" */
struct connection {
	char client[64];
	char server[64];
};

static bool parse_connection(struct connection *c, const char *text)
{
	*c = (struct connection){0};
	return sscanf(text, "%63s %*s %63s", c->client, c->server) >= 1;
}

/* Parent of a process. Its name, in brackets, may hold anything. */
static pid_t parent_of(pid_t pid)
{
	char path[64], stat[512], *rest;
	FILE *f;
	size_t n;
	int parent = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	n = fread(stat, 1, sizeof(stat) - 1, f);
	fclose(f);
	stat[n] = 0;
	rest = strrchr(stat, ')');
	return rest && sscanf(rest + 1, " %*c %d", &parent) == 1 ? parent : 0;
}

static bool find_connection(struct connection *c, pid_t pid)
{
	static const char name[] = "SSH_CONNECTION=";
	char path[64], *entry = NULL;
	bool found = false;
	size_t size = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	while (!found && getdelim(&entry, &size, 0, f) > 0)
		found = !strncmp(entry, name, sizeof(name) - 1) &&
			parse_connection(c, entry + sizeof(name) - 1);
	free(entry);
	fclose(f);
	return found;
}

/* sudo takes the variable away from its child; the shell in front of it still has it. That one may
 * be of another network namespace, where the connection ends. */
static bool find_ssh_client(struct reader *r, struct connection *c)
{
	const char *text = getenv("SSH_CONNECTION");
	pid_t pid = getppid();

	if (text)
		return parse_connection(c, text);
	for (int i = 0; i < MAX_ANCESTORS && pid > 1; i++) {
		if (find_connection(c, pid))
			return way_to(r, c->server).local;
		pid = parent_of(pid);
	}
	return false;
}

static void read_ssh_route(struct reader *r)
{
	struct connection c;

	if (!find_ssh_client(r, &c))
		return;
	snprintf(r->net->ssh_client, sizeof(r->net->ssh_client), "%s", c.client);
	r->net->ssh_exit = way_to(r, c.client).ifindex;
}

/* ---- All of it -------------------------------------------------------------------------------- */

static int read_all(struct reader *r)
{
	int rc = dump(r, RTM_GETLINK, AF_UNSPEC, on_link);

	if (!rc)
		rc = dump(r, RTM_GETADDR, AF_UNSPEC, on_address);
	if (!rc)
		rc = dump(r, RTM_GETROUTE, AF_INET, on_default_route);
	if (!rc)
		rc = dump(r, RTM_GETROUTE, AF_INET6, on_default_route);
	if (rc == -EOPNOTSUPP) /* a kernel without IPv6 */
		rc = 0;
	if (!rc)
		read_ssh_route(r);
	return rc;
}

static int read_once(struct reader *r)
{
	int rc;

	r->nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!r->nl)
		return -errno;
	rc = mnl_socket_bind(r->nl, 0, MNL_SOCKET_AUTOPID) ? -errno : read_all(r);
	mnl_socket_close(r->nl);
	return rc;
}

int host_net_read(struct host_net *net)
{
	struct reader r = {.net = net, .buffer = malloc(BUFFER_BYTES)};
	int rc = -EINTR;

	memset(net, 0, sizeof(*net));
	if (!r.buffer)
		return -ENOMEM;
	/* A dump that a change interrupted begins again, on a socket without its rest. */
	for (int i = 0; i < TRIES && rc == -EINTR; i++) {
		host_net_free(net);
		rc = read_once(&r);
	}
	if (rc)
		host_net_free(net);
	free(r.buffer);
	return rc;
}
