/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A view of one kernel ring. Each ring has one producer and one consumer, one of which is the
 * kernel; both indices run freely over 32 bits and are compared only by their difference.
 *
 *     producer ring (fill, TX)      we write entries, then release-store the producer index
 *     consumer ring (RX, completion) we acquire-load the producer index, then read entries
 *
 * The kernel's index is read again only when the cached one is not enough. libxdp's xsk.h has such
 * accessors; its reserve is all or nothing, and what is submitted is what was reserved, not what
 * was written, which is how frames get lost. Source: net/xdp/xsk_queue.h.
 */
#ifndef NET_XDP_RING_H
#define NET_XDP_RING_H

#include <linux/if_xdp.h>
#include <stdbool.h>
#include <stdint.h>

struct ring {
	uint32_t mine;	 /* our index, not yet visible to the kernel */
	uint32_t theirs; /* the kernel's index, as last read */
	uint32_t mask;	 /* entries - 1, a power of two */
	uint32_t entries;
	void *entry;   /* __u64 for fill and completion, struct xdp_desc for RX and TX */
	uint32_t *own; /* shared words */
	uint32_t *other;
	uint32_t *flags;
};

/*
 * Room in a producer ring now, of which gap entries stay free. The kernel publishes its indices one by
 * one: a chunk may be back in the RX ring, and be posted again, before the fill ring's consumer index
 * shows that its entry was read. The ring then looks fuller than it is, by more than its entries too.
 */
static inline uint32_t ring_room_now(struct ring *r, uint32_t gap)
{
	int32_t room;

	/* Pairs with the kernel's release of its consumer index: its reads of the entries happened
	 * before, so they may be written again. */
	r->theirs = __atomic_load_n(r->other, __ATOMIC_ACQUIRE);
	room = (int32_t)(r->entries - gap - (r->mine - r->theirs));
	return room > 0 ? (uint32_t)room : 0;
}

/* Room in a producer ring, looked up only when less than want is known to be free. */
static inline uint32_t ring_room(struct ring *r, uint32_t want)
{
	int32_t room = (int32_t)(r->entries - (r->mine - r->theirs));

	return room < (int32_t)want ? ring_room_now(r, 0) : (uint32_t)room;
}

/* Entries to read in a consumer ring, looked up only when less than want is known. */
static inline uint32_t ring_available(struct ring *r, uint32_t want)
{
	uint32_t available = r->theirs - r->mine;

	if (available < want) {
		/* Pairs with the kernel's release of its producer index: entries and frame bytes
		 * were written before. */
		r->theirs = __atomic_load_n(r->other, __ATOMIC_ACQUIRE);
		available = r->theirs - r->mine;
	}
	return available < want ? available : want;
}

/* Make everything up to our index visible: entries written (producer) or free again (consumer). */
static inline void ring_publish(struct ring *r)
{
	__atomic_store_n(r->own, r->mine, __ATOMIC_RELEASE);
}

/* Has the kernel taken everything from this producer ring? */
static inline bool ring_drained(struct ring *r)
{
	if (r->theirs != r->mine)
		r->theirs = __atomic_load_n(r->other, __ATOMIC_ACQUIRE);
	return r->theirs == r->mine;
}

/* Does the kernel want a system call? After a publish the caller puts a full fence before this in
 * zero-copy mode: the driver sets the flag and then looks at the ring once more, we publish and then
 * look at the flag; without the fence both can miss each other. */
static inline bool ring_needs_wakeup(const struct ring *r)
{
	return __atomic_load_n(r->flags, __ATOMIC_RELAXED) & XDP_RING_NEED_WAKEUP;
}

/* How many entries from index on lie behind each other in memory: at most count. */
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
