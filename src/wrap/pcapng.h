/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The blocks of a pcapng file, written to memory in this machine's byte order, which the first
 * block tells. Sections named below are those of draft-ietf-opsawg-pcapng.
 *
 *     section header | interface | packet | packet | ... | interface statistics
 *
 * A file has one section and one interface; a packet says its queue.
 */
#ifndef NET_PCAPNG_H
#define NET_PCAPNG_H

#include <stdint.h>

enum {
	PCAPNG_NAME_BYTES = 64,	  /* of an interface's name, the final 0 included */
	PCAPNG_START_BYTES = 160, /* at most */
	PCAPNG_END_BYTES = 76,
	PCAPNG_HEAD_BYTES = 28,
	PCAPNG_TAIL_BYTES = 3 + 36, /* at most */
};

enum pcapng_direction { PCAPNG_INBOUND = 1, PCAPNG_OUTBOUND = 2 };

struct pcapng_packet {
	uint64_t time_ns; /* since 1970 */
	uint32_t captured_bytes;
	uint32_t original_bytes;
	uint32_t queue;
	enum pcapng_direction direction;
	uint64_t dropped; /* packets that should be between the last one and this one */
};

/* Section header and interface. Return: their length. */
uint32_t pcapng_start(uint8_t *out, const char *interface, uint32_t snap_bytes);

/* Length of the packet's block, of which head and tail enclose captured_bytes of data. */
uint32_t pcapng_packet_bytes(const struct pcapng_packet *p);
void pcapng_packet_head(uint8_t *out, const struct pcapng_packet *p);
/* Return: length of the tail, padding included. */
uint32_t pcapng_packet_tail(uint8_t *out, const struct pcapng_packet *p);

/* Interface statistics. */
struct pcapng_statistics {
	uint64_t start_ns, end_ns; /* since 1970 */
	uint64_t received;	   /* what passed */
	uint64_t dropped;	   /* of these: not in the file */
};

void pcapng_end(uint8_t *out, const struct pcapng_statistics *s);

#endif
