/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net_slots.h - a frontend's memory and buffer access, for programs that have none of their own.
 *
 *     slot id:  | room in front | frame ........ |        count slots behind each other in one memory file
 *
 * A virtual machine monitor has a guest's memory and writes its own pool. A small stack, an example, a test
 * wants equal slots: this is the pool of that. Receive ids are slot numbers; what is sent lies in slots too.
 */
#ifndef NET_SLOTS_H
#define NET_SLOTS_H

#include "net_backend.h"

#ifdef __cplusplus
extern "C" {
#endif

struct net_slots;

/*
 * Memory for count slots of slot_bytes each (64 to 65536), as a memfd, mapped into this process.
 * header_bytes of each stay free in front of its frame, for who puts headers there.
 * Return: 0 and *out; -EINVAL, -ENOMEM, -errno with err filled. Owner: the caller, net_slots_close().
 * Blocks: no. Syscalls: memfd_create, ftruncate, mmap.
 */
NET_PUBLIC int net_slots_open(uint32_t count, uint32_t slot_bytes, uint32_t header_bytes,
			      struct net_slots **out, struct net_error *err);
/* End it, after the endpoint that uses it. NULL is legal. */
NET_PUBLIC void net_slots_close(struct net_slots *slots);

/* The pool to hand to data calls. Threads: a slot belongs to one queue at a time; so used, many queues may
 * share it. */
NET_PUBLIC struct net_buffer_access *net_slots_pool(struct net_slots *slots);

/* The region to give to net_xdp_open(): {.size_bytes = net_slots_bytes(s), .fd = net_slots_fd(s)}. The
 * descriptor stays the slots'. */
NET_PUBLIC int net_slots_fd(const struct net_slots *slots);
NET_PUBLIC uint64_t net_slots_bytes(const struct net_slots *slots);

/* 0, 1, ... count - 1: ids to post. A queue's share is a part of them. */
NET_PUBLIC const uint32_t *net_slots_ids(const struct net_slots *slots);

/* Slot id's frame: where it begins for us, and in the addresses of segments. For a received one behind its
 * metadata's offset_bytes. id must be below count. */
NET_PUBLIC uint8_t *net_slots_frame(struct net_slots *slots, uint32_t id);
NET_PUBLIC uint64_t net_slots_addr(const struct net_slots *slots, uint32_t id);

/* What was told last of a frame received in slot id. */
NET_PUBLIC const struct net_rx_metadata *net_slots_metadata(const struct net_slots *slots,
							    uint32_t id);

#ifdef __cplusplus
}
#endif

#endif
