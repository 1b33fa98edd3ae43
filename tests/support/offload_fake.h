/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets with requests over the fake kernel, each wire packet compared with the reference segmenter's.
 *
 *     offload_start(&o, (struct offload_way){.zero_copy = true, .descriptors = 5});
 *     offload_send(&o, &spec, SEGMENT_ZERO, 7, 3);    in 3 segments: on the wire, completed, its id back
 *     offload_expect_nothing_out(&o);                 slots and records are back
 *     tx_fake_close(&o.t);                            and the frontend's memory was only read
 */
#ifndef SUPPORT_OFFLOAD_FAKE_H
#define SUPPORT_OFFLOAD_FAKE_H

#include "support/segment_case.h"
#include "support/tx_fake.h"

enum { OFFLOAD_FAKE_HELD = 8192 };

/* How the queue sends. */
struct offload_way {
	bool aligned, software, sealed, zero_copy;
	uint32_t descriptors; /* 0: as copy mode */
};

struct offload_fake {
	struct tx_fake t;
	struct frame_random dice;
	struct segment_packet packet; /* the one that was made last */
	struct segment_packet want;
	uint64_t held[OFFLOAD_FAKE_HELD]; /* addresses that the kernel has */
	uint32_t held_count;
};

/* A queue with this configuration, whose members that a way names are set here. */
void offload_open(struct offload_fake *o, struct offload_way way, struct net_xdp_config config);
/* With the default one. */
void offload_start(struct offload_fake *o, struct offload_way way);

/* Put o->packet somewhere, cut at random into so many pieces, headers and all. */
struct net_tx_metadata *offload_place(struct offload_fake *o, uint32_t id, uint32_t segments);
/* Put the packet of a description into the list, as in offload_place(), and ask for what it says. */
struct net_tx_metadata *offload_add(struct offload_fake *o, const struct segment_spec *spec,
				    enum segment_style style, uint32_t id, uint32_t segments);
/* Send the packet of a description, and see it on the wire and complete. Return: wire packets. */
uint32_t offload_send(struct offload_fake *o, const struct segment_spec *spec,
		      enum segment_style style, uint32_t id, uint32_t segments);
/* The list's one packet is dropped for this reason. */
void offload_expect_dropped(struct offload_fake *o, enum net_xdp_counter why, uint32_t id);
/* The kernel takes and completes all; then one id is back, this one. */
void offload_expect_completed(struct offload_fake *o, uint32_t id);
void offload_expect_nothing_out(struct offload_fake *o);

#endif
