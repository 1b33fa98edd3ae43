/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When to sleep by the clock. A worker that has caught up sleeps until it is woken, and the sender of the next frame
 * wakes it: on one processor with the sender, or on an idle one, that is a wake-up for each frame or two, which costs the
 * sender more than the frame. So while a guest only receives, looks for new frames are PACE_NS apart, as a NIC moderates
 * its interrupts.
 *
 * A guest that sends something gets its answers at once: it has to receive PACE_FRAMES without a word of its own before
 * frames wait, PACE_NS at most. A guest that falls behind has fewer buffers posted than half of its ring, and is not
 * waited for: frames in bunches fill its kernel, which drops them in front of a program that gets no processor.
 * Pure: the caller has clock and counters.
 */
#ifndef XSK_VHOST_PACE_H
#define XSK_VHOST_PACE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	PACE_NS = 100000,
	PACE_FRAMES = 8,
};

struct pace {
	uint64_t received, sent; /* at the last look */
	uint64_t since;		 /* received, when the guest sent last */
	uint64_t looked_ns;
};

/* The worker has caught up; what the pair has counted so far. Return: does a stream come to a guest that sends nothing?
 * Then ask pace_ns(). */
static inline bool pace_is_stream(struct pace *p, uint64_t received, uint64_t sent)
{
	bool came = received != p->received;

	if (sent != p->sent)
		p->since = received;
	p->received = received;
	p->sent = sent;
	return came && received - p->since >= PACE_FRAMES;
}

/*
 * used, left, all: buffers that frames have filled since the last look, those that the queue still has, and those that
 * the ring has room for. At the pace of the last look at least half of those left are left when the sleep ends.
 * Return: so long to sleep; 0: until woken, frames come less often than that anyway.
 */
static inline uint64_t pace_ns(struct pace *p, uint64_t now_ns, uint32_t used, uint32_t left,
			       uint32_t all)
{
	uint64_t gone = now_ns - p->looked_ns, ns;

	p->looked_ns = now_ns;
	if (gone >= PACE_NS || !used || left < all / 2)
		return 0;
	ns = gone * (left / 2) / used;
	ns = ns < PACE_NS - gone ? ns : PACE_NS - gone;
	p->looked_ns += ns;
	return ns;
}

#endif
