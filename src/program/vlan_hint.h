/* SPDX-License-Identifier: BSD-2-Clause */
/* bpf/net_xdp.h with the kernel's types that it expects. */
#ifndef NET_XDP_VLAN_HINT_H
#define NET_XDP_VLAN_HINT_H

#include <linux/types.h>

#include "../../bpf/net_xdp.h"

#endif
