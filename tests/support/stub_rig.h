/* SPDX-License-Identifier: BSD-2-Clause */
/* A frontend on a stub, with nothing, one wrapper or both between them. */
#ifndef SUPPORT_STUB_RIG_H
#define SUPPORT_STUB_RIG_H

#include "net_wrap.h"
#include "support/frontend.h"
#include "support/stub.h"

enum stub_way { STUB_BARE, STUB_CAPTURED, STUB_DISCONNECTABLE, STUB_BOTH, STUB_WAYS };
#define STUB_IS_CAPTURED(way)	    ((way) == STUB_CAPTURED || (way) == STUB_BOTH)
#define STUB_IS_DISCONNECTABLE(way) ((way) == STUB_DISCONNECTABLE || (way) == STUB_BOTH)

struct stub_rig {
	struct frontend f;
	struct net_endpoint *stub, *disconnectable, *ep; /* inmost, NULL or it, outmost */
	struct net_queue *q;
	struct frontend_list list; /* of one frame to send */
	uint32_t ids[STUB_IDS];
	char path[64]; /* of a capture that runs from the start; "": none */
};

void stub_rig_open(struct stub_rig *r, enum stub_way way);
void stub_rig_close(struct stub_rig *r);

/* The one queue is made anew, without ids. */
void stub_rig_get_queue(struct stub_rig *r);
void stub_rig_end_queue(struct stub_rig *r);

/* So many frames of different lengths are here, exact, in ids[]; the first has this seed. */
void stub_rig_expect(struct stub_rig *r, uint32_t count, uint64_t seed);
/* The length of the frame of this seed. */
uint32_t stub_rig_len(uint64_t seed);
/* It arrives. Makes no assertion. */
void stub_rig_arrive(struct stub_rig *r, uint64_t seed);

#endif
