// SPDX-License-Identifier: BSD-2-Clause
/* Random transmit records against an owner map: no slot and no record leaks, and each id comes back
 * once, when all of its descriptors have. The seeds are fixed. */
#include <criterion/criterion.h>
#include <string.h>

#include "support/frame.h"
#include "support/record_rig.h"

enum { FLIGHT = RECORD_RIG_FLIGHT, SLOTS = RECORD_RIG_SLOTS };

enum { STEPS = 200000, IDS = 128 /* by id, modulo: more than there can be at the same time */ };

/* What the map knows of a record, or of a single descriptor, by id. */
struct owner {
	uint32_t id;
	uint32_t descriptors, slots, packets; /* descriptors: in flight, as the map counts */
	bool out;
};

struct model {
	struct record_rig r;
	struct frame_random random;
	bool repeat; /* addresses of the frontend's may be in flight twice */
	struct owner owner[IDS];
	struct {
		uint64_t address;
		uint32_t id;
	} held[FLIGHT]; /* by the kernel */
	uint32_t held_count, owners, slots_out, records_out;
	uint32_t next_id, returned, aborted;
	uint64_t next_payload, packets, more;
};

static uint32_t below(struct model *m, uint32_t n)
{
	return frame_random_below(&m->random, n);
}

static uint64_t payload(struct model *m)
{
	if (m->repeat && below(m, 4) == 0)
		return RECORD_RIG_PAYLOAD + below(m, 8); /* bit 0 differs too */
	m->next_payload += 2;
	return RECORD_RIG_PAYLOAD + 4096 + m->next_payload % (1 << 24);
}

static void hold(struct model *m, uint64_t address, uint32_t id)
{
	m->held[m->held_count].address = address;
	m->held[m->held_count++].id = id;
}

static struct owner *owner_of(struct model *m, uint32_t id)
{
	return &m->owner[id % IDS];
}

static void model_single(struct model *m)
{
	uint64_t address = payload(m);

	if (record_rig_room(&m->r) == 0)
		return;
	*ring_descriptor(&m->r.tx, m->r.tx.mine++) = (struct xdp_desc){.addr = address, .len = 60};
	inflight_put(&m->r.inflight, address >> 1, m->next_id, INFLIGHT_NO_RECORD);
	hold(m, address, m->next_id);
	*owner_of(m, m->next_id) =
		(struct owner){.id = m->next_id, .descriptors = 1, .packets = 1, .out = true};
	m->owners++;
	m->next_id++;
}

/* Returns whether all of a record could be added. */
static bool model_fill(struct model *m, struct tx_draft *d, struct owner *o)
{
	uint32_t packets = 1 + below(m, 5);

	while (packets--) {
		uint32_t pieces = 1 + below(m, 4);

		if (below(m, 2)) {
			uint64_t slot = bounce_take(&m->r.slots);

			if (slot == BOUNCE_NONE)
				return false;
			tx_record_add_slot(d, slot);
			o->slots++;
			if (!tx_record_add_descriptor(d, slot + below(m, 64), 54))
				return false;
			o->descriptors++;
		}
		while (pieces--) {
			if (!tx_record_add_descriptor(d, payload(m), 100))
				return false;
			o->descriptors++;
		}
		tx_record_end_packet(d);
		o->packets++;
	}
	return below(m, 8) != 0; /* something may go wrong after all */
}

static void model_record(struct model *m)
{
	struct owner *o = owner_of(m, m->next_id), fresh = {.id = m->next_id, .out = true};
	uint32_t first = m->r.tx.mine;
	struct tx_draft d;

	if (!record_rig_draft(&m->r, &d, m->next_id)) {
		cr_assert_eq(m->records_out, FLIGHT);
		return;
	}
	if (!model_fill(m, &d, &fresh)) {
		tx_record_abort(&d);
		m->aborted++;
		return;
	}
	cr_assert(tx_record_commit(&d));
	cr_assert_eq(m->r.tx.mine - first, fresh.descriptors);
	for (uint32_t i = 0; i < fresh.descriptors; i++)
		hold(m, ring_descriptor(&m->r.tx, first + i)->addr, m->next_id);
	cr_assert_not(o->out, "more ids than the map has room for");
	*o = fresh;
	m->owners++;
	m->records_out++;
	m->slots_out += o->slots;
	m->next_id++;
}

static void model_return(struct model *m, uint32_t id, bool record)
{
	struct owner *o = owner_of(m, id);

	cr_assert(o->out && o->id == id, "id %u came back twice", id);
	if (!m->repeat)
		cr_assert_eq(o->descriptors, 0, "id %u: %u in flight", id, o->descriptors);
	o->out = false;
	m->owners--;
	m->records_out -= record;
	m->slots_out -= o->slots;
	m->returned++;
	m->packets += o->packets;
}

static void model_complete(struct model *m)
{
	uint32_t pick = below(m, 3) ? 0 : below(m, m->held_count), id;
	const struct inflight_entry *e;

	m->r.consumer = m->r.tx.mine;
	if (m->held_count == 0)
		return;
	e = inflight_take(&m->r.inflight, m->held[pick].address >> 1);
	cr_assert_not_null(e);
	owner_of(m, m->held[pick].id)->descriptors--;
	m->held_count--;
	memmove(&m->held[pick], &m->held[pick + 1], (m->held_count - pick) * sizeof(m->held[0]));
	if (e->record == INFLIGHT_NO_RECORD)
		model_return(m, e->id, false);
	else if (tx_record_complete(&m->r.records, e->record, &id))
		model_return(m, id, true);
	m->more += tx_records_take_more(&m->r.records);
}

/* Every slot and record has one owner, and none that the kernel reads is free. */
static void model_check(struct model *m)
{
	const struct record_rig *r = &m->r;

	cr_assert_eq(r->slots.free_count + m->slots_out, SLOTS);
	cr_assert_eq(r->records.free_count + m->records_out, FLIGHT);
	cr_assert_eq(inflight_count(&r->inflight), m->held_count);
	for (uint32_t i = 0; i < m->held_count; i++)
		if (bounce_owns(&r->slots, m->held[i].address))
			cr_assert(r->slots.taken[bounce_slot(&r->slots, m->held[i].address)],
				  "a slot is free that the kernel reads");
}

static void model_run(uint64_t seed, bool repeat)
{
	static struct model m;

	memset(&m, 0, sizeof(m));
	record_rig_open(&m.r);
	m.random = frame_random(seed);
	m.repeat = repeat;
	for (uint32_t i = 0; i < STEPS; i++) {
		uint32_t pick = below(&m, 16);

		if (pick < 2)
			model_record(&m);
		else if (pick < 4)
			model_single(&m);
		else
			model_complete(&m);
		model_check(&m);
	}
	while (m.held_count)
		model_complete(&m);
	record_rig_expect_empty(&m.r);
	cr_assert_eq(m.returned, m.next_id, "%u of %u ids came back", m.returned, m.next_id);
	cr_assert_eq(m.more + m.returned, m.packets, "wire packets");
	cr_assert_eq(m.owners, 0);
	cr_assert_gt(m.aborted, STEPS / 100);
	cr_assert_gt(m.returned, STEPS / 10);
	record_rig_close(&m.r);
}

Test(tx_record, random_records_leak_nothing_and_each_id_waits_for_all_of_its_descriptors)
{
	model_run(1, false);
}

Test(tx_record, random_records_with_addresses_in_flight_twice_leak_nothing)
{
	model_run(2, true);
}
