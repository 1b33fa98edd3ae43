/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest that lies: packets and requests, broken at random. Some stay right. */
#ifndef SUPPORT_SEGMENT_BREAK_H
#define SUPPORT_SEGMENT_BREAK_H

#include "support/segment_case.h"

/* Up to three bytes of the headers. */
void segment_break_bytes(struct segment_packet *p, struct frame_random *r);
/* One member. */
void segment_break_request(const struct segment_packet *p, struct frame_random *r,
			   struct segment_request *q);
/* A packet that was judged right, whatever it says: its payload goes out once, in order, and no wire packet is
 * too long. */
void segment_expect_tiled(const struct segmenter *s, const struct segment_packet *p,
			  const struct segment_request *q);

#endif
