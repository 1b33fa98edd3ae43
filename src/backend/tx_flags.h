/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_TX_FLAGS_H
#define NET_TX_FLAGS_H

#include "net_backend.h"

/* What a backend offers that has no kernel or NIC to ask: all of enum net_tx_flags, and pieces of one byte. */
enum {
	TX_PIECES_MOST = 65535,
	TX_FLAGS_ALL = NET_TX_IP_CHECKSUM | NET_TX_TCP_CHECKSUM | NET_TX_UDP_CHECKSUM |
		       NET_TX_TCP_SEGMENTATION | NET_TX_UDP_SEGMENTATION | NET_TX_IPV4 |
		       NET_TX_IPV6 | NET_TX_VLAN | NET_TX_PARTIAL_CHECKSUM,
};

#endif
