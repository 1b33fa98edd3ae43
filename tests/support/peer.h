/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other end of a veth pair: a packet socket that sends and receives exact bytes.
 *
 * It needs no XDP program on its side, and does not see its own frames. A tag that the kernel took
 * out of a frame is put back, so what comes out is what was on the wire.
 */
#ifndef SUPPORT_PEER_H
#define SUPPORT_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "net_backend.h"
#include "support/frame.h"

struct peer {
	int fd;
	char ifname[16];
	unsigned int queues;
	/* of the last frame received: its checksum was not completed; where it begins, and its field */
	bool partial;
	uint16_t csum_start, csum_offset;
};

void peer_open(struct peer *p, const char *ifname);
void peer_close(struct peer *p);

/* Send one frame as it is. */
void peer_send(struct peer *p, const uint8_t *frame, uint32_t len);

/* Send a frame as a local stack does, with the transport checksum left to the hardware: the field
 * at csum_start + csum_offset must hold the pseudo-header's sum. */
/* Complete the checksum of the frame received last, as whoever gets it must. */
void peer_complete(const struct peer *p, uint8_t *frame, uint32_t len);
void peer_send_partial(struct peer *p, const uint8_t *frame, uint32_t len, uint16_t csum_start,
		       uint16_t csum_offset);

/* Send a TCP or UDP frame as a local stack does that leaves it to the device to cut it into packets of so
 * many bytes each: several packets in one frame. IPv4, no tags. */
void peer_send_joined(struct peer *p, struct frame *frame, uint16_t packet_bytes);

/* Send through this queue from now on, so that frames arrive at the other end's queue of the same
 * number. Without it the kernel chooses by flow. */
void peer_use_queue(struct peer *p, unsigned int queue);

/* From now on the kernel adds this tag to every frame sent through the interface, out of band: the
 * receiver's XDP program sees the frame without it. One tag per interface. */
void peer_push_vlan(const char *ifname, struct net_vlan vlan);

/* Return: length of the next frame (the whole of it, even where capacity is less), 0 when none came
 * before the timeout. */
uint32_t peer_receive(struct peer *p, uint8_t *out, uint32_t capacity, int timeout_ms);

/* The next frame must be these bytes; fails the test otherwise. */
void peer_expect(struct peer *p, const uint8_t *frame, uint32_t len, int timeout_ms);
/* No frame may arrive for this long. */
void peer_expect_silence(struct peer *p, int for_ms);

/* Drop what has arrived. Return: how many frames that were. */
uint32_t peer_drain(struct peer *p);

#endif
