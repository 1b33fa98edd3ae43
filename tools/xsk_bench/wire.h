/* SPDX-License-Identifier: BSD-2-Clause */
/* Judging what came off the wire: a frame of either kind (frame.h, packet.h), with or without a tag. */
#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

#include "frame.h"

/* An 802.1Q tag in the frame's bytes, or out of band. */
struct wire_tag {
	bool present;
	uint16_t tci; /* host byte order */
};

/* Judge a frame; *tag is set when there is one in its bytes, and *out is filled unless it is foreign. */
enum frame_verdict wire_check(const uint8_t *frame, uint32_t len_bytes, struct frame_info *out,
			      struct wire_tag *tag);

#endif
