// SPDX-License-Identifier: BSD-2-Clause
/* xsk-bench at both ends of a veth pair: what tx leaves to the backend, rx finds right, and what is not, it finds. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/peer.h"
#include "support/xsk_bench.h"
#include "xsk_bench/packet.h"

TestSuite(xsk_bench_offload, .init = xsk_bench_setup, .timeout = 120);

static struct tool receiver;

/* The number of a row of --verbose. */
static int64_t row_of(const char *table, const char *name)
{
	const char *at = strstr(table, name);

	return at ? strtoll(at + strlen(name), NULL, 10) : -1;
}

static int64_t got(const char *key)
{
	return tool_number(receiver.out, "totals", key);
}

static void start_receiver(const char *options)
{
	/* Whatever the host says on its own would be counted, too. */
	tool_start(&receiver, XSK_BENCH " rx -i v1 --duration 0 --json%s%s", *options ? " " : "",
		   options);
	tool_await(&receiver, "is running");
}

static void end_receiver(int status)
{
	nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
	cr_assert_eq(tool_end(&receiver, SIGINT), status, "%s%s", receiver.err, receiver.out);
	cr_assert(tool_is_json(receiver.out), "%s", receiver.out);
}

/* ---- What is sent arrives whole ----------------------------------------------------------------- */

static void expect(const char *tx, const char *rx, int64_t frames, bool partial, bool summed)
{
	start_receiver(rx);
	RUN("tx -i v0 --json %s", tx);
	ENDED(0);
	cr_assert(tool_is_json(tool.out), "%s", tool.out);
	cr_assert_eq(tool_number(tool.out, "totals", "frames"), frames, "%s: %s", tx, tool.out);
	end_receiver(0);
	cr_expect_eq(got("good"), frames, "%s: %s", tx, receiver.out);
	cr_expect_eq(got("corrupt") + got("bad_sums") + got("bad_tags") + got("missing") +
			     got("duplicates") + got("reordered"),
		     0, "%s: %s", tx, receiver.out);
	/* One of 65,536 pseudo-header's sums is the whole packet's. */
	cr_expect_eq(got("sums_right") + got("sums_partial"), summed ? frames : 0, "%s", tx);
	cr_expect(partial ? got("sums_partial") > frames / 2 : !got("sums_partial"), "%s: %s", tx,
		  receiver.out);
}

Test(xsk_bench_offload, checksums_of_each_frame_are_right_or_left_to_the_receiver)
{
	expect("--checksum --count 1500 --rate 20k", "", 1500, true, true);
	expect("--checksum --l4 tcp --frame-bytes 1514 --count 1000 --rate 20k", "", 1000, true,
	       true);
	expect("--checksum --frame-bytes 1001 --count 1000 --rate 20k --sums software", "", 1000,
	       false, true);
	expect("--count 1000 --rate 20k", "", 1000, false, false);
}

Test(xsk_bench_offload, tag_is_inserted_and_looked_for)
{
	expect("--vlan 100:5 --count 1000 --rate 20k", "--vlan 100:5", 1000, false, false);
	expect("--vlan 100:5 --count 1000 --rate 20k", "", 1000, false, false);
	expect("--vlan 1 --checksum --sums software --count 1000 --rate 20k", "--vlan 1", 1000,
	       false, true);
	expect("--vlan 0:7 --segment 20k,1448 --count 100 --rate 1k", "--vlan 0:7", 1400, true,
	       true);
}

static void expect_flows(const char *tx, const char *rx, int64_t frames, int64_t flows)
{
	expect(tx, rx, frames, false, false);
	tool_start(&receiver, XSK_BENCH " rx -i v1 -n 2 --duration 0 --verbose");
	tool_await(&receiver, "is running");
	RUN("tx -i v0 %s", tx);
	ENDED(0);
	nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
	cr_assert_eq(tool_end(&receiver, SIGINT), 0, "%s%s", receiver.err, receiver.out);
	cr_expect_eq(row_of(receiver.out, "senders"), flows, "%s: %s", tx, receiver.out);
}

Test(xsk_bench_offload, flows_of_either_ip_version_and_with_a_tag_arrive_whole_and_are_told_apart)
{
	expect_flows("--flows 8 --count 1000 --rate 20k", "", 1000, 8);
	expect_flows("--ipv6 --count 1000 --rate 20k", "", 1000, 1);
	expect_flows("--flows 7 --ipv6 --vlan 100:5 --frame-bytes 333 --count 1000 --rate 20k",
		     "--vlan 100:5", 1000, 7);
	expect_flows("-n 2 --flows 5 --ipv6 --count 1000 --rate 20k", "-n 2", 1000, 10);
}

Test(xsk_bench_offload, answers_to_flows_of_ipv6_are_counted)
{
	tool_start(&receiver, XSK_BENCH " fwd -i v1 --duration 0");
	tool_await(&receiver, "is running");
	RUN("latency -i v0 --flows 4 --ipv6 --rate 2k --count 400 --json");
	tool_end(&receiver, SIGINT);
	ENDED(0);
	cr_expect_eq(tool_number(tool.out, "latency_ns", "count"), 400, "%s", tool.out);
}

Test(xsk_bench_offload, packets_are_cut_into_frames_of_which_each_byte_is_right)
{
	expect("--segment 64k,1448 --count 40 --rate 500", "", 40 * 45, true, true);
	expect("--segment 64k --count 40 --rate 500 --sums software", "", 40 * 44, false, true);
	expect("--segment 65549 --l4 udp --count 40 --rate 500", "", 40 * 45, true, true);
	expect("--segment 3000,100 --count 40 --rate 500 --sealed", "", 40 * 30, true, true);
	expect("--segment 500,1448 --count 40 --rate 500", "", 40, true, true);
}

Test(xsk_bench_offload, jumbo_pieces_fill_the_mtu)
{
	netns_run("ip link set v0 mtu 9000");
	netns_run("ip link set v1 mtu 9000");
	expect("--segment 64k --count 200 --rate 1k", "--frame-bytes 9018", 200 * 8, true, true);
}

Test(xsk_bench_offload, result_says_frames_and_packets_in_80_columns)
{
	start_receiver("--verbose");
	RUN("tx -i v0 --segment 64k,1448 --count 300 --rate 2k");
	ENDED(0);
	SHOWS("  sent        13500 of 13500 frames, ");
	SHOWS(" (300 packets of 64000 bytes)\n");
	SHOWS("kpps (packets ");
	cr_expect(tool_lines(tool.out) == 6 && tool_width(tool.out) <= 80, "%s", tool.out);
	RUN("tx -i v0 --segment 64k,1448 --count 300 --rate 2k --verbose");
	cr_expect(tool_says(tool.out, "of 64000 bytes, each cut into 45 frames; "), "%s", tool.out);
	cr_expect_leq(tool_width(tool.out), 80, "%s", tool.out);
	end_receiver(0);
}

/* ---- What is wrong is found --------------------------------------------------------------------- */

/* The number-th of a stream of packets that ask for their TCP checksum, with both sums made here. */
static void make(uint8_t *frame, uint32_t len_bytes, uint64_t number)
{
	const struct frame_flow flow = {.run = 7, .dst_mac = {0x02, 0, 0, 0, 0, 0x99}};
	const struct packet_shape shape = packet_shape_of(true, len_bytes, 0);
	struct frame f = {.len = len_bytes,
			  .l2_len = 14,
			  .l3_len = 20,
			  .l4_field = 50,
			  .ip_field = 24,
			  .l4_len = len_bytes - 34};
	uint64_t sum;

	packet_prepare(&flow, &shape, 0, f.bytes, &sum);
	packet_stamp(&shape, f.bytes, &sum, number, 1);
	frame_write16(f.bytes, 24, frame_ip_checksum(&f));
	frame_write16(f.bytes, 50, frame_l4_checksum(&f));
	memcpy(frame, f.bytes, len_bytes);
}

Test(xsk_bench_offload, frame_with_a_wrong_byte_sum_or_number_is_found_and_told)
{
	static const struct {
		uint32_t at;
		uint8_t change;
	} wrong[] = {
		{24, 1},  /* IPv4 checksum */
		{51, 1},  /* TCP checksum */
		{700, 1}, /* payload */
		{41, 1},  /* sequence number */
		{47, 8},  /* PSH */
	};
	uint8_t frame[1000];
	struct peer p;

	peer_open(&p, "v0");
	peer_use_queue(&p, 0);
	start_receiver("");
	make(frame, sizeof(frame), 0);
	peer_send(&p, frame, sizeof(frame));
	for (uint32_t i = 0; i < 5; i++) {
		make(frame, sizeof(frame), 1 + i);
		frame[wrong[i].at] ^= wrong[i].change;
		peer_send(&p, frame, sizeof(frame));
	}
	make(frame, sizeof(frame), 6);
	peer_send(&p, frame, sizeof(frame));
	peer_send(&p, frame, sizeof(frame));
	end_receiver(3);
	cr_expect_eq(got("good"), 2, "%s", receiver.out);
	cr_expect_eq(got("bad_sums"), 2);
	cr_expect_eq(got("corrupt"), 3);
	cr_expect_eq(got("duplicates"), 1);
	cr_expect_eq(got("missing"), 3); /* a corrupt frame's number is not believed */
	cr_expect(strstr(receiver.err, "2 frames with a wrong checksum"), "%s", receiver.err);
	cr_expect(strstr(receiver.err, "3 corrupt frames"), "%s", receiver.err);
	peer_close(&p);
}

Test(xsk_bench_offload, frame_without_the_tag_or_with_another_is_found_and_told)
{
	start_receiver("--vlan 100:5");
	RUN("tx -i v0 --vlan 100:5 --count 10");
	RUN("tx -i v0 --vlan 100:4 --count 20");
	RUN("tx -i v0 --count 30");
	end_receiver(3);
	cr_expect_eq(got("good"), 10);
	cr_expect_eq(got("bad_tags"), 50);
	cr_expect_eq(got("missing"), 0);
	cr_expect(strstr(receiver.err, "50 frames without the tag of --vlan"), "%s", receiver.err);
}

Test(xsk_bench_offload, tag_that_the_device_took_out_counts)
{
	uint8_t frame[200];
	struct peer p;

	peer_push_vlan("v0", (struct net_vlan){.id = 100, .priority = 5});
	peer_open(&p, "v0");
	peer_use_queue(&p, 0);
	start_receiver("--vlan 100:5");
	for (uint32_t i = 0; i < 10; i++) {
		make(frame, sizeof(frame), i);
		peer_send(&p, frame, sizeof(frame));
	}
	end_receiver(0);
	cr_expect_eq(got("good"), 10, "%s", receiver.out);
	cr_expect_eq(tool_number(receiver.out, "counters", "rx_vlan"), 10);
	peer_close(&p);
}

/* A receiver in generic mode at a veth's other end is handed a packet as it was sent, before it is cut. */
static void send_to_generic(const char *options, int64_t frames)
{
	start_receiver("--attach generic");
	RUN("tx -i v0 --segment 20k,1448 --count 50 --rate 1k %s", options);
	ENDED(0);
	end_receiver(0);
	cr_expect_eq(got("good"), frames, "%s", receiver.out);
}

Test(xsk_bench_offload, packet_that_comes_whole_is_lost_and_the_remedy_is_told)
{
	static const char remedy[] =
		"v1: 50 frames over 1518 bytes were dropped: in generic mode packets of senders on "
		"this host arrive before they are cut; there use tx_segment_here (xsk-bench tx: "
		"--segment-here), or if the host is the sender: ethtool -K v0 tso off "
		"tx-udp-segmentation off";

	/* With several queues nothing goes whole, and a veth in generic mode counts them wrong. */
	netns_run("ethtool -L v0 rx 1 tx 1 && ethtool -L v1 rx 1 tx 1");
	send_to_generic("", 0);
	cr_expect_eq(tool_number(receiver.out, "\"name\": \"arrived\"", "program_dropped_too_long"),
		     50, "%s", receiver.out);
	cr_expect(strstr(receiver.err, remedy), "%s", receiver.err);
	send_to_generic("--segment-here", 50 * 14);
	cr_expect(!strstr(receiver.err, "segment-here"), "%s", receiver.err);
}

/* ---- What cannot be ------------------------------------------------------------------------------ */

Test(xsk_bench_offload, what_the_endpoint_or_the_mtu_does_not_allow_is_refused)
{
	static const struct {
		const char *options, *says;
		int status;
	} rows[] = {
		{"tx -i v0 --checksum --sealed --sums software",
		 "offload: --checksum: this endpoint on v0 fills in no UDP checksums with --sealed",
		 1},
		{"tx -i v0 --segment 64k --ring 32", "use a larger --ring or at most --segment", 1},
		{"tx -i v0 --segment 64k,1461", "whose MTU is 1500; at most 1460", 2},
		{"tx -i v0 --segment 2958,1448", "use --segment 2950,1448", 2},
		{"rx -i v0 --vlan 5 --attach generic", "--vlan with --attach generic", 2},
		{"rx -i v0 --checksum", "--checksum: only tx", 2},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		RUN("%s --json --duration 0.1", rows[i].options);
		ENDED(rows[i].status);
		SAYS(rows[i].says);
		SILENT("is running");
		cr_assert(tool_is_json(tool.out), "%s", tool.out);
	}
}
