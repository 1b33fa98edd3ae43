/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which heads the device has taken and not given back, in memory that outlives it. The front end keeps the
 * memory: it asks for it once (GET_INFLIGHT_FD), and hands it to every device that follows (SET_INFLIGHT_FD).
 * Layout and order of the stores: vhost-user specification, "Inflight I/O tracking", split virtqueue.
 *
 *     | region of ring 0 | region of ring 1 | ...     each a struct inflight_region, 64-byte aligned
 *
 * The order of stores, and what a successor makes of a death between two of them:
 *
 *     take     counter, inflight = 1             before the second: the head is still in the avail ring
 *     give     used entry, next, last_batch_head     the head is still inflight: done once more
 *     publish  used->idx                         the driver has the batch: the successor clears the batch's
 *              inflight = 0 of each, used_idx    inflight by the list, of used->idx - used_idx heads
 *
 * Heads are taken in the order of the avail ring, so all that were taken are a prefix of it, and a
 * successor goes on at used->idx + the number of heads in flight.
 */
#ifndef XSK_VHOST_INFLIGHT_H
#define XSK_VHOST_INFLIGHT_H

#include <stdint.h>

#include "net_xdp.h"
#include "xsk_vhost/shared.h"

#define INFLIGHT_VERSION    1
#define INFLIGHT_MAX_QUEUES 256
#define INFLIGHT_MAX_SIZE   32768

/* DescStateSplit of the specification, for each head. */
struct inflight_head {
	uint8_t inflight;
	uint8_t padding[5];
	uint16_t next; /* in the list of the last batch */
	uint64_t counter;
};

/* QueueRegionSplit of the specification. All zero: nobody has used it yet. */
struct inflight_region {
	uint64_t features; /* 0 */
	uint16_t version;
	uint16_t desc_num;
	uint16_t last_batch_head;
	uint16_t used_idx;
	struct inflight_head desc[];
};

/* The memory of all rings, mapped. Starts zeroed with fd -1. */
struct inflight_area {
	void *memory;
	uint64_t bytes; /* mmap_size of the message */
	int fd; /* for the reply to GET_INFLIGHT_FD; -1 when the front end gave the memory */
	uint32_t queues;
	uint32_t queue_size;
};

/* One ring's region, and what the device knows about it by itself. */
struct inflight_queue {
	struct inflight_region *region;
	uint32_t size;	  /* of the ring */
	uint32_t entries; /* of the region, at least as many */
	uint64_t counter; /* of the next head */
	bool is_used;	  /* a device before us has used the region */
};

/* How many bytes the rings' regions need. */
uint64_t inflight_area_bytes(uint32_t queues, uint32_t queue_size);

/*
 * GET_INFLIGHT_FD: make zeroed memory that nobody can shrink. The reply tells area->bytes as mmap_size, 0 as
 * mmap_offset, and takes area->fd along. queue_size need not be a power of two.
 * Return: 0; -EINVAL sizes, -errno; err filled. Owner: the caller, ends it with inflight_area_close().
 */
int inflight_area_create(struct inflight_area *area, uint32_t queues, uint32_t queue_size,
			 struct net_error *err);

/*
 * SET_INFLIGHT_FD: map what the front end kept. The descriptor stays the caller's and may be closed.
 * Return: 0; -EINVAL a size, offset or file that does not hold the regions, -errno of mmap; err filled.
 */
int inflight_area_take(struct inflight_area *area, int fd, uint64_t bytes, uint64_t offset,
		       uint32_t queues, uint32_t queue_size, struct net_error *err);

/* Unmap and close. Rings over the area must be closed before. Legal on one that is closed. */
void inflight_area_close(struct inflight_area *area);

/*
 * Bind a ring of ring_size entries to its region. One that is all zero is new; ring_open() makes it ready.
 * Return: 0; -EINVAL there is no such ring, or the ring is larger than the region; -EPROTO the region is not of
 * version 1 or is another ring's; err filled.
 */
int inflight_queue_open(struct inflight_queue *q, struct inflight_area *area, uint32_t index,
			uint32_t ring_size, struct net_error *err);

/*
 * Repair the region after a device before us died, by the used index that the driver sees, and list the heads
 * in flight, the first taken first. heads has room for the ring's size. For ring_open().
 * Return: how many; -EPROTO the region names heads that the ring does not have, err filled.
 */
int inflight_queue_recover(struct inflight_queue *q, uint16_t used_idx, uint16_t *heads,
			   struct net_error *err);

/* No head is in flight any more: the driver has taken all of them back, or has broken its ring. */
void inflight_queue_forget(struct inflight_queue *q);

/* ---- For ring.h: the stores of the list above ------------------------------------------------- */

static inline void inflight_queue_take(struct inflight_queue *q, uint16_t head)
{
	struct inflight_head *h = &q->region->desc[head];

	shared_store64(&h->counter, q->counter++);
	shared_order_if_killed();
	shared_store8(&h->inflight, 1);
	shared_order_if_killed();
}

static inline void inflight_queue_give(struct inflight_queue *q, uint16_t head)
{
	struct inflight_region *region = q->region;

	shared_store16(&region->desc[head].next, shared_load16(&region->last_batch_head));
	shared_order_if_killed();
	shared_store16(&region->last_batch_head, head);
}

/* After used->idx was stored: these heads are the driver's. */
static inline void inflight_queue_published(struct inflight_queue *q, const uint16_t *heads,
					    uint32_t count, uint16_t used_idx)
{
	shared_order_if_killed();
	for (uint32_t i = 0; i < count; i++)
		shared_store8(&q->region->desc[heads[i]].inflight, 0);
	shared_order_if_killed();
	shared_store16(&q->region->used_idx, used_idx);
	shared_order_if_killed();
}

#endif
