/* SPDX-License-Identifier: BSD-2-Clause */
/* Copy mode: a packet to be cut goes to the kernel whole, through a packet socket, and the device cuts it or hands
 * it to a local receiver as it is. Where the kernel does not take it, tx_offload.c cuts it. */
#ifndef NET_XDP_TX_WHOLE_H
#define NET_XDP_TX_WHOLE_H

#include <stdbool.h>
#include <stdint.h>

struct net_xdp_queue;
struct net_tx_metadata;
struct segmenter;
struct tx_walk;

struct tx_whole {
	int fd;		/* of the packet socket, -1 none */
	int error;	/* -errno: why there is none */
	uint32_t flags; /* packets with one of these may go whole; 0 none */
	uint32_t skip,
		pause;	/* the next skip packets are cut; so many were after the last refusal */
	uint32_t calls; /* system calls that this tx_avail() may still make */
	bool refused; /* the kernel refused the packet at hand, or one that was left to the frontend */
};

/* Open the packet socket, if queue_set_tx() found that packets may go whole. Without one all are cut. */
void tx_whole_open(struct net_xdp_queue *q);
void tx_whole_close(struct net_xdp_queue *q);

enum tx_whole_result {
	TX_WHOLE_SENT, /* and completed */
	/* nothing of it was sent: */
	TX_WHOLE_CUT,	/* it has to be cut */
	TX_WHOLE_AGAIN, /* this call has made all the system calls that it may */
};

/* Send a judged packet whole, behind all that was sent before. payload: its first byte behind the headers. */
enum tx_whole_result tx_whole_send(struct net_xdp_queue *q, const struct net_tx_metadata *meta,
				   const struct segmenter *s, const struct tx_walk *payload);
/* The kernel refused a packet, which is now cut, or dropped: however often it was offered, it counts once. */
void tx_whole_count_refused(struct net_xdp_queue *q, bool is_cut);

#endif
