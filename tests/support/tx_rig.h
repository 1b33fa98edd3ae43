/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Transmit on a veth pair: a frontend on v0, a packet socket on v1 that sees what was on the wire.
 *
 *     struct tx_rig r;
 *     tx_rig_prepare(&r, 1, 1500);            namespace, interfaces, memory; change r.x.config
 *     tx_rig_start(&r, 1);                    memory poisoned, one queue, no receive buffers
 *     addr = tx_rig_place(&r, bytes, len);    somewhere at an odd address
 *     frontend_list_frame(&r.list, 7, addr, len);
 *     tx_rig_send_all(&r);                    all accepted, one completion each
 *     tx_rig_expect_wire(&r);                 every packet of the list, in order, byte for byte
 *     tx_rig_close(&r);                       and the frontend's memory was only read
 *
 * The test's thread stays on one CPU: the receiver's queue is one per CPU, and a thread that moves
 * between two sends could make the wire look disordered.
 */
#ifndef SUPPORT_TX_RIG_H
#define SUPPORT_TX_RIG_H

#include "support/frame.h"
#include "support/frontend_xdp.h"
#include "support/peer.h"

enum {
	TX_RIG_SEGMENTS = 40000, /* room in the list */
	TX_RIG_WAIT_MS = 20000,	 /* for what must happen: far longer than it takes */
};

struct tx_rig {
	struct frontend_xdp x;
	struct net_queue *q; /* x.queues[0] */
	struct frontend_list list;
	struct peer peer;
	struct frame_random random; /* addresses and cuts; seeded */
	uint64_t cursor;	    /* where the next bytes are placed */
};

void tx_rig_prepare(struct tx_rig *r, unsigned int queues, unsigned int mtu);
void tx_rig_start(struct tx_rig *r, unsigned int queues);
/* A completion and a transmit ring of so many entries, nothing else. */
void tx_rig_open(struct tx_rig *r, uint32_t ring_frames);
void tx_rig_close(struct tx_rig *r);

/* Run this thread on the i-th of the CPUs from now on (modulo their number). */
void tx_rig_pin(unsigned int i);

/* Put bytes into the frontend's memory behind what was placed before, with a small random gap; from
 * its end on again at its start. Return: their guest address. */
uint64_t tx_rig_place(struct tx_rig *r, const void *bytes, uint32_t len);
/* A packet of these bytes in so many segments (at most len), cut at random, each placed on its own.
 * Return: its metadata. */
struct net_tx_metadata *tx_rig_scatter(struct tx_rig *r, uint32_t id, const void *bytes,
				       uint32_t len, uint32_t segments);

/* Such a packet of seeded bytes; id is the seed. */
struct net_tx_metadata *tx_rig_add(struct tx_rig *r, uint32_t id, uint32_t len, uint32_t segments);
/* Packets of every kind: small and large, in few pieces and in more than the kernel takes. */
void tx_rig_add_mixed(struct tx_rig *r, uint32_t count);

/* Send the whole list: each packet is completed once. */
void tx_rig_send_all(struct tx_rig *r);
/* Collect count completions. Return: how many came in time. */
uint32_t tx_rig_collect(struct tx_rig *r, uint32_t *ids, uint32_t count);
/* There is none to collect any more. */
void tx_rig_expect_collected(struct tx_rig *r);
/* Nothing to do: ready may be told once for an event, not again. */
void tx_rig_expect_not_ready(struct tx_rig *r);
/* The list's packets first .. first + count, one behind the other, are what the peer gets next. */
void tx_rig_expect_packets(struct tx_rig *r, uint32_t first, uint32_t count);
/* All packets of the list, and nothing behind them. */
void tx_rig_expect_wire(struct tx_rig *r);
/* Segments of the list in front of packet i. */
uint32_t tx_rig_first_segment(const struct tx_rig *r, uint32_t packet);

/* A counter of queue 0, and a check of one. */
uint64_t tx_rig_counter(struct tx_rig *r, enum net_xdp_counter counter);
void tx_rig_expect_counter(struct tx_rig *r, enum net_xdp_counter counter, uint64_t value);

#endif
