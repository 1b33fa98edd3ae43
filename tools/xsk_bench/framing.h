/* SPDX-License-Identifier: BSD-2-Clause */
/* What a frame takes on the wire beside its own bytes. */
#ifndef BENCH_FRAMING_H
#define BENCH_FRAMING_H

#include <stdint.h>

/* IEEE 802.3: FCS 4, preamble and start delimiter 8, interpacket gap 12. */
#define FRAMING_BYTES 24

/* Without framing: bytes from the destination MAC, without FCS. With it ("L1"): all of a link's capacity that the
 * frames take, which is what the speed of a link is to be compared with. */
static inline uint64_t framed_bytes(uint64_t bytes, uint64_t frames)
{
	return bytes + frames * FRAMING_BYTES;
}

static inline double mbit_per_s(uint64_t bytes, double seconds)
{
	return seconds > 0 ? (double)bytes * 8 / 1e6 / seconds : 0;
}

#endif
