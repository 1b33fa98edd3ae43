/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a queue has to do with receive ids and chunks, known apart from it: post, let the fake kernel
 * receive, poll, each with random arguments, and each checked. Every byte of the frontend's memory is watched:
 * what nobody had a right to write to ends the test.
 *
 * One at a time: there is one copy of the memory.
 */
#ifndef SUPPORT_RX_ORACLE_H
#define SUPPORT_RX_ORACLE_H

#include "support/fake_kernel.h"
#include "support/rx_frame.h"

enum {
	ORACLE_IDS = 256,
	ORACLE_STRANGERS = 10, /* ids behind these, which the queue does not know */
	ORACLE_RINGS = 256,
	ORACLE_PRIVATE = 32,
	ORACLE_HELD = 4096,
	ORACLE_LARGEST = RX_FRAME_LARGEST,
	ORACLE_PIECES = 32, /* behind a buffer's first: as many as are asked for */
	ORACLE_PARTS = 8,   /* of a frame that is gathered */
	ORACLE_BATCH = 64,  /* most ids of a frame */
	ORACLE_SLOT = 16384,
	ORACLE_BYTES = ORACLE_IDS * ORACLE_SLOT
};

/* Instead of an id. */
#define ORACLE_PRIVATE_CHUNK UINT32_MAX

struct oracle_variant {
	bool unaligned, zero_copy, jumbo;
	uint32_t ring;
	uint32_t ids; /* the queue knows; 0: ORACLE_IDS */
	bool merge;   /* a frame may go on in further buffers */
	bool pieces;  /* buffers have several pieces; without it the pool has no rx_pieces() */
	bool vlan;    /* tags are reported */
	bool sealed;  /* not with jumbo, vlan or checksum */
	bool ordered; /* the kernel fills the chunks that it got first */
	/* The guest writes to a frame while rx_poll() reads it: what metadata then tell only has to make
	 * sense. The caller makes that so. */
	bool torn;
	enum net_xdp_rx_checksum checksum;
	const char *driver; /* with a native program; NULL: no driver, and a generic one */
};

/* What the oracle knows of an id. */
struct oracle_id {
	bool posted, direct, away; /* away: the kernel has its chunk, or it is in the RX ring */
	uint64_t base;		   /* of the chunk */
	uint32_t room;		   /* of all its pieces, when it was posted */
	bool lies; /* the pool describes another buffer than was posted, the true one is: */
	struct net_rx_buffer truth;
	uint32_t true_pieces;
};

struct oracle_held {
	uint64_t base;
	uint32_t id; /* or ORACLE_PRIVATE_CHUNK */
};

/* A descriptor that the kernel wrote. */
struct oracle_sent {
	struct oracle_held chunk;
	struct rx_frame frame;
	uint32_t shift, part, parts;
	uint32_t first_bytes; /* of the frame's first part */
	bool last, tagged;
	uint16_t tci;
};

/* Of a private chunk. Gathered: a part of a frame that is not complete, or left for the next call. */
enum oracle_slot { ORACLE_FREE, ORACLE_AWAY, ORACLE_GATHERED };

struct rx_oracle {
	struct frontend f;
	struct net_buffer_access_ops ops; /* the pool's */
	struct fake_kernel k;
	struct oracle_variant v;
	enum checksum_source source;
	struct net_xdp_queue *q;
	struct oracle_id id[ORACLE_IDS];
	/* ids that are copied to, in order */
	uint32_t waiting[ORACLE_IDS + 1], waiting_first, waiting_end;
	enum oracle_slot slot[ORACLE_PRIVATE];
	struct oracle_sent left; /* the frame that the call before had no room for */
	bool has_left;
	uint32_t held_count;
	uint32_t looked; /* RX descriptors up to here were seen by the queue */
	uint32_t number;
	uint64_t delivered, dropped, bytes, tagged, longer_least, longer_most;
	uint64_t refused[NET_RX_REFUSED_COPY + 1]; /* by reason */
	/* ---- from here on set before it is read ---- */
	struct oracle_held held[ORACLE_HELD]; /* chunks that the kernel took, oldest first */
	struct oracle_sent sent[ORACLE_RINGS];
	struct net_rx_piece piece[ORACLE_IDS][ORACLE_PIECES];
};

void rx_oracle_open(struct rx_oracle *r, struct oracle_variant v);
/* The counters are right, and nobody wrote where nobody might. */
void rx_oracle_close(struct rx_oracle *r);
uint32_t rx_oracle_below(uint32_t n); /* a random number */

/* Post ids, some of them bad. */
void rx_oracle_post(struct rx_oracle *r);
/* The kernel takes so many chunks from the fill ring. */
void rx_oracle_take(struct rx_oracle *r, uint32_t count);
/* At most so many frames, of random lengths. */
void rx_oracle_receive_some(struct rx_oracle *r, uint32_t count);
void rx_oracle_poll(struct rx_oracle *r, uint32_t most);
/* What the queue thinks the kernel holds is where the kernel knows it. */
void rx_oracle_balance(const struct rx_oracle *r);
/* A frame for every buffer that is still posted, small enough for any: no id is lost. */
void rx_oracle_drain(struct rx_oracle *r);

/* ---- What a guest does meanwhile (rx_oracle_guest.c) ---- */

/* It writes to buffers that no frame is in yet. */
void rx_oracle_scribble(struct rx_oracle *r);
/* It describes a buffer that waits for a copy anew. */
void rx_oracle_lie(struct rx_oracle *r);
/* All buffers are described as they were posted. */
void rx_oracle_recant(struct rx_oracle *r);
/* Room in a buffer that waits as it is described now, as far as it was posted; 0: another one is. */
uint32_t rx_oracle_described(const struct rx_oracle *r, uint32_t id);
/* Is a piece of memory of the frontend's? */
bool rx_oracle_is_inside(uint64_t addr, uint64_t len);
/* Room in all pieces of a buffer; 0: one is outside. */
uint32_t rx_oracle_room(const struct rx_oracle *r, uint32_t id);
/* A buffer for an id of the frontend's. */
void rx_oracle_describe(struct rx_oracle *r, uint32_t id);

#endif
