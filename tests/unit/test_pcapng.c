// SPDX-License-Identifier: BSD-2-Clause
/* The pcapng writer, byte by byte against draft-ietf-opsawg-pcapng, sections 4.1, 4.2, 4.3 and 4.6. */
#include <string.h>

#include <criterion/criterion.h>

#include "wrap/pcapng.h"

/* The expected bytes are those of a little-endian machine. */
#define NEEDS_LITTLE_ENDIAN _Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "bytes")
NEEDS_LITTLE_ENDIAN;

/* Bytes in lines as the blocks have them. */
/* clang-format off */

static void expect(const uint8_t *got, uint32_t got_len, const uint8_t *want, uint32_t want_len)
{
	cr_assert(got_len == want_len, "%u bytes, not %u", got_len, want_len);
	for (uint32_t i = 0; i < want_len; i++)
		cr_assert(got[i] == want[i], "byte %u is %02x, not %02x", i, got[i], want[i]);
}

Test(pcapng, start_is_a_section_and_an_interface)
{
	static const uint8_t want[] = {
		0x0a, 0x0d, 0x0d, 0x0a, 44, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, /* section */
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, /* of unknown length */
		4, 0, 7, 0, 'n', 'e', 't', '_', 'x', 'd', 'p', 0, /* application */
		0, 0, 0, 0, 44, 0, 0, 0, /* end of options, length */
		1, 0, 0, 0, 40, 0, 0, 0, 1, 0, 0, 0, 0xdc, 0x05, 0, 0, /* interface, snap length */
		2, 0, 2, 0, 'v', '0', 0, 0, /* name */
		9, 0, 1, 0, 9, 0, 0, 0, /* nanoseconds */
		0, 0, 0, 0, 40, 0, 0, 0,
	};
	uint8_t out[PCAPNG_START_BYTES];

	expect(out, pcapng_start(out, "v0", 1500), want, sizeof(want));
}

Test(pcapng, start_longest_name_fits)
{
	uint8_t out[PCAPNG_START_BYTES + 8];
	char name[200];

	memset(name, 'x', sizeof(name));
	memset(out, 0xee, sizeof(out));
	cr_assert(pcapng_start(out, name, 1) == 44 + 16 + 4 + 64 + 8 + 8);
	cr_assert(out[PCAPNG_START_BYTES] == 0xee);
}

Test(pcapng, packet_with_losses_before_it)
{
	static const uint8_t want_head[] = {
		6, 0, 0, 0, 80, 0, 0, 0, 0, 0, 0, 0, /* packet of interface 0 */
		0x44, 0x33, 0x22, 0x11, 0x88, 0x77, 0x66, 0x55, /* time, the upper half first */
		14, 0, 0, 0, 0xea, 0x05, 0, 0,
	};
	static const uint8_t want_tail[] = {
		0, 0, /* padding of 14 bytes */
		2, 0, 4, 0, 2, 0, 0, 0, /* outbound */
		4, 0, 8, 0, 7, 0, 0, 0, 0, 0, 0, 0, /* dropped */
		6, 0, 4, 0, 3, 0, 0, 0, /* queue */
		0, 0, 0, 0, 80, 0, 0, 0,
	};
	const struct pcapng_packet packet = {
		.time_ns = 0x1122334455667788,
		.captured_bytes = 14,
		.original_bytes = 1514,
		.queue = 3,
		.direction = PCAPNG_OUTBOUND,
		.dropped = 7,
	};
	uint8_t head[PCAPNG_HEAD_BYTES], tail[PCAPNG_TAIL_BYTES];

	pcapng_packet_head(head, &packet);
	expect(head, sizeof(head), want_head, sizeof(want_head));
	expect(tail, pcapng_packet_tail(tail, &packet), want_tail, sizeof(want_tail));
	cr_assert(pcapng_packet_bytes(&packet) == sizeof(want_head) + 14 + sizeof(want_tail));
}

Test(pcapng, packet_length_is_that_of_its_parts_for_each_padding)
{
	struct pcapng_packet packet = {.direction = PCAPNG_INBOUND};
	uint8_t head[PCAPNG_HEAD_BYTES], tail[PCAPNG_TAIL_BYTES];
	uint32_t bytes, len;

	for (uint32_t n = 0; n < 64; n++) {
		packet.captured_bytes = packet.original_bytes = 14 + n;
		packet.dropped = n % 3;
		pcapng_packet_head(head, &packet);
		bytes = pcapng_packet_tail(tail, &packet);
		memcpy(&len, head + 4, sizeof(len));
		cr_assert(len == sizeof(head) + 14 + n + bytes && len % 4 == 0, "%u bytes", n);
		cr_assert(len == pcapng_packet_bytes(&packet) && bytes <= sizeof(tail));
		cr_assert(memcmp(tail + bytes - 4, &len, sizeof(len)) == 0);
	}
}

Test(pcapng, end_is_the_interface_statistics)
{
	static const uint8_t want[] = {
		5, 0, 0, 0, 76, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, /* at the end's time */
		2, 0, 8, 0, 3, 0, 0, 0, 4, 0, 0, 0, /* start */
		3, 0, 8, 0, 2, 0, 0, 0, 1, 0, 0, 0, /* end */
		4, 0, 8, 0, 9, 0, 0, 0, 0, 0, 0, 0, /* received */
		5, 0, 8, 0, 8, 0, 0, 0, 0, 0, 0, 0, /* dropped */
		0, 0, 0, 0, 76, 0, 0, 0,
	};
	uint8_t out[PCAPNG_END_BYTES];

	pcapng_end(out, &(struct pcapng_statistics){0x300000004, 0x200000001, 9, 8});
	expect(out, sizeof(out), want, sizeof(want));
}
