/* SPDX-License-Identifier: BSD-2-Clause */
/* What a queue has to do with receive ids and chunks, known apart from it: post, let the fake kernel
 * receive, poll, each with random arguments, and each checked. */
#ifndef SUPPORT_RX_ORACLE_H
#define SUPPORT_RX_ORACLE_H

#include "support/fake_kernel.h"

enum {
	ORACLE_IDS = 256,
	ORACLE_RINGS = 256,
	ORACLE_PRIVATE = 32,
	ORACLE_HELD = 4096,
	ORACLE_LARGEST = 9216
};

struct oracle_variant {
	bool unaligned, zero_copy, jumbo;
	uint32_t ring;
};

/* What the oracle knows of an id. */
struct oracle_id {
	bool posted, direct, away; /* away: the kernel has its chunk, or it is in the RX ring */
	uint64_t base;		   /* of the chunk */
};

struct oracle_held {
	uint64_t base;
	uint32_t id; /* or UINT32_MAX: a private chunk */
};

/* A descriptor that the kernel wrote. */
struct oracle_sent {
	struct oracle_held chunk;
	uint32_t number; /* of the frame */
	uint32_t len;	 /* of the whole frame, on its last piece */
	uint32_t shift, pieces;
	bool last;
};

struct rx_oracle {
	struct frontend f;
	struct fake_kernel k;
	struct oracle_variant v;
	struct net_xdp_queue *q;
	struct oracle_id id[ORACLE_IDS];
	uint32_t waiting[ORACLE_IDS + 1], waiting_first,
		waiting_end; /* ids that are copied to, in order */
	bool slot_away[ORACLE_PRIVATE];
	struct oracle_held held[ORACLE_HELD]; /* chunks that the kernel took, oldest first */
	uint32_t held_count;
	struct oracle_sent sent[ORACLE_RINGS];
	uint32_t looked; /* RX descriptors up to here were seen by the queue */
	uint32_t number;
	uint64_t delivered, dropped, refused;
};

void rx_oracle_open(struct rx_oracle *r, struct oracle_variant v);
uint32_t rx_oracle_below(uint32_t n); /* a random number */

/* Post ids, some of them bad. */
void rx_oracle_post(struct rx_oracle *r);
/* The kernel takes so many chunks from the fill ring. */
void rx_oracle_take(struct rx_oracle *r, uint32_t count);
/* A frame of so many bytes, in pieces of at most so many. Return: did it fit the rings? */
bool rx_oracle_receive(struct rx_oracle *r, uint32_t len, uint32_t piece_bytes, uint32_t shift);
/* At most so many frames, of random lengths. */
void rx_oracle_receive_some(struct rx_oracle *r, uint32_t count);
void rx_oracle_poll(struct rx_oracle *r, uint32_t most);
/* What the queue thinks the kernel holds is where the kernel knows it. */
void rx_oracle_balance(const struct rx_oracle *r);
/* A frame for every buffer that is still posted, small enough for any: no id is lost. */
void rx_oracle_drain(struct rx_oracle *r);

#endif
