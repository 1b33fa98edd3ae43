// SPDX-License-Identifier: BSD-2-Clause
#include <criterion/criterion.h>
#include <string.h>

#include "support/record_rig.h"

void record_rig_open(struct record_rig *r)
{
	memset(r, 0, sizeof(*r));
	cr_assert_eq(bounce_open(&r->slots, RECORD_RIG_SLOTS_AT, RECORD_RIG_SLOTS,
				 RECORD_RIG_SLOT_BYTES),
		     0);
	cr_assert_eq(inflight_open(&r->inflight, RECORD_RIG_FLIGHT), 0);
	cr_assert_eq(tx_records_open(&r->records, RECORD_RIG_FLIGHT, &r->slots, &r->frames), 0);
	r->inflight.head = r->inflight.tail = RECORD_RIG_START;
	r->producer = r->consumer = RECORD_RIG_START;
	r->tx = (struct ring){
		.mine = r->producer,
		.theirs = r->consumer,
		.mask = RECORD_RIG_RING - 1,
		.entries = RECORD_RIG_RING,
		.entry = r->entry,
		.own = &r->producer,
		.other = &r->consumer,
	};
}

void record_rig_close(struct record_rig *r)
{
	tx_records_close(&r->records);
	inflight_close(&r->inflight);
	bounce_close(&r->slots);
}

uint32_t record_rig_room(const struct record_rig *r)
{
	uint32_t ring = RECORD_RIG_RING - (r->tx.mine - r->consumer),
		 flight = inflight_room(&r->inflight);

	return ring < flight ? ring : flight;
}

bool record_rig_draft(struct record_rig *r, struct tx_draft *d, uint32_t id)
{
	return tx_record_open(d, &r->records, &r->tx, &r->inflight, id, record_rig_room(r));
}

void record_rig_expect_empty(const struct record_rig *r)
{
	cr_assert_eq(r->records.free_count, RECORD_RIG_FLIGHT, "%u records", r->records.free_count);
	cr_assert_eq(r->slots.free_count, RECORD_RIG_SLOTS, "%u slots", r->slots.free_count);
	cr_assert_eq(inflight_count(&r->inflight), 0);
	for (uint32_t i = 0; i < RECORD_RIG_FLIGHT; i++)
		cr_assert_eq(r->records.record[i].descriptors, 0);
}
