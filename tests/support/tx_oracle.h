/* SPDX-License-Identifier: BSD-2-Clause */
/* What a queue has to do with lists of packets, known apart from it: lists of random packets, some of them bad;
 * the wire; completions. Every packet is on the wire or dropped, in order and by itself, and completes once. */
#ifndef SUPPORT_TX_ORACLE_H
#define SUPPORT_TX_ORACLE_H

#include "support/fake_kernel.h"

#define TX_ORACLE_START 0xfffffff0u

enum {
	TX_ORACLE_RING = 64,
	TX_ORACLE_FLIGHT = 256,
	TX_ORACLE_IDS = 4096, /* more than there can be at the same time */
	TX_ORACLE_LARGEST = 9018
};

enum tx_fate { TX_ORACLE_COMPLETED, TX_ORACLE_OFFERED, TX_ORACLE_DROPPED, TX_ORACLE_SENT };

/* A packet in the TX ring, as it should be on the wire. */
struct tx_expected {
	uint32_t id, len;
	uint8_t bytes[TX_ORACLE_LARGEST + 4];
};

struct tx_variant {
	bool unaligned, zero_copy, jumbo, sealed;
	uint32_t flight;  /* entries of the completion ring: so many descriptors in flight */
	uint32_t bytes;	  /* of each of two regions */
	uint32_t packets; /* in a list */
};

struct tx_oracle {
	struct frontend f;
	struct fake_kernel k;
	struct frontend_list list;
	struct tx_variant v;
	uint32_t bytes, packets;
	uint32_t largest;
	uint32_t offered; /* segments of the list that were accepted */
	uint32_t sent_first, sent_end;
	uint64_t held[TX_ORACLE_FLIGHT]; /* addresses that the kernel took */
	uint32_t held_count;
	enum tx_fate fate[TX_ORACLE_IDS];  /* by id, modulo TX_ORACLE_IDS */
	uint32_t ids, accepted, completed; /* packets so far */
	uint64_t wire, sealed_out;	   /* the latter: dropped for no other reason than that */
	struct tx_expected sent[TX_ORACLE_RING]; /* a ring: not yet seen on the wire */
};

void tx_oracle_open(struct tx_oracle *r, struct tx_variant v);
/* The frontend's memory was only read. */
void tx_oracle_close(struct tx_oracle *r);

/* Make another list; the one before was accepted whole. */
void tx_oracle_list(struct tx_oracle *r);
/* Offer what is left of the list; of what was accepted the oracle says what it is. */
void tx_oracle_offer(struct tx_oracle *r);
/* The kernel takes some packets from the ring: they are the next ones that were accepted. */
void tx_oracle_transmit(struct tx_oracle *r, uint32_t count);
/* It gives some addresses back: in order, or in any. */
void tx_oracle_complete(struct tx_oracle *r, uint32_t count, bool ordered);
/* Return: how many ids came back. */
uint32_t tx_oracle_collect(struct tx_oracle *r, uint32_t most);
/* Everything that is on its way comes back. */
void tx_oracle_drain(struct tx_oracle *r);

#endif
