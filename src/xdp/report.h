/* SPDX-License-Identifier: BSD-2-Clause */
/* What the report says of a queue and of its endpoint; inspect walks the same. */
#ifndef NET_XDP_REPORT_H
#define NET_XDP_REPORT_H

#include "xdp/endpoint.h"

/* Which VLAN tags an endpoint's queues lose, as vlan_state of the report; "" none. */
struct vlan_state {
	char text[sizeof(((struct net_xdp_report *)0)->vlan_state)];
};

struct vlan_state report_vlan(const struct net_xdp_endpoint *ep);

#endif
