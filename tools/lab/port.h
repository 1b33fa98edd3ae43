/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One NIC of the lab with a frontend's memory behind it. Buffers are where the kernel's rules bite:
 * at odd addresses, 12 bytes behind the buffer's start, and with small pages every second chunk
 * window (and every second frame to send) crosses a page.
 *
 *     | 256 receive buffers, 8192 apart | 128 places for frames to send, 8192 apart |
 *     0                                 2 MiB                                       3 MiB
 *
 * In joined memory each half of it is a region of its own, and all that is 1 MiB further back, so that
 * the regions meet among the receive buffers: one of them ends there, the next one begins there, and
 * the chunk window of that one reaches over the join.
 */
#ifndef LAB_PORT_H
#define LAB_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "net_xdp.h"

enum {
	PORT_RX = 256,
	PORT_TX = 128,
	PORT_STRIDE = 8192,
	PORT_RX_BYTES = PORT_RX * PORT_STRIDE,
	PORT_BYTES = 2 * PORT_RX_BYTES, /* two huge pages */
	PORT_HALF = PORT_BYTES / 2,
	PORT_JOINED = PORT_HALF / 2, /* how much further back all is in joined memory */
	PORT_GAP = 12,		     /* a virtio-net header */
	SMALL_PAGE = 4096,
	HUGE_PAGE = 2 << 20,
	PIECE = 1024, /* what igb cuts frames to in the default chunks */
};

struct port_options {
	const char *ifname;
	bool huge_pages; /* of all memory, or of the first half when it is joined */
	bool joined;	 /* two regions, of either page size */
	bool sealed;
	bool deferring;	   /* keep the NAPI's interrupt off after frames, */
	bool polling;	   /* and busy poll meanwhile */
	bool keeping;	   /* leave ARP to the host */
	bool small_chunks; /* the default ones also where the driver wants larger ones */
	enum net_xdp_mode mode;
	enum net_xdp_program program;
};

struct port {
	struct net_buffer_access access; /* first: the backend knows only this */
	struct net_xdp_config config;
	struct net_xdp_region region[2];
	bool joined, dma_per_page;
	uint32_t page_bytes[2]; /* of each half: what is one piece for DMA */
	char driver[32];
	uint8_t mac[6];
	uint8_t *reserved, *bytes; /* our mapping; the backend has its own */
	struct net_endpoint *ep;
	struct net_queue *q;
	struct net_xdp_report report;
	struct net_error err;
	struct net_rx_metadata received[PORT_RX];
	uint32_t free_tx[PORT_TX]; /* a ring: every place gets its turn */
	uint32_t free_head, free_count;
	uint64_t crossing; /* ids described since the start whose window crosses a page */
};

/* Make the memory and describe the NIC. Return: 0, -errno with p->err filled. */
int port_prepare(struct port *p, const struct port_options *options);
/* Endpoint, then queue with all ids posted. Return: 0, -errno with p->err filled. */
int port_open(struct port *p);
int port_start(struct port *p);
/* End the queue; what was with it is ours again. Return: 0, -errno with p->err filled. */
int port_stop(struct port *p);
/* End all that is there and give the memory back. Return: 0, or the first -errno. */
int port_close(struct port *p);

/* Where a frame lies, from the start of the memory. */
uint32_t port_rx_at(const struct port *p, uint32_t id);
uint32_t port_tx_at(const struct port *p, uint32_t slot);
/* A place's frame has always the same length, 60 to 1514 bytes. */
uint32_t port_tx_len(uint32_t slot);
bool port_tx_crosses(const struct port *p, uint32_t slot);

#endif
