/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fake kernel with a packet socket that takes packets whole. whole_fake.c stands in for sendto() and sendmsg(), so
 * it is linked to the tests that use it and to no other.
 *
 *     whole_fake_start();
 *     whole_fake_add(7, &spec, SEGMENT_ZERO, 3);      into fake.r.list, in 3 segments
 *     tx_fake_offer(&fake.r, 0);
 *     fake.wire[0 .. fake.wire_count)                       what the kernel got, in order
 */
#ifndef SUPPORT_WHOLE_FAKE_H
#define SUPPORT_WHOLE_FAKE_H

#include <linux/virtio_net.h>

#include "support/segment_case.h"
#include "support/tx_fake.h"

enum { WHOLE_FAKE_WIRE = 65536, WHOLE_FAKE_IDS = 64 };

struct whole_fake {
	struct tx_fake r;
	struct frame_random dice;
	struct segment_packet packet; /* the one that was added last */
	/* The length of a wire packet from the ring, or 0 for a whole one. */
	uint32_t wire[WHOLE_FAKE_WIRE], wire_count;
	struct {
		struct virtio_net_hdr how;
		uint32_t len;
		uint8_t bytes[SEGMENT_PACKET_MAX];
	} whole;	      /* the last of these */
	uint32_t attempts;    /* to send one */
	uint32_t calls;	      /* of the kernel, these included */
	int refusal;	      /* errno of the packet socket; 0: it takes all */
	uint32_t kick_frames; /* packets of the ring that one call sends; 0: all */
	bool ring_busy;	      /* a kick sends nothing */
	bool holding;	      /* what is sent is not completed yet */
	uint64_t held[WHOLE_FAKE_WIRE];
	uint32_t held_count;
};

extern struct whole_fake fake;

void whole_fake_open(struct net_xdp_config config);
/* With the default one. */
void whole_fake_start(void);

/* A TCP packet that goes whole, or becomes 20 wire packets. */
struct segment_spec whole_fake_large(void);
/* Add the packet of a description to the list, in segments of its own. */
void whole_fake_add(uint32_t id, const struct segment_spec *spec, enum segment_style style,
		    uint32_t segments);
void whole_fake_add_plain(uint32_t id, uint32_t len);

/* The kernel sends what is in the ring. Return: how many ids came back, of at most WHOLE_FAKE_IDS. */
uint32_t whole_fake_collect(uint32_t *ids);
/* It is just this one. */
void whole_fake_expect_id(uint32_t id);
/* Send a packet alone, fake.wire has nothing else. */
void whole_fake_send_large(uint32_t id);

#endif
