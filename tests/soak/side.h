/* SPDX-License-Identifier: BSD-2-Clause */
/* The inside of a side: side.c opens, closes and obeys, side_frames.c receives and sends. */
#ifndef SOAK_SIDE_H
#define SOAK_SIDE_H

#include "net_xdp.h"
#include "soak/soak.h"

enum {
	PLACE = 2048,
	RX_IDS = 1024,
	TX_SLOTS = 1024,
	MEMORY = (RX_IDS + TX_SLOTS) * PLACE,
	LEN = 200,
	IDLE_MS = 30,
	WAIT_NS = 1000000,
	ACTION_MS = 100,
};
#define BASE 0x100000000ull

struct work {
	const struct side *side;
	struct side_shared *shared;
	uint8_t *memory;
	int memory_fd;
	struct net_endpoint *ep;
	struct net_queue *q;
	struct net_error err;
	struct net_rx_buffer buffers[RX_IDS];
	uint32_t lengths[RX_IDS];
	uint32_t free[TX_SLOTS], free_count;
	uint32_t echo[RX_IDS], echo_count;		   /* received ids that are to be sent */
	uint64_t next, last_generation[2], last_number[2]; /* by who sent it first */
	double budget;
	int64_t now_ms, busy_ms, paid_ms, asked_ms;
	struct net_xdp_stats ended;
	uint64_t tx_before, rx_before, kernel_before; /* of the side's earlier processes */
	bool must_restart;
};

extern struct work side_work;
extern struct net_buffer_access side_pool;

/* Tell the parent, and end. */
_Noreturn void side_fail(struct work *w, const char *what, const char *why);

/* One call each. */
void side_receive(struct work *w);
void side_send_echoes(struct work *w);
void side_send_new(struct work *w);
void side_complete(struct work *w);

#endif
