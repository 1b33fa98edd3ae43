/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A view of one kernel ring. Each ring has one producer and one consumer, one of which is the kernel.
 * Both indices run freely over 32 bits; only their difference is compared.
 *
 *     producer ring (fill, TX)        we write entries, then release-store the producer index
 *     consumer ring (RX, completion)  we acquire-load the producer index, then read entries
 *
 * The kernel's index is loaded again only when the cached one is not enough. libxdp's xsk.h has
 * accessors too, but they submit what was reserved and not what was written, which loses frames.
 * Source: net/xdp/xsk_queue.h.
 */
#ifndef NET_XDP_RING_H
#define NET_XDP_RING_H

#include <linux/if_xdp.h>
#include <stdbool.h>
#include <stdint.h>

struct ring {
	uint32_t mine;	 /* our index; the kernel sees it after ring_publish() */
	uint32_t theirs; /* the kernel's index as it was loaded last */
	uint32_t mask;	 /* entries - 1, a power of two */
	uint32_t entries;
	void *entry;   /* __u64 for fill and completion, struct xdp_desc for RX and TX */
	uint32_t *own; /* our index in shared memory */
	uint32_t *other;
	uint32_t *flags;
};

/*
 * Room in a producer ring now, less gap entries. The kernel publishes its indices one after the other:
 * a chunk may be back in the RX ring, and be posted again, before the fill ring's consumer index says
 * that its entry was read. The ring then looks fuller than it is, even by more than its entries.
 */
static inline uint32_t ring_room_now(struct ring *r, uint32_t gap)
{
	int32_t room;

	/* Pairs with the kernel's release of its consumer index: the kernel read the entries before,
	 * so we may write them again. */
	r->theirs = __atomic_load_n(r->other, __ATOMIC_ACQUIRE);
	room = (int32_t)(r->entries - gap - (r->mine - r->theirs));
	return room > 0 ? (uint32_t)room : 0;
}

/* Room in a producer ring. The kernel's index is loaded only if the cached one leaves less than
 * want. */
static inline uint32_t ring_room(struct ring *r, uint32_t want)
{
	int32_t room = (int32_t)(r->entries - (r->mine - r->theirs));

	return room < (int32_t)want ? ring_room_now(r, 0) : (uint32_t)room;
}

/* Entries to read in a consumer ring, at most want. The kernel's index is loaded only if the cached
 * one gives fewer. */
static inline uint32_t ring_available(struct ring *r, uint32_t want)
{
	uint32_t available = r->theirs - r->mine;

	if (available < want) {
		/* Pairs with the kernel's release of its producer index: the kernel wrote the
		 * entries and the frames' bytes before. */
		r->theirs = __atomic_load_n(r->other, __ATOMIC_ACQUIRE);
		available = r->theirs - r->mine;
	}
	return available < want ? available : want;
}

/* Publish our index: entries up to it are written (producer) or may be written again (consumer). */
static inline void ring_publish(struct ring *r)
{
	__atomic_store_n(r->own, r->mine, __ATOMIC_RELEASE);
}

/* Return: true if the kernel has read all entries of this producer ring. */
static inline bool ring_drained(struct ring *r)
{
	if (r->theirs != r->mine)
		r->theirs = __atomic_load_n(r->other, __ATOMIC_ACQUIRE);
	return r->theirs == r->mine;
}

/* Return: true if the kernel asks for a wake-up by a system call. In zero-copy mode the caller puts
 * a full fence between ring_publish() and this: the driver sets the flag and then looks at the ring
 * once more, we publish and then look at the flag. Without the fence each may miss what the other
 * wrote. */
static inline bool ring_needs_wakeup(const struct ring *r)
{
	return __atomic_load_n(r->flags, __ATOMIC_RELAXED) & XDP_RING_NEED_WAKEUP;
}

/* Return: how many entries from index on, at most count, are contiguous in memory. */
static inline uint32_t ring_run(uint32_t index, uint32_t mask, uint32_t count)
{
	uint32_t left = mask + 1 - (index & mask);

	return count < left ? count : left;
}

static inline uint64_t *ring_address(const struct ring *r, uint32_t index)
{
	return (uint64_t *)r->entry + (index & r->mask);
}

static inline struct xdp_desc *ring_descriptor(const struct ring *r, uint32_t index)
{
	return (struct xdp_desc *)r->entry + (index & r->mask);
}

#endif
