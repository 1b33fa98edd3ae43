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

/* What a sum that is not right can mean where a frame was taken. */
enum checksum_source {
	CHECKSUM_WIRE = 0, /* that it is wrong */
	CHECKSUM_LOCAL,	   /* or not completed yet: the field holds just the pseudo-header's sum */
	/* Or that several packets were joined: then the field holds the pseudo-header's sum (GRO, a local
	 * sender's segmentation) or still the first packet's own sum (rx-gro-list). A right one says that
	 * nothing was. */
	CHECKSUM_JOINED,
};

/*
 * Find out the checksum states and the transport protocol of a received frame. complete: fill in what a
 * local sender has not completed (writes the frame).
 * Fragments, unknown protocols and truncated headers stay NET_CHECKSUM_UNKNOWN, and so does what may have
 * been joined.
 * Return: is the frame longer than its IP and UDP headers say, padding to the least frame aside?
 */
bool checksum_inspect(uint8_t *frame, uint32_t len, enum checksum_source source, bool complete,
		      struct net_rx_metadata *out);

/* Insert an 802.1Q tag: the frame lies 4 bytes behind tagged, and its MAC addresses move there. */
void vlan_insert(uint8_t *tagged, uint16_t tci);

#endif
