// SPDX-License-Identifier: BSD-2-Clause
/* What rtnetlink tells of an interface, and of what the host has on top of it. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "info.h"

/* A message of an interface with many alternative names is larger than a page. */
#define REPLY_BYTES (1u << 18)

struct walk {
	struct info_link *link;
	uint32_t ifindex;
	uint32_t master; /* ifindex, 0 none */
};

struct attributes {
	const char *name, *kind, *slave_kind;
	uint32_t lower, master;
	bool lower_is_elsewhere;
};

/* ifindex 0: dump all. Return: 0 or -errno. */
static int ask(uint16_t type, uint32_t ifindex, mnl_cb_t on_reply, void *data)
{
	static char buffer[REPLY_BYTES];
	struct mnl_socket *nl = mnl_socket_open(NETLINK_ROUTE);
	struct nlmsghdr *request;
	struct ifinfomsg *header;
	ssize_t length = -1;
	int rc = -1;

	if (!nl)
		return -errno;
	request = mnl_nlmsg_put_header(buffer);
	request->nlmsg_type = type;
	request->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | (ifindex ? NLM_F_ACK : NLM_F_DUMP));
	header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	header->ifi_index = (int)ifindex;
	if (type == RTM_GETLINK)
		mnl_attr_put_u32(request, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) == 0 &&
	    mnl_socket_sendto(nl, request, request->nlmsg_len) >= 0) {
		do {
			length = mnl_socket_recvfrom(nl, buffer, sizeof(buffer));
			rc = length < 0 ? -1
					: mnl_cb_run(buffer, (size_t)length, 0,
						     mnl_socket_get_portid(nl), on_reply, data);
		} while (rc > MNL_CB_STOP);
	}
	rc = rc < 0 ? -errno : 0;
	mnl_socket_close(nl);
	return rc;
}

/* Append a word. Those that do not fit become "...". */
static void append(char *list, size_t size, const char *word)
{
	size_t used = strlen(list);

	if (used >= 3 && strcmp(list + used - 3, "...") == 0)
		return;
	snprintf(list + used, size - used, "%s%s", used ? " " : "",
		 used + strlen(word) + sizeof("  ...") < size ? word : "...");
}

/* ---- Links ------------------------------------------------------------------------------------ */

static int on_kind(const struct nlattr *attr, void *data)
{
	struct attributes *a = data;

	if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0)
		return MNL_CB_OK;
	if (mnl_attr_get_type(attr) == IFLA_INFO_KIND)
		a->kind = mnl_attr_get_str(attr);
	else if (mnl_attr_get_type(attr) == IFLA_INFO_SLAVE_KIND)
		a->slave_kind = mnl_attr_get_str(attr);
	return MNL_CB_OK;
}

static int on_attribute(const struct nlattr *attr, void *data)
{
	struct attributes *a = data;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_IFNAME:
		if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0)
			a->name = mnl_attr_get_str(attr);
		break;
	case IFLA_LINK:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
			a->lower = mnl_attr_get_u32(attr);
		break;
	case IFLA_MASTER:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
			a->master = mnl_attr_get_u32(attr);
		break;
	case IFLA_LINK_NETNSID:
		a->lower_is_elsewhere = true;
		break;
	case IFLA_LINKINFO:
		return mnl_attr_parse_nested(attr, on_kind, a);
	}
	return MNL_CB_OK;
}

static void read_attributes(const struct nlmsghdr *message, struct attributes *a)
{
	*a = (struct attributes){.name = "", .kind = "", .slave_kind = ""};
	mnl_attr_parse(message, sizeof(struct ifinfomsg), on_attribute, a);
}

/* Ours, or one that lies on it: VLAN, macvlan, tunnel. A veth's IFLA_LINK is its other end. */
static int on_link(const struct nlmsghdr *message, void *data)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	struct walk *w = data;
	struct info_link *link = w->link;
	struct attributes a;

	if (message->nlmsg_type != RTM_NEWLINK)
		return MNL_CB_OK;
	read_attributes(message, &a);
	if ((uint32_t)info->ifi_index == w->ifindex) {
		link->promiscuous = info->ifi_flags & IFF_PROMISC;
		snprintf(link->master_kind, sizeof(link->master_kind), "%s", a.slave_kind);
		w->master = a.master;
	} else if (a.lower == w->ifindex && !a.lower_is_elsewhere && strcmp(a.kind, "veth") != 0) {
		append(link->uppers, sizeof(link->uppers), a.name);
	}
	return MNL_CB_OK;
}

static int on_name(const struct nlmsghdr *message, void *data)
{
	struct attributes a;

	if (message->nlmsg_type == RTM_NEWLINK) {
		read_attributes(message, &a);
		snprintf(data, IF_NAMESIZE, "%s", a.name);
	}
	return MNL_CB_OK;
}

static bool link_name(uint32_t ifindex, char name[16])
{
	name[0] = '\0';
	return ifindex && ask(RTM_GETLINK, ifindex, on_name, name) == 0 && name[0];
}

/* ---- Addresses -------------------------------------------------------------------------------- */

static int on_address_attribute(const struct nlattr *attr, void *data)
{
	const void **address = data;

	/* Of a point-to-point link IFA_ADDRESS is the other end. */
	if (mnl_attr_get_type(attr) == IFA_LOCAL ||
	    (mnl_attr_get_type(attr) == IFA_ADDRESS && !*address))
		*address = mnl_attr_get_payload(attr);
	return MNL_CB_OK;
}

static int on_address(const struct nlmsghdr *message, void *data)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(message);
	char text[INET6_ADDRSTRLEN + 4];
	const void *address = NULL;
	struct walk *w = data;

	/* The link-local address that every interface makes for itself says nothing of its use. */
	if (message->nlmsg_type != RTM_NEWADDR || info->ifa_index != w->ifindex ||
	    info->ifa_scope == RT_SCOPE_LINK)
		return MNL_CB_OK;
	mnl_attr_parse(message, sizeof(*info), on_address_attribute, &address);
	if (address && inet_ntop(info->ifa_family, address, text, INET6_ADDRSTRLEN)) {
		snprintf(text + strlen(text), 5, "/%u", info->ifa_prefixlen);
		append(w->link->addresses, sizeof(w->link->addresses), text);
	}
	return MNL_CB_OK;
}

void info_link(uint32_t ifindex, struct info_link *out)
{
	struct walk w = {.link = out, .ifindex = ifindex};

	*out = (struct info_link){0};
	ask(RTM_GETLINK, 0, on_link, &w);
	ask(RTM_GETADDR, 0, on_address, &w);
	link_name(w.master, out->master);
}
