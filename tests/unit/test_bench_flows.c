// SPDX-License-Identifier: BSD-2-Clause
/* xsk-bench's frames of several flows and of IPv6, as they are built and as the receiver judges them. */
#include <errno.h>
#include <string.h>

#include <criterion/criterion.h>

#include "support/option_rig.h"
#include "xsk_bench/flow.h"
#include "xsk_bench/frame.h"
#include "xsk_bench/options.h"
#include "xsk_bench/wire.h"

enum { NUMBER = 70000, TIME_NS = 123456789, UDP6_AT = 54 };

static const uint32_t lengths[] = {80, 81, 82, 83, 84, 95, 96, 1001, 1514, 9000};
#define LENGTHS (sizeof(lengths) / sizeof(lengths[0]))

static uint8_t frame[9216];
static struct frame_info info;

static struct frame_flow flow_of(uint16_t stream, bool ipv6)
{
	return (struct frame_flow){.dst_mac = {2, 0, 0, 0, 0, 9},
				   .ip_src = 0xc6120001,
				   .ip_dst = 0xc6120002,
				   .run = 7,
				   .stream = stream,
				   .ipv6 = ipv6};
}

static void build(const struct frame_flow *flow, uint32_t pattern, uint32_t len_bytes)
{
	struct frame_head head = frame_head_of(flow, len_bytes);
	uint64_t sum = frame_prepare_headless(flow, pattern, frame, len_bytes);

	frame_stamp_head(&head, frame, sum, NUMBER, TIME_NS);
}

static enum frame_verdict verdict(uint32_t len_bytes)
{
	struct wire_tag tag = {0};

	return wire_check(frame, len_bytes, &info, &tag);
}

/* RFC 8200, 8.1, word by word. */
static uint32_t udp6_sum(uint32_t len_bytes)
{
	uint32_t n = len_bytes - UDP6_AT, sum = 17 + n;

	for (uint32_t i = 22; i < UDP6_AT; i += 2)
		sum += (uint32_t)frame[i] << 8 | frame[i + 1];
	for (uint32_t i = 0; i < n; i++)
		sum += (uint32_t)frame[UDP6_AT + i] << (i % 2 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

Test(bench_flows, frame_of_ipv6_is_good_and_has_a_udp_checksum_at_any_length)
{
	struct frame_flow flow = flow_of(3, true);

	for (size_t i = 0; i < LENGTHS; i++)
		for (uint32_t pattern = 0; pattern < 50; pattern++) {
			build(&flow, pattern, lengths[i]);
			cr_assert_eq(verdict(lengths[i]), FRAME_GOOD, "%u", lengths[i]);
			cr_assert_eq(udp6_sum(lengths[i]), 0xffff, "%u", lengths[i]);
			cr_assert(frame[60] || frame[61], "no checksum");
			cr_assert_eq(info.run, 7);
			cr_assert_eq(info.stream, 3);
			cr_assert_eq(info.sequence, NUMBER);
			cr_assert_eq(info.time_ns, TIME_NS);
		}
	cr_expect_eq(frame[12] << 8 | frame[13], 0x86dd);
	cr_expect_eq(frame[14] >> 4, 6);
	cr_expect_eq(frame[18] << 8 | frame[19], 9000 - UDP6_AT, "payload length");
	cr_expect_eq(frame[58] << 8 | frame[59], 9000 - UDP6_AT, "UDP length");
}

/* A sum of 0 is written as 0xffff: 0 says that there is no checksum. One frame in 65,536 has it. */
Test(bench_flows, udp_checksum_of_ipv6_is_never_left_out)
{
	struct frame_flow flow = flow_of(3, true);
	struct frame_head head = frame_head_of(&flow, 80);
	uint64_t sum = frame_prepare_headless(&flow, 1, frame, 80);
	uint32_t ones = 0;

	for (uint64_t time = 0; time < 600000; time++) {
		frame_stamp_head(&head, frame, sum, NUMBER, time);
		cr_assert(frame[60] || frame[61], "time %llu", (unsigned long long)time);
		if (frame[60] != 0xff || frame[61] != 0xff)
			continue;
		cr_assert_eq(verdict(80), FRAME_GOOD);
		ones++;
	}
	cr_assert_gt(ones, 0);
}

Test(bench_flows, each_byte_of_a_frame_that_changes_on_the_way_is_found)
{
	for (int ipv6 = 0; ipv6 < 2; ipv6++)
		for (size_t i = 0; i < 8; i++) {
			struct frame_flow flow = flow_of(1, ipv6);
			uint32_t n = lengths[i];

			build(&flow, 5, n);
			cr_assert_eq(verdict(n), FRAME_GOOD, "%u bytes", n);
			for (uint32_t at = 12; at < n; at++) {
				frame[at] ^= 0x10;
				cr_expect_neq(verdict(n), FRAME_GOOD, "byte %u of %u", at, n);
				frame[at] ^= 0x10;
			}
			cr_expect_neq(verdict(n - 1), FRAME_GOOD);
		}
}

Test(bench_flows, wrong_udp_checksum_of_ipv6_is_told_apart_from_wrong_bytes)
{
	struct frame_flow flow = flow_of(1, true);

	build(&flow, 5, 200);
	frame[61] ^= 1;
	cr_expect_eq(verdict(200), FRAME_BAD_SUM);
	frame[60] = frame[61] = 0;
	cr_expect_eq(verdict(200), FRAME_BAD_SUM);
	build(&flow, 5, 200);
	frame[150] ^= 1;
	cr_expect_eq(verdict(200), FRAME_CORRUPT);
}

Test(bench_flows, one_buffer_carries_any_flow)
{
	struct frame_head heads[4];
	struct frame_flow flow;
	uint64_t sum;

	for (int ipv6 = 0; ipv6 < 2; ipv6++) {
		for (uint16_t i = 0; i < 4; i++) {
			flow = flow_of(i, ipv6);
			flow.ip_src += (uint32_t)i << 8;
			heads[i] = frame_head_of(&flow, 300);
		}
		sum = frame_prepare_headless(&flow, 9, frame, 300);
		for (uint32_t turn = 0; turn < 12; turn++) {
			frame_stamp_head(&heads[turn % 4], frame, sum, turn / 4, TIME_NS);
			cr_assert_eq(verdict(300), FRAME_GOOD, "turn %u", turn);
			cr_assert_eq(info.stream, turn % 4);
			cr_assert_eq(info.sequence, turn / 4);
			cr_assert_eq(frame[ipv6 ? 36 : 28], turn % 4, "source address");
		}
	}
}

Test(bench_flows, frames_too_short_for_ipv6_are_foreign)
{
	struct frame_flow flow = flow_of(1, true);

	build(&flow, 5, 80);
	cr_expect_eq(verdict(79), FRAME_FOREIGN);
	cr_expect_eq(verdict(60), FRAME_FOREIGN);
}

/* ---- Options ------------------------------------------------------------------------------------ */

static struct options parsed;
static char why[200];

static int parse(const char *words)
{
	struct command_line *line = command_line("xsk-bench", words);

	return options_parse(line->argc, line->argv, &parsed, why, sizeof(why));
}

Test(bench_flows, options_that_do_not_go_together_are_refused)
{
	static const char *const wrong[][2] = {
		{"rx -i v0 --flows 2", "--flows: only tx, latency and pair make frames"},
		{"fwd -i v0 --ipv6", "--ipv6: only tx, latency and pair make frames"},
		{"tx -i v0 --flows 0", "--flows 0: must be a whole number from 1 to 256"},
		{"tx -i v0 --flows 257", "--flows 257: must be"},
		{"tx -i v0 --flows 65 -n 4", "--flows 65: with 4 queues at most 64"},
		{"tx -i v0 --ipv6 --checksum", "--ipv6: not with --checksum"},
		{"tx -i v0 --flows 2 --segment 64k", "--flows: not with --checksum or --segment"},
		{"tx -i v0 --ipv6 --frame-bytes 79", "--frame-bytes: with --ipv6 at least 80"},
	};

	cr_assert_eq(OPTIONS_MAX_FLOWS, FLOW_MAX);
	cr_assert_eq(parse("tx -i v0 --flows 64 -n 4 --ipv6 --vlan 100:5"), 0, "%s", why);
	cr_expect(parsed.flows == 64 && parsed.ipv6 && parsed.vlan);
	cr_assert_eq(parse("latency -i v0 --flows 3 --ipv6 --frame-bytes 80"), 0, "%s", why);
	cr_assert_eq(parse("tx -i v0"), 0, "%s", why);
	cr_expect(parsed.flows == 1 && !parsed.ipv6);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		cr_expect_eq(parse(wrong[i][0]), -EINVAL, "%s", wrong[i][0]);
		cr_expect(!strncmp(why, wrong[i][1], strlen(wrong[i][1])), "%s: %s", wrong[i][0],
			  why);
	}
}
