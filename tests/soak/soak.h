/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Soak: two endpoints on a veth pair that send to each other, and what happens to them.
 *
 *     side A on v0  --frames-->  side B on v1: counts them, or sends them back
 *
 * Each side is a process of its own (side.c) that writes what it counts to memory that is shared. A step (step.c) lets
 * them run, does something to them, lets them run again, pauses both and waits until nothing moves. Then each direction
 * has to balance (balance.c), to the frame:
 *
 *     sent     = dropped by the sender + lost with its queue + the device's tx_dropped + lost with the link + taken
 *     taken    = the device's rx_dropped + the host's + dropped by the receiver + lost with its queue + received
 *
 * The device's are the kernel's counts of v0 and v1 (on veth a receiver's rx_packets are the frames that its NAPI took
 * from the queue between the two), the host's is a packet socket's. What is lost with a queue or a link is a remainder:
 * only a step that ends a queue or takes the link down may have one, and no more than was on its way.
 */
#ifndef SOAK_H
#define SOAK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "support/frame.h"

enum {
	SOAK_ETHERTYPE = 0x88b5, /* for experiments: no host has anything to say about it */
	SOAK_VETH_QUEUE = 256,	 /* frames between the two ends (VETH_RING_SIZE) */
	SOAK_RING = 2048,	 /* of each of the library's rings, its default */
	SOAK_BATCH = 64,
	SOAK_WHY = 400,
};

/* ---- A side (side.c) ------------------------------------------------------------------------------ */

enum side_order { SIDE_RUN, SIDE_PAUSE, SIDE_RESTART, SIDE_REOPEN, SIDE_END };
enum side_state { SIDE_STARTING, SIDE_RUNS, SIDE_IS_PAUSED, SIDE_HAS_ENDED, SIDE_FAILED };

/* Shared memory: orders are the parent's, the rest is the side's. Counts are of its life as a process. */
struct side_shared {
	_Atomic int order;
	_Atomic uint32_t order_number; /* a new order has a new number */
	_Atomic uint32_t done_number;  /* the last one that was carried out */
	_Atomic uint32_t rate_pps;
	_Atomic bool echoes;

	_Atomic int state;
	char why[SOAK_WHY];
	_Atomic uint64_t offered; /* given to tx_avail: at least as many as accepted */
	_Atomic uint64_t accepted, completed, received;
	_Atomic uint64_t tx_dropped, rx_dropped; /* by the library, with a counter */
	_Atomic uint64_t rx_kernel;		 /* by the kernel, as the socket counts */
	_Atomic uint64_t unfinished;		 /* packets that were with queues that ended */
	_Atomic uint64_t queues_ended;
	_Atomic bool deferred; /* has the queue its deferral, and so a lease? */
};

struct side {
	const char *ifname;
	char letter;
	uint64_t generation;
	struct side_shared *shared;
	pid_t pid;
};

/* Run as a side until it is told to end; never returns. */
_Noreturn void side_live(const struct side *s);

/* ---- The world (world.c) -------------------------------------------------------------------------- */

struct link_counts {
	uint64_t tx_dropped, rx_packets, rx_dropped, host;
};

void world_open(void);
void world_close(void);
uint64_t world_statistic(const char *ifname, const char *name);
struct link_counts world_counts(int end); /* 0: v0, 1: v1 */
/* Wait until neither end counts anything any more. */
void world_settle(void);
/* Is a program on v0 or v1? It goes a moment after the process that attached it. */
bool world_has_program(int end, int patience_ms);
void world_fill_run(void);
void world_empty_run(void);
void world_flap(int end, int down_ms);

/* pressure.c: limited memory for both sides and a third that wants more. */
const char *pressure_open(void); /* before world_open(). Return: NULL, or why there is none */
void pressure_enter(pid_t pid);
void pressure_make(int for_ms);
void pressure_close(void);

/* ---- The soak ------------------------------------------------------------------------------------- */

enum loss {
	LOSS_TX_LIBRARY,
	LOSS_TX_QUEUE,
	LOSS_TX_DEVICE,
	LOSS_LINK,
	LOSS_RX_DEVICE,
	LOSS_HOST,
	LOSS_RX_LIBRARY,
	LOSS_RX_QUEUE,
	LOSSES
};
extern const char *const loss_names[LOSSES];
extern const char *const loss_meanings[LOSSES];

enum step_kind {
	STEP_RATE,
	STEP_ECHO,
	STEP_FLAP_SENDER,
	STEP_FLAP_RECEIVER,
	STEP_RESTART_SENDER,
	STEP_RESTART_RECEIVER,
	STEP_REOPEN_SENDER,
	STEP_REOPEN_RECEIVER,
	STEP_KILL_SENDER,
	STEP_KILL_RECEIVER,
	STEP_STOP_SENDER,
	STEP_STOP_RECEIVER,
	STEP_FULL_RUN,
	STEP_MEMORY,
	STEP_GUEST,
	STEP_KINDS
};
extern const char *const step_names[STEP_KINDS];

struct soak {
	uint64_t seed;
	struct frame_random random;
	struct side sides[2];
	uint64_t steps, by_kind[STEP_KINDS];
	uint64_t sent, received, losses[LOSSES];
	uint64_t guest_sent, guest_received, guest_lost;
	uint64_t kills, restarts;
	int64_t began_ms;
	const char *no_memory;	   /* why there is no pressure, NULL: there is */
	const char *bench, *vhost; /* programs, NULL: they are not built */
};

void soak_open(struct soak *s);
void soak_close(struct soak *s);
/* One step, its balance included; a finding ends the process. */
void soak_step(struct soak *s);

struct balance_start {
	struct link_counts ends[2];
	uint64_t accepted[2], completed[2], offered[2], received[2], tx_dropped[2], rx_dropped[2],
		rx_kernel[2], unfinished[2], queues_ended[2];
};
struct balance_start balance_begin(const struct soak *s);
/* Check one direction, after both sides were paused. died: killed in this step, and started again. */
void balance_check(struct soak *s, const struct balance_start *b, int from, bool sender_died,
		   bool receiver_died, uint32_t link_downs, const char *what);

/* guest.c: a guest on xsk-vhost; every frame arrives, both ways, or has a name. */
void guest_step(struct soak *s);

/* main.c. Return: true if the run is to end in order, now. */
bool soak_interrupted(void);

/* kills.c. Return: the exit code. */
int kills_run(struct soak *s, uint64_t count, bool json);

/* page.c */
void page_progress(const struct soak *s);
void page_print(const struct soak *s, bool json);

#endif
