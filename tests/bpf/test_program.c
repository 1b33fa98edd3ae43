// SPDX-License-Identifier: BSD-2-Clause
/* The XDP programs by BPF_PROG_TEST_RUN: one frame in, one action out, and what was counted. */
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/program_rig.h"
#include "support/tx_rig.h"

enum { LINEAR_BYTES = 3000 }; /* what surely lies in one buffer of a test run */

static void set_mac(struct program_rig *r, uint32_t i, uint64_t mac)
{
	r->object->rodata->host_keeps = 1;
	r->object->rodata->take_macs[i] = mac;
}

/* A destination in memory order, as the program's table has it. */
static uint64_t address(uint32_t i)
{
	const uint8_t bytes[8] = {0x02, 0x10, (uint8_t)i, (uint8_t)~i, 0x99, (uint8_t)(i * 7)};
	uint64_t mac;

	memcpy(&mac, bytes, sizeof(mac));
	return mac;
}

static void to(struct program_rig *r, uint64_t mac)
{
	memcpy(r->frame, &mac, 6);
}

/* ---- Length ----------------------------------------------------------------------------------- */

static void length_limit(bool frags, uint32_t limit, uint32_t longest)
{
	struct program_rig r;
	int fd;

	program_rig_open(&r);
	r.object->rodata->max_frame_bytes = limit;
	program_rig_load(&r, frags);
	fd = program_rig_socket(&r, 0);
	for (uint32_t len = 14; len <= limit; len += len < limit - 20 ? 97 : 1)
		program_rig_expect(&r, len < limit ? len : limit, 0, PROGRAM_REDIRECTED);
	program_rig_expect(&r, limit, 0, PROGRAM_REDIRECTED);
	program_rig_expect(&r, limit + 1, 0, PROGRAM_TOO_LONG);
	program_rig_expect(&r, limit + 2, 0, PROGRAM_TOO_LONG);
	program_rig_expect(&r, longest, 0, PROGRAM_TOO_LONG);
	/* Dropped even when the host would have got it: the queue is taken, the frame is ours. */
	program_rig_expect(&r, longest, 1, PROGRAM_TOO_LONG);
	close(fd);
	program_rig_close(&r);
}

Test(program, frame_at_the_limit_is_redirected_and_one_byte_more_is_dropped)
{
	length_limit(false, 1518, LINEAR_BYTES);
}

Test(program, smallest_limit_is_exact)
{
	length_limit(false, 64, LINEAR_BYTES);
}

Test(program, frags_in_one_buffer_has_the_same_limit)
{
	length_limit(true, 1518, LINEAR_BYTES);
}

/* The limit is on the whole frame, of which the first buffer holds only a part. */
Test(program, frags_over_several_buffers_limit_counts_all_of_them)
{
	length_limit(true, 9018, 15000);
}

Test(program, frags_limit_just_over_one_buffer_is_exact)
{
	struct program_rig r;

	program_rig_open(&r);
	r.object->rodata->max_frame_bytes = 4000;
	program_rig_load(&r, true);
	program_rig_expect(&r, 4000, 0, PROGRAM_PASSED);
	program_rig_expect(&r, 4001, 0, PROGRAM_TOO_LONG);
	program_rig_expect(&r, 9000, 0, PROGRAM_TOO_LONG);
	program_rig_close(&r);
}

/* Nothing shorter than its header reaches a program, so reading six bytes is all that is to fear. */
Test(program, shortest_frame_is_judged_and_the_kernel_runs_none_shorter)
{
	struct program_rig r;

	program_rig_open(&r);
	r.object->rodata->take_mac_count = 1;
	set_mac(&r, 0, address(1));
	program_rig_load(&r, false);
	to(&r, address(1));
	program_rig_expect(&r, 14, 0, PROGRAM_PASSED);
	to(&r, address(2));
	program_rig_expect(&r, 14, 0, PROGRAM_KEPT);
	for (uint32_t len = 1; len < 14; len++)
		cr_assert_eq(program_rig_run(&r, len, 0), -EINVAL, "%u bytes", len);
	program_rig_close(&r);
}

/* ---- Keep-list -------------------------------------------------------------------------------- */

static void sixteen_macs(struct program_rig *r, bool frags)
{
	program_rig_open(r);
	r->object->rodata->take_mac_count = TAKE_MACS;
	for (uint32_t i = 0; i < TAKE_MACS; i++)
		set_mac(r, i, address(i));
	r->object->rodata->max_frame_bytes = 9018;
	program_rig_load(r, frags);
}

static void keep_list(bool frags, uint32_t len)
{
	struct program_rig r;
	int fd;

	sixteen_macs(&r, frags);
	fd = program_rig_socket(&r, 0);
	for (uint32_t i = 0; i < TAKE_MACS; i++) {
		to(&r, address(i));
		program_rig_expect(&r, len, 0, PROGRAM_REDIRECTED);
	}
	to(&r, address(TAKE_MACS));
	program_rig_expect(&r, len, 0, PROGRAM_KEPT);
	to(&r, 0);
	program_rig_expect(&r, len, 0, PROGRAM_KEPT);
	to(&r, 0xffffffffffff); /* broadcast is the host's unless it is listed */
	program_rig_expect(&r, len, 0, PROGRAM_KEPT);
	to(&r, 0x0100005e0001); /* multicast likewise */
	program_rig_expect(&r, len, 0, PROGRAM_KEPT);
	close(fd);
	program_rig_close(&r);
}

Test(program, each_of_sixteen_listed_macs_is_taken_and_no_other)
{
	keep_list(false, 60);
}

Test(program, frags_keep_list_looks_at_the_first_buffer)
{
	keep_list(true, 60);
	keep_list(true, 9000);
}

Test(program, mac_that_differs_in_any_one_bit_is_kept)
{
	struct program_rig r;

	sixteen_macs(&r, false);
	for (uint32_t bit = 0; bit < 48; bit++) {
		to(&r, address(TAKE_MACS - 1) ^ 1ull << bit);
		program_rig_expect(&r, 60, 0, PROGRAM_KEPT);
	}
	/* What follows the address does not belong to it. */
	for (uint32_t byte = 0; byte < 256; byte += 5) {
		to(&r, address(TAKE_MACS - 1));
		r.frame[6] = r.frame[7] = (uint8_t)byte;
		program_rig_expect(&r, 60, 0, PROGRAM_PASSED);
	}
	program_rig_close(&r);
}

Test(program, entries_behind_the_count_are_not_looked_at)
{
	struct program_rig r;

	program_rig_open(&r);
	r.object->rodata->take_mac_count = 2;
	for (uint32_t i = 0; i < 4; i++)
		set_mac(&r, i, address(i));
	program_rig_load(&r, false);
	for (uint32_t i = 0; i < 4; i++) {
		to(&r, address(i));
		program_rig_expect(&r, 60, 0, i < 2 ? PROGRAM_PASSED : PROGRAM_KEPT);
	}
	to(&r, 0); /* as the rest of the table reads */
	program_rig_expect(&r, 60, 0, PROGRAM_KEPT);
	program_rig_close(&r);
}

Test(program, listed_broadcast_is_taken)
{
	struct program_rig r;

	program_rig_open(&r);
	r.object->rodata->take_mac_count = 1;
	set_mac(&r, 0, 0xffffffffffff);
	program_rig_load(&r, false);
	to(&r, 0xffffffffffff);
	program_rig_expect(&r, 60, 0, PROGRAM_PASSED);
	to(&r, 0xfeffffffffff);
	program_rig_expect(&r, 60, 0, PROGRAM_KEPT);
	program_rig_close(&r);
}

/* The limit is ours; the host may receive what it likes. */
Test(program, kept_frame_may_be_of_any_length)
{
	struct program_rig r;

	program_rig_open(&r);
	r.object->rodata->take_mac_count = 1;
	set_mac(&r, 0, address(0));
	program_rig_load(&r, false);
	to(&r, address(1));
	program_rig_expect(&r, LINEAR_BYTES, 0, PROGRAM_KEPT);
	to(&r, address(0));
	program_rig_expect(&r, LINEAR_BYTES, 0, PROGRAM_TOO_LONG);
	program_rig_close(&r);
}

/* ---- Queues ----------------------------------------------------------------------------------- */

static void by_queue(bool frags, uint32_t len)
{
	int fds[PROGRAM_RIG_QUEUES] = {-1, -1, -1, -1};
	struct program_rig r;

	program_rig_open(&r);
	r.object->rodata->max_frame_bytes = 9018;
	program_rig_load(&r, frags);
	for (uint32_t mask = 0; mask < 1 << PROGRAM_RIG_QUEUES; mask++) {
		for (uint32_t q = 0; q < PROGRAM_RIG_QUEUES; q++) {
			/* A socket that is closed leaves the map by itself. */
			if (fds[q] >= 0 && !(mask >> q & 1)) {
				close(fds[q]);
				fds[q] = -1;
			} else if (fds[q] < 0 && mask >> q & 1) {
				fds[q] = program_rig_socket(&r, q);
			}
		}
		for (uint32_t q = 0; q < PROGRAM_RIG_QUEUES; q++)
			program_rig_expect(&r, len, q,
					   mask >> q & 1 ? PROGRAM_REDIRECTED : PROGRAM_PASSED);
	}
	program_rig_close(&r);
}

Test(program, frame_goes_to_its_queues_socket_and_to_the_host_without_one)
{
	by_queue(false, 60);
}

Test(program, frags_goes_to_its_queues_socket_and_to_the_host_without_one)
{
	by_queue(true, 60);
	by_queue(true, 9000);
}

Test(program, queue_beyond_the_map_goes_to_the_host)
{
	struct program_rig r;

	program_rig_open(&r);
	cr_assert_eq(bpf_map__set_max_entries(r.object->maps.xsks, 2), 0);
	program_rig_load(&r, false);
	program_rig_socket(&r, 1);
	program_rig_expect(&r, 60, 1, PROGRAM_REDIRECTED);
	program_rig_expect(&r, 60, 2, PROGRAM_PASSED);
	program_rig_expect(&r, 60, 3, PROGRAM_PASSED);
	program_rig_close(&r);
}

/* ---- Counters --------------------------------------------------------------------------------- */

Test(program, counters_are_exact_over_all_cpus)
{
	struct frame_random random = frame_random(3);
	struct program_rig r;

	sixteen_macs(&r, true);
	program_rig_socket(&r, 1);
	for (uint32_t i = 0; i < 2000; i++) {
		uint32_t pick = frame_random_below(&random, TAKE_MACS + 2);
		uint32_t len = 14 + frame_random_below(&random, 12000);
		uint32_t queue = frame_random_below(&random, PROGRAM_RIG_QUEUES);

		if (i % 100 == 0)
			tx_rig_pin(i / 100);
		to(&r, address(pick));
		program_rig_expect(&r, len, queue,
				   pick >= TAKE_MACS ? PROGRAM_KEPT
				   : len > 9018	     ? PROGRAM_TOO_LONG
				   : queue == 1	     ? PROGRAM_REDIRECTED
						     : PROGRAM_PASSED);
	}
	for (uint32_t i = 0; i < PROGRAM_COUNTERS; i++)
		cr_assert(r.expected[i] > 100, "action %u hardly occurred", i);
	program_rig_close(&r);
}
