/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets that leave something to the backend: checksums that it fills in, or a long packet that it cuts into
 * wire packets. (Those of frame.h leave it nothing.)
 *
 *     byte  0  destination MAC, source MAC, 0x0800
 *          14  IPv4                                          of these the backend writes the checksums and, where it
 *          34  TCP or UDP: source port = 49152 + stream,     cuts, lengths, identification, TCP's sequence number
 *              to port 9                                     and flags
 *    54 or 42  payload of the first wire packet, then that of the second ...
 *
 * The payload of each wire packet, which nobody has to touch, says what the receiver has to find in front of
 * it. All numbers are big endian.
 *
 *           0  magic "NO"                                           2 bytes
 *           2  number of the wire packet; the low 16 bits are the   6 bytes
 *              identification in its IPv4 header
 *           8  send time in ns                                      6 bytes
 *          14  checksum of the payload and of what is constant      4 bytes
 *              in the headers
 *          18  run number                                           2 bytes
 *          20  TCP's sequence number                                4 bytes
 *          24  1: the last wire packet of its packet, the one       2 bytes
 *              with TCP's PSH; else 0
 *          26  pattern                                              the rest
 */
#ifndef BENCH_PACKET_H
#define BENCH_PACKET_H

#include "frame.h"

#define PACKET_STAMP_BYTES 26
#define PACKET_TCP	   6
#define PACKET_UDP	   17

/* All packets of a run have one shape. */
struct packet_shape {
	uint8_t protocol;      /* PACKET_TCP or _UDP; 0: the plain frame of frame.h */
	uint32_t len_bytes;    /* as it is handed over */
	uint32_t header_bytes; /* of these: Ethernet, IPv4, TCP or UDP */
	uint32_t piece_bytes;  /* payload of each wire packet but the last, which has the rest */
	uint32_t pieces;       /* wire packets; 1 where nothing is cut */
};

/* Ethernet, IPv4, TCP or UDP. */
uint32_t packet_header_bytes(bool tcp);
/* The shortest wire packet that has room for what the receiver needs. */
uint32_t packet_least_bytes(bool tcp);

/* A packet of len_bytes whose wire packets have piece_bytes of payload, 0: it is not cut. */
struct packet_shape packet_shape_of(bool tcp, uint32_t len_bytes, uint32_t piece_bytes);

/* Payload of wire packet i. */
uint32_t packet_piece_bytes(const struct packet_shape *shape, uint32_t i);

/* Write everything that stays as it is. pattern: any number, one per buffer. sums: of the shape's pieces, the
 * checksums so far, for packet_stamp(). */
void packet_prepare(const struct frame_flow *flow, const struct packet_shape *shape,
		    uint32_t pattern, uint8_t *packet, uint64_t *sums);

/* Complete a prepared packet, the number-th of its stream. */
void packet_stamp(const struct packet_shape *shape, uint8_t *packet, const uint64_t *sums,
		  uint64_t number, uint64_t time_ns);

/* Judge a received wire packet, which has no tag; *out is filled unless it is foreign. */
enum frame_verdict packet_check(const uint8_t *frame, uint32_t len_bytes, struct frame_info *out);

#endif
