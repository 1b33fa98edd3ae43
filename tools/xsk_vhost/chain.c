/* SPDX-License-Identifier: BSD-2-Clause */
#include "chain.h"

#define MOVE_BYTES 512u

/* Walk the string from byte at on, a part of a piece at a time. */
static bool copy(const struct guest_memory *m, const struct ring_piece *pieces, uint32_t count,
		 uint32_t at, void *out, const void *in, uint32_t bytes)
{
	struct chain_place from = chain_skip(pieces, count, at);
	uint32_t i = from.piece, skip = from.offset_bytes, done = 0;

	for (; done < bytes && i < count; i++, skip = 0) {
		uint32_t part = pieces[i].len_bytes - skip;
		uint64_t gpa = pieces[i].gpa + skip;

		if (part > bytes - done)
			part = bytes - done;
		if (out ? !guest_read(m, gpa, (uint8_t *)out + done, part)
			: !guest_write(m, gpa, (const uint8_t *)in + done, part))
			return false;
		done += part;
	}
	return done == bytes;
}

bool chain_read(const struct guest_memory *m, const struct ring_piece *pieces, uint32_t count,
		uint32_t at, void *out, uint32_t bytes)
{
	return copy(m, pieces, count, at, out, NULL, bytes);
}

bool chain_write(const struct guest_memory *m, const struct ring_piece *pieces, uint32_t count,
		 uint32_t at, const void *in, uint32_t bytes)
{
	return copy(m, pieces, count, at, NULL, in, bytes);
}

bool chain_move(const struct guest_memory *m, const struct ring_piece *pieces, uint32_t count,
		uint32_t from, uint32_t to, uint32_t bytes)
{
	uint8_t part[MOVE_BYTES];

	/* What is read lies behind what has been written: forward, a part at a time. */
	for (uint32_t done = 0, n; done < bytes; done += n) {
		n = bytes - done < MOVE_BYTES ? bytes - done : MOVE_BYTES;
		if (!chain_read(m, pieces, count, from + done, part, n) ||
		    !chain_write(m, pieces, count, to + done, part, n))
			return false;
	}
	return true;
}

uint32_t chain_split(const struct guest_memory *m, const struct ring_piece *pieces, uint32_t count,
		     struct ring_piece *out, uint32_t max)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint64_t gpa = pieces[i].gpa, run;
		uint32_t left = pieces[i].len_bytes;

		for (; left; left -= out[n++].len_bytes) {
			if (n == max || !guest_run(m, gpa, &run))
				return 0;
			out[n].gpa = gpa;
			out[n].len_bytes = run < left ? (uint32_t)run : left;
			gpa += out[n].len_bytes;
		}
	}
	return n;
}
