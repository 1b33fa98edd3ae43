/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The test frontend on an AF_XDP endpoint.
 *
 *     struct frontend_xdp x;
 *     frontend_xdp_prepare(&x, "v0");        memory of 16 MiB, default config; change x.config
 *     frontend_xdp_open(&x);
 *     frontend_xdp_start(&x, 1, 256);        one queue, ids 0..255 posted
 *     ... x.queues[0] ...
 *     frontend_xdp_close(&x);                everything; each step must succeed
 *
 * The lower half of the memory holds the receive buffers, the upper half is for frames to send:
 * frontend_xdp_tx_addr().
 */
#ifndef SUPPORT_FRONTEND_XDP_H
#define SUPPORT_FRONTEND_XDP_H

#include "net_xdp.h"
#include "support/frontend.h"

enum {
	FRONTEND_XDP_BYTES = 16 << 20,
	FRONTEND_XDP_IDS = 4096,
	FRONTEND_XDP_QUEUES = 4,
	FRONTEND_XDP_HEADER_BYTES = 12, /* a virtio-net header */
};

struct frontend_xdp {
	struct frontend f;
	struct net_xdp_config config;
	struct net_xdp_region regions[FRONTEND_REGIONS];
	struct net_endpoint *ep;
	struct net_queue *queues[64];
	uint32_t queue_count;
	bool rx_merge;	      /* of the queues that are started */
	struct net_error err; /* of the last call that failed */
};

void frontend_xdp_prepare(struct frontend_xdp *x, const char *ifname);
/* Lay the ids out as config wants them: each buffer is direct. Done by open for all ids that fit
 * unless a buffer is laid out already. Return: how many ids have a buffer. */
uint32_t frontend_xdp_layout(struct frontend_xdp *x, uint32_t header_bytes);

/* Does a chunk for a buffer at this address of region 0 keep within what is contiguous for a NIC? */
bool frontend_xdp_fits_page(const struct frontend_xdp *x, uint64_t addr, uint32_t header_bytes);

/* net_xdp_open() with the memory's regions. Return: its result, x->err filled. */
int frontend_xdp_try_open(struct frontend_xdp *x);
void frontend_xdp_open(struct frontend_xdp *x);

/* get_queues; queue i posts ids i * buffers .. (i + 1) * buffers. */
int frontend_xdp_try_start(struct frontend_xdp *x, uint32_t queues, uint32_t buffers);
void frontend_xdp_start(struct frontend_xdp *x, uint32_t queues, uint32_t buffers);

/* Destroy the queues that are left (x->queues[i] not NULL). */
void frontend_xdp_stop(struct frontend_xdp *x);
/* Destroy queues and endpoint, give the memory back. */
void frontend_xdp_close(struct frontend_xdp *x);

/* Guest address of the i-th place for a frame to send; they are 4096 bytes apart. */
uint64_t frontend_xdp_tx_addr(const struct frontend_xdp *x, uint32_t i);

/* All counters of a queue now, but for the one that a zero-copy driver moves by looking at its fill
 * ring: 0. */
struct net_xdp_stats frontend_xdp_stats(struct frontend_xdp *x, uint32_t queue);
/* A counter of a queue now. */
uint64_t frontend_xdp_counter(struct frontend_xdp *x, uint32_t queue, enum net_xdp_counter counter);
struct net_xdp_report frontend_xdp_report(struct frontend_xdp *x, uint32_t queue);

#endif
