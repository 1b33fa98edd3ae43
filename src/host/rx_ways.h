/* SPDX-License-Identifier: BSD-2-Clause */
/* What is found out of the checksums of received frames, by where frames come from. Pure: nothing is asked of the
 * kernel. */
#ifndef NET_XDP_RX_WAYS_H
#define NET_XDP_RX_WAYS_H

#include "base/checksum.h"
#include "net_xdp.h"

/* native: the program runs in the driver. */
enum checksum_source rx_ways_source(const struct net_xdp_device *device, bool native);

/* What is done of what the configuration asks for. */
enum net_xdp_rx_checksum rx_ways_checksum(enum net_xdp_rx_checksum asked,
					  enum checksum_source source);

/* For a person: what metadata tells, and what is in the way of more. Return: static; "" nothing is asked. */
const char *rx_ways_say(enum net_xdp_rx_checksum asked, enum checksum_source source);

#endif
