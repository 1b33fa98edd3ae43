// SPDX-License-Identifier: BSD-2-Clause
/*
 * Random transmit lists, some packets of them bad, against an oracle, over a kernel that publishes its
 * indices late: every packet is on the wire or dropped, in order and by itself, and completes once.
 *
 * FAKE_KERNEL_STEPS=10000000 unit_test_tx_lists   takes longer; FAKE_KERNEL_SEED repeats a run.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "support/tx_oracle.h"

enum { BYTES = 1 << 20, STEPS = 100000, PACKETS = 100 };

static uint32_t below(uint32_t n)
{
	return (uint32_t)rand() % n;
}

static void step(struct tx_oracle *r)
{
	switch (below(8)) {
	case 0:
	case 1:
		if (r->offered == r->list.count)
			tx_oracle_list(r);
		tx_oracle_offer(r);
		break;
	case 2:
	case 3:
		tx_oracle_transmit(r, 1 + below(TX_ORACLE_RING));
		break;
	case 4:
	case 5: /* long stretches in order, which are what is usual, and some that are not */
		tx_oracle_complete(r, 1 + below(TX_ORACLE_RING), r->ids / 2000 % 4 != 3);
		break;
	case 6:
		fake_publish(&r->k);
		break;
	default:
		tx_oracle_collect(r, 1 + below(TX_ORACLE_RING));
		break;
	}
	/* What the queue thinks is in flight the kernel has, in one ring or the other. */
	cr_assert_leq(r->held_count, inflight_count(&r->k.queue.tx_inflight));
}

static void run(struct tx_variant v)
{
	static struct tx_oracle r;
	const uint64_t *c = r.k.queue.counter;
	uint64_t steps = fake_steps(STEPS);

	v.bytes = BYTES;
	v.packets = PACKETS;
	tx_oracle_open(&r, v);
	for (uint64_t i = 0; i < steps; i++)
		step(&r);
	tx_oracle_drain(&r);
	cr_assert_eq(r.completed, r.ids, "%u of %u packets completed", r.completed, r.ids);
	cr_assert_eq(r.accepted, r.ids);
	cr_assert_eq(c[NET_XDP_TX_PACKETS], r.wire);
	cr_assert_eq(c[NET_XDP_TX_DIRECT] + c[NET_XDP_TX_SPLIT] + c[NET_XDP_TX_BOUNCED], r.wire);
	cr_assert_eq(c[NET_XDP_TX_ACCEPTED], r.ids);
	cr_assert_gt(c[NET_XDP_TX_BOUNCED], steps / 100);
	cr_assert_gt(r.wire, steps / 4, "%lu packets", r.wire);
	cr_assert_eq(c[NET_XDP_TX_UNKNOWN], 0);
	cr_assert_eq(inflight_count(&r.k.queue.tx_inflight), 0);
	cr_assert_eq(r.k.queue.tx_records.free_count, v.flight, "every record came back");
	cr_assert_eq(r.k.queue.tx_private.free_count, 8, "every private slot came back");
	tx_oracle_close(&r);
}

Test(tx_lists, random_lists_unaligned)
{
	run((struct tx_variant){.unaligned = true, .flight = TX_ORACLE_RING});
}

Test(tx_lists, random_lists_unaligned_zero_copy)
{
	run((struct tx_variant){.unaligned = true, .zero_copy = true, .flight = TX_ORACLE_FLIGHT});
}

Test(tx_lists, random_lists_aligned)
{
	run((struct tx_variant){.flight = 2 * TX_ORACLE_RING});
}

Test(tx_lists, random_lists_jumbo)
{
	run((struct tx_variant){.unaligned = true, .jumbo = true, .flight = TX_ORACLE_FLIGHT});
}
