// SPDX-License-Identifier: BSD-2-Clause
#include <string.h>

#include "wrap/pcapng.h"

/* Block types (sections 4.1 to 4.6), and the codes of the options that each block has here. */
enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BYTE_ORDER_MAGIC = 0x1a2b3c4d,
	SECTION_APPLICATION = 4,

	BLOCK_INTERFACE = 1,
	LINKTYPE_ETHERNET = 1,
	INTERFACE_NAME = 2,
	INTERFACE_TIME_RESOLUTION = 9,
	NANOSECONDS = 9, /* unit of time: 10 to the power of minus this, in seconds */

	BLOCK_PACKET = 6,
	PACKET_FLAGS = 2, /* bits 0 and 1: the direction */
	PACKET_DROPPED = 4,
	PACKET_QUEUE = 6,

	BLOCK_STATISTICS = 5,
	STATISTICS_START = 2,
	STATISTICS_END = 3,
	STATISTICS_RECEIVED = 4,
	STATISTICS_DROPPED = 5,
};

static const char application[] = "net_xdp";

static uint8_t *put(uint8_t *at, const void *value, uint32_t bytes)
{
	memcpy(at, value, bytes);
	return at + bytes;
}

static uint8_t *put16(uint8_t *at, uint32_t value)
{
	const uint16_t v = (uint16_t)value;

	return put(at, &v, sizeof(v));
}

static uint8_t *put32(uint8_t *at, uint32_t value)
{
	return put(at, &value, sizeof(value));
}

static uint8_t *put64(uint8_t *at, uint64_t value)
{
	return put(at, &value, sizeof(value));
}

/* Write a time: two halves, the upper one first in either byte order. Section 4.3. */
static uint8_t *put_time(uint8_t *at, uint64_t ns)
{
	return put32(put32(at, (uint32_t)(ns >> 32)), (uint32_t)ns);
}

static uint32_t padding(uint32_t bytes)
{
	return -bytes & 3;
}

static uint8_t *put_padded(uint8_t *at, const void *value, uint32_t bytes)
{
	static const uint8_t zeros[4];

	return put(put(at, value, bytes), zeros, padding(bytes));
}

/* Write an option; its length does not count the padding. Section 3.5. */
static uint8_t *put_option(uint8_t *at, uint32_t code, const void *value, uint32_t bytes)
{
	return put_padded(put16(put16(at, code), bytes), value, bytes);
}

static uint8_t *put_option32(uint8_t *at, uint32_t code, uint32_t value)
{
	return put_option(at, code, &value, sizeof(value));
}

static uint8_t *put_option64(uint8_t *at, uint32_t code, uint64_t value)
{
	return put_option(at, code, &value, sizeof(value));
}

static uint8_t *put_option_time(uint8_t *at, uint32_t code, uint64_t ns)
{
	return put_time(put16(put16(at, code), sizeof(ns)), ns);
}

/* Write the end of a block: an option of code and length 0, and the block's length again. Sections
 * 3.1 and 3.5. */
static uint8_t *finish(uint8_t *block, uint8_t *at)
{
	uint32_t bytes;

	at = put32(at, 0);
	bytes = (uint32_t)(at + 4 - block);
	put32(block + 4, bytes);
	return put32(at, bytes);
}

/* Write a section header whose length is unknown, as of a file that grows. Section 4.1. */
static uint8_t *put_section(uint8_t *block)
{
	uint8_t *at = put32(put32(block, BLOCK_SECTION), 0);

	at = put32(at, BYTE_ORDER_MAGIC);
	at = put16(put16(at, 1), 0); /* version 1.0 */
	at = put64(at, UINT64_MAX);
	at = put_option(at, SECTION_APPLICATION, application, sizeof(application) - 1);
	return finish(block, at);
}

/* Write an interface description. Section 4.2. */
static uint8_t *put_interface(uint8_t *block, const char *name, uint32_t snap_bytes)
{
	const uint8_t resolution = NANOSECONDS;
	uint8_t *at = put32(put32(block, BLOCK_INTERFACE), 0);

	at = put16(put16(at, LINKTYPE_ETHERNET), 0);
	at = put32(at, snap_bytes);
	at = put_option(at, INTERFACE_NAME, name, (uint32_t)strnlen(name, PCAPNG_NAME_BYTES - 1));
	at = put_option(at, INTERFACE_TIME_RESOLUTION, &resolution, sizeof(resolution));
	return finish(block, at);
}

uint32_t pcapng_start(uint8_t *out, const char *interface, uint32_t snap_bytes)
{
	return (uint32_t)(put_interface(put_section(out), interface, snap_bytes) - out);
}

uint32_t pcapng_packet_bytes(const struct pcapng_packet *p)
{
	const uint32_t options = 8 + 8 + (p->dropped ? 12 : 0) + 4;

	return PCAPNG_HEAD_BYTES + p->captured_bytes + padding(p->captured_bytes) + options + 4;
}

/* Write the head of an enhanced packet. Section 4.3. */
void pcapng_packet_head(uint8_t *out, const struct pcapng_packet *p)
{
	uint8_t *at = put32(put32(out, BLOCK_PACKET), pcapng_packet_bytes(p));

	at = put32(at, 0); /* the interface */
	at = put_time(at, p->time_ns);
	put32(put32(at, p->captured_bytes), p->original_bytes);
}

uint32_t pcapng_packet_tail(uint8_t *out, const struct pcapng_packet *p)
{
	static const uint8_t zeros[4];
	uint8_t *at = put(out, zeros, padding(p->captured_bytes));

	at = put_option32(at, PACKET_FLAGS, p->direction);
	if (p->dropped)
		at = put_option64(at, PACKET_DROPPED, p->dropped);
	at = put_option32(at, PACKET_QUEUE, p->queue);
	at = put32(put32(at, 0), pcapng_packet_bytes(p));
	return (uint32_t)(at - out);
}

/* Write interface statistics, the end of a file. Section 4.6. */
void pcapng_end(uint8_t *out, const struct pcapng_statistics *s)
{
	uint8_t *at = put32(put32(out, BLOCK_STATISTICS), 0);

	at = put32(at, 0); /* the interface */
	at = put_time(at, s->end_ns);
	at = put_option_time(at, STATISTICS_START, s->start_ns);
	at = put_option_time(at, STATISTICS_END, s->end_ns);
	at = put_option64(at, STATISTICS_RECEIVED, s->received);
	at = put_option64(at, STATISTICS_DROPPED, s->dropped);
	finish(out, at);
}
