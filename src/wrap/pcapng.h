/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The blocks of a pcapng file, written to memory in this machine's byte order: the first block says
 * which that is. Sections are those of draft-ietf-opsawg-pcapng.
 *
 *     section header | interface | packet | packet | ... | interface statistics
 *
 * A file has one section and one interface. A packet has the number of its queue as an option.
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
	/* packets between the last one and this one that were not captured */
	uint64_t dropped;
};

/* Write the section header and the interface. Return: their length. */
uint32_t pcapng_start(uint8_t *out, const char *interface, uint32_t snap_bytes);

/* Return: length of the packet's block: head, captured_bytes of data, tail. */
uint32_t pcapng_packet_bytes(const struct pcapng_packet *p);
void pcapng_packet_head(uint8_t *out, const struct pcapng_packet *p);
/* Write what follows the data. Return: its length, padding included. */
uint32_t pcapng_packet_tail(uint8_t *out, const struct pcapng_packet *p);

/* What the last block of a file says. */
struct pcapng_statistics {
	uint64_t start_ns, end_ns; /* since 1970 */
	uint64_t received;	   /* frames that passed */
	uint64_t dropped;	   /* of these: frames that are not in the file */
};

void pcapng_end(uint8_t *out, const struct pcapng_statistics *s);

#endif
