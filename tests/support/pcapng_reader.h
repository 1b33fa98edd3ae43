/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads pcapng back, by the specification and with none of our writer's code. What is not as it
 * must be ends the test: lengths, order of blocks, padding, options. */
#ifndef SUPPORT_PCAPNG_READER_H
#define SUPPORT_PCAPNG_READER_H

#include <stdbool.h>
#include <stdint.h>

struct read_packet {
	const uint8_t *bytes;
	uint32_t captured_bytes, original_bytes;
	uint64_t time_ns;
	uint32_t queue;
	bool inbound; /* else outbound */
	uint64_t dropped;
};

struct read_file {
	uint8_t *bytes;
	uint64_t len_bytes;
	char interface[64];
	uint32_t snap_bytes;
	struct read_packet *packets;
	uint32_t packet_count;
	bool is_ended; /* it has its statistics */
	uint64_t received, dropped, start_ns, end_ns;
};

void read_file(struct read_file *f, const char *path);
/* Parse these bytes, which become the file's: from malloc(). */
void read_bytes(struct read_file *f, uint8_t *bytes, uint64_t len_bytes);
void read_free(struct read_file *f);

#endif
