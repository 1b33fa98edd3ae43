/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two AF_XDP endpoints at the ends of a veth pair, as the kernel's own AF_XDP tests have them.
 *
 *     struct pair p;
 *     pair_prepare(&p, NET_XDP_ATTACH_NATIVE, 1500);   a namespace, v0 and v1; change p.rx.config
 *     pair_open(&p, 256);                              both ends have one queue, 256 buffers each
 *     pair_stream(&p, 4096, 64);                       4096 frames, bytes and order checked
 *     pair_close(&p);
 */
#ifndef SUPPORT_PAIR_H
#define SUPPORT_PAIR_H

#include "support/frame.h"
#include "support/frontend_xdp.h"

/* At most so many frames are under way: a veth queue holds 256 and loses what comes above. */
#define PAIR_BATCH 64u

/* Long, because others may use the machine: what is waited for comes at once or never. */
#define PAIR_DEADLINE_MS 10000

struct pair {
	struct frontend_xdp tx, rx;   /* on v0 and v1 */
	struct frontend_list list;    /* what the next pair_send() sends from tx */
	uint32_t place_bytes;	      /* of a frame to send */
	uint64_t sent, received;      /* sequence numbers */
	uint32_t ids[2 * PAIR_BATCH]; /* of the last pair_receive() */
};

void pair_prepare(struct pair *p, enum net_xdp_attach attach, unsigned int mtu);
void pair_open(struct pair *p, uint32_t buffers);
void pair_close(struct pair *p);

/* The bytes of the frame with this number. */
void pair_frame(uint8_t *out, uint32_t len, uint64_t sequence);

/* Guest address of the i-th place for a frame to send. */
uint64_t pair_place(const struct pair *p, uint32_t i);

/* Put the next frame of the sequence into place i and into the list. */
void pair_add(struct pair *p, uint32_t i, uint32_t len);
/* Send the list; every packet must be completed. */
void pair_send(struct pair *p);
/* The next count frames of the sequence must arrive, in order and with exact bytes. */
void pair_receive(struct pair *p, uint32_t count, uint32_t len);
/* Give the buffers of the last pair_receive() back. */
void pair_repost(struct pair *p, uint32_t count);
/* count frames of len bytes from one end to the other. */
void pair_stream(struct pair *p, uint32_t count, uint32_t len);

/* A test of both ways to attach the program. */
#define IN_BOTH_MODES(suite, name)                                                                 \
	static void name(enum net_xdp_attach attach);                                              \
	Test(suite, name, .timeout = 60)                                                           \
	{                                                                                          \
		name(NET_XDP_ATTACH_NATIVE);                                                       \
	}                                                                                          \
	Test(suite, name##_skb, .timeout = 60)                                                     \
	{                                                                                          \
		name(NET_XDP_ATTACH_GENERIC);                                                      \
	}                                                                                          \
	static void name(enum net_xdp_attach attach)

#endif
