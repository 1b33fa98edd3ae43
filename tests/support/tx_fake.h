/* SPDX-License-Identifier: BSD-2-Clause */
/* Transmit against the fake kernel: a queue with small rings over a frontend, every index starts shortly
 * before 2^32. */
#ifndef SUPPORT_TX_FAKE_H
#define SUPPORT_TX_FAKE_H

#include "support/fake_kernel.h"

enum { TX_FAKE_BYTES = 16 << 20 };

struct tx_fake {
	struct frontend f;
	struct fake_kernel k;
	struct net_queue *q;
	struct frontend_list list;
	struct fake_packet packet;
};

/* Rings of 64, 16 private slots. */
struct net_xdp_config tx_fake_small_rings(void);
void tx_fake_open(struct tx_fake *r, struct net_xdp_config config);
/* Whatever a test did, the frontend's memory was only read. */
void tx_fake_close(struct tx_fake *r);
uint64_t tx_fake_counter(struct tx_fake *r, enum net_xdp_counter c);

/* Send the list from this segment on. Return: accepted segments. */
uint32_t tx_fake_offer(struct tx_fake *r, uint32_t from);
/* The next packet on the wire is the concatenation of list segments first .. first + count. */
void tx_fake_expect_wire(struct tx_fake *r, uint32_t first, uint32_t count);
/* The kernel completes the packet that was seen last. */
void tx_fake_complete(struct tx_fake *r);
/* tx_poll returns these ids. */
void tx_fake_expect_ids(struct tx_fake *r, const uint32_t *expected, uint32_t count);

#endif
