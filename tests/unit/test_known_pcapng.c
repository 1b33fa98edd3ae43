// SPDX-License-Identifier: BSD-2-Clause
/* The pcapng writer as others read it: tshark's words for random packets, and capinfos' for the whole file. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "support/frame.h"
#include "support/scratch.h"
#include "wrap/pcapng.h"

enum { PACKETS = 2000, SNAP = 9000, NAME = 64 };

static const char columns[] =
	"-e frame.time_epoch -e frame.cap_len -e frame.len -e frame.interface_name "
	"-e frame.interface_queue -e frame.packet_flags_direction -e frame.drop_count";
static const char *const names[] = {"v0", "eth0", "enp129s0f1np1", "with space"};
static struct pcapng_packet packets[PACKETS];
static uint8_t data[SNAP];
static char path[NAME];

static uint64_t random_64(struct frame_random *r)
{
	return (uint64_t)frame_random_next(r) << 32 | frame_random_next(r);
}

static void make_packet(struct pcapng_packet *p, struct frame_random *r)
{
	*p = (struct pcapng_packet){
		.time_ns = random_64(r) >> 1, /* tshark reads half of the 64 bits */
		.captured_bytes = frame_random_below(r, SNAP + 1),
		.queue = frame_random_next(r) >> frame_random_below(r, 32),
		.direction = frame_random_below(r, 2) ? PCAPNG_INBOUND : PCAPNG_OUTBOUND,
		.dropped = frame_random_below(r, 4) ? 0 : random_64(r) >> frame_random_below(r, 64),
	};
	p->original_bytes = p->captured_bytes;
	if (frame_random_below(r, 2))
		p->original_bytes += frame_random_below(r, 60000);
}

static void write_file(const char *name, struct frame_random *r)
{
	uint8_t block[PCAPNG_START_BYTES];
	FILE *out = fopen(path, "we");

	cr_assert(out);
	fwrite(block, 1, pcapng_start(block, name, SNAP), out);
	for (int i = 0; i < PACKETS; i++) {
		make_packet(&packets[i], r);
		pcapng_packet_head(block, &packets[i]);
		fwrite(block, 1, PCAPNG_HEAD_BYTES, out);
		memset(data, i, packets[i].captured_bytes);
		fwrite(data, 1, packets[i].captured_bytes, out);
		fwrite(block, 1, pcapng_packet_tail(block, &packets[i]), out);
	}
	pcapng_end(block, &(struct pcapng_statistics){
				  .start_ns = 1, .end_ns = 2, .received = 7, .dropped = 3});
	fwrite(block, 1, PCAPNG_END_BYTES, out);
	cr_assert_eq(fclose(out), 0);
}

static void expect_line(const char *got, const struct pcapng_packet *p, const char *name, int index)
{
	char want[300], dropped[24] = "";

	if (p->dropped)
		snprintf(dropped, sizeof(dropped), "%" PRIu64, p->dropped);
	snprintf(want, sizeof(want), "%" PRIu64 ".%09" PRIu64 "|%u|%u|%s|%u|0x%08x|%s\n",
		 p->time_ns / 1000000000, p->time_ns % 1000000000, p->captured_bytes,
		 p->original_bytes, name, p->queue, p->direction, dropped);
	cr_assert(!strcmp(got, want), "packet %d: %s not %s", index, got, want);
}

Test(known_pcapng, tshark_reads_what_was_written, .timeout = 60)
{
	struct frame_random r = frame_random(1);
	char command[400], line[300];

	scratch_path(path, sizeof(path), "known.pcapng");
	for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
		FILE *in;

		write_file(names[k], &r);
		snprintf(command, sizeof(command),
			 "tshark -n -r %s -T fields -E separator='|' %s 2>/dev/null", path,
			 columns);
		in = popen(command, "r");
		cr_assert(in);
		for (int i = 0; i < PACKETS; i++) {
			cr_assert(fgets(line, sizeof(line), in), "tshark ended before packet %d",
				  i);
			expect_line(line, &packets[i], names[k], i);
		}
		cr_assert_null(fgets(line, sizeof(line), in), "%s", line);
		cr_assert_eq(pclose(in), 0);
	}
	remove(path);
}
