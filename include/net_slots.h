/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net_slots.h - a frontend's memory and buffer access, for programs that have none of their own.
 *
 *     slot id:  | room in front | frame ........ |        count slots behind each other in one memory file
 *
 * A virtual machine monitor has a guest's memory and writes a pool of its own. A small stack, an
 * example or a test wants equal slots, and this is a pool of those. Receive ids are slot numbers;
 * packets are sent from slots too.
 */
#ifndef NET_SLOTS_H
#define NET_SLOTS_H

#include "net_backend.h"

#ifdef __cplusplus
extern "C" {
#endif

struct net_slots;

/*
 * Make memory for count slots of slot_bytes each (64 to 65536), as a memfd that is mapped into this
 * process. header_bytes of each slot stay free in front of its frame, for a frontend that puts headers
 * there.
 * Return: 0 and *out; -EINVAL, -ENOMEM, -errno with err filled. Owner: the caller, net_slots_close().
 * Blocks: no. Syscalls: memfd_create, ftruncate, mmap.
 */
NET_PUBLIC int net_slots_open(uint32_t count, uint32_t slot_bytes, uint32_t header_bytes,
			      struct net_slots **out, struct net_error *err);
/* Free the slots, after the endpoint that uses them. NULL is legal. */
NET_PUBLIC void net_slots_close(struct net_slots *slots);

/* The pool for data calls. Threads: a slot belongs to one queue at a time; then many queues may
 * share the pool. */
NET_PUBLIC struct net_buffer_access *net_slots_pool(struct net_slots *slots);

/* The region to give to net_xdp_open(): {.size_bytes = net_slots_bytes(s), .fd = net_slots_fd(s)}. The
 * descriptor stays the slots'. */
NET_PUBLIC int net_slots_fd(const struct net_slots *slots);
NET_PUBLIC uint64_t net_slots_bytes(const struct net_slots *slots);

/* 0, 1, ... count - 1: ids to post. A queue's share is a part of them. */
NET_PUBLIC const uint32_t *net_slots_ids(const struct net_slots *slots);

/* Slot id's frame: where it begins in our mapping, and in the addresses of segments. A received
 * frame begins its metadata's offset_bytes behind that. id must be below count. */
NET_PUBLIC uint8_t *net_slots_frame(struct net_slots *slots, uint32_t id);
NET_PUBLIC uint64_t net_slots_addr(const struct net_slots *slots, uint32_t id);

/* The metadata of the frame that was last received in slot id. */
NET_PUBLIC const struct net_rx_metadata *net_slots_metadata(const struct net_slots *slots,
							    uint32_t id);

#ifdef __cplusplus
}
#endif

#endif
