// SPDX-License-Identifier: BSD-2-Clause
/* A chain's pieces as one string, against the same string in one piece. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/frame.h"
#include "xsk_vhost/chain.h"

/* Two regions that follow one another without a gap, and one behind a hole. */
enum { PAGE = 4096, REGION = 4 * PAGE, BEHIND = 3 * REGION, PIECES = 12 };
#define GPA 0x40000ull

static struct guest_memory memory;
static uint8_t model[BEHIND + REGION];

static void set_up(void)
{
	struct vhost_memory_region regions[3] = {
		{GPA, REGION, 0x1000000, 0},
		{GPA + REGION, REGION, 0x2000000, REGION},
		{GPA + BEHIND, REGION, 0x3000000, 2 * REGION},
	};
	int fd = memfd_create("chain", MFD_CLOEXEC), fds[3] = {fd, fd, fd};
	struct net_error err;

	cr_assert_eq(ftruncate(fd, 3 * REGION), 0);
	cr_assert(guest_memory_set(&memory, regions, fds, 3, &err) >= 0, "%s", err.message);
	close(fd);
}

TestSuite(vhost_chain, .init = set_up);

static bool is_memory(uint64_t at, uint64_t len)
{
	return at + len <= 2 * REGION || (at >= BEHIND && at + len <= BEHIND + REGION);
}

/* Pieces anywhere, most of them within the memory. Return: do all of them lie in it? */
static bool random_pieces(struct frame_random *random, struct ring_piece *pieces, uint32_t count)
{
	bool inside = true;

	for (uint32_t i = 0; i < count; i++) {
		uint64_t at = frame_random_below(random, 8)
				      ? frame_random_below(random, 2 * REGION - 700)
				      : frame_random_below(random, BEHIND + REGION + 500);

		pieces[i].gpa = GPA + at;
		pieces[i].len_bytes = 1 + frame_random_below(random, 700);
		inside &= is_memory(at, pieces[i].len_bytes);
	}
	return inside;
}

static uint32_t total(const struct ring_piece *pieces, uint32_t count)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < count; i++)
		sum += pieces[i].len_bytes;
	return sum;
}

Test(vhost_chain, a_place_is_where_the_bytes_in_front_end)
{
	static const struct ring_piece p[] = {{0, 5}, {0, 7}, {0, 100}};
	static const struct {
		uint32_t bytes, piece, offset;
	} rows[] = {{0, 0, 0}, {4, 0, 4}, {5, 1, 0}, {11, 1, 6}, {12, 2, 0}, {111, 2, 99}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct chain_place at = chain_skip(p, 3, rows[i].bytes);

		cr_expect_eq(at.piece, rows[i].piece, "%u", rows[i].bytes);
		cr_expect_eq(at.offset_bytes, rows[i].offset, "%u", rows[i].bytes);
	}
	cr_expect_eq(chain_skip(p, 3, 112).piece, 3);
	cr_expect_eq(chain_skip(p, 3, 4000).piece, 3);
	cr_expect_eq(chain_skip(p, 0, 0).piece, 0);
}

Test(vhost_chain, what_is_written_is_read_again_and_nothing_beside_it)
{
	struct frame_random random = frame_random(3);
	static uint8_t in[PIECES * 700], out[PIECES * 700 + 1], now[BEHIND + REGION];
	uint32_t done = 0, refused = 0;

	for (int i = 0; i < 20000; i++) {
		uint32_t count = 1 + frame_random_below(&random, PIECES), len, at, n;
		struct ring_piece p[PIECES];
		bool inside = random_pieces(&random, p, count);
		uint32_t k = 0;

		len = total(p, count);
		at = frame_random_below(&random, len);
		n = frame_random_below(&random, len - at + 1);
		frame_random_bytes(&random, in, n);
		if (!inside) {
			refused += !chain_read(&memory, p, count, 0, out, len);
			continue;
		}
		cr_assert(chain_write(&memory, p, count, at, in, n));
		cr_assert_not(chain_read(&memory, p, count, at, out, len - at + 1));
		for (uint32_t skip = at, j = 0; j < count && k < n; j++)
			for (uint32_t b = 0; b < p[j].len_bytes; b++) {
				if (skip) {
					skip--;
					continue;
				}
				if (k < n)
					model[p[j].gpa - GPA + b] = in[k++];
			}
		done++;
	}
	cr_assert(done > 5000 && refused > 1000, "%u %u", done, refused);
	cr_assert(guest_read(&memory, GPA, now, 2 * REGION));
	cr_assert(guest_read(&memory, GPA + BEHIND, now + BEHIND, REGION));
	cr_assert_arr_eq(now, model, 2 * REGION);
	cr_assert_arr_eq(now + BEHIND, model + BEHIND, REGION);
}

Test(vhost_chain, bytes_move_forward_over_pieces)
{
	struct frame_random random = frame_random(4);
	static uint8_t before[PIECES * 700], after[PIECES * 700];

	for (int i = 0; i < 5000; i++) {
		uint32_t count = 1 + frame_random_below(&random, PIECES), len, from, to, n;
		struct ring_piece p[PIECES];

		for (uint32_t k = 0; k < count; k++) /* apart, so that no byte is in two pieces */
			p[k] = (struct ring_piece){GPA + k * 1000 + REGION - 6000,
						   1 + frame_random_below(&random, 700)};
		len = total(p, count);
		if (len < 3)
			continue;
		from = 1 + frame_random_below(&random, len - 1);
		to = frame_random_below(&random, from);
		n = frame_random_below(&random, len - from + 1);
		frame_random_bytes(&random, before, len);
		cr_assert(chain_write(&memory, p, count, 0, before, len));
		cr_assert(chain_move(&memory, p, count, from, to, n));
		memmove(before + to, before + from, n);
		cr_assert(chain_read(&memory, p, count, 0, after, len));
		cr_assert_arr_eq(after, before, len);
	}
}

Test(vhost_chain, split_pieces_lie_in_one_region_each)
{
	struct frame_random random = frame_random(6);
	struct ring_piece p[PIECES], split[2 * PIECES];
	uint32_t cut = 0;

	for (int i = 0; i < 20000; i++) {
		uint32_t count = 1 + frame_random_below(&random, PIECES), n, k = 0;
		bool inside = random_pieces(&random, p, count);

		n = chain_split(&memory, p, count, split, 2 * PIECES);
		cr_assert_eq(n != 0, inside);
		cut += n > count;
		for (uint32_t j = 0; inside && j < count; j++)
			for (uint32_t done = 0; done < p[j].len_bytes;
			     done += split[k++].len_bytes) {
				uint64_t at = split[k].gpa - GPA;

				cr_assert_eq(split[k].gpa, p[j].gpa + done);
				cr_assert_eq(at / REGION, (at + split[k].len_bytes - 1) / REGION);
			}
		cr_assert(!inside || k == n);
		if (n > 1)
			cr_assert_eq(chain_split(&memory, p, count, split, n - 1), 0);
	}
	cr_assert(cut > 100, "%u", cut);
}
