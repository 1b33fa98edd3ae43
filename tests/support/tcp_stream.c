// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include "support/tcp_stream.h"

enum { SCATTER = 3001 }; /* pages from one piece to the next */

/* Where in the memory a piece lies. */
static uint64_t piece_at(const struct tcp_layout *layout, uint64_t piece)
{
	uint64_t page = layout->is_scattered ? piece * SCATTER % TCP_STREAM_PIECES : piece;

	return page * TCP_STREAM_PAGE_BYTES + layout->shift_bytes;
}

bool tcp_stream_open(struct tcp_stream *s, struct tcp_layout layout)
{
	uint64_t random = 0x9e3779b97f4a7c15u;

	*s = (struct tcp_stream){
		.layout = layout,
		.round_bytes = (uint64_t)TCP_STREAM_PIECES * layout.piece_bytes,
	};
	s->bytes = malloc(s->round_bytes + sizeof(random));
	if (!s->bytes)
		return false;
	for (uint64_t at = 0; at < s->round_bytes; at += sizeof(random)) {
		random ^= random << 13; /* xorshift64 */
		random ^= random >> 7;
		random ^= random << 17;
		memcpy(s->bytes + at, &random, sizeof(random));
	}
	return true;
}

void tcp_stream_close(struct tcp_stream *s)
{
	free(s->bytes);
	*s = (struct tcp_stream){0};
}

void tcp_stream_place(const struct tcp_stream *s, uint8_t *memory)
{
	for (uint64_t i = 0; i < TCP_STREAM_PIECES; i++)
		memcpy(memory + piece_at(&s->layout, i), s->bytes + i * s->layout.piece_bytes,
		       s->layout.piece_bytes);
}

uint32_t tcp_stream_segments(const struct tcp_stream *s, uint64_t memory_addr, uint64_t at,
			     uint32_t len, struct net_tx_segment *out)
{
	uint64_t in_round = at % s->round_bytes, piece = in_round / s->layout.piece_bytes, addr;
	uint32_t within = (uint32_t)(in_round % s->layout.piece_bytes), count = 0;

	while (len) {
		uint32_t n = s->layout.piece_bytes - within;

		if (n > len)
			n = len;
		addr = memory_addr + piece_at(&s->layout, piece) + within;
		if (count && out[count - 1].addr + out[count - 1].len_bytes == addr)
			out[count - 1].len_bytes += n;
		else
			out[count++] = (struct net_tx_segment){.addr = addr, .len_bytes = n};
		len -= n;
		within = 0;
		piece = piece + 1 < TCP_STREAM_PIECES ? piece + 1 : 0;
	}
	return count;
}

uint64_t tcp_stream_compare(const struct tcp_stream *s, uint64_t at, const uint8_t *got,
			    uint32_t len)
{
	while (len) {
		uint64_t in_round = at % s->round_bytes, left = s->round_bytes - in_round;
		uint32_t n = left < len ? (uint32_t)left : len, same = 0;

		if (memcmp(s->bytes + in_round, got, n)) {
			while (got[same] == s->bytes[in_round + same])
				same++;
			return at + same;
		}
		at += n;
		got += n;
		len -= n;
	}
	return at;
}
