// SPDX-License-Identifier: BSD-2-Clause
/* Transmit records by themselves: n wire packets and m private slots for one id. */
#include <criterion/criterion.h>
#include <string.h>

#include "support/frame.h"
#include "support/record_rig.h"

#define START RECORD_RIG_START
#define NO_ID UINT32_MAX

enum { FLIGHT = RECORD_RIG_FLIGHT, SLOTS = RECORD_RIG_SLOTS, SLOT_BYTES = RECORD_RIG_SLOT_BYTES };

/* A wire packet as segmentation makes it: headers in a slot, two pieces in the frontend's memory. */
static bool add_wire_packet(struct record_rig *r, struct tx_draft *d, uint64_t payload)
{
	uint64_t slot = bounce_take(&r->slots);

	if (slot == BOUNCE_NONE)
		return false;
	tx_record_add_slot(d, slot);
	if (!tx_record_add_descriptor(d, slot + 24, 54) ||
	    !tx_record_add_descriptor(d, payload, 1000) ||
	    !tx_record_add_descriptor(d, payload + 4096, 448))
		return false;
	tx_record_end_packet(d);
	return true;
}

/* The address completes. Returns its owner's id if it was the last one, NO_ID otherwise. */
static uint32_t complete(struct record_rig *r, uint64_t address)
{
	const struct inflight_entry *e = inflight_take(&r->inflight, address >> 1);
	uint32_t id;

	cr_assert_not_null(e, "0x%lx is not in flight", address);
	return tx_record_complete(&r->records, e->record, &id) ? id : NO_ID;
}

static void name(void *context, uint32_t id)
{
	uint32_t *sum = context;

	*sum += id;
}

static uint32_t sum_of_ids(const struct record_rig *r)
{
	uint32_t sum = 0;

	tx_records_each(&r->records, name, &sum);
	return sum;
}

/* ---- One record ------------------------------------------------------------------------------- */

enum { PACKETS = 3, PIECES = 3 * PACKETS };

Test(tx_record, packets_and_slots_come_back_with_the_last_descriptor_in_any_order)
{
	struct frame_random random = frame_random(7);
	struct record_rig r;

	record_rig_open(&r);
	for (uint32_t round = 0; round < 200; round++) {
		uint64_t left[PIECES];
		struct tx_draft d;
		uint32_t first = r.tx.mine;

		cr_assert(record_rig_draft(&r, &d, 1000 + round));
		for (uint32_t i = 0; i < PACKETS; i++)
			cr_assert(add_wire_packet(&r, &d, RECORD_RIG_PAYLOAD + i * 8192));
		cr_assert_eq(sum_of_ids(&r), 0, "a draft is not in flight");
		cr_assert(tx_record_commit(&d));
		cr_assert_eq(r.tx.mine - first, PIECES);
		cr_assert_eq(sum_of_ids(&r), 1000 + round);
		for (uint32_t i = 0; i < PIECES; i++) {
			const struct xdp_desc *desc = ring_descriptor(&r.tx, first + i);

			cr_assert_eq(desc->options, i % 3 == 2 ? 0 : XDP_PKT_CONTD);
			left[i] = desc->addr;
		}
		r.consumer = r.tx.mine;
		for (uint32_t n = PIECES; n; n--) {
			uint32_t pick = round ? frame_random_below(&random, n) : 0;
			uint32_t id = complete(&r, left[pick]);

			cr_assert_eq(id, n == 1 ? 1000 + round : NO_ID);
			cr_assert_eq(r.slots.free_count, n == 1 ? SLOTS : SLOTS - PACKETS);
			left[pick] = left[n - 1];
		}
		cr_assert_eq(tx_records_take_more(&r.records), PACKETS - 1);
		cr_assert_eq(tx_records_take_more(&r.records), 0);
		record_rig_expect_empty(&r);
	}
	record_rig_close(&r);
}

Test(tx_record, last_packet_is_ended_by_commit_and_empty_ones_do_not_count)
{
	struct tx_draft d;
	struct record_rig r;

	record_rig_open(&r);
	cr_assert(record_rig_draft(&r, &d, 3));
	tx_record_end_packet(&d);
	cr_assert(tx_record_add_descriptor(&d, RECORD_RIG_PAYLOAD, 60));
	tx_record_end_packet(&d);
	tx_record_end_packet(&d);
	cr_assert(tx_record_add_descriptor(&d, RECORD_RIG_PAYLOAD + 2, 60));
	cr_assert(tx_record_commit(&d));
	for (uint32_t i = 0; i < 2; i++)
		cr_assert_eq(ring_descriptor(&r.tx, START + i)->options, 0);
	cr_assert_eq(complete(&r, RECORD_RIG_PAYLOAD + 2), NO_ID);
	cr_assert_eq(complete(&r, RECORD_RIG_PAYLOAD), 3);
	cr_assert_eq(tx_records_take_more(&r.records), 1);
	record_rig_expect_empty(&r);
	record_rig_close(&r);
}

Test(tx_record, abort_at_any_step_gives_everything_back)
{
	struct tx_draft d;
	struct record_rig r;

	record_rig_open(&r);
	for (uint32_t packets = 0; packets <= PACKETS; packets++) {
		for (uint32_t more = 0; more < 3; more++) {
			cr_assert(record_rig_draft(&r, &d, 5));
			for (uint32_t i = 0; i < packets; i++)
				cr_assert(add_wire_packet(&r, &d, RECORD_RIG_PAYLOAD + i * 8192));
			if (more)
				tx_record_add_slot(&d, bounce_take(&r.slots));
			if (more == 2)
				cr_assert(tx_record_add_descriptor(&d, RECORD_RIG_PAYLOAD, 1));
			tx_record_abort(&d);
			record_rig_expect_empty(&r);
			cr_assert_eq(r.tx.mine, START);
			cr_assert_eq(r.inflight.tail, START);
		}
	}
	record_rig_close(&r);
}

Test(tx_record, commit_without_a_descriptor_is_an_abort)
{
	struct tx_draft d;
	struct record_rig r;

	record_rig_open(&r);
	cr_assert(record_rig_draft(&r, &d, 5));
	tx_record_add_slot(&d, bounce_take(&r.slots));
	cr_assert_not(tx_record_commit(&d));
	record_rig_expect_empty(&r);
	cr_assert_eq(r.tx.mine, START);
	record_rig_close(&r);
}

/* ---- Limits ----------------------------------------------------------------------------------- */

Test(tx_record, slots_used_up_abort_the_record_and_leave_the_others)
{
	struct tx_draft d;
	uint32_t packets = 0;
	struct record_rig r;

	record_rig_open(&r);
	cr_assert(record_rig_draft(&r, &d, 1));
	for (uint32_t i = 0; i < 5; i++)
		cr_assert(add_wire_packet(&r, &d, RECORD_RIG_PAYLOAD + i * 8192));
	cr_assert(tx_record_commit(&d));
	cr_assert(record_rig_draft(&r, &d, 2));
	while (r.slots.free_count) {
		uint64_t slot = bounce_take(&r.slots);

		tx_record_add_slot(&d, slot);
		cr_assert(tx_record_add_descriptor(&d, slot, 1));
		tx_record_end_packet(&d);
		packets++;
	}
	cr_assert_eq(packets, SLOTS - 5);
	cr_assert_not(add_wire_packet(&r, &d, RECORD_RIG_PAYLOAD));
	tx_record_abort(&d);
	cr_assert_eq(r.slots.free_count, SLOTS - 5);
	cr_assert_eq(inflight_count(&r.inflight), 15);
	cr_assert_eq(sum_of_ids(&r), 1);
	record_rig_close(&r);
}

Test(tx_record, descriptor_beyond_the_room_is_not_written)
{
	struct tx_draft d;
	struct record_rig r;

	record_rig_open(&r);
	cr_assert(tx_record_open(&d, &r.records, &r.tx, &r.inflight, 1, 2));
	cr_assert(tx_record_add_descriptor(&d, RECORD_RIG_PAYLOAD, 60));
	cr_assert(tx_record_add_descriptor(&d, RECORD_RIG_PAYLOAD + 2, 61));
	cr_assert_not(tx_record_add_descriptor(&d, RECORD_RIG_PAYLOAD + 4, 62));
	cr_assert_eq(ring_descriptor(&r.tx, START + 2)->len, 0);
	cr_assert(tx_record_commit(&d));
	cr_assert_eq(r.tx.mine - START, 2);
	cr_assert_eq(ring_descriptor(&r.tx, START)->options, XDP_PKT_CONTD);
	cr_assert_eq(ring_descriptor(&r.tx, START + 1)->options, 0);
	record_rig_close(&r);
}

Test(tx_record, table_of_records_is_as_large_as_the_descriptors_in_flight)
{
	struct tx_draft d;
	struct record_rig r;

	record_rig_open(&r);
	for (uint32_t i = 0; i < FLIGHT; i++) {
		cr_assert(record_rig_draft(&r, &d, i));
		cr_assert(tx_record_add_descriptor(&d, RECORD_RIG_PAYLOAD + i * 2, 60));
		cr_assert(tx_record_commit(&d));
	}
	cr_assert_not(record_rig_draft(&r, &d, FLIGHT));
	cr_assert_eq(complete(&r, RECORD_RIG_PAYLOAD + 6), 3);
	cr_assert(record_rig_draft(&r, &d, FLIGHT));
	cr_assert(tx_record_add_descriptor(&d, RECORD_RIG_PAYLOAD + 6, 60));
	cr_assert_not(tx_record_add_descriptor(&d, RECORD_RIG_PAYLOAD + 8, 60));
	cr_assert(tx_record_commit(&d));
	record_rig_close(&r);
}

/* ---- Addresses and completions ---------------------------------------------------------------- */

/* The frontend sends the same bytes in two packets: which of them completes is not known, but both
 * do, and neither gives back a slot that was not completed. */
Test(tx_record, one_address_in_two_records_completes_both_and_frees_no_slot_early)
{
	const uint64_t first = RECORD_RIG_SLOTS_AT, second = RECORD_RIG_SLOTS_AT + SLOT_BYTES;
	struct tx_draft d;
	struct record_rig r;

	record_rig_open(&r);
	for (uint32_t id = 1; id <= 2; id++) {
		cr_assert(record_rig_draft(&r, &d, id));
		cr_assert(add_wire_packet(&r, &d, RECORD_RIG_PAYLOAD));
		cr_assert(tx_record_commit(&d));
	}
	/* All that the second record has; the frontend's pieces of it are taken for the first one's. */
	cr_assert_eq(complete(&r, RECORD_RIG_PAYLOAD), NO_ID);
	cr_assert_eq(complete(&r, RECORD_RIG_PAYLOAD + 4096), NO_ID);
	cr_assert_eq(complete(&r, second + 24), NO_ID);
	cr_assert_eq(r.slots.free_count, SLOTS - 2, "the kernel still reads the first one's");
	cr_assert_neq(complete(&r, first + 24), NO_ID);
	cr_assert_eq(r.slots.free_count, SLOTS - 1);
	cr_assert_eq(complete(&r, RECORD_RIG_PAYLOAD + 4096), NO_ID);
	cr_assert_neq(complete(&r, RECORD_RIG_PAYLOAD), NO_ID);
	record_rig_expect_empty(&r);
	record_rig_close(&r);
}

Test(tx_record, completions_read_while_a_record_is_written_do_not_touch_it)
{
	struct tx_draft d;
	struct record_rig r;

	record_rig_open(&r);
	for (uint32_t id = 1; id <= 2; id++) {
		cr_assert(record_rig_draft(&r, &d, id));
		cr_assert(add_wire_packet(&r, &d, RECORD_RIG_PAYLOAD + id * 8192));
		cr_assert(tx_record_commit(&d));
	}
	cr_assert(record_rig_draft(&r, &d, 3));
	cr_assert(add_wire_packet(&r, &d, RECORD_RIG_PAYLOAD));
	for (uint32_t i = 6; i-- > 0;) /* from the last on: the others become strays */
		complete(&r, ring_descriptor(&r.tx, START + i)->addr);
	cr_assert_eq(inflight_count(&r.inflight), 0);
	cr_assert(add_wire_packet(&r, &d, RECORD_RIG_PAYLOAD + 8192));
	cr_assert(tx_record_commit(&d));
	cr_assert_eq(sum_of_ids(&r), 3);
	for (uint32_t i = 6; i < 12; i++)
		cr_assert_eq(complete(&r, ring_descriptor(&r.tx, START + i)->addr),
			     i == 11 ? 3 : NO_ID);
	record_rig_expect_empty(&r);
	record_rig_close(&r);
}
