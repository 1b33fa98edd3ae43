/* SPDX-License-Identifier: BSD-2-Clause */
/* The loopback backend's state: loopback.c is the endpoint, loopback_tx.c transmit, loopback_rx.c
 * receive. */
#ifndef NET_LOOPBACK_H
#define NET_LOOPBACK_H

#include "backend/rss.h"
#include "net_backend.h"

enum {
	LOOPBACK_MAX_QUEUES = 64,
	/* receive ids are below this number, which also bounds the frames that wait in a queue */
	LOOPBACK_IDS = 65536,
	/* of all posted buffers together, their first pieces not counted */
	LOOPBACK_PIECES = 65536,
	LOOPBACK_BATCH = 64,
	LOOPBACK_FRAME_IDS = 256,     /* most ids of one frame: more_ids is at most 255 */
	LOOPBACK_NONE = LOOPBACK_IDS, /* marks the end of a list of ids or pieces */
};

/* A contiguous piece of a buffer. */
struct piece {
	uint8_t *at;
	uint32_t len_bytes;
	uint32_t next; /* next piece of the buffer, or of the free list */
};

struct slot {
	struct piece first;	 /* at is NULL while the frontend has the id */
	uint32_t capacity_bytes; /* of all pieces */
	uint32_t next;
	/* of the frame in the buffer, once the slot is in filled */
	struct net_rx_metadata metadata;
};

struct list {
	uint32_t first, last;
};

struct loopback {
	struct net_endpoint base;
	uint32_t max_queues;
	uint32_t made; /* number of queues that the last get_queues made */
	uint32_t alive;
	/* NULL if the queue was destroyed */
	struct loopback_queue *queues[LOOPBACK_MAX_QUEUES];
	uint8_t key[RSS_KEY_BYTES];
	uint16_t table[RSS_TABLE_ENTRIES];
	uint32_t table_entries; /* 0 if there is no steering */
};

struct loopback_queue {
	struct net_queue base;
	struct loopback *endpoint;
	uint32_t index;
	int ready_fd;
	bool armed; /* poll_ready returned false: the next frame must wake the sleeper */
	bool rx_merge;
	uint32_t posted_count, filled_count;
	struct list posted, filled;
	struct net_queue_stats stats;
	uint32_t piece_free; /* first of the free pieces */
	struct piece pieces[LOOPBACK_PIECES];
	struct slot slots[LOOPBACK_IDS];
};

static inline struct loopback_queue *loopback_queue_of(struct net_queue *q)
{
	return (struct loopback_queue *)q;
}

/* A frame on its way from sender to receiver. read() copies bytes from offset at on, at most limit,
 * and returns how many. */
struct loopback_frame {
	uint32_t len_bytes;
	const struct net_tx_metadata *meta;
	uint32_t (*read)(const struct loopback_frame *frame, uint32_t at, uint8_t *to,
			 uint32_t limit);
};

int loopback_tx_avail(struct net_queue *q, struct net_buffer_access *pool,
		      const struct net_tx_segment *segments, uint32_t count, bool *sync);

void loopback_rx_open(struct loopback_queue *q);
uint32_t loopback_rx_avail(struct net_queue *q, struct net_buffer_access *pool, const uint32_t *ids,
			   uint32_t count);
int loopback_rx_poll(struct net_queue *q, struct net_buffer_access *pool, uint32_t *ids,
		     uint32_t count);
/* Copy a frame to the next posted buffer, or to several. Return: false if the frame was dropped,
 * which is counted. */
bool loopback_deliver(struct loopback_queue *q, const struct loopback_frame *frame);
void loopback_rx_outstanding(struct loopback_queue *q, net_outstanding_fn *each, void *context);

#endif
