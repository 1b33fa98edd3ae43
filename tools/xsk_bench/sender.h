/* SPDX-License-Identifier: BSD-2-Clause */
/* Making and sending numbered frames on queue 0, for tx and latency. */
#ifndef BENCH_SENDER_H
#define BENCH_SENDER_H

#include "worker.h"

/* Packets that are built and not yet accepted. */
struct outbox {
	struct net_tx_segment *segments;
	struct net_tx_metadata *metadata;
	uint32_t count;		/* packets */
	uint32_t segment_count; /* of all of them */
};

/* An even schedule: frame k is due k / rate seconds after the start. */
struct pace {
	uint64_t start_ns;
	uint64_t rate; /* 0: always due */
};

/* Which time a frame carries. */
enum sender_time {
	SENDER_NOW,	 /* when it was built */
	SENDER_SCHEDULE, /* when it was due */
};

struct sender {
	struct outbox box;
	struct pace pace;
	enum sender_time time;
	uint64_t sequence; /* of the next packet */
	uint64_t limit;	   /* packets to send, UINT64_MAX: no limit */
	struct packet_shape shape;
	struct net_tx_metadata request; /* of every packet, but for its id */
	uint32_t first_bytes;		/* of its first segment */
	uint64_t wire_bytes;		/* of its wire packets */
	struct frame_head *heads;	/* of --flows and --ipv6, of each flow; else NULL */
	uint32_t flow_count;
	uint64_t *sums; /* checksums so far: of each send buffer, of each piece in it */
};

/* Prepare every send buffer and start the schedule. Return: NULL without memory. */
struct sender *sender_new(struct worker *w, enum sender_time time);
void sender_free(struct sender *s);

/* Packets that the schedule and --count ask for by now. */
uint64_t sender_due(const struct sender *s, uint64_t now);

/* When there is something to build; WORKER_NEVER when only a completion or room can help. */
uint64_t sender_deadline(const struct worker *w, const struct sender *s);

/* Fill the outbox with what is due and has a buffer. */
void sender_build(struct worker *w, struct sender *s, uint64_t now);

/* Offer the outbox. What is not accepted moves to its front. Return: packets accepted. */
uint32_t sender_send(struct worker *w, struct sender *s);

/* Collect completions into the free stack. Return: their number, or a negative error. */
int sender_reap(struct worker *w);

/* Reap until nothing is outstanding or DRAIN_NS have passed. Return: 0 or a negative error. */
int sender_drain(struct worker *w);

#endif
