/* SPDX-License-Identifier: BSD-2-Clause */
/* A queue and its thread, which receives, sends and posts as long as it may. */
#ifndef STRESS_SEAT_H
#define STRESS_SEAT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "net_slots.h"

enum { SEAT_RX_SLOTS = 64, SEAT_TX_SLOTS = 16, SEAT_FRAME = 200 };

/* The thread drives q while it may run; parked it leaves q alone. */
struct seat {
	struct net_queue *q;
	struct net_slots *slots;
	uint32_t
		first_slot; /* SEAT_RX_SLOTS to receive from there on, then SEAT_TX_SLOTS to send */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool may_run, is_parked, is_over; /* under lock */
	uint32_t free_tx[SEAT_TX_SLOTS], free_count;
	uint64_t received, sent; /* atomic */
};

/* Start the thread, parked. slots and first_slot are set. */
void seat_open(struct seat *s);
void seat_close(struct seat *s);

/* With a queue of which all frames to send are the thread's. */
void seat_let_run(struct seat *s);
void seat_park(struct seat *s);

#endif
