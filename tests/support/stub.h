/* SPDX-License-Identifier: BSD-2-Clause */
/* A backend of one queue that does what the contract allows and none of ours does: it writes frames, and
 * delivers their metadata, in poll_ready and nowhere else; and each of its data calls may be the one that
 * fails. What is sent goes nowhere. */
#ifndef SUPPORT_STUB_H
#define SUPPORT_STUB_H

#include "net_backend.h"

enum { STUB_FRAMES = 64, STUB_IDS = 64 };

/* Destroying it ends it; it must be the last endpoint of its wrappers. */
struct net_endpoint *stub_open(void);

/* A frame of frame_plain() is on the wire, and the queue's descriptor says so. Any thread, one at a time;
 * makes no assertion. At most STUB_FRAMES in all. */
void stub_arrive(struct net_endpoint *stub, uint32_t len, uint64_t seed);

/* The next tx_poll says that this packet is done. The queue's thread. */
void stub_complete(struct net_endpoint *stub, uint32_t id);

/* The queue has failed: the next of rx_poll, tx_avail and tx_poll says code, once, and stub_sentence is why.
 * The queue's thread. */
void stub_fail(struct net_endpoint *stub, int code);
extern const char stub_sentence[];

/* The CPU that update_target_vp named last for the queue that is alive, -1 none. */
int stub_target(struct net_endpoint *stub);

#endif
