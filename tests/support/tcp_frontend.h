/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frontend of a TCP sender on an AF_XDP endpoint with one queue, by the library's public calls alone. Its
 * one region:
 *
 *     | header slots | receive buffers | payload: a stream's pieces |
 *
 * The pool's memory operation serves the header slots, from a mapping that has nothing else. Sealed, the
 * process's mapping of the payload is inaccessible from tcp_frontend_open() on: whoever reads a byte of it
 * ends the process with SIGSEGV. No assertions: a call that fails says why.
 */
#ifndef SUPPORT_TCP_FRONTEND_H
#define SUPPORT_TCP_FRONTEND_H

#include "net_xdp.h"
#include "support/tcp_stream.h"

enum {
	TCP_SLOTS = 2048, /* packets with the backend at most */
	TCP_SLOT_BYTES = 256,
	TCP_RX_BUFFERS = 512,
	TCP_WHY_BYTES = 640,
};

struct tcp_frontend {
	struct net_buffer_access pool; /* first: a pool is its frontend */
	int fd;
	uint8_t *headers, *rx, *payload;
	struct net_xdp_config config; /* of tcp_frontend_prepare(), to be changed before open */
	struct net_xdp_region region;
	struct net_endpoint *ep;
	struct net_queue *queue;
	uint16_t rx_offset_bytes[TCP_RX_BUFFERS];
	uint32_t rx_len_bytes[TCP_RX_BUFFERS]; /* of the last frame */
	uint64_t header_asks; /* calls of the memory operation for bytes of the header slots ... */
	uint64_t other_asks;  /* ... and for others, which got NULL */
	char why[TCP_WHY_BYTES];
};

void tcp_frontend_prepare(struct tcp_frontend *f, const char *ifname);

/* Place the stream, open, and get the queue. Return: false, and f->why; then there is nothing to close. */
bool tcp_frontend_open(struct tcp_frontend *f, const struct tcp_stream *stream);
/* Return: false, and f->why, when the backend did not end as it should. */
bool tcp_frontend_close(struct tcp_frontend *f);

uint64_t tcp_frontend_slot_addr(uint32_t slot);
uint8_t *tcp_frontend_slot(struct tcp_frontend *f, uint32_t slot);
uint64_t tcp_frontend_payload_addr(void);
/* What the queue has counted of sent packets, in words. */
void tcp_frontend_tell(const struct tcp_frontend *f, char *out, size_t size);
/* The frame that was received to this id. */
const uint8_t *tcp_frontend_frame(const struct tcp_frontend *f, uint32_t id, uint32_t *len);

#endif
