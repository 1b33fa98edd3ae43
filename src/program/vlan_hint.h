/* SPDX-License-Identifier: BSD-2-Clause */
/* The XDP program's header, with the types it expects. */
#ifndef NET_XDP_VLAN_HINT_H
#define NET_XDP_VLAN_HINT_H

#include <linux/types.h>

#include "../../bpf/net_xdp.h"

#endif
