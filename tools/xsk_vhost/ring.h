/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device's side of one split virtqueue (virtio 1.2, 2.7). The driver is a guest and not trusted: every
 * word it can write is read once, judged, and used from a local; a driver that breaks the rules breaks its
 * ring and nothing else.
 *
 *     driver  -- avail -->  ring_pop()  -->  the device owns the head  -->  ring_push()  -- used -->  driver
 *                               ^                    |                          staged, then
 *                               +--- ring_unpop() ---+                          ring_publish()
 *
 * A head is the name of a chain, 0..size-1, and is owned by one side at a time; heads go back in any order
 * (IN_ORDER is not offered). All indices are free-running 16-bit numbers that wrap.
 *
 * A ring that ends before its stop does so in one of two ways, and stays so. From then on ring_pop() has
 * nothing, and ring_push() and ring_publish() write nothing, because what the memory holds now is unknown:
 *   broken     the driver broke a rule; ring_broken() says which
 *   withdrawn  the avail index went back, or to 0: the driver takes its buffers out (Linux does so at a reset,
 *              virtqueue_detach_unused_buf(), before virtio_uml says a word). No fault; a message follows.
 *
 * Threads: one at a time.
 */
#ifndef XSK_VHOST_RING_H
#define XSK_VHOST_RING_H

#include <endian.h>
#include <errno.h>
#include <linux/virtio_ring.h>
#include <stdbool.h>
#include <stdint.h>

#include "net_xdp.h"
#include "xsk_vhost/inflight.h"
#include "xsk_vhost/shared.h"

#define RING_MAX_SIZE	  32768
#define RING_CHAIN_PIECES 64

/* As the guest says it: the caller translates and bounds it, wrapping sums included. len_bytes is not 0. */
struct ring_piece {
	uint64_t gpa;
	uint32_t len_bytes;
};

/* A chain, copied: first the pieces that the device reads, behind them those that it writes. */
struct ring_chain {
	uint16_t out, in; /* pieces to read, pieces to write */
	uint16_t head;
	/* There are more than RING_CHAIN_PIECES: out, in and the bytes count all of them, piece[] holds the
	 * first. Legal, but too long for us: push it back. */
	bool is_cut;
	uint32_t out_bytes, in_bytes;
	struct ring_piece piece[RING_CHAIN_PIECES];
};

/* Where `bytes` bytes at a guest's physical address lie, or NULL: not all of them are the guest's. */
typedef const void *(*ring_translate)(void *context, uint64_t gpa, uint64_t bytes);

struct ring_config {
	const void *descriptors; /* size * 16 bytes, aligned to 16 */
	const void *avail;	 /* 6 + size * 2 bytes, aligned to 2 */
	void *used;		 /* 6 + size * 8 bytes, aligned to 4 */
	uint32_t size;		 /* a power of two up to RING_MAX_SIZE */
	uint16_t base;	/* of SET_VRING_BASE; not looked at where inflight was used before */
	bool event_idx; /* VIRTIO_RING_F_EVENT_IDX was negotiated */
	bool indirect;	/* VIRTIO_RING_F_INDIRECT_DESC was negotiated */
	ring_translate translate;
	void *translate_context;
	struct inflight_queue *inflight; /* opened for this ring, or NULL */
};

/* Who has a head. A ring that has ended, and numbers that are no heads: nobody. */
enum ring_owner {
	RING_NOBODY = 0,
	RING_DRIVER,
	RING_DEVICE,	     /* popped */
	RING_DEVICE_TRACKED, /* popped, and written down in the inflight region */
	RING_AGAIN,	     /* the device has it, and ring_pop() will hand it out */
};

enum ring_state { RING_LIVE = 0, RING_BROKEN, RING_WITHDRAWN };

/* Only this header and ring.c look inside. */
struct ring {
	const struct vring_desc *descriptors;
	const struct vring_avail *avail;
	struct vring_used *used;
	uint8_t *owner; /* enum ring_owner for each 16-bit number, so that each may be looked up */
	/* Indices: their low 16 bits are those of the rings. */
	uint32_t next_avail; /* the next entry to pop */
	uint32_t avail_seen; /* entries before it may be popped */
	uint32_t next_used;  /* the next entry to fill */
	uint32_t published;  /* what used->idx says */
	uint32_t mask, size;

	uint16_t lost; /* heads that a device before us took, and that nobody knows any more */
	bool event_idx, indirect;
	bool call_owed; /* a device before us may have died between used->idx and its call */
	enum ring_state state;
	struct inflight_queue *inflight; /* or NULL; then each pop and push is a slow one */
	uint16_t *again; /* owned heads that ring_pop() hands out before new ones, the last first */
	uint32_t again_count;
	uint16_t *staged; /* heads of this batch, for inflight */
	ring_translate translate;
	void *translate_context;
	char sentence[200];
};

/*
 * Start at the driver's used index. With an inflight region that a device before us used, the heads that it had
 * taken are handed out first, in its order, and the base follows from them.
 * Look for chains at once, as kicks may have been lost before; and publish, as a call may be owed.
 * Return: 0; -EINVAL size or alignment, -ENOMEM, -EPROTO an inflight region that does not fit the ring; err
 * filled, nothing to close. Owner: the caller, ends it with ring_close(); the memory stays mapped till then.
 */
int ring_open(struct ring *r, const struct ring_config *config, struct net_error *err);
/* Legal on a zeroed ring, and twice. */
void ring_close(struct ring *r);

/* Why the ring is broken, one sentence; NULL: it is not. */
const char *ring_broken(const struct ring *r);
static inline bool ring_is_withdrawn(const struct ring *r)
{
	return r->state == RING_WITHDRAWN;
}

/*
 * All heads that the device owns go back as used entries of 0 bytes, staged: publish afterwards. For the stop:
 * heads that stay behind would be lost to the driver, as one index cannot name them (out of order). Linux and
 * DPDK drop such a buffer as short.
 * Return: how many.
 */
uint32_t ring_return_unused(struct ring *r);

/* What GET_VRING_BASE tells: where the next device goes on. After ring_return_unused() and ring_publish(). */
static inline uint16_t ring_base(const struct ring *r)
{
	return (uint16_t)(r->published + r->lost);
}

/* Heads that the device owns, those staged left out. */
static inline uint32_t ring_owned(const struct ring *r)
{
	if (r->state != RING_LIVE)
		return 0;
	return (uint16_t)(r->next_avail - r->next_used - r->lost);
}

/* For ring_pop() and ring_push(): whatever is not a chain of one piece in sight. */
int ring_pop_slow(struct ring *r, struct ring_chain *chain);
int ring_read_chain(struct ring *r, struct ring_chain *chain, uint16_t head);
int ring_break_head(struct ring *r, uint16_t head);
void ring_push_slow(struct ring *r, uint16_t head, uint32_t written_bytes);

/* The fields of a chain of one piece; constants but for its length. */
static inline __attribute__((always_inline)) void
ring_one_piece(struct ring_chain *chain, const struct vring_desc *d, uint32_t len, bool in)
{
	chain->out = !in;
	chain->in = in;
	chain->is_cut = false;
	chain->out_bytes = in ? 0 : len;
	chain->in_bytes = in ? len : 0;
	chain->piece[0].gpa = le64toh(shared_load64(&d->addr));
	chain->piece[0].len_bytes = len;
}

/*
 * Take the next chain. Bounded: a chain costs at most max(size, 64) reads, and a loop breaks the ring.
 * Return: 1 and *chain; 0 nothing now; -EPROTO broken; -ESHUTDOWN withdrawn.
 */
static inline int ring_pop(struct ring *r, struct ring_chain *chain)
{
	const struct vring_desc *d;
	uint32_t len, flags;
	size_t head;

	if (unlikely(r->next_avail == r->avail_seen))
		return ring_pop_slow(r, chain);
	head = le16toh(shared_load16(&r->avail->ring[r->next_avail & r->mask]));
	if (unlikely(r->owner[head] != RING_DRIVER))
		return ring_break_head(r, (uint16_t)head);
	d = &r->descriptors[head];
	len = le32toh(shared_load32(&d->len));
	flags = le16toh(shared_load16(&d->flags));
	chain->head = (uint16_t)head;
	if (likely(len != 0 && flags == VRING_DESC_F_WRITE)) {
		ring_one_piece(chain, d, len, true);
	} else if (likely(len != 0 && flags == 0)) {
		ring_one_piece(chain, d, len, false);
	} else {
		/* More than one piece, or odd: read again from the start, and judged. */
		int rc = ring_read_chain(r, chain, (uint16_t)head);

		if (rc < 0)
			return rc;
	}
	r->owner[head] = RING_DEVICE;
	r->next_avail++;
	return 1;
}

/*
 * Give a popped chain back to the ring, not to the driver: ring_pop() hands out the last that was unpopped
 * first, so whoever unpops several begins with the one that was popped last. The chain is read again then.
 */
void ring_unpop(struct ring *r, uint16_t head);

/*
 * A chain is done; written_bytes: into its pieces to write, 0 for one that was only read. Staged: the driver
 * sees nothing before ring_publish(), so several heads that make one frame (MRG_RXBUF) appear together. A head
 * that the device does not own (twice pushed, or the ring has ended) is passed over.
 */
static inline void ring_push(struct ring *r, uint16_t head, uint32_t written_bytes)
{
	struct vring_used_elem *e = &r->used->ring[r->next_used & r->mask];

	if (unlikely(r->owner[head] != RING_DEVICE)) {
		ring_push_slow(r, head, written_bytes);
		return;
	}
	r->owner[head] = RING_DRIVER;
	shared_store32(&e->id, htole32(head));
	shared_store32(&e->len, htole32(written_bytes));
	r->next_used++;
}

/*
 * Let the driver see what was pushed: one store. Return: true when the driver wants a call for it (or one is
 * owed since ring_open()): signal the call descriptor.
 */
bool ring_publish(struct ring *r);

/*
 * Ask the driver to kick when it posts a chain, then look again: one that was posted before it could see the
 * wish makes no kick. Return: true when ring_pop() has something, so do not sleep. (Also for a ring that is
 * broken or withdrawn by what was seen: ring_pop() says so, once more and for good, and false from then on.)
 */
bool ring_arm_kick(struct ring *r);
/* Kicks are of no use now. A hint: the driver may kick all the same. */
void ring_disarm_kick(struct ring *r);

#endif
