/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames for the receive oracle: noise, or TCP and UDP packets with checksums of each kind; and what metadata has
 * to tell of them, known from how they were made. */
#ifndef SUPPORT_RX_FRAME_H
#define SUPPORT_RX_FRAME_H

#include "base/checksum.h"
#include "net_xdp.h"

enum { RX_FRAME_LARGEST = 9216 };

/* What stands in the checksum's field of a packet. */
enum rx_frame_sum { RX_FRAME_RIGHT, RX_FRAME_PSEUDO, RX_FRAME_ZERO, RX_FRAME_WRONG, RX_FRAME_SUMS };

struct rx_frame {
	uint32_t number; /* in its bytes, where no checksum covers it */
	uint32_t len;	 /* a packet's may be less than it says */
	uint32_t packet; /* which one; 0: noise */
	enum rx_frame_sum sum;
	bool ip_wrong; /* IPv4 */
};

/* A packet of at most so many bytes, whose number comes later: noise where there is none so short. choice: any
 * number, which says what it is. */
struct rx_frame rx_frame_packet(uint32_t choice, uint32_t most);
/* Write the frame's bytes; of another number they are others. */
void rx_frame_bytes(const struct rx_frame *f, uint8_t *out);
/* Write the right checksum of transport into these bytes. */
void rx_frame_complete(const struct rx_frame *f, uint8_t *bytes);

/* What metadata tells. */
struct rx_frame_told {
	uint8_t ip, l4, protocol, field_bytes;
	uint16_t start_bytes;
	bool longer; /* than its headers say */
	bool completed;
	/* Of a frame that does not lie together the headers, or what is behind its packet, may not be seen: then
	 * nothing is told instead. */
	bool needs_all;
};
/* By which rules, and where frames come from. first_bytes: of its first part. */
struct rx_frame_told rx_frame_tell(const struct rx_frame *f, enum net_xdp_rx_checksum how,
				   enum checksum_source source, uint32_t first_bytes);

#endif
