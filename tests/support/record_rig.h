/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a transmit record needs of a queue, by itself: a TX ring, the table of what is in flight,
 * private slots. The indices start shortly before 2^32.
 *
 *     struct record_rig r;
 *     record_rig_open(&r);
 *     record_rig_draft(&r, &draft, 7);     as much room as there is
 *     ...
 *     record_rig_expect_empty(&r);         all slots and records are back
 *     record_rig_close(&r);
 */
#ifndef SUPPORT_RECORD_RIG_H
#define SUPPORT_RECORD_RIG_H

#include "xdp/data/tx_record.h"

enum {
	RECORD_RIG_RING = 64,
	RECORD_RIG_FLIGHT = 32,
	RECORD_RIG_SLOTS = 12,
	RECORD_RIG_SLOT_BYTES = 256,
};

#define RECORD_RIG_START    0xfffffff0u
#define RECORD_RIG_SLOTS_AT 0x100000ull /* private slots, in the UMEM */
#define RECORD_RIG_PAYLOAD  0x800000ull /* the frontend's memory */

struct record_rig {
	struct bounce slots, frames; /* of the latter none */
	struct inflight inflight;
	struct tx_records records;
	struct ring tx;
	struct xdp_desc entry[RECORD_RIG_RING];
	uint32_t producer, consumer; /* of the TX ring */
};

void record_rig_open(struct record_rig *r);
void record_rig_close(struct record_rig *r);
/* Descriptors that fit. */
uint32_t record_rig_room(const struct record_rig *r);
/* Begin a record with all the room there is. Return: false when no record is free. */
bool record_rig_draft(struct record_rig *r, struct tx_draft *d, uint32_t id);
/* Nothing is in flight, and nothing is out. */
void record_rig_expect_empty(const struct record_rig *r);

#endif
