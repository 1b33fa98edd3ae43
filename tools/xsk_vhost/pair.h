/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A queue pair at work: a receive ring and a transmit ring of the guest, and the queue between them and the
 * interface. Heads are the names on all three: a receive id is the head of the chain that is its buffer, a packet's id
 * is the head of its chain.
 *
 *     guest  --avail-->  ring_pop()  -->  rx_avail()   -->  the kernel writes the frame into the guest's buffer
 *            <--used---  ring_push() <--  rx_metadata  <--  rx_poll()
 *
 *     guest  --avail-->  ring_pop()  -->  tx_avail()   -->  the kernel reads the packet where it lies
 *            <--used---  ring_push() <--  ids          <--  tx_poll()
 *
 * Threads: its worker's, between pair_open() and pair_close(); counters may be read by any.
 */
#ifndef XSK_VHOST_PAIR_H
#define XSK_VHOST_PAIR_H

#include <stdatomic.h>

#include "net_xdp.h"
#include "request.h"
#include "xsk_vhost/memory.h"
#include "xsk_vhost/ring.h"

enum {
	PAIR_BATCH = 64,
	PAIR_SEGMENTS = 512, /* of one batch, which has at least one packet of the longest chain */
};

/* X(name, class, unit, meaning): what the pair counted by itself; the queue's own counters are net_xdp's. */
#define PAIR_COUNTERS(X)                                                                           \
	X(rx_frames, TRAFFIC, "frames", "handed to the guest")                                     \
	X(rx_bytes, TRAFFIC, "bytes", "bytes of these")                                            \
	X(rx_merged, NOTE, "frames", "of these: over several buffers")                             \
	X(rx_foreign, RX_LOST, "frames", "to other addresses: dropped")                            \
	X(rx_bad_buffers, NOTE, "buffers",                                                         \
	  "given back empty: too small, outside the memory, refused")                              \
	X(tx_packets, TRAFFIC, "packets", "taken from the guest")                                  \
	X(tx_bytes, TRAFFIC, "bytes", "bytes of these")                                            \
	X(tx_bad_packets, TX_LOST, "packets",                                                      \
	  "dropped: no packet that virtio allows, or outside the memory")                          \
	X(calls, WORK, "times", "interrupts for the guest")                                        \
	X(kicks, WORK, "times", "wake-ups by the guest")                                           \
	X(sleeps, WORK, "times", "of the pair's thread, until woken")                              \
	X(pauses, WORK, "times", "sleeps by the clock, while a stream comes")

struct pair_counters {
#define PAIR_COUNTER(name, value_class, unit, meaning) _Atomic uint64_t name;
	PAIR_COUNTERS(PAIR_COUNTER)
#undef PAIR_COUNTER
};

/* Only the worker writes: no locked instruction is needed. */
static inline void pair_count(_Atomic uint64_t *counter, uint64_t more)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + more,
			      memory_order_relaxed);
}

static inline uint64_t pair_counted(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

/* A receive buffer that is with the queue, by head. One of one piece, as Linux posts them, is described by this alone:
 * its place in pieces[], a cache line of its own, is not written. */
struct pair_buffer {
	struct net_rx_buffer room; /* in the first piece that has some behind the header */
	uint8_t *header;	   /* where it goes; NULL: it lies in several pieces */
	uint16_t count;		   /* pieces */
	uint16_t data;		   /* the one that room is in */
};

/* Why a pair does nothing any more. */
enum pair_end {
	PAIR_RUNS = 0,
	PAIR_RING_BROKEN,    /* the guest broke a rule */
	PAIR_RING_WITHDRAWN, /* the guest takes its buffers out: a message follows */
	PAIR_QUEUE_ENDED,    /* NET_TRY_RESTART */
	PAIR_QUEUE_FATAL,
};

struct pair {
	struct net_buffer_access pool; /* the first member: its operations are called with it */
	const struct guest_memory *memory;
	struct ring *rx, *tx;
	struct net_queue *queue;
	struct request_features features;
	int rx_call_fd, tx_call_fd; /* -1: the guest looks by itself */

	struct pair_buffer *buffers; /* by head */
	struct ring_piece *pieces;   /* RING_CHAIN_PIECES for each head, where they are several */
	uint32_t posted;	     /* buffers that the queue has */
	uint32_t filled;	     /* buffers that frames came in, for who sets it to 0 */
	/* Frames to other stations are dropped, where the interface does not do that (a veth): to whom is in mac. */
	bool filters;
	uint8_t mac[6];
	uint32_t again[PAIR_BATCH]; /* buffers of such frames, to be posted again */
	uint32_t again_count;

	/* Packets that wait for room in the queue, in front; behind them a batch is collected. */
	struct net_tx_segment segments[PAIR_SEGMENTS];
	struct net_tx_metadata packets[PAIR_BATCH];
	uint32_t segment_count, packet_count;

	enum pair_end end;
	char sentence[320]; /* why, where that is an error */
	struct pair_counters counters;
};

struct pair_config {
	const struct guest_memory *memory;
	struct ring *rx, *tx; /* open */
	struct net_queue *queue;
	uint64_t features; /* that driver and device have agreed on */
	int rx_call_fd, tx_call_fd;
	const uint8_t *only_mac; /* frames to other stations are dropped; NULL: none is */
};

/* Counters go on from where they are. Return: 0; -ENOMEM with err filled. */
int pair_open(struct pair *p, const struct pair_config *config, struct net_error *err);
/* The queue has ended. All that the pair owned goes back to the guest: its buffers empty. */
void pair_close(struct pair *p);

/* One look at everything. Return: was there anything to do? Look at p->end as well. */
bool pair_pass(struct pair *p);

/* Before a sleep: ask the guest for kicks, and look once more. Return: is there something to do? */
bool pair_arm(struct pair *p);

/* ---- pair_rx.c, pair_tx.c --------------------------------------------------------------------- */

extern const struct net_buffer_access_ops pair_rx_ops;
bool pair_receive(struct pair *p); /* frames to the guest, buffers from it */
bool pair_transmit(struct pair *p);

/* Note how it ended; the first reason stays. */
void pair_end(struct pair *p, enum pair_end end, const char *sentence);
/* A data call said less than 0. */
void pair_queue_ended(struct pair *p, int rc);
/* Nothing could be popped: why. */
void pair_ring_ended(struct pair *p, const struct ring *ring, const char *name, int rc);

#endif
