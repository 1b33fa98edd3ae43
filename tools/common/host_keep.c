/* SPDX-License-Identifier: BSD-2-Clause */
#include "host_keep.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

enum { TYPE_IPV4 = 0x0800, TYPE_ARP = 0x0806, TYPE_IPV6 = 0x86dd };
/* The router's advertisements too: without them the default route expires. */
enum { ROUTER_ADVERTISEMENT = 134, NEIGHBOUR_ADVERTISEMENT = 136 };

static bool has(const struct keep_list *keep, enum net_xdp_keep_kind kind, uint16_t number)
{
	for (uint32_t i = 0; i < keep->count; i++) {
		const struct net_xdp_keep_rule *rule = &keep->rules[i];

		if (rule->kind == kind && rule->first <= number && number <= rule->last)
			return true;
	}
	return false;
}

static bool has_protocol(const struct keep_list *keep, uint16_t type, uint16_t protocol)
{
	return has(keep, NET_XDP_KEEP_ETHERTYPE, type) ||
	       has(keep, NET_XDP_KEEP_PROTOCOL, protocol);
}

static bool has_arp(const struct keep_list *keep)
{
	return has(keep, NET_XDP_KEEP_ETHERTYPE, TYPE_ARP);
}

static bool has_nd(const struct keep_list *keep)
{
	bool all = true;

	for (uint16_t i = ROUTER_ADVERTISEMENT; i <= NEIGHBOUR_ADVERTISEMENT; i++)
		all = all && has(keep, NET_XDP_KEEP_ICMPV6, i);
	return all || has_protocol(keep, TYPE_IPV6, IPPROTO_ICMPV6);
}

static bool has_some_port(const struct keep_list *keep)
{
	for (uint32_t i = 0; i < keep->count; i++)
		if (keep->rules[i].kind == NET_XDP_KEEP_TCP_PORT)
			return true;
	return has_protocol(keep, TYPE_IPV4, IPPROTO_TCP) ||
	       has_protocol(keep, TYPE_IPV6, IPPROTO_TCP);
}

bool host_keep_is_found(const struct keep_list *keep)
{
	return has_arp(keep) || has_nd(keep);
}

void host_keep_missing(const struct host_net *net, bool by_ssh, const struct keep_list *keep,
		       char out[HOST_KEEP_BYTES])
{
	const bool v6 = by_ssh && strchr(net->ssh_client, ':');
	const uint16_t port = by_ssh && net->ssh_port ? net->ssh_port : 22;
	bool found = v6 ? has_nd(keep) : by_ssh ? has_arp(keep) : host_keep_is_found(keep);
	bool reached = has_some_port(keep);

	if (by_ssh)
		reached = has(keep, NET_XDP_KEEP_TCP_PORT, port) ||
			  has_protocol(keep, v6 ? TYPE_IPV6 : TYPE_IPV4, IPPROTO_TCP);
	out[0] = 0;
	if (!found)
		snprintf(out, HOST_KEEP_BYTES, "%s%s",
			 v6	  ? "nd"
			 : by_ssh ? "arp"
				  : "arp,nd",
			 reached ? "" : ",");
	if (!reached)
		snprintf(out + strlen(out), HOST_KEEP_BYTES - strlen(out), "tcp:%u", port);
}
