/* SPDX-License-Identifier: BSD-2-Clause */
/* A rule in the kernel's words. Pure. */
#ifndef NET_XDP_STEER_FLOW_H
#define NET_XDP_STEER_FLOW_H

#include <arpa/inet.h>
#include <string.h>

#include <linux/ethtool.h>

#include "host/steer_plan.h"

static inline void steer_flow(const struct net_xdp_steer_rule *r, struct ethtool_rx_flow_spec *fs)
{
	static const uint32_t types[] = {ETHER_FLOW,  ETHER_FLOW | FLOW_EXT, UDP_V4_FLOW,
					 UDP_V6_FLOW, TCP_V4_FLOW,	     TCP_V6_FLOW};

	*fs = (struct ethtool_rx_flow_spec){.flow_type = types[r->match], .ring_cookie = r->queue};
	switch (r->match) {
	case NET_XDP_STEER_MAC:
		memcpy(fs->h_u.ether_spec.h_dest, r->mac, 6);
		memset(fs->m_u.ether_spec.h_dest, 0xff, 6);
		break;
	case NET_XDP_STEER_VLAN:
		fs->h_ext.vlan_tci = htons(r->number);
		fs->m_ext.vlan_tci = htons(0x0fff);
		break;
	case NET_XDP_STEER_UDP4:
	case NET_XDP_STEER_TCP4:
		fs->h_u.tcp_ip4_spec.pdst = htons(r->number);
		fs->m_u.tcp_ip4_spec.pdst = 0xffff;
		break;
	case NET_XDP_STEER_UDP6:
	case NET_XDP_STEER_TCP6:
		fs->h_u.tcp_ip6_spec.pdst = htons(r->number);
		fs->m_u.tcp_ip6_spec.pdst = 0xffff;
		break;
	}
}

/* Return: true if what the driver tells is this rule. A driver may tell more bits than were asked for, so
 * those that we ask for decide. */
static inline bool steer_flow_is(const struct ethtool_rx_flow_spec *told,
				 const struct net_xdp_steer_rule *r)
{
	struct ethtool_rx_flow_spec ours;
	const uint8_t *theirs = told->h_u.hdata, *mask = told->m_u.hdata;

	steer_flow(r, &ours);
	if ((told->flow_type ^ ours.flow_type) & ~(uint32_t)FLOW_MAC_EXT ||
	    told->ring_cookie != ours.ring_cookie)
		return false;
	for (size_t i = 0; i < sizeof(ours.h_u.hdata); i++) {
		const uint8_t bits = ours.m_u.hdata[i];

		if ((theirs[i] & bits) != ours.h_u.hdata[i] || (mask[i] & bits) != bits)
			return false;
	}
	return !ours.m_ext.vlan_tci ||
	       ((told->h_ext.vlan_tci & ours.m_ext.vlan_tci) == ours.h_ext.vlan_tci &&
		(told->m_ext.vlan_tci & ours.m_ext.vlan_tci) == ours.m_ext.vlan_tci);
}

#endif
