/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbered, checksummed frames from one port to another, paced, and what became of them. */
#ifndef LAB_TRAFFIC_H
#define LAB_TRAFFIC_H

#include "xsk_bench/flow.h"
#include "xsk_bench/frame.h"
#include "port.h"

struct traffic {
	struct port *from, *to;
	struct frame_flow flow;
	uint64_t prepared[PORT_TX];
	struct flow_table table;
	struct net_xdp_stats from_before, to_before;
	uint64_t next_ns; /* when the next frame may go */
	bool hold;	  /* keep what is received: its buffers do not go back */
	uint32_t held[PORT_RX], held_count;
	uint64_t sent, received, corrupt, foreign;
	uint64_t crossing; /* sent, and crosses a small page */
	uint64_t cut;	   /* sent, and longer than PIECE */
};

/* What traffic_end() makes of it. */
struct traffic_result {
	struct flow_totals frames;
	struct net_xdp_stats from, to; /* how much each counter grew */
	uint64_t named;		       /* frames lost, by the counters that say why */
	uint64_t unexplained;	       /* sent, neither received nor named */
};

void traffic_begin(struct traffic *t, struct port *from, struct port *to);
/* Send so many frames and look for them at the other end all the while. to may be without queue.
 * Gives up when the sender's places do not come back. */
void traffic_run(struct traffic *t, uint64_t frames);
/* Wait until all are completed and, if to has a queue, all have come; or nothing comes any more. */
void traffic_settle(struct traffic *t);
/* Give the held buffers back. */
void traffic_release(struct traffic *t);
void traffic_end(struct traffic *t, struct traffic_result *result);

/* Links take seconds to come up after a bind on some drivers. Return: did a frame cross in time? */
bool traffic_crosses(struct port *from, struct port *to, unsigned timeout_s);

#endif
