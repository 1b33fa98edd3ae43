/* SPDX-License-Identifier: BSD-2-Clause */
/* Receive against the fake kernel: a queue with small rings over a frontend, every index starts shortly
 * before 2^32. */
#ifndef SUPPORT_RX_FAKE_H
#define SUPPORT_RX_FAKE_H

#include "support/fake_kernel.h"

enum { RX_FAKE_IDS = 4096, RX_FAKE_BYTES = 16 << 20 };

struct rx_fake {
	struct frontend f;
	struct fake_kernel k;
	struct net_queue *q;
};

/* Rings of 64, 32 private chunks. */
struct net_xdp_config rx_fake_small_rings(void);
void rx_fake_open(struct rx_fake *r, struct net_xdp_config config);
void rx_fake_close(struct rx_fake *r);
uint64_t rx_fake_counter(struct rx_fake *r, enum net_xdp_counter c);

/* Odd addresses, 12 bytes of gap, just the capacity of a direct buffer. */
void rx_fake_layout_direct(struct rx_fake *r, uint32_t count);
void rx_fake_frame(uint8_t *frame, uint32_t len, uint32_t seed);
/* One frame through, checked. Return: its id. */
uint32_t rx_fake_pass(struct rx_fake *r, uint32_t len, uint32_t seed);

#endif
