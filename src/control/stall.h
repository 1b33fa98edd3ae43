/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Does a queue stand still? Found out by comparing what it tells at two looks (net_inspect.h), so that it costs the
 * data calls nothing. A backend that does not tell of rings and ids is never said to stand still.
 */
#ifndef NET_XDP_STALL_H
#define NET_XDP_STALL_H

#include <stdbool.h>

#include "net_inspect.h"

enum {
	STALL_LOOK_MS = 1000, /* between two looks */
	STALL_MS = 2000,      /* so long nothing has moved */
};

enum stall_kind {
	STALL_NONE = 0,
	STALL_TX_WAKEUP, /* descriptors wait, the kernel asks to be woken, nobody calls */
	STALL_TX_KERNEL, /* descriptors wait, and the kernel does not take them */
	STALL_TX_UNREAD, /* completions wait, and nobody reads them */
	STALL_TX_HELD,	 /* the driver has packets and completes none */
	STALL_RX_UNREAD, /* frames wait, and nobody reads them */
	STALL_RX_EMPTY,	 /* the kernel has no buffer */
	STALL_RX_WAKEUP, /* buffers wait, the kernel asks to be woken, nobody calls */
};

/* What a look sees; 0 what is not told. */
struct stall_look {
	uint64_t at_ms;
	uint64_t takes_frames, tx_needs_wakeup, fill_needs_wakeup;  /* flags */
	uint64_t fill, rx, tx, completion;			    /* entries of the rings */
	uint64_t rx_kernel, rx_pending, rx_waiting, tx_descriptors; /* ids */
	uint64_t rx_frames, tx_packets, kicks;			    /* counters */
};

/* The same kind of standstill at both looks, and in between? */
enum stall_kind stall_between(const struct stall_look *before, const struct stall_look *now);

/* A queue that is watched; zeroed at first. */
struct stall {
	struct stall_look last;
	bool has_look;
	enum stall_kind kind;
	uint64_t since_ms; /* the kind is seen */
};

void stall_look(struct stall *s, struct net_queue *q, uint64_t now_ms);
void stall_add(struct stall *s, const struct stall_look *now);

/* Three fields in the queue's group: stall, a word or ""; stalled_ms; stall_state, a sentence with what to do. */
void stall_tell(const struct stall *s, struct net_inspector *to);

#endif
