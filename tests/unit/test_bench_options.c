// SPDX-License-Identifier: BSD-2-Clause
/* xsk-bench's options, and the library's sentences in their words. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "common/options_say.h"
#include "host/kept.h"
#include "support/option_rig.h"
#include "xsk_bench/port.h"

/* ---- Options ------------------------------------------------------------------------------------ */

static struct options parsed;
static char why[200];

static int parse(const char *words)
{
	struct command_line *line = command_line("xsk-bench", words);

	why[0] = 0;
	return options_parse(line->argc, line->argv, &parsed, why, sizeof(why));
}

Test(bench_options, table_is_sound)
{
	option_table_check(&bench_options);
}

Test(bench_options, mac_takes_none_one_or_a_list_in_front_of_or_behind_the_mode)
{
	static const struct {
		const char *words;
		bool own;
		uint32_t count;
		uint8_t last;
	} rows[] = {
		{"rx -i v0", false, 0, 0},
		{"rx -i v0 --mac", true, 0, 0},
		{"--mac rx -i v0", true, 0, 0},
		{"rx --mac -i v0", true, 0, 0},
		{"rx -i v0 --mac own", true, 0, 0},
		{"rx -i v0 --mac=02:00:00:00:00:07", false, 1, 7},
		{"--mac 02:00:00:00:00:07 rx -i v0", false, 1, 7},
		{"fwd -i v0 --mac own,02:00:00:00:00:07", true, 1, 7},
		{"latency -i v0 --mac 02:00:00:00:00:01,02:00:00:00:00:08,own", true, 2, 8},
	};
	static const char *const wrong[] = {
		"rx -i v0 --mac=",
		"rx -i v0 --mac=own,",
		"rx -i v0 --mac=02:00:00:00:00",
		"rx -i v0 --mac=02:00:00:00:00:01x",
		"tx -i v0 --mac",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_assert_eq(parse(rows[i].words), 0, "%s: %s", rows[i].words, why);
		cr_expect_eq(parsed.take_own_mac, rows[i].own, "%s", rows[i].words);
		cr_expect_eq(parsed.take_mac_count, rows[i].count, "%s", rows[i].words);
		if (rows[i].count)
			cr_expect_eq(parsed.take_macs[rows[i].count - 1][5], rows[i].last);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		cr_expect_eq(parse(wrong[i]), -EINVAL, "%s", wrong[i]);
		cr_expect(!strncmp(why, "--mac", 5), "%s: %s", wrong[i], why);
	}
}

Test(bench_options, mac_list_as_long_as_the_program_holds_is_taken_and_a_longer_one_refused)
{
	char words[512] = "rx -i v0 --mac own";

	for (int i = 0; i < NET_XDP_TAKE_MACS - 1; i++)
		strcat(words, ",2:0:0:0:0:1");
	cr_assert_eq(parse(words), 0, "%s", why);
	cr_assert_eq(port_macs(&parsed, (uint8_t[6]){0}, (uint8_t[NET_XDP_TAKE_MACS][6]){{0}}),
		     NET_XDP_TAKE_MACS);
	strcat(words, ",2:0:0:0:0:1");
	cr_assert_eq(parse(words), -EINVAL);
}

/* Each word, and what only looks like one. */
Test(bench_options, keep_takes_the_words_that_the_library_says)
{
	static const char list[] =
		"arp,nd,icmp,icmpv6,frag,frag:17,icmp:8,icmpv6:133-134,tcp:22,udp:67-68,"
		"tcp-from:10000-65535,udp-from:53,proto:50-51,type:0x88cc,type:0x0000-0x05ff";
	static const char *const wrong[] = {
		"",	    "arp,",	 ",arp",      "arp:1",
		"tcp",	    "tcp:",	 "tcp:65536", "proto:256",
		"tcp:22-",  "tcp:23-22", "tcp:-22",   "tcp:+22",
		"tcp:22x",  "tcp:0x",	 "tcp: 22",   "ssh",
		"ar",	    "tcp:22:23", "icmp:256",  "type:fff",
		"frag:300", "nd:133",	 "Arp",	      "tcp:99999999999999999999",
	};
	char words[300], text[300];
	struct net_xdp_config c = {0};

	snprintf(words, sizeof(words), "rx -i v0 --keep %s", list);
	cr_assert_eq(parse(words), 0, "%s", why);
	memcpy(c.keep, parsed.keep.rules, sizeof(c.keep));
	c.keep_count = parsed.keep.count;
	kept_words(&c, text, sizeof(text));
	cr_expect_str_eq(text, list);
	keep_list_text(&parsed.keep, text, sizeof(text));
	cr_expect_str_eq(text, list);
	cr_assert_eq(parse("rx -i v0 --keep type:2054,tcp:0x16 --keep=udp:0"), 0, "%s", why);
	memcpy(c.keep, parsed.keep.rules, sizeof(c.keep));
	c.keep_count = parsed.keep.count;
	kept_words(&c, text, sizeof(text));
	cr_expect_str_eq(text, "arp,tcp:22,udp:0");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char *argv[] = {(char[]){"xsk-bench"}, (char[]){"rx"},	   (char[]){"-i"},
				(char[]){"v0"},	       (char[]){"--keep"}, text};

		snprintf(text, sizeof(text), "%s", wrong[i]);
		cr_expect_eq(options_parse(6, argv, &parsed, why, sizeof(why)), -EINVAL, "'%s'",
			     wrong[i]);
		cr_expect(!strncmp(why, "--keep", 6) && strlen(why) + 1 < sizeof(why), "'%s': %s",
			  wrong[i], why);
	}
	cr_expect_eq(parse("tx -i v0 --keep arp"), -EINVAL);
}

Test(bench_options, keep_list_as_long_as_the_program_holds_is_taken_and_a_longer_one_refused)
{
	char words[512] = "rx -i v0 --keep arp";

	for (int i = 1; i < NET_XDP_KEEP_RULES; i++)
		strcat(words, ",tcp:1");
	cr_assert_eq(parse(words), 0, "%s", why);
	cr_expect_eq(parsed.keep.count, NET_XDP_KEEP_RULES);
	strcat(words, ",nd");
	cr_assert_eq(parse(words), -EINVAL);
	cr_expect(strstr(why, "at most 32"), "%s", why);
}

Test(bench_options, mac_and_duration_take_nothing_that_only_looks_like_one)
{
	static const char *const wrong[] = {
		"tx -i v0 --dst 02:00:00:00:00:-1",
		"tx -i v0 --dst 02:00:00:00:+1:00",
		"tx -i v0 --dst 0x:00:00:00:00:01",
		"tx -i v0 --dst 02:00:00:00:00:001",
		"tx -i v0 --dst 02:00:00:00:00",
		"tx -i v0 --dst 02:00:00:00:00:0g",
		"rx -i v0 --mac=own,-2:0:0:0:0:1",
		"rx -i v0 -t -0",
		"rx -i v0 -t +1",
		"rx -i v0 -t nan",
		"rx -i v0 -t inf",
		"rx -i v0 -t .",
	};
	static const uint8_t mac[] = {0xfe, 0x0a, 0xbc, 1, 0x90, 0xff};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_expect_eq(parse(wrong[i]), -EINVAL, "%s", wrong[i]);
	cr_assert_eq(parse("tx -i v0 --dst fe:A:Bc:1:90:FF"), 0, "%s", why);
	cr_expect_arr_eq(parsed.dst_mac, mac, sizeof(mac));
	/* Shorter than any clock tells, but not 0, which is until Ctrl-C. */
	cr_assert_eq(parse("rx -i v0 -t 1e-12"), 0, "%s", why);
	cr_expect_eq(parsed.duration_ns, 1);
	cr_assert_eq(parse("rx -i v0 -t .5"), 0, "%s", why);
	cr_expect_eq(parsed.duration_ns, 500000000);
	cr_assert_eq(parse("rx -i v0 -t 0"), 0, "%s", why);
	cr_expect_eq(parsed.duration_ns, 0);
}

Test(bench_options, short_options_and_what_ends_the_program)
{
	cr_assert_eq(parse("tx -i v0 -t 1.5 -v"), 0, "%s", why);
	cr_assert_eq(parsed.duration_ns, 1500000000u);
	cr_assert(parsed.verbose);
	cr_assert_eq(parse("-V"), OPTIONS_VERSION);
	cr_assert_eq(parse("rx --version"), OPTIONS_VERSION);
	cr_assert_eq(parse("-h"), OPTIONS_HELP);
}

Test(bench_options, what_is_left_to_the_backend_is_read_whole)
{
	cr_assert_eq(parse("tx -i v0 --segment 64k,1448 --vlan 100:5"), 0, "%s", why);
	cr_expect(parsed.segment_bytes == 64000 && parsed.piece_bytes == 1448);
	cr_expect(parsed.vlan && parsed.vlan_tci == 0xa064);
	cr_expect_eq(parsed.l4, BENCH_L4_TCP);
	cr_expect(!parsed.segment_here);
	cr_assert_eq(parse("tx -i v0 --segment 64k --segment-here"), 0, "%s", why);
	cr_expect(parsed.segment_here);
	cr_assert_eq(parse("tx -i v0 --segment 65549 --l4 udp --sums software"), 0, "%s", why);
	cr_expect(parsed.segment_bytes == 65549 && !parsed.piece_bytes && !parsed.vlan);
	cr_expect(parsed.l4 == BENCH_L4_UDP && parsed.sums == NET_XDP_TX_CHECKSUM_SOFTWARE);
	cr_assert_eq(parse("tx -i v0 --checksum"), 0, "%s", why);
	cr_expect(parsed.checksum && parsed.l4 == BENCH_L4_UDP);
	cr_assert_eq(parse("tx -i v0 --checksum --frame-bytes 68"), 0, "%s", why);
	cr_assert_eq(parse("rx -i v0 --vlan 4094"), 0, "%s", why);
	cr_expect_eq(parsed.vlan_tci, 4094);
	cr_assert_eq(parse("rx -i v0 --vlan 0:7"), 0, "%s", why);
	cr_expect_eq(parsed.vlan_tci, 0xe000);
}

Test(bench_options, what_cannot_be_left_to_the_backend_is_refused_by_its_option)
{
	static const struct {
		const char *words, *says;
	} rows[] = {
		{"rx -i v0 --checksum", "--checksum: only tx"},
		{"latency -i v0 --segment 64k", "--segment: only tx"},
		{"fwd -i v0 --vlan 5", "--vlan: only tx and pair send a tag"},
		{"tx -i v0 --l4 tcp", "--l4: goes with --checksum or --segment"},
		{"tx -i v0 --checksum --segment-here", "--segment-here: goes with --segment"},
		{"tx -i v0 --sums software", "--sums: goes with --checksum or --segment"},
		{"tx -i v0 --segment 64k --frame-bytes 100", "--frame-bytes: --segment says"},
		{"tx -i v0 --checksum --frame-bytes 67",
		 "--frame-bytes: with --checksum at least 68"},
		{"tx -i v0 --checksum --l4 tcp --frame-bytes 79", "at least 80, not 79"},
		{"tx -i v0 --segment 65550",
		 "--segment 65550: must be at most 65549, an Ethernet header"},
		{"tx -i v0 --segment 64k,65536",
		 "--segment 64k,65536: a piece must be of at most 65535"},
		{"tx -i v0 --segment 64k,", "--segment 64k,: must be the bytes"},
		{"tx -i v0 --segment 64k,0", "--segment 64k,0: must be"},
		{"tx -i v0 --segment ,1448", "--segment ,1448: must be"},
		{"tx -i v0 --segment 64k,1448,1", "--segment 64k,1448,1: must be"},
		{"tx -i v0 --segment -1", "--segment -1: must be"},
		{"tx -i v0 --segment 00000000000000000000000064k", "must be the bytes"},
		{"tx -i v0 --vlan 4095", "--vlan 4095: must be a VLAN"},
		{"tx -i v0 --vlan 1:8", "--vlan 1:8: must be"},
		{"tx -i v0 --vlan 1:", "--vlan 1:: must be"},
		{"tx -i v0 --vlan :1", "--vlan :1: must be"},
		{"tx -i v0 --vlan 1:1:1", "--vlan 1:1:1: must be"},
		{"tx -i v0 --vlan +1", "--vlan +1: must be"},
		{"tx -i v0 --vlan 00001", "--vlan 00001: must be"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_expect_eq(parse(rows[i].words), -EINVAL, "%s", rows[i].words);
		cr_expect(strstr(why, rows[i].says), "%s: %s", rows[i].words, why);
	}
}

Test(bench_options, tags_that_the_device_takes_out_are_asked_for_only_where_they_are_looked_for)
{
	struct net_xdp_region region = {.fd = 0};
	struct port port = {.ifname = "v0",
			    .device = {.has_offloads = true, .offloads = NET_XDP_OFFLOAD_RX_VLAN}};

	cr_assert_eq(parse("rx -i v0 --vlan 5"), 0, "%s", why);
	cr_expect(port_config(&parsed, &port, 64, &region).rx_vlan);
	port.device.offloads = 0;
	cr_expect_not(port_config(&parsed, &port, 64, &region).rx_vlan);
	port.device.offloads = NET_XDP_OFFLOAD_RX_VLAN;
	cr_assert_eq(parse("tx -i v0 --vlan 5"), 0, "%s", why);
	cr_expect_not(port_config(&parsed, &port, 64, &region).rx_vlan);
	cr_assert_eq(parse("rx -i v0"), 0, "%s", why);
	cr_expect_not(port_config(&parsed, &port, 64, &region).rx_vlan);
}

/* ---- The library's words ------------------------------------------------------------------------- */

/* A name of the library's, which nobody has typed. */
static bool has_field(const char *text)
{
	const char *at = text;

	for (; (at = strchr(at, '_')); at++)
		if (strncmp(at - 3, "net_xdp", 7))
			return true;
	return false;
}

Test(bench_options, config_that_the_library_refuses_is_named_by_its_options)
{
	static const struct {
		const char *words, *says;
	} rows[] = {
		{"rx -i v0 --sealed --frame-bytes 9000", "--sealed with --frame-bytes 9000: "},
		{"rx -i v0 --mode zero-copy --attach generic", "use --attach native"},
		{"rx -i v0 -q 5000", "-q 5000: "},
		{"rx -i a-name-that-is-too-long", "-i \"a-name-that-is-too-long\": "},
	};
	struct net_xdp_region region = {.fd = 0};
	struct port port = {0};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct net_xdp_config c;
		struct net_error err;

		cr_assert_eq(parse(rows[i].words), 0, "%s", why);
		port.ifname = parsed.ifname;
		c = port_config(&parsed, &port, 64, &region);
		if (!net_xdp_config_check(&c, &err) && i == 3)
			continue; /* alternative names may be long */
		options_say(&bench_options, err.message, sizeof(err.message));
		cr_expect(strstr(err.message, rows[i].says), "%s", err.message);
		cr_expect(!has_field(err.message), "%s", err.message);
	}
}

Test(bench_options, frames_over_one_chunk_get_private_chunks_for_two_rings)
{
	static const struct {
		const char *words;
		uint32_t chunks;
	} rows[] = {
		{"rx -i v0 --ring 2048 --frame-bytes 1792", 1024},
		{"rx -i v0 --ring 2048 --frame-bytes 1793", 4096},
		{"rx -i v0 --ring 2048 --chunk 4096 --frame-bytes 3840", 1024},
		{"rx -i v0 --ring 2048 --chunk 4096 --frame-bytes 3841", 4096},
		{"rx -i v0 --ring 256 --frame-bytes 1793", 1024},
	};
	struct net_xdp_region region = {.fd = 0};
	struct port port = {.ifname = "v0"};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_assert_eq(parse(rows[i].words), 0, "%s", why);
		cr_expect_eq(port_config(&parsed, &port, 64, &region).private_rx_chunks,
			     rows[i].chunks, "row %zu", i);
	}
}

Test(bench_options, sentences_of_the_library_name_options_and_fields)
{
	char text[200] =
		"use chunk_bytes 4096 and max_frame_bytes 3000, or max_queues, in mode auto";

	options_say_fields(&bench_options, text, sizeof(text));
	cr_expect_str_eq(text, "use --chunk 4096 (chunk_bytes) and --frame-bytes 3000 "
			       "(max_frame_bytes), or -n (max_queues), in --mode auto");
}

Test(bench_options, sentences_of_the_library_name_options)
{
	static const struct {
		const char *library, *option;
	} rows[] = {
		{"use mode auto or copy", "use --mode auto or copy"},
		{"use max_frame_bytes 9018", "use --frame-bytes 9018"},
		{"use chunk_bytes 4096 and max_frame_bytes 3000",
		 "use --chunk 4096 and --frame-bytes 3000"},
		{"use attach auto or generic", "use --attach auto or generic"},
		{"or use program dispatcher", "or use --dispatcher"},
		{"use program link if none else is attached",
		 "leave out --dispatcher if none else is attached"},
		{"raise max_frame_bytes over the chunk", "raise --frame-bytes over the chunk"},
		{"busy_poll_us 20, busy_poll_budget 64: no; or busy_poll_us 0",
		 "--busy-poll 20, its budget 64: no; or --busy-poll 0"},
		{"are lost; use rx_vlan, or: ethtool -K v0 txvlan off",
		 "are lost; use ethtool -K v0 txvlan off"},
		{"tried again: allow bpf(), or post initial_rx", "tried again: allow bpf()"},
		{"2 queues: first_queue is 5 and max_queues 2", "2 queues: -q is 5 and -n 2"},
		/* other words with the same letters */
		{"the --mode auto is as it was", "the --mode auto is as it was"},
		{"my_chunk_bytes and unsealed things", "my_chunk_bytes and unsealed things"},
	};
	char text[200];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), "%s", rows[i].library);
		options_say(&bench_options, text, sizeof(text));
		cr_expect_str_eq(text, rows[i].option);
	}
}

Test(bench_options, sentence_that_grows_beyond_its_buffer_is_cut)
{
	char text[32] = "rx_ring_frames, fill_ring_frame", guard = 'g';
	char shortest[8] = "ifname";

	options_say(&bench_options, text, sizeof(text));
	cr_assert_str_eq(text, "--ring, fill_ring_frame");
	snprintf(text, sizeof(text), "sealed sealed sealed sealed sea");
	options_say(&bench_options, text, sizeof(text));
	cr_assert_str_eq(text, "--sealed --sealed --sealed --se");
	options_say(&bench_options, shortest, sizeof(shortest));
	cr_assert_str_eq(shortest, "-i");
	cr_assert_eq(guard, 'g');
}
