/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames across a veth pair: exact ones both ways, a flood, and frames held on their way. */
#ifndef SUPPORT_TRAFFIC_H
#define SUPPORT_TRAFFIC_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "support/frontend_xdp.h"
#include "support/peer.h"

enum { TRAFFIC_DEADLINE_MS = 10000 };

/* A network with the veth pair v0, v1 of so many queues: an endpoint on v0, a peer on v1. */
struct rig {
	struct frontend_xdp x;
	struct peer peer;
};

void rig_prepare(struct rig *r, uint32_t queues); /* all but the open; change r->x.config */
void rig_open(struct rig *r, uint32_t queues);
void rig_close(struct rig *r);

/* Both ends are up, and frames flow. */
void rig_up(void);

/* Frame number i of the runs below: it carries its number, from byte 14 on. Return: its length. */
uint32_t traffic_numbered(uint8_t *frame, uint32_t i);

/* Peer -> us: count frames of different lengths. Each must come once, exact, on whichever queue; its
 * buffer is posted again. */
void traffic_receive(struct frontend_xdp *x, struct peer *p, uint32_t count);

/* Us -> peer: count frames through one queue; each must complete and arrive, exact and in order. */
void traffic_send(struct frontend_xdp *x, struct peer *p, uint32_t queue, uint32_t count);

/* traffic_send() through each queue, then traffic_receive(). */
void traffic_both_ways(struct frontend_xdp *x, struct peer *p);

/* A list of one frame at place of the transmit area. Return: its bytes. */
uint8_t *traffic_put(struct frontend_xdp *x, struct frontend_list *list, uint32_t place,
		     uint32_t len);

/* For other threads than the test's: an assertion, also one that holds, is a message to the runner,
 * and only one thread may talk to it. Return: was it sent? */
bool traffic_quiet_send(struct peer *p, const uint8_t *frame, uint32_t len);

/* ---- A flood: a thread that sends as fast as it can ------------------------------------------------ */

struct flood {
	struct peer peer;
	pthread_t thread;
	bool stop;     /* atomic */
	uint64_t sent; /* atomic */
};

/* Return when the first frame is on its way. */
void flood_start(struct flood *f, const char *ifname);
uint64_t flood_sent(const struct flood *f); /* how many, until now */
uint64_t flood_stop(struct flood *f);	    /* how many in all */

/* ---- Frames that take their time ------------------------------------------------------------------- */

/* What we send to the other end, ifname, is from now on kept by the kernel, uncompleted, until
 * traffic_release(). Makes the veth pair h0, h1. */
void traffic_hold(const char *ifname);
void traffic_release(void); /* makes no assertion */

#endif
