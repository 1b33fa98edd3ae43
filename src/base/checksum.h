/* SPDX-License-Identifier: BSD-2-Clause */
/* Checksums and VLAN tags of a frame in our view. Every length in a frame is untrusted. */
#ifndef NET_XDP_CHECKSUM_H
#define NET_XDP_CHECKSUM_H

#include <stdbool.h>
#include <stdint.h>

#include "net_backend.h"

/*
 * Add len bytes to a sum of 16-bit words in memory order. before: how many bytes the sum has already.
 * Behind an odd number of them the two bytes of each word change places (RFC 1071, 2B).
 */
uint64_t checksum_add(uint64_t sum, const uint8_t *at, uint32_t len, uint32_t before);

/* Return: the sum in 16 bits, in memory order; its complement is the Internet checksum. */
uint16_t checksum_fold(uint64_t sum);

/*
 * Fill in the checksums that meta asks for (IPv4 header, TCP, UDP); l2_len and l3_len say where the
 * headers are.
 * Return: true; false if the headers are not what meta says: the packet must be dropped.
 */
bool checksum_fill(uint8_t *frame, uint32_t len, const struct net_tx_metadata *meta);

/* What a wrong transport checksum means, by where the frame comes from. */
enum checksum_source {
	CHECKSUM_WIRE = 0, /* from a wire: the checksum is wrong */
	CHECKSUM_LOCAL,	   /* from a local sender: wrong, or still the pseudo-header's sum */
	/* maybe several packets joined into one: then the field holds the pseudo-header's sum (GRO,
	 * a local sender's segmentation) or the first packet's own sum (rx-gro-list). A checksum
	 * that is right says that nothing was joined. */
	CHECKSUM_JOINED,
};

/*
 * Find out the checksum states and the transport protocol of a received frame. complete: write the
 * checksum that a local sender left incomplete into the frame. Fragments, unknown protocols, truncated
 * headers and frames that may have been joined stay NET_CHECKSUM_UNKNOWN; so does an incomplete checksum
 * if the frame goes on behind its packet with anything but zeros: a frontend completes a partial checksum
 * up to the frame's end, as the kernel does (skb_checksum_help()).
 * Return: true if the frame is longer than its IP and UDP headers say, the padding of a short frame
 * aside.
 */
bool checksum_inspect(uint8_t *frame, uint32_t len, enum checksum_source source, bool complete,
		      struct net_rx_metadata *out);

/* Insert an 802.1Q tag. The frame begins 4 bytes behind tagged; its MAC addresses move to tagged. */
void vlan_insert(uint8_t *tagged, uint16_t tci);

#endif
