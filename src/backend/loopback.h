/* SPDX-License-Identifier: BSD-2-Clause */
/* The loopback backend's state: loopback.c is the endpoint and transmit, loopback_rx.c receive. */
#ifndef NET_LOOPBACK_H
#define NET_LOOPBACK_H

#include "backend/rss.h"
#include "net_backend.h"

enum {
	LOOPBACK_MAX_QUEUES = 64,
	LOOPBACK_IDS = 65536, /* receive ids are below this; it bounds what can wait in a queue */
	LOOPBACK_PIECES = 65536, /* of all posted buffers together, their first ones apart */
	LOOPBACK_BATCH = 64,
	LOOPBACK_FRAME_IDS = 256,     /* that one frame may take: metadata says up to 255 more */
	LOOPBACK_NONE = LOOPBACK_IDS, /* no id, no piece: the end of a list */
};

/* A contiguous part of a buffer. */
struct piece {
	uint8_t *at;
	uint32_t len_bytes;
	uint32_t next; /* in the buffer, or in the free list */
};

struct slot {
	struct piece first;	 /* at NULL: the id is not ours */
	uint32_t capacity_bytes; /* of all pieces */
	uint32_t next;
	struct net_rx_metadata metadata; /* of the frame, once the slot is filled */
};

struct list {
	uint32_t first, last;
};

struct loopback {
	struct net_endpoint base;
	uint32_t max_queues;
	uint32_t made; /* by the last get_queues */
	uint32_t alive;
	struct loopback_queue *queues[LOOPBACK_MAX_QUEUES]; /* NULL: destroyed */
	uint8_t key[RSS_KEY_BYTES];
	uint16_t table[RSS_TABLE_ENTRIES];
	uint32_t table_entries; /* 0: no steering */
};

struct loopback_queue {
	struct net_queue base;
	struct loopback *endpoint;
	uint32_t index;
	int ready_fd;
	bool armed; /* poll_ready said no: the next frame must wake the sleeper */
	bool rx_merge;
	uint32_t posted_count, filled_count;
	struct list posted, filled;
	struct net_queue_stats stats;
	uint32_t piece_free; /* list */
	struct piece pieces[LOOPBACK_PIECES];
	struct slot slots[LOOPBACK_IDS];
};

static inline struct loopback_queue *loopback_queue_of(struct net_queue *q)
{
	return (struct loopback_queue *)q;
}

/* A frame on its way: read() copies up to limit of its bytes, from offset at on, and says how many. */
struct loopback_frame {
	uint32_t len_bytes;
	const struct net_tx_metadata *meta;
	uint32_t (*read)(const struct loopback_frame *frame, uint32_t at, uint8_t *to,
			 uint32_t limit);
};

void loopback_rx_open(struct loopback_queue *q);
uint32_t loopback_rx_avail(struct net_queue *q, struct net_buffer_access *pool, const uint32_t *ids,
			   uint32_t count);
int loopback_rx_poll(struct net_queue *q, struct net_buffer_access *pool, uint32_t *ids,
		     uint32_t count);
/* Put a frame into the next posted buffer, or buffers. Return: false when it was dropped, and counted. */
bool loopback_deliver(struct loopback_queue *q, const struct loopback_frame *frame);
void loopback_rx_outstanding(struct loopback_queue *q, net_outstanding_fn *each, void *context);

#endif
