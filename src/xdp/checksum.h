/* SPDX-License-Identifier: BSD-2-Clause */
/* Checksums and VLAN tags in a private copy of a frame. Every length in a frame is untrusted. */
#ifndef NET_XDP_CHECKSUM_H
#define NET_XDP_CHECKSUM_H

#include <stdbool.h>
#include <stdint.h>

#include "net_backend.h"

/*
 * Fill in what meta asks for (IPv4 header, TCP, UDP) in the frame, using l2_len + l3_len.
 * Return: true; false when the headers do not fit the request (the packet must be dropped).
 */
bool checksum_fill(uint8_t *frame, uint32_t len, const struct net_tx_metadata *meta);

/*
 * Find out the checksum states and the transport protocol of a received frame.
 * partial_possible: the sender is local to this host (a veth peer), so a field that holds just the
 * pseudo-header sum means "not completed yet"; complete: then fill it in (writes the frame).
 * Fragments, unknown protocols and truncated headers stay NET_CHECKSUM_UNKNOWN.
 */
void checksum_inspect(uint8_t *frame, uint32_t len, bool partial_possible, bool complete,
		      struct net_rx_metadata *out);

/* Insert an 802.1Q tag: the frame lies 4 bytes behind tagged, and its MAC addresses move there. */
void vlan_insert(uint8_t *tagged, uint16_t tci);

#endif
