// SPDX-License-Identifier: BSD-2-Clause
/* When a worker sleeps by the clock. */
#include <criterion/criterion.h>

#include "xsk_vhost/pace.h"

static struct pace pace;

/* The first look at a stream is behind: no sleep by the clock follows from it. */
static void begin(uint64_t now_ns)
{
	pace = (struct pace){0};
	cr_assert(pace_is_stream(&pace, PACE_FRAMES, 0));
	cr_assert_eq(pace_ns(&pace, now_ns, PACE_FRAMES, 256, 256), 0);
}

Test(vhost_pace, a_stream_is_so_many_frames_without_a_word_of_the_guest)
{
	pace = (struct pace){0};
	for (uint64_t i = 1; i < PACE_FRAMES; i++)
		cr_assert_not(pace_is_stream(&pace, i, 0), "%d", (int)i);
	cr_assert(pace_is_stream(&pace, PACE_FRAMES, 0));
	cr_assert(pace_is_stream(&pace, PACE_FRAMES + 1, 0));
	cr_assert_not(pace_is_stream(&pace, PACE_FRAMES + 1, 0), "nothing came");
	cr_assert_not(pace_is_stream(&pace, 2 * PACE_FRAMES, 1), "it sent something");
	cr_assert_not(pace_is_stream(&pace, 3 * PACE_FRAMES - 1, 1), "and not long ago");
	cr_assert(pace_is_stream(&pace, 3 * PACE_FRAMES, 1));
}

/* Who is asked and answers, each time, never waits. */
Test(vhost_pace, questions_and_answers_are_no_stream)
{
	pace = (struct pace){0};
	for (uint64_t i = 1; i < 1000; i++) {
		cr_assert_not(pace_is_stream(&pace, 3 * i, i - 1));
		cr_assert_not(pace_is_stream(&pace, 3 * i, i));
	}
}

Test(vhost_pace, looks_are_so_far_apart)
{
	uint64_t now = 1000000000, ns;

	begin(now);
	for (int i = 0; i < 1000; i++) {
		now += 7000;
		ns = pace_ns(&pace, now, 3, 253, 256);
		cr_assert_eq(ns, PACE_NS - 7000);
		now += ns;
	}
	cr_assert_eq(pace_ns(&pace, now + PACE_NS, 100, 156, 256), 0, "they are, without a sleep");
	cr_assert_eq(pace_ns(&pace, now + PACE_NS + 1000, 0, 256, 256), 0, "nothing came");
}

/* 10 buffers in 10 us: 20 of 40 more are filled in 20 us. */
Test(vhost_pace, half_of_the_buffers_are_left)
{
	begin(1000000000);
	cr_assert_eq(pace_ns(&pace, 1000010000, 10, 40, 50), 20000);
	cr_assert_eq(pace_ns(&pace, 1000040000, 10, 1, 2), 0);
	cr_assert_eq(pace_ns(&pace, 1000050000, 10, 0, 1), 0);
}

/* Who has to wait for buffers anyway gets each frame as soon as there is one. */
Test(vhost_pace, a_guest_that_falls_behind_is_not_waited_for)
{
	begin(1000000000);
	cr_assert_eq(pace_ns(&pace, 1000010000, 10, 128, 256), 64000);
	begin(1000000000);
	cr_assert_eq(pace_ns(&pace, 1000010000, 10, 127, 256), 0);
}

Test(vhost_pace, the_largest_numbers_do_not_wrap)
{
	begin(UINT64_MAX - 2 * PACE_NS);
	cr_assert_eq(pace_ns(&pace, UINT64_MAX - PACE_NS - 1, 1, UINT32_MAX, UINT32_MAX), 1);
}
