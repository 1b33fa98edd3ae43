/* SPDX-License-Identifier: BSD-2-Clause */
/* Checksums of a frame in our view. Every length in a frame is untrusted. */
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

/*
 * Find out from the headers alone whether a frame of a local sender (CHECKSUM_LOCAL, nothing else) has its
 * transport checksum still to come: the field holds the pseudo-header's sum. Then out says partial, and of
 * which protocol. Else all states are unknown: of a payload that was not read nothing can be claimed. A UDP
 * checksum of 0 says that there is none, and is no sum of a pseudo-header.
 * present: how many of the len bytes are at frame; headers that go on behind them are not found.
 *
 * A checksum that was completed is the pseudo-header's sum by chance, 1 of 65,536. It is called partial too,
 * which changes nothing: pseudo-header P, field F and the packet's other words S add up to 0, in ones'
 * complement. Who completes the sum writes -(F + S), which is P, and F = P was there before. A damaged frame
 * whose field is P by chance is mended to a right sum; as many get past the checksum itself.
 *
 * On a wire nobody has promised to complete a sum. A field that holds P there is right by chance or wrong, and
 * a frontend that is told partial takes the payload as good, whatever has become of it. In a frame of several
 * packets joined, one sum for all of them was never meant.
 * Return: as checksum_inspect().
 */
bool checksum_partial(const uint8_t *frame, uint32_t present, uint32_t len,
		      struct net_rx_metadata *out);

#endif
