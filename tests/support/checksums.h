/* SPDX-License-Identifier: BSD-2-Clause */
/* What checksum_inspect() says of frames: random ones, and what must be said of them. */
#ifndef SUPPORT_CHECKSUMS_H
#define SUPPORT_CHECKSUMS_H

#include "net_backend.h"
#include "support/frame.h"

struct net_rx_metadata checksum_inspected(uint8_t *frame, uint32_t len, bool partial,
					  bool complete);
/* A frame from outside is read as this, no byte behind it is read, and none is written. */
void checksum_expect(const struct frame *f, enum net_checksum ip, enum net_checksum l4,
		     enum net_l4 protocol, const char *what);

/* After a change of the IPv4 header. */
void checksum_refresh_ip(struct frame *f);
/* TCP or UDP, IPv4 or IPv6, with tags, options and padding. */
struct frame_spec checksum_random_spec(struct frame_random *r);

/* What is said of such a frame when its checksums are right. */
enum net_checksum checksum_ip_good(const struct frame_spec *spec);
enum net_l4 checksum_l4_of(const struct frame_spec *spec);

#endif
