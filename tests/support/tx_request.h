/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets that ask for something (a checksum, a tag), and what must be on the wire of them. */
#ifndef SUPPORT_TX_REQUEST_H
#define SUPPORT_TX_REQUEST_H

#include "support/frame.h"
#include "support/tx_rig.h"

/* One queue, 64 private frames. */
void tx_request_start(struct tx_rig *r, bool unaligned, enum net_xdp_tx_checksum by);
/* The request for the checksum of this protocol, TCP or UDP. */
uint16_t tx_request_l4_flag(uint8_t protocol);
/* Queue the frame with wrong checksum fields and the request to fill them in. */
struct net_tx_metadata *tx_request(struct tx_rig *r, uint32_t id, const struct frame *right,
				   uint16_t flags, uint32_t segments, uint16_t garbage);
/* Send what was queued, all of it, and check it against the right frame. A checksum that the kernel left to its
 * receiver is completed here first. */
void tx_request_expect(struct tx_rig *r, const struct frame *right, const char *what);

#endif
