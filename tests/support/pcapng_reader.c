// SPDX-License-Identifier: BSD-2-Clause
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "support/pcapng_reader.h"

static uint32_t get16(const uint8_t *at)
{
	uint16_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}

static uint32_t get32(const uint8_t *at)
{
	uint32_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}

static uint64_t get64(const uint8_t *at)
{
	uint64_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}

static uint64_t get_time(const uint8_t *at)
{
	return (uint64_t)get32(at) << 32 | get32(at + 4);
}

/* The next option between at and end. Return: its value, NULL at the end of the options. */
static const uint8_t *next_option(const uint8_t **at, const uint8_t *end, uint32_t *code,
				  uint32_t *len)
{
	const uint8_t *value = *at + 4;

	cr_assert(value <= end, "options end without an end");
	*code = get16(*at);
	*len = get16(*at + 2);
	if (*code == 0) {
		cr_assert(*len == 0 && value == end, "something behind the last option");
		return NULL;
	}
	*at = value + ((*len + 3) & ~3u);
	cr_assert(*at <= end, "option %u runs out of its block", *code);
	for (const uint8_t *pad = value + *len; pad < *at; pad++)
		cr_assert(*pad == 0, "padding of option %u is %u", *code, *pad);
	return value;
}

static void read_section(const uint8_t *block, uint32_t len)
{
	cr_assert(get32(block + 8) == 0x1a2b3c4d, "byte order 0x%x", get32(block + 8));
	cr_assert(get16(block + 12) == 1 && get16(block + 14) == 0, "version");
	cr_assert(get64(block + 16) == UINT64_MAX && len >= 28);
}

static void read_interface(struct read_file *f, const uint8_t *block, uint32_t len)
{
	const uint8_t *at = block + 16, *end = block + len - 4, *value;
	uint32_t code, size, resolution = 6;

	cr_assert(get16(block + 8) == 1, "link type %u is not Ethernet", get16(block + 8));
	f->snap_bytes = get32(block + 12);
	while ((value = next_option(&at, end, &code, &size))) {
		if (code == 2 && size < sizeof(f->interface))
			memcpy(f->interface, value, size);
		if (code == 9)
			resolution = *value;
	}
	cr_assert(resolution == 9, "times are not in nanoseconds");
}

static void read_packet(struct read_file *f, const uint8_t *block, uint32_t len)
{
	const uint8_t *at, *end = block + len - 4, *value;
	struct read_packet *p = &f->packets[f->packet_count++];
	uint32_t code, size, flags = 0;

	cr_assert(len >= 32 && get32(block + 8) == 0, "interface %u", get32(block + 8));
	*p = (struct read_packet){
		.time_ns = get_time(block + 12),
		.captured_bytes = get32(block + 20),
		.original_bytes = get32(block + 24),
		.bytes = block + 28,
		.queue = UINT32_MAX,
	};
	cr_assert(p->captured_bytes <= len - 32 && p->captured_bytes <= p->original_bytes);
	cr_assert(p->captured_bytes <= f->snap_bytes);
	at = p->bytes + ((p->captured_bytes + 3) & ~3u);
	while ((value = next_option(&at, end, &code, &size))) {
		if (code == 2)
			flags = get32(value);
		if (code == 4)
			p->dropped = get64(value);
		if (code == 6)
			p->queue = get32(value);
	}
	cr_assert(flags == 1 || flags == 2, "flags 0x%x", flags);
	cr_assert(p->queue != UINT32_MAX, "a packet without its queue");
	p->inbound = flags == 1;
}

static void read_statistics(struct read_file *f, const uint8_t *block, uint32_t len)
{
	const uint8_t *at = block + 20, *end = block + len - 4, *value;
	uint32_t code, size;

	while ((value = next_option(&at, end, &code, &size))) {
		if (code == 2)
			f->start_ns = get_time(value);
		if (code == 3)
			f->end_ns = get_time(value);
		if (code == 4)
			f->received = get64(value);
		if (code == 5)
			f->dropped = get64(value);
	}
	f->is_ended = true;
}

void read_bytes(struct read_file *f, uint8_t *bytes, uint64_t len_bytes)
{
	uint64_t at = 0;
	uint32_t len, blocks = 0;

	*f = (struct read_file){.bytes = bytes, .len_bytes = len_bytes};
	f->packets = calloc(len_bytes / 32 + 1, sizeof(*f->packets));
	cr_assert(f->packets != NULL);
	for (; at < len_bytes; at += len, blocks++) {
		const uint8_t *block = bytes + at;
		uint32_t type = get32(block);

		cr_assert(len_bytes - at >= 12, "%llu bytes behind the last block",
			  (unsigned long long)(len_bytes - at));
		len = get32(block + 4);
		cr_assert(len >= 12 && len % 4 == 0 && len <= len_bytes - at,
			  "block %u of type 0x%x: length %u", blocks, type, len);
		cr_assert(get32(block + len - 4) == len, "block %u: its two lengths differ",
			  blocks);
		cr_assert(!f->is_ended, "something behind the statistics");
		cr_assert((blocks == 0) == (type == 0x0a0d0d0a) && (blocks == 1) == (type == 1),
			  "block %u has type 0x%x", blocks, type);
		if (type == 0x0a0d0d0a)
			read_section(block, len);
		else if (type == 1)
			read_interface(f, block, len);
		else if (type == 6)
			read_packet(f, block, len);
		else if (type == 5)
			read_statistics(f, block, len);
		else
			cr_assert(false, "block %u has type 0x%x", blocks, type);
	}
}

void read_file(struct read_file *f, const char *path)
{
	FILE *in = fopen(path, "re");
	uint8_t *bytes;
	long len;

	cr_assert(in != NULL, "%s", path);
	fseek(in, 0, SEEK_END);
	len = ftell(in);
	rewind(in);
	bytes = malloc((size_t)len + 1);
	cr_assert(bytes && fread(bytes, 1, (size_t)len, in) == (size_t)len);
	fclose(in);
	read_bytes(f, bytes, (uint64_t)len);
}

void read_free(struct read_file *f)
{
	free(f->packets);
	free(f->bytes);
	*f = (struct read_file){0};
}
