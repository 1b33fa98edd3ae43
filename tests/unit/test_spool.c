// SPDX-License-Identifier: BSD-2-Clause
/* The ring between a queue and the recorder: whole blocks, in order, or counted. */
#include <string.h>

#include <criterion/criterion.h>

#include "support/frame.h"
#include "wrap/spool.h"

enum { SIZE = 4096 };

/* A block of len bytes that carries its number. */
static bool append(struct spool *s, uint32_t number, uint32_t len)
{
	const uint32_t head[3] = {6, len, number};
	uint8_t body[SIZE];

	if (!spool_begin(s, len)) {
		spool_miss(s);
		return false;
	}
	memset(body, (int)number, sizeof(body));
	spool_put(s, head, sizeof(head));
	spool_put(s, body, len - sizeof(head));
	spool_commit(s);
	return true;
}

/* Take up to max bytes and check that they are the blocks from *number on. Return: bytes. */
static uint64_t take(struct spool *s, uint64_t max, uint32_t *number)
{
	struct spool_part parts[2];
	uint64_t bytes = spool_peek(s, max, parts), at = 0, whole;
	uint8_t all[SIZE];
	uint32_t head[3];

	cr_assert(parts[0].len_bytes + parts[1].len_bytes == bytes && bytes <= sizeof(all));
	memcpy(all, parts[0].bytes, parts[0].len_bytes);
	memcpy(all + parts[0].len_bytes, parts[1].bytes, parts[1].len_bytes);
	for (; at < bytes; at += head[1], (*number)++) {
		memcpy(head, all + at, sizeof(head));
		cr_assert(head[0] == 6 && head[2] == *number, "block %u, not %u", head[2], *number);
		cr_assert(all[at + head[1] - 1] == (uint8_t)*number);
	}
	cr_assert(at == bytes);
	spool_count(s, bytes, &whole);
	cr_assert(whole == bytes);
	spool_release(s, bytes);
	return bytes;
}

Test(spool, size_is_rounded_up_to_a_power_of_two)
{
	struct spool *s = spool_open(65537);

	cr_assert(s && s->mask == 131071);
	spool_free(s);
}

Test(spool, blocks_of_any_length_come_out_whole_and_in_order)
{
	struct frame_random r = frame_random(5);
	struct spool *s = spool_open(SIZE);
	uint32_t in = 0, out = 0;

	for (int round = 0; round < 20000; round++) {
		in += append(s, in, 16 + 4 * frame_random_below(&r, 200));
		if (round % 3 == 0)
			take(s, frame_random_below(&r, SIZE), &out);
	}
	while (take(s, UINT64_MAX, &out))
		;
	cr_assert(in == out && spool_missed(s) == 20000 - in && in > 1000 && in < 20000, "%u of %u",
		  out, in);
	spool_free(s);
}

Test(spool, full_ring_misses_and_says_how_many_since_the_last_block)
{
	struct spool *s = spool_open(SIZE);
	uint32_t in = 0, out = 0;

	while (append(s, in, 1024))
		in++;
	cr_assert(in == 4 && spool_missed(s) == 1);
	cr_assert_not(append(s, in, 16));
	cr_assert(s->missed_since == 2);
	cr_assert(take(s, 1, &out) == 1024, "at least one block");
	cr_assert(append(s, in++, 1024) && s->missed_since == 0 && spool_missed(s) == 2);
	cr_assert_not(append(s, in, SIZE + 4), "larger than the ring");
	cr_assert(take(s, 2 * 1024 + 100, &out) == 2 * 1024, "no part of a block");
	cr_assert(take(s, UINT64_MAX, &out) == 2 * 1024 && out == in);
	spool_free(s);
}

Test(spool, block_that_is_not_committed_never_was)
{
	struct spool *s = spool_open(SIZE);
	uint32_t out = 0;

	cr_assert(spool_begin(s, 64));
	spool_put(s, "thrown away", 11);
	cr_assert(take(s, UINT64_MAX, &out) == 0);
	cr_assert(append(s, 0, 64) && take(s, UINT64_MAX, &out) == 64);
	spool_free(s);
}

Test(spool, positions_pass_the_end_of_32_bits)
{
	struct spool *s = spool_open(SIZE);
	uint32_t in = 0, out = 0;

	s->head = s->tail = s->tail_seen = (1ull << 32) - 512;
	for (int i = 0; i < 64; i++) {
		in += append(s, in, 256);
		take(s, UINT64_MAX, &out);
	}
	cr_assert(in == 64 && out == 64 && spool_missed(s) == 0);
	spool_free(s);
}
