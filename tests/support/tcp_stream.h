/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bytes of a long stream, and where they lie in a frontend's memory.
 *
 * A stream is TCP_STREAM_PIECES pieces of random bytes, again and again. Any window of TCP is much smaller
 * than one round, so bytes that arrive at a wrong place differ. A frontend has each piece in a page of its
 * own, as a guest has; the receiver has a copy of its own, so that the frontend's may be inaccessible.
 */
#ifndef SUPPORT_TCP_STREAM_H
#define SUPPORT_TCP_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "net_backend.h"

enum {
	TCP_STREAM_PIECES = 8191, /* a prime */
	TCP_STREAM_PAGE_BYTES = 4096,
	TCP_STREAM_MEMORY_BYTES = (TCP_STREAM_PIECES + 1) * TCP_STREAM_PAGE_BYTES,
};

/* How pieces lie in their pages. */
struct tcp_layout {
	uint32_t piece_bytes;
	uint32_t shift_bytes; /* from the page's start; with piece_bytes at most a page */
	bool is_scattered;    /* neighbours in the stream are not neighbours in memory */
};

#define TCP_LAYOUT_PAGES      ((struct tcp_layout){TCP_STREAM_PAGE_BYTES, 0, true})
#define TCP_LAYOUT_ODD	      ((struct tcp_layout){4001, 37, true})
#define TCP_LAYOUT_CONTIGUOUS ((struct tcp_layout){TCP_STREAM_PAGE_BYTES, 0, false})

struct tcp_stream {
	struct tcp_layout layout;
	uint64_t round_bytes; /* after these it begins again */
	uint8_t *bytes;	      /* one round, in the stream's order */
};

/* Return: false: no memory. */
bool tcp_stream_open(struct tcp_stream *s, struct tcp_layout layout);
void tcp_stream_close(struct tcp_stream *s);

/* Write the pieces to a frontend's memory of TCP_STREAM_MEMORY_BYTES. */
void tcp_stream_place(const struct tcp_stream *s, uint8_t *memory);

/* The segments of a range of the stream whose memory begins at this guest address; pieces that touch are one
 * segment. Return: how many were written to out, which has room for len / piece_bytes + 2. */
uint32_t tcp_stream_segments(const struct tcp_stream *s, uint64_t memory_addr, uint64_t at,
			     uint32_t len, struct net_tx_segment *out);

/* Compare what was received at an offset of the stream. Return: the first offset that differs, at + len if
 * none does. */
uint64_t tcp_stream_compare(const struct tcp_stream *s, uint64_t at, const uint8_t *got,
			    uint32_t len);

#endif
