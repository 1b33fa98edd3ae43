// SPDX-License-Identifier: BSD-2-Clause
/*
 * Random receive calls against an oracle, over a kernel that publishes its indices late: each id has one
 * owner, the kernel never gets a chunk twice or one that is the frontend's, nothing is lost, and what comes
 * is the frame that was sent, in the buffer that is next, with the metadata that is right. The ids are a
 * guest's: some are bad, some posted twice, their buffers small, large, odd or nowhere.
 *
 * FAKE_KERNEL_STEPS=10000000 unit_test_rx_lists   takes longer; FAKE_KERNEL_SEED repeats a run.
 */
#include <criterion/criterion.h>

#include "support/rx_oracle.h"

enum { STEPS = 100000 };

static void step(struct rx_oracle *r)
{
	switch (rx_oracle_below(8)) {
	case 0:
	case 1:
		rx_oracle_post(r);
		break;
	case 2:
	case 3:
		rx_oracle_poll(r, rx_oracle_below(8) ? 64 : rx_oracle_below(4));
		break;
	case 4:
		rx_oracle_take(r, rx_oracle_below(r->v.ring) + 1);
		break;
	case 5:
		fake_publish(&r->k);
		if (r->v.pieces)
			rx_oracle_lie(r);
		if (rx_oracle_below(8) == 0)
			rx_oracle_recant(r);
		rx_oracle_scribble(r);
		break;
	default:
		rx_oracle_receive_some(r, 1 + rx_oracle_below(40));
		break;
	}
	rx_oracle_balance(r);
}

static void run_steps(struct oracle_variant v, uint64_t usual)
{
	static struct rx_oracle r;
	const uint64_t *c = r.k.queue.counter;
	uint64_t steps = fake_steps(usual);

	rx_oracle_open(&r, v);
	for (uint64_t i = 0; i < steps; i++)
		step(&r);
	rx_oracle_drain(&r);
	/* and it was not for nothing */
	cr_assert_gt(r.delivered, steps / (v.ring < 16 ? 10 : 4), "%lu frames", r.delivered);
	cr_assert(v.sealed || c[NET_XDP_RX_BOUNCED] > steps / 50);
	cr_assert(v.jumbo || c[NET_XDP_RX_DIRECT] > steps / 50);
	cr_assert_gt(c[NET_XDP_RX_REFUSED_ID] + c[NET_XDP_RX_REFUSED_DUPLICATE] +
			     c[NET_XDP_RX_REFUSED_ADDRESS],
		     steps / 10);
	cr_assert(!v.vlan || c[NET_XDP_RX_VLAN] > steps / 50);
	rx_oracle_close(&r);
}

static void run(struct oracle_variant v)
{
	run_steps(v, STEPS);
}

Test(rx_lists, random_calls_unaligned)
{
	run((struct oracle_variant){.unaligned = true, .ring = 64});
}

/* A ring that keeps a gap. */
Test(rx_lists, random_calls_unaligned_large_ring)
{
	run((struct oracle_variant){.unaligned = true, .ring = 256});
}

Test(rx_lists, random_calls_unaligned_small_ring)
{
	run((struct oracle_variant){.unaligned = true, .ring = 4});
}

Test(rx_lists, random_calls_unaligned_zero_copy)
{
	run((struct oracle_variant){.unaligned = true, .zero_copy = true, .ring = 128});
}

Test(rx_lists, random_calls_aligned)
{
	run((struct oracle_variant){.ring = 64});
}

Test(rx_lists, random_calls_aligned_zero_copy)
{
	run((struct oracle_variant){.zero_copy = true, .ring = 256});
}

Test(rx_lists, random_calls_jumbo)
{
	run((struct oracle_variant){.unaligned = true, .jumbo = true, .ring = 64});
}

/* ---- What is asked for besides ------------------------------------------------------------------- */

static void run_short(struct oracle_variant v)
{
	run_steps(v, STEPS / 5);
}

Test(rx_lists, random_calls_frames_over_several_buffers)
{
	run_short((struct oracle_variant){.unaligned = true, .merge = true, .ring = 64});
	run_short((struct oracle_variant){.merge = true, .pieces = true, .ring = 128});
	run_short((struct oracle_variant){
		.unaligned = true, .jumbo = true, .merge = true, .pieces = true, .ring = 64});
}

Test(rx_lists, random_calls_buffers_of_several_pieces)
{
	run_short((struct oracle_variant){.unaligned = true, .pieces = true, .ring = 64});
	run_short((struct oracle_variant){
		.unaligned = true, .jumbo = true, .pieces = true, .ring = 64});
}

Test(rx_lists, random_calls_frames_that_are_looked_at)
{
	static const char *const drivers[] = {"veth", "ice", "tun"};

	for (uint32_t i = 0; i < 9; i++)
		run_short((struct oracle_variant){.unaligned = i % 2,
						  .zero_copy = i / 2 % 2,
						  .jumbo = i % 4 == 1,
						  .vlan = i % 4 != 1,
						  .pieces = i % 2,
						  .merge = i % 3 == 1,
						  .checksum = NET_XDP_RX_CHECKSUM_REPORT + i % 3,
						  .driver = drivers[i / 3],
						  .ring = 64});
}

Test(rx_lists, random_calls_sealed)
{
	run_short((struct oracle_variant){.unaligned = true, .sealed = true, .ring = 64});
	run_short((struct oracle_variant){.zero_copy = true, .sealed = true, .ring = 64});
}
